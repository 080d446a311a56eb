/** Takes one claimed entry from its row to the venue: judged, sized, approved, recorded, sent. */
import {
  type AccountForSizing,
  type AccountView,
  approveEntry,
  deriveCloid,
  entrySide,
  FINE_PER_TICK,
  freshView,
  type Instrument,
  isDenied,
  judgeAge,
  lots,
  type MicroUsd,
  microUsd,
  mulDiv,
  notional,
  type OrderIntent,
  type OrderRole,
  type ParsedSignal,
  parseSignal,
  planEntry,
  resolveCoin,
  type SignalRow,
  type SignalStatus,
  type Trade,
  type TradePlan,
} from '@hyperfleet/trading';
import type { LeverageRefusal } from './leverage.ts';
import { recordsOf, requestOf, send } from './perform.ts';
import type { Detail, LoopDeps } from './settings.ts';
import type { Performed, Said } from './step.ts';
import { change, eventsOf, tell } from './tell.ts';
import type { Wallet } from './wallet.ts';

/** How long a claimed entry waits for a fresh book before it is refused. */
const BOOK_WAIT_MS = 5_000;
/** How long it waits for its coin's leverage, which a busy venue or a spent budget may put off. */
const LEVERAGE_WAIT_MS = 30_000;
/** How long it waits for a coin's first book of all, at start. */
const FIRST_BOOK_WAIT_MS = 60_000;

type EntrySignal = Extract<ParsedSignal, { kind: 'entry' }>;

/** What the signal worker knows besides the ledger when it judges an entry. */
export interface EntryContext {
  readonly wallet: Pick<Wallet, 'account' | 'askAccountAgain' | 'lookAgain' | 'isForeign' | 'placed'>;
  /** Coins an exit is at work on. */
  isExiting(coin: string): boolean;
  /** Of the newest exit seen for a coin; null when none. */
  newestExit(coin: string): RowPlace | null;
  wallToMarket(wallMs: number): number;
  /** False while another entry is on its way to the venue. */
  takeTurn(tradeId: string): boolean;
  ensureLeverage(instrument: Instrument): Promise<LeverageRefusal | null>;
  /** Whether the bot's fill monitor has been heard lately: without it a fill would stand without a stop. */
  guardIsUp(): boolean;
  /** Why no entry may be sent as the bot stands; null when none speaks against it. */
  hindrance(): string | null;
  /** The same for an entry that may rest. */
  restingHindrance(): string | null;
}

/**
 * Ends a row just claimed that needs no look at the market to be refused, in one write: ten thousand bad rows must not keep a
 * good one waiting. False when it is not to be refused, or was claimed before.
 */
export function refuseAtClaim(deps: LoopDeps, context: EntryContext, trade: Trade, row: SignalRow): boolean {
  const judged = judge(deps, context, trade, row);
  return judged.kind === 'refuse' && insertRefused(deps, trade, { row, status: judged.status, reason: judged.reason });
}

/** Copies a row just claimed into the ledger as refused, in one write. False when it was claimed before. */
export function insertRefused(
  deps: LoopDeps,
  trade: Trade,
  { row, status, reason }: { readonly row: SignalRow; readonly status: SignalStatus; readonly reason: string },
): boolean {
  const said = refusal(status, reason);
  const refused: Trade = { ...trade, phase: 'refused', status, reason, settledAtMs: deps.clock.now() };
  if (deps.ledger.insertTrade(refused, row, eventsOf(trade, deps.clock.now(), said)) === 'exists') return false;
  tell(deps, trade, said);
  return true;
}

const refusal = (status: SignalStatus, reason: string): Said[] => [
  { event: status === 'expired' ? 'expired' : 'refused', detail: { reason } },
];

type Judged =
  | { readonly kind: 'go'; readonly signal: EntrySignal; readonly instrument: Instrument }
  | { readonly kind: 'refuse'; readonly status: SignalStatus; readonly reason: string }
  /** For an exit of its own coin, or with all entries of the bot. */
  | { readonly kind: 'wait'; readonly forExit: boolean };

