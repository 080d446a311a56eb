import { readFileSync } from 'node:fs';
import type { Fill } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRequestBudget, openRequestBudget } from './budget.ts';
import { VenueReadError } from './errors.ts';
import { fetchInstruments } from './instruments.ts';
import { openAccountReads, type VenueAccountReads } from './reads.ts';
import { INSTRUMENTS, WALL } from './testing/instruments.ts';
import { type ScriptedVenue, startScriptedVenue } from './testing/scripted-venue.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../test/fixtures/venue/${name}`, import.meta.url), 'utf8'));
const recorded: Record<string, unknown> = read('account.json');
const account = '0x61fb9e7583dc92cc76eb52f93d88addaa0f02265';
type Request = Readonly<Record<string, unknown>>;

let venue: ScriptedVenue;
let reads: VenueAccountReads;
const open = (url: string, attempts = 1, budget = openRequestBudget(createRequestBudget())) =>
  openAccountReads({ url, account, instruments: INSTRUMENTS, clock: WALL, budget, timeoutMs: 1_000, concurrency: 4, attempts });

beforeEach(async () => {
  venue = await startScriptedVenue();
  reads = open(venue.url);
});
afterEach(async () => {
  reads.close();
  await venue[Symbol.asyncDispose]();
});

/** Answers /info requests by their type. */
function serve(replies: Readonly<Record<string, unknown>>): void {
  venue.answer(({ body }, response) => {
    const type = String((body as Request).type);
    if (type in replies) return replies[type];
    response.writeHead(422, { 'content-type': 'text/plain' }).end('Failed to deserialize the JSON body into the target type');
    return undefined;
  });
}
const asked = () => venue.requests.map(({ body }) => (body as Request).type);

describe('the account', () => {
  test('of a standard user is its clearinghouse state', async () => {
    serve({ userAbstraction: 'default', clearinghouseState: recorded.clearinghouseState });
    expect(await reads.account()).toMatchObject({ equity: 179_007_426, positions: [{ coin: 'BTC', szi: 61 }] });
    await reads.account();
    expect(asked()).toEqual(['userAbstraction', 'clearinghouseState', 'clearinghouseState']);
    expect(await reads.hasSpotCollateral()).toBe(false);
  });
  test('of a unified user takes its equity from the spot state', async () => {
    serve({
      userAbstraction: 'unifiedAccount',
      clearinghouseState: recorded.clearinghouseState,
      spotClearinghouseState: { balances: [{ coin: 'USDC', total: '500.0', hold: '20.0' }] },
    });
    expect(await reads.account()).toMatchObject({ equity: 500_000_000 - 2_828_480, withdrawable: 480_000_000 });
    expect(await reads.hasSpotCollateral()).toBe(true);
  });
  test('that shows nothing is looked for in the spot state, in case it was unified meanwhile', async () => {
    let mode = 'default';
    venue.answer(({ body }) => {
      const { type } = body as Request;
      if (type === 'userAbstraction') return mode;
      return type === 'clearinghouseState'
        ? recorded['clearinghouseState empty']
        : { balances: [{ coin: 'USDC', total: '7.5', hold: '0.0' }] };
    });
    expect(await reads.account()).toMatchObject({ equity: 0 });
    mode = 'unifiedAccount';
    expect(await reads.account()).toMatchObject({ equity: 7_500_000 });
  });
  test('is not taken for a standard one where a gateway refused the question', async () => {
    venue.answer((_, response) => void response.writeHead(403, { 'content-type': 'text/html' }).end('<html>'));
    await expect(reads.hasSpotCollateral()).rejects.toMatchObject({ code: 'VENUE_DOWN' });
  });
  test('of a venue that knows no modes is a standard one', async () => {
    serve({ clearinghouseState: recorded.clearinghouseState });
    expect(await reads.account()).toMatchObject({ equity: 179_007_426 });
  });
});

test('open orders, one order and the fee rates are asked for the account in lower case', async () => {
  serve({
    frontendOpenOrders: recorded.frontendOpenOrders,
    orderStatus: { status: 'unknownOid' },
    userFees: { userCrossRate: '0.00045', userAddRate: '0.00015' },
  });
  expect(await reads.openOrders()).toHaveLength(3);
  const cloid = '0x00000000000000000000000000000001';
  expect(await reads.orderByCloid(cloid, 'BTC')).toEqual({ kind: 'unknown-oid' });
  expect(await reads.feeRates()).toEqual({ takerPpm: 450, makerPpm: 150 });
  expect(venue.requests.map(({ body }) => body)).toEqual([
    { type: 'frontendOpenOrders', user: account },
    { type: 'orderStatus', user: account, oid: cloid },
    { type: 'userFees', user: account },
  ]);
});

