/**
 * What the bot decides, by its own pure code: a situation is shown to it as the sight it would have, and the step it names is remembered
 * by all that the sight was made of.
 */
import {
  approveClose,
  approveEntry,
  approveProtection,
  type Cloid,
  FINE_PER_TICK,
  fineTicks,
  freshView,
  isDenied,
  lots,
  type MarketView,
  microUsd,
  type OrderIntent,
  type OrderRecord,
  type OrderRole,
  type PlaceRequest,
  parseSignal,
  planEntry,
  type Trade,
  type TradePlan,
  ticks,
} from '@hyperfleet/trading';
import { nextExitStep } from '../../../packages/bot/src/decide/exit.ts';
import { nextProtectionStep } from '../../../packages/bot/src/decide/protection.ts';
import { stillFilling, type TradeSight } from '../../../packages/bot/src/sight.ts';
import type { Step } from '../../../packages/bot/src/step.ts';
import { BOT, BTC, DEPOSIT, ENTRY, SETTINGS, START_MS, STEP_MS } from '../bracket.ts';
import { hashOfWords } from './code.ts';
import {
  BREAKEVENS,
  entryFilled,
  FILL,
  filledOf,
  LOTS_A_UNIT,
  type Order,
  openSz,
  PHASES,
  priceNumber,
  priceOf,
  ROLE,
  ROLES,
  SIGNAL,
  STATES,
  STATUSES,
  type State,
  WORDS,
} from './state.ts';
import { createTable } from './table.ts';
import { bidAt, markAt } from './venue.ts';

const NOW_MS = START_MS + 1_000_000;
const DEPTH = lots(1_000_000);
const NAMED = new Map<Cloid, { readonly role: OrderRole; readonly attempt: number }>();

const CLOIDS = new Map<OrderRole, Cloid[]>();

/** A client order id that can be read back: the role and the attempt as hex text. */
function cloidOf(role: OrderRole, attempt: number): Cloid {
  const made = CLOIDS.get(role) ?? [];
  CLOIDS.set(role, made);
  const before = made[attempt];
  if (before !== undefined) return before;
  const cloid: Cloid = `0x${Buffer.from(`${role}${attempt}`.padEnd(16, '.')).toString('hex')}`;
  NAMED.set(cloid, { role, attempt });
  made[attempt] = cloid;
  return cloid;
}

const views = [0, 1, 2, 3].map((place): MarketView => {
  const bids = [{ px: ticks(bidAt(place)), sz: DEPTH }];
  const asks = [{ px: ticks(bidAt(place) + 100), sz: DEPTH }];
  const mark = fineTicks(markAt(place) * FINE_PER_TICK);
  const [bid = null] = bids;
  const [ask = null] = asks;
  return {
    coin: BTC.coin,
    bids,
    asks,
    bid,
    ask,
    lastPrint: null,
    mark,
    fundingRateE10: null,
    exchangeTimeMs: NOW_MS,
    receivedAtMs: NOW_MS,
  };
});
const viewAt = (place: number): MarketView => {
  const view = views[place];
  if (view === undefined) throw new Error(`no place ${place}`);
  return view;
};

function planned(place: number): { readonly plan: TradePlan; readonly direction: 'long' | 'short' } | null {
  const signal = parseSignal({ ...ENTRY, bot_name: BOT, created_at: new Date(NOW_MS).toISOString() });
  if (signal.kind !== 'entry') throw new Error('the signal that is walked is no entry');
  const account = { equity: microUsd(DEPOSIT), freeMargin: microUsd(DEPOSIT), exposure: microUsd(0), openTrades: 0 };
  const view = freshView(viewAt(place), NOW_MS, SETTINGS.staleBookMs);
  if (view === null) throw new Error('the book is fresh');
  const verdict = planEntry(signal, { instrument: BTC, view, account, limits: SETTINGS.limits });
  if (verdict.kind === 'refused') return null;
  const plan = { ...verdict.plan, placedAtMs: NOW_MS - STEP_MS, expiresAtMs: NOW_MS + SETTINGS.entryLifeMs };
  return { plan, direction: verdict.plan.direction };
}

