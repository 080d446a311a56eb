import { readFileSync } from 'node:fs';
import { microUsd } from '@hyperfleet/trading';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

/** Recorded replies of the real venue, by name. */
const recorded = (file: string) => JSON.parse(readFileSync(new URL(`../fixtures/venue/${file}`, import.meta.url), 'utf8'));
const account = recorded('account.json');
const market = recorded('market.json');
const frames: { channel: string; data: unknown }[] = recorded('frames.json');
const frame = (channel: string, which = 0) => frames.filter((it) => it.channel === channel)[which]?.data;

/** Keys a row has only when they say something. */
const OPTIONAL = new Set(['cloid', 'reduceOnly', 'liquidation', 'isDelisted', 'onlyIsolated', 'marginMode']);

type Shape = string | { readonly [key: string]: Shape } | readonly Shape[];

/** Field names in their order, and the kind of every value: a decimal string always has a decimal point and no needless zeros. */
function shapeOf(value: unknown): Shape {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([key]) => !OPTIONAL.has(key));
    return Object.fromEntries(entries.map(([key, inner]) => [key, shapeOf(inner)]));
  }
  if (typeof value !== 'string') return typeof value;
  if (/^-?\d+\.(0|\d*[1-9])$/.test(value)) return 'decimal';
  if (/^0x[0-9a-f]{64}$/.test(value)) return 'hash';
  if (/^0x[0-9a-f]{40}$/.test(value)) return 'address';
  return 'text';
}

const ordered = (value: unknown): string => JSON.stringify(shapeOf(value));

let venue: TestVenue;
const wallet = testWallet(1);
const user = wallet.address;
const ask = async (type: string, extra = {}) => (await venue.post('/info', { type, user, ...extra })).json;

beforeAll(async () => {
  venue = await openTestVenue();
  venue.exchange.fund(user, microUsd(10_000e6));
  let nonce = START_MS;
  const send = async (action: Readonly<Record<string, unknown>>) => venue.post('/exchange', await signedRequest(wallet, action, ++nonce));
  await send(btcOrder('101000', true, 'Ioc', `0x${'01'.repeat(16)}`));
  await send(btcOrder('90000', true, 'Gtc', `0x${'02'.repeat(16)}`));
  await send(btcOrder('1', true, 'Alo'));
});
afterAll(() => venue.exchange.close());

