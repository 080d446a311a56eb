/**
 * What the signal worker does while its bot's guard says nothing: the guard may hang, and until it is found and begun anew nobody would
 * give a part fill its stop. So the account is asked for, what has moved is reconciled, and every trade is driven by the guard's own
 * decisions. Should the guard wake in the middle of it, both write one ledger and compare versions, as they always do.
 */
import type { AccountView } from '@hyperfleet/trading';
import { createAccountPoll } from './account-poll.ts';
import { nextProtectionStep } from './decide/protection.ts';
import type { FillsSynced } from './fills-synced.ts';
import { type ForeignLook, heldByTrades } from './foreign.ts';
import { performNoting } from './perform.ts';
import { createReconciler } from './reconcile.ts';
import type { LoopDeps } from './settings.ts';
import { lookAt } from './sight.ts';
import type { Performed } from './step.ts';
import { isOperational } from './trade-runner.ts';

/** A guard beats this often, ms of market time. */
export const GUARD_BEAT_MS = 1_000;
/** So long without a beat, by the wall's clock and by the market's, is a silence, ms. */
const SILENT_MS = 3_000;
/** So many looks must find it silent: after a pause of the whole process its beats are on their way. */
const LOOKS = 2;
/** How often it is looked for, and the account asked for meanwhile, ms of market time. */
const ASK_MS = 1_000;

const SILENT = 'fill monitor silent';
const BACK = 'fill monitor back';

export interface StandInMemory {
  /** When the guard was last heard, market ms; null while it never was and the worker has not started. */
  readonly heardMs: number | null;
  /** How many looks in a row have found it silent. */
  readonly silentLooks: number;
}

export interface StandIn {
  /** The guard is there. */
  heard(): void;
  isNeeded(): boolean;
  /** One step of what the guard would do for a trade. */
  protect(tradeId: string): Promise<Performed>;
  /** Looks for the guard from here on. One that was heard before and is silent now may be waited for in vain: `onSilent`. */
  watch(): void;
  /** The worker has reconciled and may stand in. A guard that was never heard is silent from here. */
  start(): void;
  /** Looks no more, and resolves when what is under way is done. */
  stop(): Promise<void>;
  memory(): StandInMemory;
}

interface StandInDeps extends LoopDeps {
  readonly marketToWall: (marketMs: number) => number;
  readonly onBug: (error: unknown) => void;
}

/**
 * Makes the stand-in of one bot's guard. What it has read goes to `onAccount` and `onReconciled`; `driveAll` is to drive every trade;
 * `onSilent` is told when the guard is found silent.
 */
export function createStandIn(
  deps: StandInDeps,
  args: {
    readonly synced: FillsSynced;
    readonly driveAll: () => void;
    readonly onSilent: () => void;
    readonly onAccount: (account: AccountView) => void;
    readonly onReconciled: (result: { readonly account: AccountView; readonly foreign: ForeignLook }) => void;
  },
): StandIn {
  const { clock, ledger, settings, log } = deps;
  const reconciler = createReconciler(deps);
  let heardMs: number | null = null;
  let reconciling: Promise<void> | null = null;
  let silentLooks = 0;
  let hasStarted = false;

  const isSilent = (): boolean => {
    if (heardMs === null || clock.now() - heardMs <= SILENT_MS) return false;
    return deps.marketToWall(clock.now()) - deps.marketToWall(heardMs) > SILENT_MS;
  };
  const isNeeded = (): boolean => silentLooks >= LOOKS;
  const look = (): void => {
    silentLooks = isSilent() ? silentLooks + 1 : 0;
    if (silentLooks !== LOOKS) return;
    log.warn(SILENT, { ms: clock.now() - (heardMs ?? 0) });
    deps.report({ kind: 'alert', phrase: SILENT, detail: {} });
    args.onSilent();
  };
  /** Nothing can go without a stop where nothing is held and no entry rests. */
  const isAtRisk = (): boolean => ledger.activeTrades(settings.id).some(({ phase }) => phase === 'entering' || phase === 'open');

  const reconcile = (): void => {
    reconciling ??= reconciler
      .run()
      .then(
        (result) => {
          args.onReconciled(result);
          args.driveAll();
        },
        (error: unknown) => {
          if (!isOperational(error)) deps.onBug(error);
          else log.warn('reconcile put off', { why: SILENT, code: error.code, reason: error.message });
        },
      )
      .finally(() => {
        reconciling = null;
      });
  };
  const poll = createAccountPoll({
    clock,
    everyMs: ASK_MS,
    isWanted() {
      look();
      return hasStarted && isNeeded() && isAtRisk();
    },
    ask: () => deps.reads.account(),
    held: () => heldByTrades(deps),
    onAccount(account) {
      args.onAccount(account);
      args.driveAll();
    },
    onMoved: reconcile,
    onFailed: (error) => log.warn('account not read', { reason: error.message }),
    onBug: deps.onBug,
  });

  return {
    heard() {
      heardMs = clock.now();
      if (isNeeded()) {
        log.info(BACK);
        deps.report({ kind: 'over', phrase: SILENT, detail: {} });
      }
      silentLooks = 0;
    },
    isNeeded,
    async protect(tradeId) {
      const trade = ledger.trade(tradeId);
      const sight = trade === null ? null : lookAt(deps, trade, args.synced.of(tradeId));
      const step = sight === null ? null : nextProtectionStep(sight);
      return sight === null || step === null ? { kind: 'idle' } : await performNoting(deps, args.synced, { sight, step });
    },
    watch: poll.start,
    start() {
      heardMs ??= clock.now();
      hasStarted = true;
    },
    async stop() {
      poll.stop();
      await reconciling;
    },
    memory: () => ({ heardMs, silentLooks }),
  };
}
