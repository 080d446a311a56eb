/** The fill monitor: hears the account, keeps the ledger true to it, and drives the protection of every open trade. */
import type { AccountEvent, AccountView, OrderUpdate, Trade } from '@hyperfleet/trading';
import { createAccountPoll } from './account-poll.ts';
import { type BooksMemory, createBooksKeeper, DOUBT_MS } from './books.ts';
import { clockTrouble, type Risk } from './condition.ts';
import { nextProtectionStep } from './decide/protection.ts';
import { LEFT_SIZE } from './decide/stop.ts';
import { createFillsSynced, type FillsRead } from './fills-synced.ts';
import { heldByTrades } from './foreign.ts';
import { DISOWNED_MS, isDisowned } from './key.ts';
import { createLiquidationWatch } from './liquidation.ts';
import { backoffMs, lotOf } from './lot.ts';
import { performNoting } from './perform.ts';
import { createReconciler } from './reconcile.ts';
import type { LoopDeps, PeerMessage } from './settings.ts';
import { createReconcileTelling, type ReconcileMemory } from './shared-reconcile.ts';
import { isStop, lookAt, type TradeSight } from './sight.ts';
import { GUARD_BEAT_MS } from './stand-in.ts';
import type { Performed } from './step.ts';
import { createTradeRunner, isOperational, type RunnerMemory } from './trade-runner.ts';
import { orderStateOf, takeFills } from './venue-news.ts';
import { createWatchkeeper, type Watch } from './watchkeeper.ts';

/** Looks at every open trade this often even when nothing is heard: ends of life, touches of a target. */
const TICK_MS = 1_000;
/** Waits between tries to reconcile. */
const RECONCILE_BACKOFF = { leastMs: 100, baseMs: 1_000, mostMs: 8_000 } as const;
/** A stop that fires takes this long at most until the stream says how it ended. */
const FIRING_MS = 250;
const HOUR_MS = 3_600_000;
/** The venue books funding a moment after the hour. */
const FUNDING_LAG_MS = 5_000;

/** What a fill monitor knows that the ledger does not. Times in ms of market time. */
export interface FillLoopMemory {
  readonly runner: RunnerMemory;
  readonly synced: readonly (readonly [string, FillsRead])[];
  readonly reconciling: boolean;
  readonly told: ReconcileMemory;
  readonly missed: boolean;
  /** Tries to reconcile that failed in a row. */
  readonly putOff: number;
  readonly lastReconcileMs: number;
  readonly started: boolean;
  readonly books: BooksMemory;
  /** Since when a stop of each trade has been firing, market ms. */
  readonly firing: readonly (readonly [string, number])[];
}

export interface FillLoop {
  /** Reconciles, then keeps watch. Rejects when the venue cannot be asked for good. */
  start(): Promise<void>;
  onStream(event: AccountEvent): void;
  onPeer(message: PeerMessage): void;
  /** Whether the fleet has a place on a stream for this bot; true until said otherwise. */
  granted(hasStream: boolean): void;
  /** Finishes the step in hand; protective stops stay at the venue. */
  drain(): Promise<void>;
  /** All it keeps in memory between two steps, so that two situations can be told to be the same one. */
  memory(): FillLoopMemory;
}

/**
 * Makes a fill monitor. `fundingFrom`: market time from which funding payments are to be read. With a `watch` it polls while its
 * stream is gone and tells how it stands; without one it takes the stream for granted.
 */
