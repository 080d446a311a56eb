/** Whether every filled lot has a stop, and what to send where it has none. Pure. */
import {
  FINE_PER_TICK,
  lots,
  mulDiv,
  type OrderIntent,
  type OrderRecord,
  type OrderRole,
  roundPrice,
  stopLimitFor,
  type Ticks,
  ticks,
} from '@hyperfleet/trading';
import {
  armedStopSz,
  isArmed,
  isDone,
  isStop,
  isUnresolved,
  lastOf,
  nextAttempt,
  ofRole,
  outSide,
  remaining,
  stillFilling,
  type TradeSight,
} from '../sight.ts';
import type { Said, Step } from '../step.ts';
import { exitNow, foundNothing } from './exit.ts';
import { isTurnedAway, restMsAfter, saidOfTurnedAway } from './turned-away.ts';

/** A stop that cannot be placed in this many tries ends the position instead. */
export const STOP_TRIES = 3;

/** A stop that was turned away is sent again at least this often. */
export const STOP_REST_MS = 2_000;

/** The reason of a stop that the venue ended with size left: no fill of it is still to come. */
export const LEFT_SIZE = 'fired and left size';
/** The reason of a child without an answer that the venue did not list when its parent had filled. */
export const NOT_LISTED = 'not among the open orders';
/** While a position is being closed, a stop that failed is tried again this often. */
const EXITING_MS = 1_000;
/** How far beyond the mark a stop goes that can no longer stand where it belongs: half a percent. */
const BEYOND_PPM = 5_000;
const PPM = 1_000_000;
/** What of the way to the mark a stop keeps between itself and liquidation: a fifth. */
const INSIDE_PPM = 200_000;

/**
 * A stop that fired and came to its end with size left: what is left is closed at once, and held by a stop further out. Where the venue
 * has said that size is left (`LEFT_SIZE`), no fill is waited for: reduce-only caps what has filled meanwhile, unless others hold too.
 */
export function stopFired(sight: TradeSight): Step | null {
  if (sight.openSz === 0 || sight.trade.exitClaimedBy !== null) return null;
  const fired = sight.orders.filter((order) => isStop(order) && hasFired(order));
  if (fired.length === 0) return null;
  const isSaid = fired.some((order) => order.reason === LEFT_SIZE) && sight.othersSz === 0;
  if (!isSaid && !sight.fillsAreSynced) return { do: 'sync-fills' };
  return exitNow(sight, 'stop fired and left size', {
    said: { event: 'stop left size', detail: { openSz: sight.openSz } },
    beside: stopBeyondMark(sight),
  });
}

const hasFired = (order: OrderRecord): boolean =>
  order.state === 'filled' || ((order.state === 'canceled' || order.state === 'rejected') && order.filledSz > 0 && !order.cancelAsked);

/**
 * Whether a stop would fire only where the venue has liquidated the position already: such a stop holds nothing. Sizing rules it out
 * (PROTOCOL §7), but money can be taken out, and other positions of the account can lose.
 */
function isBeyondLiquidation(sight: TradeSight, order: OrderRecord): boolean {
  const { kind } = order.intent;
  if (sight.liquidationPx === null || kind.type !== 'stop-market') return false;
  const firesAt = kind.triggerPx * FINE_PER_TICK;
  return sight.direction === 'long' ? firesAt <= sight.liquidationPx : firesAt >= sight.liquidationPx;
}

/**
 * Where every armed stop lies beyond liquidation, one inside it: a fifth of the way from there to the mark, as sizing keeps off.
 * The one outside goes when it rests. A stop that cannot be placed there ends the position, which loses less than its liquidation.
 */
export function bringStopInside(sight: TradeSight): Step | null {
  const { liquidationPx, mark, openSz } = sight;
  if (openSz === 0 || liquidationPx === null || mark === null || sight.trade.exitClaimedBy !== null) return null;
  const stops = sight.orders.filter((order) => isStop(order) && !isDone(order) && !order.cancelAsked && order.state !== 'waiting');
  const isEveryBeyond = stops.length > 0 && stops.every((order) => order.state === 'resting' && isBeyondLiquidation(sight, order));
  if (!isEveryBeyond) return null;
  const isLong = sight.direction === 'long';
  const inside = mulDiv(mark - liquidationPx, INSIDE_PPM, PPM, 'truncate') + liquidationPx;
  const trigger = roundPrice(ticks(Math.max(1, Math.round(inside / FINE_PER_TICK))), isLong ? 'up' : 'down', sight.instrument);
  const isBetween = isLong ? trigger * FINE_PER_TICK < mark : trigger * FINE_PER_TICK > mark;
  const failures = trailingFailures(sight, ['own-stop']);
  if (!isBetween || failures.count >= STOP_TRIES || failures.hopeless)
    return exitNow(sight, 'no stop could be placed inside liquidation', {
      said: { event: 'no stop could be placed', detail: { tries: failures.count, reason: failures.reason } },
      beside: null,
    });
  const restMs = restMsAfter(ofRole(sight, 'own-stop'), sight.nowMs, STOP_REST_MS);
  if (restMs > 0) return { do: 'wait', forMs: restMs };
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [ownStop(sight, trigger)],
    patch: {},
    said: [
      { event: 'stop brought inside liquidation', detail: { stopPx: trigger, liquidationPx: liquidationPx / FINE_PER_TICK, sz: openSz } },
    ],
  };
}

