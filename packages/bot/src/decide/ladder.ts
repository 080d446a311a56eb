/** The take-profits of a trade whose entry is done. Pure. */
import {
  type Lots,
  lots,
  notional,
  type OrderIntent,
  type OrderRecord,
  type OrderRole,
  splitLadder,
  type Ticks,
} from '@hyperfleet/trading';
import { isLive, isTakeProfit, isUnresolved, nextAttempt, ofRole, outSide, remaining, type TradeSight } from '../sight.ts';
import type { Step } from '../step.ts';
import { isTurnedAway, restMsAfter } from './turned-away.ts';

/** A take-profit the venue refuses is tried this often; the stop protects what it would have closed. */
const TAKE_PROFIT_TRIES = 3;
/** One that was turned away is sent again at least this often. */
const TAKE_PROFIT_REST_MS = 30_000;

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
  const grown = growLadder(sight, trade.ladder);
  if (grown !== null) return grown;
  const missing = missingLegs(sight, trade.ladder).find(({ restMs }) => restMs <= 0);
  if (missing === undefined) return null;
  const { leg, sz, last, refusals } = missing;
  // The venue ends what a position that shrinks no longer needs, and says so before it tells of the fill.
  if (last.state === 'canceled' && !sight.fillsAreSynced) return { do: 'sync-fills' };
  const isLastTry = refusals === TAKE_PROFIT_TRIES - 1;
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [takeProfit(sight, leg.index, leg.px, sz)],
    patch: {},
    said: [
      { event: isLastTry ? 'take-profit refused, last try' : 'take-profit sent again', detail: { leg: leg.index, reason: last.reason } },
    ],
    alert: isLastTry,
  };
}

/** What the entry has given since the ladder was placed, in a fill just before its end that was told after it, is the last leg's. */
function growLadder(sight: TradeSight, ladder: readonly Leg[]): Step | null {
  const last = ladder.at(-1);
  if (last === undefined) return null;
  let sz = sight.openSz as number;
  for (const leg of ladder) sz -= leg.sz;
  for (const order of sight.orders) if (isTakeProfit(order)) sz += order.filledSz;
  if (sz <= 0 || notional(last.px, lots(sz)) < sight.settings.limits.minNotional) return null;
  return {
    do: 'place',
    approval: 'protection',
    grouping: 'na',
    orders: [takeProfit(sight, last.index, last.px, lots(sz))],
    patch: { ladder: [...ladder.slice(0, -1), { ...last, sz: lots(last.sz + sz) }] },
    said: [{ event: 'take-profit added', detail: { leg: last.index, sz } }],
  };
}

/** Waits for the time at which a leg that was turned away is sent again; null where there is none. */
export function awaitLadder(sight: TradeSight): Step | null {
  const { trade } = sight;
  if (trade.phase !== 'open' || sight.openSz === 0 || trade.ladder === null) return null;
  const rests = missingLegs(sight, trade.ladder).map(({ restMs }) => restMs);
  return rests.length > 0 ? { do: 'wait', forMs: Math.min(...rests) } : null;
}

type Leg = NonNullable<TradeSight['trade']['ladder']>[number];

interface MissingLeg {
  readonly leg: Leg;
  /** What of it has not filled and no other leg holds. */
  readonly sz: Lots;
  readonly last: OrderRecord;
  /** Times the venue has refused or ended it: what never arrived or was turned away is no judgement of it. */
  readonly refusals: number;
  readonly restMs: number;
}

/** Legs of which nothing stands, and which are not given up. */
function missingLegs(sight: TradeSight, ladder: readonly Leg[]): MissingLeg[] {
  let free = sight.openSz as number;
  for (const order of sight.orders) if (isTakeProfit(order) && isLive(order)) free -= remaining(order);
  return ladder.flatMap((leg) => {
    const tries = ofRole(sight, tpRole(leg.index));
    const last = tries.at(-1);
    if (last === undefined || !(isRefused(last) || isTurnedAway(last) || last.state === 'dead')) return [];
    const refusals = tries.filter(isRefused).length;
    const filled = tries.reduce((sum, order) => sum + order.filledSz, 0);
    const sz = lots(Math.min(leg.sz - filled, free));
    const isWorthIt = sz > 0 && notional(leg.px, sz) >= sight.settings.limits.minNotional;
    if (refusals >= TAKE_PROFIT_TRIES || !isWorthIt) return [];
    return [{ leg, sz, last, refusals, restMs: restMsAfter(tries, sight.nowMs, TAKE_PROFIT_REST_MS) }];
  });
}

/** Refused for what it is, or ended by the venue or another hand while it stood. */
const isRefused = (order: OrderRecord): boolean =>
  (order.state === 'rejected' && !isTurnedAway(order)) || (order.state === 'canceled' && !order.cancelAsked);

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