/** Ends a claimed entry without sending anything. */
export function refuse(deps: LoopDeps, trade: Trade, status: SignalStatus, reason: string): Performed {
  change(deps, trade, { phase: 'refused', status, reason, settledAtMs: deps.clock.now() }, refusal(status, reason));
  return { kind: 'again' };
}

/** One attempt at a claimed entry. Waits where waiting helps, refuses with a sentence where it does not. */
export async function enter(deps: LoopDeps, context: EntryContext, trade: Trade): Promise<Performed> {
  const row = deps.ledger.claimedRow(trade.tradeId) ?? {};
  const judged = judge(deps, context, trade, row);
  if (judged.kind === 'wait') return judged.forExit ? aside(200) : { kind: 'later', afterMs: 200 };
  if (judged.kind === 'refuse') return refuse(deps, trade, judged.status, judged.reason);
  const { signal, instrument } = judged;
  if (!context.guardIsUp()) return { kind: 'later', afterMs: 200 };
  await context.wallet.lookAgain();
  const hindrance = context.hindrance();
  if (hindrance !== null) return waitOrRefuse(deps, trade, hindrance);

  const unready = waitForBook(deps, trade, instrument) ?? (await waitForLeverage(deps, context, { trade, instrument }));
  if (unready !== null) return unready;
  if (!context.takeTurn(trade.tradeId)) return { kind: 'later', afterMs: 100 };
  const account = await accountFor(deps, context, { trade, coin: instrument.coin });

  // From here to the send nothing is awaited: what was looked at is what is acted on.
  const view = freshView(deps.market.view(instrument.coin), deps.clock.now(), deps.settings.staleBookMs);
  if (view === null) return aside(200);
  const again = judge(deps, context, trade, row);
  if (again.kind !== 'go') return { kind: 'again' };
  // What the reconciler knows of foreign positions may be as old as its interval, and this account as old as our last trade's end.
  if (holds(account, instrument.coin)) {
    context.wallet.askAccountAgain();
    if (deps.clock.now() - trade.claimedAtMs < BOOK_WAIT_MS) return aside(500);
    return refuse(deps, trade, 'failed', `${instrument.coin} is foreign: the wallet has a position there that is not ours`);
  }
  const verdict = planEntry(signal, { instrument, view, account: sizingAccount(deps, account, trade), limits: deps.settings.limits });
  if (verdict.kind === 'refused') return refuse(deps, trade, 'failed', verdict.reason);
  const { plan: planned } = verdict;
  const unheard = planned.tif === 'ioc' ? null : context.restingHindrance();
  if (unheard !== null) {
    deps.peer.send({ kind: 'want-stream' });
    return waitOrRefuse(deps, trade, unheard);
  }
  const late = context.hindrance();
  if (late !== null) return waitOrRefuse(deps, trade, late);
  const nowMs = deps.clock.now();
  const plan: TradePlan = { ...planned, placedAtMs: nowMs, expiresAtMs: nowMs + deps.settings.entryLifeMs };
  const request = requestOf(deps, bracket(deps, trade, plan, planned.direction, instrument), 'normalTpsl');
  const { maxLeverage, minNotional } = deps.settings.limits;
  const approved = approveEntry(request, { instrument, equity: account.equity, maxLeverage, minNotional });
  if (isDenied(approved)) return refuse(deps, trade, 'failed', `denied by the risk check: ${approved.reason}`);
  const detail: Detail = { px: plan.entryPx, sz: plan.sz, stopPx: plan.stopTrigger, targets: plan.targets.length, boundBy: plan.boundBy };
  const said = [{ event: 'entry sent', detail }];
  const patch = {
    phase: 'entering',
    direction: planned.direction,
    plan,
    notes: planned.notes,
  } as const;
  const recorded = deps.ledger.recordIntents(
    trade.tradeId,
    trade.version,
    recordsOf(deps, trade, request),
    patch,
    eventsOf(trade, nowMs, said),
  );
  if (!recorded) return { kind: 'again' };
  tell(deps, trade, said);
  context.wallet.placed();
  return await send(deps, trade, approved);
}

const holds = (account: AccountView, coin: string): boolean =>
  account.positions.some((position) => position.coin === coin && position.szi !== 0);

/**
 * The account as it is known. One that would refuse an entry which has waited its time, as for an exit, is asked for anew: the position in
 * it may be the one that has just been closed.
 */