/** A filled lot without a stop gets one. */
export function ensureStop(sight: TradeSight): Step | null {
  if (sight.openSz === 0 || armedStopSz(sight) >= sight.openSz) return null;
  // The venue arms the child in the very step that fills the parent wholly; look before placing a second one.
  if (childMayBeArmed(sight)) return { do: 'read-orders' };
  if (sight.orders.some((order) => isStop(order) && order.state === 'triggered')) return sight.fillsAreSynced ? null : { do: 'sync-fills' };
  const failures = trailingFailures(sight, ['own-stop', 'breakeven']);
  const last = lastOf(sight, 'own-stop');
  if (sight.trade.exitClaimedBy === null) {
    if (failures.count >= STOP_TRIES || failures.hopeless) return giveUpStops(sight, failures);
    const restMs = restMsAfter(ofRole(sight, 'own-stop'), sight.nowMs, STOP_REST_MS);
    if (restMs > 0) return { do: 'wait', forMs: restMs };
  } else if (closedNothing(sight)) {
    return null;
  } else if (last !== null && (failures.count > 0 || isTurnedAway(last))) {
    // It is being closed, and each try of a stop is one more beside the closes.
    const restMs = EXITING_MS - (sight.nowMs - last.recordedAtMs);
    if (restMs > 0) return { do: 'wait', forMs: restMs };
  }
  if (last !== null && isTooSmall(last) && !sight.fillsAreSynced) return { do: 'sync-fills' };
  const stop = sight.trade.exitClaimedBy === null ? ownStop(sight, protectiveTrigger(sight)) : stopBeyondMark(sight);
  const sent: Said = { event: 'own stop sent', detail: { sz: sight.openSz, attempt: stop.attempt } };
  const ended = endedFromOutside(sight);
  const loud: readonly Said[] =
    ended === null
      ? saidOfTurnedAway('stop', ofRole(sight, 'own-stop'))
      : [{ event: 'stop ended from outside', detail: { reason: ended.reason } }];
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [stop],
    patch: {},
    said: [...loud, sent],
    alert: loud.length > 0,
  };
}

/** Whether the newest close found nothing to reduce: a stop would be refused for the same, and what is in flight puts off settling. */
function closedNothing(sight: TradeSight): boolean {
  const close = lastOf(sight, 'close');
  return close !== null && foundNothing(close);
}

/** The newest stop, where it stood and somebody else or the venue has ended it; a child ends with its parent, which is no news. */
function endedFromOutside(sight: TradeSight): OrderRecord | null {
  const last = sight.orders.findLast(isStop);
  if (last === undefined || last.state !== 'canceled' || last.cancelAsked || last.filledSz > 0) return null;
  const isChild = last.intent.role === 'stop';
  return isChild && lastOf(sight, 'entry')?.state !== 'filled' ? null : last;
}

/** No stop stands where it belongs: the position is closed. Where the mark is past that place, one further out holds what is left. */
function giveUpStops(
  sight: TradeSight,
  failures: { readonly count: number; readonly hopeless: boolean; readonly reason: string | null },
): Step {
  return exitNow(sight, 'no stop could be placed', {
    said: { event: 'no stop could be placed', detail: { tries: failures.count, reason: failures.reason } },
    beside: failures.hopeless ? stopBeyondMark(sight) : null,
  });
}

export const ownStop = (sight: TradeSight, triggerPx: Ticks): OrderIntent =>
  stopIntent(sight, 'own-stop', nextAttempt(sight, 'own-stop'), triggerPx);

