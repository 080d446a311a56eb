import { microUsd } from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { btcBook, btcPrint, openTestVenue, START_MS, steadyMarket, type TestVenue } from '../support/paper-venue.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const DAY_MS = 86_400_000;
const wallet = testWallet(1);
let venue: TestVenue;

async function open(options: Parameters<typeof openTestVenue>[0] = {}): Promise<void> {
  await venue?.exchange.close();
  venue = await openTestVenue(options);
  venue.exchange.fund(wallet.address, microUsd(10_000e6));
}
beforeEach(() => open());
afterEach(() => venue.exchange.close());

const send = async (...request: Parameters<typeof signedRequest>) => venue.post('/exchange', await signedRequest(...request));
const err = (response: string) => ({ status: 'err', response });

describe('HTTP', () => {
  test('answers 422 in plain text for what does not fit, and goes on', async () => {
    const sound = await signedRequest(wallet, btcOrder('90000'), START_MS);
    for (const body of [{}, [], null, 1, { ...sound, action: { type: 'nope' } }, { ...sound, nonce: '1' }, { ...sound, signature: {} }]) {
      const reply = await venue.post('/exchange', body === null ? 'null' : body);
      expect(reply.status).toBe(422);
      expect(reply.text).toMatch(/^Failed to deserialize the JSON body into the target type/);
    }
    expect((await venue.post('/info', { type: 'nope' })).status).toBe(422);
    expect((await venue.post('/info', { type: 'userFills' })).status).toBe(422);
    expect((await venue.post('/info', '{"type":')).status).toBe(400);
    expect(await venue.post('/info', { type: 'l2Book', coin: 'BTC', nSigFigs: 9 })).toMatchObject({ status: 500, text: 'null' });
    expect((await venue.post('/nowhere', {})).status).toBe(404);
    expect((await fetch(`${venue.url}/info`, { method: 'POST', body: '{}' })).status).toBe(415);
    expect((await venue.post('/info', `"${'x'.repeat(2 << 20)}"`)).status).toBe(413);
    expect((await venue.post('/exchange', sound)).json).toMatchObject({ status: 'ok' });
  });

  test('takes nulls and unknown extra keys where python sends them, and addresses in any case', async () => {
    const action = btcOrder('90000');
    const reply = await venue.post('/exchange', {
      ...(await signedRequest(wallet, action, START_MS)),
      vaultAddress: null,
      expiresAfter: null,
    });
    expect(reply.json).toMatchObject({ status: 'ok' });
    const user = `0x${wallet.address.slice(2).toUpperCase()}`;
    expect((await venue.post('/info', { type: 'openOrders', user, dex: '' })).json).toHaveLength(1);
    expect((await venue.post('/info', { type: 'userFillsByTime', user, startTime: 0, endTime: null, whatever: 1 })).json).toEqual([]);
  });

  test('refuses numbers past every balance, and goes on', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const short = err('Insufficient balance for withdrawal.');
    expect((await send(wallet, { type: 'reserveRequestWeight', weight: most }, START_MS)).json).toEqual(short);
    const margin = { type: 'updateIsolatedMargin', asset: 0, isBuy: true, ntli: -most };
    expect((await send(wallet, margin, START_MS + 1)).json).toMatchObject({ status: 'err' });
    for (const s of ['90071992547', '99999999999999999999']) {
      const order = { a: 0, b: true, p: '90000', s, r: false, t: { limit: { tif: 'Gtc' } } };
      const reply = await send(wallet, { type: 'order', orders: [order], grouping: 'na' }, START_MS + s.length);
      expect(reply.json).toMatchObject({ status: 'ok', response: { data: { statuses: [{ error: expect.any(String) }] } } });
    }
    const statuses: number[] = [];
    for (const usd of ['9007199254', '600000000', '600000000', '400000000'])
      statuses.push((await venue.post('/paper/fund', { user: testWallet(5).address, usd })).status);
    expect(statuses).toEqual([422, 200, 422, 200]);
    expect((await venue.post('/info', { type: 'clearinghouseState', user: testWallet(5).address })).json).toMatchObject({
      withdrawable: '1000000000.0',
    });
  });

  test('keeps control routes from web pages', async () => {
    const body = { user: testWallet(5).address, usd: '12.5' };
    const json = { 'content-type': 'application/json' };
    const ask = (headers: Record<string, string>) =>
      fetch(`${venue.url}/paper/fund`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect((await ask({ ...json, origin: 'https://example.org' })).status).toBe(403);
    expect((await ask({ 'content-type': 'text/plain' })).status).toBe(403);
    expect((await ask(json)).status).toBe(200);
    expect(await (await fetch(`${venue.url}/paper/audit`)).json()).toMatchObject({ conservationErrorUsd: 0 });
  });
});

