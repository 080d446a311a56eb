/**
 * What becomes of a request: it reaches the venue and is answered as things stand there then; the answer is heard, and the step goes on
 * as perform.ts, resolve.ts, venue-news.ts, settle.ts and reconcile.ts do; or nothing is heard of it.
 */
import { bitsWhere, slotsOf, stateOfWord, UNKNOWN_OID } from './arrivals.ts';
import { apply, change, recordFills } from './ledger.ts';
import { sentCancel } from './promises.ts';
import {
  BOOKS,
  FILL,
  HAND,
  type Hand,
  IDLE,
  isLive,
  isOver,
  isUnresolved,
  openSz,
  orderAt,
  PHASE,
  ROLE,
  SIGNAL,
  STATE,
  type State,
  wordOf,
} from './state.ts';
import { SAYS } from './venue.ts';
import {
  ask,
  askNext,
  begin,
  goOn,
  handOf,
  kick,
  lookedAt,
  type Performed,
  type Run,
  STAGE,
  sendEntry,
  tellOther,
  turn,
} from './workers.ts';

const TIMED_OUT = wordOf('timed out');
const BY_US = wordOf('cancelled by us');
const NOT_LISTED = wordOf('not among the open orders');
const NO_LONGER = wordOf('no longer known to the venue');
const NEVER = wordOf('never reached the venue');

/** The answer comes to the worker, and all that follows from it at once. */
export function heard(run: Run, worker: number): void {
  const hand = handOf(run.s, worker);
  hand.request = 0;
  goOnFrom(run, worker, hand);
}

function goOnFrom(run: Run, worker: number, hand: Hand): void {
  switch (hand.kind) {
    case HAND.place:
      goOn(run, worker, heardPlace(run, worker, hand));
      return;
    case HAND.cancel:
      goOn(run, worker, heardCancel(run, worker, hand));
      return;
    case HAND.resolve:
      goOn(run, worker, heardResolve(run, worker, hand));
      return;
    case HAND.orders:
      goOn(run, worker, heardOrders(run.s, hand));
      return;
    case HAND.sync:
      goOn(run, worker, heardSync(run, worker, hand));
      return;
    case HAND.settle:
      goOn(run, worker, heardSettle(run, worker, hand));
      return;
    case HAND.enter:
      goOn(run, worker, heardAccount(run, hand));
      return;
    case HAND.reconcile:
      heardReconcile(run, worker, hand);
      return;
    default:
      throw new Error('nobody waits');
  }
}

function heardPlace(run: Run, worker: number, hand: Hand): Performed {
  const { s } = run;
  for (const [nth, slot] of slotsOf(hand.todo).entries()) {
    const says = nth === 0 ? hand.answer : hand.answer2;
    const order = orderAt(s, slot);
    if (says >= SAYS.refused) apply(s, order, { state: STATE.rejected, reason: says - SAYS.refused });
    else if (says === SAYS.resting) apply(s, order, { state: STATE.resting, oid: true });
    else if (says === SAYS.filled) apply(s, order, { state: STATE.filled, oid: true });
    else apply(s, order, { state: says === SAYS.armed ? STATE.resting : STATE.waiting });
  }
  tellOther(run, worker);
  return 'again';
}

function heardCancel(run: Run, worker: number, hand: Hand): Performed {
  for (const slot of slotsOf(hand.firsts)) apply(run.s, orderAt(run.s, slot), { state: STATE.canceled, reason: BY_US });
  tellOther(run, worker);
  return 'again';
}

/** What the venue says of one order that was asked after. True when its fate is known; 'waits' when its cancel is asked again. */
function resolved(run: Run, hand: Hand): boolean | 'waits' {
  const { s } = run;
  const order = orderAt(s, hand.at);
  const looked = hand.looked[hand.at] ?? 0;
  if (hand.stage === STAGE.cancelAgain) {
    if (hand.answer !== 1) return false;
    apply(s, order, { state: STATE.canceled, reason: BY_US });
    return true;
  }
  if (hand.answer !== UNKNOWN_OID) {
    const state = stateOfWord(hand.answer);
    apply(s, order, {
      state: order.role === ROLE.stop && state === STATE.resting ? STATE.waiting : state,
      oid: true,
      reason: hand.answer,
    });
    if ((looked & 64) === 0 || (order.state !== STATE.resting && order.state !== STATE.waiting)) return true;
    run.broken ??= sentCancel(s, 1 << hand.at);
    ask(hand, STAGE.cancelAgain);
    return 'waits';
  }
  if (hand.late === 0) return false;
  if (isUnresolved(looked & 15)) apply(s, order, { state: STATE.dead, reason: NEVER });
  else apply(s, order, { state: STATE.canceled, reason: NO_LONGER });
  return true;
}

