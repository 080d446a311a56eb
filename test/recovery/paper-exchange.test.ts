import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createVenue, JournalError, readJournalTime, replayJournal } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  btcPrint,
  INSTRUMENTS,
  openTestVenue,
  post,
  START_MS,
  steadyMarket,
  steppedClock,
  type TestVenue,
} from '../support/paper-venue.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const other = testWallet(2);
let dir: string;
let journalPath: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'paper-exchange-'));
  journalPath = join(dir, 'journal.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const QUESTIONS = [
  'clearinghouseState',
  'frontendOpenOrders',
  'historicalOrders',
  'userFills',
  'extraAgents',
  'userRateLimit',
  'spotClearinghouseState',
];

/** Everything an account can be asked, as bytes. */
async function memory(url: string): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const { address: user } of [wallet, other]) {
    for (const type of QUESTIONS) answers.push((await post(`${url}/info`, { type, user })).text);
    answers.push((await post(`${url}/info`, { type: 'userNonFundingLedgerUpdates', user, startTime: 0 })).text);
  }
  for (const body of [{ type: 'recentTrades', coin: 'BTC' }, { type: 'l2Book', coin: 'BTC' }, { type: 'metaAndAssetCtxs' }]) {
    answers.push((await post(`${url}/info`, body)).text);
  }
  return answers;
}

/** A session with everything in it: fills, a resting order, a bracket, a refusal, an agent, an expired action. */
async function trade(venue: TestVenue): Promise<void> {
  venue.exchange.fund(wallet.address, microUsd(10_000e6));
  venue.exchange.fund(other.address, microUsd(500e6));
  let nonce = START_MS;
  const send = async (action: Readonly<Record<string, unknown>>, extra = {}) => {
    venue.clock.advance(700);
    nonce += 1;
    return (await venue.post('/exchange', await signedRequest(wallet, action, nonce, extra))).json;
  };
  expect(await send({ type: 'updateLeverage', asset: 0, isCross: true, leverage: 5 })).toMatchObject({ status: 'ok' });
  expect(await send(btcOrder('101000', true, 'Ioc', `0x${'c1'.repeat(16)}`))).toMatchObject({ status: 'ok' });
  await send(btcOrder('90000'));
  await send(btcOrder('90001.23456'));
  await send(btcOrder('90000'), { expiresAfter: START_MS - 1 });
  const stop = { a: 0, b: false, p: '80000', s: '0.01', r: true, t: { trigger: { isMarket: true, triggerPx: '85000', tpsl: 'sl' } } };
  const entry = { a: 0, b: true, p: '95000', s: '0.01', r: false, t: { limit: { tif: 'Gtc' } } };
  await send({ type: 'order', orders: [entry, stop], grouping: 'normalTpsl' });
  venue.clock.advance(4_321);
}

