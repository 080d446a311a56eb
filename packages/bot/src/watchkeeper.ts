/** Keeps watch over the bot's own means: what it hears by, how the venue answers, the clock, the key. Tells its peer and the fleet. */
import { type Condition, plainly, type Risk, SKEW_ALARM_MS, skewText } from './condition.ts';
import { type Health, type HealthPolicy, type HealthState, isWorse, NORMAL, nextHealth } from './health.ts';
import { haltDisowned, isDisowned, noteOwned } from './key.ts';
import type { LoopDeps } from './settings.ts';
import { isOperational } from './trade-runner.ts';

/** What a thread knows of its ways to the venue without asking. */
export interface Ways {
  readonly areReadsShut: boolean;
  readonly areActionsShut: boolean;
  /** Since the venue last said 429, ms; null when it never did. */
  readonly limitedAgoMs: number | null;
  readonly isSpent: boolean;
  /** Our clock less the venue's, ms of wall time; null before it is known. */
  readonly skewMs: number | null;
  /** Market ms an answer takes; null before one has come. */
  readonly roundTripMs: number | null;
}

/** What the venue says of the key when asked. */
export type KeyStanding =
  /** `untilMs` is null for the account's own key, and for an agent without a name, of which the venue tells no end. */
  { readonly kind: 'acts'; readonly untilMs: number | null } | { readonly kind: 'disowned' };

/** The port to all that; left out where there is nothing to watch. */
export interface Watch {
  readonly policy: HealthPolicy;
  /** How often it looks at all this, ms of market time. */
  readonly lookMs: number;
  /** How often the account is asked for while no stream tells of it, ms of market time. */
  readonly pollIntervalMs: number;
  ways(): Ways;
  /** `isInDoubt` after the venue disowned it. Throws an operational error when the venue cannot be asked. */
  key(isInDoubt: boolean): Promise<KeyStanding>;
  /** Brings what the account may send up to date with the venue's count; throws like `key`. */
  countRequests(): Promise<void>;
}

/** 20 of request weight, 80 for an agent without a name: sixteen bots spend a hundred a minute on it at most. */
const KEY_MS = 900_000;
const DISOWNED_KEY_MS = 60_000;
const COUNT_MS = 600_000;
/** A fleet that starts has more urgent questions. */
const FIRST_COUNT_MS = 30_000;
const COUNT_SPENT_MS = 60_000;
/** A bot that wished to enter keeps its wish for so long. */
const WISH_MS = 15_000;
/** Warnings before a key's approval ends, ms. */
const KEY_WARNINGS = [14, 7, 1].map((days) => days * 86_400_000);
/** Reading a fill, deciding, placing the stop: so many round trips are one reaction. */
const REACTION_TRIPS = 3;

export interface Watchkeeper {
  start(): void;
  stop(): void;
  /** The stream has come up or gone. */
  heard(isUp: boolean): void;
  isStreaming(): boolean;
  /** Whether the fleet grants this bot a stream; without a grant its absence is no fault. */
  granted(hasStream: boolean): void;
  /** The bot would enter and is kept from it by the lack of a stream. */
  wish(): void;
  condition(): Condition;
}