function heardResolve(run: Run, worker: number, hand: Hand): Performed {
  const known = resolved(run, hand);
  if (known === 'waits') return 'waits';
  if (known) tellOther(run, worker);
  else hand.open = 1;
  if (askNext(run.s, hand)) return 'waits';
  return hand.open === 1 ? 'later' : 'again';
}

/** The open orders are applied to the orders as they were looked at, and those missing from them are asked after one by one. */
function heardOrders(s: State, hand: Hand): Performed {
  let from = 0;
  if (hand.stage === STAGE.ask) {
    const order = orderAt(s, hand.at);
    const looked = hand.looked[hand.at] ?? 0;
    from = hand.at + 1;
    if (hand.answer !== UNKNOWN_OID) {
      const state = stateOfWord(hand.answer);
      if (state !== (looked & 15)) hand.moved = 1;
      apply(s, order, { state, oid: true, reason: hand.answer });
    } else if (order.role === ROLE.stop && isUnresolved(looked & 15)) {
      if ((looked & 32) === 0) hand.moved = 1;
      apply(s, order, { state: STATE.unknown, reason: NOT_LISTED });
    }
  }
  for (let slot = from; slot < hand.looked.length; slot++) {
    const looked = hand.looked[slot] ?? 0;
    if (!isLive(looked & 15)) continue;
    const order = orderAt(s, slot);
    if (((hand.waiting | hand.standing) >> slot) & 1) {
      const state = (hand.waiting >> slot) & 1 ? STATE.waiting : STATE.resting;
      if (state !== (looked & 15) || (looked & 16) === 0) hand.moved = 1;
      apply(s, order, { state, oid: true });
      continue;
    }
    if ((looked & 15) === STATE.intent && order.role !== ROLE.stop) continue;
    hand.at = slot;
    ask(hand, STAGE.ask);
    return 'waits';
  }
  return hand.moved === 1 && hand.later === 0 ? 'again' : 'later';
}

/** How the fills are known after a read: 1 and 2 once, 3 and 4 twice with a step of time between, the odd ones just now. */
function heardSync(run: Run, worker: number, hand: Hand): Performed {
  const { s } = run;
  const who = worker === SIGNAL ? SIGNAL : FILL;
  recordFills(s, hand.firsts, hand.seconds);
  const before = s.synced[who];
  const old = hand.aged > 0 ? 1 : 0;
  const isSettled = before >= 3 || (before === 2 && old === 0);
  s.synced[who] = (isSettled ? 3 : 1) + (before === 2 && !isSettled ? 1 : old);
  return 'again';
}

function heardSettle(run: Run, worker: number, hand: Hand): Performed {
  const { s } = run;
  switch (hand.stage) {
    case STAGE.fills:
      recordFills(s, hand.firsts, hand.seconds);
      ask(hand, STAGE.account);
      return 'waits';
    case STAGE.account:
      ask(hand, STAGE.open);
      return 'waits';
    case STAGE.open:
      return settle(run, worker, hand);
    default: {
      const reading = begin(s, worker, HAND.orders, STAGE.open);
      reading.looked = hand.looked;
      reading.later = 1;
      return 'waits';
    }
  }
}

function settle(run: Run, worker: number, hand: Hand): Performed {
  const { s } = run;
  if (s.phase === PHASE.settled) return 'idle';
  if (openSz(s) > 0 && hand.held === 1) return 'later';
  if ((hand.waiting | hand.standing) !== 0) {
    hand.looked = lookedAt(s);
    run.broken ??= sentCancel(s, hand.waiting | hand.standing);
    for (const slot of slotsOf(hand.waiting | hand.standing)) apply(s, orderAt(s, slot), { cancelAsked: true });
    ask(hand, STAGE.sweep);
    return 'waits';
  }
  const doubtful = bitsWhere(s, ({ state }) => isLive(state));
  if (doubtful !== 0) {
    hand.kind = HAND.resolve;
    hand.looked = lookedAt(s);
    hand.todo = doubtful;
    askNext(s, hand);
    return 'waits';
  }
  change(s, { phase: PHASE.settled, status: hand.status });
  tellOther(run, worker);
  if (worker === SIGNAL) s.claimAge = 0;
  return 'idle';
}

function heardAccount(run: Run, hand: Hand): Performed {
  const { s } = run;
  s.accountOld = 0;
  if (hand.moved === 1 || s.phase !== PHASE.claimed || s.exitSeen === 1 || s.paused === 1) return 'again';
  return sendEntry(run, hand.held === 1);
}

