import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isValidPrice } from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createVenue } from '../matching/venue.ts';
import { openCandles } from './candle-market.ts';
import { readCandleFile, toCandles } from './candle-rows.ts';
import type { MarketEvent } from './event.ts';

const folder = mkdtempSync(join(tmpdir(), 'candles-'));
afterAll(() => rmSync(folder, { recursive: true }));
const START_MS = 1_753_097_280_000;

let files = 0;
function write(rows: readonly string[], name = 'BTC_1m.csv'): string {
  files += 1;
  const path = join(mkdtempSync(join(folder, `${files}-`)), name);
  const text = ['t,o,h,l,c,v', ...rows].join('\n');
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

interface Seen {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** Puts prints together to candles again. */
function candlesOf(events: Iterable<MarketEvent>, intervalMs: number): Map<number, Seen> {
  const seen = new Map<number, Seen>();
  for (const event of events) {
    if (event.kind !== 'prints') continue;
    for (const { px, sz } of event.prints) {
      const openMs = Math.floor(event.atMs / intervalMs) * intervalMs;
      const candle = seen.get(openMs) ?? { open: px, high: px, low: px, close: px, volume: 0 };
      seen.set(openMs, {
        open: candle.open,
        high: Math.max(candle.high, px),
        low: Math.min(candle.low, px),
        close: px,
        volume: candle.volume + sz,
      });
    }
  }
  return seen;
}

const SHARED = process.env.HYPERFLEET_SHARED ?? join(import.meta.dirname, '../../../../../shared');
const recorded = ['BTC_1m', 'WIF_5m', 'kPEPE_15m', 'HYPE_1h'].map((name) => join(SHARED, 'data/candles_hl', `${name}.csv.gz`));

describe('a market made of candles', () => {
  it('prints each candle exactly: open first, high, low, close last, and its volume', async () => {
    const price = fc.integer({ min: 100_000, max: 120_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: price, b: price, c: price, d: price, v: fc.integer({ min: 4, max: 10_000_000 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer({ min: 0, max: 1_000 }),
        async (drawn, seed) => {
          const rows = drawn.map(({ a, b, c, d, v }, i) => {
            const [low = 0, x = 0, y = 0, high = 0] = [a, b, c, d].sort((m, n) => m - n);
            const [open, close] = a < d ? [x, y] : [y, x];
            return { t: START_MS + i * 60_000, open, high, low, close, v };
          });
          const path = write(rows.map(({ t, open, high, low, close, v }) => `${t},${open},${high},${low},${close},${v / 100_000}`));
          const market = await openCandles([path], seed);
          const seen = candlesOf(market.events(), 60_000);
          for (const { t, open, high, low, close, v } of rows) {
            expect(seen.get(t)).toEqual({ open: open * 10, high: high * 10, low: low * 10, close: close * 10, volume: v });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.skipIf(!existsSync(recorded[0] ?? ''))('gives recorded candles of four coins back as they were', async () => {
    for (const path of recorded) {
      const file = await readCandleFile(path);
      const few = { ...file, rows: file.rows.slice(0, 40) };
      const short = write(
        few.rows.map(({ t, o, h, l, c, v }) => [t, o, h, l, c, v].join(',')),
        `${file.coin}_${file.intervalMs / 60_000}m.csv`,
      );
      const market = await openCandles([short]);
      const [instrument] = market.header.instruments;
      if (instrument === undefined) throw new Error('no instrument');
      const seen = candlesOf(market.events(), file.intervalMs);
      for (const { openMs, open, high, low, close, volume } of toCandles(few, instrument)) {
        if (volume >= 4) expect(seen.get(openMs)).toEqual({ open, high, low, close, volume });
      }
    }
  });

  it('shows twenty valid, sorted, uncrossed levels a side every second, and prints at the touch', async () => {
    const market = await openCandles([write([`${START_MS},118712,118727,118654,118675,2.63688`])]);
    const [instrument] = market.header.instruments;
    if (instrument === undefined) throw new Error('no instrument');
    let books = 0;
    let touch = [0, 0];
    for (const event of market.events()) {
      if (event.kind === 'book') {
        books += 1;
        const prices = [...event.bids]
          .reverse()
          .concat(event.asks)
          .map(({ px }) => px);
        expect(prices).toHaveLength(40);
        expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
        expect(prices.every((px) => isValidPrice(px, instrument))).toBe(true);
        touch = [event.bids[0]?.px ?? 0, event.asks[0]?.px ?? 0];
      } else if (event.kind === 'prints') {
        for (const print of event.prints) expect(print.px).toBe(touch[print.side === 'buy' ? 1 : 0]);
      }
    }
    expect(books).toBe(60);
  });

  it('is the same for the same seed, another for another, and fed to a venue in order', async () => {
    const rows = [0, 1, 2].map((i) => `${START_MS + i * 60_000},118712,118727,118654,118675,2.63688`);
    const paths = [write(rows), write(rows, 'ETH_1m.csv.gz')];
    const run = async (seed: number): Promise<string> => JSON.stringify([...(await openCandles(paths, seed)).events()]);
    expect(await run(7)).toBe(await run(7));
    expect(await run(7)).not.toBe(await run(8));
    const market = await openCandles(paths);
    const venue = createVenue({ instruments: market.header.instruments });
    for (const event of market.events()) venue.market(event);
    expect(venue.assetMarket(0).mark).not.toBeNull();
    expect(venue.nowMs).toBe(START_MS + 179_000);
  });

  it('makes nothing up for a missing minute: the feed is silent there', async () => {
    const market = await openCandles([write([`${START_MS},10,10,10,10,0`, `${START_MS + 180_000},11,11,11,11,0`])]);
    const gaps = [...market.events()].filter((event) => event.kind === 'gap');
    expect(gaps).toEqual([{ kind: 'gap', coin: 'BTC', atMs: START_MS + 60_000, untilMs: START_MS + 180_000 }]);
  });

  it('reads what a candleSnapshot answers', async () => {
    const candle = {
      t: START_MS,
      T: START_MS + 59_999,
      s: 'BTC',
      i: '1m',
      o: '118712.0',
      h: '118727.0',
      l: '118654.0',
      c: '118675.0',
      v: '2.63688',
      n: 5,
    };
    files += 1;
    const path = join(mkdtempSync(join(folder, `${files}-`)), 'BTC_1m.json');
    writeFileSync(path, JSON.stringify([candle]));
    const market = await openCandles([path]);
    expect(candlesOf(market.events(), 60_000).get(START_MS)?.high).toBe(1_187_270);
  });

  it.each([
    [['x,1,1,1,1,1'], 't "x" is no time'],
    [[`${START_MS},1,1,1,1,1`, `${START_MS},1,1,1,1,1`], 't "1753097280000" is no time in ms after'],
    [[`${START_MS},0,1,1,1,1`], 'o "0" is no price'],
    [[`${START_MS},5,4,3,4,1`], 'are not within low 3 and high 4'],
    [[`${START_MS},5,6,3,4,-1`], 'v "-1" is no volume'],
    [[`${START_MS},5,6,3,4`], 'not as many fields'],
    [[], 'has no candle'],
  ])('refuses %j with the row, the field and the remedy', async (rows, message) => {
    await expect(openCandles([write(rows)])).rejects.toThrow(message);
  });

  it('refuses a file whose name says no coin and interval', async () => {
    await expect(openCandles([write([`${START_MS},1,1,1,1,1`], 'candles.csv')])).rejects.toThrow('call it like BTC_1m.csv');
  });
});