async function accountFor(
  deps: LoopDeps,
  { wallet }: EntryContext,
  { trade, coin }: { readonly trade: Trade; readonly coin: string },
): Promise<AccountView> {
  const known = await wallet.account();
  if (!holds(known, coin) || deps.clock.now() - trade.claimedAtMs < BOOK_WAIT_MS) return known;
  wallet.askAccountAgain();
  return await wallet.account();
}

/** What is waited for is of the entry's coin alone. */
const aside = (afterMs: number): Performed => ({ kind: 'later', afterMs, aside: true });

/** The wait for a fresh book of the entry's coin, or its end in a refusal; null where there is one. */
function waitForBook(deps: LoopDeps, trade: Trade, { coin }: Instrument): Performed | null {
  const view = deps.market.view(coin);
  const nowMs = deps.clock.now();
  if (freshView(view, nowMs, deps.settings.staleBookMs) !== null) return null;
  if (nowMs - trade.claimedAtMs < (view === null ? FIRST_BOOK_WAIT_MS : BOOK_WAIT_MS)) return aside(200);
  const age = view === null ? 'has never been received' : `is ${((nowMs - view.receivedAtMs) / 1000).toFixed(1)} s old`;
  return refuse(deps, trade, 'failed', `the book of ${coin} ${age}; an entry needs a fresh one`);
}

/** The same for the leverage of its coin. */
async function waitForLeverage(
  deps: LoopDeps,
  context: EntryContext,
  { trade, instrument }: { readonly trade: Trade; readonly instrument: Instrument },
): Promise<Performed | null> {
  const refusal = await context.ensureLeverage(instrument);
  if (refusal === null) return null;
  const waits = !refusal.isLasting && deps.clock.now() - trade.claimedAtMs < LEVERAGE_WAIT_MS;
  return waits ? aside(500) : refuse(deps, trade, 'failed', refusal.reason);
}

/** What stands against an entry may pass in a moment; it is waited for as long as for a book. */
function waitOrRefuse(deps: LoopDeps, trade: Trade, reason: string): Performed {
  const waitedMs = deps.clock.now() - trade.claimedAtMs;
  return waitedMs < BOOK_WAIT_MS ? { kind: 'later', afterMs: 200 } : refuse(deps, trade, 'failed', reason);
}

function judge(deps: LoopDeps, context: EntryContext, trade: Trade, row: SignalRow): Judged {
  const signal = parseSignal(row);
  const no = (reason: string, status: SignalStatus = 'failed'): Judged => ({ kind: 'refuse', status, reason });
  if (signal.kind !== 'entry') return no(signal.kind === 'malformed' ? signal.reason : 'the claimed row is no entry');
  if (signal.spot) return no('market_type spot: this fleet trades perpetuals only');
  const instrument = resolveCoin(signal.coinText, deps.instruments);
  if (instrument === null) return no(`the venue lists no perpetual "${signal.coinText}"`);
  if (instrument.isDelisted) return no(`${instrument.coin} is delisted at the venue`);
  if (instrument.onlyIsolated) return no(`${instrument.coin} trades with isolated margin only, which this fleet does not use`);
  // A time without a fraction may have been written at the end of its second, which is long ago in a fast replay.
  const writtenMs = signal.createdAtMs + (signal.createdAtHasFraction ? 0 : 999);
  const createdAtMs = Math.min(context.wallToMarket(writtenMs), Math.max(deps.clock.now(), context.wallToMarket(signal.createdAtMs)));
  const age = judgeAge(createdAtMs, deps.clock.now(), deps.settings.maxSignalAgeMs);
  const writtenAt = new Date(signal.createdAtMs).toISOString();
  if (age === 'expired')
    return no(`too old when seen: created ${minutes(deps.clock.now() - createdAtMs)} min of market time ago, at ${writtenAt}`, 'expired');
  if (age === 'future')
    return no(`created_at lies ${minutes(createdAtMs - deps.clock.now())} min of market time in the future, at ${writtenAt}`);
  const exit = context.newestExit(instrument.coin);
  if (exit !== null && isOlder({ createdAtMs: signal.createdAtMs, rowId: trade.signal.rowId }, exit)) {
    return no(`an exit of ${instrument.coin} (signal ${exit.rowId}) came after it`, 'expired');
  }
  if (context.isExiting(instrument.coin)) return { kind: 'wait', forExit: true };
  // Claimed before a PAUSE, and not sent or never arrived: it stays until it is resumed, taken out or too old.
  const state = deps.ledger.botState(deps.settings.id);
  if (state.paused || state.tradingState !== 'active') return { kind: 'wait', forExit: false };
  const other = deps.ledger
    .activeTrades(deps.settings.id)
    .find((candidate) => candidate.kind === 'entry' && candidate.coin === instrument.coin && candidate.tradeId !== trade.tradeId);
  if (other !== undefined) return no(`a trade on ${instrument.coin} is already on (signal ${other.signal.rowId})`);
  if (context.wallet.isForeign(instrument.coin))
    return no(`${instrument.coin} is foreign: the wallet has an order or position there that is not ours`);
  return { kind: 'go', signal, instrument };
}