/** A reconcile: fills, open orders, then each order that is missing from them; and what is left of a trade that is over. */
function heardReconcile(run: Run, worker: number, hand: Hand): void {
  const { s } = run;
  if (hand.stage === STAGE.fills) {
    recordFills(s, hand.firsts, hand.seconds);
    ask(hand, STAGE.open);
    return;
  }
  if (hand.stage === STAGE.sweep) {
    reconciled(run, worker);
    return;
  }
  if (hand.stage === STAGE.open) compare(s, hand);
  else {
    const known = resolved(run, hand);
    if (known === 'waits') return;
    if (known) tellOther(run, worker === SIGNAL ? SIGNAL : FILL);
  }
  if (askNext(s, hand)) return;
  if (isOver(s) && (hand.waiting | hand.standing) !== 0) {
    ask(hand, STAGE.sweep);
    return;
  }
  reconciled(run, worker);
}

function compare(s: State, hand: Hand): void {
  hand.todo = 0;
  for (const [slot, order] of s.orders.entries()) {
    if (!isLive(order.state)) continue;
    if ((hand.waiting >> slot) & 1) apply(s, order, { state: STATE.waiting, oid: true });
    else if ((hand.standing >> slot) & 1) apply(s, order, { state: STATE.resting, oid: true });
    // An answer may be on its way to the other thread: what was recorded a moment ago is left to it.
    else if (order.age >= 2 || order.state !== STATE.intent) hand.todo |= 1 << slot;
  }
  hand.looked = lookedAt(s);
}

/** A reconcile is done: by the signal worker it is its start, by the fill monitor both look at everything. */
function reconciled(run: Run, worker: number): void {
  const { s } = run;
  s.hands[worker] = IDLE;
  s.accountOld = 0;
  if (worker === SIGNAL) {
    s.started[SIGNAL] = 1;
    kick(run, SIGNAL);
    turn(run);
    return;
  }
  s.guard = 1;
  s.putOff = 0;
  s.started[FILL] = 1;
  tellOther(run, FILL);
  kick(run, FILL);
  readWhatWasMissed(s);
}

export function reconcile(s: State): void {
  if (handOf(s, BOOKS).kind === HAND.idle) begin(s, BOOKS, HAND.reconcile, STAGE.fills);
}

export function readWhatWasMissed(s: State): void {
  if (s.missed === 0 || handOf(s, BOOKS).kind !== HAND.idle) return;
  s.missed = 0;
  if (s.putOff === 0) reconcile(s);
}

/** What was sent and has not arrived goes on without anybody who waits for it; a read is nobody's. */
export function leaveUnderWay(s: State, hand: Hand): void {
  if (hand.request !== 1) return;
  if (hand.stage === STAGE.place) for (const slot of slotsOf(hand.todo)) orderAt(s, slot).stray = orderAt(s, slot).age < 2 ? 1 : 0;
  let bits = 0;
  if (hand.stage === STAGE.cancel) bits = hand.todo;
  if (hand.stage === STAGE.cancelAgain) bits = 1 << hand.at;
  if (hand.stage === STAGE.sweep) bits = hand.waiting | hand.standing;
  if (hand.aged >= 2) return;
  for (const slot of slotsOf(bits)) {
    const order = orderAt(s, slot);
    order.strayCancel = order.strayCancel === 1 ? 1 : hand.aged + 1;
  }
}

/** No answer comes. What was sent may still arrive; a read that failed is tried again after a while. */
export function lost(run: Run, worker: number): void {
  const { s } = run;
  const hand = handOf(s, worker);
  leaveUnderWay(s, hand);
  hand.request = 0;
  switch (hand.stage) {
    case STAGE.place:
      for (const slot of slotsOf(hand.todo)) apply(s, orderAt(s, slot), { state: STATE.unknown, reason: TIMED_OUT });
      tellOther(run, worker);
      goOn(run, worker, 'again');
      return;
    case STAGE.cancel:
      goOn(run, worker, 'later');
      return;
    case STAGE.cancelAgain:
      hand.answer = 0;
      goOnFrom(run, worker, hand);
      return;
    case STAGE.sweep:
      goOnFrom(run, worker, hand);
      return;
    default:
      readLost(run, worker, hand);
      return;
  }
}

function readLost(run: Run, worker: number, hand: Hand): void {
  const { s } = run;
  s.hands[worker] = IDLE;
  if (hand.kind !== HAND.reconcile) {
    const who = worker === SIGNAL ? SIGNAL : FILL;
    s.held[who] = 1;
    s.later[who] = 1;
    const called = s.again[who] === 1;
    s.again[who] = 0;
    // Who called meanwhile is not heard: it backs off. The queue is read all the same.
    if (worker === SIGNAL && !called) turn(run);
    return;
  }
  if (worker === SIGNAL) {
    s.down[SIGNAL] = 1;
    return;
  }
  if (s.started[FILL] === 0) {
    s.down[FILL] = 1;
    return;
  }
  readWhatWasMissed(s);
  s.putOff = 1;
}
