import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { btcBook, btcPrint, openTestVenue, START_MS, steadyMarket, steppedClock, type TestVenue } from '../support/paper-venue.ts';
import { type RawSocket, rawSocket } from '../support/raw-client.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const user = wallet.address;
let venue: TestVenue;
let nonce = START_MS;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'faults-'));
  venue = await openTestVenue({ journalPath: join(dir, 'journal.jsonl') });
  venue.exchange.fund(user, microUsd(10_000e6));
});
afterEach(async () => {
  await venue.exchange.close();
  rmSync(dir, { recursive: true, force: true });
});

type Json = Readonly<Record<string, unknown>>;
const send = async (action: Json, extra: { readonly expiresAfter?: number; readonly nonce?: number } = {}) => {
  const { nonce: own = ++nonce, ...rest } = extra;
  return (await venue.post('/exchange', await signedRequest(wallet, action, own, rest))).json;
};
const info = async (type: string, extra: Json = {}) => (await venue.post('/info', { type, user, ...extra })).json;
const statuses = (...expected: readonly unknown[]) => ({ status: 'ok', response: { data: { statuses: expected } } });
const resting = { resting: { oid: expect.any(Number) } };
const limit = (p: string, over: Json = {}): Json => ({ a: 0, b: true, p, s: '0.01', r: false, t: { limit: { tif: 'Gtc' } }, ...over });
const trigger = (tpsl: 'tp' | 'sl', triggerPx: string): Json => ({
  a: 0,
  b: false,
  p: tpsl === 'sl' ? '80000' : triggerPx,
  s: '0.01',
  r: true,
  t: { trigger: { isMarket: true, triggerPx, tpsl } },
});
const order = (...orders: readonly Json[]): Json => ({ type: 'order', orders, grouping: 'na' });
const bracket = (): Json => ({
  type: 'order',
  orders: [limit('90000'), trigger('tp', '120000'), trigger('sl', '85000')],
  grouping: 'normalTpsl',
});
const struck = () => venue.exchange.faults().map((fault) => fault.struck);

describe('an order refused by a fault', () => {
  test('has the text, an oid, the status of the text and a message, and others of its action go on', async () => {
    const socket = await rawSocket(venue.port);
    await socket.subscribe({ type: 'orderUpdates', user });
    venue.exchange.fault({ kind: 'reject-order', error: 'Insufficient margin to place order.', nth: 2 });
    expect(await send(order(limit('90000'), limit('90001'), limit('90002')))).toMatchObject(
      statuses(resting, { error: 'Insufficient margin to place order. asset=0' }, resting),
    );
    await socket.settled();
    const rows = socket.take('orderUpdates').flat() as { status: string; order: { limitPx: string } }[];
    expect(rows.map(({ status, order: { limitPx } }) => `${limitPx} ${status}`)).toEqual([
      '90000.0 open',
      '90001.0 perpMarginRejected',
      '90002.0 open',
    ]);
    expect(await send(order(limit('90001')))).toMatchObject(statuses(resting));
    socket.close();
  });

  test('is refused by coin, every order of the action or none', async () => {
    venue.exchange.fault({ kind: 'reject-order', error: 'Price too far from oracle', coin: 'BTC', count: 2 });
    const eth = { ...limit('3000'), a: 1, s: '0.1' };
    expect(await send(order(eth))).toMatchObject(statuses(resting));
    expect(struck()).toEqual([0]);
    const refused = { error: 'Price too far from oracle asset=0' };
    expect(await send(order(limit('90000'), eth, limit('90001')))).toMatchObject(statuses(refused, resting, refused));
    const { oid } = ((await info('openOrders')) as { oid: number }[])[0] ?? { oid: 0 };
    const modify = { type: 'batchModify', modifies: [{ oid, order: limit('90005') }] };
    expect(JSON.stringify(await send({ ...modify, a: true }))).toContain('Price too far from oracle asset=0');
    expect(((await info('historicalOrders')) as { status: string }[]).filter(({ status }) => status === 'oracleRejected')).toHaveLength(3);
  });

  test('that is a child leaves parent and siblings alone', async () => {
    venue.exchange.fault({ kind: 'reject-child', error: 'Invalid TP/SL price.', tpsl: 'sl' });
    expect(await send(bracket())).toMatchObject(statuses(resting, 'waitingForFill', { error: 'Invalid TP/SL price. asset=0' }));
    expect(await info('frontendOpenOrders')).toMatchObject([{ isTrigger: true }, { children: [{ orderType: 'Take Profit Market' }] }]);
    venue.exchange.fault({ kind: 'reject-child', error: 'no', nth: 2 });
    expect(await send(order(limit('90000')))).toMatchObject(statuses(resting));
    expect(await send(bracket())).toMatchObject(statuses(resting, 'waitingForFill', { error: 'no asset=0' }));
    venue.exchange.fault({ kind: 'reject-child', error: 'no' });
    expect(await send(bracket())).toMatchObject(statuses(resting, { error: 'no asset=0' }, 'waitingForFill'));
    expect(struck()).toEqual([1, 1, 1]);
  });

  test('that is not post-only waits for the end of a network upgrade', async () => {
    venue.exchange.fault({ kind: 'post-only', forMs: 180_000 });
    const error = 'Only post-only orders allowed immediately after a network upgrade. asset=0';
    expect(
      await send(
        order(limit('90000'), limit('90000', { t: { limit: { tif: 'Alo' } } }), limit('101000', { t: { limit: { tif: 'Ioc' } } })),
      ),
    ).toMatchObject(statuses({ error }, resting, { error }));
    expect(await send(order(limit('90000', { t: { limit: { tif: 'Alo' } } })))).toMatchObject(statuses(resting));
    venue.clock.advance(180_000);
    expect(await send(order(limit('90000')))).toMatchObject(statuses(resting));
    expect(struck()).toEqual([1]);
  });
});

