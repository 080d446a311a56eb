import { lots } from '@hyperfleet/trading';
import { closable, type Holding, restingOf } from './account.ts';
import { anonymousBeside, depthTimeMs, ownBeside } from './coin-market.ts';
import type { StatusWord } from './contract.ts';
import { announce, type Core, setStatus, touchHolding } from './core.ts';
import { updateReserveOf } from './margin.ts';
import type { OrderRecord } from './order-record.ts';

/** Statuses that a parent's end hands down to its children; after any other they are `canceled`. */
const TAKES_CHILDREN: ReadonlySet<StatusWord> = new Set(['scheduledCancel', 'liquidatedCanceled']);

/** How long a stop that fired still counts as protection for what it has not filled. */
const FIRED_COUNTS_MS = 1000;

/** Adds to or takes from what an account's resting order reserves, or the list of its reduce-only orders. */
function countResting(order: OrderRecord, lotsDelta: number): void {
  if (order.reduceOnly) return;
  const side = restingOf(order.holding, order.sign);
  side.lots += lotsDelta;
  side.ntl += lotsDelta * order.px;
  updateReserveOf(order.holding, order.sign);
}

/** Puts an order on the book behind everything at its price, ours and recorded, and tells `open`. */
export function rest(core: Core, order: OrderRecord): void {
  order.phase = 'resting';
  order.account.open.add(order);
  joinBook(order);
  if (order.firedAtMs !== null) setStatus(core, order, 'open');
  else announce(core, order);
  if (!order.market.recorded) core.restless.add(order.market);
  if (order.reduceOnly) trimReduceOnly(core, order.holding);
}

/** Takes a place in the queue at the order's price; the depth recorded there stands before it (null: not visible). */
export function joinBook(order: OrderRecord): void {
  // In a gap, or before a first book, the depth is not known: all of the next book's stands before the order.
  const isVisible = order.market.recorded && !order.market.inGap;
  const depth = isVisible ? anonymousBeside(order.market, order.sign).rawAt(order.px) : null;
  const level = ownBeside(order.market, order.sign).add(order, order.px);
  order.queueAhead = depth;
  order.queuedAtMs = depthTimeMs(order.market);
  if (depth !== null) level.seenSz = depth;
  if (order.reduceOnly) order.holding.reduceOnly.add(order);
  else countResting(order, order.sz);
}

/** Leaves the book without any word to anybody. */
export function leaveBook(order: OrderRecord): void {
  ownBeside(order.market, order.sign).remove(order);
  if (order.reduceOnly) order.holding.reduceOnly.delete(order);
  else countResting(order, -order.sz);
}

/** Lessens an order by lots that just filled, keeping what it reserves in step. */
export function reduceSize(order: OrderRecord, filled: number): void {
  if (order.phase === 'resting') countResting(order, -filled);
  if (order.level !== null) order.level.sz -= filled;
  order.sz = lots(order.sz - filled);
}

/** Arms a trigger: from now on the mark can fire it. Its condition is looked at once when the running step allows. */
export function arm(core: Core, order: OrderRecord): void {
  const trigger = order.trigger;
  if (trigger === null) throw new Error(`order ${order.oid} is no trigger order`);
  order.phase = 'armed';
  order.account.open.add(order);
  order.holding.triggers.add(order);
  order.market.triggers[trigger.firesWhen].add(order, trigger.px);
  touchHolding(core, order.holding);
  core.armed.push(order);
}

/** Lists a child that waits for its parent. */
export function wait(core: Core, order: OrderRecord): void {
  order.phase = 'waiting';
  order.account.open.add(order);
  order.holding.triggers.add(order);
  announce(core, order);
}

/** Takes an armed trigger out because it fires; it is told and remembered as protection for a second. */
export function markFired(core: Core, order: OrderRecord): void {
  detach(order);
  order.phase = 'new';
  order.firedAtMs = core.nowMs;
  setStatus(core, order, 'triggered');
  touchHolding(core, order.holding);
  if (order.reduceOnly && order.trigger?.tpsl === 'sl') {
    order.holding.fired.push(order);
    core.nakedDeadlines.push({ atMs: core.nowMs + FIRED_COUNTS_MS, holding: order.holding });
  }
}

function detach(order: OrderRecord): void {
  if (order.phase === 'resting') leaveBook(order);
  if (order.phase === 'armed' && order.trigger !== null) order.market.triggers[order.trigger.firesWhen].remove(order);
  if (order.trigger !== null) order.holding.triggers.delete(order);
  order.account.open.remove(order);
}

/**
 * Ends an order with a status. Its children live or die with it (PROTOCOL §6): armed when it filled wholly, or when it had
 * filled in part and margin ended it; cancelled otherwise.
 */
export function finish(core: Core, order: OrderRecord, status: StatusWord): void {
  if (order.phase === 'done') return;
  if (order.trigger !== null) touchHolding(core, order.holding);
  detach(order);
  order.phase = 'done';
  setStatus(core, order, status);
  order.account.ended.push(order);
  if (!order.market.recorded) core.restless.add(order.market);
  if (order.children.length === 0) return;
  const whole = status === 'filled' && order.sz === 0;
  const armAnyway = status === 'marginCanceled' && order.sz < order.origSz;
  for (const child of [...order.children]) {
    if (child.phase !== 'waiting') continue;
    if (whole || armAnyway) {
      arm(core, child);
      setStatus(core, child, 'open');
    } else finish(core, child, TAKES_CHILDREN.has(status) ? status : 'canceled');
  }
}

/** Ends an order by the venue's own doing, which the user is also told of as `nonUserCancel` (PROTOCOL §9). */
export function cancelByVenue(core: Core, order: OrderRecord, status: StatusWord): void {
  if (order.phase === 'done') return;
  finish(core, order, status);
  core.events.push({ kind: 'nonUserCancel', user: order.account.user, coin: order.market.instrument.coin, oid: order.oid });
}

/** Cancels the siblings of an order that just filled (OCO, PROTOCOL §6). */
export function cancelSiblings(core: Core, order: OrderRecord): void {
  for (const sibling of order.siblings) if (sibling !== order) cancelByVenue(core, sibling, 'siblingFilledCanceled');
}

/**
 * Keeps reduce-only resting orders within the position: while they sum past it the oldest goes, and all go when the
 * position is flat or on the other side (PROTOCOL §6).
 */
export function trimReduceOnly(core: Core, holding: Holding): void {
  if (holding.reduceOnly.size === 0) return;
  let sum = 0;
  for (const order of holding.reduceOnly) {
    if (closable(holding, order.sign) > 0) sum += order.sz;
  }
  for (const order of [...holding.reduceOnly]) {
    const room = closable(holding, order.sign);
    if (room > 0 && sum <= room) continue;
    if (room > 0) sum -= order.sz;
    cancelByVenue(core, order, 'reduceOnlyCanceled');
  }
}

/** After a position closed or turned: position TP/SL on the closed side end (PROTOCOL §6). */
export function endPositionTpsl(core: Core, holding: Holding): void {
  if (holding.triggers.size === 0) return;
  for (const order of [...holding.triggers]) {
    if (order.isPositionTpsl && order.phase === 'armed' && closable(holding, order.sign) === 0)
      cancelByVenue(core, order, 'reduceOnlyCanceled');
  }
}
