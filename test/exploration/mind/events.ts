/** What can happen next in a situation, each thing as one number, and the one order of things in which nothing goes wrong. */

import { heard, leaveUnderWay, lost, readWhatWasMissed, reconcile } from './answers.ts';
import { arrive, stateOfWord } from './arrivals.ts';
import { code, KIND, TIME } from './event-code.ts';
import { apply, recordFills } from './ledger.ts';
import { AT, BOOKS, FILL, HAND, IDLE, isLive, isOver, orderAt, ROLE, SIGNAL, STATE, type State } from './state.ts';
import { CLOSE_ALL, EXIT, PAUSE, RESUME, settleDown } from './tidy.ts';
import { doubleLanding, fillEntry, land, landCancel, moveTo } from './venue.ts';
import { begin, handOf, hearAll, kick, type Run, STAGE, turn } from './workers.ts';

/** The entry of ten units fills in two parts. */
const PARTS = [4, 15] as const;
/** To the first target, on to the second, from anywhere to the stop. */
const MOVES: readonly (readonly number[])[] = [[1, 3], [2, 3], [3], []];
const CONTROL = { pause: 1, resume: 2, closeAll: 3 } as const;

const isRead = (stage: number): boolean => stage === STAGE.fills || stage === STAGE.open || stage === STAGE.ask || stage === STAGE.account;

function ofHands(s: State, events: number[]): void {
  for (let worker = SIGNAL; worker <= BOOKS; worker++) {
    const { request, stage } = handOf(s, worker);
    if (request === 0) continue;
    if (request === 2) {
      events.push(code(KIND.hears, worker));
      // A read that is lost after it landed is as one that was lost before.
      if (!isRead(stage)) events.push(code(KIND.lost, worker));
      continue;
    }
    events.push(code(isRead(stage) ? KIND.answered : KIND.lands, worker), code(KIND.lost, worker));
    if (isRead(stage)) events.push(code(KIND.lands, worker));
    if (stage === STAGE.place) events.push(code(KIND.refused, worker));
  }
}

function ofStrays(s: State, events: number[]): void {
  for (const [slot, order] of s.orders.entries()) {
    if (order.stray === 1 && order.joined === 0) events.push(code(KIND.strayPlace, slot));
    if (order.strayCancel > 0 && (order.at === AT.standing || order.at === AT.waiting)) events.push(code(KIND.strayCancel, slot));
  }
}

/** What changes something at the venue, after the reads that landed last; and reads that land at the same moment, in one order. */
function ofVenue(s: State, events: number[]): void {
  let newest = SIGNAL;
  for (let worker = SIGNAL; worker <= BOOKS; worker++) if (handOf(s, worker).fresh === 1) newest = worker;
  for (let worker = SIGNAL; worker <= BOOKS; worker++) {
    const { request, stage } = handOf(s, worker);
    if (request === 1 && (!isRead(stage) || worker > newest)) events.push(code(KIND.lands, worker));
  }
  ofStrays(s, events);
  ofMarket(s, events);
}

/** Everything is over and nothing can ever come to stand again: what is left to happen changes nothing that is promised. */
function isBuried(s: State): boolean {
  if (!isOver(s) || s.position !== 0) return false;
  for (const { kind } of s.hands) if (kind === HAND.place) return false;
  return s.orders.every(
    ({ state, at, stray, known, first, second }) =>
      !isLive(state) && stray === 0 && at !== AT.standing && at !== AT.waiting && known === (first > 0 ? 1 : 0) + (second > 0 ? 2 : 0),
  );
}

function ofMarket(s: State, events: number[]): void {
  let stands = false;
  let rests = false;
  for (const { at, role } of s.orders) {
    stands ||= at === AT.standing || at === AT.waiting;
    rests ||= at === AT.standing && role === ROLE.entry;
  }
  if (rests && s.parts < PARTS.length) events.push(code(KIND.part, s.parts));
  for (const to of MOVES[s.place] ?? []) if (s.position > 0 || (stands && to !== 2)) events.push(code(KIND.move, to));
}

