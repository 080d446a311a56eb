import { readFileSync } from 'node:fs';
import type { AccountEvent, Clock } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FeedState, openAccountStream, openMarketFeed } from './feeds.ts';
import type { BookMessage, MarkMessage, PrintsMessage } from './from-wire/market.ts';
import { socketUrl } from './socket.ts';
import { INSTRUMENTS, WALL } from './testing/instruments.ts';
import { type ScriptedSocket, type ScriptedVenue, startScriptedVenue } from './testing/scripted-venue.ts';

const frames: { channel: string; data: Record<string, unknown> }[] = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/venue/frames.json', import.meta.url), 'utf8'),
);
const account = '0x61fb9e7583dc92cc76eb52f93d88addaa0f02265';
const recordedAccount = JSON.parse(readFileSync(new URL('../../../test/fixtures/venue/account.json', import.meta.url), 'utf8'));

type Sent = Readonly<Record<string, unknown>>;
let venue: ScriptedVenue;
let server: ScriptedSocket | null = null;
/** What the client sent, as "method type coin". */
let client = recorder<string>();
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  venue = await startScriptedVenue();
  server = null;
  client = recorder<string>();
  acknowledgeAll();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await venue[Symbol.asyncDispose]();
});

/** The venue's manners: echo subscriptions with defaults filled in, answer pings. */
function acknowledgeAll(then: (socket: ScriptedSocket, subscription: Sent) => void = () => undefined): void {
  venue.onMessage((socket, message) => {
    server = socket;
    const subscription = (message.subscription ?? {}) as Sent;
    client.tell([message.method, subscription.type, subscription.coin].filter((word) => word !== undefined).join(' '));
    if (message.method === 'ping') return socket.send({ channel: 'pong' });
    socket.send({ channel: 'subscriptionResponse', data: { method: message.method, subscription: { ...subscription, nSigFigs: null } } });
    if (message.method === 'subscribe') then(socket, subscription);
  });
}

/** Collects what a feed tells and waits for a given telling. */
function recorder<T>() {
  const told: T[] = [];
  const waiting: { wanted: (all: readonly T[]) => boolean; resolve: () => void }[] = [];
  return {
    told,
    tell(value: T) {
      told.push(value);
      for (const one of waiting) if (one.wanted(told)) one.resolve();
    },
    until(wanted: (all: readonly T[]) => boolean): Promise<void> {
      if (wanted(told)) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ wanted, resolve }));
    },
  };
}

