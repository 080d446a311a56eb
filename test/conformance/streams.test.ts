import { inflateRawSync } from 'node:zlib';
import { createVenue, type MarketEvent, universeOf, type VenueSettings } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { ExchangeClient, InfoClient } from '@nktkas/hyperliquid';
import { afterEach, describe, expect, test } from 'vitest';
import { directTransport } from '../support/direct-transport.ts';
import { btcBook, openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

interface Frame {
  readonly channel: string;
  readonly data?: unknown;
}

let venue: TestVenue;
let nonce = START_MS;
let heard: Frame[] = [];
const AAVE = 28;
const [maker, taker] = [testWallet(101), testWallet(102)] as const;

async function open(options: { events?: readonly MarketEvent[]; settings?: Partial<VenueSettings> } = {}) {
  const { events, settings = {} } = options;
  venue = await openTestVenue({
    venue: createVenue({ instruments: universeOf([]), settings }),
    ...(events === undefined ? {} : { events }),
  });
  heard = [];
  for (const { address } of [maker, taker]) venue.exchange.fund(address, microUsd(10_000e6));
  const connection = venue.exchange.direct.connect((text) => heard.push(JSON.parse(text)));
  const transport = directTransport(venue.exchange);
  const clientOf = (wallet: typeof maker) => new ExchangeClient({ transport, wallet, nonceManager: () => ++nonce });
  return {
    say: (message: unknown) => connection?.send(typeof message === 'string' ? message : JSON.stringify(message)),
    listen: (subscription: unknown) => connection?.send(JSON.stringify({ method: 'subscribe', subscription })),
    info: new InfoClient({ transport }),
    makes: clientOf(maker),
    takes: clientOf(taker),
  };
}
afterEach(() => venue.exchange.close());

/** What a channel has said since the last look. */
function take(channel: string): unknown[] {
  // Looking lets everything due happen first, however busy the machine is.
  venue.exchange.audit();
  const own = heard.flatMap((frame) => (frame.channel === channel ? [frame.data] : []));
  heard = heard.filter((frame) => frame.channel !== channel);
  return own;
}

const order = (b: boolean, p: string, s: string, tif: 'Gtc' | 'Ioc' = 'Gtc') => ({
  orders: [{ a: AAVE, b, p, s, r: false, t: { limit: { tif } } }],
  grouping: 'na' as const,
});

describe('a coin without a market is a book of the accounts', () => {
  test('its book, best prices, trades and candles follow what they do', async () => {
    const { listen, makes, takes, info } = await open();
    for (const type of ['l2Book', 'bbo', 'trades']) listen({ type, coin: 'AAVE' });
    listen({ type: 'candle', coin: 'AAVE', interval: '1m' });
    expect(take('l2Book')).toMatchObject([{ coin: 'AAVE', levels: [[], []] }]);
    expect(take('bbo')).toMatchObject([{ coin: 'AAVE', bbo: [null, null] }]);
    expect([...take('trades'), ...take('candle')]).toEqual([]);

    await makes.order(order(false, '100', '3'));
    expect(take('l2Book')).toMatchObject([{ levels: [[], [{ px: '100.0', sz: '3.0', n: 1 }]] }]);
    expect(take('bbo')).toMatchObject([{ bbo: [null, { px: '100.0', sz: '3.0' }] }]);
    await makes.order(order(false, '101', '1'));
    expect(take('l2Book')).toMatchObject([{ levels: [[], [{ px: '100.0' }, { px: '101.0' }]] }]);
    expect(take('bbo'), 'the best has not changed').toEqual([]);

    await takes.order(order(true, '100', '2', 'Ioc'));
    const [fill] = await info.userFills({ user: taker.address });
    const trade = {
      coin: 'AAVE',
      side: 'B',
      px: '100.0',
      sz: '2.0',
      time: fill?.time,
      hash: fill?.hash,
      tid: fill?.tid,
      users: [taker.address, maker.address],
    };
    expect(take('trades')).toEqual([[trade]]);
    expect(take('candle')).toMatchObject([{ s: 'AAVE', o: '100.0', c: '100.0', v: '2.0', n: 1 }]);
    expect(take('bbo')).toMatchObject([{ bbo: [null, { px: '100.0', sz: '1.0' }] }]);
    expect(await info.recentTrades({ coin: 'AAVE' })).toEqual([trade]);
    expect((await info.l2Book({ coin: 'AAVE' }))?.levels[1]).toMatchObject([{ px: '100.0', sz: '1.0' }, { px: '101.0' }]);
  });

  test('a seller who takes is the first to be named a seller', async () => {
    const { listen, makes, takes } = await open();
    await makes.order(order(true, '100', '1'));
    listen({ type: 'trades', coin: 'AAVE' });
    await takes.order(order(false, '100', '1', 'Ioc'));
    expect(take('trades')).toMatchObject([[{ side: 'A', users: [maker.address, taker.address] }]]);
    listen({ type: 'trades', coin: 'AAVE' });
    expect(take('error')).toEqual(['Already subscribed: {"type":"trades","coin":"AAVE"}']);
  });
});

describe('books', () => {
  test('tell each level once when nothing moves, five levels when fast, and a spread when aggregated', async () => {
    const still = Array.from({ length: 20 }, (_, i) => btcBook(START_MS + i * 500, 100_000));
    const { listen } = await open({ events: still });
    listen({ type: 'bbo', coin: 'BTC' });
    listen({ type: 'l2Book', coin: 'BTC', fast: true });
    expect(take('bbo')).toMatchObject([{ bbo: [{ px: '99999.0' }, { px: '100001.0' }] }]);
    const [first] = take('l2Book');
    expect(first).toMatchObject({ fast: true });
    expect(JSON.stringify(first).match(/"px"/g)).toHaveLength(10);
    venue.clock.advance(3_000);
    expect(take('bbo'), 'the best bid and offer are the same').toEqual([]);
    expect(take('l2Book')).toHaveLength(6);
    expect(take('subscriptionResponse').at(-1)).toEqual({
      method: 'subscribe',
      subscription: { type: 'l2Book', coin: 'BTC', fast: true, nSigFigs: null, mantissa: null },
    });
    listen({ type: 'l2Book', coin: 'BTC', nSigFigs: 4 });
    expect(take('l2Book')).toMatchObject([{ spread: '110.0' }]);
    listen({ type: 'l2Book', coin: 'BTC', nSigFigs: 9 });
    expect(take('error')).toEqual(['Invalid subscription {"type":"l2Book","coin":"BTC","nSigFigs":9}']);
  });
});

describe('contexts', () => {
  test('fastAssetCtxs begins with every mark and mid, then tells what moved, packed', async () => {
    const { listen } = await open();
    const unpacked = (data: unknown): Record<string, { markPx?: string; midPx?: string }> =>
      JSON.parse(inflateRawSync(Buffer.from(String(data), 'base64')).toString());
    listen({ type: 'fastAssetCtxs' });
    const [whole] = take('fastAssetCtxs').map(unpacked);
    expect(Object.keys(whole ?? {})).toEqual(['BTC']);
    expect(whole?.BTC).toEqual({ markPx: expect.stringMatching(/^100\d{3}\.\d+$/), midPx: '100000.0' });
    venue.clock.advance(20_000);
    const moves = take('fastAssetCtxs').map(unpacked);
    expect(moves.length).toBeGreaterThan(1);
    const last = Object.assign({}, whole?.BTC, ...moves.map((move) => move.BTC));
    expect(last).toEqual({ markPx: expect.any(String), midPx: '100010.0' });
    expect(moves.some((move) => move.BTC?.markPx === undefined)).toBe(true);
  });

  test('of spot pairs come on a channel of their own, and never move', async () => {
    const { listen } = await open();
    listen({ type: 'activeAssetCtx', coin: 'PURR/USDC' });
    listen({ type: 'spotAssetCtxs' });
    listen({ type: 'outcomeMetaUpdates' });
    expect(take('activeSpotAssetCtx')).toMatchObject([
      { coin: 'PURR/USDC', ctx: { coin: 'PURR/USDC', midPx: null, circulatingSupply: '0.0' } },
    ]);
    const [ctxs] = take('spotAssetCtxs');
    expect(ctxs).toHaveLength(179);
    expect(ctxs).toMatchObject(['PURR/USDC', '@1'].map((coin) => ({ coin, midPx: null })).concat(Array(177).fill({ midPx: null })));
    venue.clock.advance(10_000);
    expect([...take('activeAssetCtx'), ...take('spotAssetCtxs'), ...take('outcomeMetaUpdates')]).toEqual([]);
  });

  test('perpsAtOpenInterestCap and the pages name what has reached its cap', async () => {
    const { info, takes, listen } = await open({ settings: { openInterestCapsUsd: { BTC: 5_000, ETH: 1 } } });
    expect(await info.perpsAtOpenInterestCap()).toEqual([]);
    await takes.order({ orders: [{ a: 0, b: true, p: '101000', s: '0.06', r: false, t: { limit: { tif: 'Ioc' } } }], grouping: 'na' });
    expect(await info.perpsAtOpenInterestCap()).toEqual(['BTC']);
    listen({ type: 'webData2', user: taker.address });
    listen({ type: 'webData3', user: taker.address });
    expect(take('webData2')).toMatchObject([{ user: taker.address, perpsAtOpenInterestCap: ['BTC'] }]);
    expect(take('webData3')).toMatchObject([{ perpDexStates: [{ perpsAtOpenInterestCap: ['BTC'] }] }]);
    venue.clock.advance(5_000);
    expect(take('webData2')).toHaveLength(1);
  });
});

describe('accounts', () => {
  test('the ledger, the history and the state of an account come as they change', async () => {
    const { listen, takes } = await open();
    const { address: user } = taker;
    for (const type of ['userNonFundingLedgerUpdates', 'userHistoricalOrders', 'spotState']) listen({ type, user });
    listen({ type: 'activeAssetData', user, coin: 'BTC' });
    expect(take('userNonFundingLedgerUpdates')).toMatchObject([
      { isSnapshot: true, user, nonFundingLedgerUpdates: [{ delta: { type: 'deposit', usdc: '10000.0' } }] },
    ]);
    expect(take('userHistoricalOrders')).toEqual([{ isSnapshot: true, user, orderHistory: [] }]);
    expect(take('spotState')).toEqual([{ user, spotState: { balances: [] } }]);
    expect(take('activeAssetData')).toMatchObject([{ user, coin: 'BTC', availableToTrade: ['10000.0', '10000.0'] }]);

    await takes.usdClassTransfer({ amount: '100', toPerp: false });
    const [moved] = take('userNonFundingLedgerUpdates');
    expect(moved).toMatchObject({
      user,
      nonFundingLedgerUpdates: [{ delta: { type: 'accountClassTransfer', usdc: '100.0', toPerp: false } }],
    });
    expect(moved).not.toHaveProperty('isSnapshot');
    expect(take('spotState')).toMatchObject([{ spotState: { balances: [{ coin: 'USDC', token: 0, total: '100.0', hold: '0.0' }] } }]);
    expect(take('activeAssetData')).toMatchObject([{ availableToTrade: ['9900.0', '9900.0'] }]);

    await takes.order(order(true, '50', '2', 'Gtc'));
    expect(take('userHistoricalOrders')).toMatchObject([
      { user, orderHistory: [{ status: 'open', order: { coin: 'AAVE', orderType: 'Limit', children: [] } }] },
    ]);
  });
});

describe('a liquidation', () => {
  test('is a row of the ledger, as asked and as streamed, of what was held and what stood behind it', async () => {
    const falling = Array.from({ length: 20 }, (_, i) => btcBook(START_MS + i * 500, i < 4 ? 100_000 : 96_000));
    const { listen, takes, info } = await open({ events: falling });
    const { address: user } = taker;
    await takes.usdSend({ destination: maker.address, amount: '9700' });
    await takes.updateLeverage({ asset: 0, isCross: true, leverage: 40 });
    await takes.order({ orders: [{ a: 0, b: true, p: '101000', s: '0.08', r: false, t: { limit: { tif: 'Ioc' } } }], grouping: 'na' });
    listen({ type: 'userNonFundingLedgerUpdates', user });
    take('userNonFundingLedgerUpdates');
    venue.clock.advance(10_000);
    const delta = {
      type: 'liquidation',
      liquidatedNtlPos: expect.stringMatching(/^76\d\d\.\d+$/),
      accountValue: expect.stringMatching(/^-?\d+\.\d+$/),
      leverageType: 'Cross',
      liquidatedPositions: [{ coin: 'BTC', szi: '0.08' }],
    };
    const [told] = take('userNonFundingLedgerUpdates');
    expect(told).toEqual({
      user,
      nonFundingLedgerUpdates: [{ time: expect.any(Number), hash: expect.stringMatching(/^0x[0-9a-f]{64}$/), delta }],
    });
    expect(JSON.stringify(told)).toMatch(
      /"delta":\{"type":.*"liquidatedNtlPos":.*"accountValue":.*"leverageType":.*"liquidatedPositions":/,
    );
    const asked = await info.userNonFundingLedgerUpdates({ user });
    expect(JSON.stringify(told)).toContain(JSON.stringify(asked.at(-1)));
  });
});

describe('frames', () => {
  test('that are no request are told back, and a ping is answered', async () => {
    const { say } = await open();
    say('{"method":"subscribe"');
    say({ method: 'subscribe', xsubscription: { type: 'bbo', coin: 'SOL' } });
    say({ method: 'subscribe', subscription: { type: 'noSuchType' } });
    expect(take('error')).toEqual([
      'Error parsing JSON into valid websocket request: {"method":"subscribe"',
      'Error parsing JSON into valid websocket request: {"method":"subscribe","xsubscription":{"type":"bbo","coin":"SOL"}}',
      'Error parsing JSON into valid websocket request: {"method":"subscribe","subscription":{"type":"noSuchType"}}',
    ]);
    say({ method: 'ping' });
    expect(take('pong')).toHaveLength(1);
  });

  test('allMids names a dex only when it was asked for by name', async () => {
    const { listen } = await open();
    listen({ type: 'allMids' });
    listen({ type: 'allMids', dex: '' });
    const [plain, named] = take('allMids');
    expect(plain).not.toHaveProperty('dex');
    expect(named).toMatchObject({ dex: '' });
    listen({ type: 'allMids', dex: 'xyz' });
    expect(take('error')).toEqual(['Invalid subscription {"type":"allMids","dex":"xyz"}']);
  });

  test('repeat the user in lower case, whatever case was asked', async () => {
    const { listen } = await open();
    listen({ type: 'userFills', user: `0x${taker.address.slice(2).toUpperCase()}` });
    expect(take('userFills')).toEqual([{ isSnapshot: true, user: taker.address, fills: [] }]);
    listen({ type: 'userFills', user: '0x12' });
    expect(take('error')).toEqual(['Invalid subscription {"type":"userFills","user":"0x12"}']);
  });
});
