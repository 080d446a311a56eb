/** The signal worker: takes what is due from the queue, exits strictly before entries, and drives each trade's way in and out. */
import { type ClaimedRow, deriveTradeId, parseSignal, type SignalQueue, type Trade } from '@hyperfleet/trading';
import { acknowledge, differenceRefusal } from './books.ts';
import { type Condition, clockTrouble, entryRefusal, restingRefusal } from './condition.ts';
import { createControls } from './controls.ts';
import { nextExitStep } from './decide/exit.ts';
import { type EntryContext, enter, isOlder, type RowPlace, refuse, refuseAtClaim } from './entries.ts';
import { createEntryTurns, type EntryTurnsMemory } from './entry-turns.ts';
import { claimForExit, coinOf, driveExit, placeOfExit } from './exits.ts';
import { createFillsSynced, type FillsRead } from './fills-synced.ts';
import { createForeignCloser, type ForeignCloserMemory } from './foreign-close.ts';
import { DISOWNED_MS, isDisowned } from './key.ts';
import { createLeverage } from './leverage.ts';
import { refOf, tradeOf } from './new-trade.ts';
import { performNoting } from './perform.ts';
import { project } from './project.ts';
import { createReconciler } from './reconcile.ts';
import { resolveOrders } from './resolve.ts';
import type { LoopDeps, PeerMessage } from './settings.ts';
import { createReconcileHearing } from './shared-reconcile.ts';
import { isUnresolved, lastOf, lookAt } from './sight.ts';
import { createStandIn, type StandInMemory } from './stand-in.ts';
import type { Performed } from './step.ts';
import { change, tellStanding } from './tell.ts';
import { createTradeRunner, isOperational, type RunnerMemory } from './trade-runner.ts';
import { createWallet, type WalletMemory } from './wallet.ts';

/** Exits have this long before entries of other coins go on beside them. */
const EXITS_FIRST_MS = 10_000;
/** Rows refused in one go before the thread looks at its messages again. */
const CLAIMS_A_TURN = 32;

/** What a signal worker knows that the ledger does not. Times in ms of market time, by trade id where they are of a trade. */
export interface SignalLoopMemory {
  readonly runner: RunnerMemory;
  readonly synced: readonly (readonly [string, FillsRead])[];
  readonly exitClaimedAt: readonly (readonly [string, number])[];
  readonly newestExits: readonly (readonly [string, RowPlace])[];
  readonly turns: EntryTurnsMemory;
  readonly wallet: WalletMemory;
  readonly guardHeardMs: number | null;
  readonly standIn: StandInMemory;
  readonly closing: readonly string[];
  readonly foreign: ForeignCloserMemory;
  readonly started: boolean;
}

export interface SignalLoop {
  /** Reconciles, then trades. Rejects when the venue or the ledger cannot be used. */
  start(): Promise<void>;
  /** Something may be in the queue. */
  wake(): void;
  onPeer(message: PeerMessage): void;
  /** Finishes the step in hand and takes nothing new. */
  drain(): Promise<void>;
  /** All it keeps in memory between two steps, so that two situations can be told to be the same one. */
  memory(): SignalLoopMemory;
}

export interface SignalLoopDeps extends LoopDeps {
  readonly queue: SignalQueue;
  readonly wallToMarket: (wallMs: number) => number;
  readonly marketToWall: (marketMs: number) => number;
  readonly marketToIso: (marketMs: number) => string;
  readonly controlBots: readonly string[];
  /** What becomes of open positions in an emergency; 'hold' leaves them to their stops, and is meant where nothing is said. */
  readonly onEmergency?: 'hold' | 'flatten';
  readonly onBug: (error: unknown) => void;
  /** Between two turns: lets the thread's heartbeats, messages and sockets have theirs. */
  readonly breathe: () => Promise<void>;
}