/** A stop for a position that is being closed: where it belongs, or beyond the mark where that is past it already. */
function stopBeyondMark(sight: TradeSight): OrderIntent {
  const wanted = protectiveTrigger(sight);
  if (sight.mark === null) return ownStop(sight, wanted);
  const isLong = sight.direction === 'long';
  const markTicks = Math.floor(sight.mark / FINE_PER_TICK);
  const out = mulDiv(markTicks, isLong ? PPM - BEYOND_PPM : PPM + BEYOND_PPM, PPM, isLong ? 'floor' : 'ceil');
  const beyond = roundPrice(ticks(Math.max(1, out)), isLong ? 'down' : 'up', sight.instrument);
  return ownStop(sight, isLong ? ticks(Math.min(wanted, beyond)) : ticks(Math.max(wanted, beyond)));
}

/**
 * The entry has filled wholly and its child, which then stands armed at the venue, is not known to. One that was looked for in vain
 * counts as none: should it stand after all, two stops are harmless and the spare goes.
 */
function childMayBeArmed(sight: TradeSight): boolean {
  const entry = lastOf(sight, 'entry');
  const child = lastOf(sight, 'stop');
  if (entry === null || child === null || sight.fills.entrySz < entry.intent.sz) return false;
  const isMissing = child.state === 'unknown' && child.reason === NOT_LISTED;
  return !isDone(child) && child.state !== 'resting' && child.state !== 'triggered' && !isMissing;
}

const isTooSmall = (order: OrderRecord): boolean => order.state === 'rejected' && /minimum value/.test(order.reason ?? '');

/**
 * A stop below the least notional stands only where it holds the whole position (PROTOCOL §11), and an entry that fills in crumbs has
 * outgrown it by the time it arrives. That says nothing against the next, which holds what is known by then.
 */
const outgrown = (order: OrderRecord, sight: TradeSight): boolean => isTooSmall(order) && order.intent.sz < sight.openSz;

export function trailingFailures(
  sight: TradeSight,
  roles: readonly OrderRole[],
): { count: number; hopeless: boolean; reason: string | null } {
  let count = 0;
  let reason: string | null = null;
  let hopeless = false;
  for (const order of sight.orders) {
    if (!roles.includes(order.intent.role) || outgrown(order, sight) || isTurnedAway(order)) continue;
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

/**
 * A stop for all the position can still become. Sized to what is filled it would be outgrown by the next part fill, and while
 * fills come faster than the venue answers each new stop would be too small again; sized to the whole entry the first one
 * holds them all. Reduce-only caps a trigger when it fires, as it does the venue's own children, which keep their parent's
 * size however little of it filled (PROTOCOL §6).
 */
export function stopIntent(sight: TradeSight, role: 'own-stop' | 'breakeven', attempt: number, triggerPx: Ticks): OrderIntent {
  const side = outSide(sight);
  return {
    cloid: sight.cloidOf(role, attempt),
    coin: sight.trade.coin,
    role,
    attempt,
    side,
    px: stopLimitFor(triggerPx, side, sight.settings.limits.stopSlippagePpm, sight.instrument),
    sz: lots(sight.openSz + stillFilling(sight)),
    reduceOnly: true,
    kind: { type: 'stop-market', triggerPx },
  };
}

/**
 * One stop that holds everything is enough; the others go, newest kept, breakeven before the rest. Where others hold of the coin too, one
 * that sells nothing of theirs is kept before all, and a child that waits goes as well: it would be armed beside ours, and both could fire.
 */
export function dropSpareStops(sight: TradeSight): Step | null {
  if (sight.openSz === 0) return null;
  // A child nobody looks for would stand beside ours for as long as the trade lives.
  if (childMayBeArmed(sight)) return { do: 'read-orders' };
  const armed = sight.orders.filter(isArmed);
  const whole = armed.filter((order) => remaining(order) >= sight.openSz);
  const rank = (order: OrderRecord): number => {
    if (isBeyondLiquidation(sight, order)) return -1;
    if (sight.othersSz > 0 && remaining(order) === sight.openSz) return 3_000;
    if (order.intent.role === 'breakeven') return 2_000;
    return order.intent.role === 'stop' ? 1_000 : order.intent.attempt;
  };
  const keeper = whole.sort((a, b) => rank(b) - rank(a))[0];
  if (keeper === undefined) return null;
  if (sight.trade.breakeven === 'due' && keeper.intent.role === 'breakeven') return null;
  const holdsAll = remaining(keeper) >= sight.openSz + stillFilling(sight);
  const waiting = sight.othersSz > 0 && holdsAll ? sight.orders.filter((order) => order.state === 'waiting' && !order.cancelAsked) : [];
  const spare = [...armed.filter((order) => order !== keeper), ...waiting];
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