/** A clock that moves only when told to. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = 1_000_000;
  let tasks: { atMs: number; task: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs, task) {
      const entry = { atMs: now + delayMs, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((one) => one !== entry);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = tasks.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        tasks = tasks.filter((one) => one !== next);
        now = Math.max(now, next.atMs);
        next.task();
      }
      now = end;
    },
  };
}

type Told = { state: FeedState } | { book: BookMessage } | { bbo: unknown } | { prints: PrintsMessage } | { mark: MarkMessage };
const isState = (kind: FeedState['kind']) => (one: Told) => 'state' in one && one.state.kind === kind;

function openFeed({ clock = WALL, coins = ['BTC'], timeoutMs = 1_000, pingIntervalMs = 30_000 } = {}) {
  const log = recorder<Told>();
  const feed = openMarketFeed({
    url: venue.url,
    coins,
    instruments: INSTRUMENTS,
    clock,
    timeoutMs,
    pingIntervalMs,
    silenceMs: 10_000,
    onBook: (book) => log.tell({ book }),
    onBbo: (bbo) => log.tell({ bbo }),
    onPrints: (prints) => log.tell({ prints }),
    onMark: (mark) => log.tell({ mark }),
    onState: (state) => log.tell({ state }),
  });
  cleanups.push(() => feed.close());
  return { ...log, connected: (times: number) => log.until((all) => all.filter(isState('connected')).length >= times) };
}

const book = (time: number, bid = '80000.0') => ({
  channel: 'l2Book',
  data: { coin: 'BTC', time, levels: [[{ px: bid, sz: '1.0', n: 1 }], [{ px: '80001.0', sz: '1.0', n: 1 }]] },
});
const trade = (tid: number, time = 5) => ({
  coin: 'BTC',
  side: 'B',
  px: '80000.0',
  sz: '0.1',
  time,
  hash: '0x0',
  tid,
  users: ['0x0', '0x0'],
});

describe('the market feed', () => {
  test('subscribes every channel of every coin and says connected once all are acknowledged', async () => {
    const feed = openFeed({ coins: ['BTC', 'ETH'] });
    await feed.connected(1);
    expect(client.told).toEqual(
      ['BTC', 'ETH'].flatMap((coin) => ['l2Book', 'bbo', 'trades', 'activeAssetCtx'].map((type) => `subscribe ${type} ${coin}`)),
    );
  });
  test('hands on messages as recorded from the mainnet and passes over the rest', async () => {
    const feed = openFeed();
    await feed.connected(1);
    server?.sendText('Websocket connection established.');
    for (const frame of frames)
      if (!['orderUpdates', 'userFills', 'error'].includes(frame.channel) && frame.data?.coin !== 'MATIC') server?.send(frame);
    await feed.until((all) => all.some((one) => 'prints' in one));
    expect(feed.told).toMatchObject([
      { state: { kind: 'connected' } },
      { bbo: { bid: { px: 806_390 } } },
      { mark: { fundingRateE10: 52_974 } },
      { prints: { prints: [{}, {}] } },
    ]);
  });
  test('drops a book that repeats or is older than the last, and prints seen before', async () => {
    const feed = openFeed();
    await feed.connected(1);
    for (const message of [book(10), book(10), book(9), book(11)]) server?.send(message);
    server?.send({ channel: 'trades', data: [trade(1), trade(2)] });
    server?.send({ channel: 'trades', data: [trade(2), trade(1)] });
    server?.send({ channel: 'trades', data: [trade(2), trade(3)] });
    server?.send({ channel: 'trades', data: [] });
    server?.send(book(12));
    await feed.until((all) => all.some((one) => 'book' in one && one.book.exchangeTimeMs === 12));
    expect(feed.told.flatMap((one) => ('book' in one ? [one.book.exchangeTimeMs] : []))).toEqual([10, 11, 12]);
    expect(feed.told.flatMap((one) => ('prints' in one ? [one.prints.prints.map(({ tid }) => tid)] : []))).toEqual([[1, 2], [3]]);
  });
  test('names what it cannot read and goes on', async () => {
    const feed = openFeed();
    await feed.connected(1);
    server?.sendText('{"channel":');
    server?.send(book(10, 'NaN'));
    server?.send({ channel: 'trades', data: [{ ...trade(1), sz: null }] });
    server?.send(book(11));
    await feed.until((all) => all.some((one) => 'book' in one));
    const problems = feed.told.flatMap((one) => ('state' in one && one.state.kind === 'unreadable' ? [one.state.problem] : []));
    expect(problems).toEqual([
      'the frame "{\\"channel\\":" is no message',
      expect.stringContaining('levels[0][0].px is "NaN"'),
      expect.stringContaining('trades[0].sz is null'),
    ]);
    expect(venue.socketsOpened).toBe(1);
  });
  test('connects again after a cut, subscribes anew and takes older times as a new market', async () => {
    const feed = openFeed();
    await feed.connected(1);
    server?.send(book(10));
    await feed.until((all) => all.some((one) => 'book' in one));
    server?.cut();
    await feed.connected(2);
    server?.send(book(10));
    server?.send(book(4));
    await feed.until((all) => all.filter((one) => 'book' in one).length === 2);
    expect(feed.told.flatMap((one) => ('book' in one ? [one.book.exchangeTimeMs] : []))).toEqual([10, 4]);
    expect(client.told.filter((line) => line === 'subscribe l2Book BTC')).toHaveLength(2);
    expect(feed.told.filter(isState('disconnected'))).toHaveLength(1);
  });
  test('subscribes a silent channel anew, and gives the connection up when that does not help', async () => {
    const clock = handClock();
    const feed = openFeed({ clock });
    await feed.connected(1);
    clock.advance(6_000);
    server?.send({ channel: 'activeAssetCtx', data: frames.find(({ channel }) => channel === 'activeAssetCtx')?.data });
    await feed.until((all) => all.some((one) => 'mark' in one));
    clock.advance(5_000);
    await feed.until((all) => all.some(isState('silent')));
    expect(feed.told.filter(isState('silent'))).toEqual([{ state: { kind: 'silent', channel: 'l2Book', coin: 'BTC' } }]);
    await client.until((all) => all.slice(-2).join() === 'unsubscribe l2Book BTC,subscribe l2Book BTC');
    clock.advance(12_500);
    await feed.until((all) => all.some(isState('disconnected')));
    expect(feed.told.find(isState('disconnected'))).toEqual({
      state: { kind: 'disconnected', reason: expect.stringContaining('l2Book BTC is silent') },
    });
    clock.advance(1_000);
    await feed.connected(2);
  });
  test('does not take a repeated snapshot for a sign of life', async () => {
    const clock = handClock();
    acknowledgeAll((socket, { type }) => {
      if (type === 'l2Book') socket.send(book(10));
    });
    const feed = openFeed({ clock });
    await feed.connected(1);
    clock.advance(12_500);
    await feed.until((all) => all.some(isState('silent')));
    clock.advance(12_500);
    await feed.until((all) => all.some(isState('disconnected')));
  });
  test('gives up a connection that does not answer pings', async () => {
    venue.onMessage((socket, message) => {
      if (message.method === 'subscribe') socket.send({ channel: 'subscriptionResponse', data: message });
    });
    const feed = openFeed({ pingIntervalMs: 20, timeoutMs: 40 });
    await feed.until((all) => all.some((one) => isState('disconnected')(one) && JSON.stringify(one).includes('no pong')));
  });
  test('gives up a connection whose subscriptions are not acknowledged', async () => {
    venue.onMessage(() => undefined);
    const feed = openFeed({ timeoutMs: 40 });
    await feed.until((all) => all.some(isState('disconnected')));
    expect(feed.told[0]).toEqual({ state: { kind: 'disconnected', reason: expect.stringContaining('no acknowledgement') } });
  });
  test('takes "Already subscribed" as an acknowledgement and any other error as the end of the connection', async () => {
    venue.onMessage((socket, { subscription }) =>
      socket.send({ channel: 'error', data: `Already subscribed: ${JSON.stringify(subscription)}` }),
    );
    const feed = openFeed();
    await feed.connected(1);
    venue.onMessage((socket, { subscription }) => {
      server = socket;
      socket.send({ channel: 'error', data: `Invalid subscription ${JSON.stringify(subscription)}` });
    });
    const other = openFeed();
    await other.until((all) => all.some(isState('disconnected')));
    expect(JSON.stringify(other.told[0])).toContain('Invalid subscription');
  });
  test('stays quiet once closed', async () => {
    const feed = openFeed();
    await feed.connected(1);
    await cleanups.pop()?.();
    const before = feed.told.length;
    server?.send(book(50));
    expect(feed.told.length).toBe(before);
    expect(venue.socketsOpened).toBe(1);
  });
  test('refuses a coin the venue does not list and an address that is none', () => {
    expect(() => openFeed({ coins: ['NOPE'] })).toThrow("coin NOPE is not in the venue's meta");
    expect(() => openFeed({ coins: [] })).toThrow('coins is empty');
    expect(() => socketUrl('ftp://x')).toThrow('the venue\'s url "ftp://x" is not an http:// or https:// address');
    expect(socketUrl('https://api.hyperliquid.xyz')).toBe('wss://api.hyperliquid.xyz/ws');
    expect(socketUrl('http://127.0.0.1:9/paper/')).toBe('ws://127.0.0.1:9/paper/ws');
  });
});

describe('the account stream', () => {
  function openStream({
    clock = WALL,
    hasSpotCollateral = false,
    silenceMs = null,
  }: {
    clock?: Clock;
    hasSpotCollateral?: boolean;
    silenceMs?: number | null;
  } = {}) {
    const log = recorder<AccountEvent>();
    const stream = openAccountStream({
      url: venue.url,
      account: `0x${account.slice(2).toUpperCase()}`,
      instruments: INSTRUMENTS,
      clock,
      timeoutMs: 1_000,
      pingIntervalMs: 30_000,
      hasSpotCollateral,
      silenceMs,
      stateSilenceMs: null,
      onEvent: log.tell,
    });
    cleanups.push(() => stream.close());
    return {
      ...log,
      has: (kind: AccountEvent['kind'], times = 1) => log.until((all) => all.filter((event) => event.kind === kind).length >= times),
    };
  }
  const state = { channel: 'clearinghouseState', data: { dex: '', user: account, clearinghouseState: recordedAccount.clearinghouseState } };
  const snapshot = frames.find(({ channel, data }) => channel === 'userFills' && data.user === account);

  test('tells orders, fills and the account as recorded, fills oldest first', async () => {
    const stream = openStream();
    await stream.has('connected');
    for (const frame of frames.filter(({ channel }) => channel === 'orderUpdates')) server?.send(frame);
    server?.send(snapshot);
    server?.send(state);
    await stream.has('account');
    expect(client.told).toEqual(['subscribe orderUpdates', 'subscribe userFills', 'subscribe clearinghouseState']);
    expect(stream.told.map(({ kind }) => kind)).toEqual([
      'connected',
      'orders',
      'orders',
      'orders',
      'orders',
      'orders',
      'fills',
      'account',
    ]);
    const fills = stream.told.find((event) => event.kind === 'fills');
    expect(fills?.isSnapshot).toBe(true);
    expect(fills?.fills.map(({ timeMs }) => timeMs)).toEqual([1769814589170, 1769869597418, 1770221991611]);
  });
  test('passes over what is another user’s', async () => {
    const stream = openStream();
    await stream.has('connected');
    server?.send(frames.find(({ channel, data }) => channel === 'userFills' && data.user !== account));
    server?.send({ ...state, data: { ...state.data, user: `0x${'1'.repeat(40)}` } });
    server?.send(state);
    await stream.has('account');
    expect(stream.told.map(({ kind }) => kind)).toEqual(['connected', 'account']);
  });
  test('says nothing of the account when its collateral is in the spot state', async () => {
    const stream = openStream({ hasSpotCollateral: true });
    await stream.has('connected');
    server?.send(state);
    server?.send(snapshot);
    await stream.has('fills');
    expect(stream.told.map(({ kind }) => kind)).toEqual(['connected', 'fills']);
  });
  test('says connected again after a cut, so that whoever listens reads anew', async () => {
    const stream = openStream();
    await stream.has('connected');
    server?.cut();
    await stream.has('connected', 2);
    expect(stream.told.map(({ kind }) => kind)).toEqual(['connected', 'disconnected', 'connected']);
  });
  test('gives the connection up at a message it cannot read, since what it said is lost', async () => {
    const stream = openStream();
    await stream.has('connected');
    server?.send({ channel: 'orderUpdates', data: [{ order: { coin: 'BTC', oid: 'x' }, status: 'open', statusTimestamp: 1 }] });
    await stream.has('connected', 2);
    expect(stream.told[1]).toEqual({ kind: 'disconnected', reason: expect.stringContaining('orderUpdates[0].oid is "x"') });
  });
  test('hands a repeated message on, as the listener knows fills by (coin, time, tid)', async () => {
    const stream = openStream();
    await stream.has('connected');
    server?.send(snapshot);
    server?.send(snapshot);
    await stream.has('fills', 2);
  });
  test('asks for a new snapshot when no fills came for long, and gives up when none comes', async () => {
    const clock = handClock();
    let answers = true;
    acknowledgeAll((socket, { type }) => {
      if (type === 'userFills' && answers) socket.send({ channel: 'userFills', data: { user: account, fills: [], isSnapshot: true } });
    });
    const stream = openStream({ clock, silenceMs: 60_000 });
    await stream.has('fills', 1);
    await stream.has('connected');
    clock.advance(75_000);
    await stream.has('fills', 2);
    answers = false;
    clock.advance(75_000);
    clock.advance(75_000);
    await stream.has('disconnected');
  });
});
