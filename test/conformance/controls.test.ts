import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { microUsd } from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controlsOf, refused } from '../support/control-client.ts';
import { openTestVenue, START_MS, steppedClock, type TestVenue } from '../support/paper-venue.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const user = wallet.address;
let venue: TestVenue;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'controls-'));
  venue = await openTestVenue({ told: ['BTC', 'ETH'] });
});
afterEach(async () => {
  await venue.exchange.close();
  rmSync(dir, { recursive: true, force: true });
});

const { ask, get, post, refusal } = controlsOf(() => venue.url);
const place = async (px: string, nonce: number) => (await venue.post('/exchange', await signedRequest(wallet, btcOrder(px), nonce))).json;

/** Everything a control route changes. */
const state = () => ({ faults: venue.exchange.faults(), journal: venue.exchange.journal(), audit: venue.exchange.audit() });

describe('control routes', () => {
  const bodies: readonly (readonly [string, string, unknown])[] = [
    ['POST', '/paper/fund', { user, usd: '10' }],
    ['POST', '/paper/market', { coin: 'BTC', px: '65000' }],
    ['POST', '/paper/fault', { kind: 'drop-request' }],
    ['DELETE', '/paper/fault', undefined],
    ['GET', '/paper/fault', undefined],
    ['GET', '/paper/journal', undefined],
    ['GET', '/paper/audit', undefined],
  ];

  test.each([
    [
      'a page elsewhere',
      { origin: 'https://evil.example' },
      /^Forbidden: Origin https:\/\/evil\.example: control routes are not for web pages/,
    ],
    ['a page in a sandbox', { origin: 'null' }, /^Forbidden: Origin null/],
    ['a page of this very server', { origin: 'http://127.0.0.1:3001' }, /^Forbidden: Origin/],
    [
      'a page whose name was pointed here',
      { host: 'evil.example' },
      /^Forbidden: Host evil\.example: control routes answer to 127\.0\.0\.1/,
    ],
    ['a name that begins like loopback', { host: '127.0.0.1.evil.example' }, /^Forbidden: Host/],
    ['a name with loopback as its user', { host: 'localhost@evil.example' }, /^Forbidden: Host/],
    ['another address of this machine', { host: '0.0.0.0:3001' }, /^Forbidden: Host/],
    ['a picture or a script of a page', { 'sec-fetch-site': 'cross-site' }, /^Forbidden: Sec-Fetch-Site cross-site/],
  ] as const)('are closed to %s', async (_, headers, text) => {
    const before = state();
    for (const [method, path, body] of bodies) {
      const reply = await ask(path, { method, headers, body });
      expect(reply).toMatchObject({ status: 403, text: expect.stringMatching(text) });
    }
    expect(state()).toEqual(before);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'text/json'])(
    'take no POST of type %s, as a form or a simple request would send',
    async (type) => {
      const before = state();
      for (const [, path, body] of bodies.filter(([method]) => method === 'POST')) {
        const reply = await ask(path, { headers: { 'content-type': type }, body });
        expect(reply).toMatchObject({ status: 403, text: `Forbidden: Content-Type ${type}: send application/json` });
      }
      expect(state()).toEqual(before);
    },
  );

  test('take no request without a Host', async () => {
    const reply = await new Promise<string>((resolve, reject) => {
      const socket = connect(venue.port, '127.0.0.1', () => socket.write('GET /paper/audit HTTP/1.0\r\n\r\n'));
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    });
    expect(reply).toMatch(/^HTTP\/1\.1 403 /);
    expect(reply).toMatch(/Forbidden: Host \(none\)/);
  });

  test('answer programs of this machine by each of its loopback names', async () => {
    for (const host of ['127.0.0.1', 'localhost:3001', '[::1]:3001', 'LOCALHOST']) {
      for (const [method, path, body] of bodies) expect((await ask(path, { method, headers: { host }, body })).status).toBe(200);
    }
    expect(
      (await ask('/paper/fund', { headers: { 'content-type': 'application/json; charset=utf-8' }, body: { user, usd: 1 } })).status,
    ).toBe(200);
  });

  test('are no part of the venue: no limit and no fault is theirs', async () => {
    venue.exchange.fault({ kind: 'drop-request', count: 100 });
    venue.exchange.fault({ kind: 'limits', ipWeightPerMinute: 0 });
    expect(await get('/paper/audit')).toMatchObject({ conservationErrorUsd: 0 });
    expect((await ask('/info', { body: { type: 'meta' } })).status).toBe(429);
    expect(await ask('/paper/nothing', { method: 'GET' })).toMatchObject({ status: 404 });
  });

  test('fund an account, or name field, value and remedy', async () => {
    expect(await post('/paper/fund', { user: user.toUpperCase().replace('0X', '0x'), usd: '12.5' })).toEqual({
      user,
      accountValue: 12_500_000,
    });
    expect(await refusal('/paper/fund', [])).toEqual(refused(/^body \[\]: give \{"user","usd"\}$/));
    expect(await refusal('/paper/fund', { usd: 1 })).toEqual(refused(/^user is missing: give an address, 0x and 40 hex digits$/));
    expect(await refusal('/paper/fund', { user: '0x1', usd: 1 })).toEqual(refused(/^user "0x1": give an address/));
    for (const usd of ['-1', 0, '1e3', '0.0000001', null])
      expect(await refusal('/paper/fund', { user, usd })).toEqual(
        refused(/^usd .*: give an amount above zero with at most 6 decimals, e\.g\. "10000"$/),
      );
    expect(await refusal('/paper/fund', { user, usd: '999999999' })).toEqual(
      refused(/^usd "999999999": give at most what is left to pay, 999999987\.5$/),
    );
  });
});