const plans = [0, 1, 2, 3].map(planned);
const first = plans[0];
if (first === undefined || first === null) throw new Error('the signal that is walked is refused');
const { plan: PLAN, direction: DIRECTION } = first;

/** An order to be recorded and sent. */
export interface Wanted {
  readonly role: number;
  readonly attempt: number;
  readonly sz: number;
  readonly px: number;
}

/** A step as numbers, or why it must not be. */
export type Decided =
  | { readonly do: 'place'; readonly orders: readonly Wanted[]; readonly patch: Patch; readonly denied: string | null }
  | { readonly do: 'cancel' | 'resolve'; readonly bits: number; readonly patch: Patch }
  | { readonly do: 'patch'; readonly patch: Patch }
  | { readonly do: 'settle'; readonly status: number }
  | { readonly do: 'read-orders' | 'sync-fills' | 'ask-protection' | 'wait' }
  | null;

/** What a step changes of the trade. */
export interface Patch {
  readonly phase?: number;
  readonly status?: number;
  readonly claim?: number;
  readonly breakeven?: number;
  readonly legs?: readonly [number, number];
  readonly remainder?: number;
}

function units(size: number): number {
  if (size % LOTS_A_UNIT !== 0) throw new Error(`${size} lots are no whole thousands`);
  return size / LOTS_A_UNIT;
}

const asLots = (size: number): OrderIntent['sz'] => lots(size * LOTS_A_UNIT);

function makeRecord(order: Order): OrderRecord {
  const role = ROLES[order.role] ?? 'entry';
  const price = ticks(priceOf(order.px));
  const isTrigger = role === 'stop' || role === 'own-stop' || role === 'breakeven';
  const recordedAtMs = NOW_MS - order.age * STEP_MS;
  const intent: OrderIntent = {
    cloid: cloidOf(role, order.attempt),
    coin: BTC.coin,
    role,
    attempt: order.attempt,
    side: role === 'entry' ? 'buy' : 'sell',
    px: price,
    sz: asLots(order.sz),
    reduceOnly: role !== 'entry',
    kind: isTrigger ? { type: 'stop-market', triggerPx: price } : { type: 'limit', tif: role === 'close' ? 'ioc' : 'gtc' },
  };
  return {
    intent,
    tradeId: 't',
    bot: BOT,
    grouping: 'na',
    state: STATES[order.state] ?? 'intent',
    oid: order.oidKnown === 1 ? 1 : null,
    filledSz: asLots(filledOf(order)),
    nonce: 1,
    expiresAfterMs: recordedAtMs + SETTINGS.expiresAfterMs,
    recordedAtMs,
    reason: WORDS[order.reason] === '' ? null : (WORDS[order.reason] ?? null),
    cancelAsked: order.cancelAsked === 1,
  };
}

/** All that a record of an order is made of, but its price. */
function wordOf(o: Order): number {
  const state = o.state | (o.cancelAsked << 4) | (o.oidKnown << 5) | (o.age << 6);
  return o.role | (o.attempt << 3) | (state << 8) | (o.reason << 16) | (o.sz << 24) | (filledOf(o) << 28);
}

/** Every record that was asked for: the same few are looked at again and again. */
const records = new Map<number, OrderRecord>();

function recordOf(order: Order): OrderRecord {
  const key = (wordOf(order) >>> 0) + order.px * 4_294_967_296;
  let record = records.get(key);
  if (record === undefined) {
    record = makeRecord(order);
    records.set(key, record);
  }
  return record;
}

