import { type FineTicks, lots } from '@hyperfleet/trading';
import { closable } from './account.ts';
import { bestAgainst, type CoinMarket } from './coin-market.ts';
import { beginTransaction, type Core, setStatus } from './core.ts';
import { arm, cancelByVenue, finish, markFired, rest } from './lifecycle.ts';
import { canAfford } from './margin.ts';
import { isReached, type OrderRecord } from './order-record.ts';
import { take } from './taking.ts';

const isDue = (order: OrderRecord, mark: FineTicks): boolean => order.trigger !== null && isReached(order.trigger, mark);

/** Fires every trigger the mark has reached, most reached first (PROTOCOL §6). None in a gap. */
export function judgeTriggers(core: Core, market: CoinMarket): void {
  const { mark } = market;
  if (mark === null || market.inGap) return;
  const due: OrderRecord[] = [];
  for (const ladder of [market.triggers.below, market.triggers.above]) {
    ladder.walk((level) => {
      for (let order = level.head; order !== null; order = order.next) if (isDue(order, mark)) due.push(order);
      return due.length > 0 && due[due.length - 1]?.level === level;
    });
  }
  for (const order of due) if (order.phase === 'armed') fireAlone(core, order);
}

/** Looks once at triggers armed in this step: one that is already true fires at once (PROTOCOL §6, §11). */
export function settleArmed(core: Core): void {
  while (core.armed.length > 0) {
    const armed = core.armed;
    core.armed = [];
    for (const order of armed) {
      const { mark, inGap } = order.market;
      if (order.phase === 'armed' && !inGap && mark !== null && isDue(order, mark)) fireAlone(core, order);
    }
  }
}

/** A trigger trades in a transaction of its own, whatever runs when it fires. */
function fireAlone(core: Core, order: OrderRecord): void {
  const { hash, hashNth } = core;
  beginTransaction(core);
  fire(core, order);
  core.hash = hash;
  core.hashNth = hashNth;
}

/** A trigger fires: a market one executes as an Ioc bounded by its price, a limit one as a Gtc at it, under the same oid. */
function fire(core: Core, order: OrderRecord): void {
  markFired(core, order);
  const room = closable(order.holding, order.sign);
  if (order.reduceOnly) {
    if (room === 0) {
      cancelByVenue(core, order, 'reduceOnlyCanceled');
      return;
    }
    order.sz = lots(order.tracksPosition ? room : Math.min(order.sz, room));
    if (order.tracksPosition) order.origSz = order.sz;
  } else if (!canAfford(order.holding, order.sign, order.sz, order.px)) {
    cancelByVenue(core, order, 'marginCanceled');
    return;
  }
  const before = order.sz;
  const liquid = bestAgainst(order.market, order.sign) !== null;
  take(core, order);
  if (order.phase === 'done') return;
  if (order.trigger?.isMarket !== true) rest(core, order);
  else if (order.sz < before) finish(core, order, 'filled');
  else finish(core, order, liquid ? 'iocCancelRejected' : 'marketOrderNoLiquidityRejected');
}

/** Lists a stand-alone or position trigger as open and arms it. */
export function placeTrigger(core: Core, order: OrderRecord): void {
  order.announced = true;
  arm(core, order);
  setStatus(core, order, 'open');
}