describe('faults over HTTP', () => {
  test('are set, listed, counted and cleared', async () => {
    const set = await post('/paper/fault', { kind: 'status', status: 503, info: 'meta', count: 2 });
    expect(set).toMatchObject({
      id: 1,
      matched: 0,
      struck: 0,
      left: 2,
      endsMs: null,
      rule: { kind: 'status', status: 503, when: 'before', info: 'meta' },
    });
    expect((await ask('/info', { body: { type: 'meta' } })).status).toBe(503);
    expect(await get('/paper/fault')).toMatchObject({ faults: [{ id: 1, struck: 1, left: 1 }] });
    await post('/paper/fault', { kind: 'lag', ms: 5, forMs: 100 });
    expect(await post('/paper/fault', { clear: 1 })).toEqual({ cleared: 1 });
    expect(await get('/paper/fault')).toMatchObject({ faults: [{ id: 2, left: null, endsMs: venue.clock.now() + 100 }] });
    await post('/paper/fault', { kind: 'lag', ms: 5 });
    expect(JSON.parse((await ask('/paper/fault?id=2', { method: 'DELETE' })).text)).toEqual({ cleared: 1 });
    expect(JSON.parse((await ask('/paper/fault', { method: 'DELETE' })).text)).toEqual({ cleared: 1 });
    expect(await get('/paper/fault')).toEqual({ faults: [] });
    await post('/paper/fault', { kind: 'lag', ms: 5 });
    expect(await post('/paper/fault', { clear: true })).toEqual({ cleared: 1 });
  });

  test('that cannot be are refused with field, value and remedy', async () => {
    expect(await refusal('/paper/fault', { kind: 'delay-request', ms: -1 })).toEqual(
      refused(/^ms -1: give a whole number from 1 to 86400000$/),
    );
    expect(await refusal('/paper/fault', { clear: 'all' })).toEqual(refused(/^clear "all": give true for all rules, or the id of one$/));
    expect(await refusal('/paper/fault', { clear: 9 })).toEqual(
      refused(/^clear 9: there is no rule of this id; GET \/paper\/fault lists them$/),
    );
    expect(await ask('/paper/fault', { body: '{"kind":' })).toMatchObject({ status: 400 });
    expect(await ask('/paper/fault?id=x', { method: 'DELETE' })).toMatchObject(refused(/^id "x": give a whole number from 0 to /));
    expect(venue.exchange.faults()).toEqual([]);
  });
});

describe('the journal', () => {
  /** Everything, page by page. */
  async function pages(limit: number): Promise<{ seq: number; atMs: number; kind: string }[]> {
    const all: { seq: number; atMs: number; kind: string }[] = [];
    for (let next = 0; ; ) {
      const page = await get(`/paper/journal?after=${next}&limit=${limit}`);
      if (page.entries.length === 0) return all;
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      all.push(...page.entries);
      next = page.next;
    }
  }

  test('tells every input with its number and time, in pages', async () => {
    for (let i = 1; i <= 25; i += 1) {
      venue.exchange.fund(user, microUsd(1e6));
      venue.clock.advance(10);
    }
    const all = await pages(7);
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(all[3]).toEqual({ seq: 4, kind: 'fund', atMs: START_MS + 1_030, user, usd: 1_000_000 });
    expect(await get('/paper/journal?after=99')).toEqual({ entries: [], next: 25, last: 25, first: 1 });
    expect(await refusalOf('/paper/journal?after=-1')).toMatch(/^after "-1": give a whole number from 0 to /);
    expect(await refusalOf('/paper/journal?limit=100000')).toMatch(/^limit "100000": give a whole number from 0 to 10000/);
  });

  const refusalOf = async (path: string) => (await ask(path, { method: 'GET' })).text;

  test('has all there ever was in a file, and says where it begins without one', async () => {
    const journalPath = join(dir, 'journal.jsonl');
    const fund = (many: number): void => {
      for (let i = 1; i <= many; i += 1) venue.exchange.fund(user, microUsd(i));
    };
    await venue.exchange.close();
    venue = await openTestVenue({ told: ['BTC'], journalPath });
    fund(2_500);
    const all = await pages(600);
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 2_500 }, (_, i) => i + 1));
    const atMs = venue.clock.now();
    await venue.exchange.close();
    venue = await openTestVenue({ told: ['BTC'], journalPath, clock: steppedClock(atMs) });
    expect(await pages(900)).toEqual(all);
    // So many that the first are in the file alone.
    fund(8_000);
    expect(venue.exchange.journal(1_234, 2).entries).toEqual(all.slice(1_234, 1_236));
    expect((await pages(1_000)).map(({ seq }) => seq)).toEqual(Array.from({ length: 10_500 }, (_, i) => i + 1));
    await venue.exchange.close();
    venue = await openTestVenue({ told: ['BTC'] });
    fund(10_500);
    const kept = await pages(5_000);
    expect([kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([10_000, 501, 10_500]);
    expect(await get('/paper/journal?limit=1')).toMatchObject({ first: 501, last: 10_500, entries: [{ seq: 501 }] });
  });
});

