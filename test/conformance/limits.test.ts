import { request } from 'node:http';
import { createServer } from 'node:net';
import { LIMIT_NAMES, type LimitSettings, limitSettings } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { openTestVenue, START_MS, steadyMarket, type TestVenue } from '../support/paper-venue.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const other = testWallet(2);
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A venue with every limit on, some of its figures others; or with every limit off. */
async function venueWith(figures: Partial<LimitSettings> | null, extra: Parameters<typeof openTestVenue>[0] = {}): Promise<TestVenue> {
  const limits = figures === null ? limitSettings({ on: [] }) : limitSettings({ on: LIMIT_NAMES, figures });
  const venue = await openTestVenue({ events: steadyMarket(400), limits, ...extra });
  open.push({ close: () => venue.exchange.close() });
  for (const { address } of [wallet, other]) venue.exchange.fund(address, microUsd(1_000_000e6));
  return venue;
}

let nonce = START_MS;
async function act(venue: TestVenue, action: Readonly<Record<string, unknown>>, extra = {}, by = wallet): Promise<unknown> {
  nonce += 1;
  return (await venue.post('/exchange', await signedRequest(by, action, nonce, extra))).json;
}

const ok = { status: 'ok' };
const spent = (sent: number, limit: number, traded = '0') => ({
  status: 'err',
  response: `Too many cumulative requests sent (${sent} > ${limit}) for cumulative volume traded $${traded}. Place taker orders to free up 1 request per USDC traded.`,
});
const noop = { type: 'noop' };
const orders = (n: number, p = '90000') => ({
  type: 'order',
  orders: Array.from({ length: n }, () => ({ a: 0, b: true, p, s: '0.001', r: false, t: { limit: { tif: 'Gtc' } } })),
  grouping: 'na',
});
const cancels = (n: number) => ({ type: 'cancel', cancels: Array.from({ length: n }, (_, i) => ({ a: 0, o: i })) });

