/** The bundled recording against the collector's own files, where these are at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundledRecordingPath } from '../bundled-recording.ts';
import { openRecording } from './recording.ts';

const shared = process.env.HYPERFLEET_SHARED ?? join(import.meta.dirname, '../../../../../shared');
const dir = join(shared, 'data/l2_hl/2025-09-04_35min_BTC-ETH-SOL-WLFI');

const { header, events } = openRecording(bundledRecordingPath);
const all = existsSync(dir) ? [...events()] : [];

/** Rows by column name, read without the importer. */
function rows(name: string): Record<string, string>[] {
  const [head = '', ...lines] = gunzipSync(readFileSync(join(dir, name)))
    .toString('utf8')
    .trim()
    .split(/\r?\n/);
  const columns = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((field, place) => [columns[place] ?? '', field])));
}

/** A decimal or exponent text as a whole number of 10^−decimals; throws when that is not exact. */
function units(text: string | undefined, decimals: number): number {
  const [mantissa = '', exponent = '0'] = (text ?? '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = decimals + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const scale = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && digits % scale !== 0n) throw new Error(`${text} has more than ${decimals} decimals`);
  return Number(shift < 0 ? digits / scale : digits * scale);
}

const receivedMs = (row: Record<string, string>): number => Math.floor(Math.round(Number(row.timestamp) * 1e6) / 1_000);
const exchangeMs = (row: Record<string, string>): number => Number(row.exchange_timestamp);

describe.skipIf(all.length === 0)('the bundled recording equals its source row for row', () => {
  it.each(header.instruments.map(({ coin, szDecimals }) => ({ coin, szDecimals })))('$coin', ({ coin, szDecimals }) => {
    const px = (text: string | undefined) => units(text, 6 - szDecimals);
    const sz = (text: string | undefined) => units(text, szDecimals);
    const mine = all.filter((event) => event.coin === coin);

    const books = rows(`orderbooks_${coin}.csv.gz`).map((row) => {
      const side = (name: string) =>
        Array.from({ length: 20 }, (_, i) => ({ px: px(row[`${name}_price_${i}`]), sz: sz(row[`${name}_size_${i}`]) }));
      return { kind: 'book', coin, atMs: receivedMs(row), exchangeTimeMs: exchangeMs(row), bids: side('bid'), asks: side('ask') };
    });
    expect(mine.filter((event) => event.kind === 'book')).toEqual(books);

    const quotes = mine.flatMap((event) =>
      event.kind === 'bbo' ? [event.bid, event.ask].map((level) => [event.atMs, event.exchangeTimeMs, level?.px, level?.sz]) : [],
    );
    const quoteRows = rows(`prices_${coin}.csv.gz`);
    expect(quotes).toEqual(quoteRows.map((row) => [receivedMs(row), exchangeMs(row), px(row.price), sz(row.size)]));
    expect(quoteRows.every((row, i) => row.side === (i % 2 === 0 ? 'bid' : 'ask'))).toBe(true);

    const prints = mine.flatMap((event) =>
      event.kind === 'prints' ? event.prints.map((one) => [event.atMs, one.exchangeTimeMs, one.px, one.sz, one.side, one.tid]) : [],
    );
    const tradeRows = rows(`trades_${coin}.csv.gz`);
    expect(prints).toEqual(
      tradeRows.map((row) => [receivedMs(row), exchangeMs(row), px(row.price), sz(row.size), row.side, Number(row.trade_id)]),
    );
    // One message for each instant of receipt.
    expect(mine.filter((event) => event.kind === 'prints')).toHaveLength(new Set(tradeRows.map((row) => row.timestamp)).size);
  });
});
