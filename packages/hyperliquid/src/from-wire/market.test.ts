import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { INSTRUMENTS } from '../testing/instruments.ts';
import { parseBbo, parseBook, parseInstruments, parseMark, parsePrints } from './market.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../../test/fixtures/venue/${name}`, import.meta.url), 'utf8'));
const recorded: {
  meta: { universe: object[] };
  l2Book: { data: { coin: string; time: number; levels: { px: string; sz: string }[][] } };
  trades: { data: object[] };
} = read('market.json');
const frames: { channel: string; data: object }[] = read('frames.json');
const frame = (channel: string, coin: string) =>
  frames.find((message) => message.channel === channel && JSON.stringify(message.data).includes(`"${coin}"`))?.data;
const MATIC = new Map([['MATIC', { coin: 'MATIC', assetId: 5, szDecimals: 1, maxLeverage: 50, onlyIsolated: false, isDelisted: true }]]);

describe('meta', () => {
  test('as recorded on the testnet: the asset id is the place in the list', () => {
    const meta = parseInstruments(recorded.meta);
    expect(meta.ok && meta.value.get('BTC')).toEqual({
      coin: 'BTC',
      assetId: 3,
      szDecimals: 5,
      maxLeverage: 40,
      onlyIsolated: false,
      isDelisted: false,
    });
    expect(meta.ok && meta.value.get('MATIC')?.isDelisted).toBe(true);
    expect(meta.ok && meta.value.get('UNIBOT')?.onlyIsolated).toBe(true);
  });
  test('with a coin twice, no coins or absurd decimals is not read', () => {
    const [sol] = recorded.meta.universe;
    expect(parseInstruments({ universe: [sol, sol] })).toEqual({
      ok: false,
      problem: 'universe[1].name is "SOL", expected a name not seen before',
    });
    expect(parseInstruments({ universe: [] })).toMatchObject({ ok: false });
    expect(parseInstruments({ universe: [{ ...sol, szDecimals: 9 }] })).toEqual({
      ok: false,
      problem: 'universe[0].szDecimals is 9, expected at most 6',
    });
    expect(parseInstruments({ universe: [{ ...sol, maxLeverage: 0 }] })).toMatchObject({ ok: false });
  });
});

describe('books', () => {
  test('as recorded, best first in ticks and lots', () => {
    const book = parseBook(recorded.l2Book.data, INSTRUMENTS);
    expect(book).toMatchObject({
      ok: true,
      value: { coin: 'BTC', exchangeTimeMs: 1757130041083, bids: { 0: { px: 1_110_650, sz: 698_048 } } },
    });
    expect(book.ok && book.value.bids.length).toBe(20);
  });
  test('of a dead market are empty, not unreadable', () => {
    expect(parseBook(frame('l2Book', 'MATIC'), MATIC)).toMatchObject({ ok: true, value: { bids: [], asks: [] } });
    expect(parseBbo(frame('bbo', 'MATIC'), MATIC)).toMatchObject({ ok: true, value: { bid: null, ask: null } });
  });
  test('with sides swapped, a level out of order or a price of nothing are not read', () => {
    const { data } = recorded.l2Book;
    const [bids, asks] = data.levels;
    expect(parseBook({ ...data, levels: [asks, bids] }, INSTRUMENTS)).toEqual({
      ok: false,
      problem: expect.stringContaining('levels[0][1].px'),
    });
    expect(parseBook({ ...data, levels: [[{ px: '', sz: '1' }], asks] }, INSTRUMENTS)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('levels[0][0].px is ""'),
    });
    expect(parseBook({ ...data, levels: [bids] }, INSTRUMENTS)).toEqual({ ok: false, problem: 'levels[1] is missing, expected an array' });
    expect(parseBook({ ...data, coin: 'DOGE' }, INSTRUMENTS)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('l2Book.coin is "DOGE"'),
    });
  });
});

test('a recorded bbo, trades and mark are read', () => {
  expect(parseBbo(frame('bbo', 'BTC'), INSTRUMENTS)).toEqual({
    ok: true,
    value: { coin: 'BTC', exchangeTimeMs: 1788490065008, bid: { px: 806_390, sz: 186 }, ask: { px: 806_400, sz: 1_374_589 } },
  });
  expect(parsePrints(frame('trades', 'BTC'), INSTRUMENTS)).toEqual({
    ok: true,
    value: {
      coin: 'BTC',
      prints: [
        { side: 'sell', px: 806_390, sz: 22, tid: 1095884267920331, exchangeTimeMs: 1788490042052 },
        { side: 'buy', px: 806_400, sz: 404, tid: 159797238452866, exchangeTimeMs: 1788490042052 },
      ],
    },
  });
  expect(parseMark(frame('activeAssetCtx', 'BTC'), INSTRUMENTS)).toEqual({
    ok: true,
    value: { coin: 'BTC', mark: 806_400_000, oracle: 806_847_000, fundingRateE10: 52_974, openInterest: 3_629_580_812 },
  });
});

test('trades of two coins in one message, or of none, are not read', () => {
  const [row] = recorded.trades.data;
  expect(parsePrints([row, { ...row, coin: 'BTC' }], INSTRUMENTS)).toMatchObject({
    ok: false,
    problem: expect.stringContaining('trades[1].coin'),
  });
  expect(parsePrints([], INSTRUMENTS)).toMatchObject({ ok: false });
});
