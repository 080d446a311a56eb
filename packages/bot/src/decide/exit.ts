/**
 * The signal worker's mind about a trade that is to end now: cancel its entry, close what is held, and leave nothing behind.
 * Stops stay until the position is flat. Pure.
 */
import { lots, marketLimitFor, metBy, mostLots, type OrderIntent, type OrderRecord, type Ticks } from '@hyperfleet/trading';
import {
  armedStopSz,
  isDone,
  isLive,
  isTakeProfit,
  isUnresolved,
  lastOf,
  nextAttempt,
  ofRole,
  outSide,
  type TradeSight,
} from '../sight.ts';
import type { Said, Step } from '../step.ts';
import { finish } from './finish.ts';
import { isTurnedAway, saidOfTurnedAway } from './turned-away.ts';

/** How long a part-filled entry's cancel waits for a stop of our own, since its child stop dies with it. */
const PROTECTION_WAIT_MS = 2_000;
/** How long a close waits for take-profits that are hard to cancel: it is an exit, whoever holds beside us. */
const TAKE_PROFITS_WAIT_MS = 5_000;
/** The bound of a close never gives away more than this. */
const WIDEST_CLOSE_PPM = 100_000;

/** The next close waits this long, doubling for each in a row that filled nothing, until the position is flat. */
const RETRY_MS = 250;
const RETRY_MS_MAX = 5_000;
/** For so long after a close that found nothing to reduce the account is read for the same; it may be a little behind. */
const SETTLE_MS = 3_000;
/** A side of the book that is empty is looked at again after this; it costs no request. */
const BOOK_MS = 100;

/** The next step of an exit, or null when the trade is not claimed by one. `claimedForMs` is how long it has been. */
export function nextExitStep(sight: TradeSight, claimedForMs: number): Step | null {
  const { trade } = sight;
  if (trade.exitClaimedBy === null || (trade.phase !== 'entering' && trade.phase !== 'open')) return null;
  return cancelEntry(sight, claimedForMs) ?? closePosition(sight, claimedForMs) ?? finish(sight);
}

function cancelEntry(sight: TradeSight, claimedForMs: number): Step | null {
  const entry = lastOf(sight, 'entry');
  if (entry === null || isDone(entry)) return null;
  if (isUnresolved(entry) || entry.cancelAsked) return { do: 'resolve', cloids: [entry.intent.cloid] };
  if (sight.openSz > 0 && armedStopSz(sight) < sight.openSz && claimedForMs < PROTECTION_WAIT_MS) return { do: 'ask-protection' };
  return {
    do: 'cancel',
    cloids: [entry.intent.cloid],
    patch: {},
    said: [{ event: 'entry cancelled', detail: { reason: sight.trade.exitClaimedBy, filledSz: sight.fills.entrySz } }],
  };
}

function closePosition(sight: TradeSight, claimedForMs: number): Step | null {
  const closes = ofRole(sight, 'close');
  const lost = closes.filter(isUnresolved);
  if (lost.length > 0) return { do: 'resolve', cloids: lost.map((order) => order.intent.cloid) };
  const heard = closes.filter((order) => !isTurnedAway(order));
  if (sight.othersSz > 0 && heard.length === 0 && claimedForMs < TAKE_PROFITS_WAIT_MS) {
    const step = endTakeProfits(sight);
    if (step !== null) return step;
  }
  // The first close that is heard goes at once: reduce-only caps it, unless others hold too. What it took, and what a stop or a
  // take-profit took meanwhile, must be known before another one is sized.
  if (!sight.fillsAreSynced && sight.openSz > 0 && (heard.length > 0 || sight.othersSz > 0)) return { do: 'sync-fills' };
  if (sight.openSz === 0) return null;
  const last = closes.at(-1);
  // The venue says there is nothing to reduce: it is flat whatever our books say, so read back and settle. Where it goes on showing
  // size, another hand has opened since, and the next close is due.
  if (last !== undefined && foundNothing(last) && sight.nowMs - last.recordedAtMs < SETTLE_MS)
    return { do: 'settle', status: 'closed', reason: sight.trade.exitClaimedBy };
  const restMs =
    last === undefined ? 0 : Math.min(RETRY_MS * 2 ** Math.max(0, inVain(closes) - 1), RETRY_MS_MAX) - (sight.nowMs - last.recordedAtMs);
  if (restMs > 0) return { do: 'wait', forMs: restMs };
  const order = closeOrder(sight, inVain(heard.filter((close) => !foundNothing(close))));
  if (order === null) return { do: 'wait', forMs: BOOK_MS };
  const loud = saidOfTurnedAway('close', closes);
  const said = [...loud, closeSaid(order)];
  return { do: 'place', approval: 'close', grouping: 'na', orders: [order], patch: {}, said, alert: loud.length > 0 };
}

