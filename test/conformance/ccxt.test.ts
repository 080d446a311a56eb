/** ccxt as its users run it: nothing but its URLs is changed. It speaks to the exchange over HTTP and WebSocket, signing by itself. */
import { bytesToHex } from '@noble/hashes/utils.js';
import ccxt, { type hyperliquid, type Order } from 'ccxt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { btcBook, openTestVenue, steadyMarket, steppedClock, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

const SYMBOL = 'BTC/USDC:USDC';
// ccxt takes its nonces from the machine's clock, so the market stands at the present.
const START_MS = Date.now();
const clients: hyperliquid[] = [];
let venue: TestVenue;

function open(n: number, sandbox = false): hyperliquid {
  const wallet = testWallet(n);
  const client = new ccxt.pro.hyperliquid({
    walletAddress: wallet.address,
    privateKey: `0x${bytesToHex(wallet.key)}`,
    enableRateLimit: false,
  });
  if (sandbox) client.setSandboxMode(true);
  client.urls = { ...client.urls, api: { public: venue.url, private: venue.url, ws: { public: `${venue.url.replace('http', 'ws')}/ws` } } };
  clients.push(client);
  return client;
}

const idOf = (order: Order): string => {
  if (order.id === undefined) throw new Error('expected an order id');
  return order.id;
};

/** Watches fills until one of this order is told; the first answer is the snapshot of what was before. */
async function watchFill(client: hyperliquid, order: string): Promise<string> {
  for (;;) if ((await client.watchMyTrades(SYMBOL)).some((trade) => trade.order === order)) return order;
}

beforeAll(async () => {
  venue = await openTestVenue({
    clock: steppedClock(START_MS + 1_000),
    events: [...steadyMarket(2, START_MS), btcBook(START_MS + 3_600_000, 100_000)],
    autoFundUsd: 10_000,
  });
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await venue.exchange.close();
});

describe('the markets as ccxt reads them', () => {
  test('load with their precision and limits', async () => {
    const markets = await open(100).loadMarkets();
    expect(markets[SYMBOL]).toMatchObject({ id: '0', base: 'BTC', swap: true, active: true, precision: { amount: 0.00001 } });
    expect(markets['PURR/USDC']).toMatchObject({ spot: true });
  });

  test('are quoted: ticker, book, trades, candles, funding, open interest, currencies, time and status', async () => {
    const client = open(100);
    const ticker = await client.fetchTicker(SYMBOL);
    expect(ticker.last).toBeGreaterThan(99_000);
    const book = await client.fetchOrderBook(SYMBOL);
    expect(book.bids).toHaveLength(10);
    expect(book.bids[0]?.[0]).toBeLessThan(book.asks[0]?.[0] ?? 0);
    expect((await client.fetchOHLCV(SYMBOL, '1m', START_MS - 600_000)).length).toBeGreaterThan(0);
    expect(await client.fetchFundingRates([SYMBOL])).toHaveProperty([SYMBOL, 'fundingRate']);
    expect(await client.fetchOpenInterest(SYMBOL)).toMatchObject({ symbol: SYMBOL });
    expect(await client.fetchFundingRateHistory(SYMBOL, START_MS - 3_600_000)).toEqual([]);
    expect(await client.fetchCurrencies()).toHaveProperty('USDC');
    expect(await client.fetchTime()).toBeGreaterThanOrEqual(START_MS);
    expect(await client.fetchStatus()).toMatchObject({ status: 'ok' });
    expect(await client.fetchTickers([SYMBOL])).toHaveProperty([SYMBOL]);
  });
});

