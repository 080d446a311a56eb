/** The venue as far as one trade can see of it: what lands, what stands, what fills, and what the stream says of it (PROTOCOL §6). */
import { PLACES, type Place } from '../bracket.ts';
import { AT, isStop, isTarget, type Order, orderAt, priceOf, ROLE, type State, type Word, wordOf } from './state.ts';

export const PLACE_NAMES: readonly Place[] = ['start', 'first target', 'second target', 'stop'];
const START = 0;
const STOP_PLACE = 3;

/** Best bid in ticks, at each place. */
export const bidAt = (place: number): number => PLACES[PLACE_NAMES[place] ?? 'start'] * 10;
/** The mark in ticks: halfway between bid and ask, which stand a hundred ticks apart. */
export const markAt = (place: number): number => bidAt(place) + 50;

/** What an answer says of one order; from `REFUSED` on the word of a refusal. */
export const SAYS = { resting: 1, filled: 2, waiting: 3, armed: 4, refused: 32 } as const;
const refusal = (word: Word): number => SAYS.refused + wordOf(word);

function tell(s: State, order: Order, word: Word): void {
  order.word = wordOf(word);
  if (s.up === 1) order.told = order.word;
}

/** An order comes to stand behind all others: at one price the oldest trades first, and the oldest is the first to be trimmed. */
function stand(s: State, order: Order): void {
  order.turn = 1 + Math.max(...s.orders.map(({ turn }) => turn));
  order.at = AT.standing;
  tell(s, order, 'open');
}

function end(s: State, order: Order, word: Word): void {
  order.at = AT.over;
  tell(s, order, word);
  if (order.role !== ROLE.entry) return;
  // A child lives or dies with its parent: armed when that filled wholly.
  for (const child of s.orders) {
    if (child.role !== ROLE.stop || child.attempt !== order.attempt || child.at !== AT.waiting) continue;
    if (word === 'filled' && order.left === 0) stand(s, child);
    else end(s, child, 'canceled');
  }
}

/** Reduce-only orders on the book never sum past the position: the oldest goes, and all when it is flat. */
function trim(s: State): void {
  const standing = s.orders.filter((order) => isTarget(order.role) && order.at === AT.standing).sort((a, b) => a.turn - b.turn);
  let sum = standing.reduce((all, order) => all + order.left, 0);
  for (const order of standing) {
    if (s.position > 0 && sum <= s.position) return;
    sum -= order.left;
    end(s, order, 'reduceOnlyCanceled');
  }
}

function fill(s: State, order: Order, sz: number): void {
  if (order.first === 0) order.first = sz;
  else if (order.second === 0) order.second = sz;
  else throw new Error('a third fill of one order');
  if (s.up === 1) order.streamed |= order.second === 0 ? 1 : 2;
  order.left -= sz;
  s.position += order.role === ROLE.entry ? sz : -sz;
  if (order.left === 0) end(s, order, 'filled');
  trim(s);
}

/** Fires what the mark has reached, the highest trigger first; each takes what it holds of the position. */
function fireStops(s: State): void {
  const due = s.orders.filter((order) => isStop(order.role) && order.at === AT.standing && markAt(s.place) <= priceOf(order.px));
  for (const order of due.sort((a, b) => priceOf(b.px) - priceOf(a.px) || a.turn - b.turn)) {
    if (order.at !== AT.standing) continue;
    const sz = Math.min(order.left, s.position);
    if (sz === 0) {
      end(s, order, 'reduceOnlyCanceled');
      continue;
    }
    order.left = sz;
    fill(s, order, sz);
  }
}

/** A part of the entry trades on the book. */
export function fillEntry(s: State, most: number): void {
  const entry = s.orders.find((order) => order.role === ROLE.entry && order.at === AT.standing);
  if (entry !== undefined) fill(s, entry, Math.min(most, entry.left));
}

/** The market goes to a place and meets what stands there. */
export function moveTo(s: State, place: number): void {
  s.place = place;
  if (place === STOP_PLACE) fillEntry(s, 15);
  const reached = s.orders
    .filter((order) => isTarget(order.role) && order.at === AT.standing && priceOf(order.px) <= bidAt(place))
    .sort((a, b) => priceOf(a.px) - priceOf(b.px) || a.turn - b.turn);
  for (const order of reached) if (order.at === AT.standing) fill(s, order, Math.min(order.left, s.position));
  fireStops(s);
}

function landEntry(s: State, slot: number): void {
  if (s.place !== START) throw new Error('an entry lands where the market has gone on');
  const child = orderAt(s, slot + 1);
  child.at = AT.waiting;
  child.left = child.sz;
  tell(s, child, 'open');
  const entry = orderAt(s, slot);
  entry.at = AT.standing;
  entry.left = entry.sz;
  tell(s, entry, 'open');
}

function refuse(s: State, order: Order, status: Word, text: Word): number {
  order.at = AT.over;
  order.left = order.sz;
  tell(s, order, status);
  return refusal(text);
}

/** One stop, take-profit or close reaches the venue. What it says of it. */
function landOne(s: State, order: Order): number {
  order.left = order.sz;
  const price = priceOf(order.px);
  if (isStop(order.role) && markAt(s.place) <= price) return refuse(s, order, 'badTriggerPxRejected', 'Invalid TP/SL price. asset=0');
  if (s.position === 0) return refuse(s, order, 'reduceOnlyRejected', 'Reduce only order would increase position. asset=0');
  if (isStop(order.role)) {
    stand(s, order);
    return SAYS.resting;
  }
  order.left = Math.min(order.sz, s.position);
  if (price <= bidAt(s.place)) {
    // While it trades it is on no book, so that nothing trims it.
    fill(s, order, order.left);
    return SAYS.filled;
  }
  if (order.role === ROLE.close)
    return refuse(s, order, 'iocCancelRejected', 'Order could not immediately match against any resting orders. asset=0');
  stand(s, order);
  trim(s);
  return SAYS.resting;
}

/** What has come to the venue a second time, or is one entry too many; null as it should be. */
export function doubleLanding(s: State, slots: readonly number[]): string | null {
  for (const slot of slots) {
    const order = orderAt(s, slot);
    if (order.at !== AT.nowhere) return 'an order reaches the venue a second time';
    const others = s.orders.filter((other) => other.role === ROLE.entry && other.at !== AT.nowhere);
    if (order.role === ROLE.entry && others.length > 0) return 'the signal has 2 entry orders the venue accepted';
  }
  return null;
}

/** A request of one or two orders reaches the venue, or comes too late. What the answer says of each. */
export function land(s: State, slots: readonly number[]): number[] {
  const [slot = 0] = slots;
  const first = orderAt(s, slot);
  if (first.age >= 2) return slots.map(() => refusal('turned away: Action already expired'));
  if (first.role !== ROLE.entry) return slots.map((nth) => landOne(s, orderAt(s, nth)));
  landEntry(s, slot);
  return [SAYS.resting, SAYS.waiting];
}

/** A cancel reaches the venue. True when it ended the order. */
export function landCancel(s: State, slot: number): boolean {
  const order = orderAt(s, slot);
  if (order.at !== AT.standing && order.at !== AT.waiting) return false;
  end(s, order, 'canceled');
  return true;
}
