import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import {
  type Answer,
  type Approved,
  type Cloid,
  lots,
  type OrderIntent,
  type OrderOutcome,
  type PlaceRequest,
  ticks,
} from '@hyperfleet/trading';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRequestBudget, openRequestBudget } from './budget.ts';
import { type ExchangeOptions, openExchange } from './exchange.ts';
import { createSigner } from './signer.ts';
import { INSTRUMENTS, WALL } from './testing/instruments.ts';
import { type ScriptedVenue, startScriptedVenue } from './testing/scripted-venue.ts';

const recorded: { name: string; reply: unknown }[] = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/venue/exchange-replies.json', import.meta.url), 'utf8'),
);
const reply = (name: string): unknown => recorded.find((row) => row.name === name)?.reply;

/** Nonces are times. */
const START_MS = Date.now();
const signer = createSigner(`0x${'0123456789'.repeat(6)}0123`);
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
const STOP: OrderIntent = {
  ...ENTRY,
  cloid: '0x1234567890abcdef1234567890abcd00',
  role: 'stop',
  side: 'sell',
  px: ticks(855_000),
  reduceOnly: true,
  kind: { type: 'stop-market', triggerPx: ticks(950_000) },
};
const request = (orders: readonly OrderIntent[], grouping: PlaceRequest['grouping'] = 'na') =>
  ({ orders, grouping, nonce: START_MS + 1, expiresAfterMs: Date.now() + 60_000 }) as Approved<PlaceRequest>;
const ok = (...statuses: unknown[]) => ({ status: 'ok', response: { type: 'order', data: { statuses } } });
const okCancel = (...statuses: unknown[]) => ({ status: 'ok', response: { type: 'cancel', data: { statuses } } });

let venue: ScriptedVenue;
let exchange: ReturnType<typeof openExchange>;
const options = (url: string): ExchangeOptions => ({
  url,
  isMainnet: false,
  signer,
  vaultAddress: null,
  instruments: INSTRUMENTS,
  clock: WALL,
  timeoutMs: 2_000,
  cancelLifeMs: 30_000,
  budget: openRequestBudget(createRequestBudget()),
});

beforeAll(async () => {
  venue = await startScriptedVenue();
});
afterAll(async () => {
  await venue[Symbol.asyncDispose]();
});
beforeEach(() => {
  exchange = openExchange(options(venue.url));
  venue.answer(() => ok({ resting: { oid: 1 } }));
});
afterEach(() => exchange.close());

const placed = (body: unknown, orders: readonly OrderIntent[] = [ENTRY]): Promise<Answer<readonly OrderOutcome[]>> => {
  venue.answer(() => body);
  return exchange.place(request(orders, orders.length > 1 ? 'normalTpsl' : 'na'));
};

