import type { Side } from './order.ts';
import type { FineTicks, Lots, Ticks } from './units.ts';

export interface Level {
  readonly px: Ticks;
  readonly sz: Lots;
}

/** What shared memory holds of one coin at one instant, best level first. Times in ms of the fleet's clock or the venue's, as named. */
export interface MarketView {
  readonly coin: string;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly bid: Level | null;
  readonly ask: Level | null;
  /** Last public trade's price. */
  readonly lastPrint: Ticks | null;
  readonly mark: FineTicks | null;
  /** Hourly funding rate in units of 10^−10. */
  readonly fundingRateE10: number | null;
  /** The venue's own time of the newest book. */
  readonly exchangeTimeMs: number;
  /** Our clock when the newest book or bbo was written. */
  readonly receivedAtMs: number;
}

declare const fresh: unique symbol;
/** Evidence that a view was young enough to trade on when it was looked at. Made by `freshView` only. */
export type Fresh<T> = T & { readonly [fresh]: true };

/** The view, if it has both sides and is at most `maxAgeMs` old at `nowMs`; else null. */
export function freshView(view: MarketView | null, nowMs: number, maxAgeMs: number): Fresh<MarketView> | null {
  if (view === null || view.bid === null || view.ask === null) return null;
  return nowMs - view.receivedAtMs <= maxAgeMs ? (view as Fresh<MarketView>) : null;
}

/** The best level of the book that an order of this side meets. */
export const metBy = <L extends Level | null>(side: Side, { bid, ask }: { readonly bid: L; readonly ask: L }): L =>
  side === 'buy' ? ask : bid;

/** Mid price in half ticks (bid + ask), exact. */
export function midTwice(view: Fresh<MarketView>): number {
  return (view.bid?.px ?? 0) + (view.ask?.px ?? 0);
}
