/** What the venue tells when asked, brought into the ledger. */
import {
  closeSide,
  type Fill,
  type FillRecord,
  type LedgerEvent,
  type Lots,
  lots,
  mayBeLive,
  type OpenOrder,
  type OrderState,
  type OrderUpdate,
  type Trade,
} from '@hyperfleet/trading';
import { NOT_LISTED } from './decide/stop.ts';
import { leaveExcess, shareIn } from './excess.ts';
import type { LoopDeps } from './settings.ts';
import { isUnresolved, type TradeSight } from './sight.ts';

/** Fills are read again from this long before the watermark, since a stream may have passed an older one by; three reconcile intervals. */
const WATERMARK_OVERLAP_MS = 180_000;

/** Foreign fills known of at once that are told one by one; more are told in one: a wallet with a past has thousands. */
const TOLD_ONE_BY_ONE = 10;

/** How often a fill is judged anew where the trade it fits has just been written to. */
const JUDGE_TRIES = 3;
/** For so long a fill that fits a trade of which nothing is held waits for the fills of that trade's entry, ms. */
const ENTRY_FILLS_LATE_MS = 10_000;

/** What fills are taken and judged with. */
type FillDeps = Pick<LoopDeps, 'ledger' | 'settings' | 'clock' | 'report'>;

/**
 * Brings fills that were heard of one by one into the ledger and gives those that no order explains to the trade they reduced. Returns the
 * new ones.
 */
export function takeFills(deps: FillDeps, fills: readonly Fill[], watermarkMs: number | null): readonly FillRecord[] {
  const fresh = recordFills(deps, fills, watermarkMs);
  judgeFills(deps, Number.NEGATIVE_INFINITY);
  return fresh;
}

function recordFills(deps: FillDeps, fills: readonly Fill[], watermarkMs: number | null): readonly FillRecord[] {
  const { ledger, settings } = deps;
  const fresh = ledger.recordFills(settings.id, settings.accountAddress, fills, watermarkMs);
  for (const { tradeId, coin, role, side, px, sz, dir } of fresh) {
    if (tradeId === null) continue;
    deps.report({ kind: 'trade', tradeId, coin, what: 'fill', detail: { role, side, px, sz, dir }, atMs: deps.clock.now() });
    // Nobody looks at a trade that is over: what a fill told late makes too much is left at once.
    if (ledger.trade(tradeId)?.phase === 'settled') leaveExcess(deps, tradeId);
  }
  return fresh;
}

/**
 * Says of each fill that no order explains whose it is: our trade's, which a liquidation, an auto-deleveraging or a close by hand
 * reduces without an order of ours, or somebody else's. Through `wholeMs` every fill is known, by a read of them all.
 */
function judgeFills(deps: FillDeps, wholeMs: number): void {
  const { ledger, settings } = deps;
  const foreign: FillRecord[] = [];
  for (const fill of ledger.unjudgedFills(settings.id)) {
    let judged = judge(deps, fill, wholeMs);
    // The other worker has just written to this trade: what it holds is looked at again.
    for (let tries = 1; judged === 'outdated' && tries < JUDGE_TRIES; tries += 1) judged = judge(deps, fill, wholeMs);
    if (judged === 'foreign') foreign.push(fill);
  }
  leaveForeign(deps, foreign);
}

function judge(deps: FillDeps, fill: FillRecord, wholeMs: number): 'ours' | 'foreign' | 'waits' | 'outdated' {
  const { ledger, settings, clock } = deps;
  const trade = ledger
    .activeTrades(settings.id)
    .find(({ coin, direction }) => coin === fill.coin && direction !== null && closeSide(direction) === fill.side);
  if (trade === undefined) return 'foreign';
  const heldLots = heldAt(ledger.fills(trade.tradeId), fill.timeMs);
  // What it reduced may be of an entry whose own fills are still to come.
  if (heldLots <= 0) return startOn(fill) > 0 && clock.now() - fill.timeMs < ENTRY_FILLS_LATE_MS ? 'waits' : 'foreign';
  // What is beyond our trade's may be of its entry too, in a fill that went by unheard.
  if (startOn(fill) > heldLots && fill.timeMs > wholeMs && mayHaveFilledMore(deps, trade)) return 'waits';
  const sz = shareOf(fill, heldLots);
  if (sz <= 0) return 'foreign';
  return assignShare(deps, trade, fill, sz) ? 'ours' : 'outdated';
}

