import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { MarketEvent } from './event.ts';
import { type ImportSummary, importCsv } from './import-csv.ts';
import { openRecording } from './recording.ts';

const root = mkdtempSync(join(tmpdir(), 'hyperfleet-import-'));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;

type Imported = ImportSummary & { readonly events: MarketEvent[]; readonly skips: Record<string, number> };

/** Imports files of these names and texts. */
async function imported(files: Readonly<Record<string, string | Buffer>>): Promise<Imported> {
  made += 1;
  const from = join(root, String(made));
  mkdirSync(from);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(from, name), text);
  const to = join(root, `${made}.hfr`);
  const summary = await importCsv(from, to, 'a test');
  const skips = Object.fromEntries([...summary.skipped].map(([reason, { count }]) => [reason, count]));
  return { ...summary, skips, events: [...openRecording(to).events()] };
}

const START = 1_757_000_000;
const stamp = (second: number): string => `${(START + second).toFixed(6)},${Math.round((START + second) * 1_000) - 300}`;
const BOOK = 'timestamp,exchange_timestamp,bid_price_0,bid_size_0,ask_price_0,ask_size_0,bid_price_1,bid_size_1,ask_price_1,ask_size_1';
const book = (second: number, rest = '100.1,1,100.2,2,100,3,100.3,4'): string => `${stamp(second)},${rest}`;
const BBO = 'timestamp,exchange_timestamp,price,size,side';
const bbo = (second: number, bid = 100.1, ask = 100.2): string => `${stamp(second)},${bid},1,bid\n${stamp(second)},${ask},1,ask`;
const TRADES = 'timestamp,exchange_timestamp,price,size,side,trade_id';
const trade = (second: number, tid: number): string => `${stamp(second)},100.15,0.5,buy,${tid}`;
const csv = (...lines: string[]): string => `${lines.join('\n')}\n`;
const seconds = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

const story = (events: readonly MarketEvent[]): string[] =>
  events.map(({ kind, coin, atMs }) => `${kind} ${coin} ${(atMs / 1_000 - START).toFixed(3)}`);

