import { type FillRecord, lots, type OrderRecord, type OrderRole, type Projection, type Trade } from '@hyperfleet/trading';
import type { FillTable } from './fill-table.ts';
import type { OrderTable } from './order-table.ts';

/** Roles whose completion other programs are told the time of. */
const COMPLETED_ROLES: readonly OrderRole[] = ['entry', 'tp1', 'tp2', 'tp3', 'tp4', 'tp5'];

/** An entry is complete when all of it filled, or when its remainder is gone and the trade went on with what filled. */
function isComplete(role: OrderRole, trade: Trade, orders: readonly OrderRecord[]): boolean {
  if (role === 'entry' && (trade.phase === 'open' || trade.phase === 'settled')) return true;
  return orders.some((order) => order.intent.role === role && order.filledSz >= order.intent.sz);
}

function completionTimes(trade: Trade, orders: readonly OrderRecord[], fills: readonly FillRecord[]): Projection['filledAtMs'] {
  const times: Partial<Record<OrderRole, number>> = {};
  for (const role of COMPLETED_ROLES) {
    const own = fills.filter((fill) => fill.role === role);
    if (own.length > 0 && isComplete(role, trade, orders)) times[role] = Math.max(...own.map((fill) => fill.timeMs));
  }
  return times;
}

/** All that another program may read about a trade, gathered from the ledger. */
export function projectionOf(ledgerId: string, trade: Trade, tables: { orders: OrderTable; fills: FillTable }): Projection {
  const sums = tables.fills.sums(trade.tradeId);
  return {
    ledgerId,
    trade,
    orderIds: tables.orders.oidsByRole(trade.tradeId),
    filledAtMs: completionTimes(trade, tables.orders.ofTrade(trade.tradeId), tables.fills.ofTrade(trade.tradeId)),
    fills: sums,
    openSz: lots(sums.entrySz - sums.exitSz),
  };
}
