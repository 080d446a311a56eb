import { FINE_PER_TICK, type FillRecord, type Instrument, type LedgerEvent, priceDecimals } from '@hyperfleet/trading';

type Shown = string | number | boolean | null;

/** One line of a signal's history: `atMs` after the market's start, and the event's own data in dollars and coins. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly event: string;
  readonly [field: string]: Shown;
}

/** What the integers of an event's detail count. */
const PRICES: ReadonlySet<string> = new Set(['px', 'stopPx']);
const SIZES: ReadonlySet<string> = new Set(['sz', 'ofSz', 'openSz', 'filledSz', 'entrySz', 'exitSz']);
const TIMES: ReadonlySet<string> = new Set(['fillMs']);

/** Events and fills of one trade in order of time, numbers as a reader takes them. */
export function timelineOf(
  events: readonly LedgerEvent[],
  fills: readonly FillRecord[],
  how: { readonly instrument: Instrument | null; readonly marketStartMs: number },
): readonly TimelineEntry[] {
  const { marketStartMs } = how;
  const told = events.map((event) => ({ atMs: event.atMs - marketStartMs, event: event.event, ...shown(event.detail, how) }));
  const filled = fills.map(({ role, side, px, tradeSz: sz, fee, crossed, timeMs }) => ({
    atMs: timeMs - marketStartMs,
    event: 'fill',
    ...shown({ role, side, px, sz }, how),
    feeUsd: fee / 1e6,
    taker: crossed,
  }));
  // A fill comes before what was made of it; sort is stable.
  return [...filled, ...told].sort((a, b) => a.atMs - b.atMs);
}

function shown(
  detail: LedgerEvent['detail'],
  { instrument, marketStartMs }: { readonly instrument: Instrument | null; readonly marketStartMs: number },
): Record<string, Shown> {
  return Object.fromEntries(
    Object.entries(detail).map(([field, value]) => {
      if (typeof value !== 'number') return [field, value];
      if (TIMES.has(field)) return [field, value - marketStartMs];
      if (instrument === null) return [field, value];
      if (PRICES.has(field)) return [field, value / 10 ** priceDecimals(instrument)];
      if (field === 'mark') return [field, value / FINE_PER_TICK / 10 ** priceDecimals(instrument)];
      return [field, SIZES.has(field) ? value / 10 ** instrument.szDecimals : value];
    }),
  );
}
