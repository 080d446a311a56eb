import { ACTION_TYPES } from '../wire/action-form.ts';
import { CHANNELS } from '../wire/channels/table.ts';
import { INFO_TYPES } from '../wire/info.ts';
import type { FaultNames } from './parse.ts';

/** What a fault may name at an exchange that trades these coins. */
export const faultNames = (coins: readonly string[]): FaultNames => ({
  actions: ACTION_TYPES,
  infos: INFO_TYPES,
  channels: Object.keys(CHANNELS),
  coins,
});