describe('fills', () => {
  const PAGE = 2_000;
  const row = (time: number, tid: number, coin = 'BTC') => ({
    coin,
    px: '65000.0',
    sz: '0.001',
    side: 'B',
    time,
    startPosition: '0.0',
    dir: 'Open Long',
    closedPnl: '0.0',
    hash: '0x0',
    oid: 1,
    crossed: true,
    fee: '0.01',
    tid,
    feeToken: 'USDC',
    twapId: null,
  });
  /** Serves rows, sorted by time, as the venue pages them: inclusive at both ends, at most 2000. */
  const page = (rows: readonly ReturnType<typeof row>[]) =>
    venue.answer(({ body }) => {
      const { startTime, endTime, reversed } = body as { startTime: number; endTime?: number; reversed?: boolean };
      const inside = rows.filter(({ time }) => time >= startTime && time <= (endTime ?? Infinity));
      return (reversed === true ? inside.toReversed() : inside).slice(0, PAGE);
    });
  const tids = (fills: readonly Fill[]) => fills.map(({ tid }) => tid);

  test('are paged from the last time on, so that none of a split millisecond is lost or doubled', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => row(1_000 + Math.floor(index / 700), index));
    page(rows);
    expect(tids(await reads.fillsSince(1_000))).toEqual(rows.map(({ tid }) => tid));
    expect(tids(await reads.fillsSince(1_003))).toEqual(rows.slice(2_100).map(({ tid }) => tid));
  });
  test('of one crowded millisecond are read from both its ends', async () => {
    const rows = [row(999, 0), ...Array.from({ length: 3_500 }, (_, index) => row(1_000, index + 1)), row(1_001, 9_000)];
    page(rows);
    expect(tids(await reads.fillsSince(500)).toSorted((a, b) => a - b)).toEqual(rows.map(({ tid }) => tid));
  });
  test('too many for one millisecond are an error, not a loss', async () => {
    page(Array.from({ length: 4_001 }, (_, index) => row(1_000, index)));
    await expect(reads.fillsSince(1_000)).rejects.toMatchObject({ code: 'VENUE_HISTORY_TOO_DENSE', retry: 'never' });
  });
  test('of other coins fill pages too, and are not mistaken for the end', async () => {
    const rows = Array.from({ length: 4_500 }, (_, index) => row(1_000 + index, index, index % 10 === 0 ? 'BTC' : '@107'));
    page(rows);
    expect(await reads.fillsSince(1_000)).toHaveLength(450);
  });
  test('listed newest first, as the venue once did, come out oldest first', async () => {
    venue.answer(() => [row(3, 3), row(2, 2), row(1, 1)]);
    expect(tids(await reads.fillsSince(1))).toEqual([1, 2, 3]);
  });
  test('cost weight by the row', async () => {
    const budget = openRequestBudget(createRequestBudget());
    page(Array.from({ length: 400 }, (_, index) => row(index, index)));
    const counted = open(venue.url, 1, budget);
    await counted.fillsSince(0);
    counted.close();
    let left = 0;
    while (budget.acquire(1, 'exit', Date.now()) === 0) left += 1;
    expect(left).toBeGreaterThanOrEqual(1_160);
    expect(left).toBeLessThan(1_200);
  });
});

test('funding payments are paged by time and coin', async () => {
  const hour = (index: number) => ({
    time: 3_600_000 * index,
    hash: '0x0',
    delta: { type: 'funding', coin: index % 2 === 0 ? 'BTC' : 'ETH', usdc: '-0.5', szi: '0.1', fundingRate: '0.0000125', nSamples: null },
  });
  const rows = Array.from({ length: 1_200 }, (_, index) => hour(index));
  venue.answer(({ body }) => rows.filter(({ time }) => time >= Number((body as Request).startTime)).slice(0, 500));
  const payments = await reads.fundingSince(0);
  expect(payments).toHaveLength(1_200);
  expect(payments[1]).toEqual({ coin: 'ETH', timeMs: 3_600_000, usd: -500_000, szi: 1_000 });
});

