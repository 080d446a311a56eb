/** What is written into the ledger, as the SQLite one has it: the states of orders by the product's own rule, and a version that goes up. */
import { nextOrderState } from '@hyperfleet/trading';
import type { Patch } from './decisions.ts';
import { filledOf, HAND, type Order, STATE, STATES, type State } from './state.ts';

const NEXT = STATES.map((from) =>
  STATES.map((to): number => {
    try {
      return STATES.indexOf(nextOrderState(from, to));
    } catch {
      return -1;
    }
  }),
);

function after(from: number, to: number): number {
  const next = NEXT[from]?.[to] ?? -1;
  if (next < 0) throw new Error(`an order cannot go from ${STATES[from]} to ${STATES[to]}`);
  return next;
}

/** The trade's version goes up: what was read before it counts no more, and who acts on an older one is turned away. */
export function raise(s: State): void {
  s.synced[0] = 0;
  s.synced[1] = 0;
  for (const hand of s.hands) if (hand.kind === HAND.enter) hand.moved = 1;
}

export interface News {
  readonly state?: number;
  readonly oid?: boolean;
  readonly reason?: number;
  readonly cancelAsked?: boolean;
}

/** News of an order; what it says already changes nothing. */
export function apply(s: State, order: Order, news: News): void {
  const state = news.state === undefined ? order.state : after(order.state, news.state);
  const oidKnown = news.oid === true ? 1 : order.oidKnown;
  const reason = news.reason === undefined || news.reason === 0 ? order.reason : news.reason;
  const cancelAsked = news.cancelAsked === true ? 1 : order.cancelAsked;
  if (state === order.state && oidKnown === order.oidKnown && reason === order.reason && cancelAsked === order.cancelAsked) return;
  order.state = state;
  order.oidKnown = oidKnown;
  order.reason = reason;
  order.cancelAsked = cancelAsked;
  raise(s);
}

/** Records the fills of each order that bits name; those the ledger has are passed by. */
export function recordFills(s: State, firsts: number, seconds: number): void {
  let fresh = false;
  for (const [slot, order] of s.orders.entries()) {
    const seen = ((firsts >> slot) & 1) | (((seconds >> slot) & 1) << 1);
    if ((seen & ~order.known) === 0) continue;
    order.known |= seen;
    order.oidKnown = 1;
    if (filledOf(order) >= order.sz) order.state = after(order.state, STATE.filled);
    fresh = true;
  }
  if (fresh) raise(s);
}

/** Changes the trade. */
export function change(s: State, patch: Patch): void {
  if (patch.phase !== undefined) s.phase = patch.phase;
  if (patch.status !== undefined) s.status = patch.status;
  if (patch.claim !== undefined) s.claim = patch.claim;
  if (patch.breakeven !== undefined) s.breakeven = patch.breakeven;
  if (patch.remainder !== undefined) s.remainder = patch.remainder;
  if (patch.legs !== undefined) {
    s.ladder = 1;
    [s.leg1, s.leg2] = patch.legs;
  }
  raise(s);
}
