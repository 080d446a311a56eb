import { existsSync, readFileSync } from 'node:fs';
import { createVenue, outsideMarketSettings, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const SHARED = new URL('../../../shared/', import.meta.url);
const hasShared = existsSync(new URL('data/INDEX.md', SHARED));
const shared = (path: string): string => readFileSync(new URL(path, SHARED), 'utf8');
const universe = universeOf([]);

// Skipped only where the recordings are not on this machine; the runner says so at its start.
describe.skipIf(!hasShared)('what mainnet lists agrees with recordings of other days', () => {
  test('the decimals of every coin in 2.3 million recorded fills', () => {
    const rows = shared('data/api_hl/observed_decimals_by_coin.csv')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(rows.length).toBeGreaterThan(200);
    for (const [coin, , szDecimals] of rows) expect(universe.find((one) => one.coin === coin)?.szDecimals, coin).toBe(Number(szDecimals));
  });

  test('the order of 230 contexts: what has no mid is delisted, and prices fit the decimals', () => {
    const message = JSON.parse(shared('data/ws_hl/nautilus/ws_all_dexs_asset_ctxs.json'));
    const ctxs: { midPx: string | null; markPx: string }[] = message.data.ctxs[0][1];
    expect(ctxs).toHaveLength(230);
    for (const [assetId, { midPx, markPx }] of ctxs.entries()) {
      const listing = universe[assetId];
      if (midPx === null) expect(listing?.isDelisted, listing?.coin).toBe(true);
      expect((markPx.split('.')[1] ?? '').length, listing?.coin).toBeLessThanOrEqual(6 - (listing?.szDecimals ?? 0));
    }
    expect(ctxs[0]?.markPx).toBe('77562.0');
  });

  test('what others hold of a coin here is what they hold of mainnet’s median coin, rounded down', () => {
    const message = JSON.parse(shared('data/ws_hl/nautilus/ws_all_dexs_asset_ctxs.json'));
    const ctxs: { midPx: string | null; markPx: string; openInterest: string }[] = message.data.ctxs[0][1];
    const held = ctxs.flatMap(({ midPx, markPx, openInterest }) => (midPx === null ? [] : [Number(openInterest) * Number(markPx)]));
    const median = held.sort((a, b) => a - b)[Math.floor(held.length / 2)] ?? Number.NaN;
    expect(outsideMarketSettings.outsideInterestUsd).toBe(Math.floor(median / 1e6) * 1e6);
  });

  test('a context without a mid has no premium and no impact prices either, and only such a one', () => {
    const message = JSON.parse(shared('data/ws_hl/nautilus/ws_all_dexs_asset_ctxs.json'));
    const ctxs: Record<'midPx' | 'premium' | 'impactPxs', unknown>[] = message.data.ctxs[0][1];
    for (const { midPx, premium, impactPxs } of ctxs)
      expect([premium === null, impactPxs === null]).toEqual([midPx === null, midPx === null]);
  });
});

describe.skipIf(!hasShared)('the mark where only a book is known', () => {
  test('a mid is four times nearer to the recorded mark than the oracle is: 1.7 basis points against 7.2', () => {
    const message = JSON.parse(shared('data/ws_hl/nautilus/ws_all_dexs_asset_ctxs.json'));
    const ctxs: { midPx: string | null; markPx: string; oraclePx: string }[] = message.data.ctxs[0][1];
    const live = ctxs.flatMap(({ midPx, markPx, oraclePx }) => (midPx === null ? [] : [[midPx, markPx, oraclePx].map(Number)]));
    const median = (of: (mid: number, oracle: number) => number): number => {
      const errors = live
        .map(([mid = 0, mark = 1, oracle = 0]) => (Math.abs(of(mid, oracle) - mark) / mark) * 10_000)
        .sort((a, b) => a - b);
      return errors[Math.floor(errors.length / 2)] ?? Number.NaN;
    };
    expect(live.length).toBeGreaterThan(170);
    expect(median((mid) => mid)).toBeCloseTo(1.7, 0);
    expect(median((_mid, oracle) => oracle)).toBeCloseTo(7.2, 0);
  });
});

describe('spot as mainnet lists it', () => {
  test('HYPE is where its users look for it, and tokens stand at their indices though pairs have gaps', async () => {
    const venue = await openTestVenue({});
    const { json } = await venue.post('/info', { type: 'spotMeta' });
    await venue.exchange.close();
    const { universe: pairs, tokens } = json as {
      universe: { name: string; index: number; tokens: [number, number] }[];
      tokens: { name: string; index: number; tokenId: string; szDecimals: number }[];
    };
    expect([pairs.length, tokens.length]).toEqual([179, 312]);
    for (const [place, { index }] of tokens.entries()) expect(index).toBe(place);
    for (const { name, index, tokens: pair } of pairs) {
      expect(name).toBe(index === 0 ? 'PURR/USDC' : `@${index}`);
      for (const token of pair) expect(tokens[token]).toBeDefined();
    }
    const hype = pairs.find(({ name }) => name === '@107');
    expect(tokens[hype?.tokens[0] ?? 0]).toMatchObject({ name: 'HYPE', index: 150, szDecimals: 2 });
    expect(new Set(tokens.map(({ tokenId }) => tokenId)).size).toBe(312);
    expect(Object.keys(tokens[0] ?? {})).toEqual([
      ...['name', 'szDecimals', 'weiDecimals', 'index', 'tokenId', 'isCanonical', 'evmContract', 'fullName', 'deployerTradingFeeShare'],
    ]);
  });
});

describe('an asset without a market', () => {
  let venue: TestVenue;
  const wallet = testWallet(1);
  let nonce = START_MS;
  const AAVE = 28;
  const MATIC = 3;
  const order = async (asset: number, tif: string, p = '100') => {
    const orders = [{ a: asset, b: true, p, s: '1', r: false, t: { limit: { tif } } }];
    nonce += 1;
    const { json } = await venue.post('/exchange', await signedRequest(wallet, { type: 'order', orders, grouping: 'na' }, nonce));
    return json;
  };
  const statuses = (...list: unknown[]) => ({ status: 'ok', response: { type: 'order', data: { statuses: list } } });

  beforeAll(async () => {
    venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]) }) });
    venue.exchange.fund(wallet.address, microUsd(10_000e6));
  });
  afterAll(() => venue.exchange.close());

  test('has an empty book, no mid, and a context of zeros and nulls', async () => {
    const book = await venue.post('/info', { type: 'l2Book', coin: 'AAVE' });
    expect(book.json).toMatchObject({ coin: 'AAVE', levels: [[], []] });
    const mids = (await venue.post('/info', { type: 'allMids' })).json as Record<string, string>;
    expect(mids).not.toHaveProperty('AAVE');
    const [meta, ctxs] = (await venue.post('/info', { type: 'metaAndAssetCtxs' })).json as [{ universe: unknown[] }, unknown[]];
    expect(meta.universe).toHaveLength(234);
    expect(ctxs).toHaveLength(234);
    expect(meta.universe[AAVE]).toEqual({ szDecimals: 2, name: 'AAVE', maxLeverage: 10, marginTableId: 52 });
    expect(ctxs[AAVE]).toMatchObject({ midPx: null, premium: null, impactPxs: null, markPx: '0.0' });
  });

  test('answers orders as the venue does without liquidity', async () => {
    expect(await order(AAVE, 'Ioc')).toEqual(statuses({ error: 'Order could not immediately match against any resting orders. asset=28' }));
    expect(await order(AAVE, 'FrontendMarket')).toEqual(statuses({ error: 'No liquidity available for market order. asset=28' }));
    expect(await order(AAVE, 'Gtc')).toMatchObject(statuses({ resting: { oid: expect.any(Number) } }));
  });

  test('takes no order once it is delisted, and none for an id beyond the list', async () => {
    expect(await order(MATIC, 'Gtc')).toEqual(statuses({ error: 'Trading is halted' }));
    expect(await order(234, 'Gtc')).toEqual(statuses({ error: 'Order has invalid asset.' }));
  });
});
