import { BadSubscription, type Opened } from './channels/channel.ts';
import { CHANNELS } from './channels/table.ts';
import { type JsonObject, optional, string, Unfit } from './fields.ts';
import type { InfoSources } from './info-account.ts';

/** A subscription, read and ready to be listened to. `key` is equal for equal subscriptions. */
export interface Subscription extends Opened {
  readonly type: string;
  /** The word its messages carry. */
  readonly channel: string;
}

/**
 * Reads a subscription. Throws `Unfit` when it is no request of the venue at all, `BadSubscription` when its coin, user, dex or
 * figures are none (PROTOCOL §9).
 */
export function readSubscription(from: JsonObject, sources: InfoSources): Subscription {
  const type = string(from, 'type');
  const dex = optional(from, 'dex', string);
  if (dex !== null && dex !== '') throw new BadSubscription(`unknown dex ${dex}`);
  const channel = Object.hasOwn(CHANNELS, type) ? CHANNELS[type] : undefined;
  if (channel === undefined) throw new Unfit(`unknown subscription ${type}`);
  const opened = channel.open(from, sources);
  return { ...opened, type, key: `${type} ${opened.key}`, channel: opened.channel ?? channel.channel ?? type };
}
