import { intervalMs } from './candles.ts';
import type { Feed, Figures } from './feed.ts';
import { type Address, address, boolean, type JsonObject, optional, string, Unfit } from './fields.ts';
import { NoAnswer, readFigures } from './info-market.ts';

/** Channels about one account. */
const USER_TYPES = [
  'orderUpdates',
  'userEvents',
  'userFills',
  'userFundings',
  'userNonFundingLedgerUpdates',
  'userHistoricalOrders',
  'clearinghouseState',
  'openOrders',
  'spotState',
  'notification',
  'webData3',
  'allDexsClearinghouseState',
  'twapStates',
  'userTwapHistory',
  'userTwapSliceFills',
] as const;
const COIN_TYPES = ['bbo', 'trades', 'activeAssetCtx'] as const;

export type UserTopic = (typeof USER_TYPES)[number];
type CoinTopic = (typeof COIN_TYPES)[number];

/** A subscription, read. `key` is equal for equal subscriptions; `echo` is what the confirmation repeats. */
export type Subscription = { readonly key: string; readonly echo: JsonObject } & (
  | { readonly topic: UserTopic; readonly user: Address; readonly aggregate: boolean }
  | { readonly topic: CoinTopic; readonly coin: string }
  | { readonly topic: 'l2Book'; readonly coin: string; readonly figures: Figures | null; readonly levels: number }
  | { readonly topic: 'candle'; readonly coin: string; readonly interval: string }
  | { readonly topic: 'allMids'; readonly dex: string | null }
  | { readonly topic: 'assetCtxs' | 'allDexsAssetCtxs' }
  | { readonly topic: 'activeAssetData'; readonly user: Address; readonly coin: string }
);

/** Why a subscription was not taken: its type is unknown to the server, or its values are. */
export class BadSubscription extends Error {
  override readonly name = 'BadSubscription';
}

const isOneOf = <T extends string>(words: readonly T[], value: string): value is T => words.some((candidate) => candidate === value);

const LEVELS = 20;
/** Levels a side with `fast: true` (PROTOCOL §9). */
const FAST_LEVELS = 5;

/**
 * Reads a subscription. Throws `Unfit` when it is no request of the venue at all, `BadSubscription` when its coin, user or
 * figures are none (PROTOCOL §9).
 */
export function readSubscription(from: JsonObject, feed: Feed): Subscription {
  const type = string(from, 'type');
  const dex = optional(from, 'dex', string);
  const coin = (): string => {
    const name = string(from, 'coin');
    if (feed.instrument(name) === null) throw new BadSubscription(`unknown coin ${name}`);
    return name;
  };
  const user = (): Address => {
    string(from, 'user');
    try {
      return address(from, 'user');
    } catch (cause) {
      throw new BadSubscription('user is no address', { cause });
    }
  };
  if (dex !== null && dex !== '') throw new BadSubscription(`unknown dex ${dex}`);
  if (isOneOf(USER_TYPES, type)) {
    const who = user();
    const aggregates = type === 'userFills';
    const aggregate = aggregates && optional(from, 'aggregateByTime', boolean) === true;
    const echo = aggregates ? { ...from, aggregateByTime: aggregate } : from;
    return { topic: type, user: who, aggregate, key: `${type} ${who} ${aggregate}`, echo };
  }
  if (isOneOf(COIN_TYPES, type)) {
    const name = coin();
    return { topic: type, coin: name, key: `${type} ${name}`, echo: from };
  }
  switch (type) {
    case 'l2Book':
      return readBook(from, coin());
    case 'candle': {
      const interval = string(from, 'interval');
      const name = coin();
      if (intervalMs(interval) === null) throw new BadSubscription(`unknown interval ${interval}`);
      return { topic: type, coin: name, interval, key: `candle ${name} ${interval}`, echo: from };
    }
    case 'allMids':
      return { topic: type, dex, key: `allMids ${dex}`, echo: from };
    case 'assetCtxs':
    case 'allDexsAssetCtxs':
      return { topic: type, key: type, echo: from };
    case 'activeAssetData': {
      const [who, name] = [user(), coin()];
      return { topic: type, user: who, coin: name, key: `${type} ${who} ${name}`, echo: from };
    }
    default:
      throw new Unfit(`unknown subscription ${type}`);
  }
}

function readBook(from: JsonObject, coin: string): Subscription {
  let figures: Figures | null;
  try {
    figures = readFigures(from);
  } catch (cause) {
    if (cause instanceof NoAnswer) throw new BadSubscription(cause.message, { cause });
    throw cause;
  }
  const levels = optional(from, 'fast', boolean) === true ? FAST_LEVELS : LEVELS;
  return {
    topic: 'l2Book',
    coin,
    figures,
    levels,
    key: `l2Book ${coin} ${figures?.nSigFigs ?? ''} ${figures?.mantissa ?? ''} ${levels}`,
    echo: { ...from, nSigFigs: from.nSigFigs ?? null, mantissa: from.mantissa ?? null },
  };
}
