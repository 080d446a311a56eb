/** When what is left of a part-filled entry goes. Pure. */
import { FINE_PER_TICK } from '@hyperfleet/trading';
import { isDone, isStop, isTakeProfit, isUnresolved, lastOf, remaining, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';

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
export function endRemainder(sight: TradeSight): Step | null {
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
