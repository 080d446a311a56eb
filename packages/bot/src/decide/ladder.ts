/** The take-profits of a trade whose entry is done. Pure. */
import { lots, type OrderIntent, type OrderRole, splitLadder, type Ticks } from '@hyperfleet/trading';
import { isLive, isTakeProfit, isUnresolved, nextAttempt, ofRole, outSide, remaining, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';

/** A take-profit the venue refuses is tried this often; the stop protects what it would have closed. */
const TAKE_PROFIT_TRIES = 3;

export const tpRole = (index: number): OrderRole => `tp${index}` as OrderRole;

/** Take-profits whose answer was lost: asked about before anything is placed beside them. */
export function resolveTakeProfits(sight: TradeSight): Step | null {
  const lost = sight.orders.filter((order) => isTakeProfit(order) && isUnresolved(order));
  return lost.length > 0 ? { do: 'resolve', cloids: lost.map((order) => order.intent.cloid) } : null;
}

export function placeLadder(sight: TradeSight): Step | null {
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