export function createFillLoop(
  deps: LoopDeps & { readonly fundingFrom: number; readonly onBug: (error: unknown) => void; readonly watch?: Watch },
): FillLoop {
  const { ledger, settings, clock, log } = deps;
  const synced = createFillsSynced();
  const firing = createFiring();
  let stopTick: () => void = () => undefined;
  let stopBeat: () => void = () => undefined;
  let fundingReadMs = deps.fundingFrom;
  let started = false;
  let draining = false;
  let reconciling: Promise<void> | null = null;
  let lastReconcileMs = 0;
  let putOff = 0;
  let reconcileWaits = false;
  /** What was read is not enough: news the ledger could not take or that went by unheard, or the other worker has begun anew since. */
  let missed = false;

  const drive = async (tradeId: string): Promise<Performed> => {
    const trade = ledger.trade(tradeId);
    const seen = trade === null ? null : lookAt(deps, trade, synced.of(tradeId));
    if (seen === null) return { kind: 'idle' };
    const sight = { ...seen, liquidationPx: liquidation.priceOf(seen) };
    // Nothing would be taken; its stops stand.
    if (isDisowned(deps)) return { kind: 'later', afterMs: DISOWNED_MS };
    const step = nextProtectionStep(sight);
    const toldMs = firing.restMs(sight);
    if (step === null) return { kind: 'idle' };
    // How a firing stop ends is told in a moment; a question under way would only keep the answer to it waiting.
    if (step.do === 'sync-fills' && toldMs > 0) return { kind: 'later', afterMs: toldMs };
    return await performNoting(deps, synced, { sight, step });
  };
  const runner = createTradeRunner({ drive, clock, log, onBug: deps.onBug });
  const reconciler = createReconciler(deps);
  const telling = createReconcileTelling(deps);
  const books = createBooksKeeper(deps, () => clockTrouble(deps.watch?.ways().skewMs ?? null) !== null);
  const liquidation = createLiquidationWatch(deps);

  const active = (): readonly Trade[] => ledger.activeTrades(settings.id).filter((trade) => trade.kind === 'entry');
  const kickAll = (): void => {
    for (const trade of active()) runner.kick(trade.tradeId);
  };

  const reconcile = (): Promise<void> => {
    if (reconciling !== null) return reconciling;
    const complete = telling.begun();
    reconciling = reconciler
      .run()
      .then(async ({ account, foreign }) => {
        lastReconcileMs = clock.now();
        // Before anybody hears of the account: what it began with is booked before the first order of ours.
        books.open(account);
        hearAccount(account);
        kickAll();
        deps.peer.send({ kind: 'trades-changed' });
        complete({ account, foreign, atMs: lastReconcileMs });
        await books.look(account);
        kickAll();
      })
      .finally(() => {
        reconciling = null;
        if (started) readWhatWasMissed();
      });
    return reconciling;
  };

  /** Until it has been done; whoever asks while another try waits is served by that one. */
  const reconcileSoon = (why: string): void => {
    if (putOff > 0 && reconcileWaits) return;
    reconcile().then(
      () => {
        putOff = 0;
      },
      (error: unknown) => {
        if (!isOperational(error)) return deps.onBug(error);
        if (reconcileWaits) return;
        putOff += 1;
        reconcileWaits = true;
        const afterMs = backoffMs(lotOf(`${settings.id}:${putOff}`), putOff, RECONCILE_BACKOFF);
        log.warn('reconcile put off', { why, code: error.code, reason: error.message, tryAgainMs: afterMs });
        clock.after(afterMs, () => {
          reconcileWaits = false;
          if (!draining) reconcileSoon(why);
        });
      },
    );
  };

  const readWhatWasMissed = (): void => {
    if (!missed || draining || reconciling !== null) return;
    missed = false;
    reconcileSoon('news missed or not recorded, or the other worker begins anew');
  };

  const hearAccount = (account: AccountView): void => {
    deps.peer.send({ kind: 'account', account, atMs: clock.now() });
    deps.report({ kind: 'account', equity: account.equity, positions: account.positions, atMs: account.timeMs });
    if (liquidation.look(account) && started) kickAll();
    if (ledger.botState(settings.id).equityStart === null) ledger.setBotState(settings.id, { equityStart: account.equity });
  };

  const hearOrders = (updates: readonly OrderUpdate[]): void => {
    for (const update of updates) {
      const order = (update.cloid === null ? null : ledger.order(update.cloid)) ?? ledger.orderByOid(settings.id, update.oid);
      if (order === null || order.bot !== settings.id) continue;
      const { cloid, role } = order.intent;
      // `open` is said of a waiting child as well; only a read of the open orders shows whether it is armed. The state is then
      // left out, not handed back: the other thread may have moved it since it was read.
      if (update.status === 'open' && role === 'stop') {
        ledger.applyOrderNews(cloid, { oid: update.oid });
        continue;
      }
      const state = orderStateOf(update.status);
      const left = isStop(order) && state === 'filled' && update.sz > 0 ? { reason: LEFT_SIZE } : {};
      const reason = state === 'canceled' || state === 'rejected' ? { reason: update.word } : left;
      ledger.applyOrderNews(cloid, { state, oid: update.oid, ...reason });
    }
  };

  const keeper = deps.watch === undefined ? null : createWatchkeeper(deps, deps.watch, () => riskOf(deps));
  const poll =
    deps.watch === undefined
      ? null
      : createAccountPoll({
          clock,
          everyMs: deps.watch.pollIntervalMs,
          isWanted: () => keeper?.isStreaming() === false,
          ask: () => deps.reads.account(),
          held: () => heldByTrades(deps),
          onAccount: hearAccount,
          onMoved: () => reconcileSoon('the account moved'),
          onFailed: (error) => log.warn('account not read', { reason: error.message }),
          onBug: deps.onBug,
        });

  const hear = (event: AccountEvent): void => {
    switch (event.kind) {
      case 'fills': {
        const newest = event.fills.reduce((max, fill) => Math.max(max, fill.timeMs), 0);
        // A snapshot tells of the past and may leave out; only the live stream moves the watermark.
        takeFills(deps, event.fills, event.isSnapshot || event.fills.length === 0 || !started ? null : newest);
        break;
      }
      case 'orders':
        hearOrders(event.updates);
        break;
      case 'account':
        hearAccount(event.account);
        return;
      case 'connected':
        keeper?.heard(true);
        // What is being read may be from before the gap was over.
        if (reconciling !== null) missed = true;
        else if (started) reconcileSoon('stream connected');
        return;
      case 'disconnected':
        keeper?.heard(false);
        log.warn('account stream lost', { reason: event.reason });
        return;
      default:
        assertNever(event);
    }
    kickAll();
    deps.peer.send({ kind: 'trades-changed' });
  };

  /** News the ledger could not take is not lost: the venue is asked again, and that is tried until it is written. */
  const onStream = (event: AccountEvent): void => {
    try {
      hear(event);
    } catch (error) {
      if (!isOperational(error)) throw error;
      log.warn('news not recorded', { kind: event.kind, code: error.code, reason: error.message });
      missed = true;
    }
  };

  const readFunding = async (): Promise<void> => {
    const nowMs = clock.now();
    const hour = Math.floor((nowMs - FUNDING_LAG_MS) / HOUR_MS);
    if (hour <= Math.floor((fundingReadMs - FUNDING_LAG_MS) / HOUR_MS) || active().length === 0) return;
    const payments = await deps.reads.fundingSince(Math.max(0, hour * HOUR_MS - FUNDING_LAG_MS));
    fundingReadMs = nowMs;
    const fresh = ledger.recordFunding(settings.id, settings.accountAddress, payments);
    for (const payment of fresh) log.info('funding', { coin: payment.coin, microUsd: payment.usd });
  };

  const tick = (): void => {
    if (draining) return;
    stopTick = clock.after(TICK_MS, tick);
    kickAll();
    readWhatWasMissed();
    const intervalMs = books.inDoubt() ? Math.min(DOUBT_MS, settings.reconcileIntervalMs) : settings.reconcileIntervalMs;
    const sinceMs = clock.now() - lastReconcileMs;
    // Below zero the clock was set back.
    if ((sinceMs < 0 || sinceMs >= intervalMs) && reconciling === null) reconcileSoon('interval');
    readFunding().catch((error: unknown) => {
      if (!isOperational(error)) deps.onBug(error);
      else log.warn('funding not read', { code: error.code, reason: error.message });
    });
  };

  /** Also while it waits for the venue: only one that hangs or is gone says nothing. */
  const beat = (): void => {
    deps.peer.send({ kind: 'on-guard' });
    stopBeat = clock.after(GUARD_BEAT_MS, beat);
  };

  return {
    async start() {
      beat();
      await reconcile();
      started = true;
      tick();
      readWhatWasMissed();
      keeper?.start();
      poll?.start();
    },
    onStream,
    granted: (hasStream) => keeper?.granted(hasStream),
    onPeer(message) {
      if (message.kind === 'trades-changed' || message.kind === 'protect-now') kickAll();
      if (message.kind === 'want-stream') keeper?.wish();
      if (message.kind === 'want-reconciled' && telling.asked(message.launch)) {
        missed = true;
        if (started) readWhatWasMissed();
      }
    },
    async drain() {
      draining = true;
      stopBeat();
      stopTick();
      keeper?.stop();
      poll?.stop();
      await runner.drain();
      await reconciling?.catch(() => undefined);
    },
    memory: () => ({
      runner: runner.memory(),
      books: books.memory(),
      firing: firing.memory(),
      synced: synced.all(),
      reconciling: reconciling !== null,
      told: telling.memory(),
      missed,
      putOff,
      lastReconcileMs,
      started,
    }),
  };
}

/** Remembers since when stops have been firing. */
function createFiring() {
  const since = new Map<string, number>();
  return {
    /** How long to wait for the end of a stop that fires; 0 when none does, or it has taken too long. */
    restMs({ trade: { tradeId }, orders, nowMs }: TradeSight): number {
      if (!orders.some((order) => isStop(order) && order.state === 'triggered')) {
        since.delete(tradeId);
        return 0;
      }
      const fromMs = since.get(tradeId) ?? nowMs;
      since.set(tradeId, fromMs);
      return Math.max(0, fromMs + FIRING_MS - nowMs);
    },
    memory: () => [...since],
  };
}

/** What stands at the venue in this bot's name, worst first. */
function riskOf({ ledger, settings }: LoopDeps): Risk {
  const live = ledger.liveOrders(settings.id);
  if ([...heldByTrades({ ledger, settings }).values()].some((szi) => szi !== 0)) return 'position';
  return live.some((order) => order.intent.role === 'entry') ? 'order' : 'none';
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}
