import { createVenue, type MarketEvent, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { ExchangeClient } from '@nktkas/hyperliquid';
import { directTransport } from './direct-transport.ts';
import { btcBook, btcPrint, openTestVenue, START_MS, type SteppedClock } from './paper-venue.ts';
import { signedRequest } from './signed-request.ts';
import { testWallet, type Wallet } from './wallet.ts';

/** A venue on which everything has happened that an account can see, and all it said. */
export interface LivedInVenue {
  /** Everyone who took part: a trader, a maker, one who was liquidated. */
  readonly users: readonly `0x${string}`[];
  readonly sub: `0x${string}`;
  /** Where it listens. */
  readonly url: string;
  /** Everything said on a channel, in order. */
  said(channel: string): readonly unknown[];
  /** Replies to actions, each once. */
  readonly replies: readonly unknown[];
  info(body: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): Promise<void>;
}

/** BTC at 100,000 for half a minute, then a tenth higher: what is short with little margin does not live through it. */
function risingMarket(): readonly MarketEvent[] {
  return Array.from({ length: 120 }, (_, i) => {
    const atMs = START_MS + i * 500;
    const mid = i < 60 ? 100_000 : 110_000;
    return [btcBook(atMs, mid), btcPrint(atMs + 100, mid + 1, 1_000 + i)];
  }).flat();
}

const USER_CHANNELS = [
  ...['orderUpdates', 'userEvents', 'userFills', 'userFundings', 'userNonFundingLedgerUpdates', 'userHistoricalOrders', 'notification'],
  ...['clearinghouseState', 'openOrders', 'spotState', 'webData2', 'webData3', 'allDexsClearinghouseState'],
  ...['twapStates', 'userTwapHistory', 'userTwapSliceFills'],
];
const COIN_CHANNELS = ['l2Book', 'bbo', 'trades', 'activeAssetCtx'];
const GLOBAL_CHANNELS = ['allMids', 'assetCtxs', 'allDexsAssetCtxs', 'spotAssetCtxs', 'fastAssetCtxs', 'outcomeMetaUpdates'];
const BUILDER = testWallet(62).address;
const USDC = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054';
/** No market: the book is that of the accounts. */
const AAVE = 28;

type Send = (action: Promise<unknown>) => Promise<unknown>;

interface Player {
  readonly wallet: Wallet;
  readonly client: ExchangeClient;
}

const limit = (
  a: number,
  b: boolean,
  p: string,
  s: string,
  extra: { r?: boolean; tif?: 'Gtc' | 'Ioc' | 'Alo'; c?: `0x${string}` } = {},
) => ({
  a,
  b,
  p,
  s,
  r: extra.r ?? false,
  t: { limit: { tif: extra.tif ?? ('Gtc' as const) } },
  ...(extra.c === undefined ? {} : { c: extra.c }),
});
const stop = (a: number, b: boolean, p: string, s: string, triggerPx: string, tpsl: 'tp' | 'sl', isMarket = true) => ({
  a,
  b,
  p,
  s,
  r: true,
  t: { trigger: { isMarket, triggerPx, tpsl } },
});
const one = (...orders: ReturnType<typeof limit>[]) => ({ orders, grouping: 'na' as const });
const C = (n: number): `0x${string}` => `0x${n.toString(16).padStart(4, '0')}${'5eed'.repeat(7)}`;

/** Orders of every kind and fate: they rest, fill, are cut, cancelled, refused, and wait for their parents. */
async function trade(send: Send, a: Player, b: Player): Promise<void> {
  const { client } = a;
  await send(client.order(one(limit(0, true, '101000', '1.1', { tif: 'Ioc', c: C(1) }))));
  await send(client.order(one(limit(0, false, '99000', '0.5', { tif: 'Ioc', r: true }))));
  await send(client.order(one(limit(0, true, '90000', '0.01', { c: C(2) }), limit(0, false, '120000', '0.02', { r: true }))));
  await send(
    client.order({
      orders: [
        limit(0, true, '95000', '0.01'),
        stop(0, false, '80000', '0.01', '90000', 'sl'),
        stop(0, false, '120000', '0.01', '120000', 'tp', false),
      ],
      grouping: 'normalTpsl',
    }),
  );
  await send(
    client.order({
      orders: [stop(0, false, '50000', '0', '60000', 'sl'), stop(0, false, '170000', '0', '180000', 'tp')],
      grouping: 'positionTpsl',
    }),
  );
  await send(client.order({ orders: [stop(0, false, '50000', '0.1', '61000', 'sl')], grouping: 'na' }));
  await send(client.order(one(limit(0, true, '90000', '0.02', { c: C(3) }))));
  await send(client.cancelByCloid({ cancels: [{ asset: 0, cloid: C(3) }] }));
  await send(client.cancelByCloid({ cancels: [{ asset: 0, cloid: C(3) }] }));
  for (const bad of [
    limit(0, true, '90000', '0.0001'),
    limit(0, true, '101000', '0.01', { tif: 'Alo' }),
    limit(0, true, '50000', '0.01', { tif: 'Ioc' }),
    limit(0, true, '90000', '500'),
    limit(0, true, '1', '500'),
    limit(0, true, '60000', '90'),
    limit(10_000, true, '1', '100'),
  ])
    await send(client.order(one(bad)));
  await send(client.modify({ oid: 1, order: limit(0, true, '90000', '0.01') }));
  await send(client.batchModify({ modifies: [{ oid: C(2), order: limit(0, true, '101000', '0.01') }] }));
  await send(client.scheduleCancel({ time: START_MS + 60_000 }));
  await send(client.twapOrder({ twap: { a: 0, b: false, s: '1', r: false, m: 5, t: false } }));
  await send(b.client.usdSend({ destination: BUILDER, amount: '101' }));
  await send(client.approveBuilderFee({ builder: BUILDER, maxFeeRate: '0.01%' }));
  await send(
    client.order({
      ...one(limit(0, true, '101000', '0.01', { tif: 'Ioc' }), limit(0, true, '89000', '0.01', { c: C(4) })),
      builder: { b: BUILDER, f: 10 },
    }),
  );
  // Two accounts with each other, where there is no market.
  await send(b.client.order(one(limit(AAVE, false, '100', '3'))));
  await send(client.order(one(limit(AAVE, true, '100', '1', { tif: 'Ioc' }))));
  await send(b.client.updateLeverage({ asset: 0, isCross: false, leverage: 10 }));
  await send(b.client.order(one(limit(0, true, '101000', '0.01', { tif: 'Ioc' }))));
}

/** Money in and out, agents, a builder, a sub-account. */
async function keepHouse(send: Send, a: Player, b: Player, clock: SteppedClock): Promise<`0x${string}`> {
  const { client } = a;
  await send(client.approveAgent({ agentAddress: testWallet(60).address, agentName: '' }));
  await send(client.approveAgent({ agentAddress: testWallet(61).address, agentName: `bot valid_until ${clock.now() + 86_400_000}` }));
  await send(client.usdSend({ destination: b.wallet.address, amount: '12.5' }));
  await send(client.usdClassTransfer({ amount: '20', toPerp: false }));
  await send(client.spotSend({ destination: b.wallet.address, token: USDC, amount: '3' }));
  await send(client.withdraw3({ destination: a.wallet.address, amount: '5' }));
  const made = await client.createSubAccount({ name: 'second' });
  await send(client.subAccountTransfer({ subAccountUser: made.response.data, isDeposit: true, usd: 40_000_000 }));
  return made.response.data;
}

/** Opens a venue, lets everything happen, and keeps what it said. */
export async function openLivedInVenue(): Promise<LivedInVenue> {
  const venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]) }), events: risingMarket() });
  const { exchange, clock } = venue;
  const players = [51, 52, 53].map((n) => testWallet(n));
  const heard: { readonly channel: string; readonly data?: unknown }[] = [];
  const connection = exchange.direct.connect((text) => heard.push(JSON.parse(text)));
  if (connection === null) throw new Error('the exchange takes no connection');
  const say = (message: unknown): void => connection.send(typeof message === 'string' ? message : JSON.stringify(message));
  const funds = [200_000, 50_000, 300];
  for (const [index, { address }] of players.entries()) exchange.fund(address, microUsd((funds[index] ?? 0) * 1e6));
  const transport = directTransport(exchange);
  let nonce = START_MS;
  const [a, b, c] = players.map((wallet) => ({ wallet, client: new ExchangeClient({ transport, wallet, nonceManager: () => ++nonce }) }));
  if (a === undefined || b === undefined || c === undefined) throw new Error('unreachable');

  for (const { address: user } of players) for (const type of USER_CHANNELS) say({ method: 'subscribe', subscription: { type, user } });
  for (const coin of ['BTC', 'AAVE', 'MATIC', 'PURR/USDC'])
    for (const type of COIN_CHANNELS) say({ method: 'subscribe', subscription: { type, coin } });
  for (const type of GLOBAL_CHANNELS) say({ method: 'subscribe', subscription: { type } });
  say({ method: 'subscribe', subscription: { type: 'candle', coin: 'BTC', interval: '1m' } });
  say({ method: 'subscribe', subscription: { type: 'l2Book', coin: 'BTC', nSigFigs: 4, mantissa: null, fast: true } });
  say({ method: 'subscribe', subscription: { type: 'activeAssetData', user: a.wallet.address, coin: 'BTC' } });
  say({ method: 'subscribe', subscription: { type: 'noSuchType', coin: 'BTC' } });
  say({ method: 'unsubscribe', subscription: { type: 'trades', coin: 'ETH' } });
  say({ method: 'subscribe', subscription: { type: 'trades', coin: 'BTC' } });
  say({ method: 'subscribe', subscription: { type: 'trades', coin: 'NONE' } });
  say({ method: 'ping' });
  say({ method: 'post', id: 7, request: { type: 'info', payload: { type: 'spotMeta' } } });

  const replies: unknown[] = [];
  const send: Send = async (action) => {
    const reply = await action.then(
      (done) => done,
      (error: unknown) => (error instanceof Error && 'response' in error ? error.response : Promise.reject(error)),
    );
    replies.push(reply);
    say({ method: 'post', id: replies.length, request: { type: 'info', payload: { type: 'exchangeStatus' } } });
    return reply;
  };
  await send(c.client.updateLeverage({ asset: 0, isCross: true, leverage: 40 }));
  await send(c.client.order(one(limit(0, false, '99000', '0.08', { tif: 'Ioc' }))));
  await trade(send, a, b);
  const sub = await keepHouse(send, a, b, clock);
  let posted = 1_000;
  const postAction = async (action: Readonly<Record<string, unknown>>): Promise<void> => {
    nonce += 1;
    posted += 1;
    say({ method: 'post', id: posted, request: { type: 'action', payload: await signedRequest(a.wallet, action, nonce) } });
  };
  for (const order of [
    limit(0, true, '88000', '0.01', { c: C(5) }),
    limit(0, true, '101000', '0.01', { tif: 'Ioc', c: C(6) }),
    limit(0, true, '90000', '0.0001'),
    limit(0, true, '90000', '5000'),
  ])
    await postAction({ type: 'order', ...one(order) });
  for (let twice = 0; twice < 2; twice += 1) await postAction({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: C(5) }] });
  clock.advance(60_000);
  // Past the hour: funding is paid.
  clock.advance(780_000);
  exchange.audit();
  return {
    users: players.map(({ address }) => address),
    sub,
    url: venue.url,
    replies,
    said: (channel) => heard.flatMap((frame) => (frame.channel === channel ? [frame.data ?? null] : [])),
    async info(body) {
      const { status, text } = await exchange.direct.post('/info', body);
      if (status !== 200) throw new Error(`${JSON.stringify(body)}: ${status} ${text}`);
      return JSON.parse(text);
    },
    close: () => exchange.close(),
  };
}