describe('whatever is asked of a control route', () => {
  const amount = fc.oneof(
    fc.constantFrom('0', '0.00000001', '1', '65000', '65000.5', '9007199254740993', '999999999999999', '1e9', '-1', '', 7, 1e21, null),
    fc.double({ min: 0, max: 1e12, noNaN: true }).map(String),
  );
  const levels = fc.array(fc.tuple(amount, amount), { maxLength: 4 });
  const coin = fc.constantFrom('BTC', 'ETH', 'SOL', '__proto__');
  const steps = fc.oneof(
    fc.record({ coin, px: amount, sz: amount }, { requiredKeys: ['coin', 'px'] }),
    fc.record({ coin, bids: levels, asks: levels }),
    fc.record({ coin, print: fc.record({ side: fc.constantFrom('buy', 'sell'), px: amount, sz: amount }) }),
    fc.record({ coin, mark: amount, fundingRateE10: fc.integer() }, { requiredKeys: ['coin', 'mark'] }),
  );
  const kinds = fc.constantFrom(
    'cancel-order',
    'clock-offset',
    'deleverage',
    'lag',
    'limits',
    'pause-market',
    'reject-order',
    'silence',
    '__proto__',
  );
  const rules = fc.record(
    {
      kind: kinds,
      ms: amount,
      user: fc.constantFrom(user, 'x'),
      coin,
      order: amount,
      status: fc.constant('canceled'),
      px: amount,
      sz: amount,
    },
    { requiredKeys: ['kind'] },
  );

  test('it is answered or refused, and what is refused changes nothing', async () => {
    await post('/paper/fund', { user, usd: 10_000 });
    await post('/paper/market', { coin: 'BTC', px: '65000' });
    await place('65100', START_MS);
    const paths = fc.constantFrom('/paper/market', '/paper/fault', '/paper/fund');
    await fc.assert(
      fc.asyncProperty(paths, fc.oneof(fc.jsonValue(), steps, steps, rules), async (path, body) => {
        const before = state();
        const { status, text } = await ask(path, { body: JSON.stringify(body) });
        expect([200, 422]).toContain(status);
        if (status === 422) {
          expect(text).toMatch(/: (?:.|\n)+/);
          expect(state()).toEqual(before);
        }
      }),
      { numRuns: 400 },
    );
    expect(venue.exchange.audit()).toMatchObject({ conservationErrorUsd: 0 });
  });
});

test('the audit tells accepted actions by signer, live orders that share a cloid, and naked time by account', async () => {
  await post('/paper/fund', { user, usd: 10_000 });
  await post('/paper/market', { coin: 'BTC', px: '65000' });
  const cloid = `0x${'c1'.repeat(16)}`;
  const sent = { expiresAfter: START_MS + 60_000 };
  for (const nonce of [START_MS, START_MS + 1])
    await venue.post('/exchange', await signedRequest(wallet, btcOrder('60000', true, 'Gtc', cloid), nonce, sent));
  await place('65100', START_MS + 2);
  await venue.post('/exchange', await signedRequest(testWallet(8), { type: 'noop' }, START_MS));
  venue.clock.advance(750);
  const audit = await get('/paper/audit');
  expect(audit).toMatchObject({
    fills: 1,
    duplicateCloids: 1,
    conservationErrorUsd: 0,
    nakedTime: { [user]: { totalMs: 750, longestMs: 750, coins: ['BTC'] } },
    liveDuplicates: [{ user, cloid, oids: [expect.any(Number), expect.any(Number)] }],
    signers: {
      [user]: {
        user,
        accepted: 3,
        actions: [
          { seq: 3, type: 'order', nonce: START_MS, expiresAfter: START_MS + 60_000 },
          { seq: 4, nonce: START_MS + 1 },
          { seq: 5, nonce: START_MS + 2, expiresAfter: null },
        ],
      },
    },
  });
  expect(Object.keys(audit.signers)).toEqual([user]);
  for (let i = 0; i < 520; i += 1) await venue.post('/exchange', await signedRequest(wallet, { type: 'noop' }, START_MS + 10 + i));
  const { accepted, actions } = (await get('/paper/audit')).signers[user];
  expect([accepted, actions.length, actions.at(-1).nonce]).toEqual([523, 500, START_MS + 529]);
});