describe('no trustworthy answer', () => {
  const failures: readonly (readonly [string, string, (response: import('node:http').ServerResponse) => void])[] = [
    ['VENUE_RATE_LIMITED', '429', (response) => response.writeHead(429, { 'content-type': 'application/json' }).end('null')],
    ['VENUE_DOWN', '500', (response) => response.writeHead(500, { 'content-type': 'application/json' }).end('null')],
    ['VENUE_DOWN', '503 with a page', (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<html>')],
    ['VENUE_DOWN', '403 of a gateway', (response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<html>')],
    ['VENUE_REFUSED', '422', (response) => response.writeHead(422, { 'content-type': 'text/plain' }).end('no')],
    ['VENUE_UNREADABLE', 'garbage', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('\u0000{{{')],
    [
      'VENUE_UNREADABLE',
      'a truncated list',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[{"coin":"BTC"'),
    ],
    ['VENUE_UNREADABLE', 'the wrong content type', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('[]')],
    [
      'VENUE_UNREADABLE',
      'rows with a field missing',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[{"coin":"BTC"}]'),
    ],
    ['VENUE_CUT', 'the socket cut', (response) => response.socket?.destroy()],
    [
      'VENUE_CUT',
      'the socket cut in the middle',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 99 });
        response.write('[', () => response.socket?.destroy());
      },
    ],
    ['VENUE_TIMEOUT', 'silence', () => undefined],
  ];
  for (const [code, name, act] of failures) {
    test(`${name} is ${code}`, async () => {
      venue.answer((_, response) => void act(response));
      const hasty = openAccountReads({
        url: venue.url,
        account,
        instruments: INSTRUMENTS,
        clock: WALL,
        budget: openRequestBudget(createRequestBudget()),
        timeoutMs: 150,
        concurrency: 1,
        attempts: 1,
      });
      const error = await hasty.openOrders().catch((thrown: unknown) => thrown);
      hasty.close();
      expect(error).toBeInstanceOf(VenueReadError);
      expect(error).toMatchObject({ code });
    });
  }
  test('nobody listening is VENUE_UNREACHABLE', async () => {
    const { url } = venue;
    await venue[Symbol.asyncDispose]();
    await expect(reads.openOrders()).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE', retry: 'later' });
    venue = await startScriptedVenue();
    expect(url).not.toBe('');
  });
  test('a passing failure is asked again and never seen', async () => {
    let tries = 0;
    venue.answer((_, response) => {
      tries += 1;
      if (tries < 3) return void response.writeHead(502).end();
      return [];
    });
    const patient = open(venue.url, 5);
    expect(await patient.openOrders()).toEqual([]);
    patient.close();
    expect(tries).toBe(3);
  });
  test('a definite no is not asked again', async () => {
    serve({});
    const patient = open(venue.url, 5);
    await expect(patient.openOrders()).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
    patient.close();
    expect(venue.requests).toHaveLength(1);
  });
});

test('no more reads are under way at once than allowed', async () => {
  let now = 0;
  let most = 0;
  venue.answer((_, response) => {
    now += 1;
    most = Math.max(most, now);
    setImmediate(() => {
      now -= 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    });
  });
  await Promise.all(Array.from({ length: 20 }, () => reads.openOrders()));
  expect(most).toBeLessThanOrEqual(4);
});

test('instruments are fetched once from meta', async () => {
  const meta: unknown = read('market.json').meta;
  venue.answer(() => meta);
  const instruments = await fetchInstruments({
    url: venue.url,
    clock: WALL,
    budget: openRequestBudget(createRequestBudget()),
    timeoutMs: 1_000,
    attempts: 1,
  });
  expect(instruments.get('ETH')).toEqual({
    coin: 'ETH',
    assetId: 4,
    szDecimals: 4,
    maxLeverage: 25,
    onlyIsolated: false,
    isDelisted: false,
  });
  expect(asked()).toEqual(['meta']);
});

describe('answers without sense', () => {
  const shared = () => openRequestBudget(createRequestBudget());
  const other = `0x${'7e'.repeat(20)}` as const;
  const openOf = (budget: ReturnType<typeof shared>, user: `0x${string}`) =>
    openAccountReads({
      url: venue.url,
      account: user,
      instruments: INSTRUMENTS,
      clock: WALL,
      budget,
      timeoutMs: 1_000,
      concurrency: 4,
      attempts: 1,
    });
  const html = (body: unknown, senseless: (user: unknown) => boolean): unknown =>
    senseless((body as Request).user) ? '<html>' : recorded.frontendOpenOrders;

  test('about one account shut the way of those who ask for it, and of nobody else', async () => {
    venue.answer(({ body }) => html(body, (user) => user === account));
    const budget = shared();
    const garbled = [openOf(budget, account), openOf(budget, account)];
    const well = openOf(budget, other);
    for (let asked = 0; asked < 6; asked += 1) {
      for (const each of garbled) await expect(each.openOrders()).rejects.toThrow(VenueReadError);
    }
    expect(garbled.map((each) => each.isShut())).toEqual([true, true]);
    expect(well.isShut()).toBe(false);
    expect(budget.breakers.info.state(WALL.now())).toBe('closed');
    expect(await well.openOrders()).not.toHaveLength(0);
    for (const each of [...garbled, well]) each.close();
  });

  test('about every account shut the way of all', async () => {
    venue.answer(({ body }) => html(body, () => true));
    const budget = shared();
    const users: readonly `0x${string}`[] = [account, other, `0x${'8f'.repeat(20)}`];
    const fleet = users.map((each) => openOf(budget, each));
    for (const each of [...fleet, ...fleet]) await expect(each.openOrders()).rejects.toThrow(VenueReadError);
    expect(budget.breakers.info.state(WALL.now())).not.toBe('closed');
    for (const each of fleet) each.close();
  });
});