function tradeOf(s: State): Trade {
  const legs = [
    { index: 1, px: PLAN.targets[0] ?? ticks(1), sz: asLots(s.leg1) },
    { index: 2, px: PLAN.targets[1] ?? ticks(1), sz: asLots(s.leg2) },
  ].filter(({ sz }) => sz > 0);
  return {
    tradeId: 't',
    bot: BOT,
    coin: BTC.coin,
    kind: 'entry',
    direction: DIRECTION,
    phase: PHASES[s.phase] ?? 'claimed',
    version: 1,
    signal: { databaseId: 'd', rowId: 1, createdAt: '', rowDigest: '' },
    claimedAtMs: NOW_MS - STEP_MS,
    plan: PLAN,
    exitClaimedBy: s.claim === 1 ? 'an exit' : null,
    remainderReason: s.remainder === 1 ? 'a reason' : null,
    breakeven: BREAKEVENS[s.breakeven] ?? 'none',
    breakevenAtMs: null,
    ladder: s.ladder === 1 ? legs : null,
    status: STATUSES[s.status] ?? 'processing',
    reason: null,
    notes: [],
    settledAtMs: null,
  };
}

/** The situation as the bot would see it. */
function sightOf(s: State, worker: number): TradeSight {
  const entrySz = entryFilled(s);
  const held = openSz(s);
  const view = viewAt(s.place);
  const synced = s.synced[worker === SIGNAL ? SIGNAL : FILL];
  const cost = microUsd(entrySz * LOTS_A_UNIT * PLAN.entryPx);
  const feePpm = 150;
  const exitSz = s.orders.reduce((sum, order) => sum + (order.role === ROLE.entry ? 0 : filledOf(order)), 0);
  return {
    trade: tradeOf(s),
    plan: PLAN,
    direction: DIRECTION,
    orders: s.orders.map(recordOf),
    fills: {
      entrySz: asLots(entrySz),
      entryCost: cost,
      entryFees: microUsd(Math.ceil((cost * feePpm) / 1_000_000)),
      exitSz: asLots(exitSz),
      exitCost: microUsd(0),
      fees: microUsd(0),
      closedPnl: microUsd(0),
      funding: microUsd(0),
      firstFillMs: entrySz > 0 ? NOW_MS : null,
      lastFillMs: entrySz > 0 ? NOW_MS : null,
    },
    openSz: asLots(held),
    othersSz: asLots(0),
    instrument: BTC,
    view,
    fresh: freshView(view, NOW_MS, SETTINGS.staleBookMs),
    mark: view.mark,
    liquidationPx: null,
    nowMs: NOW_MS,
    settings: SETTINGS,
    fillsAreSynced: synced > 0,
    fillsAreSettled: synced >= 3,
    fillsReadMs: synced === 0 ? 0 : NOW_MS - (synced % 2 === 1 ? 0 : STEP_MS),
    cloidOf,
  };
}

function patchOf(patch: Extract<Step, { do: 'patch' }>['patch']): Patch {
  const [leg1, leg2] = patch.ladder ?? [];
  return {
    ...(patch.phase === undefined ? {} : { phase: PHASES.indexOf(patch.phase) }),
    ...(patch.status === undefined ? {} : { status: STATUSES.indexOf(patch.status) }),
    ...(patch.exitClaimedBy === undefined ? {} : { claim: 1 }),
    ...(patch.breakeven === undefined ? {} : { breakeven: BREAKEVENS.indexOf(patch.breakeven) }),
    ...(patch.ladder == null ? {} : { legs: [units(leg1?.sz ?? 0), units(leg2?.sz ?? 0)] as const }),
    ...(patch.remainderReason === undefined ? {} : { remainder: 1 }),
  };
}

const wantedOf = ({ role, attempt, sz, px, kind }: OrderIntent): Wanted => ({
  role: ROLES.indexOf(role),
  attempt,
  sz: units(sz),
  px: priceNumber(kind.type === 'stop-market' ? kind.triggerPx : px),
});

function bitsOf(s: State, cloids: readonly Cloid[]): number {
  let bits = 0;
  for (const cloid of cloids) {
    const name = NAMED.get(cloid);
    const slot = s.orders.findIndex(({ role, attempt }) => ROLES[role] === name?.role && attempt === name?.attempt);
    if (slot < 0) throw new Error(`a step names an order that is not recorded: ${cloid}`);
    bits |= 1 << slot;
  }
  return bits;
}

