import { microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { rawRequest, rawSocket } from '../support/raw-client.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const wallet = testWallet(1);
const other = testWallet(2);
let venue: TestVenue;
let nonce = START_MS;

beforeEach(async () => {
  venue = await openTestVenue();
  for (const { address } of [wallet, other]) venue.exchange.fund(address, microUsd(10_000e6));
});
afterEach(() => venue.exchange.close());

/** A resting order, signed anew. */
const order = (who = wallet) => signedRequest(who, btcOrder('90000'), ++nonce);
const exchange = async (body?: unknown) => rawRequest(`${venue.url}/exchange`, { body: body ?? (await order()) });
const info = (type: string, extra: Readonly<Record<string, unknown>> = {}) =>
  rawRequest(`${venue.url}/info`, { body: { type, user: wallet.address, ...extra } });
/** Signed actions that were applied. */
const applied = () => venue.exchange.journal().entries.filter(({ kind }) => kind === 'action').length;
const struck = (id = 1) => venue.exchange.faults().find((fault) => fault.id === id)?.struck;
/** Waits, by asking, until a fault has struck. */
async function untilStruck(id = 1): Promise<void> {
  while (struck(id) === 0) await (await info('exchangeStatus', { user: other.address })).reply;
}
const RESET = /ECONNRESET|socket hang up/;

describe('a request over HTTP', () => {
  test('that is delayed is applied when its time has passed, after what came meanwhile', async () => {
    venue.exchange.fault({ kind: 'delay-request', ms: 800, action: 'order', user: wallet.address });
    const sentMs = venue.clock.now();
    const late = await exchange();
    await untilStruck();
    expect((await (await exchange(await order(other))).reply).status).toBe(200);
    expect(applied()).toBe(1);
    venue.clock.advance(799);
    expect(applied()).toBe(1);
    venue.clock.advance(1);
    expect(JSON.parse((await late.reply).text)).toMatchObject({ status: 'ok' });
    const [first] = JSON.parse((await info('openOrders').reply).text) as { timestamp: number }[];
    expect(first?.timestamp).toBe(sentMs + 800);
  });

  test('that is delayed past its expiresAfter has expired', async () => {
    venue.exchange.fault({ kind: 'delay-request', ms: 800 });
    const late = await exchange(await signedRequest(wallet, btcOrder('90000'), ++nonce, { expiresAfter: venue.clock.now() + 500 }));
    await untilStruck();
    venue.clock.advance(800);
    expect(JSON.parse((await late.reply).text)).toEqual({ status: 'err', response: 'Action already expired' });
  });

  test('whose answer is delayed is applied at once', async () => {
    venue.exchange.fault({ kind: 'delay-response', ms: 3_000, action: 'order' });
    let answered = false;
    const late = await exchange();
    void late.reply.then(() => {
      answered = true;
    });
    await untilStruck();
    expect(JSON.parse((await info('openOrders').reply).text)).toHaveLength(1);
    venue.clock.advance(2_999);
    await info('exchangeStatus').reply;
    expect(answered).toBe(false);
    venue.clock.advance(1);
    expect((await late.reply).status).toBe(200);
  });

  test('that is dropped is not applied, and its nonce is still good', async () => {
    venue.exchange.fault({ kind: 'drop-request', action: 'order' });
    const body = await order();
    await expect((await exchange(body)).reply).rejects.toThrow(RESET);
    expect(applied()).toBe(0);
    expect(JSON.parse((await (await exchange(body)).reply).text)).toMatchObject({ status: 'ok' });
  });

  test('whose answer is dropped is applied: sent again, its nonce is used', async () => {
    venue.exchange.fault({ kind: 'drop-response', action: 'order' });
    const body = await order();
    await expect((await exchange(body)).reply).rejects.toThrow(RESET);
    expect(applied()).toBe(1);
    expect(JSON.parse((await (await exchange(body)).reply).text)).toMatchObject({ response: expect.stringContaining('duplicate nonce') });
  });

  test.each(['drop-request', 'drop-response'] as const)('that meets %s in silence waits for ever on an open connection', async (kind) => {
    venue.exchange.fault({ kind, how: 'silence', action: 'order' });
    let settled = false;
    const lost = await exchange();
    const mark = () => {
      settled = true;
    };
    void lost.reply.then(mark, mark);
    await untilStruck();
    venue.clock.advance(60_000);
    await info('exchangeStatus').reply;
    expect(settled).toBe(false);
    expect(applied()).toBe(kind === 'drop-request' ? 0 : 1);
    lost.abandon();
    await expect(lost.reply).rejects.toThrow();
  });

  test.each([
    [429, 'application/json', 'null'],
    [500, 'application/json', 'null'],
    [502, 'text/html', /502 Bad Gateway/],
    [503, 'text/html', /503 Service Temporarily Unavailable/],
    [504, 'text/html', /504 Gateway Time-out/],
  ] as const)('meets status %i before it is applied, or after', async (status, type, text) => {
    for (const when of ['before', 'after'] as const) {
      const id = venue.exchange.fault({ kind: 'status', status, when, action: 'order' });
      const reply = await (await exchange()).reply;
      expect(reply).toMatchObject({ status, type, whole: true });
      expect(reply.text).toMatch(text);
      expect(struck(id)).toBe(1);
      expect(applied()).toBe(when === 'before' ? 0 : 1);
    }
  });

  test.each([
    [null, 0.5],
    [0, 0],
    [5, 5],
    [1_000_000, -1],
  ])('whose answer is cut after %j bytes was applied and has no end', async (bytes, expected) => {
    const plain = (await (await exchange()).reply).text;
    venue.exchange.fault({ kind: 'truncate-response', bytes, action: 'order' });
    const reply = await (await exchange()).reply;
    expect(reply).toMatchObject({ status: 200, type: 'application/json', whole: false });
    const length = expected === 0.5 ? Math.floor(plain.length / 2) : expected < 0 ? plain.length + expected : expected;
    expect(reply.text).toHaveLength(length);
    expect(plain.startsWith(reply.text.slice(0, 20))).toBe(true);
    expect(applied()).toBe(2);
  });

  test.each([
    ['html', 'text/html', /^<html>/],
    ['text', 'text/plain', /^upstream connect error/],
    ['empty', 'text/plain', /^$/],
    ['empty-object', 'application/json', /^\{\}$/],
    ['empty-array', 'application/json', /^\[\]$/],
    ['null', 'application/json', /^null$/],
    ['wrong-types', 'application/json', /^\{"time":"\d+","specialStatuses":null\}$/],
  ] as const)('is answered with nonsense: %s', async (answer, type, text) => {
    venue.exchange.fault({ kind: 'nonsense', answer, info: 'exchangeStatus' });
    const reply = await info('exchangeStatus').reply;
    expect(reply).toMatchObject({ status: 200, type });
    expect(reply.text).toMatch(text);
    expect(JSON.parse((await info('exchangeStatus').reply).text)).toMatchObject({ time: venue.clock.now() });
  });

  test('is struck within its scope alone', async () => {
    venue.exchange.fault({ kind: 'status', status: 500, user: other.address, action: 'order', coin: 'BTC', via: 'http', count: 9 });
    const ethOrder = { ...btcOrder('1000'), orders: [{ a: 1, b: true, p: '3000', s: '0.1', r: false, t: { limit: { tif: 'Gtc' } } }] };
    expect((await (await exchange()).reply).status).toBe(200);
    expect((await (await exchange(await signedRequest(other, ethOrder, ++nonce))).reply).status).toBe(200);
    expect((await (await exchange(await signedRequest(other, { type: 'noop' }, ++nonce))).reply).status).toBe(200);
    expect((await info('openOrders', { user: other.address }).reply).status).toBe(200);
    expect(struck()).toBe(0);
    expect((await (await exchange(await order(other))).reply).status).toBe(500);
    expect(struck()).toBe(1);
  });

  test('of an agent is struck by its own address and by its account’s', async () => {
    const agent = testWallet(9);
    const approval = {
      type: 'approveAgent',
      signatureChainId: '0x1',
      hyperliquidChain: 'Mainnet',
      agentAddress: agent.address,
      agentName: '',
      nonce: ++nonce,
    };
    const signature = await wallet.signTypedData({
      domain: { name: 'HyperliquidSignTransaction', version: '1', chainId: 1, verifyingContract: `0x${'0'.repeat(40)}` },
      types: {
        EIP712Domain: [
          { name: 'name', type: 'string' },
          { name: 'version', type: 'string' },
          { name: 'chainId', type: 'uint256' },
          { name: 'verifyingContract', type: 'address' },
        ],
        'HyperliquidTransaction:ApproveAgent': [
          { name: 'hyperliquidChain', type: 'string' },
          { name: 'agentAddress', type: 'address' },
          { name: 'agentName', type: 'string' },
          { name: 'nonce', type: 'uint64' },
        ],
      },
      primaryType: 'HyperliquidTransaction:ApproveAgent',
      message: approval,
    });
    const parts = { r: signature.slice(0, 66), s: `0x${signature.slice(66, 130)}`, v: Number.parseInt(signature.slice(130), 16) };
    const approved = await (await exchange({ action: approval, nonce, signature: parts })).reply;
    expect(JSON.parse(approved.text)).toMatchObject({ status: 'ok' });
    for (const user of [agent.address, wallet.address]) {
      venue.exchange.fault({ kind: 'status', status: 503, user });
      expect((await (await exchange(await order(agent))).reply).status).toBe(503);
    }
    venue.exchange.fault({ kind: 'expire-agent', agent: agent.address });
    expect(venue.exchange.faults().at(-1)).toMatchObject({ struck: 1, left: 0 });
    expect(JSON.parse((await (await exchange(await order(agent))).reply).text)).toEqual({
      status: 'err',
      response: `Must deposit before performing actions. User: ${wallet.address}`,
    });
    const id = venue.exchange.fault({ kind: 'expire-agent', agent: agent.address });
    expect(struck(id)).toBe(0);
  });

  test('that the venue cannot read is struck by rules without a scope', async () => {
    venue.exchange.fault({ kind: 'status', status: 503 });
    expect((await (await exchange({})).reply).status).toBe(503);
    expect((await (await exchange({})).reply).status).toBe(422);
  });
});

describe('a post over WebSocket', () => {
  const post = (id: number, type: 'info' | 'action', payload: unknown) => ({ method: 'post', id, request: { type, payload } });
  const status = (id: number) => post(id, 'info', { type: 'exchangeStatus' });

  test('is delayed on its way in and out', async () => {
    const client = await rawSocket(venue.port);
    venue.exchange.fault({ kind: 'delay-request', ms: 800, via: 'ws' });
    venue.exchange.fault({ kind: 'delay-response', ms: 200, via: 'ws' });
    client.say(post(1, 'action', await order()));
    await client.settled();
    expect(applied()).toBe(0);
    venue.clock.advance(800);
    expect(applied()).toBe(1);
    await client.settled();
    expect(client.texts).toEqual([]);
    venue.clock.advance(200);
    expect((await client.of('post')).data).toMatchObject({ id: 1, response: { type: 'action', payload: { status: 'ok' } } });
    client.close();
  });

  test('is dropped before or after it is applied, in silence or with its socket', async () => {
    for (const [kind, taken] of [
      ['drop-request', 0],
      ['drop-response', 1],
    ] as const) {
      const client = await rawSocket(venue.port);
      const before = applied();
      venue.exchange.fault({ kind, how: 'silence', action: 'order' });
      client.say(post(1, 'action', await order()));
      client.say(status(2));
      expect((await client.of('post')).data).toMatchObject({ id: 2 });
      expect(client.take('post')).toEqual([]);
      expect(applied()).toBe(before + taken);
      venue.exchange.fault({ kind, how: 'reset', action: 'order' });
      client.say(post(3, 'action', await order()));
      expect(await client.closed).toBe(1006);
      expect(applied()).toBe(before + 2 * taken);
    }
  });

  test('is answered twice', async () => {
    const client = await rawSocket(venue.port);
    venue.exchange.fault({ kind: 'duplicate-response', action: 'order' });
    expect((await (await exchange()).reply).status).toBe(200);
    expect(struck()).toBe(0);
    client.say(post(1, 'action', await order()));
    const [first, second] = [await client.of('post'), await client.of('post')];
    expect(second).toEqual(first);
    expect(applied()).toBe(2);
    client.close();
  });

  test('is answered with an error, half a frame, or nonsense', async () => {
    const client = await rawSocket(venue.port);
    venue.exchange.fault({ kind: 'status', status: 502 });
    client.say(status(1));
    expect((await client.of('post')).data).toMatchObject({ id: 1, response: { type: 'error', payload: expect.stringMatching(/^502: /) } });
    venue.exchange.fault({ kind: 'truncate-response' });
    client.say(status(2));
    const half = await client.text();
    expect(() => JSON.parse(half)).toThrow(SyntaxError);
    expect(half).toMatch(/^\{"channel":"post","data":\{"id":2/);
    venue.exchange.fault({ kind: 'nonsense', answer: 'html' });
    client.say(status(3));
    expect(await client.text()).toMatch(/^<html>/);
    venue.exchange.fault({ kind: 'nonsense', answer: 'wrong-types' });
    client.say(status(4));
    expect((await client.of('post')).data).toMatchObject({ id: 4, response: { type: 4 } });
    venue.exchange.fault({ kind: 'nonsense', answer: 'empty-object' });
    client.say(status(5));
    expect((await client.of('post')).data).toEqual({ id: 5, response: {} });
    client.close();
  });

  test('that meets a fault leaves its place among the posts in flight', async () => {
    await venue.exchange.close();
    venue = await openTestVenue();
    venue.exchange.fault({ kind: 'limits', wsPostsInFlight: 1 });
    const client = await rawSocket(venue.port);
    venue.exchange.fault({ kind: 'drop-request', how: 'silence', count: 3 });
    for (let id = 1; id <= 4; id += 1) client.say(status(id));
    expect((await client.of('post')).data).toMatchObject({ id: 4 });
    expect(client.take('error')).toEqual([]);
    client.close();
  });
});

describe('a client in the same process', () => {
  test('meets the faults of requests as one over HTTP does', async () => {
    const ask = async (kind: 'exchangeStatus' | 'order' = 'exchangeStatus') =>
      kind === 'order'
        ? venue.exchange.direct.post('/exchange', await order())
        : venue.exchange.direct.post('/info', { type: 'exchangeStatus', user: wallet.address });
    venue.exchange.fault({ kind: 'status', status: 502 });
    expect(await ask()).toMatchObject({ status: 502, text: expect.stringContaining('502 Bad Gateway') });
    venue.exchange.fault({ kind: 'drop-request', action: 'order' });
    await expect(ask('order')).rejects.toThrow('the exchange ended the connection without an answer');
    expect(applied()).toBe(0);
    venue.exchange.fault({ kind: 'drop-response', action: 'order' });
    await expect(ask('order')).rejects.toThrow('without an answer');
    expect(applied()).toBe(1);
    venue.exchange.fault({ kind: 'truncate-response' });
    await expect(ask()).rejects.toThrow('in the middle of its answer');
    venue.exchange.fault({ kind: 'nonsense', answer: 'empty-array' });
    expect(await ask()).toEqual({ status: 200, text: '[]' });
    venue.exchange.fault({ kind: 'delay-request', ms: 50 });
    const late = ask();
    await (await info('exchangeStatus')).reply;
    venue.clock.advance(50);
    expect(JSON.parse((await late).text)).toMatchObject({ time: START_MS + 1_050 });
  });

  test('meets the faults of streams as one over a socket does', async () => {
    const open = (): { texts: string[]; wasCut: () => boolean; say: (message: unknown) => void } => {
      const texts: string[] = [];
      let cut = false;
      const connection = venue.exchange.direct.connect(
        (text) => texts.push(text),
        () => {
          cut = true;
        },
      );
      return { texts, wasCut: () => cut, say: (message) => connection?.send(JSON.stringify(message)) };
    };
    const [cut, frozen, alive] = [open(), open(), open()];
    for (const { say } of [cut, frozen, alive]) say({ method: 'subscribe', subscription: { type: 'l2Book', coin: 'BTC' } });
    expect([cut, frozen, alive].map(({ texts }) => texts.length)).toEqual([2, 2, 2]);
    venue.exchange.fault({ kind: 'cut', at: 'now' });
    venue.exchange.fault({ kind: 'half-open', at: 'now' });
    venue.exchange.fault({ kind: 'duplicate-message' });
    venue.clock.advance(500);
    for (const { say } of [cut, frozen, alive]) say({ method: 'ping' });
    expect([cut, frozen, alive].map(({ texts }) => texts.length)).toEqual([2, 2, 5]);
    expect([cut, frozen, alive].map(({ wasCut }) => wasCut())).toEqual([true, false, false]);
  });
});
