import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepRefusal } from '@hyperfleet/paper-exchange';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controlsOf, refused } from '../support/control-client.ts';
import { openTestVenue, START_MS, steppedClock, type TestVenue } from '../support/paper-venue.ts';
import { rawSocket } from '../support/raw-client.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const user = wallet.address;
let venue: TestVenue;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'told-'));
  venue = await openTestVenue({ told: ['BTC', 'ETH'] });
});
afterEach(async () => {
  await venue.exchange.close();
  rmSync(dir, { recursive: true, force: true });
});

const { ask, get, post, refusal } = controlsOf(() => venue.url);
const place = async (px: string, nonce: number) => (await venue.post('/exchange', await signedRequest(wallet, btcOrder(px), nonce))).json;

describe('a market told step by step', () => {
  const BOOK = { type: 'l2Book', coin: 'BTC' };

  test('stands where it is told, at once, with books, marks, prints and what they bring', async () => {
    await post('/paper/fund', { user, usd: 10_000 });
    const socket = await rawSocket(venue.port);
    for (const subscription of [BOOK, { type: 'trades', coin: 'BTC' }, { type: 'userFills', user }]) await socket.subscribe(subscription);
    expect((await socket.of('l2Book')).data).toMatchObject({ levels: [[], []] });
    expect(await post('/paper/market', { coin: 'BTC', px: '65000' })).toEqual({
      step: { coin: 'BTC', px: '65000' },
      atMs: venue.clock.now(),
    });
    expect((await socket.of('l2Book')).data).toMatchObject({
      levels: [
        [{ px: '64999.0', sz: '1.53846' }, { px: '64998.0' }, {}, {}, {}],
        [{ px: '65001.0' }, {}, {}, {}, {}],
      ],
    });
    expect(await post('/info', { type: 'metaAndAssetCtxs' })).toMatchObject([
      {},
      { 0: { markPx: '65000.0', oraclePx: '65000.0', midPx: '65000.0' } },
    ]);
    expect(await place('64000', START_MS)).toMatchObject({ response: { data: { statuses: [{ resting: {} }] } } });
    // Within the same millisecond: the second price is the newer one all the same.
    await post('/paper/market', { coin: 'BTC', px: '64500', sz: '0.5' });
    await post('/paper/market', { coin: 'BTC', px: '63900', sz: '0.5' });
    await socket.of('userFills');
    expect((await socket.of('userFills')).data).toMatchObject({ fills: [{ px: '64000.0', sz: '0.01', crossed: false }] });
    await post('/paper/market', {
      coin: 'BTC',
      bids: [['63000', '1']],
      asks: [
        ['63001', '2'],
        ['63005', 3],
      ],
    });
    expect(await post('/info', BOOK)).toMatchObject({
      levels: [[{ px: '63000.0', sz: '1.0' }], [{ px: '63001.0' }, { px: '63005.0', sz: '3.0' }]],
    });
    await post('/paper/market', { coin: 'BTC', print: { side: 'sell', px: '63000', sz: '0.2' } });
    expect((await socket.of('trades')).data).toMatchObject([{ side: 'A', px: '63000.0', sz: '0.2' }]);
    await post('/paper/market', { coin: 'BTC', mark: '62000.5', fundingRateE10: 250_000, openInterest: '27353.17682' });
    expect(await post('/info', { type: 'metaAndAssetCtxs' })).toMatchObject([
      {},
      { 0: { markPx: '62000.5', funding: '0.000025', openInterest: '27353.18682' } },
    ]);
    expect(await get('/paper/audit')).toMatchObject({ fills: 1, conservationErrorUsd: 0 });
    socket.close();
  });

  test('fires a stop where the price is told to have gone', async () => {
    await post('/paper/fund', { user, usd: 10_000 });
    await post('/paper/market', { coin: 'BTC', px: '65000' });
    const entry = { a: 0, b: true, p: '65100', s: '0.01', r: false, t: { limit: { tif: 'Gtc' } } };
    const stop = { a: 0, b: false, p: '60000', s: '0.01', r: true, t: { trigger: { isMarket: true, triggerPx: '64000', tpsl: 'sl' } } };
    await venue.post('/exchange', await signedRequest(wallet, { type: 'order', orders: [entry, stop], grouping: 'normalTpsl' }, START_MS));
    expect(await get('/paper/audit')).toMatchObject({ nakedTime: {}, nakedMsMax: 0 });
    await post('/paper/market', { coin: 'BTC', px: '63990' });
    expect(await post('/info', { type: 'clearinghouseState', user })).toMatchObject({ assetPositions: [] });
    expect(await post('/info', { type: 'userFills', user })).toMatchObject([
      { dir: 'Close Long', px: '63989.0' },
      { dir: 'Open Long', px: '65001.0' },
    ]);
  });

  test('comes back from the journal as it was told', async () => {
    await venue.exchange.close();
    const journalPath = join(dir, 'journal.jsonl');
    venue = await openTestVenue({ told: ['BTC', 'ETH'], journalPath });
    await post('/paper/fund', { user, usd: 10_000 });
    await post('/paper/market', { coin: 'BTC', px: '65000' });
    await place('65500', START_MS);
    venue.clock.advance(1_500);
    for (let px = 65_000; px > 64_000; px -= 250) await post('/paper/market', { coin: 'BTC', px: String(px) });
    await post('/paper/market', { coin: 'BTC', print: { side: 'buy', px: '64251', sz: '0.1' } });
    const questions = ['clearinghouseState', 'userFills', 'historicalOrders'].map((type) => ({ type, user }));
    const memory = async () =>
      Promise.all([...questions, BOOK, { type: 'recentTrades', coin: 'BTC' }].map(async (body) => (await ask('/info', { body })).text));
    const before = [await memory(), venue.exchange.journal()];
    const atMs = venue.clock.now();
    await venue.exchange.close();
    venue = await openTestVenue({ told: ['BTC', 'ETH'], journalPath, clock: steppedClock(atMs) });
    expect([await memory(), venue.exchange.journal()]).toEqual(before);
    await post('/paper/market', { coin: 'BTC', print: { side: 'buy', px: '64251', sz: '0.1' } });
    const trades = (await post('/info', { type: 'recentTrades', coin: 'BTC' })) as { tid: number }[];
    expect(new Set(trades.map(({ tid }) => tid)).size).toBe(trades.length);
  });

  test.each<[unknown, string | RegExp]>([
    [[], /^step \[\]: give \{"coin","px","sz"\?\}, /],
    [{ px: '1' }, /^coin is missing: give a coin, e\.g\. "BTC"/],
    [{ coin: 'BTC' }, /^step \{"coin":"BTC"\}: give /],
    [{ coin: 'SOL', px: '100' }, /^coin "SOL": this market is told of BTC, ETH; name one of them/],
    [{ coin: 'BTC', px: 'high' }, /^px "high": give a decimal above zero, e\.g\. "65000\.5"/],
    [{ coin: 'BTC', px: '65000.55' }, /^price "65000\.55" of BTC is none an order can have: at most 5 significant figures/],
    [
      { coin: 'BTC', px: '65000', sz: '0.000001' },
      /^size "0\.000001" of BTC is no whole number of lots above zero: prices of BTC have at most 1 decimals, sizes 5/,
    ],
    [{ coin: 'BTC', px: '65000', volume: 1 }, /^volume 1: not a field of this step: give /],
    [{ coin: 'BTC', bids: [['1']], asks: [] }, /^bids \["1"\]: give a level as \[px, sz\]/],
    [
      {
        coin: 'BTC',
        bids: [
          ['1', '1'],
          ['2', '1'],
        ],
        asks: [],
      },
      /^bids \["2","1"\]: give levels best first, each price once/,
    ],
    [
      {
        coin: 'BTC',
        bids: [],
        asks: [
          ['2', '1'],
          ['2', '1'],
        ],
      },
      /^asks \["2","1"\]: give levels best first, each price once/,
    ],
    [{ coin: 'BTC', bids: [['3', '1']], asks: [['3', '1']] }, /^bids \["3","1"\]: at or above the best ask 3; give an uncrossed book/],
    [{ coin: 'BTC', bid: ['3', '1'], ask: ['2', '1'] }, /^bid \["3","1"\]: at or above the best ask 2; give an uncrossed book/],
    [{ coin: 'BTC', print: { side: 'up', px: '1', sz: '1' } }, /^side "up": give buy or sell, the aggressor/],
    [{ coin: 'BTC', mark: '1', openInterest: '0.000001' }, /^openInterest "0\.000001": give coins with at most 5 decimals/],
    [{ coin: 'BTC', mark: '1', openInterest: '-1' }, /^openInterest "-1": give a decimal above zero/],
    [{ coin: 'BTC', mark: '1', fundingRateE10: 0.5 }, /^fundingRateE10 0\.5: give the hourly rate in 10\^−10/],
  ])('refuses %j', async (step, text) => {
    expect(await refusal('/paper/market', step)).toEqual(refused(text));
    expect(venue.exchange.journal().last).toBe(0);
  });

  test('refuses steps after which money could not be counted, and goes on', async () => {
    await post('/paper/fund', { user, usd: 900_000_000 });
    const buy = { a: 0, b: true, p: '65200', s: '4000', r: false, t: { limit: { tif: 'Gtc' } } };
    for (let i = 1; i <= 12; i += 1) {
      venue.exchange.step({ coin: 'BTC', px: '65000', sz: '5000' });
      const placed = await venue.post(
        '/exchange',
        await signedRequest(wallet, { type: 'order', orders: [buy], grouping: 'na' }, START_MS + i),
      );
      expect(placed.json).toMatchObject({ response: { data: { statuses: [{ filled: { totalSz: '4000.0' } }] } } });
    }
    const before = venue.exchange.journal().last;
    for (const step of [
      { px: '6500001' },
      { px: '1' },
      { mark: '649' },
      { bids: [['1', '1']], asks: [] },
      { print: { side: 'buy', px: '10000000', sz: '1' } },
    ])
      expect(await refusal('/paper/market', { coin: 'BTC', ...step })).toEqual(
        refused(/^px [\d.]+: more than 100 times from where BTC stands; go there in several steps$/),
      );
    expect(await refusal('/paper/market', { coin: 'BTC', px: '65000', sz: '20000' })).toEqual(
      refused(/^sz at px 64999: worth more than \$1000000000; give a smaller size$/),
    );
    expect(await refusal('/paper/market', { coin: 'BTC', mark: '90000' })).toEqual(
      refused(/^px 90000: the positions of BTC would be worth more than \$4000000000; give a lower price$/),
    );
    expect(await refusal('/paper/fault', { kind: 'deleverage', user, coin: 'BTC', px: '90000000' })).toEqual(
      refused(/^px 90000000: more than 100 times/),
    );
    expect(venue.exchange.journal().last).toBe(before);
    for (const px of ['80000', '30000', '3000', '300', '4', '200', '15000']) await post('/paper/market', { coin: 'BTC', px });
    venue.clock.advance(3_700_000);
    expect(await get('/paper/audit')).toMatchObject({ conservationErrorUsd: 0 });
    expect(await post('/info', { type: 'clearinghouseState', user })).toMatchObject({ assetPositions: [] });
  });

  test('refuses steps while its feed is paused', async () => {
    venue.exchange.step({ coin: 'BTC', px: '65000' });
    venue.exchange.fault({ kind: 'pause-market', coin: 'BTC', ms: 1_000 });
    const untilMs = venue.clock.now() + 1_000;
    expect(() => venue.exchange.step({ coin: 'BTC', px: '65001' })).toThrow(
      `coin "BTC": its feed is paused until ${untilMs}; tell it after that`,
    );
    venue.clock.advance(1_000);
    venue.exchange.step({ coin: 'BTC', px: '65001' });
    expect(venue.exchange.journal().entries.map(({ kind }) => kind)).toEqual(['market', 'pause', 'market']);
  });

  test('is no recording, which cannot be told anything', async () => {
    await venue.exchange.close();
    venue = await openTestVenue();
    expect(await refusal('/paper/market', { coin: 'BTC', px: '65000' })).toEqual(
      refused(
        /^step \{"coin":"BTC","px":"65000"\}: this market comes from a file; start the exchange with --market scripted:BTC to tell it$/,
      ),
    );
    expect(() => venue.exchange.step({ coin: 'BTC', px: '65000' })).toThrow(StepRefusal);
  });
});
