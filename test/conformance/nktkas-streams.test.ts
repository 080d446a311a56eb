import { createVenue, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { ExchangeClient, HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, steadyMarket, type TestVenue } from '../support/paper-venue.ts';
import { methodsOf, unlikePromised } from '../support/stock-types.ts';
import { testWallet } from '../support/wallet.ts';

/** Every stream of the stock client, and its WebSocket when the line fails it. */
const [wallet, other] = [testWallet(1), testWallet(2)];
const user = wallet.address;
let venue: TestVenue;
let transport: WebSocketTransport;
let stream: SubscriptionClient;
let nonce = START_MS;

const limit = (b: boolean, p: string, tif: 'Gtc' | 'Ioc' = 'Gtc') => ({
  orders: [{ a: 0, b, p, s: '0.01', r: false, t: { limit: { tif } } }],
  grouping: 'na' as const,
});
const clientOf = (own: typeof wallet, by: HttpTransport | WebSocketTransport = new HttpTransport({ apiUrl: venue.url })): ExchangeClient =>
  new ExchangeClient({ transport: by, wallet: own, nonceManager: () => ++nonce });

async function open(options: Partial<ConstructorParameters<typeof WebSocketTransport>[0]> = {}): Promise<void> {
  venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]) }), events: steadyMarket(30) });
  for (const { address } of [wallet, other]) venue.exchange.fund(address, microUsd(50_000e6));
  transport = new WebSocketTransport({ url: `ws://127.0.0.1:${venue.port}/ws`, reconnect: { reconnectionDelay: 1 }, ...options });
  stream = new SubscriptionClient({ transport });
}

async function close(): Promise<void> {
  await transport.close();
  await venue.exchange.close();
}

/** What a stream has said. */
class Heard {
  readonly all: unknown[] = [];
  #wake = (): void => {};

  readonly listen = (data: unknown): void => {
    this.all.push(data);
    this.#wake();
  };

  /** Resolves once so many messages have come. */
  async count(n: number): Promise<readonly unknown[]> {
    while (this.all.length < n)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.all;
  }
}

type Listener = (data: unknown) => void;
const coin = 'BTC';
/** Every subscription there is, and whether anything is ever said on it here. */
const STREAMS: Readonly<Record<string, (listener: Listener) => Promise<unknown>>> = {
  activeAssetCtx: (listener) => stream.activeAssetCtx({ coin }, listener),
  activeAssetData: (listener) => stream.activeAssetData({ user, coin }, listener),
  activeSpotAssetCtx: (listener) => stream.activeSpotAssetCtx({ coin: '@1' }, listener),
  allDexsAssetCtxs: (listener) => stream.allDexsAssetCtxs(listener),
  allDexsClearinghouseState: (listener) => stream.allDexsClearinghouseState({ user }, listener),
  allMids: (listener) => stream.allMids(listener),
  assetCtxs: (listener) => stream.assetCtxs(listener),
  bbo: (listener) => stream.bbo({ coin }, listener),
  candle: (listener) => stream.candle({ coin, interval: '1m' }, listener),
  clearinghouseState: (listener) => stream.clearinghouseState({ user }, listener),
  fastAssetCtxs: (listener) => stream.fastAssetCtxs(listener),
  l2Book: (listener) => stream.l2Book({ coin }, listener),
  notification: (listener) => stream.notification({ user }, listener),
  openOrders: (listener) => stream.openOrders({ user }, listener),
  orderUpdates: (listener) => stream.orderUpdates({ user }, listener),
  outcomeMetaUpdates: (listener) => stream.outcomeMetaUpdates(listener),
  spotAssetCtxs: (listener) => stream.spotAssetCtxs(listener),
  spotState: (listener) => stream.spotState({ user }, listener),
  trades: (listener) => stream.trades({ coin }, listener),
  twapStates: (listener) => stream.twapStates({ user }, listener),
  userEvents: (listener) => stream.userEvents({ user }, listener),
  userFills: (listener) => stream.userFills({ user }, listener),
  userFundings: (listener) => stream.userFundings({ user }, listener),
  userHistoricalOrders: (listener) => stream.userHistoricalOrders({ user }, listener),
  userNonFundingLedgerUpdates: (listener) => stream.userNonFundingLedgerUpdates({ user }, listener),
  userTwapHistory: (listener) => stream.userTwapHistory({ user }, listener),
  userTwapSliceFills: (listener) => stream.userTwapSliceFills({ user }, listener),
  webData3: (listener) => stream.webData3({ user }, listener),
};
/** No outcome is made here: the stream is confirmed, and silent. */
const SILENT = new Set(['outcomeMetaUpdates']);

