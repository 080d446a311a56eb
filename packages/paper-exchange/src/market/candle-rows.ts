/** Candles of one coin from a file: CSV with the columns t,o,h,l,c,v, plain or gzipped, or the JSON a candleSnapshot gives. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Instrument, type Lots, parseDecimal, parsePrice, priceDecimals, type Ticks } from '@hyperfleet/trading';
import { isRecord } from '../wire/fields.ts';
import { readCsv } from './csv-rows.ts';
import { plainOf } from './feed-messages.ts';
import type { SeenCoin } from './instruments.ts';

/** One candle in the coin's own units. It covers openMs to closeMs, the latter not included. */
export interface Candle {
  readonly openMs: number;
  readonly closeMs: number;
  readonly open: Ticks;
  readonly high: Ticks;
  readonly low: Ticks;
  readonly close: Ticks;
  readonly volume: Lots;
}

/** A candle as written, with its place for messages. */
interface CandleRow {
  readonly place: string;
  readonly t: string;
  readonly o: string;
  readonly h: string;
  readonly l: string;
  readonly c: string;
  readonly v: string;
}

export interface CandleFile {
  readonly coin: string;
  readonly intervalMs: number;
  readonly rows: readonly CandleRow[];
}

const NAME = /^([A-Za-z0-9]+)_(\d+)([mhd])\b/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const FIELDS = ['t', 'o', 'h', 'l', 'c', 'v'] as const;

/** Reads a file named COIN_INTERVAL.csv, .csv.gz or .json (`BTC_1m.csv.gz`). Throws an Error naming file, row, field and remedy. */
export async function readCandleFile(path: string): Promise<CandleFile> {
  const named = NAME.exec(basename(path));
  const unit = named?.[3];
  if (named?.[1] === undefined || (unit !== 'm' && unit !== 'h' && unit !== 'd'))
    throw new Error(`${path}: the name does not say coin and interval; call it like BTC_1m.csv or ETH_1h.json`);
  const rows = path.endsWith('.json') ? fromJson(path) : await fromCsv(path);
  if (rows.length === 0) throw new Error(`${path} has no candle: give a file with at least one row`);
  return { coin: named[1], intervalMs: Number(named[2]) * UNIT_MS[unit], rows };
}

async function fromCsv(path: string): Promise<CandleRow[]> {
  const rows: CandleRow[] = [];
  for await (const row of readCsv(path, FIELDS)) {
    if (!row.isWhole) throw new Error(`${path} line ${row.line}: not as many fields as the header; mend or remove the line`);
    const text = (column: string): string => plainOf(row.at(column) ?? '');
    rows.push({
      place: `${path} line ${row.line}`,
      t: text('t'),
      o: text('o'),
      h: text('h'),
      l: text('l'),
      c: text('c'),
      v: text('v'),
    });
  }
  return rows;
}

function fromJson(path: string): CandleRow[] {
  const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!Array.isArray(read)) throw new Error(`${path}: not a list of candles; give what a candleSnapshot answers`);
  return read.map((candle: unknown, index): CandleRow => {
    const place = `${path} candle ${index + 1}`;
    if (!isRecord(candle)) throw new Error(`${place} is no object; give {"t","o","h","l","c","v"}`);
    const text = (key: string): string => {
      const value = candle[key];
      if (typeof value !== 'string' && typeof value !== 'number')
        throw new Error(`${place}: ${key} is missing; give {"t","o","h","l","c","v"}`);
      return plainOf(String(value));
    };
    return { place, t: text('t'), o: text('o'), h: text('h'), l: text('l'), c: text('c'), v: text('v') };
  });
}

/** How many decimals the file's sizes and prices have. */
export function decimalsOf({ coin, rows }: CandleFile): SeenCoin {
  const decimals = (text: string): number => (text.split('.')[1] ?? '').replace(/0+$/, '').length;
  let sizeDecimals = 0;
  let priceDecimalsSeen = 0;
  for (const { o, h, l, c, v } of rows) {
    sizeDecimals = Math.max(sizeDecimals, decimals(v));
    priceDecimalsSeen = Math.max(priceDecimalsSeen, decimals(o), decimals(h), decimals(l), decimals(c));
  }
  // Volumes are sums in binary floating point: digits beyond a lot are noise, and a lot leaves the price its decimals.
  return { coin, sizeDecimals: Math.min(sizeDecimals, 6 - priceDecimalsSeen), priceDecimals: priceDecimalsSeen };
}

/** The file's candles, oldest first. Throws an Error naming row, field, value and remedy. */
export function toCandles({ rows, intervalMs }: CandleFile, instrument: Instrument): Candle[] {
  let last = 0;
  return rows.map((row) => {
    const openMs = Number(row.t);
    if (!Number.isSafeInteger(openMs) || openMs <= last)
      throw new Error(`${row.place}: t "${row.t}" is no time in ms after the row before; sort the rows and remove repeats`);
    last = openMs;
    const px = (field: 'o' | 'h' | 'l' | 'c'): Ticks => {
      const parsed = parsePrice(row[field], instrument);
      if (parsed === null || parsed <= 0)
        throw new Error(
          `${row.place}: ${field} "${row[field]}" is no price of ${instrument.coin} with at most ${priceDecimals(instrument)} decimals`,
        );
      return parsed;
    };
    const volume = parseDecimal(row.v, instrument.szDecimals, 'truncate');
    if (volume === null || volume < 0) throw new Error(`${row.place}: v "${row.v}" is no volume; give the coin's traded size, 0 for none`);
    const candle = {
      openMs,
      closeMs: openMs + intervalMs,
      open: px('o'),
      high: px('h'),
      low: px('l'),
      close: px('c'),
      volume: volume as Lots,
    };
    if (candle.low > Math.min(candle.open, candle.close) || candle.high < Math.max(candle.open, candle.close))
      throw new Error(`${row.place}: open ${row.o} and close ${row.c} are not within low ${row.l} and high ${row.h}; mend the row`);
    return candle;
  });
}
