import { type LimitSettings, openOrderSettings, type VenueSettings } from '@hyperfleet/paper-exchange';

/** The settings of the fleet's own exchange that are not the venue's defaults: its market is a recording, which tells its trades. */
export const paperSettings = (limits: LimitSettings): Partial<VenueSettings> => ({ fillsByPrintsOnly: true, ...openOrderSettings(limits) });
