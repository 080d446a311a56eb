import { formatDecimal, lots, priceDecimals } from '@hyperfleet/trading';
import { type Account, closable, holdingOf } from './account.ts';
import { bestAgainst } from './coin-market.ts';
import type { ActionReply, OrderInput, OrderStatusReply, VenueAction } from './contract.ts';
import { type Core, createOrder } from './core.ts';
import { finish, rest, wait } from './lifecycle.ts';
import type { OrderRecord } from './order-record.ts';
import { take } from './taking.ts';
import { placeTrigger, settleArmed } from './triggers.ts';
import { judge, type ParsedOrder, type Refusal, responseDecimal, validate } from './validation.ts';

type OrderAction = Extract<VenueAction, { type: 'order' }>;

const withCloid = (order: OrderRecord): { oid: number; cloid?: string } =>
  order.cloid === null ? { oid: order.oid } : { oid: order.oid, cloid: order.cloid };

/** Statuses of one order action, as a reply. */
export const orderReply = (statuses: readonly OrderStatusReply[]): ActionReply => ({
  status: 'ok',
  response: { type: 'order', data: { statuses } },
});

function record(core: Core, account: Account, parsed: ParsedOrder, isPositionTpsl: boolean): OrderRecord {
  const { input, market, px, trigger, builder } = parsed;
  // A reduce-only order larger than the position is silently capped; a trigger is only when it fires (PROTOCOL §6).
  const room = closable(holdingOf(account, market), parsed.sign);
  const sz = input.reduceOnly && trigger === null && room > 0 ? lots(Math.min(parsed.sz, room)) : parsed.sz;
  return createOrder(core, {
    account,
    market,
    side: input.side,
    px,
    sz,
    reduceOnly: input.reduceOnly,
    cloid: input.cloid === null ? null : input.cloid.toLowerCase(),
    tif: input.type.kind === 'limit' ? input.type.tif : null,
    trigger,
    isPositionTpsl,
    builder,
  });
}

function refuseOrder(core: Core, order: OrderRecord, refusal: Refusal): OrderStatusReply {
  finish(core, order, refusal.status);
  core.totals.rejected += 1;
  return { error: `${refusal.text} asset=${order.market.instrument.assetId}` };
}

/** Executes an accepted limit order at its turn and says what became of it. */
function executeLimit(core: Core, order: OrderRecord): OrderStatusReply {
  const before = order.sz;
  const liquid = order.tif !== 'FrontendMarket' || bestAgainst(order.market, order.sign) !== null;
  if (order.tif !== 'Alo') take(core, order);
  const filled = before - order.sz;
  const immediate = order.tif === 'Ioc' || order.tif === 'FrontendMarket';
  if (immediate && filled === 0) {
    return refuseOrder(
      core,
      order,
      !liquid
        ? { text: 'No liquidity available for market order.', status: 'marketOrderNoLiquidityRejected' }
        : { text: 'Order could not immediately match against any resting orders.', status: 'iocCancelRejected' },
    );
  }
  core.totals.accepted += 1;
  if (order.phase !== 'done') {
    const reduced = order.reduceOnly && closable(order.holding, order.sign) === 0;
    if (immediate || reduced) finish(core, order, filled > 0 ? 'filled' : 'reduceOnlyCanceled');
    else rest(core, order);
  }
  return filled === 0 ? { resting: withCloid(order) } : { filled: filledReply(order, filled) };
}

/** The average is exact and truncated to the asset's price decimals (PROTOCOL §3). */
function filledReply(order: OrderRecord, filled: number): { totalSz: string; avgPx: string; oid: number; cloid?: string } {
  const { instrument } = order.market;
  const average = (order.filledNtl - (order.filledNtl % filled)) / filled;
  return {
    totalSz: responseDecimal(filled, instrument.szDecimals),
    avgPx: responseDecimal(average, priceDecimals(instrument)),
    ...withCloid(order),
  };
}

/** One order on its own: judged, recorded, executed. */
export function placeOne(core: Core, account: Account, parsed: ParsedOrder, isPositionTpsl: boolean): OrderStatusReply {
  const refusal = judge(core, account, parsed, false);
  const order = record(core, account, parsed, isPositionTpsl);
  if (refusal !== null) return refuseOrder(core, order, refusal);
  if (order.trigger === null) {
    const reply = executeLimit(core, order);
    settleArmed(core);
    return reply;
  }
  core.totals.accepted += 1;
  placeTrigger(core, order);
  if (!isPositionTpsl) settleArmed(core);
  return isPositionTpsl ? 'waitingForTrigger' : { resting: withCloid(order) };
}

/** Position TP/SL: the orders of one action are siblings; a size of 0 follows the position. */
function placePositionTpsl(core: Core, account: Account, orders: readonly ParsedOrder[]): OrderStatusReply[] {
  const first = core.nextOid;
  const statuses = orders.map((parsed) => placeOne(core, account, parsed, true));
  const group: OrderRecord[] = [];
  for (let oid = first; oid < first + orders.length; oid++) {
    const order = account.open.get(oid);
    if (order !== null) group.push(order);
  }
  for (const order of group) order.siblings = group;
  settleArmed(core);
  return statuses;
}

