import type { Instrument } from '../instrument.ts';
import type { Cloid, Direction, Grouping, OrderIntent, Side } from '../order.ts';
import type { Approved } from '../risk/approval.ts';
import type { FineTicks, Lots, MicroUsd, Ticks } from '../units.ts';

/** What the venue answered for one order of a request (PROTOCOL §3). */
export type OrderOutcome =
  | { readonly kind: 'resting'; readonly oid: number }
  /** Something filled at placement; a gtc order with `filledSz` below its size rests on under the same oid. */
  | { readonly kind: 'filled'; readonly oid: number; readonly filledSz: Lots; readonly avgPx: Ticks }
  /** Accepted without an oid: a child that waits for its parent (`waitingForFill`) or, armed, for its trigger (`waitingForTrigger`). */
  | { readonly kind: 'waiting'; readonly armed: boolean }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Unknown is not failed: `refused` settles, `unknown` must be asked about. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** The venue, or we before sending, said no: nothing of the request took effect. */
  | { readonly kind: 'refused'; readonly reason: string; readonly retry: 'now' | 'later' | 'never' }
  /** Sent, perhaps applied; the answer was lost. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface PlaceRequest {
  readonly orders: readonly OrderIntent[];
  readonly grouping: Grouping;
  /** From the nonce cell, recorded with the intents before sending. */
  readonly nonce: number;
  readonly expiresAfterMs: number;
}

export interface OpenOrder {
  readonly coin: string;
  readonly oid: number;
  readonly cloid: Cloid | null;
  readonly side: Side;
  readonly px: Ticks;
  /** Size still open. */
  readonly sz: Lots;
  readonly origSz: Lots;
  readonly reduceOnly: boolean;
  readonly triggerPx: Ticks | null;
  readonly isStop: boolean;
  /** Set when the order is a child that still waits for its parent to fill. */
  readonly waitingForParent: boolean;
  readonly timeMs: number;
}

export interface PositionView {
  readonly coin: string;
  /** Signed. */
  readonly szi: Lots;
  readonly entryPx: Ticks;
  readonly liquidationPx: FineTicks | null;
  readonly unrealizedPnl: MicroUsd;
  readonly marginUsed: MicroUsd;
  readonly leverage: number;
  readonly isCross: boolean;
}

export interface AccountView {
  readonly equity: MicroUsd;
  /** Money apart from positions: `totalRawUsd`, which only fills, funding and transfers move. Null where the venue does not state it. */
  readonly cash: MicroUsd | null;
  readonly marginUsed: MicroUsd;
  readonly withdrawable: MicroUsd;
  readonly positions: readonly PositionView[];
  readonly timeMs: number;
}

/** A fill of ours as the venue states it (PROTOCOL §7). Unique by (coin, timeMs, tid). */
export interface Fill {
  readonly coin: string;
  readonly oid: number;
  readonly tid: number;
  readonly cloid: Cloid | null;
  readonly timeMs: number;
  readonly side: Side;
  readonly px: Ticks;
  readonly sz: Lots;
  /** Above zero is paid, below zero a rebate. */
  readonly fee: MicroUsd;
  readonly closedPnl: MicroUsd;
  readonly startPosition: Lots;
  readonly dir: string;
  readonly crossed: boolean;
  readonly liquidation: boolean;
}

export interface FundingPayment {
  readonly coin: string;
  readonly timeMs: number;
  /** Below zero was paid by us. */
  readonly usd: MicroUsd;
  readonly szi: Lots;
}

/** Money paid into an account or out of it, as the venue lists it (PROTOCOL §8). */
export interface Transfer {
  /** Unique within the account. */
  readonly key: string;
  readonly timeMs: number;
  /** What it did to the account's cash, charges included: above zero came in. Never 0. */
  readonly usd: MicroUsd;
  /** The venue's word for it, and with whom, e.g. `withdraw`, `internalTransfer to 0x…`. */
  readonly words: string;
}

/** The venue's words for what became of an order (PROTOCOL §6), folded to what a bot acts on. */
export type VenueOrderState =
  | { readonly kind: 'unknown-oid' }
  | {
      readonly kind: 'known';
      readonly oid: number;
      readonly status: 'open' | 'triggered' | 'filled' | 'canceled' | 'rejected';
      /** The venue's literal word, e.g. `siblingFilledCanceled`. */
      readonly word: string;
      readonly sz: Lots;
      readonly origSz: Lots;
      readonly timeMs: number;
    };

export interface OrderUpdate {
  readonly coin: string;
  readonly oid: number;
  readonly cloid: Cloid | null;
  readonly status: 'open' | 'triggered' | 'filled' | 'canceled' | 'rejected';
  readonly word: string;
  readonly sz: Lots;
  readonly origSz: Lots;
  readonly timeMs: number;
}

export type CancelOutcome = { readonly kind: 'canceled' } | { readonly kind: 'gone'; readonly reason: string };

/** One bot's hands at the venue. Accepts nothing that the risk check has not approved. */
export interface Exchange {
  place(request: Approved<PlaceRequest>): Promise<Answer<readonly OrderOutcome[]>>;
  /** Cancels by client order id; one outcome for each, in order. `nonce` from the nonce cell. */
  cancel(orders: readonly { readonly coin: string; readonly cloid: Cloid }[], nonce: number): Promise<Answer<readonly CancelOutcome[]>>;
  /** Cancels by venue order id: only for orders that are not ours, when an operator asks for it. */
  cancelByOid(orders: readonly { readonly coin: string; readonly oid: number }[], nonce: number): Promise<Answer<readonly CancelOutcome[]>>;
  setCrossLeverage(coin: string, leverage: number, nonce: number): Promise<Answer<null>>;
}

/** One account's state, asked for. Every method throws `VenueReadError` (retryable) when no trustworthy answer came. */
export interface AccountReads {
  account(): Promise<AccountView>;
  openOrders(): Promise<readonly OpenOrder[]>;
  orderByCloid(cloid: Cloid, coin: string): Promise<VenueOrderState>;
  /** Fills with timeMs ≥ startMs, oldest first, paged so that none of equal time is lost. */
  fillsSince(startMs: number): Promise<readonly Fill[]>;
  fundingSince(startMs: number): Promise<readonly FundingPayment[]>;
  /** Deposits, withdrawals and transfers with timeMs ≥ startMs that moved this account's cash, oldest first. */
  transfersSince(startMs: number): Promise<readonly Transfer[]>;
  /** Base rates: parts per million of notional. */
  feeRates(): Promise<{ readonly takerPpm: number; readonly makerPpm: number }>;
}

/** What an account's stream tells. `connected` comes after every (re)subscription: whoever listens must re-read. */
export type AccountEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'fills'; readonly fills: readonly Fill[]; readonly isSnapshot: boolean }
  | { readonly kind: 'orders'; readonly updates: readonly OrderUpdate[] }
  | { readonly kind: 'account'; readonly account: AccountView };

export interface AccountStream {
  close(): Promise<void>;
}

/** The instruments by coin, as meta lists them. */
export type Instruments = ReadonlyMap<string, Instrument>;

/** Sign of a position in a direction: long +1, short −1. */
export const directionSign = (direction: Direction): 1 | -1 => (direction === 'long' ? 1 : -1);
