import type { FeeDiscounts } from './contract.ts';

interface DayVolume {
  readonly day: number;
  taker: number;
  maker: number;
}

/** What an account pays, and the volume it follows from. A master and its sub-accounts share one. */
export interface FeeRecord {
  /** End of the day the rates are for; they are looked at anew on the first fill after it. */
  untilMs: number;
  /** In 10^−9 of notional. */
  takerRateE9: number;
  makerRateE9: number;
  /** Oldest first; the last is today's once anything traded today. */
  readonly days: DayVolume[];
  /** Of its own; null for those of the settings. */
  discounts: FeeDiscounts | null;
}

/** Volume of the whole venue by UTC day, oldest first: what a maker's share is a share of. */
export type ExchangeVolume = { readonly day: number; usd: number }[];

/** A record before any volume. */
export const createFeeRecord = (): FeeRecord => ({ untilMs: 0, takerRateE9: 0, makerRateE9: 0, days: [], discounts: null });