test('a cancel is refused by its place, and the order lives on', async () => {
  for (const px of ['90000', '90001']) await send(order(limit(px)));
  const oids = ((await info('openOrders')) as { oid: number }[]).map(({ oid }) => oid);
  const error = 'Order was never placed, already canceled, or filled.';
  venue.exchange.fault({ kind: 'reject-cancel', error, nth: 1 });
  const cancel = { type: 'cancel', cancels: oids.map((o) => ({ a: 0, o })) };
  expect(await send(cancel)).toMatchObject(statuses({ error: `${error} asset=0` }, 'success'));
  expect(await info('openOrders')).toMatchObject([{ oid: oids[0] }]);
  const cloid = `0x${'c1'.repeat(16)}`;
  await send(order(limit('90002', { c: cloid })));
  venue.exchange.fault({ kind: 'reject-cancel', error });
  const byCloid = { type: 'cancelByCloid', cancels: [{ asset: 0, cloid }] };
  expect(await send(byCloid)).toMatchObject(statuses({ error: `${error} asset=0` }));
  expect(await send(byCloid)).toMatchObject(statuses('success'));
});

test('a whole action is refused and its nonce used', async () => {
  venue.exchange.fault({ kind: 'reject-action', error: 'Unexpected error (code=7)', action: 'updateLeverage' });
  const leverage = { type: 'updateLeverage', asset: 0, isCross: true, leverage: 3 };
  const own = ++nonce;
  expect(await send(leverage, { nonce: own })).toEqual({ status: 'err', response: 'Unexpected error (code=7)' });
  expect(await send(leverage, { nonce: own })).toEqual({ status: 'err', response: `Invalid nonce: duplicate nonce ${own}` });
  expect(await send(leverage)).toMatchObject({ status: 'ok' });
});

