/** What the connector of hummingbot sends and reads, in its order, restated: of its own, not one of the SDKs. */
import { createVenue, universeOf } from '@hyperfleet/paper-exchange';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { btcBook, openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { rawSocket } from '../support/raw-client.ts';
import { signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const BUILDER = '0x10ba451e6439efc6a17dc20d21121aa838100705';
const wallet = testWallet(61);
const user = wallet.address;
const events = [0, 400, 800].map((ms) => btcBook(START_MS + ms, 100_000));
let venue: TestVenue;
let nonce = START_MS;
beforeAll(async () => {
  venue = await openTestVenue({ events, venue: createVenue({ instruments: universeOf([]) }), autoFundUsd: 10_000 });
});
afterAll(() => venue.exchange.close());

const ask = async (type: string, rest: object = {}): Promise<unknown> => (await venue.post('/info', { type, ...rest })).json;

/** Its envelope has a vault that is null and no expiry; its domain names mainnet. */
async function act(action: Readonly<Record<string, unknown>>): Promise<unknown> {
  nonce += 1;
  return (await venue.post('/exchange', { ...(await signedRequest(wallet, action, nonce)), vaultAddress: null })).json;
}

const cloid = (name: number): string => `0x${name.toString(16).padStart(32, '0')}`;

interface Terms {
  readonly b?: boolean;
  readonly p: string;
  readonly tif?: string;
  readonly r?: boolean;
}

/** All of its orders have a cloid. */
const order = (c: string, { b = true, p, tif = 'Gtc', r = false }: Terms, more: object = {}) =>
  act({ type: 'order', orders: [{ a: 0, b, p, s: '0.01', r, t: { limit: { tif } }, c }], grouping: 'na', ...more });
const cancel = (c: string) => act({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: c }] });
const statuses = (...all: readonly unknown[]) => ({ status: 'ok', response: { data: { statuses: all } } });

describe('hummingbot', () => {
  test('starts: rules of all perpetuals, the builder, the kind of account, its balance and positions', async () => {
    const [meta, contexts] = (await ask('metaAndAssetCtxs')) as [{ universe: { szDecimals: number }[] }, { markPx: string }[]];
    expect(contexts).toHaveLength(meta.universe.length);
    // It takes the tick from what stands behind the point.
    for (const { markPx } of contexts) expect(markPx).toMatch(/^\d+\.\d+$/);
    expect(await ask('allPerpMetas')).toMatchObject([{ universe: expect.any(Array) }]);
    expect(await ask('maxBuilderFee', { user, builder: BUILDER })).toBe(0);
    expect(await ask('userAbstraction', { user })).toBe('disabled');
    expect(await ask('clearinghouseState', { user })).toMatchObject({
      crossMarginSummary: { accountValue: '10000.0' },
      withdrawable: '10000.0',
      assetPositions: [],
    });
    expect(await ask('l2Book', { coin: 'BTC' })).toMatchObject({ coin: 'BTC', time: expect.any(Number) });
    expect(await ask('userFunding', { user, startTime: START_MS - 3_600_000 })).toEqual([]);
  });

  test('names a builder in orders of mainnet, for nothing unless he was approved, and is refused as at the venue', async () => {
    const named = await order(cloid(9), { p: '90000' }, { builder: { b: BUILDER, f: 0 } });
    expect(named).toEqual({ status: 'err', response: 'Builder fee has not been approved.' });
  });

  test('trades under its own ids', async () => {
    expect(await act({ type: 'updateLeverage', asset: 0, isCross: true, leverage: 5 })).toMatchObject({ status: 'ok' });
    expect(await order(cloid(1), { p: '90000' })).toMatchObject(statuses({ resting: { oid: expect.any(Number) } }));
    expect(await order(cloid(2), { p: '100500', tif: 'Alo' })).toMatchObject(statuses({ error: expect.stringMatching(/^Post only/) }));
    expect(await order(cloid(3), { p: '105000', tif: 'Ioc' })).toMatchObject(statuses({ filled: { totalSz: '0.01' } }));
    expect(await order(cloid(4), { b: false, p: '95000', tif: 'Ioc', r: true })).toMatchObject(statuses({ filled: {} }));
    expect(await ask('orderStatus', { user, oid: cloid(1) })).toMatchObject({ order: { status: 'open', order: { cloid: cloid(1) } } });
    expect(await ask('orderStatus', { user, oid: cloid(2) })).toMatchObject({ order: { status: 'badAloPxRejected' } });
    const fills = (await ask('userFills', { user })) as { dir: string; fee: string; tid: number }[];
    expect(fills.map(({ dir }) => dir)).toEqual(['Close Long', 'Open Long']);
    expect(await cancel(cloid(1))).toMatchObject(statuses('success'));
    const again = expect.stringContaining('Order was never placed, already canceled, or filled');
    expect(await cancel(cloid(1))).toMatchObject(statuses({ error: again }));
  });

  test('asks for a channel that there is not, and is told of its orders all the same', async () => {
    const socket = await rawSocket(venue.port);
    await socket.subscribe({ type: 'orderUpdates', user });
    const asked = { method: 'subscribe', subscription: { type: 'user', user } };
    socket.say(asked);
    expect((await socket.of('error')).data).toBe(`Error parsing JSON into valid websocket request: ${JSON.stringify(asked)}`);
    for (const type of ['trades', 'l2Book', 'activeAssetCtx']) await socket.subscribe({ type, coin: 'BTC' });
    await order(cloid(5), { p: '90000' });
    expect((await socket.of('orderUpdates')).data).toMatchObject([{ status: 'open', order: { cloid: cloid(5) } }]);
    await cancel(cloid(5));
    expect((await socket.of('orderUpdates')).data).toMatchObject([{ status: 'canceled', order: { cloid: cloid(5) } }]);
    expect((await socket.of('activeAssetCtx')).data).toMatchObject({ ctx: { oraclePx: expect.any(String), funding: expect.any(String) } });
    socket.say({ method: 'ping' });
    await socket.of('pong');
    socket.close();
  });
});
