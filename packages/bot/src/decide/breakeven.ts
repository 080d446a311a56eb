/** The move of the stop to breakeven, once in a trade's life. Pure. */
import { breakevenPrice, FINE_PER_TICK, midTwice, mulDiv, type Ticks } from '@hyperfleet/trading';
import { nextAttempt, ofRole, remaining, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';
import { tpRole } from './ladder.ts';
import { STOP_REST_MS, STOP_TRIES, stopIntent, trailingFailures } from './stop.ts';
import { restMsAfter } from './turned-away.ts';

/** The venue refreshes its mark about this often. */
const MARK_REFRESH_MS = 3_000;

/** The first leg as placed has filled wholly and size remains: the stop is to move, once. */
export function dueBreakeven(sight: TradeSight): Step | null {
  const { trade } = sight;
  const [first, second] = trade.ladder ?? [];
  if (!sight.settings.breakeven || trade.breakeven !== 'none' || sight.openSz === 0) return null;
  if (first === undefined || second === undefined) return null;
  const filled = ofRole(sight, tpRole(first.index)).reduce((sum, order) => sum + order.filledSz, 0);
  if (filled < first.sz) return null;
  return {
    do: 'patch',
    patch: { breakeven: 'due' },
    said: [{ event: 'tp1 filled', detail: { sz: first.sz, px: first.px, openSz: sight.openSz } }],
  };
}

export function moveToBreakeven(sight: TradeSight): Step | null {
  if (sight.trade.breakeven !== 'due' || sight.openSz === 0) return null;
  const resting = ofRole(sight, 'breakeven').find((order) => order.state === 'resting' && remaining(order) >= sight.openSz);
  if (resting !== undefined) {
    const { kind, sz } = resting.intent;
    const stopPx = kind.type === 'stop-market' ? kind.triggerPx : null;
    return {
      do: 'patch',
      patch: { breakeven: 'done', breakevenAtMs: sight.nowMs },
      said: [{ event: 'breakeven', detail: { stopPx, sz } }],
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
  const restMs = restMsAfter(ofRole(sight, 'breakeven'), sight.nowMs, STOP_REST_MS);
  if (restMs > 0) return { do: 'wait', forMs: restMs };
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
