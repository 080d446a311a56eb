/** What the ledger in memory adds up: an account's books, a trade's fills, when its orders were complete. */
import {
  type Booking,
  type Books,
  cashFlow,
  type FillRecord,
  type FillShare,
  type FundingPayment,
  lots,
  microUsd,
  type OrderRecord,
  type OrderRole,
  type Projection,
  type Trade,
  type TradeFills,
} from '@hyperfleet/trading';

/** `share` is null until somebody has said whose it is, and where an order explains it. */
export interface StoredFill extends FillRecord {
  readonly share: Pick<FillShare, 'sz' | 'fee' | 'closedPnl'> | null;
}

export interface StoredFunding extends FundingPayment {
  tradeId: string | null;
}

const COMPLETED_ROLES: readonly OrderRole[] = ['entry', 'tp1', 'tp2', 'tp3', 'tp4', 'tp5'];

export function booksOf(
  { bookings, fills, funding }: { bookings: readonly Booking[]; fills: readonly FillRecord[]; funding: readonly StoredFunding[] },
  throughMs: number,
): Books | null {
  const opening = bookings.find(({ key }) => key === 'opening');
  if (opening === undefined) return null;
  const isIn = ({ timeMs }: { readonly timeMs: number }): boolean => timeMs > opening.timeMs && timeMs <= throughMs;
  // Fills of the opening's own millisecond are in it, unless nothing was held then.
  const wasFlat = !bookings.some(({ kind, coin }) => kind === 'opening' && coin !== null);
  const isFillIn = (fill: { readonly timeMs: number }): boolean =>
    isIn(fill) || (wasFlat && fill.timeMs === opening.timeMs && fill.timeMs <= throughMs);
  let cash = 0;
  const sizes = new Map<string, number>();
  const add = (coin: string, szi: number): void => void sizes.set(coin, (sizes.get(coin) ?? 0) + szi);
  for (const { usd, coin, szi, timeMs } of bookings) {
    if (timeMs > throughMs) continue;
    cash += usd;
    if (coin !== null) add(coin, szi);
  }
  for (const payment of funding) if (isIn(payment)) cash += payment.usd;
  for (const fill of fills) {
    if (!isFillIn(fill)) continue;
    cash += cashFlow(fill);
    add(fill.coin, fill.side === 'buy' ? fill.sz : -fill.sz);
  }
  const held = [...sizes].filter(([, szi]) => szi !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return { openedMs: opening.timeMs, cash: microUsd(cash), held: new Map(held.map(([coin, szi]) => [coin, lots(szi)])) };
}

export function sumsOf(own: readonly StoredFill[], funding: readonly StoredFunding[], tradeId: string): TradeFills {
  let [entrySz, entryCost, entryFees, exitSz, exitCost, fees, closedPnl, carried] = [0, 0, 0, 0, 0, 0, 0, 0];
  let firstFillMs: number | null = null;
  let lastFillMs: number | null = null;
  for (const fill of own) {
    if (fill.role === 'entry') {
      entrySz += fill.sz;
      entryCost += fill.px * fill.sz;
      entryFees += fill.fee;
    } else {
      exitSz += fill.tradeSz;
      exitCost += fill.px * fill.tradeSz;
    }
    const { fee, closedPnl: gained } = fill.share ?? fill;
    fees += fee;
    closedPnl += gained;
    firstFillMs = Math.min(firstFillMs ?? fill.timeMs, fill.timeMs);
    lastFillMs = Math.max(lastFillMs ?? fill.timeMs, fill.timeMs);
  }
  for (const payment of funding) if (payment.tradeId === tradeId) carried += payment.usd;
  return {
    entrySz: lots(entrySz),
    entryCost: microUsd(entryCost),
    entryFees: microUsd(entryFees),
    exitSz: lots(exitSz),
    exitCost: microUsd(exitCost),
    fees: microUsd(fees),
    closedPnl: microUsd(closedPnl),
    funding: microUsd(carried),
    firstFillMs,
    lastFillMs,
  };
}

export function completionTimes(trade: Trade, own: readonly OrderRecord[], fills: readonly FillRecord[]): Projection['filledAtMs'] {
  const times: Partial<Record<OrderRole, number>> = {};
  for (const role of COMPLETED_ROLES) {
    const filled = fills.filter((fill) => fill.role === role);
    const isWhole = own.some((order) => order.intent.role === role && order.filledSz >= order.intent.sz);
    const isComplete = isWhole || (role === 'entry' && (trade.phase === 'open' || trade.phase === 'settled'));
    if (filled.length > 0 && isComplete) times[role] = Math.max(...filled.map((fill) => fill.timeMs));
  }
  return times;
}
