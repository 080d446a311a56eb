/** Situations that go on alike are made the same one. */
import { AT, HAND, isLive, isOver, isUnresolved, lastOf, PHASE, ROLE, STATE, type State } from './state.ts';

/** Exit, PAUSE, RESUME, CLOSE_ALL, as bits of what has been used. */
export const [EXIT, PAUSE, RESUME, CLOSE_ALL] = [1, 2, 4, 8] as const;

/** As bits: what reads orders of the past again. */
const LOOKS_BACK = (1 << HAND.resolve) | (1 << HAND.orders) | (1 << HAND.settle) | (1 << HAND.reconcile);

/** Takes out of a situation what nothing will ever ask for again, so that situations that go on alike are the same one. */
export function settleDown(s: State): void {
  const over = isOver(s);
  if ((over || s.claim === 1) && s.controls === 0 && s.exitRow !== 1) {
    s.used = EXIT | PAUSE | RESUME | CLOSE_ALL;
    s.paused = 0;
  }
  const entry = lastOf(s, ROLE.entry);
  // An entry that has stood is never sent again, and it is only its sending that a pause forbids.
  if (entry !== null && s.phase !== PHASE.claimed && !isUnresolved(entry.state) && entry.state !== STATE.dead && s.controls === 0) {
    s.used |= PAUSE | RESUME;
    s.paused = 0;
  }
  if (over) {
    s.synced = [0, 0];
    s.claimAge = 0;
    s.remainder = 0;
  }
  if (s.phase !== PHASE.none && s.phase !== PHASE.claimed && (s.claim === 1 || over)) s.accountOld = 0;
  countTurns(s);
  let asked = false;
  let isPlaced = false;
  for (const { kind, request } of s.hands) {
    asked ||= ((LOOKS_BACK >> kind) & 1) === 1;
    isPlaced ||= kind === HAND.place && request === 1;
  }
  for (const order of s.orders) {
    const keepsAge = isUnresolved(order.state) || order.role === ROLE.close || order.role === ROLE.ownStop;
    if (!keepsAge && order.stray === 0 && !isPlaced) order.age = 3;
    if (asked || isLive(order.state) || order.at === AT.standing || order.at === AT.waiting || order.told > 0) continue;
    if (order.state === STATE.canceled || order.state === STATE.filled) order.reason = 0;
    if (order.at === AT.over) order.word = 0;
    order.left = 0;
  }
}

/** Those that stand keep their turns among each other, counted from 1; no two have the same. */
function countTurns(s: State): void {
  let taken = 0;
  for (const order of s.orders) {
    if (order.at === AT.standing) taken |= 1 << order.turn;
    else order.turn = 0;
  }
  // The turns 1, 2, 3, … and no others: nothing to count anew.
  if (((taken + 2) & taken) === 0) return;
  const before = (turn: number): number => {
    let count = 1;
    for (let left = taken & ((1 << turn) - 1); left !== 0; left &= left - 1) count += 1;
    return count;
  };
  for (const order of s.orders) if (order.at === AT.standing) order.turn = before(order.turn);
}