describe('every stream of the stock client', () => {
  const heard = new Map<string, Heard>();
  beforeAll(async () => {
    await open();
    for (const [method, subscribe] of Object.entries(STREAMS)) {
      const own = new Heard();
      heard.set(method, own);
      await subscribe(own.listen);
    }
    const [a, b] = [clientOf(wallet, transport), clientOf(other, transport)];
    // Inside the spread: filled by the other account, as maker.
    await a.order(limit(true, '100000'));
    await b.order(limit(false, '100000', 'Ioc'));
    await a.order(limit(true, '90000'));
    await a.usdClassTransfer({ amount: '10', toPerp: false });
    venue.clock.advance(840_000);
    // All that was said before this answer has come.
    await new InfoClient({ transport }).exchangeStatus();
  });
  afterAll(close);

  test('has an entry here', () => {
    expect(Object.keys(STREAMS).sort()).toEqual([...methodsOf(SubscriptionClient)].sort());
  });

  test.each(Object.keys(STREAMS))('%s', (method) => {
    const said = heard.get(method)?.all ?? [];
    if (SILENT.has(method)) expect(said).toEqual([]);
    else expect(said.length).toBeGreaterThan(0);
    expect(said.flatMap((data) => unlikePromised('subscription', method, data))).toEqual([]);
  });

  test('an account hears of its order, its fill, its funding and its transfer', () => {
    const text = (method: string): string => JSON.stringify(heard.get(method)?.all);
    expect(text('orderUpdates')).toContain('"status":"filled"');
    expect(text('userFills')).toContain('"dir":"Open Long"');
    expect(text('notification')).toContain('Resting order filled: Bought 0.01 BTC at $100000');
    expect(text('userEvents')).toContain('{"funding":{');
    expect(text('userFundings')).toContain('"fundingRate"');
    expect(text('userNonFundingLedgerUpdates')).toContain('"accountClassTransfer"');
    expect(text('spotState')).toContain('"total":"10.0"');
    expect(text('userHistoricalOrders')).toContain('"status":"open"');
  });
});

describe('the WebSocket of the stock client', () => {
  beforeEach(() => open());
  afterEach(close);

  test('comes back when it is cut, subscribes anew by itself, and is shown everything again', async () => {
    const [fills, book, orders, mids] = [new Heard(), new Heard(), new Heard(), new Heard()];
    await stream.userFills({ user }, fills.listen);
    await stream.l2Book({ coin, nSigFigs: 5, mantissa: 2 }, book.listen);
    await stream.openOrders({ user }, orders.listen);
    await stream.allMids(mids.listen);
    await clientOf(wallet).order(limit(true, '90000'));
    const before = [fills, book, orders, mids].map(({ all }) => all.length);
    venue.exchange.fault({ kind: 'cut', at: 'now' });
    const after = await Promise.all([fills, book, orders, mids].map((heard, index) => heard.count((before[index] ?? 0) + 1)));
    expect(after[0]?.at(-1)).toMatchObject({ isSnapshot: true, user, fills: [] });
    expect(after[1]?.at(-1)).toMatchObject({ coin, levels: [expect.any(Array), expect.any(Array)] });
    expect(after[2]?.at(-1)).toMatchObject({ user, orders: [{ limitPx: '90000.0' }] });
    expect(after[3]?.at(-1)).toMatchObject({ mids: { BTC: expect.any(String) } });
  });

  test('cut exactly on a fill, it finds the fill in the snapshot', async () => {
    const fills = new Heard();
    await stream.userFills({ user }, fills.listen);
    venue.exchange.fault({ kind: 'cut', channel: 'userFills', user });
    await clientOf(wallet).order(limit(true, '101000', 'Ioc'));
    const [, again] = await fills.count(2);
    expect(again).toMatchObject({ isSnapshot: true, fills: [{ dir: 'Open Long' }] });
  });

  test('a post under way when it is cut is rejected, its fate unknown; the next is answered', async () => {
    const byStream = clientOf(wallet, transport);
    venue.exchange.fault({ kind: 'delay-response', ms: 3_000, action: 'order' });
    await stream.allMids(() => {});
    const lost = byStream.order(limit(true, '90000')).catch((thrown: unknown) => thrown);
    const info = new InfoClient({ transport: new HttpTransport({ apiUrl: venue.url }) });
    while ((await info.openOrders({ user })).length === 0) await info.exchangeStatus();
    venue.exchange.fault({ kind: 'cut', at: 'now' });
    expect(String(await lost)).toContain('closed');
    await byStream.order(limit(true, '91000'));
    expect(await info.openOrders({ user })).toHaveLength(2);
  });

  test('an unsubscribed stream is silent, also after a cut', async () => {
    const [mids, book] = [new Heard(), new Heard()];
    const subscription = await stream.allMids(mids.listen);
    await stream.l2Book({ coin }, book.listen);
    await subscription.unsubscribe();
    venue.exchange.fault({ kind: 'cut', at: 'now' });
    await book.count(2);
    const said = mids.all.length;
    venue.clock.advance(5_000);
    await new InfoClient({ transport }).exchangeStatus();
    expect(mids.all).toHaveLength(said);
  });

  test('is told why a subscription is refused, and says it once', async () => {
    await stream.allMids(() => {});
    await expect(stream.l2Book({ coin: 'NONE' }, () => {})).rejects.toThrow('Invalid subscription');
    // Two listeners, one subscription on the line.
    const [first, second] = [new Heard(), new Heard()];
    await stream.bbo({ coin }, first.listen);
    await stream.bbo({ coin }, second.listen);
    venue.clock.advance(2_000);
    await new InfoClient({ transport }).exchangeStatus();
    expect(second.all.length).toBeGreaterThan(0);
  });
});

describe('keep-alive of the stock client', () => {
  // A ping left unanswered for longer than this would end the connection.
  beforeEach(() => open({ keepAlive: { interval: 5, timeout: 10_000 } }));
  afterEach(close);

  test('gets a pong for each ping, on the line it has', async () => {
    const [pongs, closes] = [new Heard(), new Heard()];
    transport.socket.addEventListener('message', ({ data }) => {
      if (data === '{"channel":"pong"}') pongs.listen(data);
    });
    transport.socket.addEventListener('close', closes.listen);
    await transport.ready();
    expect((await pongs.count(3)).length).toBeGreaterThanOrEqual(3);
    expect(closes.all).toEqual([]);
  });
});
