import type { Lots, Ticks } from './units.ts';

export type Side = 'buy' | 'sell';
export type Direction = 'long' | 'short';
export type Tif = 'gtc' | 'ioc' | 'alo';

/** What an order of ours is for. Part of its client order id, so a role is never reused for another purpose. */
export type OrderRole = 'entry' | 'stop' | 'own-stop' | 'tp1' | 'tp2' | 'tp3' | 'tp4' | 'tp5' | 'breakeven' | 'close';

/** A 16-byte client order id, `0x` and 32 lower-case hex digits. */
export type Cloid = `0x${string}`;

/** One order as we want it; the exchange adapter accepts it only inside `Approved`. */
export interface OrderIntent {
  readonly cloid: Cloid;
  readonly coin: string;
  readonly role: OrderRole;
  readonly attempt: number;
  readonly side: Side;
  /** Limit price; for a trigger-market order the worst acceptable price. */
  readonly px: Ticks;
  readonly sz: Lots;
  readonly reduceOnly: boolean;
  readonly kind: { readonly type: 'limit'; readonly tif: Tif } | { readonly type: 'stop-market'; readonly triggerPx: Ticks };
}

export type Grouping = 'na' | 'normalTpsl';

/**
 * What is known of an order of ours.
 * `intent`: on disk, perhaps sent, no answer yet. `unknown`: sent, and the answer was lost or unreadable.
 * `dead`: proved never to have reached the venue (past expiresAfter and the venue does not know its cloid).
 */
export type OrderState = 'intent' | 'waiting' | 'resting' | 'triggered' | 'filled' | 'canceled' | 'rejected' | 'unknown' | 'dead';

const NEXT: Readonly<Record<OrderState, readonly OrderState[]>> = {
  intent: ['waiting', 'resting', 'triggered', 'filled', 'canceled', 'rejected', 'unknown', 'dead'],
  unknown: ['waiting', 'resting', 'triggered', 'filled', 'canceled', 'rejected', 'dead'],
  waiting: ['resting', 'triggered', 'filled', 'canceled', 'rejected'],
  resting: ['triggered', 'filled', 'canceled', 'rejected'],
  triggered: ['resting', 'filled', 'canceled', 'rejected'],
  filled: [],
  canceled: [],
  rejected: [],
  dead: [],
};

/** True for a state no later news can change. */
export const isTerminal = (state: OrderState): boolean => NEXT[state].length === 0;
/** True while the order is, or may be, on the venue's book. */
export const mayBeLive = (state: OrderState): boolean => !isTerminal(state);

/**
 * The state after news. Late or repeated news about a finished order changes nothing (streams replay);
 * a step backwards from live to `intent` throws, since only a bug makes it.
 */
export function nextOrderState(from: OrderState, to: OrderState): OrderState {
  if (from === to || isTerminal(from)) return from;
  if (NEXT[from].includes(to)) return to;
  // Whoever has heard of an order overrules whoever has not, or whose word is older.
  if (to === 'unknown' || to === 'dead' || (from === 'resting' && to === 'waiting') || (from === 'triggered' && to === 'waiting'))
    return from;
  throw new Error(`an order cannot go from ${from} to ${to}`);
}

/** Opposite side. */
export const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');
/** The side that opens a position in this direction. */
export const entrySide = (direction: Direction): Side => (direction === 'long' ? 'buy' : 'sell');
/** The side that closes a position in this direction. */
export const closeSide = (direction: Direction): Side => (direction === 'long' ? 'sell' : 'buy');
