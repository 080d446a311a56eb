import type { Direction, Grouping, OrderIntent, OrderState } from './order.ts';
import type { Lots, MicroUsd, Ticks } from './units.ts';

/**
 * A trade is a signal's whole life, as the ledger remembers it.
 * `claimed`: row copied, nothing sent. `entering`: the entry is sent and may fill. `open`: the entry is done (filled, or
 * its remainder gone) and size is held. `settled`: flat, swept, accounted. `refused`: nothing was ever sent or filled.
 */
export type TradePhase = 'claimed' | 'entering' | 'open' | 'settled' | 'refused';

/** The status words other programs read in `signals.status`. */
export type SignalStatus = 'pending' | 'processing' | 'sent' | 'filled' | 'closed' | 'executed' | 'no_op' | 'expired' | 'failed';

/** What was decided for an entry; fixed once its intents are recorded. */
export interface TradePlan {
  readonly entryPx: Ticks;
  readonly tif: 'gtc' | 'ioc';
  readonly sz: Lots;
  readonly stopTrigger: Ticks;
  readonly stopLimit: Ticks;
  readonly targets: readonly Ticks[];
  readonly boundBy: string;
  /** Market time of placing, and the end of the entry's life (24 h). */
  readonly placedAtMs: number;
  readonly expiresAtMs: number;
}

/** Where the once-only move to breakeven stands. */
export type BreakevenState = 'none' | 'due' | 'done' | 'closing' | 'skipped';

export interface Trade {
  readonly tradeId: string;
  readonly bot: string;
  readonly coin: string;
  /** `exit` trades carry an exit signal to its end; they hold no plan. */
  readonly kind: 'entry' | 'exit';
  readonly direction: Direction | null;
  readonly phase: TradePhase;
  /** Raised by every change; writers compare and set. */
  readonly version: number;
  readonly signal: SignalRef;
  readonly claimedAtMs: number;
  readonly plan: TradePlan | null;
  /** Set when an exit or CLOSE_ALL owns this trade: no take-profit and no breakeven from then on. */
  readonly exitClaimedBy: string | null;
  /** Why the entry's remainder is being cancelled, once it is. */
  readonly remainderReason: string | null;
  readonly breakeven: BreakevenState;
  readonly breakevenAtMs: number | null;
  /** The ladder as placed: size of each leg by index; null until placed. */
  readonly ladder: readonly { readonly index: number; readonly px: Ticks; readonly sz: Lots }[] | null;
  /** Final status word and reason, as projected to the signal's row. */
  readonly status: SignalStatus;
  readonly reason: string | null;
  /** Said to the row's reader besides the reason: what bound the size, dropped targets, a tightened stop. */
  readonly notes: readonly string[];
  readonly settledAtMs: number | null;
}

/** Which row a trade came from; a row id alone is no identity, since other tools reset the counter. */
export interface SignalRef {
  readonly databaseId: string;
  readonly rowId: number;
  readonly createdAt: string;
  readonly rowDigest: string;
}

export interface OrderRecord {
  readonly intent: OrderIntent;
  readonly tradeId: string;
  readonly bot: string;
  readonly grouping: Grouping;
  readonly state: OrderState;
  readonly oid: number | null;
  readonly filledSz: Lots;
  readonly nonce: number;
  /** Market time after which the venue refuses the request that carried it. */
  readonly expiresAfterMs: number;
  readonly recordedAtMs: number;
  /** The venue's words where it said no or ended the order. */
  readonly reason: string | null;
  /** True once a cancel has been asked for. */
  readonly cancelAsked: boolean;
}

/** Sums over the fills of one trade, kept by the ledger. */
export interface TradeFills {
  readonly entrySz: Lots;
  /** Σ px·sz of entry fills. */
  readonly entryCost: MicroUsd;
  readonly entryFees: MicroUsd;
  readonly exitSz: Lots;
  readonly exitCost: MicroUsd;
  readonly fees: MicroUsd;
  readonly closedPnl: MicroUsd;
  readonly funding: MicroUsd;
  readonly firstFillMs: number | null;
  readonly lastFillMs: number | null;
}