describe('what /info answers has the names, the order and the kinds the venue has', () => {
  test.each([
    ['clearinghouseState', {}, account.clearinghouseState],
    ['userFills', {}, account.userFills],
    ['historicalOrders', {}, account.historicalOrders],
    ['l2Book', { coin: 'BTC' }, market.l2Book.data],
    ['recentTrades', { coin: 'BTC' }, market.trades.data],
    [
      'userNonFundingLedgerUpdates',
      { startTime: 0 },
      [{ time: 1, hash: `0x${'a'.repeat(64)}`, delta: { type: 'deposit', usdc: '2703997.4500000002' } }],
    ],
    ['userRateLimit', {}, { cumVlm: '170043721737.450012207', nRequestsUsed: 1, nRequestsCap: 1, nRequestsSurplus: 0 }],
  ])('%s', async (type, extra, theirs) => {
    const ours = await ask(type, extra);
    // liquidationPx is a price or null; both are recorded.
    expect(ordered(ours).replace('"liquidationPx":"decimal"', '"liquidationPx":"null"')).toBe(ordered(theirs));
  });

  test('frontendOpenOrders has the fields of a recorded order, and openOrders those of a recorded row', async () => {
    const [full] = (await ask('frontendOpenOrders')) as unknown[];
    expect(ordered(full)).toBe(ordered(account.historicalOrders[0].order));
    const [row] = (await ask('openOrders')) as unknown[];
    const theirs = { coin: 'ETH', side: 'B', limitPx: '1500.0', sz: '1.0', oid: 1, timestamp: 1, origSz: '1.0', cloid: '0x0' };
    expect(Object.keys(row as object)).toEqual(Object.keys(theirs));
    expect(ordered(row)).toBe(ordered(theirs));
  });

  test('meta, and contexts in its order', async () => {
    const meta = (await ask('meta')) as { universe: { name: string }[] };
    // The recorded tables were left out of the fixture.
    expect(ordered({ ...meta, marginTables: [] })).toBe(ordered({ ...market.meta, marginTables: [] }));
    expect(meta.universe.map((row) => row.name).indexOf('SOL')).toBe(5);
    const [again, contexts] = (await ask('metaAndAssetCtxs')) as [unknown, unknown[]];
    expect(again).toEqual(meta);
    expect(contexts).toHaveLength(meta.universe.length);
    const recordedCtx = frame('activeAssetCtx') as { ctx: unknown };
    expect(ordered(contexts[0])).toBe(ordered(recordedCtx.ctx));
  });

  test('nobody in particular has zeros and empty lists, not errors', async () => {
    const nobody = { user: testWallet(99).address };
    expect(ordered(await ask('clearinghouseState', nobody))).toBe(ordered(account['clearinghouseState empty']));
    expect(await ask('spotClearinghouseState', nobody)).toEqual(account['spotClearinghouseState empty']);
    for (const type of ['openOrders', 'userFills', 'historicalOrders', 'extraAgents']) expect(await ask(type, nobody)).toEqual([]);
    expect(await ask('orderStatus', { ...nobody, oid: 1 })).toEqual({ status: 'unknownOid' });
    expect(await ask('userRole', nobody)).toEqual({ role: 'missing' });
  });

  test('every question a client asks at start-up has an answer', async () => {
    const types = [
      'spotMeta',
      'spotMetaAndAssetCtxs',
      'outcomeMeta',
      'perpDexs',
      'perpsAtOpenInterestCap',
      'userFees',
      'referral',
      'subAccounts',
    ];
    for (const type of [...types, 'userAbstraction', 'portfolio', 'predictedFundings', 'exchangeStatus', 'allMids']) {
      expect((await venue.post('/info', { type, user })).status, type).toBe(200);
    }
    for (const body of [
      { type: 'activeAssetData', user, coin: 'BTC' },
      { type: 'maxBuilderFee', user, builder: user },
      { type: 'marginTable', id: 40 },
      { type: 'fundingHistory', coin: 'BTC', startTime: 0 },
      { type: 'userFunding', user, startTime: 0 },
      { type: 'candleSnapshot', req: { coin: 'BTC', interval: '1m', startTime: 0 } },
    ]) {
      expect((await venue.post('/info', body)).status, body.type).toBe(200);
    }
  });
});

describe('what the streams say has the names, the order and the kinds the venue has', () => {
  test('market and account channels', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${venue.port}/ws`);
    await new Promise((resolve) => socket.once('open', resolve));
    const seen = new Map<string, unknown>();
    const done = new Promise<void>((resolve) => {
      socket.on('message', (raw) => {
        const { channel, data } = JSON.parse(raw.toString());
        if (channel === 'pong') resolve();
        else seen.set(channel, data);
      });
    });
    const subscribe = (subscription: Readonly<Record<string, unknown>>) =>
      socket.send(JSON.stringify({ method: 'subscribe', subscription }));
    for (const type of ['l2Book', 'trades', 'activeAssetCtx']) subscribe({ type, coin: 'BTC' });
    subscribe({ type: 'candle', coin: 'BTC', interval: '1m' });
    for (const type of ['userFills', 'orderUpdates', 'userEvents', 'notification']) subscribe({ type, user });
    socket.send(JSON.stringify({ method: 'post', id: 1, request: { type: 'info', payload: { type: 'exchangeStatus' } } }));
    await new Promise<void>((resolve) => socket.on('message', (raw) => raw.toString().includes('"post"') && resolve()));
    const snapshot = seen.get('userFills');
    const sent = await signedRequest(wallet, btcOrder('90002', true, 'Gtc', `0x${'03'.repeat(16)}`), START_MS + 500);
    await venue.post('/exchange', sent);
    socket.send(JSON.stringify({ method: 'ping' }));
    await done;
    socket.close();
    expect(ordered(snapshot)).toBe(ordered(frame('userFills')));
    expect(ordered(seen.get('orderUpdates'))).toBe(ordered(frame('orderUpdates')));
    expect(ordered(seen.get('l2Book'))).toBe(ordered(market.l2Book.data));
    expect(ordered(seen.get('trades'))).toBe(ordered(frame('trades')));
    expect(ordered(seen.get('candle'))).toBe(ordered(frame('candle')));
    expect(ordered(seen.get('activeAssetCtx'))).toBe(ordered(frame('activeAssetCtx')));
  });
});