/** Lots of the position before the fill, on the side the fill takes from; below zero on the other. */
const startOn = (fill: FillRecord): number => (fill.side === 'sell' ? fill.startPosition : -fill.startPosition);

/** Whether the venue may have filled more of a trade's entry than is known. */
function mayHaveFilledMore({ ledger }: FillDeps, { tradeId }: Trade): boolean {
  const entry = ledger.orders(tradeId).findLast(({ intent }) => intent.role === 'entry');
  return entry !== undefined && entry.filledSz < entry.intent.sz && entry.state !== 'rejected' && entry.state !== 'dead';
}

/** Lots that a trade held through a moment, by its fills. */
function heldAt(fills: readonly FillRecord[], timeMs: number): number {
  let held = 0;
  for (const fill of fills) if (fill.timeMs <= timeMs) held += fill.role === 'entry' ? fill.tradeSz : -fill.tradeSz;
  return held;
}

/**
 * Lots of a fill that reduce our trade. The venue has one position a coin and says what it was before the fill (PROTOCOL §7): what is
 * beyond our trade's is somebody else's, and goes first, so that ours stays held by its stop.
 */
function shareOf(fill: FillRecord, heldLots: number): Lots {
  const foreign = Math.max(0, startOn(fill) - heldLots);
  return lots(Math.min(fill.sz - foreign, heldLots));
}

function assignShare(deps: FillDeps, trade: Trade, fill: FillRecord, sz: Lots): boolean {
  const { ledger, settings, clock } = deps;
  const event: LedgerEvent = {
    bot: settings.id,
    tradeId: trade.tradeId,
    atMs: clock.now(),
    event: fill.liquidation ? 'liquidated by the venue' : 'closed from outside',
    detail: { px: fill.px, sz, ...(sz === fill.sz ? {} : { ofSz: fill.sz }), dir: fill.dir },
  };
  if (!ledger.assignFill(settings.accountAddress, fill, shareIn(fill, trade.tradeId, sz), trade.version, [event])) return false;
  deps.report({ kind: 'alert', phrase: event.event, detail: { coin: fill.coin, ...event.detail } });
  return true;
}

function leaveForeign(deps: FillDeps, foreign: readonly FillRecord[]): void {
  const { ledger, settings, clock } = deps;
  const leave = (fills: readonly FillRecord[], phrase: string, detail: LedgerEvent['detail']): void => {
    const event: LedgerEvent = { bot: settings.id, tradeId: null, atMs: clock.now(), event: phrase, detail };
    if (ledger.leaveFills(settings.accountAddress, fills, [event]) > 0) deps.report({ kind: 'alert', phrase, detail });
  };
  if (foreign.length > TOLD_ONE_BY_ONE) {
    const coins = [...new Set(foreign.map(({ coin }) => coin))].sort().join(',');
    leave(foreign, 'foreign fills', { count: foreign.length, coins });
    return;
  }
  for (const fill of foreign) {
    const { coin, side, px, sz, dir } = fill;
    leave([fill], 'foreign fill', { coin, side, px, sz, dir });
  }
}

/** Reads fills since the watermark, with overlap, and moves it. */
export async function syncFills(deps: FillDeps & { readonly reads: Pick<LoopDeps['reads'], 'fillsSince'> }): Promise<void> {
  const { ledger, reads, settings, clock } = deps;
  const known = ledger.watermark(settings.accountAddress);
  const readAtMs = clock.now();
  const fills = await reads.fillsSince(known === null ? 0 : Math.max(0, known - WATERMARK_OVERLAP_MS));
  const wholeMs = fills.reduce((max, fill) => Math.max(max, fill.timeMs), Number.NEGATIVE_INFINITY);
  recordFills(deps, fills, Math.min(Math.max(wholeMs, known ?? 0), readAtMs));
  judgeFills(deps, wholeMs);
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