describe('nonces', () => {
  test('are taken once, in any order, within the window of the venue', async () => {
    const now = venue.clock.now();
    const noop = (nonce: number) => send(wallet, { type: 'noop' }, nonce).then((reply) => reply.json);
    expect(await noop(now)).toMatchObject({ status: 'ok' });
    expect(await noop(now)).toEqual(err(`Invalid nonce: duplicate nonce ${now}`));
    expect(await noop(now - 1_000)).toMatchObject({ status: 'ok' });
    const [min, max] = [now - 2 * DAY_MS + 120_000, now + DAY_MS - 120_000];
    expect(await noop(min - 1)).toEqual(err(`Invalid nonce: nonce too low ${min - 1} < ${min}`));
    expect(await noop(max + 1)).toEqual(err(`Invalid nonce: nonce too high ${max + 1} > ${max}`));
    for (let i = 1; i <= 100; i += 1) await noop(now + i);
    expect(await noop(now - 500)).toEqual(err(`Invalid nonce: nonce too low ${now - 500} < ${now + 1}`));
  });

  test('are used up by a business refusal and an expiry, not by a 422 or an unknown signer', async () => {
    const n = START_MS + 1;
    const order = btcOrder('90000');
    await venue.post('/exchange', { ...(await signedRequest(wallet, order, n)), action: { ...order, grouping: 'x' } });
    const stranger = testWallet(8);
    expect((await send(stranger, order, n)).json).toEqual(err(`User or API Wallet ${stranger.address} does not exist.`));
    expect((await send(wallet, order, n, { expiresAfter: START_MS })).json).toEqual(err('Action already expired'));
    expect((await send(wallet, order, n)).json).toEqual(err(`Invalid nonce: duplicate nonce ${n}`));
    expect((await send(wallet, order, n + 1, { vaultAddress: stranger.address })).json).toEqual(
      err(`Vault not registered: ${stranger.address}`),
    );
    expect((await send(wallet, btcOrder('1'), n + 1)).json).toMatchObject({ status: 'ok' });
    expect((await send(wallet, order, n + 1)).json).toEqual(err(`Invalid nonce: duplicate nonce ${n + 1}`));
  });
});