const minutes = (ms: number): string => (ms / 60_000).toFixed(1);

/** A row's place in the order of rows. */
export interface RowPlace {
  /** As its writer told it, ms of wall time. */
  readonly createdAtMs: number;
  readonly rowId: number;
}

/** Whether a row came before another: by creation, then by id. */
export const isOlder = (a: RowPlace, b: RowPlace): boolean =>
  a.createdAtMs < b.createdAtMs || (a.createdAtMs === b.createdAtMs && a.rowId < b.rowId);

/** Entry and its one child, the stop at full size (children arm only when the parent is wholly filled, PROTOCOL §6). */
function bracket(deps: LoopDeps, trade: Trade, plan: TradePlan, direction: 'long' | 'short', instrument: Instrument): OrderIntent[] {
  const attempt = deps.ledger.orders(trade.tradeId).filter((order) => order.intent.role === 'entry').length;
  const cloid = (role: OrderRole) =>
    deriveCloid(deps.digest, { ledgerId: deps.ledger.ledgerId, bot: trade.bot, tradeId: trade.tradeId, role, attempt });
  const side = entrySide(direction);
  const { coin } = instrument;
  return [
    {
      cloid: cloid('entry'),
      coin,
      role: 'entry',
      attempt,
      side,
      px: plan.entryPx,
      sz: plan.sz,
      reduceOnly: false,
      kind: { type: 'limit', tif: plan.tif },
    },
    {
      cloid: cloid('stop'),
      coin,
      role: 'stop',
      attempt,
      side: side === 'buy' ? 'sell' : 'buy',
      px: plan.stopLimit,
      sz: plan.sz,
      reduceOnly: true,
      kind: { type: 'stop-market', triggerPx: plan.stopTrigger },
    },
  ];
}

/** The account as sizing needs it: what resting entries have reserved counts as used. */
function sizingAccount(deps: LoopDeps, account: AccountView, self: Trade): AccountForSizing {
  let reserved = 0;
  let exposure = 0;
  let openTrades = 0;
  for (const trade of deps.ledger.activeTrades(deps.settings.id)) {
    if (trade.kind !== 'entry' || trade.tradeId === self.tradeId || trade.phase === 'claimed') continue;
    openTrades += 1;
    const instrument = deps.instruments.get(trade.coin);
    if (instrument === undefined || trade.plan === null || trade.phase !== 'entering') continue;
    const restingSz = lots(Math.max(0, trade.plan.sz - deps.ledger.fillSums(trade.tradeId).entrySz));
    const resting = notional(trade.plan.entryPx, restingSz);
    exposure += resting;
    reserved += mulDiv(resting, 1, instrument.maxLeverage, 'ceil');
  }
  for (const position of account.positions) {
    const mark = deps.market.view(position.coin)?.mark ?? position.entryPx * FINE_PER_TICK;
    exposure += mulDiv(Math.abs(position.szi), mark, FINE_PER_TICK, 'ceil');
  }
  const free = account.equity - account.marginUsed - reserved;
  return { equity: account.equity, freeMargin: nonNegative(free), exposure: microUsd(exposure), openTrades };
}

const nonNegative = (value: number): MicroUsd => microUsd(Math.max(0, value));
