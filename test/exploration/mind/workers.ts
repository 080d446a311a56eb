/**
 * Both workers between two answers, as trade-runner.ts, signal-loop.ts, fill-loop.ts, entries.ts and perform.ts have them: what wakes
 * them, which step they take, and that it is recorded before it is sent.
 */
import { bracketAt, type Decided, decide, type Patch, type Wanted } from './decisions.ts';
import { apply, change, raise } from './ledger.ts';
import { sentCancel, sentPlace } from './promises.ts';
import {
  entryFilled,
  FILL,
  freshHand,
  HAND,
  type Hand,
  IDLE,
  isOver,
  isUnresolved,
  lastOf,
  ORDERS_MAX,
  type Order,
  orderAt,
  PHASE,
  ROLE,
  SIGNAL,
  STATE,
  type State,
  wordOf,
} from './state.ts';

/** A situation while something happens in it: what the workers have told each other and not heard, and what has broken. */
export interface Run {
  readonly s: State;
  readonly mail: [boolean, boolean];
  broken: string | null;
}

/** What became of a step: look again at once, after a while, nothing more to do, or an answer is waited for. */
export type Performed = 'again' | 'later' | 'idle' | 'waits';

/** What is asked of the venue at each stage of a step. */
export const STAGE = { fills: 0, open: 1, ask: 2, cancelAgain: 3, sweep: 4, account: 5, place: 6, cancel: 7 } as const;

/** No trade needs more steps in a row. */
const STEPS_MAX = 60;

export const handOf = (s: State, worker: number): Hand => {
  const hand = s.hands[worker];
  if (hand === undefined) throw new Error(`no hand ${worker}`);
  return hand;
};

export const tellOther = (run: Run, worker: number): void => {
  run.mail[worker === SIGNAL ? FILL : SIGNAL] = true;
};

/** Takes up a step that waits for the venue. */
export function begin(s: State, worker: number, kind: number, stage: number): Hand {
  const hand = freshHand();
  hand.kind = kind;
  hand.stage = stage;
  hand.request = 1;
  s.hands[worker] = hand;
  return hand;
}

export function ask(hand: Hand, stage: number): void {
  hand.stage = stage;
  hand.request = 1;
  hand.aged = 0;
}

const NOT_LISTED = wordOf('not among the open orders');

/** The orders as they stand when a step looks at them. */
export const lookedAt = (s: State): number[] =>
  s.orders.map((order) => order.state | (order.oidKnown << 4) | (order.reason === NOT_LISTED ? 32 : 0) | (order.cancelAsked << 6));

/** Asks after the next order that is still to be asked after; false when there is none. */
export function askNext(s: State, hand: Hand): boolean {
  for (let slot = 0; slot < s.orders.length; slot++) {
    if (((hand.todo >> slot) & 1) === 0) continue;
    hand.todo &= ~(1 << slot);
    hand.at = slot;
    hand.late = orderAt(s, slot).age >= 2 ? 1 : 0;
    ask(hand, STAGE.ask);
    return true;
  }
  return false;
}

function beginResolve(s: State, worker: number, bits: number): Performed {
  const hand = begin(s, worker, HAND.resolve, STAGE.ask);
  hand.looked = lookedAt(s).map((seen, slot) => ((bits >> slot) & 1 ? seen : 0));
  hand.todo = bits;
  askNext(s, hand);
  return 'waits';
}

function recorded(s: State, { role, attempt, sz, px }: Wanted, joined: boolean): Order {
  const order: Order = {
    role,
    attempt,
    state: STATE.intent,
    cancelAsked: 0,
    oidKnown: 0,
    reason: 0,
    age: 0,
    sz,
    px,
    joined: joined ? 1 : 0,
    at: 0,
    word: 0,
    left: 0,
    turn: 0,
    first: 0,
    second: 0,
    known: 0,
    streamed: 0,
    told: 0,
    stray: 0,
    strayCancel: 0,
  };
  if (s.orders.length >= ORDERS_MAX) throw new Error('more orders than a situation has room for');
  s.orders.push(order);
  return order;
}

/** Records orders, then sends them in one request. */
function place(run: Run, worker: number, wanted: readonly Wanted[], patch: Patch): Performed {
  const { s } = run;
  change(s, patch);
  let bits = 0;
  for (const [nth, one] of wanted.entries()) {
    bits |= 1 << s.orders.length;
    recorded(s, one, nth > 0);
  }
  run.broken ??= sentPlace(s, bits);
  begin(s, worker, HAND.place, STAGE.place).todo = bits;
  return 'waits';
}

