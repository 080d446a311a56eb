import { microUsd } from '@hyperfleet/trading';
import { ApiRequestError, ExchangeClient, HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import { SymbolConverter } from '@nktkas/hyperliquid/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

let venue: TestVenue;
const wallet = testWallet(1);
let nonce = START_MS;
const nonceManager = () => ++nonce;

const order = (b: boolean, p: string, s: string, tif: 'Gtc' | 'Ioc' | 'Alo' = 'Gtc', c?: `0x${string}`) => ({
  a: 0,
  b,
  p,
  s,
  r: false,
  t: { limit: { tif } },
  ...(c === undefined ? {} : { c }),
});

beforeAll(async () => {
  venue = await openTestVenue();
  venue.exchange.fund(wallet.address, microUsd(10_000e6));
});
afterAll(() => venue.exchange.close());

describe('the stock client over HTTP', () => {
  const open = (isTestnet = false) => {
    const transport = new HttpTransport({ apiUrl: venue.url, isTestnet });
    return { info: new InfoClient({ transport }), exchange: new ExchangeClient({ transport, wallet, nonceManager }) };
  };

  test('starts up: symbols, mids, book', async () => {
    const { info } = open();
    const converter = await SymbolConverter.create({ transport: new HttpTransport({ apiUrl: venue.url }) });
    expect(converter.getAssetId('BTC')).toBe(0);
    expect(converter.getAssetId('SOL')).toBe(5);
    expect(converter.getSzDecimals('BTC')).toBe(5);
    expect((await info.allMids()).BTC).toMatch(/^\d+\.\d+$/);
    const book = await info.l2Book({ coin: 'BTC' });
    expect(book?.levels[0][0]?.n).toBe(1);
    expect(await info.l2Book({ coin: 'NONE' })).toBeNull();
  });

  test.each([false, true])('places, reads and cancels an order, signing for testnet: %s', async (isTestnet) => {
    const { info, exchange } = open(isTestnet);
    const cloid: `0x${string}` = `0x${'ab'.repeat(15)}${isTestnet ? '01' : '02'}`;
    const placed = await exchange.order({ orders: [order(true, '90000', '0.01', 'Gtc', cloid)], grouping: 'na' });
    const status = placed.response.data.statuses[0];
    if (typeof status !== 'object' || !('resting' in status)) throw new Error('expected a resting order');
    expect(status.resting.cloid).toBe(cloid);
    const [row] = await info.openOrders({ user: wallet.address });
    expect(row).toMatchObject({ coin: 'BTC', side: 'B', limitPx: '90000.0', sz: '0.01', oid: status.resting.oid, cloid });
    expect(await info.orderStatus({ user: wallet.address, oid: cloid })).toMatchObject({ status: 'order', order: { status: 'open' } });
    const cancelled = await exchange.cancelByCloid({ cancels: [{ asset: 0, cloid }] });
    expect(cancelled.response.data.statuses).toEqual(['success']);
    await expect(exchange.cancel({ cancels: [{ a: 0, o: status.resting.oid }] })).rejects.toThrow(
      'Order was never placed, already canceled, or filled. asset=0',
    );
  });

  test('takes the book, is charged the fee and sees its position', async () => {
    const { info, exchange } = open();
    await exchange.updateLeverage({ asset: 0, isCross: true, leverage: 10 });
    const bought = await exchange.order({ orders: [order(true, '101000', '0.01', 'Ioc')], grouping: 'na' });
    const status = bought.response.data.statuses[0];
    if (typeof status !== 'object' || !('filled' in status)) throw new Error('expected a fill');
    const [fill] = await info.userFills({ user: wallet.address });
    expect(fill).toMatchObject({
      coin: 'BTC',
      dir: 'Open Long',
      oid: status.filled.oid,
      crossed: true,
      startPosition: '0.0',
      feeToken: 'USDC',
    });
    const state = await info.clearinghouseState({ user: wallet.address });
    expect(state.assetPositions[0]?.position).toMatchObject({
      coin: 'BTC',
      szi: '0.01',
      leverage: { type: 'cross', value: 10 },
      maxLeverage: 40,
    });
    const later = await info.userFillsByTime({ user: wallet.address, startTime: fill?.time ?? 0 });
    expect(later).toHaveLength(1);
    await exchange.order({ orders: [{ ...order(false, '99000', '0.01', 'Ioc'), r: true }], grouping: 'na' });
    expect((await info.clearinghouseState({ user: wallet.address })).assetPositions).toEqual([]);
  });

  test('places a bracket whose children wait for the entry', async () => {
    const { info, exchange } = open();
    const stop = {
      a: 0,
      b: false,
      p: '80000',
      s: '0.01',
      r: true,
      t: { trigger: { isMarket: true, triggerPx: '85000', tpsl: 'sl' as const } },
    };
    const placed = await exchange.order({ orders: [order(true, '90000', '0.01'), stop], grouping: 'normalTpsl' });
    expect(placed.response.data.statuses[1]).toBe('waitingForFill');
    const orders = await info.frontendOpenOrders({ user: wallet.address });
    const child = orders.find((row) => row.isTrigger);
    expect(child).toMatchObject({
      orderType: 'Stop Market',
      triggerCondition: 'Price below 85000',
      triggerPx: '85000.0',
      tif: null,
      reduceOnly: true,
    });
    const parent = orders.find((row) => !row.isTrigger);
    expect(parent?.children).toHaveLength(1);
    await exchange.cancel({ cancels: [{ a: 0, o: parent?.oid ?? 0 }] });
    expect(await info.openOrders({ user: wallet.address })).toEqual([]);
  });

  test('modifies an order, which gets a new oid, and answers the requests other clients fire at start-up', async () => {
    const { info, exchange } = open();
    const placed = await exchange.order({ orders: [order(true, '90000', '0.01', 'Alo')], grouping: 'na' });
    const status = placed.response.data.statuses[0];
    if (typeof status !== 'object' || !('resting' in status)) throw new Error('expected a resting order');
    await exchange.modify({ oid: status.resting.oid, order: order(true, '91000', '0.01', 'Alo') });
    const [row] = await info.openOrders({ user: wallet.address });
    expect(row?.limitPx).toBe('91000.0');
    expect(row?.oid).not.toBe(status.resting.oid);
    await exchange.cancel({ cancels: [{ a: 0, o: row?.oid ?? 0 }] });
    await expect(exchange.setReferrer({ code: 'CCXT1' })).rejects.toThrow('Referral code not registered');
    const builder = testWallet(9).address;
    venue.exchange.fund(builder, microUsd(100e6));
    await exchange.approveBuilderFee({ maxFeeRate: '0.01%', builder });
    expect(await info.maxBuilderFee({ user: wallet.address, builder })).toBe(10);
    await exchange.noop({ nonce: nonceManager() });
    expect(await info.userRateLimit({ user: wallet.address })).toMatchObject({ nRequestsUsed: expect.any(Number) });
  });

  test('lets an approved agent trade for its master, and not move money', async () => {
    const { info, exchange } = open();
    const agent = testWallet(2);
    await exchange.approveAgent({ agentAddress: agent.address, agentName: 'bot' });
    expect(await info.extraAgents({ user: wallet.address })).toMatchObject([{ name: 'bot', address: agent.address }]);
    expect(await info.userRole({ user: agent.address })).toEqual({ role: 'agent', data: { user: wallet.address } });
    const transport = new HttpTransport({ apiUrl: venue.url });
    const byAgent = new ExchangeClient({ transport, wallet: agent, nonceManager });
    const placed = await byAgent.order({ orders: [order(true, '90000', '0.01')], grouping: 'na' });
    expect(placed.status).toBe('ok');
    const [row] = await info.openOrders({ user: wallet.address });
    await byAgent.cancel({ cancels: [{ a: 0, o: row?.oid ?? 0 }] });
    await expect(byAgent.usdSend({ destination: testWallet(3).address, amount: '1' })).rejects.toThrow(
      `Must deposit before performing actions. User: ${agent.address}`,
    );
  });

  test('moves money between perp and spot, to another account, and not more than there is', async () => {
    const { info, exchange } = open();
    const to = testWallet(4).address;
    const before = Number((await info.clearinghouseState({ user: wallet.address })).withdrawable);
    await exchange.usdClassTransfer({ amount: '100.5', toPerp: false });
    expect((await info.spotClearinghouseState({ user: wallet.address })).balances).toMatchObject([{ coin: 'USDC', total: '100.5' }]);
    await exchange.usdClassTransfer({ amount: '100.5', toPerp: true });
    expect((await info.spotClearinghouseState({ user: wallet.address })).balances).toEqual([]);
    await exchange.usdSend({ destination: to, amount: '7' });
    // 1 USDC is kept of what comes to an account for the first time.
    expect((await info.clearinghouseState({ user: to })).withdrawable).toBe('6.0');
    expect(Number((await info.clearinghouseState({ user: wallet.address })).withdrawable)).toBeCloseTo(before - 7, 6);
    await expect(exchange.usdSend({ destination: to, amount: '1000000' })).rejects.toThrow('Insufficient balance');
    const rows = await info.userNonFundingLedgerUpdates({ user: wallet.address, startTime: 0 });
    expect(rows.map((row) => row.delta.type)).toEqual(['deposit', 'accountClassTransfer', 'accountClassTransfer', 'internalTransfer']);
    // The client leaves startTime out of these two when it is not given, and so does ccxt.
    expect(await info.userNonFundingLedgerUpdates({ user: wallet.address })).toEqual(rows);
    expect(await info.userFunding({ user: wallet.address })).toEqual([]);
    expect(venue.exchange.audit().conservationErrorUsd).toBe(0);
  });

  test('refuses an unknown key with its address, and an expired action', async () => {
    const stranger = testWallet(77);
    const transport = new HttpTransport({ apiUrl: venue.url });
    const unknown = new ExchangeClient({ transport, wallet: stranger, nonceManager });
    await expect(unknown.order({ orders: [order(true, '90000', '0.01')], grouping: 'na' })).rejects.toThrow(
      `User or API Wallet ${stranger.address} does not exist.`,
    );
    const { exchange } = open();
    await expect(
      exchange.order({ orders: [order(true, '90000', '0.01')], grouping: 'na' }, { expiresAfter: START_MS - 60_000 }),
    ).rejects.toThrow('Action already expired');
  });

  test('names what it cannot do in the words of the venue', async () => {
    const { exchange } = open();
    const twap = { a: 0, b: false, s: '0.01', r: true, m: 30, t: false };
    await expect(exchange.twapOrder({ twap })).rejects.toThrow('Reduce-only TWAP order would increase position.');
    await expect(exchange.createSubAccount({ name: 'sub' })).rejects.toThrow(/Required: \$100000\. Traded: \$\d+(\.\d{1,2})?\.$/);
  });

  test('an error inside a batch leaves the other orders standing', async () => {
    const { info, exchange } = open();
    const both = exchange.order({ orders: [order(true, '90000', '0.01'), order(true, '90000', '0.0001')], grouping: 'na' });
    const error = await both.catch((thrown: unknown) => thrown);
    if (!(error instanceof ApiRequestError)) throw new Error('expected an ApiRequestError');
    expect(error.message).toContain('Order must have minimum value of $10. asset=0');
    const [row] = await info.openOrders({ user: wallet.address });
    await exchange.cancel({ cancels: [{ a: 0, o: row?.oid ?? 0 }] });
  });
});

describe('the stock client over WebSocket', () => {
  test('gets snapshots and updates of its account, and posts actions', async () => {
    const transport = new WebSocketTransport({ url: `ws://127.0.0.1:${venue.port}/ws` });
    const client = new SubscriptionClient({ transport });
    const exchange = new ExchangeClient({ transport, wallet, nonceManager });
    const info = new InfoClient({ transport });
    const user = wallet.address;
    const seen: { channel: string; data: unknown }[] = [];
    const note = (channel: string) => (data: unknown) => void seen.push({ channel, data });
    await client.userFills({ user }, note('userFills'));
    await client.orderUpdates({ user }, note('orderUpdates'));
    await client.clearinghouseState({ user }, note('clearinghouseState'));
    await client.openOrders({ user }, note('openOrders'));
    await client.userEvents({ user }, note('userEvents'));
    await client.l2Book({ coin: 'BTC' }, note('l2Book'));
    await client.trades({ coin: 'BTC' }, note('trades'));
    await client.bbo({ coin: 'BTC' }, note('bbo'));
    await client.allMids(note('allMids'));
    await client.activeAssetCtx({ coin: 'BTC' }, note('activeAssetCtx'));
    await client.candle({ coin: 'BTC', interval: '1m' }, note('candle'));
    await client.webData3({ user }, note('webData3'));
    await client.assetCtxs(note('assetCtxs'));
    await client.allDexsAssetCtxs(note('allDexsAssetCtxs'));
    await client.allDexsClearinghouseState({ user }, note('allDexsClearinghouseState'));
    await client.twapStates({ user }, note('twapStates'));
    await client.userTwapHistory({ user }, note('userTwapHistory'));
    await client.userTwapSliceFills({ user }, note('userTwapSliceFills'));
    const firsts = new Map(seen.map(({ channel, data }) => [channel, data]));
    expect(firsts.get('userFills')).toMatchObject({ isSnapshot: true, user });
    expect([...firsts.keys()].sort()).toEqual(
      [
        ...['activeAssetCtx', 'allMids', 'bbo', 'candle', 'clearinghouseState', 'l2Book', 'openOrders', 'trades', 'userFills', 'webData3'],
        ...['assetCtxs', 'allDexsAssetCtxs', 'allDexsClearinghouseState', 'twapStates', 'userTwapHistory', 'userTwapSliceFills'],
      ].sort(),
    );
    const [, contexts] = await info.metaAndAssetCtxs();
    expect(firsts.get('assetCtxs')).toEqual({ dex: '', ctxs: contexts });
    expect(firsts.get('allDexsAssetCtxs')).toEqual({ ctxs: [['', contexts]] });
    expect(firsts.get('allDexsClearinghouseState')).toEqual({
      user,
      clearinghouseStates: [['', await info.clearinghouseState({ user })]],
    });
    await expect(client.allMids({ dex: 'xyz' }, note('allMids'))).rejects.toThrow('Invalid subscription');
    seen.length = 0;
    await exchange.order({ orders: [order(true, '101000', '0.01', 'Ioc')], grouping: 'na' });
    const state = await info.clearinghouseState({ user });
    expect(state.assetPositions).toHaveLength(1);
    const updates = seen.find(({ channel }) => channel === 'orderUpdates')?.data;
    expect(updates).toEqual(expect.arrayContaining([expect.objectContaining({ status: 'filled' })]));
    expect(seen.find(({ channel }) => channel === 'userFills')?.data).toMatchObject({ user, fills: [{ dir: 'Open Long' }] });
    expect(seen.find(({ channel }) => channel === 'userEvents')?.data).toMatchObject({ fills: [{ dir: 'Open Long' }] });
    expect(seen.some(({ channel }) => channel === 'clearinghouseState')).toBe(true);
    seen.length = 0;
    venue.clock.advance(5_000);
    await info.exchangeStatus();
    expect(new Set(seen.map(({ channel }) => channel))).toEqual(
      new Set([
        ...['l2Book', 'bbo', 'trades', 'candle', 'activeAssetCtx', 'allMids', 'clearinghouseState', 'openOrders', 'webData3'],
        ...['assetCtxs', 'allDexsAssetCtxs', 'allDexsClearinghouseState'],
      ]),
    );
    await exchange.order({ orders: [{ ...order(false, '99000', '0.01', 'Ioc'), r: true }], grouping: 'na' });
    await expect(transport.request('info', { type: 'nonsense' })).rejects.toThrow('Failed to deserialize');
    await transport.close();
  });
});
