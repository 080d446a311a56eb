import type { FineTicks, Level, Lots, Ticks } from '@hyperfleet/trading';

/**
 * One message of a market feed as it was received. `atMs` is the receiver's clock and gives the order of replay;
 * `exchangeTimeMs` is the venue's own stamp, which may step backwards after a reconnect.
 */
export type MarketEvent =
  | {
      readonly kind: 'book';
      readonly coin: string;
      readonly atMs: number;
      readonly exchangeTimeMs: number;
      readonly bids: readonly Level[];
      readonly asks: readonly Level[];
    }
  | {
      readonly kind: 'bbo';
      readonly coin: string;
      readonly atMs: number;
      readonly exchangeTimeMs: number;
      readonly bid: Level | null;
      readonly ask: Level | null;
    }
  | {
      /** One or more public trades that came in one message (same `atMs`). */
      readonly kind: 'prints';
      readonly coin: string;
      readonly atMs: number;
      readonly prints: readonly Print[];
    }
  /** The feed of this coin falls silent here for longer than the gap threshold; its next book is a new market. */
  | { readonly kind: 'gap'; readonly coin: string; readonly atMs: number; readonly untilMs: number }
  /** A recorded mark/oracle/funding statement, where a recording has one. Funding in 10^−10 an hour. */
  | {
      readonly kind: 'mark';
      readonly coin: string;
      readonly atMs: number;
      readonly mark: FineTicks;
      readonly oracle: FineTicks;
      readonly fundingRateE10: number | null;
      /** Lots held long by everybody there; left out where it is not told. */
      readonly openInterest?: Lots;
    };

export interface Print {
  /** The aggressor's side. */
  readonly side: 'buy' | 'sell';
  readonly px: Ticks;
  readonly sz: Lots;
  readonly tid: number;
  readonly exchangeTimeMs: number;
}
