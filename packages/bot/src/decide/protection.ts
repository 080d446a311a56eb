/**
 * The fill monitor's mind: what a trade needs next so that every filled lot has a stop, the ladder stands, the stop moves
 * to breakeven once, and a flat trade is accounted. Pure: it reads the recorded state and names one step.
 */
import {
  breakevenPrice,
  FINE_PER_TICK,
  lots,
  midTwice,
  mulDiv,
  type OrderIntent,
  type OrderRecord,
  type OrderRole,
  splitLadder,
  stopLimitFor,
  type Ticks,
} from '@hyperfleet/trading';
import {
  armedStopSz,
  isDone,
  isLive,
  isStop,
  isTakeProfit,
  isUnresolved,
  lastOf,
  nextAttempt,
  ofRole,
  outSide,
  remaining,
  type TradeSight,
} from '../sight.ts';
import type { Step } from '../step.ts';
import { finish } from './finish.ts';

/** A stop that cannot be placed in this many tries ends the position instead. */
const STOP_TRIES = 3;
/** The venue refreshes its mark about this often. */
const MARK_REFRESH_MS = 3_000;
/** A take-profit the venue refuses is tried this often; the stop protects what it would have closed. */
const TAKE_PROFIT_TRIES = 3;

/** The next step for a trade's protection, or null when nothing is to be done. */
export function nextProtectionStep(sight: TradeSight): Step | null {
  const { trade } = sight;
  if (trade.phase !== 'entering' && trade.phase !== 'open') return null;
  return (
    noteFills(sight) ??
    resolveOwn(sight) ??
    stopFired(sight) ??
    ensureStop(sight) ??
    endRemainder(sight) ??
    (trade.exitClaimedBy === null ? (dueBreakeven(sight) ?? moveToBreakeven(sight) ?? placeLadder(sight)) : null) ??
    dropSpareStops(sight) ??
    (trade.exitClaimedBy === null && !neverStood(sight) ? finish(sight) : null)
  );
}

/** An entry that was refused or never arrived is the signal worker's to end or to try again. */
function neverStood(sight: TradeSight): boolean {
  const entry = lastOf(sight, 'entry');
  return sight.fills.entrySz === 0 && (entry === null || entry.state === 'rejected' || entry.state === 'dead');
}

function noteFills(sight: TradeSight): Step | null {
  const { trade, fills } = sight;
  const entry = lastOf(sight, 'entry');
  if (entry === null) return null;
  if (fills.entrySz > 0 && (trade.status === 'processing' || trade.status === 'sent')) {
    return {
      do: 'patch',
      patch: { status: 'filled' },
      said: [{ event: 'first fill', detail: { sz: fills.entrySz, ofSz: sight.plan.sz, fillMs: fills.firstFillMs } }],
    };
  }
  if (isDone(entry) && trade.phase === 'entering' && fills.entrySz > 0) {
    if (entry.state === 'filled' && fills.entrySz < entry.intent.sz && !sight.fillsAreSynced) return { do: 'sync-fills' };
    return { do: 'patch', patch: { phase: 'open' }, said: [{ event: 'entry done', detail: { sz: fills.entrySz, ofSz: sight.plan.sz } }] };
  }
  if (entry.state === 'filled' && fills.entrySz === 0 && !sight.fillsAreSynced) return { do: 'sync-fills' };
  return null;
}

/** Protection orders whose answer was lost; the replacement of a stop does not wait for this, so stops come after. */
function resolveOwn(sight: TradeSight): Step | null {
  const lost = sight.orders.filter((order) => isTakeProfit(order) && isUnresolved(order));
  return lost.length > 0 ? { do: 'resolve', cloids: lost.map((order) => order.intent.cloid) } : null;
}

/** A stop that fired and left size: what is left is closed at once. */
function stopFired(sight: TradeSight): Step | null {
  const fired = sight.orders.find((order) => isStop(order) && order.state === 'filled');
  if (fired === undefined || sight.openSz === 0 || sight.trade.exitClaimedBy !== null) return null;
  if (!sight.fillsAreSynced) return { do: 'sync-fills' };
  return {
    do: 'patch',
    patch: { exitClaimedBy: 'stop fired and left size' },
    said: [{ event: 'stop left size', detail: { openSz: sight.openSz } }],
    alert: true,
  };
}