/** Makes the watch of one bot. `risk` is asked at each look. */
export function createWatchkeeper(
  deps: LoopDeps & { readonly onBug: (error: unknown) => void },
  watch: Watch,
  risk: () => Risk,
): Watchkeeper {
  const { clock, log } = deps;
  const watched = new Map<'stream' | 'reads' | 'actions', number>();
  let health: Health = NORMAL;
  let isStreaming = false;
  let isGranted = true;
  let wishedAtMs = Number.NEGATIVE_INFINITY;
  let keyUntilMs: number | null = null;
  let skewTold = false;
  let keyTold = Number.POSITIVE_INFINITY;
  let stopLook: () => void = () => undefined;
  const due = { key: 0, count: clock.now() + FIRST_COUNT_MS };

  /** How long something has been so, from look to look. */
  const since = (what: 'stream' | 'reads' | 'actions', isSo: boolean): number => {
    if (!isSo) watched.delete(what);
    else if (!watched.has(what)) watched.set(what, clock.now());
    // What was only just seen has lasted something.
    return isSo ? Math.max(1, clock.now() - (watched.get(what) ?? 0)) : 0;
  };

  const condition = (): Condition => {
    const { skewMs, roundTripMs } = watch.ways();
    const hearing = isStreaming ? 'stream' : 'poll';
    const nakedBoundMs = (isStreaming ? 0 : watch.pollIntervalMs) + REACTION_TRIPS * (roundTripMs ?? 0);
    return { health, hearing, nakedBoundMs, isBoundMeasured: roundTripMs !== null, skewMs, keyUntilMs };
  };

  function judge(own: Risk): void {
    const nowMs = clock.now();
    const { areReadsShut, areActionsShut, limitedAgoMs, isSpent } = watch.ways();
    const before = health.state;
    const signs = {
      streamDownMs: since('stream', isGranted && !isStreaming),
      readsDownMs: since('reads', areReadsShut),
      actionsDownMs: since('actions', areActionsShut),
      limitedAgoMs,
      isSpent,
      isExposed: own === 'position' || own === 'order',
    };
    health = nextHealth(health, signs, { nowMs, policy: watch.policy });
    if (health.state !== before) tellHealth(before, health);
  }

  function tellHealth(before: HealthState, { state, reasons }: Health): void {
    const detail = { from: before, to: state, reasons: reasons.join('; ') };
    deps.ledger.record({ bot: deps.settings.id, tradeId: null, atMs: clock.now(), event: 'health', detail });
    log.warn('health', detail);
    deps.report(isWorse(before, state) ? { kind: 'alert', phrase: `health ${state}`, detail } : { kind: 'over', phrase: 'health', detail });
  }

  function warnOfSkew(): void {
    const { skewMs } = watch.ways();
    const isOff = skewMs !== null && Math.abs(skewMs) > SKEW_ALARM_MS;
    if (isOff && !skewTold) {
      const detail = { skewMs, remedy: skewText(skewMs) };
      log.warn('clock is off', detail);
      deps.report({ kind: 'alert', phrase: 'clock is off', detail });
    }
    if (!isOff && skewTold) {
      log.info('clock is right again', { skewMs });
      deps.report({ kind: 'over', phrase: 'clock is off', detail: {} });
    }
    skewTold = isOff;
  }

  function warnOfKey(untilMs: number | null): void {
    keyUntilMs = untilMs;
    if (untilMs === null) return;
    const leftMs = untilMs - clock.now();
    const passed = KEY_WARNINGS.filter((warning) => leftMs < warning).at(-1);
    if (passed === undefined) {
      if (keyTold !== Number.POSITIVE_INFINITY) deps.report({ kind: 'over', phrase: 'key ends soon', detail: {} });
      keyTold = Number.POSITIVE_INFINITY;
    } else if (passed < keyTold) {
      keyTold = passed;
      const detail = { left: leftMs > 0 ? plainly(leftMs) : 'none', remedy: 'approve a new key for this bot' };
      log.warn('key ends soon', detail);
      deps.report({ kind: 'alert', phrase: 'key ends soon', detail });
    }
  }

  /** What is asked of the venue itself, now and then. */
  async function ask(): Promise<void> {
    const nowMs = clock.now();
    if (nowMs >= due.key) {
      due.key = nowMs + (isDisowned(deps) ? DISOWNED_KEY_MS : KEY_MS);
      const standing = await watch.key(isDisowned(deps));
      if (standing.kind === 'acts') {
        noteOwned(deps);
        warnOfKey(standing.untilMs);
      } else haltDisowned(deps, 'the venue was asked and does not know it');
    }
    if (nowMs >= due.count) {
      due.count = nowMs + (watch.ways().isSpent ? COUNT_SPENT_MS : COUNT_MS);
      await watch.countRequests();
    }
  }

  function look(): void {
    stopLook = clock.after(watch.lookMs, look);
    const own = risk();
    judge(own);
    warnOfSkew();
    if (isDisowned(deps)) due.key = Math.min(due.key, clock.now() + DISOWNED_KEY_MS);
    if (watch.ways().isSpent) due.count = Math.min(due.count, clock.now() + COUNT_SPENT_MS);
    ask().catch((error: unknown) => {
      if (!isOperational(error)) return deps.onBug(error);
      log.debug('standing not read', { code: error.code, reason: error.message });
    });
    const now = condition();
    const shown: Risk = own === 'none' && clock.now() - wishedAtMs < WISH_MS ? 'wish' : own;
    deps.peer.send({ kind: 'condition', condition: now });
    deps.report({ kind: 'condition', condition: now, risk: shown });
  }

  return {
    start: look,
    stop: () => stopLook(),
    heard(isUp) {
      isStreaming = isUp;
    },
    isStreaming: () => isStreaming,
    granted(hasStream) {
      isGranted = hasStream;
    },
    wish() {
      wishedAtMs = clock.now();
    },
    condition,
  };
}