/**
 * Where others hold of the coin too, reduce-only lets a close take theirs for what a take-profit has taken unheard: the take-profits go
 * first, and say what they took. Null when none may still fill.
 */
function endTakeProfits(sight: TradeSight): Step | null {
  const live = sight.orders.filter((order) => isTakeProfit(order) && isLive(order));
  const asked = live.filter((order) => isUnresolved(order) || order.cancelAsked);
  if (asked.length > 0) return { do: 'resolve', cloids: asked.map((order) => order.intent.cloid) };
  if (live.length === 0) return null;
  const said = [{ event: 'take-profits cancelled', detail: { count: live.length, othersSz: sight.othersSz } }];
  return { do: 'cancel', cloids: live.map((order) => order.intent.cloid), patch: {}, said };
}

/** Whether the venue has said of a close that it holds nothing for it to reduce. */
export const foundNothing = (close: OrderRecord): boolean => close.state === 'rejected' && /Reduce only/i.test(close.reason ?? '');

/** How many at the end of these filled nothing. */
const inVain = (closes: readonly OrderRecord[]): number => closes.length - 1 - closes.findLastIndex((order) => order.filledSz > 0);

const closeSaid = ({ sz, px, attempt }: OrderIntent): Said => ({ event: 'close sent', detail: { sz, px, attempt } });

/**
 * A close of all that is held, or of as much as one market order may be (PROTOCOL §5): the rest is the next one's. Null where nobody is
 * seen to take it. The `failed` closes heard before it filled nothing.
 */
function closeOrder(sight: TradeSight, failed: number): OrderIntent | null {
  const px = closeLimit(sight, failed);
  if (px === null) return null;
  const attempt = nextAttempt(sight, 'close');
  return {
    cloid: sight.cloidOf('close', attempt),
    coin: sight.trade.coin,
    role: 'close',
    attempt,
    side: outSide(sight),
    px,
    sz: lots(Math.min(sight.openSz, mostLots(sight.instrument, 'ioc', px))),
    reduceOnly: true,
    kind: { type: 'limit', tif: 'ioc' },
  };
}

/**
 * Takes a trade for an exit and sends its first close in one step, for a position that nothing holds: to hand it to the signal worker first
 * would cost its reaction. `beside` is the stop for what the close leaves. From there on the exit is the signal worker's, as it is from
 * the first close on where others hold of the coin too.
 */
export function exitNow(sight: TradeSight, by: string, how: { readonly said: Said; readonly beside: OrderIntent | null }): Step {
  const patch = { exitClaimedBy: by };
  const close = ofRole(sight, 'close').length === 0 && sight.othersSz === 0 ? closeOrder(sight, 0) : null;
  if (close === null) return { do: 'patch', patch, said: [how.said], alert: true };
  const orders = how.beside === null ? [close] : [close, how.beside];
  return { do: 'place', approval: 'close', grouping: 'na', orders, patch, said: [how.said, closeSaid(close)], alert: true };
}

/**
 * Slippage bound from the side of the book that the close meets, wider for each try that filled nothing. A book that is stale, or empty on
 * the other side, is better than no exit.
 */
function closeLimit(sight: TradeSight, failed: number): Ticks | null {
  const side = outSide(sight);
  const met = sight.view === null ? null : metBy(side, sight.view);
  if (met === null) return null;
  const widened = sight.settings.limits.marketSlippagePpm * (failed + (sight.fresh === null ? 2 : 1));
  return marketLimitFor(side, met, Math.min(widened, WIDEST_CLOSE_PPM), sight.instrument);
}
