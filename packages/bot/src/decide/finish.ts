import { isDone, isLive, isUnresolved, lastOf, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';

const READ_AGAIN_MS = 400;

const lookAtFillsAgain = (sight: TradeSight): Step => {
  const restMs = READ_AGAIN_MS - (sight.nowMs - sight.fillsReadMs);
  return restMs > 0 ? { do: 'wait', forMs: restMs } : { do: 'sync-fills' };
};

/**
 * Ends a trade that is flat by our books: nothing of ours may rest or be in flight, then it is read back and settled.
 * Pure; null while there is size or the entry may still fill.
 */
export function finish(sight: TradeSight): Step | null {
  const entry = lastOf(sight, 'entry');
  if (entry === null || !isDone(entry) || sight.openSz > 0) return null;
  // The venue's word that the entry is done can come before its fills: what looks flat may hold size that a stop protects.
  if (sight.fills.entrySz < entry.intent.sz && entry.state !== 'rejected' && entry.state !== 'dead') {
    if (!sight.fillsAreSynced) return { do: 'sync-fills' };
    // And what is read may be older than that word. A gtc order is called filled only when all of it is: until its fills are in,
    // the stops stay.
    const owed = entry.state === 'filled' && sight.plan.tif === 'gtc';
    if (owed || !sight.fillsAreSettled) return lookAtFillsAgain(sight);
  }
  const left = sight.orders.filter((order) => isLive(order) && order !== entry);
  const unresolved = left.filter((order) => isUnresolved(order) || order.cancelAsked);
  if (unresolved.length > 0) return { do: 'resolve', cloids: unresolved.map((order) => order.intent.cloid) };
  if (left.length > 0) {
    return {
      do: 'cancel',
      cloids: left.map((order) => order.intent.cloid),
      patch: {},
      said: [{ event: 'orphans swept', detail: { count: left.length } }],
    };
  }
  if (sight.fills.entrySz > 0) return { do: 'settle', status: 'closed', reason: sight.trade.exitClaimedBy };
  if (entry.state === 'rejected') return { do: 'settle', status: 'failed', reason: entry.reason ?? 'the venue rejected the entry' };
  const reason = sight.trade.exitClaimedBy ?? sight.trade.remainderReason ?? entry.reason ?? 'the entry was cancelled by the venue';
  return { do: 'settle', status: 'expired', reason };
}
