/** What the venue tells when asked, brought into the ledger. */
import {
  closeSide,
  type Fill,
  type FillRecord,
  type LedgerEvent,
  mayBeLive,
  type OpenOrder,
  type OrderState,
  type OrderUpdate,
} from '@hyperfleet/trading';
import { NOT_LISTED } from './decide/stop.ts';
import type { LoopDeps } from './settings.ts';
import { isUnresolved, type TradeSight } from './sight.ts';

/** Fills are read again from this long before the watermark, since a stream may have passed an older one by; three reconcile intervals. */
const WATERMARK_OVERLAP_MS = 180_000;

/** Brings fills into the ledger and gives those that no order explains to the trade they reduced. Returns the new ones. */
export function takeFills(deps: LoopDeps, fills: readonly Fill[], watermarkMs: number | null): readonly FillRecord[] {
  const { ledger, settings } = deps;
  const fresh = ledger.recordFills(settings.id, settings.accountAddress, fills, watermarkMs);
  for (const fill of fresh) {
    if (fill.tradeId !== null) {
      deps.report({
        kind: 'trade',
        tradeId: fill.tradeId,
        coin: fill.coin,
        what: 'fill',
        detail: { role: fill.role, side: fill.side, px: fill.px, sz: fill.sz, dir: fill.dir },
        atMs: deps.clock.now(),
      });
      continue;
    }
    assignToOpenTrade(deps, fill);
  }
  return fresh;
}

/** A liquidation, an auto-deleveraging or a close by hand reduces a trade of ours without an order of ours. */
function assignToOpenTrade(deps: LoopDeps, fill: FillRecord): void {
  const { ledger, settings, clock } = deps;
  const trade = ledger
    .activeTrades(settings.id)
    .find((candidate) => candidate.coin === fill.coin && candidate.direction !== null && closeSide(candidate.direction) === fill.side);
  const atMs = clock.now();
  if (trade === undefined) {
    const detail = { coin: fill.coin, side: fill.side, px: fill.px, sz: fill.sz, dir: fill.dir };
    ledger.record({ bot: settings.id, tradeId: null, atMs, event: 'foreign fill', detail });
    deps.report({ kind: 'alert', phrase: 'foreign fill', detail });
    return;
  }
  const sums = ledger.fillSums(trade.tradeId);
  if (sums.entrySz - sums.exitSz <= 0) return;
  ledger.assignFill(settings.accountAddress, fill, trade.tradeId);
  const event: LedgerEvent = {
    bot: settings.id,
    tradeId: trade.tradeId,
    atMs,
    event: fill.liquidation ? 'liquidated by the venue' : 'closed from outside',
    detail: { px: fill.px, sz: fill.sz, dir: fill.dir },
  };
  ledger.record(event);
  deps.report({ kind: 'alert', phrase: event.event, detail: { coin: fill.coin, ...event.detail } });
}

/** Reads fills since the watermark, with overlap, and moves it. */
export async function syncFills(deps: LoopDeps): Promise<void> {
  const { ledger, reads, settings, clock } = deps;
  const known = ledger.watermark(settings.accountAddress);
  const readAtMs = clock.now();
  const fills = await reads.fillsSince(known === null ? 0 : Math.max(0, known - WATERMARK_OVERLAP_MS));
  const newest = fills.reduce((max, fill) => Math.max(max, fill.timeMs), known ?? 0);
  takeFills(deps, fills, Math.min(newest, readAtMs));
}

/** What an open order on the venue says of the state of ours. */
export function stateOfOpenOrder(order: OpenOrder): OrderState {
  return order.waitingForParent ? 'waiting' : 'resting';
}

/** Applies the open orders to a trade's orders. True when the state of any moved or its oid came to be known. */
export async function readOpenOrders(deps: LoopDeps, sight: TradeSight): Promise<boolean> {
  const open = await deps.reads.openOrders();
  const byCloid = new Map(open.flatMap((order) => (order.cloid === null ? [] : [[order.cloid, order] as const])));
  let moved = false;
  for (const order of sight.orders) {
    if (!mayBeLive(order.state)) continue;
    const found = byCloid.get(order.intent.cloid);
    if (found !== undefined) {
      const state = stateOfOpenOrder(found);
      moved ||= state !== order.state || order.oid !== found.oid;
      deps.ledger.applyOrderNews(order.intent.cloid, { state, oid: found.oid });
      continue;
    }
    const isChild = order.intent.role === 'stop';
    if (order.state === 'intent' && !isChild) continue;
    const known = await deps.reads.orderByCloid(order.intent.cloid, order.intent.coin);
    if (known.kind === 'unknown-oid') {
      if (!isChild || !isUnresolved(order)) continue;
      moved ||= order.reason !== NOT_LISTED;
      deps.ledger.applyOrderNews(order.intent.cloid, { state: 'unknown', reason: NOT_LISTED });
      continue;
    }
    const next = orderStateOf(known.status);
    moved ||= next !== order.state;
    deps.ledger.applyOrderNews(order.intent.cloid, { state: next, oid: known.oid, reason: known.word });
  }
  return moved;
}

/** The venue's folded status as a state of ours. `open` means on the book; a waiting child is told apart by its parent. */
export function orderStateOf(status: OrderUpdate['status']): OrderState {
  switch (status) {
    case 'open':
      return 'resting';
    case 'triggered':
    case 'filled':
    case 'canceled':
    case 'rejected':
      return status;
    default:
      return assertNever(status);
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${String(value)}`);
}