describe.each([
  ['mainnet', false],
  ['testnet', true],
])('an account that signs for %s', (_name, sandbox) => {
  let client: hyperliquid;
  beforeAll(async () => {
    client = open(sandbox ? 102 : 101, sandbox);
    await client.loadMarkets();
    // Needed for plain ws:// URLs, as its own error says.
    await client.loadHttpProxyAgent();
  });

  test('sees its balance', async () => {
    expect(await client.fetchBalance()).toMatchObject({ USDC: { total: 10_000, free: 10_000 } });
    expect(await client.fetchTradingFee(SYMBOL)).toMatchObject({ taker: 0.00045, maker: 0.00015 });
  });

  test('sets leverage and margin mode', async () => {
    expect(await client.setLeverage(5, SYMBOL)).toMatchObject({ status: 'ok' });
    expect(await client.setMarginMode('cross', SYMBOL, { leverage: 5 })).toMatchObject({ status: 'ok' });
  });

  test('places, reads, edits and cancels a limit order, by id and by client order id', async () => {
    const placed = await client.createOrder(SYMBOL, 'limit', 'buy', 0.001, 90_000);
    expect((await client.fetchOpenOrders(SYMBOL)).map((order) => [order.id, order.price, order.amount, order.status])).toEqual([
      [placed.id, 90_000, 0.001, 'open'],
    ]);
    expect(await client.fetchOrder(idOf(placed), SYMBOL)).toMatchObject({ id: placed.id, side: 'buy', remaining: 0.001 });
    const edited = await client.editOrder(idOf(placed), SYMBOL, 'limit', 'buy', 0.0012, 90_100, { postOnly: true });
    expect(edited.id).not.toBe(placed.id);
    expect(await client.cancelOrder(idOf(edited), SYMBOL)).toMatchObject({ status: 'success' });
    await expect(client.cancelOrder(idOf(edited), SYMBOL)).rejects.toThrow(ccxt.OrderNotFound);
    const clientOrderId = `0x${'ab12'.repeat(8)}`;
    await client.createOrder(SYMBOL, 'limit', 'buy', 0.001, 90_000, { clientOrderId, postOnly: true });
    expect(await client.fetchOrder('0', SYMBOL, { clientOrderId })).toMatchObject({ clientOrderId, status: 'open' });
    await client.cancelOrder('', SYMBOL, { clientOrderId });
    expect(await client.fetchOpenOrders(SYMBOL)).toEqual([]);
    expect(await client.fetchOrder('0', SYMBOL, { clientOrderId })).toMatchObject({ status: 'canceled' });
  });

  test('buys at market, sees fill and position, protects it with triggers and closes it', async () => {
    const bought = await client.createOrder(SYMBOL, 'market', 'buy', 0.002, 100_002);
    expect(bought.filled).toBe(0.002);
    const [position] = await client.fetchPositions([SYMBOL]);
    expect(position).toMatchObject({ contracts: 0.002, side: 'long', leverage: 5, marginMode: 'cross' });
    await client.createOrder(SYMBOL, 'market', 'sell', 0.002, 100_000, { stopLossPrice: 95_000, reduceOnly: true });
    await client.createOrder(SYMBOL, 'market', 'sell', 0.002, 100_000, { takeProfitPrice: 105_000, reduceOnly: true });
    const triggers = await client.fetchOpenOrders(SYMBOL);
    expect(triggers.map((order) => [order.triggerPrice, order.reduceOnly])).toEqual(
      expect.arrayContaining([
        [95_000, true],
        [105_000, true],
      ]),
    );
    expect(triggers).toHaveLength(2);
    await client.cancelOrders(triggers.map(idOf), SYMBOL);
    const closed = await client.createOrder(SYMBOL, 'market', 'sell', 0.002, 99_999, { reduceOnly: true });
    expect(closed.filled).toBe(0.002);
    expect(await client.fetchPositions([SYMBOL])).toEqual([]);
    const trades = await client.fetchMyTrades(SYMBOL);
    expect(trades.map((trade) => [trade.side, trade.takerOrMaker, trade.fee?.currency])).toEqual([
      ['buy', 'taker', 'USDC'],
      ['sell', 'taker', 'USDC'],
    ]);
    expect((await client.fetchClosedOrders(SYMBOL)).length).toBeGreaterThanOrEqual(2);
    expect((await client.fetchCanceledOrders(SYMBOL)).length).toBeGreaterThanOrEqual(2);
  });

  test('places a bracket in one action, and several orders in one', async () => {
    await client.createOrder(SYMBOL, 'limit', 'buy', 0.001, 90_000, {
      stopLoss: { triggerPrice: 85_000 },
      takeProfit: { triggerPrice: 95_000 },
    });
    expect(await client.fetchOpenOrders(SYMBOL)).toHaveLength(3);
    await client.createOrders([
      { symbol: SYMBOL, type: 'limit', side: 'buy', amount: 0.001, price: 90_001 },
      { symbol: SYMBOL, type: 'limit', side: 'buy', amount: 0.001, price: 90_002 },
    ]);
    const open = await client.fetchOpenOrders();
    expect(open).toHaveLength(5);
    const [parent] = open.filter((order) => order.price === 90_000 && order.triggerPrice === undefined);
    const others = open.filter((order) => order.price === 90_001 || order.price === 90_002).map(idOf);
    if (parent === undefined) throw new Error('no parent');
    await client.cancelOrders([idOf(parent), ...others], SYMBOL);
    expect(await client.fetchOpenOrders()).toEqual([]);
  });

  test('moves money between perps and spot, and withdraws', async () => {
    await client.transfer('USDC', 10, 'swap', 'spot');
    expect(await client.fetchBalance({ type: 'spot' })).toMatchObject({ USDC: { total: 10 } });
    await client.transfer('USDC', 10, 'spot', 'swap');
    await client.withdraw('USDC', 5, testWallet(1).address);
    expect((await client.fetchLedger(undefined, 0)).length).toBeGreaterThanOrEqual(3);
    expect((await client.fetchDeposits(undefined, 0)).length).toBe(1);
    expect((await client.fetchWithdrawals(undefined, 0)).length).toBe(1);
  });

  test('is told the venue’s refusals as ccxt’s own kinds of error', async () => {
    await expect(client.createOrder(SYMBOL, 'limit', 'buy', 100, 90_000)).rejects.toThrow(ccxt.InsufficientFunds);
    await expect(client.createOrder(SYMBOL, 'limit', 'buy', 0.00001, 90_000)).rejects.toThrow(ccxt.InvalidOrder);
    await expect(client.createOrder(SYMBOL, 'limit', 'buy', 0.001, 90_000, { vaultAddress: `0x${'de'.repeat(20)}` })).rejects.toThrow(
      'Vault not registered',
    );
    await expect(client.cancelAllOrdersAfter(10_000)).rejects.toThrow('until enough volume traded');
  });

  test('watches book, trades, ticker, candles, its orders and its fills, and trades over the socket', async () => {
    expect((await client.watchOrderBook(SYMBOL)).bids.length).toBe(10);
    expect((await client.watchTrades(SYMBOL)).length).toBeGreaterThan(0);
    expect(await client.watchTicker(SYMBOL)).toMatchObject({ symbol: SYMBOL });
    const candles = client.watchOHLCV(SYMBOL, '1m');
    // Order updates have no snapshot: whoever wants the first must watch before it.
    const orders = client.watchOrders(SYMBOL);
    const resting = await client.createOrderWs(SYMBOL, 'limit', 'buy', 0.001, 90_000);
    expect((await orders).map((order) => order.id)).toContain(resting.id);
    await client.cancelOrderWs(idOf(resting), SYMBOL);
    const bought = await client.createOrderWs(SYMBOL, 'market', 'buy', 0.001, 100_002);
    expect(await watchFill(client, idOf(bought))).toBe(bought.id);
    await client.createOrderWs(SYMBOL, 'market', 'sell', 0.001, 99_999, { reduceOnly: true });
    venue.clock.advance(400);
    expect((await candles).length).toBeGreaterThan(0);
  });
});
