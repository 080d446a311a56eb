/** What answers of the venue do to the shared budgets, and what the budgets do to requests, over real sockets. */
import type { ServerResponse } from 'node:http';
import type { Approved, OrderIntent, PlaceRequest } from '@hyperfleet/trading';
import { lots, ticks } from '@hyperfleet/trading';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAddressBudget, openAddressBudget } from './address-budget.ts';
import { createRequestBudget, openRequestBudget } from './budget.ts';
import { createClockSkew } from './clock-skew.ts';
import { openExchange } from './exchange.ts';
import { openAccountReads } from './reads.ts';
import { createSigner } from './signer.ts';
import { INSTRUMENTS, WALL } from './testing/instruments.ts';
import { type ScriptedVenue, startScriptedVenue } from './testing/scripted-venue.ts';

const ENTRY: OrderIntent = {
  cloid: '0x1234567890abcdef1234567890abcdef',
  coin: 'BTC',
  role: 'entry',
  attempt: 1,
  side: 'buy',
  px: ticks(999_990),
  sz: lots(120),
  reduceOnly: false,
  kind: { type: 'limit', tif: 'gtc' },
};
const CLOSE: OrderIntent = { ...ENTRY, role: 'close', side: 'sell', reduceOnly: true };
const STOP: OrderIntent = { ...CLOSE, role: 'own-stop', px: ticks(855_000), kind: { type: 'stop-market', triggerPx: ticks(950_000) } };
const request = (order: OrderIntent) =>
  ({ orders: [order], grouping: 'na', nonce: Date.now(), expiresAfterMs: Date.now() + 60_000 }) as unknown as Approved<PlaceRequest>;
const RESTS = { status: 'ok', response: { type: 'order', data: { statuses: [{ resting: { oid: 1 } }] } } };
const err = (response: string) => ({ status: 'err', response });
const account = '0x61fb9e7583dc92cc76eb52f93d88addaa0f02265';

let venue: ScriptedVenue;
const opened: { close(): void }[] = [];
beforeEach(async () => {
  venue = await startScriptedVenue(() => RESTS);
});
afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await venue[Symbol.asyncDispose]();
});

function open(url = venue.url, budget = openRequestBudget(createRequestBudget())) {
  const address = openAddressBudget(createAddressBudget());
  const common = { url, clock: WALL, budget, timeoutMs: 1_000, instruments: INSTRUMENTS };
  const signer = createSigner(`0x${'0123456789'.repeat(6)}0123`);
  const exchange = openExchange({ ...common, isMainnet: false, signer, vaultAddress: null, cancelLifeMs: 30_000, address });
  const skew = createClockSkew();
  const reads = openAccountReads({ ...common, account, concurrency: 4, attempts: 3, skew });
  opened.push(exchange, reads);
  return { budget, address, exchange, reads, skew };
}

test('an action that came too late is counted five times', async () => {
  const { exchange, address } = open();
  venue.answer(() => err('Action already expired'));
  await exchange.place(request(ENTRY));
  expect(address.count().used).toBe(5);
});

test('the figures in the venue’s own refusal count: entries stop, the next exit may go in ten seconds, cancels go on', async () => {
  const { exchange, address } = open();
  venue.answer(() => err('Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $437.92. Place taker orders'));
  expect(await exchange.place(request(ENTRY))).toMatchObject({ kind: 'refused', retry: 'later' });
  expect(address.count()).toEqual({ used: 37_986, allowed: 10_436 });
  venue.answer(() => RESTS);
  const sent = venue.requests.length;
  expect(await exchange.place(request(ENTRY))).toMatchObject({
    kind: 'refused',
    reason: 'not sent: the account has used 37986 of the 10436 requests its volume allows; only trading frees more for entries',
  });
  expect(venue.requests.length).toBe(sent);
  expect(await exchange.place(request(CLOSE))).toMatchObject({ kind: 'answered' });
  expect(await exchange.place(request(STOP))).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(/the next may go in \d+ ms/),
  });
  address.reconcile({ used: 15_000, allowed: 10_436 });
  venue.answer(() => ({ status: 'ok', response: { type: 'cancel', data: { statuses: ['success'] } } }));
  expect(await exchange.cancel([{ coin: 'BTC', cloid: ENTRY.cloid }], Date.now())).toMatchObject({ kind: 'answered' });
});

test('a way that fails is shut for entries, a stop is still tried, and its success opens the way', async () => {
  const { exchange, budget } = open();
  venue.answer((_, response) => void response.writeHead(502).end());
  for (let i = 0; i < 5; i += 1) await exchange.place(request(ENTRY));
  expect(budget.breakers.exchange.state(Date.now())).toBe('open');
  venue.answer(() => RESTS);
  expect(await exchange.place(request(ENTRY))).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('the last actions all failed'),
  });
  expect(await exchange.place(request(STOP))).toMatchObject({ kind: 'answered' });
  expect(await exchange.place(request(ENTRY))).toMatchObject({ kind: 'answered' });
});