describe('answers that lag', () => {
  test('know neither order nor fill until it is old enough, and count only where it matters', async () => {
    venue.exchange.fault({ kind: 'lag', ms: 2_500, forMs: 60_000 });
    expect(await info('openOrders')).toEqual([]);
    const cloid = `0x${'c1'.repeat(16)}`;
    await send(order(limit('90000', { c: cloid })));
    await send(btcOrder('101000', true, 'Ioc'));
    expect(await info('orderStatus', { oid: cloid })).toEqual({ status: 'unknownOid' });
    for (const type of ['openOrders', 'frontendOpenOrders', 'historicalOrders', 'userFills']) expect(await info(type)).toEqual([]);
    expect(await info('userFillsByTime', { startTime: 0 })).toEqual([]);
    expect(await info('clearinghouseState')).toMatchObject({ assetPositions: [{ position: { szi: '0.01' } }] });
    expect(struck()).toEqual([6]);
    venue.clock.advance(2_500);
    expect(await info('orderStatus', { oid: cloid })).toMatchObject({ status: 'order', order: { status: 'open' } });
    for (const type of ['openOrders', 'frontendOpenOrders', 'userFills']) expect(await info(type)).toHaveLength(1);
    expect(struck()).toEqual([6]);
  });

  test('lag over a socket too, for one kind of question', async () => {
    const socket = await rawSocket(venue.port);
    venue.exchange.fault({ kind: 'lag', ms: 1_000, info: 'openOrders' });
    await send(order(limit('90000')));
    socket.say({ method: 'post', id: 1, request: { type: 'info', payload: { type: 'openOrders', user } } });
    expect((await socket.of('post')).data).toMatchObject({ response: { payload: { data: [] } } });
    expect(await info('openOrders')).toHaveLength(1);
    socket.close();
  });
});

describe('a clock that is off', () => {
  const HOUR = 3_600_000;

  test('expires actions, moves the nonce window and shows in answers and messages', async () => {
    const now = venue.clock.now();
    const socket: RawSocket = await rawSocket(venue.port);
    venue.exchange.fault({ kind: 'clock-offset', ms: HOUR, forMs: 5_000 });
    expect(await info('exchangeStatus')).toMatchObject({ time: now + HOUR });
    expect(await send({ type: 'noop' }, { expiresAfter: now + HOUR - 1 })).toEqual({ status: 'err', response: 'Action already expired' });
    expect(await send({ type: 'noop' }, { expiresAfter: now + HOUR + 1 })).toMatchObject({ status: 'ok' });
    const tooHigh = now + 86_400_000 - 120_000 + 1;
    expect(await send({ type: 'noop' }, { nonce: tooHigh })).toMatchObject({ status: 'ok' });
    await socket.subscribe({ type: 'l2Book', coin: 'BTC' });
    expect((await socket.of('l2Book')).data).toMatchObject({ time: expect.toSatisfy((time: number) => time > now + HOUR - 5_000) });
    venue.clock.advance(5_000);
    expect(await info('exchangeStatus')).toEqual({ time: now + 5_000, specialStatuses: null });
    expect(await send({ type: 'noop' }, { nonce: tooHigh + 6_000 })).toMatchObject({
      response: expect.stringMatching(/^Invalid nonce: nonce too high/),
    });
    socket.close();
  });

  test('behind, refuses nonces of now as too high', async () => {
    const now = venue.clock.now();
    venue.exchange.fault({ kind: 'clock-offset', ms: -2 * 86_400_000, action: 'noop' });
    expect(await send({ type: 'noop' }, { nonce: now })).toMatchObject({
      response: expect.stringMatching(/^Invalid nonce: nonce too high/),
    });
    expect(await send({ type: 'noop' }, { nonce: now })).toMatchObject({ status: 'ok' });
  });
});

describe('a market that pauses', () => {
  test('says nothing and matches nothing until its next book', async () => {
    await venue.exchange.close();
    const events = [...steadyMarket(4), btcPrint(START_MS + 5_000, 89_000, 7), btcBook(START_MS + 30_000, 88_000)];
    venue = await openTestVenue({ events });
    venue.exchange.fund(user, microUsd(10_000e6));
    const socket = await rawSocket(venue.port);
    for (const type of ['l2Book', 'trades']) await socket.subscribe({ type, coin: 'BTC' });
    await send(order(limit('89500')));
    await socket.settled();
    for (const type of ['l2Book', 'trades']) socket.take(type);
    venue.exchange.fault({ kind: 'pause-market', coin: 'BTC', ms: 20_000 });
    expect(struck()).toEqual([1]);
    venue.clock.advance(20_000);
    await socket.settled();
    expect([...socket.take('l2Book'), ...socket.take('trades')]).toEqual([]);
    expect(await info('openOrders')).toHaveLength(1);
    venue.clock.advance(10_000);
    expect((await socket.of('l2Book')).data).toMatchObject({ coin: 'BTC' });
    expect(await info('openOrders')).toHaveLength(0);
    socket.close();
  });
});