/** Everything that can happen next. */
export function eventsOf(s: State): number[] {
  const events: number[] = [];
  // A read that has landed and is not heard yet matters only for what the venue does after it: that comes next.
  if (s.hands.some(({ fresh }) => fresh === 1)) {
    ofVenue(s, events);
    return events;
  }
  if (isBuried(s)) return events;
  if (s.row === 0) events.push(code(KIND.entry));
  ofHands(s, events);
  ofStrays(s, events);
  if (s.orders.some(({ told }) => told > 0)) events.push(code(KIND.orders));
  if (s.orders.some(({ streamed }) => streamed > 0)) events.push(code(KIND.fills));
  ofMarket(s, events);
  if (s.row > 0 && (s.used & EXIT) === 0) events.push(code(KIND.exit));
  if ((s.used & PAUSE) === 0) events.push(code(KIND.pause));
  else if ((s.used & RESUME) === 0) events.push(code(KIND.resume));
  if (s.row > 0 && (s.used & CLOSE_ALL) === 0) events.push(code(KIND.closeAll));
  events.push(TIME, code(KIND.crash, SIGNAL), code(KIND.crash, FILL), s.up === 1 ? code(KIND.cut) : code(KIND.connect));
  return events;
}

const OF_REQUESTS: ReadonlySet<number> = new Set([KIND.answered, KIND.hears, KIND.lands, KIND.lost, KIND.refused, KIND.crash]);

/**
 * Of what can happen next, what can where the world outside waits for the workers: while a request is under way only what becomes of
 * it, and crashes. What a read says is out of date then only where the other worker's request lands before it is heard.
 */
export function whileWorldWaits(s: State, events: readonly number[]): readonly number[] {
  if (!s.hands.some(({ request }) => request > 0)) return events;
  const venueMayMove = s.hands.some(({ request, stage }) => request === 1 && !isRead(stage));
  return events.filter((event) => {
    if (event >> 6 === KIND.lands) return venueMayMove || !isRead(handOf(s, event & 63).stage);
    return OF_REQUESTS.has(event >> 6);
  });
}

const FREE: ReadonlySet<number> = new Set([
  KIND.answered,
  KIND.hears,
  KIND.connect,
  KIND.orders,
  KIND.fills,
  KIND.strayPlace,
  KIND.strayCancel,
]);

/**
 * 1 when an event is something that intervenes: what is asked from outside, a loss, a refusal, a crash, a cut, a read that is answered before
 * the venue goes on, and time or the market going on before everything has been heard.
 */
export function costOf(s: State, event: number): 0 | 1 {
  const kind = event >> 6;
  if (FREE.has(kind)) return 0;
  if (kind === KIND.lands) return isRead(handOf(s, event & 63).stage) ? 1 : 0;
  const unheard = s.orders.some(({ told, streamed }) => told > 0 || streamed > 0);
  if (kind === KIND.part || kind === KIND.move) return unheard ? 1 : 0;
  if (kind !== KIND.time) return 1;
  return unheard || s.up === 0 || s.hands.some(({ request }) => request > 0) ? 1 : 0;
}

/** What happens next where nothing goes wrong: everything under way arrives, and only then time passes. */
export function calmEvent(s: State): number {
  for (let worker = SIGNAL; worker <= BOOKS; worker++) {
    const { request } = handOf(s, worker);
    if (request > 0) return code(request === 1 ? KIND.answered : KIND.hears, worker);
  }
  if (s.orders.some(({ told }) => told > 0)) return code(KIND.orders);
  if (s.orders.some(({ streamed }) => streamed > 0)) return code(KIND.fills);
  return s.up === 1 ? TIME : code(KIND.connect);
}

/** As bits: what the venue does. */
const VENUE_KINDS = [KIND.part, KIND.move, KIND.lands, KIND.strayPlace, KIND.strayCancel].reduce((bits, kind) => bits | (1 << kind), 0);

