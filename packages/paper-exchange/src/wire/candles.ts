import { type Instrument, notional, ticks } from '@hyperfleet/trading';
import type { Print } from '../market/event.ts';
import { pxText, szText } from './decimal-text.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** One-minute candles kept of a coin: a little over three days. */
const KEPT = 5_000;

const INTERVAL_MS: Readonly<Record<string, number>> = {
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '2h': 120 * MINUTE_MS,
  '4h': 240 * MINUTE_MS,
  '8h': 480 * MINUTE_MS,
  '12h': 720 * MINUTE_MS,
  '1d': DAY_MS,
  '3d': 3 * DAY_MS,
  '1w': 7 * DAY_MS,
  '1M': 30 * DAY_MS,
};

/** Length of a candle interval in ms, or null when the venue has no such interval. */
export const intervalMs = (interval: string): number | null =>
  Object.hasOwn(INTERVAL_MS, interval) ? (INTERVAL_MS[interval] ?? null) : null;

interface Minute {
  readonly openMs: number;
  readonly o: number;
  c: number;
  h: number;
  l: number;
  /** Lots. */
  v: number;
  n: number;
  /** Micro-dollars; a float past 2^53 would only blur a statistic. */
  ntl: number;
}

/** A candle as the wire has it (PROTOCOL §8). */
interface CandleRow {
  readonly t: number;
  readonly T: number;
  readonly s: string;
  readonly i: string;
  readonly o: string;
  readonly c: string;
  readonly h: string;
  readonly l: string;
  readonly v: string;
  readonly n: number;
}

/** Candles of one coin, made from its prints by their exchange time. Bounded. */
export interface Candles {
  add(print: Print): void;
  /** Candles of an interval that open within [startMs, endMs], oldest first; null for an unknown interval. */
  rows(interval: string, startMs: number, endMs: number): readonly CandleRow[] | null;
  /** Volume over the last 24 h in lots and micro-dollars, and the price a day ago or the oldest known, in ticks. */
  day(nowMs: number): { readonly lots: number; readonly microUsd: number; readonly openPx: number | null };
}

/** Creates an empty set of candles for an instrument. */
export function createCandles(instrument: Instrument): Candles {
  let minutes: Minute[] = [];

  /** Where the minute that opens at `openMs` is or belongs. Prints come nearly in order, so look from the end. */
  function place(openMs: number): number {
    let at = minutes.length;
    while (at > 0 && (minutes[at - 1]?.openMs ?? 0) >= openMs) at -= 1;
    return at;
  }

  function row(parts: readonly Minute[], interval: string, openMs: number): CandleRow {
    const [first, last] = [parts[0], parts.at(-1)];
    const px = (value: number): string => pxText(ticks(value), instrument);
    return {
      t: openMs,
      T: openMs + (INTERVAL_MS[interval] ?? 0) - 1,
      s: instrument.coin,
      i: interval,
      o: px(first?.o ?? 0),
      c: px(last?.c ?? 0),
      h: px(Math.max(...parts.map((part) => part.h))),
      l: px(Math.min(...parts.map((part) => part.l))),
      v: szText(
        parts.reduce((sum, part) => sum + part.v, 0),
        instrument,
      ),
      n: parts.reduce((sum, part) => sum + part.n, 0),
    };
  }

  return {
    add({ px, sz, exchangeTimeMs }) {
      const openMs = exchangeTimeMs - (exchangeTimeMs % MINUTE_MS);
      const at = place(openMs);
      const known = minutes[at];
      if (known?.openMs === openMs) {
        known.c = px;
        known.h = Math.max(known.h, px);
        known.l = Math.min(known.l, px);
        known.v += sz;
        known.n += 1;
        known.ntl += notional(px, sz);
        return;
      }
      minutes.splice(at, 0, { openMs, o: px, c: px, h: px, l: px, v: sz, n: 1, ntl: notional(px, sz) });
      if (minutes.length > KEPT * 1.2) minutes = minutes.slice(-KEPT);
    },
    rows(interval, startMs, endMs) {
      const length = intervalMs(interval);
      if (length === null) return null;
      const rows: CandleRow[] = [];
      let parts: Minute[] = [];
      let openMs = -1;
      for (const minute of minutes.slice(place(startMs - (startMs % length)))) {
        const own = minute.openMs - (minute.openMs % length);
        if (own + length <= startMs) continue;
        if (own > endMs) break;
        if (own !== openMs && parts.length > 0) rows.push(row(parts, interval, openMs));
        if (own !== openMs) parts = [];
        openMs = own;
        parts.push(minute);
      }
      if (parts.length > 0) rows.push(row(parts, interval, openMs));
      return rows.slice(-KEPT);
    },
    day(nowMs) {
      const recent = minutes.slice(place(nowMs - DAY_MS));
      return {
        lots: recent.reduce((sum, minute) => sum + minute.v, 0),
        microUsd: recent.reduce((sum, minute) => sum + minute.ntl, 0),
        openPx: recent[0]?.o ?? null,
      };
    },
  };
}