describe('signers', () => {
  test('the letter of the other network is an unknown signer', async () => {
    await open({ network: 'mainnet' });
    const reply = (await send(wallet, btcOrder('90000'), START_MS, { isTestnet: true })).json as { response: string };
    expect(reply.response).toMatch(/^User or API Wallet 0x[0-9a-f]{40} does not exist\.$/);
    expect((await send(wallet, btcOrder('90000'), START_MS)).json).toMatchObject({ status: 'ok' });
  });

  test('a changed action recovers somebody else', async () => {
    const sound = await signedRequest(wallet, btcOrder('90000'), START_MS);
    const forged = (await venue.post('/exchange', { ...sound, action: btcOrder('90001') })).json as { response: string };
    expect(forged.response).toMatch(/^User or API Wallet 0x/);
    expect(forged.response).not.toContain(wallet.address);
    const cut = { ...sound, signature: { r: `0x${'0'.repeat(64)}`, s: `0x${'0'.repeat(64)}`, v: 27 } };
    expect((await venue.post('/exchange', cut)).json).toEqual(err('Unable to recover signer.'));
  });

  test('a reordered, padded, upper-cased copy of a signed order is the same order', async () => {
    const cloid = `0x${'ab'.repeat(16)}`;
    const sound = await signedRequest(wallet, btcOrder('90000', true, 'Gtc', cloid), START_MS);
    const order = { t: { limit: { tif: 'Gtc' } }, c: `0x${'AB'.repeat(16)}`, r: false, s: '0.0100', p: '90000.00', b: true, a: 0 };
    const reply = await venue.post('/exchange', { ...sound, action: { grouping: 'na', orders: [order], type: 'order' } });
    expect(reply.json).toMatchObject({ response: { data: { statuses: [{ resting: { cloid } }] } } });
  });

  test('a new account is paid when it is first named, or when its letter is sure', async () => {
    await open({ autoFundUsd: 1_000 });
    const [asked, eager] = [testWallet(21), testWallet(22)];
    const state = (await venue.post('/info', { type: 'clearinghouseState', user: asked.address })).json;
    expect(state).toMatchObject({ withdrawable: '1000.0' });
    expect((await send(asked, btcOrder('90000'), START_MS, { isTestnet: true })).json).toMatchObject({ status: 'ok' });
    // Two letters, neither signer known: the second signature tells which one is real.
    const first = await signedRequest(eager, btcOrder('90000'), START_MS, { isTestnet: true });
    // The same body again says nothing new, so a retry stays refused rather than trade for the wrong one of two addresses.
    for (let i = 0; i < 3; i += 1) expect((await venue.post('/exchange', first)).json).toMatchObject({ status: 'err' });
    expect((await send(eager, btcOrder('90000'), START_MS + 1, { isTestnet: true })).json).toMatchObject({ status: 'ok' });
    await open({ autoFundUsd: 1_000, network: 'testnet' });
    expect((await send(eager, btcOrder('90000'), START_MS, { isTestnet: true })).json).toMatchObject({ status: 'ok' });
  });

  test('of a signer who can be either of two it is told once, with both addresses, whether accounts are paid for or not', async () => {
    const told: { readonly mainnet: string; readonly testnet: string }[] = [];
    for (const funding of [{}, { autoFundUsd: 1_000 }]) {
      await open({ ...funding, onUnclearSigner: (signer) => told.push(signer) });
      const [stranger, local] = [testWallet(23), testWallet(24)];
      const first = await signedRequest(stranger, btcOrder('90000'), START_MS, { isTestnet: true });
      for (let i = 0; i < 2; i += 1) await venue.post('/exchange', first);
      await send(stranger, btcOrder('90000'), START_MS + 1, { isTestnet: true });
      await send(local, btcOrder('90000'), START_MS);
      await send(wallet, btcOrder('90000'), START_MS);
      expect(told.splice(0)).toEqual([
        { mainnet: expect.stringMatching(/^0x[0-9a-f]{40}$/), testnet: stranger.address },
        { mainnet: local.address, testnet: expect.stringMatching(/^0x[0-9a-f]{40}$/) },
      ]);
    }
    await open({ network: 'mainnet', onUnclearSigner: (signer) => told.push(signer) });
    expect((await send(testWallet(25), btcOrder('90000'), START_MS)).json).toMatchObject({ status: 'err' });
    expect(told).toEqual([]);
  });

  test('no body without a valid signature of a known account changes anything', async () => {
    const before = await memory();
    const sound = await signedRequest(testWallet(66), btcOrder('90000'), START_MS);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ action: fc.jsonValue(), nonce: fc.nat(), signature: fc.constant(sound.signature) }),
          mutated(sound),
        ),
        async (body) => {
          const reply = await venue.post('/exchange', JSON.stringify(body));
          expect([200, 422]).toContain(reply.status);
          if (reply.status === 200) expect(reply.json).toMatchObject({ status: 'err' });
        },
      ),
      { numRuns: 300 },
    );
    expect(await memory()).toEqual(before);
  });

  const memory = async () => [
    (await venue.post('/info', { type: 'historicalOrders', user: wallet.address })).text,
    venue.exchange.audit(),
    (await venue.post('/info', { type: 'userRateLimit', user: wallet.address })).text,
  ];

  /** The request with one of its leaves replaced. */
  const mutated = (request: Readonly<Record<string, unknown>>) =>
    fc.tuple(fc.nat(), fc.jsonValue()).map(([at, value]) => {
      const leaves: (string | number)[][] = [];
      const walk = (node: unknown, path: (string | number)[]): void => {
        if (typeof node === 'object' && node !== null) for (const key of Object.keys(node)) walk(Reflect.get(node, key), [...path, key]);
        else leaves.push(path);
      };
      walk(request, []);
      const path = leaves[at % leaves.length] ?? [];
      const copy: unknown = structuredClone(request);
      let holder = copy as Record<string | number, unknown>;
      for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
      holder[path.at(-1) ?? ''] = value;
      return copy;
    });
});