function ensureStop(sight: TradeSight): Step | null {
  if (sight.openSz === 0 || armedStopSz(sight) >= sight.openSz) return null;
  const entry = lastOf(sight, 'entry');
  const child = lastOf(sight, 'stop');
  const wholeEntryFilled = entry !== null && sight.fills.entrySz >= entry.intent.sz;
  // The venue arms the child in the very step that fills the parent wholly; look before placing a second one.
  if (wholeEntryFilled && child !== null && !isDone(child) && child.state !== 'resting' && child.state !== 'triggered') {
    return { do: 'read-orders' };
  }
  if (sight.orders.some((order) => isStop(order) && order.state === 'triggered')) return sight.fillsAreSynced ? null : { do: 'sync-fills' };
  const failures = trailingFailures(sight, ['own-stop', 'breakeven']);
  if (failures.count >= STOP_TRIES || failures.hopeless) {
    if (sight.trade.exitClaimedBy !== null) return null;
    return {
      do: 'patch',
      patch: { exitClaimedBy: 'no stop could be placed' },
      said: [{ event: 'no stop could be placed', detail: { tries: failures.count, reason: failures.reason } }],
      alert: true,
    };
  }
  const attempt = nextAttempt(sight, 'own-stop');
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [stopIntent(sight, 'own-stop', attempt, protectiveTrigger(sight))],
    patch: {},
    said: [{ event: 'own stop sent', detail: { sz: sight.openSz, attempt } }],
  };
}

function trailingFailures(sight: TradeSight, roles: readonly OrderRole[]): { count: number; hopeless: boolean; reason: string | null } {
  let count = 0;
  let reason: string | null = null;
  let hopeless = false;
  for (const order of sight.orders) {
    if (!roles.includes(order.intent.role)) continue;
    // One the venue ended by itself (fired into nothing, cancelled for margin) protects as little as a refused one.
    const ended = order.state === 'canceled' && !order.cancelAsked;
    const failed = order.state === 'rejected' || order.state === 'dead' || ended || isUnresolved(order);
    count = failed ? count + 1 : 0;
    reason = failed ? order.reason : null;
    // The market is past the trigger: another try gets the same answer, and each costs time without a stop.
    hopeless = order.state === 'rejected' && /Invalid TP\/SL price/.test(order.reason ?? '');
  }
  return { count, hopeless, reason };
}

/** Where a stop belongs now: at breakeven once that was reached, else where the signal put it. */
function protectiveTrigger(sight: TradeSight): Ticks {
  const moved = sight.trade.breakeven === 'done' ? lastOf(sight, 'breakeven') : null;
  return moved !== null && moved.intent.kind.type === 'stop-market' ? moved.intent.kind.triggerPx : sight.plan.stopTrigger;
}

function stopIntent(sight: TradeSight, role: 'own-stop' | 'breakeven', attempt: number, triggerPx: Ticks): OrderIntent {
  const side = outSide(sight);
  return {
    cloid: sight.cloidOf(role, attempt),
    coin: sight.trade.coin,
    role,
    attempt,
    side,
    px: stopLimitFor(triggerPx, side, sight.settings.limits.stopSlippagePpm, sight.instrument),
    sz: sight.openSz,
    reduceOnly: true,
    kind: { type: 'stop-market', triggerPx },
  };
}

function remainderReason(sight: TradeSight): string | null {
  if (sight.nowMs >= sight.plan.expiresAtMs) return 'its life of 24 h from placement was over';
  if (sight.fills.entrySz === 0) return null;
  if (sight.orders.some((order) => isStop(order) && order.filledSz > 0)) return 'the stop filled';
  if (sight.orders.some((order) => isTakeProfit(order) && order.filledSz > 0)) return 'a take-profit filled';
  const first = sight.plan.targets[0];
  if (first !== undefined && sight.mark !== null) {
    const touched = sight.direction === 'long' ? sight.mark >= first * FINE_PER_TICK : sight.mark <= first * FINE_PER_TICK;
    if (touched) return 'the mark touched the first target';
  }
  return null;
}