/** Makes the signal worker of one bot. */
export function createSignalLoop(deps: SignalLoopDeps): SignalLoop {
  const { ledger, queue, settings, clock, log } = deps;
  const synced = createFillsSynced();
  const exitClaimedAt = new Map<string, number>();
  const newestExits = new Map<string, RowPlace>();
  const turns = createEntryTurns(deps);
  const hearing = deps.launch === undefined ? null : createReconcileHearing(deps, deps.launch);
  const wallet = createWallet(deps);
  const leverage = createLeverage(deps, wallet);
  let guardHeardMs: number | null = null;
  let condition: Condition | null = null;
  let turning: Promise<void> | null = null;
  let [wanted, started, draining] = [false, false, false];
  let stopPoll: () => void = () => undefined;
  /** Why signals or ledger could not be used at the last turn; null when they could. */
  let unusable: (Error & { readonly code: string }) | null = null;
  /** A row may have been claimed whose trade could not be written. */
  let claimsBroken = false;

  const context: EntryContext = {
    wallet,
    isExiting: (coin) =>
      ledger.activeTrades(settings.id).some((trade) => trade.coin === coin && (trade.kind === 'exit' || trade.exitClaimedBy !== null)),
    newestExit: (coin) => newestExits.get(coin) ?? null,
    wallToMarket: deps.wallToMarket,
    takeTurn: turns.take,
    ensureLeverage: leverage.ensure,
    // It tells of the account at least once an interval, when it reconciles.
    guardIsUp: () => guardHeardMs !== null && clock.now() - guardHeardMs <= 2 * settings.reconcileIntervalMs && !standIn.isNeeded(),
    // What is wrong with its means comes first: a clock that is off may be what makes the rest look wrong.
    hindrance: () => (condition === null ? null : entryRefusal(condition, clock.now())) ?? differenceRefusal(deps) ?? wallet.refusal(),
    restingHindrance: () => (condition === null ? null : restingRefusal(condition)),
  };

  const drive = async (tradeId: string): Promise<Performed> => {
    const trade = ledger.trade(tradeId);
    if (trade === null || trade.phase === 'settled' || trade.phase === 'refused') return { kind: 'idle' };
    // Nothing would be taken; its stops stand.
    if (isDisowned(deps)) return { kind: 'later', afterMs: DISOWNED_MS };
    if (trade.kind === 'exit') return driveExit(deps, { kick: runner.kick, stranger: wallet.stranger }, trade);
    if (trade.phase === 'claimed') return await turns.attempt(tradeId, () => enter(deps, context, trade));
    const performed = (await driveEntry(trade)) ?? (await driveOut(trade));
    if (performed.kind === 'again' || !standIn.isNeeded()) return performed;
    const protection = await standIn.protect(tradeId);
    return protection.kind === 'idle' ? performed : protection;
  };

  /** The entry order until its fate is known. */
  async function driveEntry(trade: Trade): Promise<Performed | null> {
    const sight = lookAt(deps, trade, null);
    const entry = sight === null ? null : lastOf(sight, 'entry');
    if (sight === null || entry === null || trade.phase !== 'entering') return null;
    if (isUnresolved(entry)) return await resolveOrders(deps, [entry]);
    if (sight.fills.entrySz > 0) return null;
    if (entry.state === 'resting' && trade.status === 'processing') {
      change(deps, trade, { status: 'sent' }, []);
      return { kind: 'again' };
    }
    if (trade.exitClaimedBy !== null) return null;
    if (entry.state === 'rejected') return refuse(deps, trade, 'failed', entry.reason ?? 'rejected by the venue');
    if (entry.state !== 'dead') return null;
    // Its stop was in the same request; of a trade that may be refused next, nobody would ask after it before the next reconcile.
    const inDoubt = sight.orders.filter(isUnresolved);
    if (inDoubt.length > 0) return await resolveOrders(deps, inDoubt);
    // The first sending is known never to have arrived, so the signal may be taken up again while it is young.
    change(deps, trade, { phase: 'claimed' }, [
      { event: 'entry never arrived, taken up again', detail: { attempt: entry.intent.attempt } },
    ]);
    return { kind: 'again' };
  }

  async function driveOut(trade: Trade): Promise<Performed> {
    if (trade.exitClaimedBy === null) return { kind: 'idle' };
    const claimedAtMs = exitClaimedAt.get(trade.tradeId) ?? clock.now();
    exitClaimedAt.set(trade.tradeId, claimedAtMs);
    const sight = lookAt(deps, trade, synced.of(trade.tradeId));
    const step = sight === null ? null : nextExitStep(sight, clock.now() - claimedAtMs);
    if (sight === null || step === null) return { kind: 'idle' };
    const performed = await performNoting(deps, synced, { sight, step });
    if (performed.kind === 'idle') exitClaimedAt.delete(trade.tradeId);
    return performed;
  }

  const runner = createTradeRunner({ drive, clock, log, onBug: deps.onBug, onRest: () => wake() });
  const driveAll = (): void => {
    for (const trade of ledger.activeTrades(settings.id)) runner.kick(trade.tradeId);
  };
  const standIn = createStandIn(deps, {
    synced,
    driveAll,
    // Its reconcile would come when it is begun anew, and nothing is protected until then.
    onSilent: () => hearing?.stop(),
    onAccount: wallet.hear,
    onReconciled: wallet.hearAll,
  });
  const foreign = createForeignCloser(deps, () => wake());
  const controls = createControls({
    deps,
    queue,
    controlBots: deps.controlBots,
    wallToMarket: deps.wallToMarket,
    kick: runner.kick,
    foreign,
    acknowledge: (key) => acknowledge(deps, key, clockTrouble(condition?.skewMs ?? null)),
  });

  const takeExits = (): void => {
    for (const claimed of queue.claimExits(settings.id)) {
      const trade = tradeOf(deps, claimed, 'exit', coinOf(claimed, deps.instruments));
      if (!remember(trade, claimed)) continue;
      noteExit(trade);
      runner.kick(trade.tradeId);
    }
  };

  const noteExit = (trade: Trade): void => {
    const row = ledger.claimedRow(trade.tradeId);
    const parsed = row === null ? null : parseSignal(row);
    if (parsed?.kind !== 'exit') return;
    const exit = placeOfExit(trade, parsed.createdAtMs, deps.marketToWall);
    const known = newestExits.get(trade.coin);
    if (known === undefined || isOlder(known, exit)) newestExits.set(trade.coin, exit);
  };

  /** Copies the row into the ledger. A row that was claimed before keeps its first life; its status is only shown again. */
  const remember = (trade: Trade, claimed: ClaimedRow): boolean => {
    if (ledger.insertTrade(trade, claimed.row) === 'inserted') return true;
    const known = ledger.trade(trade.tradeId);
    if (known !== null) change(deps, known, {}, [{ event: 'row seen again', detail: { rowId: claimed.rowId } }]);
    return false;
  };

  /** The guard says how it stands. An emergency that is to be flattened takes every trade out, as far as the venue can be reached. */
  const hearCondition = (now: Condition): void => {
    condition = now;
    if (now.health.state !== 'emergency' || deps.onEmergency !== 'flatten') return;
    for (const trade of ledger.activeTrades(settings.id)) {
      if (trade.kind !== 'entry' || trade.exitClaimedBy !== null) continue;
      claimForExit(deps, trade, `emergency: ${now.health.reasons.join('; ')}`);
      runner.kick(trade.tradeId);
    }
  };

  /** True when more may be waiting. */
  const takeEntries = (): boolean => {
    const active = ledger.activeTrades(settings.id);
    const state = ledger.botState(settings.id);
    if (state.paused || state.tradingState !== 'active') return false;
    if (active.some((trade) => trade.kind === 'exit' && clock.now() - trade.claimedAtMs < EXITS_FIRST_MS)) return false;
    if (!turns.isFree()) return false;
    const held = turns.coinsAside();
    const claimed = claimNext(held);
    if (claimed === null) return false;
    const trade = tradeOf(deps, claimed, 'entry', coinOf(claimed, deps.instruments));
    if (!refuseAtClaim(deps, context, trade, claimed.row) && remember(trade, claimed)) {
      runner.kick(trade.tradeId);
      return false;
    }
    if (held.size === 0) return true;
    // All pending rows are read for one: the next in a turn of its own.
    wanted = true;
    return false;
  };

  /** The oldest pending entry whose coin is not `held`. */
  const claimNext = (held: ReadonlySet<string>): ClaimedRow | null => {
    if (held.size === 0) return queue.claimEntry(settings.id);
    const next = queue.pendingEntries(settings.id).find((row) => !held.has(coinOf(row, deps.instruments)));
    return next === undefined ? null : queue.claimRow(next);
  };

  const turn = async (): Promise<void> => {
    try {
      if (claimsBroken) takeUpProcessing();
      claimsBroken = false;
      controls.apply();
      for (let taken = 0; taken < CLAIMS_A_TURN; taken += 1) {
        takeExits();
        if (!takeEntries()) break;
        if (taken === CLAIMS_A_TURN - 1) wanted = true;
      }
      if (project(deps, settings.id)) wanted = true;
      controls.finishClosing();
      deps.report({ kind: 'idle', idle: ledger.activeTrades(settings.id).length === 0 && queue.countPending(settings.id) === 0 });
      noteUsable(null);
    } catch (error) {
      if (!isOperational(error)) throw error;
      claimsBroken = true;
      noteUsable(error);
    }
  };

  const noteUsable = (error: (Error & { readonly code: string }) | null): void => {
    const before = unusable;
    if (error?.message === before?.message) return;
    unusable = error;
    // Damage is told by who finds it, and does not end.
    const say = ({ code, message }: Error & { readonly code: string }, isUsable: boolean): void =>
      code === 'corrupt' ? undefined : deps.report({ kind: 'file', reason: message, isUsable });
    if (before !== null) say(before, true);
    if (error === null) return;
    log.warn('signals or ledger not reachable, trying again', { code: error.code, reason: error.message });
    say(error, false);
  };

  function wake(): void {
    wanted = true;
    if (turning !== null || !started || draining) return;
    turning = (async () => {
      while (wanted && !draining) {
        wanted = false;
        await turn();
        await deps.breathe();
      }
    })()
      .catch(deps.onBug)
      .finally(() => {
        turning = null;
        if (wanted && !draining) wake();
      });
  }

  const poll = (): void => {
    if (draining) return;
    stopPoll = clock.after(settings.pollIntervalMs, poll);
    leverage.prepare().catch(deps.onBug);
    wake();
  };

  /** Rows a dead predecessor claimed: without a trade they go back, with one they are shown as it stands. */
  const takeUpProcessing = (): void => {
    for (const claimed of queue.processing(settings.id)) {
      const tradeId = deriveTradeId(deps.digest, { ...refOf(claimed), bot: settings.id });
      const known = ledger.trade(tradeId);
      if (known !== null) {
        change(deps, known, {}, []);
        continue;
      }
      const parsed = parseSignal(claimed.row);
      const ageMs = parsed.kind === 'entry' ? clock.now() - deps.wallToMarket(parsed.createdAtMs) : 0;
      const old = ageMs > settings.maxSignalAgeMs;
      queue.release(claimed.rowId, old ? 'expired' : 'pending', old ? 'claimed by a process that stopped, and too old now' : null);
    }
  };

  /** The guard's reconcile, or one's own where no guard lives that could be asked. */
  async function reconcile(): Promise<void> {
    const shared = (await hearing?.heard()) ?? null;
    if (draining) return;
    wallet.hearAll(shared ?? (await createReconciler(deps).run()));
  }

  return {
    async start() {
      deps.report({ kind: 'state', state: 'reconciling', reason: null });
      standIn.watch();
      await reconcile();
      if (draining) return;
      // Its newest commits may be lost, and what they showed with them.
      ledger.projectAgain(settings.id, queue.shownMark(ledger.ledgerId, settings.id));
      takeUpProcessing();
      controls.applyStale();
      // Those that are over too: an entry that is older than one of them and comes to be seen only now must not be sent.
      for (const exit of ledger.exitsSince(settings.id, clock.now() - settings.maxSignalAgeMs)) noteExit(exit);
      for (const trade of ledger.activeTrades(settings.id)) {
        if (trade.kind === 'exit') noteExit(trade);
        runner.kick(trade.tradeId);
      }
      started = true;
      standIn.start();
      tellStanding(deps);
      poll();
    },
    wake,
    onPeer(message) {
      hearing?.onPeer(message);
      if (message.kind === 'account') {
        wallet.hear(message.account);
        guardHeardMs = clock.now();
      } else if (message.kind === 'foreign') wallet.hearLook(message.look);
      else if (message.kind === 'on-guard') standIn.heard();
      else if (message.kind === 'condition') hearCondition(message.condition);
      else if (started) {
        driveAll();
        wake();
      }
    },
    async drain() {
      draining = true;
      hearing?.stop();
      leverage.stop();
      stopPoll();
      await standIn.stop();
      await Promise.all([runner.drain(), foreign.drain()]);
      await turning;
      try {
        project(deps, settings.id);
      } catch (error) {
        if (!isOperational(error)) throw error;
      }
    },
    memory: () => ({
      runner: runner.memory(),
      synced: synced.all(),
      exitClaimedAt: [...exitClaimedAt],
      newestExits: [...newestExits],
      turns: turns.memory(),
      wallet: wallet.memory(),
      guardHeardMs,
      standIn: standIn.memory(),
      closing: controls.closing(),
      foreign: foreign.memory(),
      started,
    }),
  };
}
