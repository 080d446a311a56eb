import { createVenue, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { signL1Action } from '@nktkas/hyperliquid/signing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LivedInVenue, openLivedInVenue } from '../support/lived-in-venue.ts';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

/**
 * Clients in Rust: what the venue's own sends, and the words and counts that it and the adapter of nautilus_trader know. They
 * deserialise into enums and arrays of a fixed length, so a word they do not know loses the whole message. What fields they want
 * is judged by official-clients.test.ts.
 */
type Json = Readonly<Record<string, unknown>>;

/** The statuses of an order or cancel: a word, or an object with one field. */
function strangeStatus(status: unknown): boolean {
  if (typeof status === 'string') return !['success', 'waitingForFill', 'waitingForTrigger'].includes(status);
  const [entry, ...more] = Object.entries(status ?? {});
  if (entry === undefined || more.length > 0) return true;
  const [kind, value] = entry;
  if (kind === 'error') return typeof value !== 'string';
  const wanted = kind === 'resting' ? { oid: 'number' } : kind === 'filled' ? { oid: 'number', totalSz: 'string', avgPx: 'string' } : null;
  const fields = new Map<string, unknown>(Object.entries(value ?? {}));
  return wanted === null || Object.entries(wanted).some(([field, type]) => typeof fields.get(field) !== type);
}

const json = <T>(value: unknown): T => JSON.parse(JSON.stringify(value));

/** `{"status":"ok","response":{type,data?}}` or `{"status":"err","response":"…"}`, and no third thing. */
function strangeReply(reply: unknown): boolean {
  const { status, response } = json<{ status: string; response: unknown }>(reply);
  if (status === 'err') return typeof response !== 'string';
  const { type, data } = json<{ type: unknown; data?: { statuses?: unknown[] } }>(response);
  if (status !== 'ok' || typeof type !== 'string') return true;
  return data !== undefined && (data.statuses?.some(strangeStatus) ?? true);
}

describe("what the venue's client in Rust sends", () => {
  const wallet = testWallet(1);
  const user = wallet.address;
  let venue: TestVenue;
  let nonce = START_MS;
  beforeAll(async () => {
    venue = await openTestVenue({ network: 'testnet', venue: createVenue({ instruments: universeOf([]) }) });
    venue.exchange.fund(user, microUsd(100_000e6));
  });
  afterAll(() => venue.exchange.close());

  /** Key order, a null for no vault, no expiry, numbers of a signature without zeros in front; the testnet's letter. */
  async function send(action: Json): Promise<unknown> {
    nonce += 1;
    const { r, s, v } = await signL1Action({ wallet, action, nonce, isTestnet: true });
    const [short, also] = [r, s].map((hex) => `0x${BigInt(hex).toString(16)}`);
    const body = { action, signature: { r: short, s: also, v }, nonce, vaultAddress: null };
    const reply = (await venue.post('/exchange', body)).json;
    expect(strangeReply(reply)).toBe(false);
    return reply;
  }
  const order = (p: string, tif: string, c?: string) => ({
    ...{ a: 0, b: true, p, s: '0.01', r: false, t: { limit: { tif } } },
    ...(c === undefined ? {} : { c }),
  });
  const OK = { status: 'ok', response: { type: 'default' } };
  const CLOID = `0x${'ab'.repeat(16)}`;

  test('orders, cancels and changes', async () => {
    const placed = await send({ type: 'order', orders: [order('90000', 'Gtc', CLOID), order('101000', 'Ioc')], grouping: 'na' });
    expect(placed).toMatchObject({ response: { data: { statuses: [{ resting: { cloid: CLOID } }, { filled: { totalSz: '0.01' } }] } } });
    const [{ oid } = { oid: 0 }] = json<{ oid: number }[]>((await venue.post('/info', { type: 'openOrders', user })).json);
    await send({ type: 'batchModify', modifies: [{ oid, order: order('91000', 'Gtc', CLOID) }] });
    await send({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid: CLOID }] });
    expect(await send({ type: 'cancel', cancels: [{ a: 0, o: oid }] })).toMatchObject({ status: 'ok' });
    expect(await send({ type: 'updateLeverage', asset: 0, isCross: true, leverage: 5 })).toEqual(OK);
    expect(await send({ type: 'scheduleCancel' })).toMatchObject({ status: 'err' });
  });

  test('moves money between perp and spot as an action like any other', async () => {
    const spot = async () => (await venue.post('/info', { type: 'spotClearinghouseState', user })).json;
    expect(await send({ type: 'spotUser', classTransfer: { usdc: 25_000_000, toPerp: false } })).toEqual(OK);
    expect(await spot()).toMatchObject({ balances: [{ coin: 'USDC', total: '25.0' }] });
    expect(await send({ type: 'spotUser', classTransfer: { usdc: 25_000_000, toPerp: true } })).toEqual(OK);
    expect(await spot()).toEqual({ balances: [] });
    expect(await send({ type: 'spotUser', classTransfer: { usdc: 25_000_000, toPerp: true } })).toMatchObject({ status: 'err' });
  });

  test('and the rest it has', async () => {
    expect(await send({ type: 'claimRewards' })).toEqual({ status: 'err', response: 'No rewards to claim.' });
    expect(await send({ type: 'setReferrer', code: 'TESTNET' })).toEqual({ status: 'err', response: 'Referral code not registered' });
    expect(await send({ type: 'evmUserModify', usingBigBlocks: true })).toEqual(OK);
    const agent = testWallet(2).address;
    nonce += 1;
    const fields = ['hyperliquidChain', 'agentAddress', 'agentName', 'nonce'];
    const types = ['string', 'address', 'string', 'uint64'];
    const action = { type: 'approveAgent', signatureChainId: '0x66eee', hyperliquidChain: 'Testnet', agentAddress: agent, nonce };
    const signature = await wallet.signTypedData({
      domain: { name: 'HyperliquidSignTransaction', version: '1', chainId: 421_614, verifyingContract: `0x${'0'.repeat(40)}` },
      types: {
        'HyperliquidTransaction:ApproveAgent': fields.map((name, index) => ({ name, type: types[index] ?? '' })),
        EIP712Domain: ['name', 'version']
          .map((name) => ({ name, type: 'string' }))
          .concat({ name: 'chainId', type: 'uint256' }, { name: 'verifyingContract', type: 'address' }),
      },
      primaryType: 'HyperliquidTransaction:ApproveAgent',
      message: { ...action, agentName: '' },
    });
    const parts = { r: signature.slice(0, 66), s: `0x${signature.slice(66, 130)}`, v: Number.parseInt(signature.slice(130), 16) };
    const body = { action: { ...action, agentName: null }, signature: parts, nonce, vaultAddress: null };
    expect((await venue.post('/exchange', body)).json).toEqual(OK);
  });
});