/** Ends what is left of an entry, only once a stop of our own rests: the child dies with its parent. */
function endRemainder(sight: TradeSight): Step | null {
  const entry = lastOf(sight, 'entry');
  if (entry === null || isDone(entry) || isUnresolved(entry) || sight.trade.exitClaimedBy !== null) return null;
  const reason = sight.trade.remainderReason ?? remainderReason(sight);
  if (reason === null) return null;
  if (entry.cancelAsked) return { do: 'resolve', cloids: [entry.intent.cloid] };
  const child = lastOf(sight, 'stop');
  const ownArmed = sight.orders.reduce(
    (sum, order) => (isStop(order) && order !== child && order.state === 'resting' ? sum + remaining(order) : sum),
    0,
  );
  if (ownArmed < sight.openSz) return { do: 'wait', forMs: 100 };
  return {
    do: 'cancel',
    cloids: [entry.intent.cloid],
    patch: { remainderReason: reason },
    said: [{ event: 'entry remainder cancelled', detail: { reason, filledSz: sight.fills.entrySz } }],
  };
}

function placeLadder(sight: TradeSight): Step | null {
  const { trade } = sight;
  if (trade.phase !== 'open' || sight.openSz === 0 || sight.plan.targets.length === 0) return null;
  if (trade.ladder === null) {
    const legs = splitLadder({
      direction: sight.direction,
      filled: sight.openSz,
      targets: sight.plan.targets,
      minNotional: sight.settings.limits.minNotional,
    });
    return {
      do: 'place',
      approval: 'protection',
      grouping: 'na',
      orders: legs.map((leg) => takeProfit(sight, leg.index, leg.px, leg.sz)),
      patch: { ladder: legs },
      said: [{ event: 'take-profits sent', detail: { legs: legs.length, sz: sight.openSz } }],
    };
  }
  let free = sight.openSz as number;
  for (const order of sight.orders) if (isTakeProfit(order) && isLive(order)) free -= remaining(order);
  for (const leg of trade.ladder) {
    const tries = ofRole(sight, tpRole(leg.index));
    const last = tries.at(-1);
    const refused = last !== undefined && (last.state === 'rejected' || last.state === 'dead');
    const sz = lots(Math.min(leg.sz, free));
    if (!refused || tries.length >= TAKE_PROFIT_TRIES || sz <= 0) continue;
    return {
      do: 'place',
      approval: 'protection',
      grouping: 'na',
      orders: [takeProfit(sight, leg.index, leg.px, sz)],
      patch: {},
      said: [{ event: 'take-profit sent again', detail: { leg: leg.index, reason: last.reason } }],
    };
  }
  return null;
}

const tpRole = (index: number): OrderRole => `tp${index}` as OrderRole;

function takeProfit(sight: TradeSight, index: number, px: Ticks, sz: OrderIntent['sz']): OrderIntent {
  const role = tpRole(index);
  const attempt = nextAttempt(sight, role);
  return {
    cloid: sight.cloidOf(role, attempt),
    coin: sight.trade.coin,
    role,
    attempt,
    side: outSide(sight),
    px,
    sz,
    reduceOnly: true,
    kind: { type: 'limit', tif: 'gtc' },
  };
}

/** The first leg as placed has filled wholly and size remains: the stop is to move, once. */
function dueBreakeven(sight: TradeSight): Step | null {
  const { trade } = sight;
  const first = trade.ladder?.[0];
  if (!sight.settings.breakeven || trade.breakeven !== 'none' || first === undefined || sight.openSz === 0) return null;
  if ((trade.ladder?.length ?? 0) < 2) return null;
  const filled = ofRole(sight, tpRole(first.index)).reduce((sum, order) => sum + order.filledSz, 0);
  if (filled < first.sz) return null;
  return {
    do: 'patch',
    patch: { breakeven: 'due' },
    said: [{ event: 'tp1 filled', detail: { sz: first.sz, px: first.px, openSz: sight.openSz } }],
  };
}

