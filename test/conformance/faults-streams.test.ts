import { microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { type RawSocket, rawRequest, rawSocket } from '../support/raw-client.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const user = wallet.address;
const UPDATES = { type: 'orderUpdates', user };
const FILLS = { type: 'userFills', user };
const BOOK = { type: 'l2Book', coin: 'BTC' };
let venue: TestVenue;
let nonce = START_MS;
let sockets: RawSocket[] = [];

beforeEach(async () => {
  venue = await openTestVenue();
  venue.exchange.fund(user, microUsd(10_000e6));
});
afterEach(async () => {
  for (const { socket } of sockets) socket.terminate();
  sockets = [];
  await venue.exchange.close();
});

/** A socket with subscriptions, their first messages taken. */
async function listen(...subscriptions: readonly Readonly<Record<string, unknown>>[]): Promise<RawSocket> {
  const socket = await rawSocket(venue.port);
  sockets.push(socket);
  for (const subscription of subscriptions) await socket.subscribe(subscription);
  await socket.settled();
  for (const { type } of subscriptions) socket.take(String(type));
  return socket;
}

const send = async (action: Readonly<Record<string, unknown>>) =>
  JSON.parse((await rawRequest(`${venue.url}/exchange`, { body: await signedRequest(wallet, action, ++nonce) }).reply).text);
/** Places an order that rests, at so many dollars: one message of orderUpdates. */
const rest = (px: number) => send(btcOrder(String(px)));
/** Prices of the orders a channel has told, in order. */
const told = (socket: RawSocket): string[] =>
  socket.take('orderUpdates').flatMap((data) => (data as { order: { limitPx: string } }[]).map(({ order }) => order.limitPx));
const struck = () => venue.exchange.faults().map((fault) => fault.struck);

describe('a stream message', () => {
  test('is lost, and the next is not', async () => {
    const socket = await listen(UPDATES);
    venue.exchange.fault({ kind: 'lose-message', channel: 'orderUpdates', after: 1 });
    for (const px of [90_001, 90_002, 90_003]) await rest(px);
    await socket.settled();
    expect(told(socket)).toEqual(['90001.0', '90003.0']);
  });

  test('is told twice, late, or after the next', async () => {
    const socket = await listen(UPDATES);
    venue.exchange.fault({ kind: 'duplicate-message', copies: 3, channel: 'orderUpdates' });
    await rest(90_001);
    venue.exchange.fault({ kind: 'reorder-message', behind: 2, channel: 'orderUpdates' });
    for (const px of [90_002, 90_003, 90_004]) await rest(px);
    venue.exchange.fault({ kind: 'delay-message', ms: 40, channel: 'orderUpdates' });
    for (const px of [90_005, 90_006]) await rest(px);
    await socket.settled();
    expect(told(socket)).toEqual(['90001.0', '90001.0', '90001.0', '90003.0', '90004.0', '90002.0', '90006.0']);
    venue.clock.advance(40);
    await socket.settled();
    expect(told(socket)).toEqual(['90005.0']);
  });

  test('that waits for others is let go when the rules are cleared', async () => {
    const socket = await listen(UPDATES);
    venue.exchange.fault({ kind: 'reorder-message', behind: 9, channel: 'orderUpdates' });
    await rest(90_001);
    await socket.settled();
    expect(told(socket)).toEqual([]);
    expect(venue.exchange.clearFaults()).toBe(1);
    await socket.settled();
    expect(told(socket)).toEqual(['90001.0']);
  });

  test('is nonsense, of wrong types or no JSON at all', async () => {
    const socket = await listen(UPDATES);
    venue.exchange.fault({ kind: 'nonsense', answer: 'html', channel: 'orderUpdates' });
    await rest(90_001);
    expect(await socket.text()).toMatch(/^<html>/);
    venue.exchange.fault({ kind: 'nonsense', answer: 'empty-object', channel: 'orderUpdates' });
    await rest(90_002);
    expect(await socket.text()).toBe('{}');
  });

  test('is struck by user, channel and the coins it speaks of', async () => {
    const socket = await listen(UPDATES, FILLS);
    const eth = { type: 'order', orders: [{ a: 1, b: true, p: '3000', s: '0.1', r: false, t: { limit: { tif: 'Gtc' } } }], grouping: 'na' };
    venue.exchange.fault({ kind: 'lose-message', coin: 'ETH', count: 9 });
    venue.exchange.fault({ kind: 'lose-message', user: testWallet(7).address, count: 9 });
    venue.exchange.fault({ kind: 'lose-message', channel: 'userFills', count: 9 });
    await send(eth);
    await rest(90_001);
    await send(btcOrder('101000', true, 'Ioc'));
    await socket.settled();
    expect(told(socket)).toEqual(['90001.0', '101000.0', '101000.0']);
    expect(socket.take('userFills')).toEqual([]);
    expect(struck()).toEqual([1, 0, 1]);
  });

  test('of one socket is struck, and other sockets hear it', async () => {
    const [first, second] = [await listen(UPDATES), await listen(UPDATES)];
    venue.exchange.fault({ kind: 'lose-message', channel: 'orderUpdates' });
    await rest(90_001);
    for (const socket of [first, second]) await socket.settled();
    expect([told(first), told(second)].map(({ length }) => length).sort()).toEqual([0, 1]);
  });
});

describe('a silent subscription', () => {
  const hears = async (socket: RawSocket): Promise<boolean> => {
    venue.clock.advance(600);
    await socket.settled();
    return socket.take('l2Book').length > 0;
  };

  test('stays silent while the socket and its other channels live, until it is subscribed anew', async () => {
    const socket = await listen(BOOK, UPDATES);
    venue.exchange.fault({ kind: 'silence', channel: 'l2Book', until: 'resubscribe' });
    for (let i = 0; i < 3; i += 1) expect(await hears(socket)).toBe(false);
    await rest(90_001);
    await socket.settled();
    expect(told(socket)).toEqual(['90001.0']);
    expect(struck()).toEqual([1]);
    await socket.unsubscribe(BOOK);
    await socket.subscribe(BOOK);
    expect(await hears(socket)).toBe(true);
  });

  test('speaks again on a new socket only', async () => {
    const socket = await listen(BOOK);
    venue.exchange.fault({ kind: 'silence', channel: 'l2Book' });
    expect(await hears(socket)).toBe(false);
    await socket.unsubscribe(BOOK);
    await socket.subscribe(BOOK);
    expect(await hears(socket)).toBe(false);
    socket.close();
    const next = await rawSocket(venue.port);
    sockets.push(next);
    await next.subscribe(BOOK);
    expect(await hears(next)).toBe(true);
  });

  test('is confirmed and silent on every new socket until the rule is cleared', async () => {
    const id = venue.exchange.fault({ kind: 'silence', channel: 'l2Book', coin: 'BTC', until: 'clear' });
    for (let i = 0; i < 2; i += 1) {
      const socket = await rawSocket(venue.port);
      sockets.push(socket);
      await socket.subscribe(BOOK);
      expect(await hears(socket)).toBe(false);
    }
    expect(struck()).toEqual([1]);
    venue.exchange.clearFaults(id);
    expect(await hears(sockets[0] ?? (await listen()))).toBe(true);
  });

  test('begins with its snapshot', async () => {
    await send(btcOrder('101000', true, 'Ioc'));
    venue.exchange.fault({ kind: 'silence', channel: 'userFills' });
    const socket = await rawSocket(venue.port);
    sockets.push(socket);
    await socket.subscribe(FILLS);
    await send(btcOrder('101000', true, 'Ioc'));
    await socket.settled();
    expect(socket.take('userFills')).toEqual([]);
  });
});

describe('a WebSocket', () => {
  test('is cut on a fill, which is lost with it, and finds it in the snapshot of the next', async () => {
    const socket = await listen(UPDATES, FILLS);
    venue.exchange.fault({ kind: 'cut', channel: 'userFills' });
    await send(btcOrder('101000', true, 'Ioc'));
    expect(await socket.closed).toBe(1006);
    expect(socket.take('userFills')).toEqual([]);
    const next = await rawSocket(venue.port);
    sockets.push(next);
    await next.subscribe(FILLS);
    expect((await next.of('userFills')).data).toMatchObject({ isSnapshot: true, fills: [{ coin: 'BTC', side: 'B' }] });
  });

  test('is cut now: the oldest in scope, up to the count', async () => {
    const [book, updates, both] = [await listen(BOOK), await listen(UPDATES), await listen(BOOK, UPDATES)];
    venue.exchange.fault({ kind: 'cut', at: 'now', channel: 'orderUpdates' });
    expect(await updates.closed).toBe(1006);
    expect(venue.exchange.faults()).toMatchObject([{ struck: 1, left: 0 }]);
    for (const socket of [book, both]) await socket.settled();
    venue.exchange.fault({ kind: 'cut', at: 'now', count: 5 });
    expect(await Promise.all([book.closed, both.closed])).toEqual([1006, 1006]);
    expect(struck()).toEqual([1, 2]);
    const late = await listen(BOOK);
    await late.settled();
  });

  test('is half open: nothing is read, answered, told or closed', async () => {
    const [dead, alive] = [await listen(UPDATES), await listen(UPDATES)];
    venue.exchange.fault({ kind: 'half-open', at: 'now' });
    let closed = false;
    void dead.closed.then(() => {
      closed = true;
    });
    dead.say({ method: 'ping' });
    dead.socket.ping();
    await rest(90_001);
    await alive.settled();
    venue.clock.advance(120_000);
    await alive.settled();
    expect(told(alive)).toEqual(['90001.0']);
    expect(dead.texts).toEqual([]);
    expect(closed).toBe(false);
  });

  test('is half open from a message on', async () => {
    const [dead, alive] = [await listen(UPDATES), await listen(UPDATES)];
    venue.exchange.fault({ kind: 'half-open', channel: 'orderUpdates', after: 2 });
    for (const px of [90_001, 90_002, 90_003]) await rest(px);
    await alive.settled();
    await alive.settled();
    expect([told(dead), told(alive)]).toEqual([['90001.0'], ['90001.0', '90002.0', '90003.0']]);
  });
});

test('faults of transport touch no state', async () => {
  const run = async (isFaulty: boolean): Promise<string> => {
    const own = await openTestVenue();
    own.exchange.fund(user, microUsd(10_000e6));
    const socket = await rawSocket(own.port);
    for (const subscription of [UPDATES, FILLS, BOOK]) await socket.subscribe(subscription);
    if (isFaulty) {
      own.exchange.fault({ kind: 'drop-response', probability: 0.3, seed: 4, count: 99, action: 'order', how: 'silence' });
      own.exchange.fault({ kind: 'lose-message', probability: 0.3, seed: 5, count: 99 });
      own.exchange.fault({ kind: 'duplicate-message', probability: 0.3, seed: 6, count: 99 });
      own.exchange.fault({ kind: 'reorder-message', probability: 0.3, seed: 7, count: 99 });
      own.exchange.fault({ kind: 'half-open', after: 30 });
    }
    for (let i = 1; i <= 20; i += 1) {
      const body = await signedRequest(wallet, btcOrder(String(i % 3 === 0 ? 101_000 : 90_000 + i), true, 'Gtc'), START_MS + i);
      const pending = rawRequest(`${own.url}/exchange`, { body });
      while (own.exchange.journal().last < i + 1) await rawRequest(`${own.url}/info`, { body: { type: 'exchangeStatus' } }).reply;
      if (isFaulty) pending.abandon();
      await pending.reply.catch(() => {});
      own.clock.advance(250);
    }
    const asked = ['clearinghouseState', 'historicalOrders', 'userFills'].map(
      (type) => rawRequest(`${own.url}/info`, { body: { type, user } }).reply,
    );
    const state = (await Promise.all(asked)).map(({ text }) => text).join('\n');
    if (isFaulty) expect(own.exchange.faults().reduce((sum, fault) => sum + fault.struck, 0)).toBeGreaterThan(10);
    socket.socket.terminate();
    await own.exchange.close();
    return state;
  };
  expect(await run(true)).toBe(await run(false));
});