function cancel(run: Run, worker: number, bits: number, patch: Patch): Performed {
  const { s } = run;
  change(s, patch);
  tellOther(run, worker);
  run.broken ??= sentCancel(s, bits);
  for (const [slot, order] of s.orders.entries()) if ((bits >> slot) & 1) apply(s, order, { cancelAsked: true });
  begin(s, worker, HAND.cancel, STAGE.cancel).todo = bits;
  return 'waits';
}

/** Does one step of the trade. */
function perform(run: Run, worker: number, step: NonNullable<Decided>): Performed {
  const { s } = run;
  switch (step.do) {
    case 'place':
      if (step.denied !== null) {
        run.broken ??= `a worker dies: the risk check refuses what was decided, ${step.denied}`;
        return 'idle';
      }
      return place(run, worker, step.orders, step.patch);
    case 'cancel':
      return cancel(run, worker, step.bits, step.patch);
    case 'resolve':
      return beginResolve(s, worker, step.bits);
    case 'read-orders':
      begin(s, worker, HAND.orders, STAGE.open).looked = lookedAt(s);
      return 'waits';
    case 'sync-fills':
      begin(s, worker, HAND.sync, STAGE.fills);
      return 'waits';
    case 'patch':
      change(s, step.patch);
      tellOther(run, worker);
      return 'again';
    case 'settle':
      begin(s, worker, HAND.settle, STAGE.fills).status = step.status;
      return 'waits';
    case 'ask-protection':
      tellOther(run, worker);
      return 'later';
    case 'wait':
      return 'later';
    default:
      return assertNever(step);
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}

/** A claimed entry ends without anything sent. */
function refuse(run: Run, status: number): void {
  change(run.s, { phase: PHASE.refused, status });
  tellOther(run, SIGNAL);
}

const EXPIRED = 5;
const FAILED = 4;

/** One attempt at the claimed entry, up to where the account may have to be read. */
function enter(run: Run): Performed {
  const { s } = run;
  if (s.exitSeen === 1) {
    refuse(run, EXPIRED);
    return 'again';
  }
  if (s.paused === 1 || s.guard === 0) return 'later';
  if (s.accountOld === 0) return sendEntry(run, false);
  begin(s, SIGNAL, HAND.enter, STAGE.account);
  return 'waits';
}

/** From the account to the sending nothing is waited for. */
export function sendEntry(run: Run, held: boolean): Performed {
  const { s } = run;
  // A position there that is not this trade's: by now it has waited as long as it may.
  const attempt = s.orders.filter(({ role }) => role === ROLE.entry).length;
  const bracket = held ? null : bracketAt(s.place, attempt);
  if (bracket === null) {
    refuse(run, FAILED);
    return 'again';
  }
  s.accountOld = 1;
  return place(run, SIGNAL, bracket, { phase: PHASE.entering });
}

/** The entry order until its fate is known; null when it is. */
function driveEntry(run: Run): Performed | null {
  const { s } = run;
  const entry = lastOf(s, ROLE.entry);
  if (entry === null || s.phase !== PHASE.entering) return null;
  if (isUnresolved(entry.state)) return beginResolve(s, SIGNAL, 1 << s.orders.indexOf(entry));
  if (entryFilled(s) > 0) return null;
  if (entry.state === STATE.resting && s.status === 0) {
    change(s, { status: 1 });
    tellOther(run, SIGNAL);
    return 'again';
  }
  if (s.claim === 1) return null;
  if (entry.state === STATE.rejected) {
    refuse(run, FAILED);
    return 'again';
  }
  if (entry.state !== STATE.dead) return null;
  const inDoubt = s.orders.reduce((mask, { state }, index) => (isUnresolved(state) ? mask | (1 << index) : mask), 0);
  if (inDoubt !== 0) return beginResolve(s, SIGNAL, inDoubt);
  change(s, { phase: PHASE.claimed });
  tellOther(run, SIGNAL);
  return 'again';
}

function driveSignal(run: Run): Performed {
  const { s } = run;
  if (s.phase === PHASE.none || isOver(s)) return 'idle';
  if (s.phase === PHASE.claimed) return enter(run);
  const done = driveEntry(run);
  if (done !== null) return done;
  if (s.claim === 0) return 'idle';
  if (s.claimAge === 0) s.claimAge = 1;
  const step = decide(s, SIGNAL);
  return step === null ? 'idle' : perform(run, SIGNAL, step);
}

function driveFill(run: Run): Performed {
  const { s } = run;
  if (s.phase !== PHASE.entering && s.phase !== PHASE.open) return 'idle';
  const step = decide(s, FILL);
  return step === null ? 'idle' : perform(run, FILL, step);
}

const stepOf = (run: Run, worker: number): Performed => {
  run.s.again[worker === SIGNAL ? SIGNAL : FILL] = 0;
  return worker === SIGNAL ? driveSignal(run) : driveFill(run);
};

/** One step after the other until an answer is waited for or nothing is to be done now. */
function drive(run: Run, worker: number): void {
  for (let steps = 0; run.broken === null; steps += 1) {
    if (steps > STEPS_MAX) {
      run.broken = 'a worker goes round in a circle';
      return;
    }
    const performed = stepOf(run, worker);
    if (performed === 'waits') return;
    if (performed !== 'again' && !rests(run, worker, performed)) return;
  }
}

/** The fill monitor hears messages that came together: it takes a first step after the first of them, and goes on when it has heard all. */
export function hearAll(run: Run, messages: readonly (() => void)[]): void {
  const { s } = run;
  let performed: Performed | null = null;
  for (const message of messages) {
    message();
    if (s.held[FILL] === 1) continue;
    if (performed === null && handOf(s, FILL).kind === HAND.idle) performed = stepOf(run, FILL);
    else s.again[FILL] = 1;
  }
  tellOther(run, FILL);
  if (performed === null || performed === 'waits') return;
  if (performed === 'again' || rests(run, FILL, performed)) drive(run, FILL);
}

/** A step is done and nothing follows at once; true when somebody has called meanwhile. */
function rests(run: Run, worker: number, performed: Performed): boolean {
  const { s } = run;
  const who = worker === SIGNAL ? SIGNAL : FILL;
  if (performed === 'later') s.later[who] = 1;
  if (s.again[who] === 1) return true;
  if (worker === SIGNAL) turn(run);
  return false;
}

/** A step that waited has its end. */
export function goOn(run: Run, worker: number, performed: Performed): void {
  const { s } = run;
  if (performed === 'waits') return;
  s.hands[worker] = IDLE;
  s.held[worker === SIGNAL ? SIGNAL : FILL] = 0;
  if (performed === 'again' || rests(run, worker, performed)) drive(run, worker);
}

/** Looks at the trade soon; while a step is in hand, once more after it; not while backing off. */
export function kick(run: Run, worker: number): void {
  const { s } = run;
  const who = worker === SIGNAL ? SIGNAL : FILL;
  if (s.held[who] === 1) return;
  if (handOf(s, worker).kind === HAND.idle) drive(run, worker);
  else if (worker === FILL || handOf(s, SIGNAL).kind !== HAND.reconcile) s.again[who] = 1;
}

/** An exit or CLOSE_ALL takes the trade. */
function claim(run: Run): void {
  const { s } = run;
  if (s.phase === PHASE.claimed) refuse(run, EXPIRED);
  else if ((s.phase === PHASE.entering || s.phase === PHASE.open) && s.claim === 0) {
    change(s, { claim: 1 });
    tellOther(run, SIGNAL);
  }
}

function takeControls(run: Run): void {
  const { s } = run;
  while (s.controls > 0) {
    const control = s.controls & 3;
    s.controls >>= 2;
    s.paused = control === 2 ? 0 : 1;
    if (control !== 3) continue;
    claim(run);
    kick(run, SIGNAL);
  }
}

/** The signal worker reads its queue: controls, then exits, then entries. */
export function turn(run: Run): void {
  const { s } = run;
  if (s.started[SIGNAL] === 0) return;
  takeControls(run);
  if (s.exitRow === 1) {
    s.exitRow = 2;
    s.exitSeen = 1;
    claim(run);
    if (s.row === 1) {
      s.row = 2;
      s.phase = PHASE.refused;
    }
    kick(run, SIGNAL);
  }
  if (s.row !== 1 || s.paused === 1) return;
  s.row = 2;
  s.phase = s.exitSeen === 1 ? PHASE.refused : PHASE.claimed;
  raise(s);
  kick(run, SIGNAL);
}