describe('what the venue does of its own accord', () => {
  test('ends an order with its status, children with it', async () => {
    const socket = await rawSocket(venue.port);
    await socket.subscribe({ type: 'userEvents', user });
    const cloid = `0x${'c1'.repeat(16)}`;
    await send({ type: 'order', orders: [limit('90000', { c: cloid }), trigger('sl', '85000')], grouping: 'normalTpsl' });
    venue.exchange.fault({ kind: 'cancel-order', user, order: cloid, status: 'marginCanceled' });
    expect(await info('openOrders')).toEqual([]);
    expect(await info('orderStatus', { oid: cloid })).toMatchObject({ order: { status: 'marginCanceled' } });
    expect((await socket.of('user')).data).toMatchObject({ nonUserCancel: [{ coin: 'BTC' }] });
    venue.exchange.fault({ kind: 'cancel-order', user, order: cloid, status: 'marginCanceled' });
    expect(struck()).toEqual([1, 0]);
    socket.close();
  });

  test('closes a position in part or whole, its reduce-only orders with it', async () => {
    await send({ type: 'order', orders: [limit('101000'), trigger('sl', '85000')], grouping: 'normalTpsl' });
    venue.exchange.fault({ kind: 'deleverage', user, coin: 'BTC', px: '99000', sz: '0.004' });
    expect(await info('clearinghouseState')).toMatchObject({ assetPositions: [{ position: { szi: '0.006' } }] });
    expect(await info('userFills')).toMatchObject([
      { dir: 'Auto-Deleveraging', px: '99000.0', sz: '0.004', side: 'A' },
      { dir: 'Open Long' },
    ]);
    expect(() => venue.exchange.fault({ kind: 'deleverage', user, coin: 'BTC', px: '99000.55' })).toThrow(
      'px "99000.55": give a price of BTC with at most 1 decimals',
    );
    venue.exchange.fault({ kind: 'deleverage', user, coin: 'BTC' });
    expect(await info('clearinghouseState')).toMatchObject({ assetPositions: [] });
    venue.exchange.fault({ kind: 'deleverage', user, coin: 'BTC' });
    expect(struck()).toEqual([1, 1, 0]);
    expect(venue.exchange.audit()).toMatchObject({ conservationErrorUsd: 0 });
  });
});

describe('an oid given out again', () => {
  const CLOIDS = ['c1', 'c2', 'c3'].map((byte) => `0x${byte.repeat(16)}`);

  test('goes to the next order alone, which answers to it and to its own cloid', async () => {
    await send(order(limit('101000', { c: CLOIDS[0] })));
    const [first] = (await info('userFills')) as { oid: number }[];
    const oid = first?.oid ?? 0;
    venue.exchange.fault({ kind: 'reuse-oid', user, order: CLOIDS[0] ?? '' });
    const placed = { response: { data: { statuses: [{ resting: { oid } }] } } };
    expect(await send(order(limit('90000', { c: CLOIDS[1] })))).toMatchObject(placed);
    expect(await send(order(limit('89000', { c: CLOIDS[2] })))).not.toMatchObject(placed);
    expect(await info('openOrders')).toMatchObject([{ cloid: CLOIDS[2] }, { cloid: CLOIDS[1], oid }]);
    expect(await info('orderStatus', { oid })).toMatchObject({ order: { order: { cloid: CLOIDS[1] }, status: 'open' } });
    expect(await info('orderStatus', { oid: CLOIDS[0] })).toEqual({ status: 'unknownOid' });
    venue.exchange.fault({ kind: 'reuse-oid', user, order: oid });
    venue.exchange.fault({ kind: 'reuse-oid', user, order: 1 });
    expect(struck()).toEqual([1, 0, 0]);
    expect(await send({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: CLOIDS[1] }] })).toMatchObject({ status: 'ok' });
    expect(await info('openOrders')).toMatchObject([{ cloid: CLOIDS[2] }]);
    expect(venue.exchange.audit()).toMatchObject({ duplicateCloids: 0, conservationErrorUsd: 0 });
  });
});