/** Lets an event happen, and all that the workers do at once. What was broken by it, or null. */
export function happen(s: State, event: number): string | null {
  const run: Run = { s, mail: [false, false], broken: null };
  const [kind, about] = [event >> 6, event & 63];
  const venueMoves = ((VENUE_KINDS >> kind) & 1) === 1 && !(kind === KIND.lands && isRead(handOf(s, about).stage));
  act(run, kind, about);
  if (venueMoves) for (const hand of s.hands) if (hand.fresh === 1) hand.fresh = 0;
  deliver(run);
  settleDown(s);
  return run.broken;
}

/** What one worker tells the other is heard at once. */
function deliver(run: Run): void {
  const { s, mail } = run;
  for (let turns = 0; run.broken === null && (mail[SIGNAL] || mail[FILL]); turns += 1) {
    if (turns > 200) run.broken = 'the workers wake each other without end';
    if (mail[SIGNAL]) {
      mail[SIGNAL] = false;
      if (s.started[SIGNAL] === 0) continue;
      kick(run, SIGNAL);
      turn(run);
    } else {
      mail[FILL] = false;
      kick(run, FILL);
    }
  }
}

function act(run: Run, kind: number, about: number): void {
  const { s } = run;
  switch (kind) {
    case KIND.entry:
      s.row = 1;
      turn(run);
      return;
    case KIND.exit:
      s.used |= EXIT;
      s.exitRow = 1;
      turn(run);
      return;
    case KIND.pause:
      control(run, PAUSE, CONTROL.pause);
      return;
    case KIND.resume:
      control(run, RESUME, CONTROL.resume);
      return;
    case KIND.closeAll:
      control(run, CLOSE_ALL, CONTROL.closeAll);
      return;
    case KIND.part:
      s.parts += 1;
      fillEntry(s, PARTS[about] ?? 0);
      return;
    case KIND.move:
      moveTo(s, about);
      return;
    case KIND.time:
      pass(run);
      return;
    case KIND.cut:
      s.up = 0;
      forgetStream(s);
      return;
    case KIND.connect:
      s.up = 1;
      if (handOf(s, BOOKS).kind !== HAND.idle) s.missed = 1;
      else if (s.started[FILL] === 1 && s.putOff === 0) reconcile(s);
      return;
    case KIND.orders:
      hearOrders(run);
      return;
    case KIND.fills:
      hearFills(run);
      return;
    case KIND.strayPlace:
    case KIND.strayCancel:
      landStray(run, kind, about);
      return;
    case KIND.crash:
      crash(run, about === SIGNAL ? SIGNAL : FILL);
      return;
    default:
      meet(run, kind, about);
      return;
  }
}

/** What becomes of a request. */
function meet(run: Run, kind: number, worker: number): void {
  const hand = handOf(run.s, worker);
  if (kind === KIND.lost) {
    lost(run, worker);
    return;
  }
  if (kind === KIND.refused) hand.answer = hand.answer2 = REFUSED;
  else if (kind === KIND.answered || kind === KIND.lands) arrive(run, hand);
  if (kind === KIND.lands && isRead(hand.stage)) hand.fresh = 1;
  if (kind !== KIND.lands && run.broken === null) heard(run, worker);
}

/** "Insufficient margin", as an answer says it. */
const REFUSED = 32 + 16;

function control(run: Run, bit: number, digit: number): void {
  const { s } = run;
  s.used |= bit;
  let shift = 0;
  while (s.controls >> shift !== 0) shift += 2;
  s.controls |= digit << shift;
  turn(run);
}

