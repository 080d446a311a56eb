import { fineTicks, type Instrument, lots, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Print } from '../market/event.ts';
import type { VenueFill } from '../matching/contract.ts';
import { createVenue } from '../matching/venue.ts';
import { createCandles } from './candles.ts';
import { bookRow, createFeed } from './feed.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const START = 1_757_015_220_000;
const print = (atMs: number, px: number, sz = 1_000, tid = atMs): Print => ({
  side: 'buy',
  px: ticks(px * 10),
  sz: lots(sz),
  tid,
  exchangeTimeMs: atMs,
});

describe('candles', () => {
  test('are made of the prints of their time, late ones too', () => {
    const candles = createCandles(BTC);
    for (const [at, px] of [
      [0, 100],
      [59_999, 90],
      [60_000, 120],
      [30_000, 130],
    ] as const)
      candles.add(print(START + at, px));
    expect(candles.rows('1m', START, START + 60_000)).toEqual([
      { t: START, T: START + 59_999, s: 'BTC', i: '1m', o: '100.0', c: '130.0', h: '130.0', l: '90.0', v: '0.03', n: 3 },
      { t: START + 60_000, T: START + 119_999, s: 'BTC', i: '1m', o: '120.0', c: '120.0', h: '120.0', l: '120.0', v: '0.01', n: 1 },
    ]);
    expect(candles.rows('2m', START, START)).toBeNull();
  });

  test('of every interval hold the same volume and count', () => {
    const anyPrints = fc.array(fc.tuple(fc.integer({ min: 0, max: 7_200_000 }), fc.integer({ min: 1, max: 200_000 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(anyPrints, (prints) => {
        const candles = createCandles(BTC);
        for (const [at, px] of prints) candles.add(print(START + at, px));
        for (const interval of ['1m', '5m', '1h', '1d']) {
          const rows = candles.rows(interval, 0, START + 10_000_000) ?? [];
          expect(rows.reduce((sum, row) => sum + row.n, 0)).toBe(prints.length);
          expect(rows.every((row) => Number(row.l) <= Number(row.o) && Number(row.h) >= Number(row.c))).toBe(true);
          expect(rows.map((row) => row.t)).toEqual([...new Set(rows.map((row) => row.t))].sort((a, b) => a - b));
        }
      }),
    );
  });
});

describe('an aggregated book', () => {
  const levels = (from: number, step: 1 | -1) =>
    Array.from({ length: 20 }, (_, i) => ({ px: ticks(from + step * i * 10), sz: lots(100_000) }));
  const book = { bids: levels(1_110_650, -1), asks: levels(1_110_660, 1), timeMs: START };

  test('rounds bids down and asks up to the figures asked for, and loses no size', () => {
    const row = bookRow(book, BTC, { nSigFigs: 4, mantissa: 1 });
    expect(row.levels[0]).toEqual([{ px: '111000.0', sz: '20.0', n: 20 }]);
    expect(row.levels[1]).toEqual([{ px: '111100.0', sz: '20.0', n: 20 }]);
    expect(row.spread).toBe('100.0');
    expect(bookRow(book, BTC, { nSigFigs: 5, mantissa: 1 }).levels[0].map((level) => level.px)).toEqual([
      '111060.0',
      '111050.0',
      '111040.0',
    ]);
    expect(bookRow(book, BTC, { nSigFigs: 5, mantissa: 5 }).levels[0].map((level) => level.px)).toEqual(['111050.0', '111000.0']);
  });

  test('as it is has no spread', () => {
    expect(Object.keys(bookRow(book, BTC, null))).toEqual(['coin', 'time', 'levels']);
  });
});

test('prints a reconnect repeats are in the history and the volume once', () => {
  const venue = createVenue({ instruments: [BTC] });
  const feed = createFeed(venue);
  const event = { kind: 'prints', coin: 'BTC', atMs: START, prints: [print(START, 100, 500, 7), print(START + 1, 101, 500, 8)] } as const;
  feed.take(event);
  feed.take(event);
  expect(feed.trades('BTC').map((row) => row.tid)).toEqual([7, 8]);
  expect(feed.ctx('BTC', START)?.dayBaseVlm).toBe('0.01');
});

describe('the open interest told of a coin', () => {
  const markOf = (dollars: number, openInterest?: number) =>
    ({
      kind: 'mark',
      coin: 'BTC',
      atMs: START,
      mark: fineTicks(dollars * 10_000),
      oracle: fineTicks(dollars * 10_000),
      fundingRateE10: null,
      ...(openInterest === undefined ? {} : { openInterest: lots(openInterest) }),
    }) as const;
  const feedOf = (outsideInterestUsd: number) => {
    const venue = createVenue({ instruments: [BTC], settings: { outsideInterestUsd } });
    const feed = createFeed(venue);
    const take = (event: ReturnType<typeof markOf>): void => {
      venue.market(event);
      feed.take(event);
    };
    const told = () => feed.ctx('BTC', START)?.openInterest;
    return { feed, take, told };
  };

  test('is what accounts hold where others do not trade', () => {
    const { take, told } = feedOf(0);
    take(markOf(100_000));
    expect(told()).toBe('0.0');
  });

  test('is worth what is stated at the mark where others trade and tell nothing, and nothing before there is a mark', () => {
    const { take, told } = feedOf(2_000_000);
    expect(told()).toBe('0.0');
    take(markOf(100_000));
    expect(told()).toBe('20.0');
    take(markOf(60_000));
    expect(told()).toBe('33.33333');
  });

  test('is what the market tells, and stays so while it says no more', () => {
    const { take, told } = feedOf(2_000_000);
    take(markOf(100_000, 2_735_317_682));
    take(markOf(99_000));
    expect(told()).toBe('27353.17682');
  });

  test('counts accounts here beside the others, and rules count accounts here alone', () => {
    const { feed, take, told } = feedOf(2_000_000);
    take(markOf(100_000));
    for (const [user, side] of [
      ['0xa1', 'buy'],
      ['0xb2', 'sell'],
    ] as const)
      feed.fill({ coin: 'BTC', user, side, sz: lots(150_000) } as unknown as VenueFill);
    expect(told()).toBe('21.5');
    expect(feed.openInterest('BTC')).toBe(150_000);
  });
});