const STATUSES = new Set([
  ...['open', 'accepted', 'triggered', 'filled', 'canceled', 'rejected', 'marginCanceled', 'vaultWithdrawalCanceled', 'scheduledCancel'],
  ...['openInterestCapCanceled', 'selfTradeCanceled', 'reduceOnlyCanceled', 'siblingFilledCanceled', 'delistedCanceled', 'oracleRejected'],
  ...['liquidatedCanceled', 'tickRejected', 'minTradeNtlRejected', 'perpMarginRejected', 'reduceOnlyRejected', 'badAloPxRejected'],
  ...['iocCancelRejected', 'badTriggerPxRejected', 'marketOrderNoLiquidityRejected', 'positionIncreaseAtOpenInterestCapRejected'],
  ...['positionFlipAtOpenInterestCapRejected', 'tooAggressiveAtOpenInterestCapRejected', 'openInterestIncreaseRejected'],
  ...['insufficientSpotBalanceRejected', 'perpMaxPositionRejected'],
]);
const DIRECTIONS = new Set(['Open Long', 'Open Short', 'Close Long', 'Close Short', 'Long > Short', 'Short > Long', 'Auto-Deleveraging']);

describe('what clients in Rust can read', () => {
  let venue: LivedInVenue;
  beforeAll(async () => {
    venue = await openLivedInVenue();
  });
  afterAll(() => venue.close());
  const said = <T>(channel: string): readonly T[] => json<T[]>(venue.said(channel));

  test('replies to orders and cancels are of the kinds there are', () => {
    const own = venue.replies.filter((reply) => !JSON.stringify(reply).includes('"type":"twapOrder"'));
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter(strangeReply)).toEqual([]);
  });

  test('order statuses and directions of fills are words they know', async () => {
    const updates = said<{ status: string; order: { side: string } }[]>('orderUpdates').flat();
    expect(updates.length).toBeGreaterThan(10);
    expect(updates.filter(({ status, order }) => !STATUSES.has(status) || !['A', 'B'].includes(order.side))).toEqual([]);
    const fills = said<{ fills: { dir: string; side: string }[] }>('userFills').flatMap((it) => it.fills);
    // One liquidated is told so by the venue; the adapter reads it as a direction it does not know.
    const odd = fills.filter(({ dir }) => !DIRECTIONS.has(dir) && !/^Liquidated (Cross|Isolated) (Long|Short)$/.test(dir));
    expect(fills.length).toBeGreaterThan(5);
    expect(odd).toEqual([]);
  });

  test('pairs are two: sides of a book, of the best prices, of a trade, of what may be traded', () => {
    const pairs: readonly (readonly [channel: string, of: string])[] = [
      ['l2Book', 'levels'],
      ['bbo', 'bbo'],
      ['activeAssetData', 'maxTradeSzs'],
      ['activeAssetData', 'availableToTrade'],
    ];
    for (const [channel, of] of pairs) {
      const all = said<Record<string, unknown[]>>(channel);
      expect(all.length).toBeGreaterThan(0);
      expect(all.filter((data) => data[of]?.length !== 2)).toEqual([]);
    }
    const trades = said<{ users: string[] }[]>('trades').flat();
    expect(trades.filter(({ users }) => users.length !== 2)).toEqual([]);
    const all = said<{ ctxs: [string, unknown[]][] }>('allDexsAssetCtxs');
    expect(all.flatMap(({ ctxs }) => ctxs).filter((pair) => pair.length !== 2 || typeof pair[0] !== 'string')).toEqual([]);
  });

  test('a confirmation repeats a subscription that can be read as one', () => {
    const echoes = said<{ method: string; subscription: Record<string, unknown> }>('subscriptionResponse');
    expect(echoes.length).toBeGreaterThan(30);
    for (const { method, subscription } of echoes) {
      expect(['subscribe', 'unsubscribe']).toContain(method);
      expect(typeof subscription.type).toBe('string');
      for (const key of ['user', 'coin', 'interval', 'dex']) if (key in subscription) expect(typeof subscription[key]).toBe('string');
    }
  });

  test('answers to posts are info, action or error, as they say', () => {
    const posts = said<{ id: number; response: { type: string; payload: unknown } }>('post');
    expect(new Set(posts.map(({ response }) => response.type))).toEqual(new Set(['info', 'action']));
    for (const { id, response } of posts) {
      expect(Number.isSafeInteger(id)).toBe(true);
      if (response.type === 'action') expect(strangeReply(response.payload)).toBe(false);
    }
  });
});
