/** Situations that go on alike are made the same one. */
import { AT, HAND, type Hand, isLive, isOver, isUnresolved, lastOf, type Order, PHASE, ROLE, STATE, type State } from './state.ts';

/** Exit, PAUSE, RESUME, CLOSE_ALL, as bits of what has been used. */
export const [EXIT, PAUSE, RESUME, CLOSE_ALL] = [1, 2, 4, 8] as const;

const looksBack = ({ kind }: Hand): boolean =>
  kind === HAND.resolve || kind === HAND.orders || kind === HAND.settle || kind === HAND.reconcile;

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
  const asked = s.hands.some(looksBack);
  const isPlaced = isBeingPlaced(s);
  for (const order of s.orders) {
    const keepsAge = isUnresolved(order.state) || order.role === ROLE.close || order.role === ROLE.ownStop;
    if (!keepsAge && order.stray === 0 && !isPlaced) order.age = 3;
    if (asked || isLive(order.state) || order.at === AT.standing || order.at === AT.waiting || order.told > 0) continue;
    if (order.state === STATE.canceled || order.state === STATE.filled) order.reason = 0;
    if (order.at === AT.over) order.word = 0;
    order.left = 0;
  }
}

const isBeingPlaced = (s: State): boolean => s.hands.some(({ kind, request }) => kind === HAND.place && request === 1);

/** Those that stand keep their turns among each other, counted from 1. */
function countTurns(s: State): void {
  const standing: Order[] = [];
  for (const order of s.orders) {
    if (order.at === AT.standing) standing.push(order);
    else order.turn = 0;
  }
  if (standing.length > 1) standing.sort((a, b) => a.turn - b.turn);
  let turn = 0;
  for (const order of standing) {
    turn += 1;
    order.turn = turn;
  }
}
