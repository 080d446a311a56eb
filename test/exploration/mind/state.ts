/**
 * A situation of one trade as small whole numbers, so that it can be copied, told and compared in a microsecond: what the ledger has,
 * what stands at the venue, what is under way, and what each worker has in hand. Sizes are in thousands of lots.
 */
import type { OrderRole, OrderState, SignalStatus, TradePhase } from '@hyperfleet/trading';

export const LOTS_A_UNIT = 1_000;
/** More orders than one trade comes to have; a walk that needs more says so and ends. */
export const ORDERS_MAX = 30;

export const PHASES: readonly TradePhase[] = ['claimed', 'entering', 'open', 'settled', 'refused'];
export const PHASE = { claimed: 0, entering: 1, open: 2, settled: 3, refused: 4, none: 5 } as const;
export const STATUSES: readonly SignalStatus[] = ['processing', 'sent', 'filled', 'closed', 'failed', 'expired'];
export const BREAKEVENS = ['none', 'due', 'done', 'skipped', 'closing'] as const;
export const ROLES: readonly OrderRole[] = ['entry', 'stop', 'own-stop', 'breakeven', 'tp1', 'tp2', 'close'];
export const ROLE = { entry: 0, stop: 1, ownStop: 2, breakeven: 3, tp1: 4, tp2: 5, close: 6 } as const;
export const STATES: readonly OrderState[] = [
  'intent',
  'unknown',
  'waiting',
  'resting',
  'triggered',
  'filled',
  'canceled',
  'rejected',
  'dead',
];
export const STATE = { intent: 0, unknown: 1, waiting: 2, resting: 3, triggered: 4, filled: 5, canceled: 6, rejected: 7, dead: 8 } as const;

/** Where an order is at the venue. */
export const AT = { nowhere: 0, waiting: 1, standing: 2, over: 3 } as const;

/** The words that can be said of an order, by the venue or by the bot; an order has one of them as its reason. */
export const WORDS = [
  '',
  'open',
  'filled',
  'canceled',
  'reduceOnlyCanceled',
  'reduceOnlyRejected',
  'badTriggerPxRejected',
  'iocCancelRejected',
  'timed out',
  'cancelled by us',
  'no longer known to the venue',
  'never reached the venue',
  'not among the open orders',
  'Reduce only order would increase position. asset=0',
  'Invalid TP/SL price. asset=0',
  'Order could not immediately match against any resting orders. asset=0',
  'Insufficient margin to place order. asset=0',
  'turned away: Action already expired',
] as const;
export type Word = (typeof WORDS)[number];
export const wordOf = (word: Word): number => WORDS.indexOf(word);

/** Prices that have come up, each with a small number. */
const prices: number[] = [];
export function priceNumber(px: number): number {
  const known = prices.indexOf(px);
  if (known >= 0) return known;
  if (prices.length > 250) throw new Error('more prices than a situation has numbers for');
  return prices.push(px) - 1;
}
export const priceOf = (nth: number): number => prices[nth] ?? 0;

export interface Order {
  role: number;
  attempt: number;
  /** As the ledger has it. */
  state: number;
  cancelAsked: number;
  oidKnown: number;
  reason: number;
  /** Steps of time since it was recorded, up to three. */
  age: number;
  sz: number;
  /** Its trigger, or its limit. */
  px: number;
  /** 1 when it was sent in one request with the order before it. */
  joined: number;
  /** At the venue: where, with which last word, and what is left of it. */
  at: number;
  word: number;
  left: number;
  /** Its turn among the orders that stand. */
  turn: number;
  /** Its fills at the venue; which of them the ledger has; which of them the stream still carries. */
  first: number;
  second: number;
  known: number;
  streamed: number;
  /** The last word of it that the stream still carries. */
  told: number;
  /** On its way there with nobody waiting for the answer; a cancel of it likewise, by its age and one. */
  stray: number;
  strayCancel: number;
}

/** What a worker waits for. */
export const HAND = { idle: 0, place: 1, cancel: 2, resolve: 3, orders: 4, sync: 5, settle: 6, reconcile: 7, enter: 8 } as const;
export const KIND_WORDS = [
  'nothing',
  'placing',
  'cancelling',
  'asking after orders',
  'reading the orders',
  'reading the fills',
  'settling',
  'reconciling',
  'reading the account',
] as const;

/** One step in the hands of a worker: which request of it is under way, and what it has looked at and heard so far. */
export interface Hand {
  kind: number;
  stage: number;
  /** 1 on its way there, 2 its answer on its way back. */
  request: number;
  /** 1 when a read has landed and nothing has happened at the venue since. */
  fresh: number;
  /** The orders the step is about, as bits; and the one it is at. */
  todo: number;
  at: number;
  /** Whether an order has been asked after in vain; whether the step only tidies up and looks again later. */
  open: number;
  later: number;
  /** Whether the order was past its life and the patience after it when it was asked after. */
  late: number;
  /** Steps of time since the request, up to two. */
  aged: number;
  /** Whether the trade has been written since the step began. */
  moved: number;
  /** What the answer says, by its kind. */
  answer: number;
  answer2: number;
  firsts: number;
  seconds: number;
  waiting: number;
  standing: number;
  held: number;
  /** How the trade is to end, of a settling. */
  status: number;
  /** The orders as they were looked at, each: state, and above it whether its oid was known, it was not listed, its cancel was asked. */
  looked: number[];
}