function moveToBreakeven(sight: TradeSight): Step | null {
  if (sight.trade.breakeven !== 'due' || sight.openSz === 0) return null;
  const resting = ofRole(sight, 'breakeven').find((order) => order.state === 'resting' && remaining(order) >= sight.openSz);
  if (resting !== undefined) {
    const trigger = resting.intent.kind.type === 'stop-market' ? resting.intent.kind.triggerPx : null;
    return {
      do: 'patch',
      patch: { breakeven: 'done', breakevenAtMs: sight.nowMs },
      said: [{ event: 'breakeven', detail: { stopPx: trigger, sz: resting.intent.sz } }],
    };
  }
  const failures = trailingFailures(sight, ['breakeven']);
  if (failures.count >= STOP_TRIES) {
    return {
      do: 'patch',
      patch: { breakeven: 'skipped' },
      said: [{ event: 'breakeven given up', detail: { tries: failures.count, reason: failures.reason } }],
      alert: true,
    };
  }
  if (sight.mark === null) return { do: 'wait', forMs: 250 };
  const trigger = breakevenTrigger(sight, sight.mark);
  if (trigger === null && markIsBehind(sight)) return { do: 'wait', forMs: 250 };
  if (trigger === null) {
    return {
      do: 'patch',
      patch: { breakeven: 'closing', exitClaimedBy: 'the mark was past entry when the stop was to move there' },
      said: [{ event: 'breakeven passed, closing', detail: { mark: sight.mark } }],
    };
  }
  const attempt = nextAttempt(sight, 'breakeven');
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [stopIntent(sight, 'breakeven', attempt, trigger)],
    patch: {},
    said: [{ event: 'breakeven stop sent', detail: { stopPx: trigger, sz: sight.openSz, attempt } }],
  };
}

/** The breakeven price, plain entry where the mark stands too near it, null where the mark is past that too. */
function breakevenTrigger(sight: TradeSight, mark: number): Ticks | null {
  const { fills } = sight;
  const entryFeePpm = fills.entryCost === 0 ? 0 : mulDiv(fills.entryFees, 1_000_000, fills.entryCost, 'ceil');
  const { price, plainEntry } = breakevenPrice({
    direction: sight.direction,
    entryCost: fills.entryCost,
    entrySz: fills.entrySz,
    entryFeePpm,
    takerPpm: sight.settings.limits.takerPpm,
    fundingPaid: (fills.funding === 0 ? 0 : -fills.funding) as typeof fills.funding,
    openSz: sight.openSz,
    instrument: sight.instrument,
  });
  const clear = (px: Ticks, byTicks: number): boolean =>
    sight.direction === 'long' ? mark > (px + byTicks) * FINE_PER_TICK : mark < (px - byTicks) * FINE_PER_TICK;
  if (clear(price, 1)) return price;
  return clear(plainEntry, 0) ? plainEntry : null;
}

/**
 * Whether the mark merely has not caught up with the book: it is refreshed every 3 s (PROTOCOL §6), and a target fills on the
 * book. The old stop holds meanwhile, so two refreshes are waited for before the position is closed on its word.
 */
function markIsBehind(sight: TradeSight): boolean {
  const sinceFillMs = sight.nowMs - (sight.fills.lastFillMs ?? 0);
  if (sight.fresh === null || sinceFillMs > 2 * MARK_REFRESH_MS) return false;
  return breakevenTrigger(sight, mulDiv(midTwice(sight.fresh), FINE_PER_TICK, 2, 'truncate')) !== null;
}

/** One stop that holds everything is enough; the others go, newest kept, breakeven before the rest. */
function dropSpareStops(sight: TradeSight): Step | null {
  if (sight.openSz === 0) return null;
  const armed = sight.orders.filter((order) => isStop(order) && order.state === 'resting' && !order.cancelAsked);
  const whole = armed.filter((order) => remaining(order) >= sight.openSz);
  const rank = (order: OrderRecord): number => {
    if (order.intent.role === 'breakeven') return 2_000;
    return order.intent.role === 'stop' ? 1_000 : order.intent.attempt;
  };
  const keeper = whole.sort((a, b) => rank(b) - rank(a))[0];
  if (keeper === undefined) return null;
  if (sight.trade.breakeven === 'due' && keeper.intent.role === 'breakeven') return null;
  const spare = armed.filter((order) => order !== keeper);
  const lost = sight.orders.filter(
    (order) => isStop(order) && order !== keeper && (isUnresolved(order) || (order.cancelAsked && order.state === 'resting')),
  );
  if (spare.length > 0) {
    return {
      do: 'cancel',
      cloids: spare.map((order) => order.intent.cloid),
      patch: {},
      said: [{ event: 'old stop cancelled', detail: { count: spare.length, kept: keeper.intent.role } }],
    };
  }
  return lost.length > 0 ? { do: 'resolve', cloids: lost.map((order) => order.intent.cloid) } : null;
}