/** A plain socket with what it received. */
async function connect() {
  const socket = new WebSocket(`ws://127.0.0.1:${venue.port}/ws`);
  const frames: { channel: string; data?: unknown }[] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    frames.push(JSON.parse(data.toString()));
    wake();
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const say = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  /** The next frame that fits, now or when it comes. */
  const next = async (fits: (frame: { channel: string; data?: unknown }) => boolean) => {
    for (;;) {
      const at = frames.findIndex(fits);
      if (at >= 0) return frames.splice(at, 1)[0];
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const of = (channel: string) => next((frame) => frame.channel === channel);
  return { socket, frames, say, of, close: () => socket.close() };
}

describe('WebSocket', () => {
  test('echoes subscriptions with defaults, and has the texts of the venue for what is wrong', async () => {
    const client = await connect();
    const book = { type: 'l2Book', coin: 'BTC' };
    client.say({ method: 'subscribe', subscription: book });
    expect((await client.of('subscriptionResponse'))?.data).toEqual({
      method: 'subscribe',
      subscription: { ...book, nSigFigs: null, mantissa: null },
    });
    expect((await client.of('l2Book'))?.data).toMatchObject({ coin: 'BTC' });
    client.say({ method: 'subscribe', subscription: book });
    expect((await client.of('error'))?.data).toBe('Already subscribed: {"type":"l2Book","coin":"BTC"}');
    client.say({ method: 'unsubscribe', subscription: { type: 'trades', coin: 'ETH' } });
    expect((await client.of('error'))?.data).toBe('Already unsubscribed: {"type":"trades","coin":"ETH"}');
    client.say({ method: 'subscribe', subscription: { type: 'bbo', coin: 'NONE' } });
    expect((await client.of('error'))?.data).toBe('Invalid subscription {"type":"bbo","coin":"NONE"}');
    const odd = '{"method":"subscribe","xsubscription":{"type":"bbo","coin":"SOL"}}';
    client.say(odd);
    expect((await client.of('error'))?.data).toBe(`Error parsing JSON into valid websocket request: ${odd}`);
    client.say('not json');
    expect((await client.of('error'))?.data).toBe('Error parsing JSON into valid websocket request: not json');
    client.say({ method: 'ping' });
    expect(await client.of('pong')).toEqual({ channel: 'pong' });
    client.say({ method: 'subscribe', subscription: { type: 'userFills', user: wallet.address } });
    expect((await client.of('subscriptionResponse'))?.data).toMatchObject({ subscription: { aggregateByTime: false } });
    client.close();
  });

  test('answers posts by their id', async () => {
    const client = await connect();
    client.say({ method: 'post', id: 7, request: { type: 'info', payload: { type: 'exchangeStatus' } } });
    expect((await client.of('post'))?.data).toEqual({
      id: 7,
      response: { type: 'info', payload: { type: 'exchangeStatus', data: { time: venue.clock.now(), specialStatuses: null } } },
    });
    const payload = await signedRequest(wallet, { type: 'noop' }, START_MS);
    client.say({ method: 'post', id: 8, request: { type: 'action', payload } });
    expect((await client.of('post'))?.data).toEqual({
      id: 8,
      response: { type: 'action', payload: { status: 'ok', response: { type: 'default' } } },
    });
    client.say({ method: 'post', id: 9, request: { type: 'action', payload: {} } });
    expect((await client.of('post'))?.data).toMatchObject({ id: 9, response: { type: 'error' } });
    client.close();
  });

  test('an order that fills at once is told open and filled in one message', async () => {
    const client = await connect();
    client.say({ method: 'subscribe', subscription: { type: 'orderUpdates', user: wallet.address } });
    await client.of('subscriptionResponse');
    await send(wallet, btcOrder('101000', true, 'Gtc'), START_MS);
    const { data } = (await client.of('orderUpdates')) as { data: { status: string; order: { sz: string; origSz: string } }[] };
    expect(data.map((row) => row.status)).toEqual(['open', 'filled']);
    expect(data.map((row) => row.order.sz)).toEqual(['0.01', '0.0']);
    client.close();
  });

  test('cuts off a client that does not read, and serves the others', async () => {
    const [deaf, other] = [await connect(), await connect()];
    const closed = new Promise<number>((resolve) => deaf.socket.once('close', resolve));
    deaf.socket.pause();
    const ask = JSON.stringify({ method: 'post', id: 1, request: { type: 'info', payload: { type: 'userFees', user: wallet.address } } });
    const isOpen = () => deaf.socket.readyState === WebSocket.OPEN;
    // It goes on asking without reading, however fast the exchange answers, until writing fails because it was cut off.
    while (isOpen()) {
      for (let i = 0; i < 1_000 && isOpen(); i += 1) deaf.socket.send(ask);
      while (deaf.socket.bufferedAmount > 0 && isOpen()) await new Promise((resolve) => setImmediate(resolve));
      other.say({ method: 'ping' });
      await other.of('pong');
    }
    deaf.socket.resume();
    expect(await closed).toBe(1006);
    other.say({ method: 'ping' });
    await other.of('pong');
    other.close();
  });

  test('begins trades with history, passes on what a reconnect repeats, and is silent in a gap', async () => {
    const gapAtMs = START_MS + 3_000;
    const afterMs = gapAtMs + 18_000;
    await open({
      events: [
        btcPrint(START_MS, 99_999, 1),
        ...steadyMarket(3),
        { kind: 'gap', coin: 'BTC', atMs: gapAtMs, untilMs: afterMs },
        btcBook(afterMs, 100_500),
        btcPrint(afterMs + 1, 99_999, 1),
        btcPrint(afterMs + 2, 100_500, 77),
      ],
    });
    const client = await connect();
    for (const type of ['trades', 'l2Book', 'activeAssetCtx']) client.say({ method: 'subscribe', subscription: { type, coin: 'BTC' } });
    client.say({ method: 'subscribe', subscription: { type: 'allMids' } });
    const first = (await client.of('trades')) as { data: { tid: number; px: string }[] };
    expect(first.data[0]).toMatchObject({ tid: 1, px: '99999.0' });
    await client.of('allMids');
    const sync = async () => {
      client.say({ method: 'ping' });
      await client.of('pong');
    };
    venue.clock.advance(2_000);
    await sync();
    client.frames.length = 0;
    venue.clock.advance(17_000);
    await sync();
    expect(client.frames.map((frame) => frame.channel)).toEqual([]);
    venue.clock.advance(3_000);
    await sync();
    expect(client.frames.filter((frame) => frame.channel === 'trades').map((frame) => frame.data)).toMatchObject([
      [{ tid: 1 }],
      [{ tid: 77 }],
    ]);
    expect(client.frames[0]).toMatchObject({ channel: 'l2Book', data: { coin: 'BTC' } });
    client.close();
  });
});