/**
 * A parent and its children. The children are listed before the parent executes, so that a parent that fills at once arms
 * them within the same step. A refused parent takes its children with it.
 */
function placeBracket(core: Core, account: Account, orders: readonly ParsedOrder[]): OrderStatusReply[] {
  const [main, ...rest] = orders;
  if (main === undefined) return [];
  const refusal = judge(core, account, main, false);
  const parent = record(core, account, main, false);
  const children = rest.map((parsed) => ({ order: record(core, account, parsed, false), refusal: judge(core, account, parsed, true) }));
  if (refusal !== null) {
    const reply = refuseOrder(core, parent, refusal);
    for (const child of children) refuseChild(core, child.order);
    return [reply, ...children.map(() => reply)];
  }
  const good = children.filter((child) => child.refusal === null).map((child) => child.order);
  parent.children = good;
  for (const child of good) {
    child.siblings = good;
    wait(core, child);
  }
  const reply = executeLimit(core, parent);
  const refusedNow = typeof reply === 'object' && 'error' in reply;
  const statuses = children.map(({ order, refusal: childRefusal }): OrderStatusReply => {
    if (childRefusal !== null) return refuseOrder(core, order, childRefusal);
    if (refusedNow) {
      core.totals.rejected += 1;
      return reply;
    }
    core.totals.accepted += 1;
    return order.phase === 'armed' ? 'waitingForTrigger' : 'waitingForFill';
  });
  settleArmed(core);
  return [reply, ...statuses];
}

function refuseChild(core: Core, order: OrderRecord): void {
  finish(core, order, 'rejected');
  core.totals.rejected += 1;
}

/** What is wrong with how a batch is put together, in the venue's words, or null (PROTOCOL §3). */
function groupingError({ orders, grouping }: OrderAction): string | null {
  if (orders.length === 0) return 'Orders are empty.';
  if (grouping === 'na') return null;
  const triggers = orders.filter((order) => order.type.kind === 'trigger');
  switch (grouping) {
    case 'normalTpsl':
      if (orders[0]?.type.kind === 'trigger') return 'Main order cannot be trigger order.';
      if (orders.length < 2 || triggers.length !== orders.length - 1) return 'Unexpected number of trigger orders';
      return allReduceOnly(triggers);
    case 'positionTpsl':
      if (orders.length > 2 || triggers.length !== orders.length) return 'Unexpected number of trigger orders';
      return allReduceOnly(triggers);
    default:
      return assertNever(grouping);
  }
}

const allReduceOnly = (triggers: readonly OrderInput[]): string | null =>
  triggers.every((order) => order.reduceOnly) ? null : 'TP/SL orders must be reduce only.';

function assertNever(value: never): never {
  throw new Error(`unexpected grouping ${JSON.stringify(value)}`);
}

/** One order of an action with the action's builder, or the text that refuses the whole batch. */
function validated(core: Core, input: OrderInput, { grouping, builder }: OrderAction): ParsedOrder | string {
  const result = validate(core, input, grouping === 'positionTpsl');
  return typeof result === 'string' || builder == null ? result : { ...result, builder };
}

/** Executes an order action: static validation of the whole batch first, one failure refusing it all, then in sequence. */
export function placeOrders(core: Core, account: Account, action: OrderAction): ActionReply {
  const wrong = groupingError(action);
  if (wrong !== null) return refuseBatch(core, action, wrong);
  const first = action.orders[0];
  // Nine actions of ten are one plain order: no lists for it.
  if (first !== undefined && action.orders.length === 1 && action.grouping === 'na') {
    const order = validated(core, first, action);
    return typeof order === 'string' ? refuseBatch(core, action, order) : orderReply([placeOne(core, account, order, false)]);
  }
  const parsed: ParsedOrder[] = [];
  for (const input of action.orders) {
    const order = validated(core, input, action);
    if (typeof order === 'string') return refuseBatch(core, action, order);
    parsed.push(order);
  }
  switch (action.grouping) {
    case 'na':
      return orderReply(parsed.map((order) => placeOne(core, account, order, false)));
    case 'normalTpsl':
      return orderReply(placeBracket(core, account, parsed));
    case 'positionTpsl':
      return orderReply(placePositionTpsl(core, account, parsed));
    default:
      return assertNever(action.grouping);
  }
}

/** A batch refused before execution: one error for all of it, no order exists (PROTOCOL §4). */
function refuseBatch(core: Core, action: OrderAction, text: string): ActionReply {
  core.totals.rejected += action.orders.length;
  return orderReply([{ error: text }]);
}

/** Volume as the venue's texts write it, dollars with cents cut off zeros. */
export const dollars = (microUsd: number): string => formatDecimal((microUsd - (microUsd % 10_000)) / 10_000, 2);