describe('importing CSV files', () => {
  it('joins the files of all coins by time of receipt, plain or gzipped', async () => {
    const { events, header } = await imported({
      'orderbooks_SOL.csv': csv(BOOK, book(1), book(2)),
      'prices_SOL.csv.gz': gzipSync(csv(BBO, bbo(1.5))),
      'trades_SOL.csv': csv(TRADES, trade(1.5, 7), trade(1.5, 8), trade(2.25, 9)),
      'orderbooks_BTC.csv': csv(BOOK, book(1.2)),
      'notes.txt': 'not ours',
    });
    expect(story(events)).toEqual([
      'book SOL 1.000',
      'book BTC 1.200',
      'bbo SOL 1.500',
      'prints SOL 1.500',
      'book SOL 2.000',
      'prints SOL 2.250',
    ]);
    expect(events[0]).toMatchObject({
      bids: [
        { px: 1_001_000, sz: 100 },
        { px: 1_000_000, sz: 300 },
      ],
      exchangeTimeMs: START * 1_000 + 700,
    });
    expect(events[3]).toMatchObject({ prints: [{ tid: 7, side: 'buy', px: 1_001_500, sz: 50 }, { tid: 8 }] });
    expect(header.instruments.map(({ coin, assetId, szDecimals }) => [coin, assetId, szDecimals])).toEqual([
      ['BTC', 0, 5],
      ['SOL', 5, 2],
    ]);
  });

  it('goes by the names of the columns, whatever their order, with a byte order mark and Windows line ends', async () => {
    const { events } = await imported({
      'orderbooks_SOL.csv':
        '\uFEFFask_size_0,extra,ask_price_0,bid_size_0,bid_price_0,exchange_timestamp,timestamp\r\n2,x,100.2,1,100.1,1757000000700,1757000001.5\r\n',
    });
    expect(events).toEqual([
      {
        kind: 'book',
        coin: 'SOL',
        atMs: 1_757_000_001_500,
        exchangeTimeMs: 1_757_000_000_700,
        bids: [{ px: 1_001_000, sz: 100 }],
        asks: [{ px: 1_002_000, sz: 200 }],
      },
    ]);
  });

  it('tells what was received before the first book as history, in order, at the market start', async () => {
    const { events, header } = await imported({
      'orderbooks_SOL.csv': csv(BOOK, book(9), book(10)),
      'trades_SOL.csv': csv(TRADES, trade(1, 1), trade(3, 2)),
      'prices_SOL.csv': csv(BBO, bbo(2)),
    });
    expect(header.marketStartMs).toBe((START + 9) * 1_000);
    expect(story(events)).toEqual(['prints SOL 9.000', 'bbo SOL 9.000', 'prints SOL 9.000', 'book SOL 9.000', 'book SOL 10.000']);
  });

  it('finds a gap after the last message before the silence, and one at the end of a coin that stops early', async () => {
    const { events, header } = await imported({
      'orderbooks_SOL.csv': csv(BOOK, ...seconds(0, 10, 1).map((s) => book(s)), ...seconds(28, 40, 1).map((s) => book(s))),
      'prices_SOL.csv': csv(BBO, bbo(10.4), bbo(27.9)),
      'trades_SOL.csv': csv(TRADES, trade(10.2, 1), trade(27.8, 1)),
      'orderbooks_BTC.csv': csv(BOOK, ...seconds(0, 30, 5).map((s) => book(s))),
    });
    const at = (second: number) => (START + second) * 1_000;
    expect(header.gaps).toEqual([
      { coin: 'SOL', fromMs: at(10.4), untilMs: at(28) },
      { coin: 'BTC', fromMs: at(30), untilMs: at(40) },
    ]);
    expect(story(events).slice(15, 21)).toEqual([
      'bbo SOL 10.400',
      'gap SOL 10.400',
      'book BTC 15.000',
      'book BTC 20.000',
      'book BTC 25.000',
      'prints SOL 27.800',
    ]);
  });

  it('calls it a gap when only the books stay away', async () => {
    const { header } = await imported({
      'orderbooks_SOL.csv': csv(BOOK, book(0), book(1), book(8), book(9)),
      'prices_SOL.csv': csv(BBO, ...seconds(0.5, 9, 0.5).map((s) => bbo(s))),
    });
    expect(header.gaps).toEqual([{ coin: 'SOL', fromMs: (START + 1) * 1_000, untilMs: (START + 8) * 1_000 }]);
  });

  it('makes books of one level from best bid and offer where a coin has no order book file, and says so', async () => {
    const { events, header, booksFromBbo } = await imported({
      'prices_SOL.csv': csv(BBO, bbo(1), bbo(2, 100.05), bbo(20)),
      'trades_SOL.csv': csv(TRADES, trade(4, 1), trade(8, 2), trade(19, 3)),
    });
    expect(booksFromBbo).toEqual(['SOL']);
    expect(events[1]).toMatchObject({ kind: 'book', bids: [{ px: 1_000_500 }], asks: [{ px: 1_002_000 }] });
    // Trades at 4 and 8 s show that the feed lived; after 8 s it did not.
    expect(header.gaps).toEqual([{ coin: 'SOL', fromMs: (START + 8) * 1_000, untilMs: (START + 20) * 1_000 }]);
  });

  it('sorts rows that are up to two seconds out of order and takes later ones as received with the row above', async () => {
    const { events, sortedRows, lateRows } = await imported({
      'orderbooks_SOL.csv': csv(BOOK, book(1), book(2.5), book(2), book(3), book(6), book(0.5), book(7)),
    });
    expect([sortedRows, lateRows]).toEqual([1, 1]);
    expect(story(events)).toEqual([1, 2, 2.5, 3, 3, 6, 7].map((second) => `book SOL ${second.toFixed(3)}`));
  });

  it('leaves out rows that make no sense, counts them by reason, and goes on', async () => {
    const { events, skips, skipped } = await imported({
      'orderbooks_SOL.csv': csv(
        BOOK,
        book(1),
        BOOK,
        book(2, 'NaN,1,100.2,2,100,3,100.3,4'),
        book(3, '100.1,-1,100.2,2,100,3,100.3,4'),
        book(4, '100.3,1,100.2,2,100,3,100.4,4'),
        book(5, '100.1,1,100.2,2,100.1,3,100.3,4'),
        book(6, ',,,,,,,'),
        book(7, '100.1,1,100.2,2,nan,nan,0,0'),
        book(8, '100.1,1,100.2'),
        `NaN,1757000008700,100.1,1,100.2,2,100,3,100.3,4`,
        `9e15,1757000008700,100.1,1,100.2,2,100,3,100.3,4`,
        `1757000009000,1757000008700,100.1,1,100.2,2,100,3,100.3,4`,
        book(9),
      ),
      'prices_SOL.csv': csv(BBO, bbo(1), bbo(2, 100.3), `${stamp(3)},abc,1,bid`, `${stamp(3)},100,1,middle`, bbo(4)),
      'trades_SOL.csv': csv(
        TRADES,
        trade(5, 1),
        `${stamp(5)},100,1,hold,2`,
        `${stamp(5)},100,1,buy,`,
        `${stamp(5)},100,0,buy,3`,
        `${stamp(5)},100,,buy,4`,
      ),
    });
    // The bad rows leave no book for six seconds, which is a gap.
    expect(story(events)).toEqual([
      'book SOL 1.000',
      'bbo SOL 1.000',
      'gap SOL 1.000',
      'bbo SOL 4.000',
      'prints SOL 5.000',
      'book SOL 7.000',
      'book SOL 9.000',
    ]);
    expect(events[5]).toMatchObject({ bids: [{ px: 1_001_000 }], asks: [{ px: 1_002_000 }] });
    expect(skips).toEqual({
      'no time': 2,
      'time of receipt (seconds) and time of the exchange (ms) do not belong together': 2,
      'not as many fields as the header': 1,
      'a level that is no price and size, or out of order': 3,
      'crossed book': 1,
      'empty book': 1,
      'crossed best bid and offer': 1,
      'side is neither bid nor ask': 1,
      'no price and size': 3,
      'no side or trade id': 2,
    });
    expect([...skipped.values()][0]?.first).toMatch(/orderbooks_SOL\.csv, line \d+/);
  });
});