test('a bracket goes out as one signed normalTpsl action in the venue’s own words', async () => {
  await placed(ok({ resting: { oid: 77 } }, 'waitingForFill'), [ENTRY, STOP]);
  const sent = venue.requests.at(-1);
  expect(sent?.path).toBe('/exchange');
  expect(sent?.contentType).toBe('application/json');
  expect(sent?.body).toMatchObject({
    nonce: START_MS + 1,
    signature: { r: expect.stringMatching(/^0x[0-9a-f]{64}$/), s: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
    action: {
      type: 'order',
      grouping: 'normalTpsl',
      orders: [
        { a: 0, b: true, p: '99999', s: '0.0012', r: false, t: { limit: { tif: 'Gtc' } }, c: ENTRY.cloid },
        {
          a: 0,
          b: false,
          p: '85500',
          s: '0.0012',
          r: true,
          t: { trigger: { isMarket: true, triggerPx: '95000', tpsl: 'sl' } },
          c: STOP.cloid,
        },
      ],
    },
  });
});

describe('orders answered', () => {
  test('a resting parent and its waiting child', async () => {
    expect(await placed(ok({ resting: { oid: 77, cloid: ENTRY.cloid } }, 'waitingForFill'), [ENTRY, STOP])).toEqual({
      kind: 'answered',
      value: [
        { kind: 'resting', oid: 77 },
        { kind: 'waiting', armed: false },
      ],
    });
  });
  test('a part filled at placement, with its average truncated to whole ticks', async () => {
    const status = { filled: { totalSz: '0.0007', avgPx: '99999.96', oid: 78 } };
    expect(await placed(ok(status, 'waitingForTrigger'), [ENTRY, STOP])).toEqual({
      kind: 'answered',
      value: [
        { kind: 'filled', oid: 78, filledSz: 70, avgPx: 999_999 },
        { kind: 'waiting', armed: true },
      ],
    });
  });
  test('one refused order of a batch leaves the other’s outcome standing', async () => {
    const error = 'Order must have minimum value of $10. asset=0';
    expect(await placed(ok({ resting: { oid: 79 } }, { error }), [ENTRY, STOP])).toEqual({
      kind: 'answered',
      value: [
        { kind: 'resting', oid: 79 },
        { kind: 'rejected', reason: error },
      ],
    });
  });
  const rejected = (reason: string) => ({ kind: 'rejected', reason });
  const samples: readonly (readonly [string, object])[] = [
    ['order: filled', { kind: 'filled', oid: 315445859529, filledSz: 100, avgPx: 208020 }],
    ['order: too far from reference', rejected('Order price cannot be more than 95% away from the reference price')],
    ['order: below minimum', rejected('Order must have minimum value of $10. asset=1')],
    ['order: ioc found nothing', rejected('Order could not immediately match against any resting orders. asset=5')],
    ['order: no margin', rejected('Insufficient margin to place order. asset=5')],
  ];
  for (const [name, outcome] of samples) {
    test(`as recorded from the venue, ${name}`, async () => {
      const sent: OrderIntent = { ...ENTRY, coin: 'ETH', cloid: '0x000300511abd579f000001000000007b', px: ticks(200_000), sz: lots(100) };
      expect(await placed(reply(name), [sent])).toEqual({ kind: 'answered', value: [outcome] });
    });
  }
  test('fewer statuses than orders leave the missing unknown', async () => {
    expect(await placed(ok({ resting: { oid: 80 } }), [ENTRY, STOP])).toEqual({
      kind: 'answered',
      value: [
        { kind: 'resting', oid: 80 },
        { kind: 'unknown', reason: 'the venue answered 1 of 2 orders' },
      ],
    });
  });
  test('one error of the matching engine for two orders speaks for its own order only', async () => {
    const answer = await placed(ok({ error: 'Insufficient margin to place order. asset=0' }), [ENTRY, STOP]);
    expect(answer).toMatchObject({ kind: 'answered', value: [{ kind: 'rejected' }, { kind: 'unknown' }] });
  });
  test('one error of pre-validation for two orders refuses both', async () => {
    const error = 'Order price cannot be more than 95% away from the reference price';
    expect(await placed(ok({ error }), [ENTRY, STOP])).toEqual({ kind: 'refused', reason: error, retry: 'never' });
  });
  const garbled: readonly (readonly [string, unknown, string])[] = [
    ['an oid that is text', { resting: { oid: '77' } }, 'statuses[0].resting.oid is "77", expected a whole number'],
    ['an oid that is missing', { resting: {} }, 'statuses[0].resting.oid is missing'],
    ['a size that is NaN', { filled: { totalSz: 'NaN', avgPx: '1.0', oid: 1 } }, 'statuses[0].filled.totalSz is "NaN"'],
    ['more filled than asked', { filled: { totalSz: '0.5', avgPx: '1.0', oid: 1 } }, 'not above the order'],
    ['another order’s cloid', { resting: { oid: 7, cloid: STOP.cloid } }, `expected ${ENTRY.cloid}`],
    ['a word we do not know', 'waitingForGodot', 'statuses[0] is "waitingForGodot", expected an object'],
  ];
  for (const [name, status, reason] of garbled) {
    test(`a status with ${name} makes that order unknown and says why`, async () => {
      const answer = await placed(ok(status));
      expect(answer).toMatchObject({ kind: 'answered', value: [{ kind: 'unknown', reason: expect.stringContaining(reason) }] });
    });
  }
});

describe('requests refused whole', () => {
  const texts: readonly (readonly [string, string])[] = [
    ['User or API Wallet 0x4b6c5b1287e38b78e61d5dbca726d5e267eda747 does not exist.', 'never'],
    ['Invalid nonce: nonce too low 5 < 9', 'now'],
    ['Action already expired', 'now'],
    ['Trading is halted', 'later'],
    [
      'Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $437.92. Place taker orders to free up 1 request per USDC traded.',
      'later',
    ],
  ];
  for (const [text, retry] of texts) {
    test(`"${text.slice(0, 32)}…" may be tried again ${retry}`, async () => {
      expect(await placed({ status: 'err', response: text })).toEqual({ kind: 'refused', reason: text, retry });
    });
  }
  for (const [status, retry] of [
    [422, 'never'],
    [429, 'later'],
    [403, 'later'],
    [404, 'later'],
    [421, 'later'],
  ] as const) {
    test(`HTTP ${status} was never applied`, async () => {
      venue.answer((_, response) => void response.writeHead(status, { 'content-type': 'text/plain' }).end('null'));
      expect(await openExchange(options(venue.url)).place(request([ENTRY]))).toMatchObject({ kind: 'refused', retry });
    });
  }
  test('a refused connection was never sent', async () => {
    const closed = openExchange(options(await deadUrl()));
    expect(await closed.place(request([ENTRY]))).toMatchObject({
      kind: 'refused',
      retry: 'later',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });
  const unsendable: readonly (readonly [string, OrderIntent, string])[] = [
    ['an unknown coin', { ...ENTRY, coin: 'NOPE' }, 'coin NOPE is not in the venue'],
    ['six significant figures', { ...ENTRY, px: ticks(100_001) }, 'px 10000.1 of BTC is no valid price'],
    ['no size', { ...ENTRY, sz: lots(0) }, 'sz 0 of BTC is not above zero'],
    ['a cloid in capitals', { ...ENTRY, cloid: '0x1234567890ABCDEF1234567890ABCDEF' }, 'lower-case hex'],
  ];
  for (const [name, order, reason] of unsendable) {
    test(`an order with ${name} is refused before anything is sent`, async () => {
      const before = venue.requests.length;
      expect(await exchange.place(request([order]))).toMatchObject({
        kind: 'refused',
        retry: 'never',
        reason: expect.stringContaining(reason),
      });
      expect(venue.requests.length).toBe(before);
    });
  }
  test('a normalTpsl whose second order is no closing trigger is refused before anything is sent', async () => {
    const answer = await exchange.place(request([ENTRY, { ...ENTRY, cloid: STOP.cloid }], 'normalTpsl'));
    expect(answer).toMatchObject({ kind: 'refused', reason: expect.stringContaining('reduce-only trigger') });
  });
  test('an entry is refused while the address has spent its weight, a close is not', async () => {
    const budget = openRequestBudget(createRequestBudget());
    budget.charge(1_000, Date.now());
    const poor = openExchange({ ...options(venue.url), budget });
    expect(await poor.place(request([ENTRY]))).toMatchObject({ kind: 'refused', retry: 'later' });
    expect(await poor.place(request([{ ...ENTRY, role: 'close', reduceOnly: true }]))).toMatchObject({ kind: 'answered' });
  });
});

describe('outcomes unknown', () => {
  const unknown = (reason: string) => ({ kind: 'unknown', reason: expect.stringContaining(reason) });
  test('no answer in time', async () => {
    venue.answer(() => undefined);
    const hasty = openExchange({ ...options(venue.url), timeoutMs: 50 });
    expect(await hasty.place(request([ENTRY]))).toEqual(unknown('no whole answer in 50 ms'));
  });
  test('the socket cut after the request, without an answer', async () => {
    venue.answer((_, response) => void response.socket?.destroy());
    expect(await exchange.place(request([ENTRY]))).toMatchObject({ kind: 'unknown' });
  });
  test('the socket cut in the middle of the answer', async () => {
    venue.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 500 });
      response.write('{"status":"ok","resp', () => response.socket?.destroy());
    });
    expect(await exchange.place(request([ENTRY]))).toMatchObject({ kind: 'unknown' });
  });
  test('a 500 with body null', async () => {
    venue.answer((_, response) => void response.writeHead(500, { 'content-type': 'application/json' }).end('null'));
    expect(await exchange.place(request([ENTRY]))).toEqual(unknown('HTTP 500'));
  });
  test('a truncated JSON body', async () => {
    venue.answer((_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"'));
    expect(await exchange.place(request([ENTRY]))).toEqual(unknown('the answer is no JSON'));
  });
  test('a good body of the wrong content type', async () => {
    venue.answer(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(JSON.stringify(ok({ resting: { oid: 1 } }))),
    );
    expect(await exchange.place(request([ENTRY]))).toEqual(unknown('the answer is text/html, not JSON'));
  });
  const shapes: readonly (readonly [string, unknown, string])[] = [
    ['null', null, 'reply is null'],
    ['a status of its own', { status: 'maybe' }, 'status is "maybe"'],
    ['no statuses', ok(), 'response.data.statuses is []'],
    ['more statuses than orders', ok('waitingForFill', 'waitingForFill'), '1 to 1 statuses'],
    ['a type of its own', okCancel('success'), 'response.type is "cancel", expected "order"'],
    ['an error that is no text', { status: 'err', response: { a: 1 } }, 'expected the text of an error'],
    [
      'a duplicate nonce, which may be an echo of this request',
      { status: 'err', response: 'Invalid nonce: duplicate nonce 5' },
      'duplicate nonce',
    ],
    ['an unexpected error', { status: 'err', response: 'Unexpected error (code=7)' }, 'Unexpected error'],
  ];
  for (const [name, body, reason] of shapes) {
    test(`a reply with ${name}`, async () => expect(await placed(body)).toEqual(unknown(reason)));
  }
});

describe('cancels', () => {
  const cloids = [ENTRY.cloid, STOP.cloid].map((cloid: Cloid) => ({ coin: 'BTC', cloid }));
  const canceled = (body: unknown, count = 2) => {
    venue.answer(() => body);
    return exchange.cancel(cloids.slice(0, count), START_MS + 2);
  };
  test('each cloid has its outcome, and one already gone is no failure', async () => {
    const gone = 'Order was never placed, already canceled, or filled. asset=0';
    expect(await canceled(okCancel('success', { error: gone }))).toEqual({
      kind: 'answered',
      value: [{ kind: 'canceled' }, { kind: 'gone', reason: gone }],
    });
    expect(venue.requests.at(-1)?.body).toMatchObject({
      action: { type: 'cancelByCloid', cancels: cloids.map(({ cloid }) => ({ asset: 0, cloid })) },
    });
  });
  test('as recorded from the venue', async () => {
    expect(await canceled(reply('cancel: success'), 1)).toEqual({ kind: 'answered', value: [{ kind: 'canceled' }] });
    expect(await canceled(reply('cancel: gone'), 1)).toMatchObject({ kind: 'answered', value: [{ kind: 'gone' }] });
  });
  test('fewer statuses than cancels are unknown', async () => {
    expect(await canceled(okCancel('success'))).toEqual({ kind: 'unknown', reason: 'the venue answered 1 of 2 cancels' });
  });
  test('an error of another kind refuses a single cancel and leaves a batch unknown', async () => {
    const error = 'Cannot fast cancel a trigger order. asset=0';
    expect(await canceled(okCancel({ error }), 1)).toEqual({ kind: 'refused', reason: error, retry: 'never' });
    expect(await canceled(okCancel('success', { error }))).toMatchObject({ kind: 'unknown' });
  });
  test('an order that is not ours is cancelled by its oid', async () => {
    venue.answer(() => okCancel('success'));
    expect(await exchange.cancelByOid([{ coin: 'ETH', oid: 77 }], START_MS + 3)).toEqual({
      kind: 'answered',
      value: [{ kind: 'canceled' }],
    });
    expect(venue.requests.at(-1)?.body).toMatchObject({ action: { type: 'cancel', cancels: [{ a: 1, o: 77 }] } });
  });
});

describe('leverage', () => {
  test('cross leverage is set once the venue says ok', async () => {
    venue.answer(() => ({ status: 'ok', response: { type: 'default' } }));
    expect(await exchange.setCrossLeverage('BTC', 40, START_MS + 4)).toEqual({ kind: 'answered', value: null });
    expect(venue.requests.at(-1)?.body).toMatchObject({ action: { type: 'updateLeverage', asset: 0, isCross: true, leverage: 40 } });
  });
  test('a leverage above the coin’s maximum is refused before anything is sent', async () => {
    expect(await exchange.setCrossLeverage('BTC', 41, 1)).toMatchObject({
      kind: 'refused',
      reason: 'leverage 41 of BTC is not a whole number from 1 to 40',
    });
  });
});

test.each([
  [-2, 'behind'],
  [2, 'ahead of'],
])('an action whose nonce is %i d off the venue’s time is not sent, and its way is shut for so long', async (days, way) => {
  const asked = venue.requests.length;
  let skewMs = days * 86_400_000;
  const off = openExchange({ ...options(venue.url), skewMs: () => skewMs });
  const answers = [await off.place(request([ENTRY])), await off.setCrossLeverage('BTC', 40, START_MS)];
  const reason = expect.stringContaining(`h ${way} the venue's time`);
  expect(answers).toMatchObject(answers.map(() => ({ kind: 'refused', retry: 'later', reason })));
  expect(venue.requests).toHaveLength(asked);
  expect(off.isShut()).toBe(true);
  skewMs = 0;
  expect(off.isShut()).toBe(false);
  expect(await off.place(request([ENTRY]))).toMatchObject({ kind: 'answered' });
  off.close();
});

test('actions of one signer do not wait for each other', async () => {
  let waiting = 0;
  let release = () => {};
  const both = new Promise<void>((resolve) => (release = resolve));
  venue.answer((_, response) => {
    waiting += 1;
    if (waiting === 2) release();
    void both.then(() =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ok({ resting: { oid: waiting } }))),
    );
    return undefined;
  });
  const answers = await Promise.all([exchange.place(request([ENTRY])), exchange.place(request([ENTRY]))]);
  expect(answers.map((answer) => answer.kind)).toEqual(['answered', 'answered']);
});

/** An address on which nothing listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