function hearOrders(run: Run): void {
  const { s } = run;
  const messages = s.orders
    .filter(({ told }) => told > 0)
    .map((order) => () => {
      const state = stateOfWord(order.told);
      // `open` is said of a waiting child as well; only a read of the open orders shows whether it is armed.
      if (state === STATE.resting && order.role === ROLE.stop) apply(s, order, { oid: true });
      else apply(s, order, { state, oid: true, reason: state === STATE.canceled || state === STATE.rejected ? order.told : 0 });
      order.told = 0;
    });
  hearAll(run, messages);
}

function hearFills(run: Run): void {
  const { s } = run;
  const messages = s.orders.flatMap((order, slot) =>
    [1, 2]
      .filter((bit) => (order.streamed & bit) !== 0)
      .map((bit) => () => {
        order.streamed &= ~bit;
        recordFills(s, bit === 1 ? 1 << slot : 0, bit === 2 ? 1 << slot : 0);
      }),
  );
  hearAll(run, messages);
}

function landStray(run: Run, kind: number, slot: number): void {
  const { s } = run;
  const order = orderAt(s, slot);
  if (kind === KIND.strayCancel) {
    order.strayCancel = 0;
    landCancel(s, slot);
    return;
  }
  const next = s.orders[slot + 1];
  const slots = next !== undefined && next.joined === 1 ? [slot, slot + 1] : [slot];
  run.broken ??= doubleLanding(s, slots);
  for (const nth of slots) orderAt(s, nth).stray = 0;
  if (run.broken === null) land(s, slots);
}

function forgetStream(s: State): void {
  for (const order of s.orders) {
    order.told = 0;
    order.streamed = 0;
  }
}

/** A worker dies and starts anew: its memory and what it waited for are gone, the ledger stays. */
function crash(run: Run, who: 0 | 1): void {
  restart(run.s, who);
  // A new line between the two: both look at everything once.
  run.mail[SIGNAL] = true;
  run.mail[FILL] = true;
}

function restart(s: State, who: 0 | 1): void {
  leaveUnderWay(s, handOf(s, who));
  s.hands[who] = IDLE;
  s.started[who] = 0;
  s.down[who] = 0;
  s.later[who] = 0;
  s.again[who] = 0;
  s.held[who] = 0;
  s.synced[who] = 0;
  if (who === SIGNAL) {
    s.claimAge = 0;
    s.guard = 0;
    begin(s, SIGNAL, HAND.reconcile, STAGE.fills);
    return;
  }
  leaveUnderWay(s, handOf(s, BOOKS));
  s.hands[BOOKS] = IDLE;
  s.missed = 0;
  s.putOff = 0;
  s.up = 1;
  forgetStream(s);
  reconcile(s);
}

function grow(s: State): void {
  for (const order of s.orders) {
    order.age = Math.min(3, order.age + 1);
    if (order.age >= 2) order.stray = 0;
    if (order.strayCancel > 0) order.strayCancel = order.strayCancel === 1 ? 2 : 0;
  }
  for (const hand of s.hands) if (hand.request > 0) hand.aged = Math.min(2, hand.aged + 1);
  for (const who of [SIGNAL, FILL] as const) if ((s.synced[who] & 1) === 1) s.synced[who] += 1;
  if (s.claimAge === 1) s.claimAge = 2;
}

/** Time takes its one step: lives end, and everybody who meant to look again does. */
function pass(run: Run): void {
  const { s } = run;
  grow(s);
  for (const who of [SIGNAL, FILL] as const) if (s.down[who] === 1) restart(s, who);
  const calls: [boolean, boolean] = [
    s.later[SIGNAL] === 1 || (s.exitRow === 2 && !isOver(s)),
    s.started[FILL] === 1 || s.later[FILL] === 1,
  ];
  s.later = [0, 0];
  s.held = [0, 0];
  if (calls[SIGNAL]) kick(run, SIGNAL);
  deliver(run);
  if (calls[FILL]) kick(run, FILL);
  deliver(run);
  if (s.putOff === 1) {
    s.putOff = 0;
    reconcile(s);
  }
  if (s.started[FILL] === 1) readWhatWasMissed(s);
  turn(run);
}
