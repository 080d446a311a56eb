import { type LimitSettings, openOrderSettings, outsideMarketSettings, type VenueSettings } from '@hyperfleet/paper-exchange';

/** The settings of the fleet's own exchange that are not the venue's defaults: its market is a recording, in which others trade. */
export const paperSettings = (limits: LimitSettings): Partial<VenueSettings> => ({
  ...outsideMarketSettings,
  ...openOrderSettings(limits),
});
