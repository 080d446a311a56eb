import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Latency, replayJournal } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { openTestVenue, steadyMarket, steppedClock, type TestVenue } from '../support/paper-venue.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const latency: Latency = { requestMs: 100, blockMs: 70, jitterMs: 0, replyMs: 60, feedMs: 200 };
const wallet = testWallet(1);
const user = wallet.address;
let dir: string;
let venue: TestVenue;

/** On the grid of blocks, so that the first takes effect in 140 ms. */
const BLOCK_MS = Math.ceil(1_757_015_217_000 / 70) * 70;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'latency-'));
  venue = await openTestVenue({
    journalPath: join(dir, 'journal.jsonl'),
    clock: steppedClock(BLOCK_MS),
    events: steadyMarket(60, BLOCK_MS - 1_000),
    latency,
  });
  venue.exchange.fund(user, microUsd(10_000e6));
});
afterEach(async () => {
  await venue.exchange.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A request on its way: the venue has it when this is given. */
interface Sent {
  readonly answered: Promise<unknown>;
  readonly done: () => boolean;
}

/** Sends a post. A socket's own ping is answered at once and in its turn: what was sent before it has been read. */
async function sent(type: 'action' | 'info', payload: unknown): Promise<Sent> {
  const socket = new WebSocket(`${venue.url.replace('http', 'ws')}/ws`);
  await new Promise((resolve) => socket.once('open', resolve));
  let done = false;
  const answered = new Promise((resolve, reject) => {
    socket.once('message', (text: Buffer) => {
      done = true;
      const { payload: reply } = JSON.parse(text.toString()).data.response;
      resolve(type === 'info' ? reply.data : reply);
      socket.terminate();
    });
    socket.once('close', () => reject(new Error('cut')));
  });
  socket.send(JSON.stringify({ method: 'post', id: 1, request: { type, payload } }));
  socket.ping();
  await new Promise((resolve) => socket.once('pong', resolve));
  return { answered, done: () => done };
}

const entries = () => [...replayJournal(join(dir, 'journal.jsonl'))];

test('an order has effect at its block, is answered after that, and the journal has the time of effect', async () => {
  const order = await sent('action', await signedRequest(wallet, btcOrder('90000'), BLOCK_MS));
  const before = await sent('info', { type: 'openOrders', user });
  venue.clock.advance(60);
  expect(await before.answered).toEqual([]);
  venue.clock.advance(79);
  expect(entries().filter(({ kind }) => kind === 'action')).toEqual([]);
  venue.clock.advance(1);
  expect(entries().at(-1)).toMatchObject({ kind: 'action', atMs: BLOCK_MS + 140 });
  const after = await sent('info', { type: 'openOrders', user });
  expect(order.done()).toBe(false);
  venue.clock.advance(60);
  expect(await order.answered).toMatchObject({ status: 'ok' });
  expect(await after.answered).toMatchObject([{ timestamp: BLOCK_MS + 140 }]);
});

test('over HTTP an order takes as long', async () => {
  let answer: unknown = null;
  void signedRequest(wallet, btcOrder('90000'), BLOCK_MS).then(async (body) => {
    answer = (await venue.post('/exchange', body)).json;
  });
  await expect
    .poll(
      () => {
        venue.clock.advance(1);
        return answer;
      },
      { interval: 1, timeout: 30_000 },
    )
    .toMatchObject({ status: 'ok' });
  const atMs = entries().at(-1)?.atMs ?? 0;
  expect(atMs % 70).toBe(0);
  expect(atMs).toBeGreaterThan(BLOCK_MS + 100);
  expect(venue.clock.now()).toBeGreaterThanOrEqual(atMs + 60);
});

test('an action that expires on its way is refused, and one that expires later is not', async () => {
  const late = await sent('action', await signedRequest(wallet, btcOrder('90000'), BLOCK_MS, { expiresAfter: BLOCK_MS + 139 }));
  const timely = await sent('action', await signedRequest(wallet, btcOrder('90000'), BLOCK_MS + 1, { expiresAfter: BLOCK_MS + 140 }));
  venue.clock.advance(200);
  expect(await late.answered).toEqual({ status: 'err', response: 'Action already expired' });
  expect(await timely.answered).toMatchObject({ status: 'ok' });
});

test('feeds tell of a fill later than the answer, in the order of what happened', async () => {
  const heard: string[] = [];
  const socket = new WebSocket(`${venue.url.replace('http', 'ws')}/ws`);
  socket.on('message', (text: Buffer) => heard.push(JSON.parse(text.toString()).channel));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const type of ['orderUpdates', 'userFills']) socket.send(JSON.stringify({ method: 'subscribe', subscription: { type, user } }));
  socket.send(JSON.stringify({ method: 'ping' }));
  await expect
    .poll(() => {
      venue.clock.advance(50);
      return heard;
    })
    .toEqual(['subscriptionResponse', 'subscriptionResponse', 'userFills', 'pong']);
  heard.length = 0;
  const order = await sent('action', await signedRequest(wallet, btcOrder('101000', true, 'Ioc'), BLOCK_MS));
  venue.clock.advance(300);
  expect(await order.answered).toMatchObject({ status: 'ok', response: { data: { statuses: [{ filled: {} }] } } });
  expect(heard).toEqual([]);
  venue.clock.advance(100);
  await expect.poll(() => heard).toEqual(['orderUpdates', 'userFills']);
  socket.terminate();
});

test('a restart replays to the same state, and what was still under way never happened', async () => {
  const questions = ['frontendOpenOrders', 'historicalOrders', 'userFills', 'userRateLimit'];
  const memory = async (): Promise<readonly unknown[]> => {
    const asked = await Promise.all(questions.map((type) => sent('info', { type, user })));
    venue.clock.advance(60);
    return Promise.all(asked.map(({ answered }) => answered));
  };
  for (const [nth, price] of ['90000', '101000', '91000'].entries()) {
    const order = await sent('action', await signedRequest(wallet, btcOrder(price), BLOCK_MS + nth));
    venue.clock.advance(333);
    await order.answered;
  }
  const before = await memory();
  const lost = await sent('action', await signedRequest(wallet, btcOrder('92000'), BLOCK_MS + 9));
  const failed = expect(lost.answered).rejects.toThrow();
  const atMs = venue.clock.now();
  await venue.exchange.close();
  await failed;
  venue = await openTestVenue({
    journalPath: join(dir, 'journal.jsonl'),
    clock: steppedClock(atMs),
    events: steadyMarket(60, BLOCK_MS - 1_000),
    latency,
  });
  venue.clock.advance(1_000);
  expect(await memory()).toEqual(before);
  expect(entries().filter(({ kind }) => kind === 'action')).toHaveLength(3);
});