/** Who has a hand: the signal worker, the fill monitor's runner, the fill monitor's reconcile. */
export const SIGNAL = 0;
export const FILL = 1;
export const BOOKS = 2;

export interface State {
  /** The signal's row: not written, pending, claimed. */
  row: number;
  /** The exit's row: not written, pending, taken. */
  exitRow: number;
  exitSeen: number;
  /** Controls written and not read, in order, four values a digit. */
  controls: number;
  /** Which of exit, PAUSE, RESUME, CLOSE_ALL have been used, as bits. */
  used: number;
  paused: number;
  place: number;
  parts: number;
  up: number;
  position: number;
  phase: number;
  status: number;
  claim: number;
  breakeven: number;
  ladder: number;
  leg1: number;
  leg2: number;
  remainder: number;
  /** By worker: is up; could not start; means to look again; is to look once more; backs off; how the fills were last read. */
  started: [number, number];
  down: [number, number];
  later: [number, number];
  again: [number, number];
  held: [number, number];
  /** 0 not since the last change; then 1 to 4: just now; a step ago; twice and just now; twice and a step ago. */
  synced: [number, number];
  /** 0 not taken out yet by this life of the worker, 1 just now, 2 a step ago. */
  claimAge: number;
  guard: number;
  accountOld: number;
  missed: number;
  putOff: number;
  hands: [Hand, Hand, Hand];
  orders: Order[];
}

export const freshHand = (): Hand => ({
  kind: 0,
  stage: 0,
  request: 0,
  fresh: 0,
  todo: 0,
  at: 0,
  open: 0,
  later: 0,
  late: 0,
  aged: 0,
  moved: 0,
  answer: 0,
  answer2: 0,
  firsts: 0,
  seconds: 0,
  waiting: 0,
  standing: 0,
  held: 0,
  status: 0,
  looked: [],
});

/** A worker that has nothing in hand: the same for all of them, since nothing of it ever changes. */
export const IDLE: Hand = Object.freeze(freshHand());

/** Both workers up and at rest, nothing asked of them. */
export const beginning = (): State => ({
  row: 0,
  exitRow: 0,
  exitSeen: 0,
  controls: 0,
  used: 0,
  paused: 0,
  place: 0,
  parts: 0,
  up: 1,
  position: 0,
  phase: PHASE.none,
  status: 0,
  claim: 0,
  breakeven: 0,
  ladder: 0,
  leg1: 0,
  leg2: 0,
  remainder: 0,
  started: [1, 1],
  down: [0, 0],
  later: [0, 0],
  again: [0, 0],
  held: [0, 0],
  synced: [0, 0],
  claimAge: 0,
  guard: 1,
  accountOld: 0,
  missed: 0,
  putOff: 0,
  hands: [IDLE, IDLE, IDLE],
  orders: [],
});

const copyHand = (hand: Hand): Hand => (hand.kind === HAND.idle ? IDLE : { ...hand, looked: [...hand.looked] });

export function copy(from: State): State {
  const [a, b, c] = from.hands;
  return {
    ...from,
    started: [...from.started],
    down: [...from.down],
    later: [...from.later],
    again: [...from.again],
    held: [...from.held],
    synced: [...from.synced],
    hands: [copyHand(a), copyHand(b), copyHand(c)],
    orders: from.orders.map((order) => ({ ...order })),
  };
}

export function orderAt(state: State, slot: number): Order {
  const order = state.orders[slot];
  if (order === undefined) throw new Error(`no order in slot ${slot}`);
  return order;
}

export const isUnresolved = (state: number): boolean => state === STATE.intent || state === STATE.unknown;
export const isLive = (state: number): boolean => state <= STATE.triggered;
export const isStop = (role: number): boolean => role === ROLE.stop || role === ROLE.ownStop || role === ROLE.breakeven;
export const isTarget = (role: number): boolean => role === ROLE.tp1 || role === ROLE.tp2;
export const isOver = (state: State): boolean => state.phase === PHASE.settled || state.phase === PHASE.refused;
/** What the ledger knows to be filled of an order. */
export const filledOf = (order: Order): number => (order.known & 1 ? order.first : 0) + (order.known & 2 ? order.second : 0);

/** The newest order of a role, or null. */
export function lastOf(state: State, role: number): Order | null {
  for (let slot = state.orders.length - 1; slot >= 0; slot--) {
    const order = orderAt(state, slot);
    if (order.role === role) return order;
  }
  return null;
}

export function entryFilled(state: State): number {
  let sum = 0;
  for (const order of state.orders) if (order.role === ROLE.entry) sum += filledOf(order);
  return sum;
}

/** What the ledger takes to be held. */
export function openSz(state: State): number {
  let sum = 0;
  for (const order of state.orders) sum += order.role === ROLE.entry ? filledOf(order) : -filledOf(order);
  return Math.max(0, sum);
}

export const nameOf = ({ role, attempt }: Order): string => `${ROLES[role] ?? ''}#${attempt}`;