test.each([
  [
    'is no JSON',
    (_: unknown, response: ServerResponse) => void response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
  ],
  ['is of no known shape', () => ({ status: 'perhaps' })],
  ['is an error of the venue’s own', (_: unknown, response: ServerResponse) => void response.writeHead(500).end('null')],
  ['breaks off', (_: unknown, response: ServerResponse) => void response.destroy()],
])('an answer to one bot’s actions that %s holds its own entries back, and no other bot’s', async (_what, answer) => {
  const budget = openRequestBudget(createRequestBudget());
  const [signal, guard, other] = [open(venue.url, budget), open(venue.url, budget), open(venue.url, budget)];
  venue.answer(answer);
  for (let i = 0; i < 8; i += 1) {
    await guard.exchange.place(request(STOP));
    await signal.exchange.place(request(ENTRY));
  }
  expect(budget.breakers.exchange.state(Date.now())).toBe('closed');
  expect(signal.exchange.isShut()).toBe(true);
  venue.answer(() => RESTS);
  expect(await signal.exchange.place(request(ENTRY))).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(
      /^not sent: the last answers to actions of this account made no sense; the way is tried again in \d+ ms$/,
    ),
  });
  expect(await other.exchange.place(request(ENTRY))).toMatchObject({ kind: 'answered' });
  expect(await signal.exchange.place(request(STOP))).toMatchObject({ kind: 'answered' });
  expect(signal.exchange.isShut()).toBe(false);
  expect(await signal.exchange.place(request(ENTRY))).toMatchObject({ kind: 'answered' });
});

test('answers without sense to every bot shut the way of all', async () => {
  const budget = openRequestBudget(createRequestBudget());
  venue.answer(() => ({ status: 'perhaps' }));
  for (let i = 0; i < 3; i += 1) {
    const { exchange } = open(venue.url, budget);
    await exchange.place(request(ENTRY));
    await exchange.place(request(ENTRY));
  }
  expect(budget.breakers.exchange.state(Date.now())).toBe('open');
});

test('the round trip is what answers took; one that was lost or an error of the venue’s took no time that is known', async () => {
  const { exchange } = open();
  expect(exchange.roundTripMs()).toBeNull();
  venue.answer((_, response) => void response.writeHead(500).end('null'));
  await exchange.place(request(ENTRY));
  expect(exchange.roundTripMs()).toBeNull();
  venue.answer(
    (_, response) => void setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(RESTS)), 60),
  );
  await exchange.place(request(ENTRY));
  const measured = exchange.roundTripMs();
  expect(measured).toBeGreaterThanOrEqual(50);
  venue.answer(() => undefined);
  await exchange.place(request(ENTRY));
  expect(exchange.roundTripMs()).toBe(measured);
});

test('a 429 holds reads back for the whole fleet and is remembered', async () => {
  const { reads, budget } = open();
  venue.answer((_, response) => void response.writeHead(429, { 'content-type': 'application/json' }).end('null'));
  const asked = reads.feeRates().catch((error: unknown) => error);
  await expect.poll(() => budget.limitedAtMs()).toBeGreaterThan(0);
  venue.answer(() => ({ userCrossRate: '0.00045', userAddRate: '0.00015' }));
  expect(budget.acquire(1, 'read', Date.now())).toBeGreaterThan(0);
  void asked;
});

test('what an address is, who may act for it and what it may send are read as the venue says them', async () => {
  const { reads } = open();
  const master = '0x1111111111111111111111111111111111111111';
  const replies: Record<string, unknown> = {
    userRole: { role: 'agent', data: { user: master } },
    extraAgents: [{ name: 'bot', address: account, validUntil: 1_700_000_000_000 }],
    userRateLimit: { cumVlm: '12.5', nRequestsUsed: 7, nRequestsCap: 10_012, nRequestsSurplus: 0 },
  };
  venue.answer(({ body }) => replies[(body as { type: string }).type]);
  expect(await reads.role(account)).toEqual({ kind: 'agent', master });
  expect(await reads.agents()).toEqual([{ name: 'bot', address: account, validUntilMs: 1_700_000_000_000 }]);
  expect(await reads.rateLimit()).toEqual({ used: 7, allowed: 10_012 });
  replies.userRole = { role: 'wizard' };
  replies.extraAgents = [{ name: 'bot' }];
  await expect(reads.role(account)).rejects.toThrow('userRole.role is "wizard"');
  await expect(reads.agents()).rejects.toThrow('extraAgents[0].address is missing');
});

test('the venue’s own time in an answer tells how far our clock is off', async () => {
  const { reads, skew } = open();
  const summary = { accountValue: '0.0', totalNtlPos: '0.0', totalRawUsd: '0.0', totalMarginUsed: '0.0' };
  venue.answer(({ body }) =>
    (body as { type: string }).type === 'clearinghouseState'
      ? { marginSummary: summary, crossMarginSummary: summary, withdrawable: '1.0', assetPositions: [], time: Date.now() - 3_600_000 }
      : 'default',
  );
  await reads.account().catch(() => undefined);
  expect(skew.ms()).toBeGreaterThan(3_590_000);
});
