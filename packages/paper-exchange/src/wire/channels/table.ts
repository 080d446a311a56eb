import { ACCOUNT_CHANNELS } from './account.ts';
import type { Channel } from './channel.ts';
import { CONTEXT_CHANNELS } from './contexts.ts';
import { EVENT_CHANNELS } from './events.ts';
import { MARKET_CHANNELS } from './market.ts';
import { ORDER_CHANNELS } from './orders.ts';

/** Every channel by its subscription's type (PROTOCOL §9). To add one is to add an entry to the table of its family. */
export const CHANNELS: Readonly<Record<string, Channel>> = {
  ...MARKET_CHANNELS,
  ...CONTEXT_CHANNELS,
  ...ACCOUNT_CHANNELS,
  ...ORDER_CHANNELS,
  ...EVENT_CHANNELS,
};