/** Posts from another address of this machine: to the venue another IP. */
function postFrom(localAddress: string, venue: TestVenue, path: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${venue.url}${path}`,
      { method: 'POST', localAddress, headers: { 'content-type': 'application/json' } },
      (reply) => {
        reply.resume();
        resolve(reply.statusCode ?? 0);
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** Whether this machine has more than one loopback address; macOS has one. */
const hasSecondLoopback = await new Promise<boolean>((resolve) => {
  const probe = createServer().once('error', () => resolve(false));
  probe.listen(0, '127.0.0.2', () => probe.close(() => resolve(true)));
});

const mids = { type: 'allMids' };
const meta = { type: 'meta' };

describe('the weight of an IP', () => {
  test('is spent by what each request weighs, to the last one, and comes back evenly', async () => {
    const venue = await venueWith({ ipWeightPerMinute: 64 });
    const statuses: number[] = [];
    for (const body of [meta, meta, meta, mids, mids]) statuses.push((await venue.post('/info', body)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    const refused = await fetch(`${venue.url}/info`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(mids),
    });
    expect([refused.status, refused.headers.get('content-type'), await refused.text()]).toEqual([429, 'application/json', 'null']);
    expect((await venue.post('/exchange', await signedRequest(wallet, noop, ++nonce))).status).toBe(429);
    venue.clock.advance(938);
    expect(await act(venue, noop)).toMatchObject(ok);
    expect((await venue.post('/exchange', await signedRequest(wallet, noop, ++nonce))).status).toBe(429);
    venue.clock.advance(60_000);
    for (let i = 0; i < 32; i += 1) expect((await venue.post('/info', mids)).status).toBe(200);
    expect((await venue.post('/info', mids)).status).toBe(429);
  });

  test('counts batches, userRole and the rows of an answer', async () => {
    const venue = await venueWith({ ipWeightPerMinute: 65 });
    // 2 for a batch of 79, 60 for the role: 3 are left, one too few for two of the lightest questions.
    expect(await act(venue, orders(79))).toMatchObject(ok);
    expect((await venue.post('/info', { type: 'userRole', user: wallet.address })).status).toBe(200);
    expect((await venue.post('/info', mids)).status).toBe(200);
    expect((await venue.post('/info', mids)).status).toBe(429);
    venue.clock.advance(60_000);
    // 79 rows: 20 and 3 on top are spent, 42 are left.
    expect((await venue.post('/info', { type: 'historicalOrders', user: wallet.address })).json).toHaveLength(79);
    for (let i = 0; i < 21; i += 1) expect((await venue.post('/info', mids)).status).toBe(200);
    expect((await venue.post('/info', mids)).status).toBe(429);
  });

  test('leaves control routes and what is not the venue’s alone, and takes nothing where it is off', async () => {
    const venue = await venueWith({ ipWeightPerMinute: 20 });
    await venue.post('/info', meta);
    expect((await venue.post('/info', mids)).status).toBe(429);
    expect((await fetch(`${venue.url}/paper/audit`)).status).toBe(200);
    expect((await venue.post('/nowhere', {})).status).toBe(404);
    const free = await venueWith(null);
    for (let i = 0; i < 70; i += 1) expect((await free.post('/info', meta)).status).toBe(200);
  });

  test.skipIf(!hasSecondLoopback)('is each address’s own: 127.0.0.2 is another IP', async () => {
    const venue = await venueWith({ ipWeightPerMinute: 20 });
    expect((await venue.post('/info', meta)).status).toBe(200);
    expect((await venue.post('/info', mids)).status).toBe(429);
    expect(await postFrom('127.0.0.2', venue, '/info', meta)).toBe(200);
    expect(await postFrom('127.0.0.2', venue, '/info', mids)).toBe(429);
  });
});

describe('the requests of an account', () => {
  test('last to the limit, then one goes through every 10 s, with the venue’s text and the nonce unused', async () => {
    const venue = await venueWith({ addressBudgetStart: 5 });
    expect(await act(venue, orders(4))).toMatchObject(ok);
    expect(await act(venue, orders(2))).toEqual(spent(6, 5));
    expect(await act(venue, noop)).toMatchObject(ok);
    expect(await act(venue, noop)).toEqual(spent(6, 5));
    venue.clock.advance(9_999);
    expect(await act(venue, noop)).toEqual(spent(6, 5));
    nonce -= 1;
    venue.clock.advance(1);
    expect(await act(venue, noop)).toMatchObject(ok);
    expect(await act(venue, noop)).toEqual(spent(7, 5));
    const told = await venue.post('/info', { type: 'userRateLimit', user: wallet.address });
    expect(told.json).toEqual({ cumVlm: '0.0', nRequestsUsed: 6, nRequestsCap: 5, nRequestsSurplus: 0 });
  });

  test('leave cancels their own limit, twice as far', async () => {
    const venue = await venueWith({ addressBudgetStart: 5 });
    expect(await act(venue, orders(5))).toMatchObject(ok);
    expect(await act(venue, cancels(4))).toMatchObject(ok);
    expect(await act(venue, orders(1))).toEqual(spent(10, 5));
    expect(await act(venue, cancels(1))).toMatchObject(ok);
    expect(await act(venue, cancels(1))).toEqual(spent(11, 10));
    venue.clock.advance(10_000);
    expect(await act(venue, cancels(1))).toMatchObject(ok);
    expect(await act(venue, orders(1))).toMatchObject(ok);
  });

  test('grow by a dollar traded and by what is reserved, and shrink five-fold by what came too late', async () => {
    const venue = await venueWith({ addressBudgetStart: 2 });
    expect(await act(venue, btcOrder('101000', true, 'Ioc'))).toMatchObject(ok);
    const traded = (await venue.post('/info', { type: 'userRateLimit', user: wallet.address })).json as {
      nRequestsCap: number;
      cumVlm: string;
    };
    expect(traded.nRequestsCap).toBe(2 + Math.floor(Number(traded.cumVlm)));
    expect(await act(venue, orders(990))).toMatchObject(ok);
    const left = traded.nRequestsCap - 991;
    expect(await act(venue, orders(left + 1))).toEqual(
      spent(traded.nRequestsCap + 1, traded.nRequestsCap, traded.cumVlm.replace(/\.0$/, '')),
    );
    expect(await act(venue, { type: 'reserveRequestWeight', weight: 1_000 })).toMatchObject(ok);
    const surplus = { nRequestsUsed: 0, nRequestsCap: traded.nRequestsCap, nRequestsSurplus: 8 };
    expect((await venue.post('/info', { type: 'userRateLimit', user: wallet.address })).json).toMatchObject(surplus);
    expect(await act(venue, orders(1), { expiresAfter: START_MS - 1 })).toEqual({ status: 'err', response: 'Action already expired' });
    const later = { ...surplus, nRequestsSurplus: 3 };
    expect((await venue.post('/info', { type: 'userRateLimit', user: wallet.address })).json).toMatchObject(later);
  });

  test('are each account’s own, are not spent by questions, and are endless where the limit is off', async () => {
    const venue = await venueWith({ addressBudgetStart: 1 });
    expect(await act(venue, noop)).toMatchObject(ok);
    for (let i = 0; i < 5; i += 1) await venue.post('/info', { type: 'openOrders', user: other.address });
    expect(await act(venue, noop)).toEqual(spent(2, 1));
    expect(await act(venue, noop, {}, other)).toMatchObject(ok);
    const free = await openTestVenue({ limits: limitSettings({ on: ['ip', 'ws', 'orders'], figures: { addressBudgetStart: 1 } }) });
    open.push({ close: () => free.exchange.close() });
    free.exchange.fund(wallet.address, microUsd(1_000e6));
    for (let i = 0; i < 5; i += 1) expect(await act(free, noop)).toMatchObject(ok);
  });
});

/** A socket that keeps what it hears. */
interface Ear {
  readonly socket: WebSocket;
  readonly heard: { readonly channel: string; readonly data: unknown }[];
  say(message: unknown): void;
  /** Waits for the next message of a channel that was not waited for before. */
  next(channel: string): Promise<unknown>;
}

async function connect(venue: TestVenue, localAddress = '127.0.0.1'): Promise<Ear> {
  const socket = new WebSocket(`${venue.url.replace('http', 'ws')}/ws`, { localAddress });
  const heard: { channel: string; data: unknown }[] = [];
  const asked = new Map<string, number>();
  let wake = (): void => {};
  socket.on('message', (text: Buffer) => {
    heard.push(JSON.parse(text.toString()));
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  open.push({ close: () => socket.terminate() });
  return {
    socket,
    heard,
    say: (message) => socket.send(JSON.stringify(message)),
    async next(channel) {
      const nth = asked.get(channel) ?? 0;
      asked.set(channel, nth + 1);
      for (;;) {
        const found = heard.filter((message) => message.channel === channel)[nth];
        if (found !== undefined) return found.data;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const subscribe = (subscription: Readonly<Record<string, unknown>>) => ({ method: 'subscribe', subscription });
const unsubscribe = (subscription: Readonly<Record<string, unknown>>) => ({ method: 'unsubscribe', subscription });
const post = (id: number, payload: unknown, type = 'info') => ({ method: 'post', id, request: { type, payload } });
const userAt = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;

describe('the connections of an IP', () => {
  test('are so many at a time', async () => {
    const venue = await venueWith({ wsConnections: 2 });
    const first = await connect(venue);
    await connect(venue);
    await expect(connect(venue)).rejects.toThrow('429');
    if (hasSecondLoopback) await connect(venue, '127.0.0.2');
    const gone = new Promise((resolve) => first.socket.once('close', resolve));
    first.socket.close();
    await gone;
    // The venue hears of it a moment later.
    await expect
      .poll(() =>
        connect(venue).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  test('are so many new ones a minute', async () => {
    const venue = await venueWith({ wsConnectionsPerMinute: 3 });
    await connect(venue);
    venue.clock.advance(30_000);
    await connect(venue);
    await connect(venue);
    await expect(connect(venue)).rejects.toThrow('429');
    venue.clock.advance(29_999);
    await expect(connect(venue)).rejects.toThrow('429');
    venue.clock.advance(1);
    await connect(venue);
    await expect(connect(venue)).rejects.toThrow('429');
  });

  test('are closed when the server has said nothing for long enough, and not before', async () => {
    const venue = await venueWith({ wsIdleMs: 40 });
    const ear = await connect(venue);
    const code = new Promise((resolve) => ear.socket.once('close', resolve));
    expect(await code).toBe(1000);
    expect(ear.heard).toEqual([]);
  });

  test('are as many as one likes where the limit is off', async () => {
    const venue = await venueWith(null);
    await Promise.all(Array.from({ length: 40 }, () => connect(venue)));
  });
});

describe('what an IP may hear', () => {
  test('is so many channels over all its connections', async () => {
    const venue = await venueWith({ wsSubscriptions: 3 });
    const [one, two] = [await connect(venue), await connect(venue)];
    one.say(subscribe({ type: 'bbo', coin: 'BTC' }));
    one.say(subscribe({ type: 'bbo', coin: 'ETH' }));
    await one.next('subscriptionResponse');
    await one.next('subscriptionResponse');
    two.say(subscribe({ type: 'bbo', coin: 'BTC' }));
    await two.next('subscriptionResponse');
    two.say(subscribe({ type: 'bbo', coin: 'SOL' }));
    expect(await two.next('error')).toBe('Cannot subscribe to more than 3 channels.');
    one.say(subscribe({ type: 'bbo', coin: 'BTC' }));
    expect(await one.next('error')).toBe('Already subscribed: {"type":"bbo","coin":"BTC"}');
    one.say(unsubscribe({ type: 'bbo', coin: 'ETH' }));
    await one.next('subscriptionResponse');
    two.say(subscribe({ type: 'bbo', coin: 'SOL' }));
    await two.next('subscriptionResponse');
    one.socket.terminate();
    await expect
      .poll(async () => {
        two.say(subscribe({ type: 'bbo', coin: 'ETH' }));
        return two.heard.some(({ channel, data }) => channel === 'subscriptionResponse' && JSON.stringify(data).includes('ETH'));
      })
      .toBe(true);
  });

  test('is so many accounts, by whatever channels', async () => {
    const venue = await venueWith({ wsUsers: 2 });
    const [one, two] = [await connect(venue), await connect(venue)];
    for (const type of ['orderUpdates', 'userFills', 'clearinghouseState']) one.say(subscribe({ type, user: userAt(1) }));
    for (let i = 0; i < 3; i += 1) await one.next('subscriptionResponse');
    two.say(subscribe({ type: 'userFills', user: userAt(2) }));
    two.say(subscribe({ type: 'userFills', user: userAt(1) }));
    await two.next('subscriptionResponse');
    await two.next('subscriptionResponse');
    two.say(subscribe({ type: 'userFills', user: userAt(3) }));
    expect(await two.next('error')).toBe('Cannot track more than 2 total users.');
    two.say(unsubscribe({ type: 'userFills', user: userAt(2) }));
    await two.next('subscriptionResponse');
    two.say(subscribe({ type: 'userFills', user: userAt(3) }));
    expect(await two.next('subscriptionResponse')).toMatchObject({ method: 'subscribe' });
  });

  test('is any number of accounts on the testnet, and 10 elsewhere', async () => {
    expect(limitSettings({ on: LIMIT_NAMES, isTestnet: true }).wsUsers).toBeNull();
    const venue = await venueWith({});
    const ear = await connect(venue);
    for (let n = 1; n <= 11; n += 1) ear.say(subscribe({ type: 'userFills', user: userAt(n) }));
    expect(await ear.next('error')).toBe('Cannot track more than 10 total users.');
    const free = await venueWith(null);
    const other = await connect(free);
    for (let n = 1; n <= 30; n += 1) other.say(subscribe({ type: 'userFills', user: userAt(n) }));
    for (let n = 1; n <= 30; n += 1) await other.next('subscriptionResponse');
  });
});

describe('what an IP may say', () => {
  test('is so many messages a minute over all its connections', async () => {
    const venue = await venueWith({ wsMessagesPerMinute: 4 });
    const [one, two] = [await connect(venue), await connect(venue)];
    for (const ear of [one, one, two, two]) {
      ear.say({ method: 'ping' });
      await ear.next('pong');
    }
    one.say({ method: 'ping' });
    expect(await one.next('error')).toBe('Cannot send more than 4 messages per minute.');
    venue.clock.advance(60_000);
    one.say({ method: 'ping' });
    await one.next('pong');
    const free = await connect(await venueWith(null));
    for (let i = 0; i < 2_100; i += 1) free.say({ method: 'ping' });
    for (let i = 0; i < 2_100; i += 1) await free.next('pong');
  });

  test('is so many posts at a time; what is answered makes room', async () => {
    const latency = { requestMs: 500, blockMs: 0, jitterMs: 0, replyMs: 100, feedMs: 0 };
    const venue = await venueWith({ wsPostsInFlight: 2 }, { latency });
    const ear = await connect(venue);
    ear.say(post(1, await signedRequest(wallet, noop, ++nonce), 'action'));
    ear.say(post(2, mids));
    ear.say(post(3, mids));
    expect(await ear.next('error')).toBe('too many pending post requests id=3');
    venue.clock.advance(100);
    expect(await ear.next('post')).toMatchObject({ id: 2 });
    ear.say(post(4, mids));
    ear.say(post(5, mids));
    expect(await ear.next('error')).toBe('too many pending post requests id=5');
    venue.clock.advance(500);
    expect(await ear.next('post')).toMatchObject({ id: 4 });
    expect(await ear.next('post')).toMatchObject({ id: 1, response: { type: 'action', payload: ok } });
    const free = await connect(await venueWith(null, { latency }));
    for (let i = 1; i <= 120; i += 1) free.say(post(i, mids));
    free.say({ method: 'ping' });
    await free.next('pong');
    expect(free.heard.map(({ channel }) => channel)).toEqual(['pong']);
  });
});

describe('the open orders of an account', () => {
  test('are limited, and are not where the limit is off', async () => {
    const errors = async (venue: TestVenue): Promise<number> => {
      const reply = (await act(venue, orders(1_001))) as { response: { data: { statuses: readonly object[] } } };
      return reply.response.data.statuses.filter((status) => 'error' in status).length;
    };
    expect(await errors(await venueWith({}))).toBe(1);
    expect(await errors(await venueWith(null))).toBe(0);
  });
});