describe('limits set by a fault', () => {
  test('bind until their time is over or they are cleared, and the latest rule counts', async () => {
    venue.exchange.fault({ kind: 'limits', ipWeightPerMinute: 4, forMs: 60_000 });
    const asked = async () => (await venue.post('/info', { type: 'exchangeStatus' })).status;
    expect([await asked(), await asked(), await asked()]).toEqual([200, 200, 429]);
    venue.clock.advance(60_000);
    expect(await asked()).toBe(200);
    const budget = venue.exchange.fault({ kind: 'limits', addressRequests: 0 });
    expect(await send(order(limit('90000')))).toMatchObject({ status: 'ok' });
    expect(await send(order(limit('90000')))).toMatchObject({ response: expect.stringMatching(/^Too many cumulative requests sent/) });
    expect(await info('userRateLimit')).toMatchObject({ nRequestsCap: 0 });
    expect(venue.exchange.clearFaults(budget)).toBe(1);
    expect(await send(order(limit('90000')))).toMatchObject({ status: 'ok' });
    expect(await info('userRateLimit')).toMatchObject({ nRequestsCap: 10_000 });
  });
});

test('what faults did to state is in the journal: a restart without the rules answers the same', async () => {
  const journalPath = join(dir, 'journal.jsonl');
  venue.exchange.fault({ kind: 'reject-child', error: 'Invalid TP/SL price.', tpsl: 'sl' });
  venue.exchange.fault({ kind: 'reject-order', error: 'odd', nth: 1, after: 1, probability: 0.5, seed: 3, count: 20 });
  venue.exchange.fault({ kind: 'reject-action', error: 'whole', action: 'updateLeverage' });
  venue.exchange.fault({ kind: 'clock-offset', ms: 3_600_000, after: 3, count: 4 });
  venue.exchange.fault({ kind: 'pause-market', coin: 'BTC', ms: 2_000 });
  await send(order(limit('90000', { c: `0x${'c1'.repeat(16)}` })));
  venue.exchange.fault({ kind: 'cancel-order', user, order: `0x${'c1'.repeat(16)}`, status: 'internalCancel' });
  venue.exchange.fault({ kind: 'reuse-oid', user, order: `0x${'c1'.repeat(16)}` });
  await send(bracket());
  await send({ type: 'updateLeverage', asset: 0, isCross: true, leverage: 3 });
  for (let i = 0; i < 15; i += 1) {
    venue.clock.advance(500);
    await send(order(limit(i % 4 === 0 ? '101000' : String(90_000 + i))), { expiresAfter: venue.clock.now() + 5_000 });
  }
  venue.exchange.fault({ kind: 'deleverage', user, coin: 'BTC', px: '99000' });
  const memory = async () => {
    const answers: string[] = [];
    for (const type of ['clearinghouseState', 'frontendOpenOrders', 'historicalOrders', 'userFills', 'userRateLimit'])
      answers.push((await venue.post('/info', { type, user })).text);
    return answers;
  };
  const before = { memory: await memory(), journal: venue.exchange.journal().entries, audit: venue.exchange.audit() };
  expect(before.memory[2]).toContain('"rejected"');
  expect(JSON.stringify(before.journal)).toContain('"skewMs":3600000');
  const atMs = venue.clock.now();
  await venue.exchange.close();
  venue = await openTestVenue({ journalPath, clock: steppedClock(atMs) });
  expect(venue.exchange.faults()).toEqual([]);
  expect({ memory: await memory(), journal: venue.exchange.journal().entries, audit: venue.exchange.audit() }).toEqual(before);
});

test('the same seeds and requests give the same strikes', async () => {
  const run = async (): Promise<unknown> => {
    const own = await openTestVenue({
      faults: [
        { kind: 'reject-order', error: 'no', probability: 0.4, seed: 11, count: 99 },
        { kind: 'status', status: 503, probability: 0.3, seed: 12, count: 99, when: 'after', action: 'order' },
      ],
    });
    own.exchange.fund(user, microUsd(10_000e6));
    const answers: string[] = [];
    for (let i = 1; i <= 30; i += 1)
      answers.push((await own.post('/exchange', await signedRequest(wallet, btcOrder('90000'), START_MS + i))).text);
    const faults = own.exchange.faults();
    await own.exchange.close();
    return { answers, faults };
  };
  const [first, second] = [await run(), await run()];
  expect(second).toEqual(first);
  expect(JSON.stringify(first)).toContain('503 Service');
});