describe('a restart of the paper exchange', () => {
  test('gives the same answers to every question, at the same market time', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    const before = await memory(first.url);
    const atMs = first.clock.now();
    await first.exchange.close();
    expect(readJournalTime(journalPath)).toBe(atMs);
    const second = await openTestVenue({ journalPath, clock: steppedClock(atMs) });
    expect(await memory(second.url)).toEqual(before);
    expect(second.exchange.audit()).toMatchObject({ conservationErrorUsd: 0, duplicateCloids: 0 });
    expect(second.exchange.hasAccount(wallet.address)).toBe(true);
    await second.exchange.close();
  });

  test('remembers nonces and goes on giving new order ids', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    const atMs = first.clock.now();
    await first.exchange.close();
    const second = await openTestVenue({ journalPath, clock: steppedClock(atMs) });
    const again = await second.post('/exchange', await signedRequest(wallet, btcOrder('90000'), START_MS + 3));
    expect(again.json).toEqual({ status: 'err', response: `Invalid nonce: duplicate nonce ${START_MS + 3}` });
    const placed = await second.post('/exchange', await signedRequest(wallet, btcOrder('90000'), START_MS + 1_000));
    const orders = (await second.post('/info', { type: 'historicalOrders', user: wallet.address })).json;
    const oids = (orders as { order: { oid: number }; status: string }[])
      .filter((row) => row.status === 'open')
      .map((row) => row.order.oid);
    expect(placed.json).toMatchObject({ status: 'ok' });
    expect(new Set(oids).size).toBe(oids.length);
    await second.exchange.close();
  });

  test('does not run time backwards when its clock does', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    await memory(first.url);
    const atMs = first.clock.now();
    await first.exchange.close();
    const second = await openTestVenue({ journalPath, clock: steppedClock(START_MS) });
    expect((await second.post('/info', { type: 'exchangeStatus' })).json).toEqual({ time: atMs, specialStatuses: null });
    await second.exchange.close();
  });

  test.each([
    ['more bytes than a time', Buffer.from('99999999999999\n')],
    ['fewer bytes than a time', Buffer.from('9999')],
    ['a time no exchange comes to', Buffer.from('99999999')],
  ])('names a damaged mark of its time, %s, and without it takes the last entry’s', async (_, damage) => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    await first.exchange.close();
    writeFileSync(`${journalPath}.time`, damage);
    expect(() => readJournalTime(journalPath)).toThrow(JournalError);
    expect(() => readJournalTime(journalPath)).toThrow(/\.time is damaged: .*remove that file/);
    await expect(openTestVenue({ journalPath })).rejects.toThrow(/\.time is damaged/);
    rmSync(`${journalPath}.time`);
    expect(readJournalTime(journalPath)).toBe([...replayJournal(journalPath)].at(-1)?.atMs);
  });

  test('leaves out a last line the process died in, and goes on after it', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    const before = await memory(first.url);
    const atMs = first.clock.now();
    await first.exchange.close();
    const whole = [...replayJournal(journalPath)].length;
    appendFileSync(journalPath, '{"kind":"action","atMs":17570152');
    const second = await openTestVenue({ journalPath, clock: steppedClock(atMs) });
    expect(await memory(second.url)).toEqual(before);
    second.exchange.fund(other.address, microUsd(1));
    await second.exchange.close();
    expect([...replayJournal(journalPath)]).toHaveLength(whole + 1);
  });

  test('refuses a journal that was made with other settings, naming the first of them', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    await first.exchange.close();
    const venue = createVenue({ instruments: INSTRUMENTS, settings: { priceBand: 0.8 } });
    await expect(openTestVenue({ journalPath, venue })).rejects.toThrow(
      'was made with priceBand=0.95, not 0.8: start with what it was made with',
    );
  });

  test('takes a journal that was made with another figure of what is only told', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    const atMs = first.clock.now();
    const orders = (await first.post('/info', { type: 'historicalOrders', user: wallet.address })).json;
    await first.exchange.close();
    const venue = createVenue({ instruments: INSTRUMENTS, settings: { outsideInterestUsd: 2_000_000 } });
    const second = await openTestVenue({ journalPath, venue, clock: steppedClock(atMs) });
    expect((await second.post('/info', { type: 'historicalOrders', user: wallet.address })).json).toEqual(orders);
    await second.exchange.close();
  });

  test('refuses a journal of another market and a damaged one', async () => {
    const first = await openTestVenue({ journalPath });
    await trade(first);
    await first.exchange.close();
    const lines = readFileSync(journalPath, 'utf8').split('\n');
    appendFileSync(journalPath, 'not json\n{"kind":"fund"}\n');
    await expect(openTestVenue({ journalPath })).rejects.toThrow(JournalError);
    rmSync(journalPath);
    appendFileSync(journalPath, `${(lines[0] ?? '').replace('test market', 'elsewhere')}\n`);
    await expect(openTestVenue({ journalPath })).rejects.toThrow('belongs to market elsewhere, not test market');
  });
});

describe('the stand-alone exchange', () => {
  const main = fileURLToPath(new URL('../../apps/paper-exchange/src/main.ts', import.meta.url));

  async function start(extra: readonly string[] = []) {
    const child = spawn(process.execPath, [main, '--port', '0', '--speed', '50', '--data-dir', dir, ...extra], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const died = once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`the exchange ended with ${String(code)} before it listened`)),
    );
    const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line').then(([first]) => String(first)), died]);
    died.catch(() => {});
    return { child, url: line.replace('listening ', '') };
  }

  test('killed in the middle, it comes back with every order it ever confirmed', async () => {
    const first = await start();
    await post(`${first.url}/paper/fund`, { user: wallet.address, usd: 10_000 });
    const { time } = (await post(`${first.url}/info`, { type: 'exchangeStatus' })).json as { time: number };
    const confirmed: unknown[] = [];
    for (let i = 1; i <= 10; i += 1) {
      const reply = await post(`${first.url}/exchange`, await signedRequest(wallet, btcOrder(String(60_000 + i)), time + i));
      confirmed.push((reply.json as { response: { data: { statuses: unknown[] } } }).response.data.statuses[0]);
    }
    const orders = (await post(`${first.url}/info`, { type: 'openOrders', user: wallet.address })).text;
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await start();
    expect((await post(`${second.url}/info`, { type: 'openOrders', user: wallet.address })).text).toBe(orders);
    expect(confirmed).toHaveLength(10);
    second.child.kill('SIGTERM');
    const [code] = await once(second.child, 'exit');
    expect(code).toBe(0);
  });
});

test('a market without a journal forgets', async () => {
  const venue = await openTestVenue({ events: [...steadyMarket(2), btcPrint(START_MS + 5_000, 100_000, 9)] });
  expect(venue.exchange.marketEnded()).toBe(false);
  venue.clock.advance(10_000);
  expect(venue.exchange.marketEnded()).toBe(true);
  await venue.exchange.close();
});