/** What the risk check says of a step's orders; null when it lets them go. */
function deniedBy(sight: TradeSight, step: Extract<Step, { do: 'place' }>): string | null {
  const request: PlaceRequest = { orders: step.orders, grouping: step.grouping, nonce: 1, expiresAfterMs: NOW_MS };
  const see = { instrument: BTC, positionAbs: sight.openSz, stillFilling: stillFilling(sight) };
  const verdict = step.approval === 'close' ? approveClose(request, see) : approveProtection(request, see);
  return isDenied(verdict) ? verdict.reason : null;
}

function coded(s: State, sight: TradeSight, step: Step | null): Decided {
  if (step === null) return null;
  switch (step.do) {
    case 'place':
      return { do: 'place', orders: step.orders.map(wantedOf), patch: patchOf(step.patch), denied: deniedBy(sight, step) };
    case 'cancel':
      return { do: 'cancel', bits: bitsOf(s, step.cloids), patch: patchOf(step.patch) };
    case 'resolve':
      return { do: 'resolve', bits: bitsOf(s, step.cloids), patch: {} };
    case 'patch':
      return { do: 'patch', patch: patchOf(step.patch) };
    case 'settle':
      return { do: 'settle', status: STATUSES.indexOf(step.status) };
    case 'read-orders':
    case 'sync-fills':
    case 'ask-protection':
    case 'wait':
      return { do: step.do };
    default:
      return assertNever(step);
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}

const words = new Int32Array(128);

/** All that a sight is made of, as a number. */
function keyOf(s: State, worker: number): number {
  const trade = s.place | (s.phase << 2) | (s.claim << 5) | (s.ladder << 6) | (s.leg1 << 8) | (s.leg2 << 12);
  words[0] = trade | (s.status << 16) | (s.breakeven << 20) | (s.remainder << 24);
  words[1] = worker === SIGNAL ? s.synced[SIGNAL] | (s.claimAge << 4) | 256 : s.synced[FILL];
  let end = 2;
  for (const o of s.orders) {
    words[end] = wordOf(o);
    words[end + 1] = o.px;
    end += 2;
  }
  return hashOfWords(words, end);
}

/** By all that a sight is made of: which of the decisions was taken on it, from 1. */
const taken = createTable();
const decisions: Decided[] = [];

/** The next step of a worker for the trade. */
export function decide(s: State, worker: number): Decided {
  const key = keyOf(s, worker);
  const nth = taken.at(taken.placeOf(key));
  if (nth > 0) return decisions[nth - 1] ?? null;
  const sight = sightOf(s, worker);
  const step = worker === SIGNAL ? nextExitStep(sight, s.claimAge >= 2 ? STEP_MS : 0) : nextProtectionStep(sight);
  const decided = coded(s, sight, step);
  taken.put(taken.placeOf(key), key, decisions.push(decided));
  return decided;
}

const intentOf = (role: 'entry' | 'stop', attempt: number, plan: TradePlan): OrderIntent => ({
  cloid: cloidOf(role, attempt),
  coin: BTC.coin,
  role,
  attempt,
  side: role === 'entry' ? 'buy' : 'sell',
  px: role === 'entry' ? plan.entryPx : plan.stopLimit,
  sz: plan.sz,
  reduceOnly: role === 'stop',
  kind: role === 'entry' ? { type: 'limit', tif: plan.tif } : { type: 'stop-market', triggerPx: plan.stopTrigger },
});

/** The bracket of an entry as planned and approved where the market stands; null when it is refused there. */
export function bracketAt(place: number, attempt: number): readonly Wanted[] | null {
  const plan = plans[place]?.plan ?? null;
  if (plan === null) return null;
  const orders = [intentOf('entry', attempt, plan), intentOf('stop', attempt, plan)];
  const { maxLeverage, minNotional } = SETTINGS.limits;
  const request: PlaceRequest = { orders, grouping: 'normalTpsl', nonce: 1, expiresAfterMs: NOW_MS };
  const verdict = approveEntry(request, { instrument: BTC, equity: microUsd(DEPOSIT), maxLeverage, minNotional });
  return isDenied(verdict) ? null : orders.map(wantedOf);
}
