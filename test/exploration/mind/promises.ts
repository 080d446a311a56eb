/** The promises, as what must hold when something is sent, in every situation, and at rest. */
import {
  AT,
  BREAKEVENS,
  FILL,
  filledOf,
  HAND,
  isLive,
  isOver,
  isStop,
  isTarget,
  isUnresolved,
  nameOf,
  openSz,
  ROLE,
  SIGNAL,
  STATE,
  type State,
} from './state.ts';

/** The orders whose cancel is under way, as bits. */
function beingCancelled(s: State): number {
  let bits = 0;
  for (const hand of s.hands) if (hand.kind === HAND.cancel && hand.request === 1) bits |= hand.todo;
  for (const [slot, order] of s.orders.entries()) if (order.strayCancel > 0) bits |= 1 << slot;
  return bits;
}

function armedAtVenue(s: State, gone: number): number {
  let sum = 0;
  for (const [slot, order] of s.orders.entries()) {
    if (isStop(order.role) && order.at === AT.standing && ((gone >> slot) & 1) === 0) sum += order.left;
  }
  return sum;
}

/** A stop may be taken away only while the others that stand hold all of the position that is known of. */
export function sentCancel(s: State, bits: number): string | null {
  const stops = s.orders.some((order, slot) => ((bits >> slot) & 1) === 1 && isStop(order.role));
  if (!stops) return null;
  const needed = Math.min(openSz(s), s.position);
  const left = armedAtVenue(s, bits | beingCancelled(s));
  return left < needed ? `a cancel is sent, and ${left} of ${needed} thousand lots keep a stop` : null;
}

/** Two of these could both fill: a second one waits until the first is known to be dead. */
const isOnce = (role: number): boolean => role === ROLE.entry || role === ROLE.close;

/** Each order is recorded, was not sent before, and is one that may be sent as the trade stands. */
export function sentPlace(s: State, bits: number): string | null {
  for (const [slot, order] of s.orders.entries()) {
    if (((bits >> slot) & 1) === 0) continue;
    const name = nameOf(order);
    if (order.state !== STATE.intent || order.at !== AT.nowhere) return `${name} is sent, and was sent before`;
    if (s.orders.some((other) => other !== order && other.role === order.role && other.attempt === order.attempt))
      return `a second ${name} is recorded`;
    if (isOnce(order.role) && s.orders.some((other) => other !== order && other.role === order.role && isUnresolved(other.state)))
      return `${name} is sent while nobody knows what became of the one before`;
    if (order.role === ROLE.entry && s.paused === 1) return `${name} is sent while the bot is paused`;
    if (order.role === ROLE.entry && s.claim === 1) return `${name} is sent after the exit`;
    if (s.claim === 1 && (isTarget(order.role) || order.role === ROLE.breakeven)) return `${name} is sent after the exit`;
    if (order.role !== ROLE.breakeven) continue;
    const tp1 = s.orders.reduce((sum, other) => sum + (other.role === ROLE.tp1 ? filledOf(other) : 0), 0);
    if (BREAKEVENS[s.breakeven] !== 'due' || tp1 === 0) return `${name} is sent, and its target has not filled or its time is over`;
  }
  return null;
}

/** Nothing is under way, nobody has anything to do but look again on its own clock, and the account is being heard. */
export function isQuiet(s: State): boolean {
  if (s.up === 0 || s.exitRow === 1 || s.controls !== 0 || s.missed === 1 || s.putOff === 1) return false;
  for (const hand of s.hands) if (hand.kind !== HAND.idle) return false;
  for (const who of [SIGNAL, FILL] as const) if (s.started[who] === 0 || s.later[who] === 1 || s.held[who] === 1) return false;
  if (s.exitRow === 2 && !isOver(s)) return false;
  return s.orders.every(({ told, streamed, stray, strayCancel }) => told === 0 && streamed === 0 && stray === 0 && strayCancel === 0);
}

/** What does not hold in this situation, or null. */
export function brokenIn(s: State): string | null {
  let targets = 0;
  for (const order of s.orders) if (isTarget(order.role) && order.at === AT.standing) targets += order.left;
  if (targets > s.position) return `take-profits of ${targets} thousand lots stand for a position of ${s.position}`;
  if (s.position < 0) return 'the position has turned';
  if (isOver(s)) {
    if (s.position > 0) return 'the trade is over and a position is held';
    for (const [slot, order] of s.orders.entries()) {
      if (order.at === AT.standing || order.at === AT.waiting) return `the trade is over and its ${nameOf(order)} stands`;
      if (order.at === AT.nowhere && order.age < 2 && (order.stray === 1 || isBeingSent(s, slot)))
        return `the trade is over and its ${nameOf(order)} may still land`;
    }
  }
  if (s.position > 0 && armedAtVenue(s, 0) < s.position && isQuiet(s))
    return `a position of ${s.position} thousand lots has stops for ${armedAtVenue(s, 0)}, and nobody is doing anything about it`;
  return null;
}

const isBeingSent = (s: State, slot: number): boolean =>
  s.hands.some((hand) => hand.kind === HAND.place && hand.request === 1 && ((hand.todo >> slot) & 1) === 1);

/** What does not hold once all has come to rest, or null. */
export function brokenAtRest(s: State): string | null {
  if (s.position > 0 && armedAtVenue(s, 0) < s.position) return 'at rest a position is without a whole stop';
  if (openSz(s) !== s.position) return `at rest the ledger holds ${openSz(s)} and the venue ${s.position} thousand lots`;
  for (const order of s.orders) {
    const stands = order.at === AT.standing || order.at === AT.waiting;
    if (isUnresolved(order.state)) return `at rest nobody knows what became of ${nameOf(order)}`;
    if (stands !== isLive(order.state)) return `at rest ${nameOf(order)} ${stands ? 'stands' : 'is gone'} and the ledger has it otherwise`;
    if (stands && (order.at === AT.waiting) !== (order.state === STATE.waiting))
      return `at rest ${nameOf(order)} is taken for armed or waiting wrongly`;
  }
  return null;
}

/** What does not hold after an exit has been carried to its end, or null. */
export function brokenAtEnd(s: State): string | null {
  if (!isOver(s)) return 'after an exit the trade goes on';
  if (s.position !== 0) return 'after an exit a position is held';
  return brokenAtRest(s);
}
