/** A stop no larger than what it is for, where others hold of the coin too: reduce-only would let it sell theirs. Pure. */
import { isArmed, isDone, lastOf, ofRole, remaining, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';
import { ownStop, STOP_REST_MS, trailingFailures } from './stop.ts';
import { restMsAfter } from './turned-away.ts';

/**
 * One of the right size beside one that is too large, at its trigger; the large one goes as spare when it rests. Where the venue refuses
 * it, the large one stays: ours is held by it.
 */
export function fitStop(sight: TradeSight): Step | null {
  const entry = lastOf(sight, 'entry');
  if (sight.openSz === 0 || sight.othersSz === 0 || entry === null || !isDone(entry)) return null;
  const armed = sight.orders.filter(isArmed);
  const large = armed.findLast((order) => remaining(order) > sight.openSz);
  if (large?.intent.kind.type !== 'stop-market' || armed.some((order) => remaining(order) === sight.openSz)) return null;
  const isRefused = trailingFailures(sight, ['own-stop']).count > 0;
  if (isRefused || restMsAfter(ofRole(sight, 'own-stop'), sight.nowMs, STOP_REST_MS) > 0) return null;
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [ownStop(sight, large.intent.kind.triggerPx)],
    patch: {},
    said: [{ event: 'stop cut to what is ours', detail: { sz: sight.openSz, ofSz: remaining(large), othersSz: sight.othersSz } }],
  };
}