describe('importing coins of unknown or changed precision', () => {
  it('reads the decimals of a coin it does not know from all of its rows, and says so', async () => {
    const many = seconds(0, 99, 0.01).map((s) => bbo(s, 1.5, 1.6));
    const { header, unknownCoins } = await imported({
      'prices_NEWCOIN.csv': csv(BBO, ...many, ...seconds(100, 101, 0.05).map((s) => `${stamp(s)},1.5,0.125,bid`)),
    });
    expect(unknownCoins).toEqual(['NEWCOIN']);
    expect(header.instruments).toEqual([
      { coin: 'NEWCOIN', assetId: 234, szDecimals: 3, maxLeverage: 3, onlyIsolated: false, isDelisted: false },
    ]);
  });

  it('is not led astray by a single wrong number, of a coin it knows or not', async () => {
    const rows = seconds(0, 20, 0.01).map((s) => bbo(s, 150.5, 150.6));
    const wrong = `${stamp(21)},150.5,0.123456789,bid`;
    const { header, skips } = await imported({ 'prices_SOL.csv': csv(BBO, ...rows, wrong), 'prices_ODD.csv': csv(BBO, ...rows, wrong) });
    expect(header.instruments.map(({ coin, szDecimals }) => [coin, szDecimals])).toEqual([
      ['ODD', 0],
      ['SOL', 2],
    ]);
    expect(skips).toEqual({ 'no price and size': 2 });
  });

  it('reads sizes in exponent form exactly', async () => {
    const { events } = await imported({
      'trades_BTC.csv': csv(TRADES, `${stamp(1)},109748.0,1e-05,buy,5`),
      'orderbooks_BTC.csv': csv(BOOK, book(1)),
    });
    expect(events[1]).toMatchObject({ prints: [{ px: 1_097_480, sz: 1 }] });
  });
});

describe('files an import refuses', () => {
  it.each([
    [{}, /holds no orderbooks_X\.csv, prices_X\.csv or trades_X\.csv/],
    [{ 'trades_SOL.csv': csv(TRADES, trade(1, 1)) }, /SOL has trades only; add orderbooks_SOL\.csv or prices_SOL\.csv/],
    [{ 'prices_SOL.csv': csv(BBO, bbo(1)), 'prices_SOL.csv.gz': gzipSync(csv(BBO)) }, /holds both .*; keep one/],
    [
      { 'orderbooks_SOL.csv': csv('timestamp,price', '1,2') },
      /orderbooks_SOL\.csv: column "bid_price_0" is missing; it has timestamp, price/,
    ],
    [{ 'prices_SOL.csv': '' }, /prices_SOL\.csv is empty; it needs a header line/],
    [{ 'prices_SOL.csv': csv(BBO) }, /no usable row of a book in any file/],
    [{ 'prices_SOL.csv': csv(BBO, `${stamp(1)},-1,1,bid`) }, /1 row\(s\) skipped: no price and size \(first: .*prices_SOL\.csv, line 2\)/],
    [
      { 'prices_SOL.csv.gz': gzipSync(csv(BBO, ...seconds(0, 99, 0.1).map((s) => bbo(s)))).subarray(0, 900) },
      /prices_SOL\.csv\.gz cannot be read to its end/,
    ],
  ])('says what is wrong: %#', async (files, message) => {
    await expect(imported(files as Record<string, string | Buffer>)).rejects.toThrow(message);
    expect(readdirSync(root).filter((name) => name.startsWith(`${made}.`))).toEqual([]);
  });

  it('names a directory that is not there', async () => {
    await expect(importCsv(join(root, 'nowhere'), join(root, 'x.hfr'), '')).rejects.toThrow(/nowhere does not exist; name the directory/);
  });
});
