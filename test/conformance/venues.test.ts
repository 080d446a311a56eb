import { ApiRequestError } from '@nktkas/hyperliquid';
import { signL1Action } from '@nktkas/hyperliquid/signing';
import { formatPrice } from '@nktkas/hyperliquid/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConformanceTarget, TARGETS } from '../support/conformance-target.ts';
import { testWallet } from '../support/wallet.ts';

/**
 * One suite for every venue: it expects nothing of the market but that BTC trades, so it holds on the paper exchange with or
 * without a socket, and on the real testnet.
 */
const DECIMAL = /^-?\d+\.(0|\d*[1-9])$/;

describe.each(TARGETS.filter(({ skip }) => skip === null))('$name', ({ open }) => {
  let target: ConformanceTarget;
  let btc = -1;
  let szDecimals = 5;
  let draws = 0;

  /** A price away from the mid, as the venue takes it. */
  const px = async (factor: number): Promise<string> => formatPrice(Number((await target.info.allMids()).BTC) * factor, szDecimals);
  /** Enough for the smallest order at this factor of the mid, with room. */
  const size = async (factor = 1): Promise<string> =>
    (Math.ceil((12 / (Number((await target.info.allMids()).BTC) * factor)) * 1e5) / 1e5).toFixed(5);
  const cloid = (): `0x${string}` => {
    draws += 1;
    return `0x${(BigInt(target.now()) * 1_000n + BigInt(draws)).toString(16).padStart(16, '0')}${'c0ffee00'.repeat(2)}`;
  };
  const limit = (terms: { b: boolean; p: string; s: string; r?: boolean; tif?: 'Gtc' | 'Ioc' | 'Alo'; c?: `0x${string}` }) => ({
    orders: [
      {
        a: btc,
        b: terms.b,
        p: terms.p,
        s: terms.s,
        r: terms.r ?? false,
        t: { limit: { tif: terms.tif ?? 'Gtc' } },
        ...(terms.c === undefined ? {} : { c: terms.c }),
      },
    ],
    grouping: 'na' as const,
  });
  const refusal = async (answer: Promise<unknown>): Promise<string> => {
    const error = await answer.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ApiRequestError)) throw new Error(`expected a refusal of the venue, not ${error}`);
    return error.message;
  };

  beforeAll(async () => {
    target = await open();
    const { universe } = await target.info.meta();
    btc = universe.findIndex(({ name }) => name === 'BTC');
    szDecimals = universe[btc]?.szDecimals ?? 5;
  });
  afterAll(() => target.close());

  test('lists its assets, and a context for each', async () => {
    const [meta, contexts] = await target.info.metaAndAssetCtxs();
    expect(contexts).toHaveLength(meta.universe.length);
    expect(meta.universe.length).toBeGreaterThan(100);
    expect(contexts[btc]?.markPx).toMatch(DECIMAL);
    for (const { maxLeverage, marginTableId } of meta.universe) {
      const table = meta.marginTables.find(([id]) => id === marginTableId)?.[1] ?? (await target.info.marginTable({ id: marginTableId }));
      expect(table.marginTiers[0]).toEqual({ lowerBound: '0.0', maxLeverage });
      if (marginTableId >= 50) continue;
      expect(marginTableId).toBe(maxLeverage);
      break;
    }
  });

  test('shows a sorted book of at most 20 levels, aggregated on demand, and none for an unknown coin', async () => {
    const book = await target.info.l2Book({ coin: 'BTC' });
    const [bids = [], asks = []] = book?.levels ?? [];
    expect(bids.length).toBeGreaterThan(0);
    expect(Math.max(bids.length, asks.length)).toBeLessThanOrEqual(20);
    const prices = (side: readonly { px: string }[]): number[] => side.map((level) => Number(level.px));
    expect(prices(bids)).toEqual(prices(bids).sort((a, b) => b - a));
    expect(prices(asks)).toEqual(prices(asks).sort((a, b) => a - b));
    expect(Object.keys(bids[0] ?? {})).toEqual(['px', 'sz', 'n']);
    expect(await target.info.l2Book({ coin: 'BTC', nSigFigs: 3 })).toHaveProperty('spread');
    expect(await target.info.l2Book({ coin: 'NO SUCH COIN' })).toBeNull();
    expect(await target.post('/info', { type: 'l2Book', coin: 'BTC', nSigFigs: 9 })).toMatchObject({ status: 500, text: 'null' });
  });

  test('answers what is no request with 422 in plain text', async () => {
    for (const body of [{ type: 'noSuchType' }, { type: 'clearinghouseState' }, { user: target.wallet.address }]) {
      const { status, text } = await target.post('/info', body);
      expect(status).toBe(422);
      expect(text).toMatch(/^Failed to deserialize the JSON body into the target type/);
    }
    expect(
      (await target.post('/exchange', { action: { type: 'noSuchAction' }, nonce: 1, signature: { r: '0x1', s: '0x1', v: 27 } })).status,
    ).toBe(422);
  });

  test('has zeros and empty lists for a stranger', async () => {
    const user = testWallet(4_041).address;
    const { info } = target;
    const zero = { accountValue: '0.0', totalNtlPos: '0.0', totalRawUsd: '0.0', totalMarginUsed: '0.0' };
    expect(await info.clearinghouseState({ user })).toMatchObject({
      marginSummary: zero,
      crossMarginSummary: zero,
      withdrawable: '0.0',
      assetPositions: [],
    });
    expect(await info.openOrders({ user })).toEqual([]);
    expect(await info.userFills({ user })).toEqual([]);
    expect(await info.extraAgents({ user })).toEqual([]);
    expect(await info.orderStatus({ user, oid: 1 })).toEqual({ status: 'unknownOid' });
    expect(await info.userRole({ user })).toEqual({ role: 'missing' });
    expect(await info.subAccounts({ user })).toBeNull();
  });

  test('takes an order through its life: placed, found by every name, modified, cancelled once', async () => {
    const { info, exchange } = target;
    const { address: user } = target.wallet;
    const c = cloid();
    const p = await px(0.5);
    const { response } = await exchange.order(limit({ b: true, p, s: await size(0.5), c }));
    const status = response.data.statuses[0];
    if (typeof status !== 'object' || !('resting' in status)) throw new Error(`expected a resting order, not ${JSON.stringify(status)}`);
    const { oid } = status.resting;
    expect(status.resting).toEqual({ oid, cloid: c });
    const row = (await info.openOrders({ user })).find((open) => open.oid === oid);
    expect(Object.keys(row ?? {})).toEqual(['coin', 'side', 'limitPx', 'sz', 'oid', 'timestamp', 'origSz', 'cloid']);
    const full = (await info.frontendOpenOrders({ user })).find((open) => open.oid === oid);
    expect(full).toMatchObject({
      orderType: 'Limit',
      tif: 'Gtc',
      isTrigger: false,
      triggerCondition: 'N/A',
      triggerPx: '0.0',
      children: [],
      cloid: c,
    });
    for (const id of [oid, c])
      expect(await info.orderStatus({ user, oid: id })).toMatchObject({ status: 'order', order: { status: 'open', order: { oid } } });

    const again = cloid();
    const order = limit({ b: true, p: await px(0.49), s: await size(0.49), tif: 'Alo', c: again }).orders[0];
    if (order === undefined) throw new Error('unreachable');
    expect(await exchange.modify({ oid, order })).toEqual({ status: 'ok', response: { type: 'default' } });
    expect(await info.orderStatus({ user, oid })).toMatchObject({ order: { status: 'canceled' } });
    const cancel = () => exchange.cancelByCloid({ cancels: [{ asset: btc, cloid: again }] });
    expect((await cancel()).response.data.statuses).toEqual(['success']);
    expect(await refusal(cancel())).toContain(`Order was never placed, already canceled, or filled. asset=${btc}`);
    expect(await refusal(exchange.modify({ oid, order }))).toContain('Cannot modify canceled or filled order');
    expect((await info.openOrders({ user })).some((open) => open.oid === oid)).toBe(false);
  });

  test('refuses orders in its words', async () => {
    const half = await px(0.5);
    const enough = await size(0.5);
    const cases: readonly (readonly [ReturnType<typeof limit>, string | RegExp])[] = [
      [limit({ b: true, p: half, s: '0.00001' }), `Order must have minimum value of $10. asset=${btc}`],
      [limit({ b: true, p: '12345.1', s: enough }), `Price must be divisible by tick size. asset=${btc}`],
      [limit({ b: true, p: half, s: '0.000123' }), 'Order has invalid size.'],
      [limit({ b: true, p: '12345.12', s: enough }), 'Order has invalid price.'],
      [limit({ b: false, p: await px(1.5), s: enough, r: true }), `Reduce only order would increase position. asset=${btc}`],
      [
        limit({ b: true, p: await px(1.02), s: await size(), tif: 'Alo' }),
        /Post only order would have immediately matched, bbo was [\d.]+@[\d.]+\. asset=\d+/,
      ],
      [limit({ b: true, p: half, s: enough, tif: 'Ioc' }), `Order could not immediately match against any resting orders. asset=${btc}`],
      [limit({ b: true, p: half, s: '20' }), `Insufficient margin to place order. asset=${btc}`],
      [limit({ b: true, p: '1', s: '20' }), /Order price cannot be more than \d+% away from the reference price/],
    ];
    for (const [order, text] of cases) {
      const said = await refusal(target.exchange.order(order));
      if (typeof text === 'string') expect(said).toContain(text);
      else expect(said).toMatch(text);
    }
    expect(await refusal(target.exchange.order({ orders: [], grouping: 'na' }))).toContain('Orders are empty.');
  });

  test('uses a nonce once, lets an action expire, and knows no stranger', async () => {
    const { exchange, wallet, isTestnet } = target;
    const nonce = target.now();
    expect(await exchange.noop({ nonce })).toEqual({ status: 'ok', response: { type: 'default' } });
    expect(await refusal(exchange.noop({ nonce }))).toContain(`Invalid nonce: duplicate nonce ${nonce}`);
    const action = { type: 'noop' };
    const signed = async (by: typeof wallet, at: number, expiresAfter?: number) => {
      const extra = expiresAfter === undefined ? {} : { expiresAfter };
      return { action, nonce: at, signature: await signL1Action({ wallet: by, action, nonce: at, isTestnet, ...extra }), ...extra };
    };
    const said = async (body: unknown) => JSON.parse((await target.post('/exchange', body)).text);
    expect(await said(await signed(wallet, nonce + 1, nonce - 60_000))).toEqual({ status: 'err', response: 'Action already expired' });
    const stranger = testWallet(4_042);
    expect(await said(await signed(stranger, nonce + 2))).toEqual({
      status: 'err',
      response: `User or API Wallet ${stranger.address} does not exist.`,
    });
  });

  test('sets leverage between one and the maximum, and refuses to margin what is not isolated', async () => {
    const { exchange } = target;
    expect(await exchange.updateLeverage({ asset: btc, isCross: true, leverage: 5 })).toEqual({
      status: 'ok',
      response: { type: 'default' },
    });
    expect(await refusal(exchange.updateLeverage({ asset: btc, isCross: true, leverage: 200 }))).toContain('Invalid leverage value');
  });

  test('trades: a fill as it should be, a position, and its close by a reduce-only order that asks for too much', async () => {
    const { info, exchange } = target;
    const { address: user } = target.wallet;
    const s = await size(0.95);
    const bought = (await exchange.order(limit({ b: true, p: await px(1.03), s, tif: 'Ioc' }))).response.data.statuses[0];
    if (typeof bought !== 'object' || !('filled' in bought)) throw new Error(`expected a fill, not ${JSON.stringify(bought)}`);
    const { oid, totalSz } = bought.filled;
    expect(totalSz).toBe(String(Number(s)));
    const rates = await info.userFees({ user });
    const fills = (await info.userFills({ user })).filter((fill) => fill.oid === oid);
    for (const fill of fills) {
      expect(fill).toMatchObject({ coin: 'BTC', side: 'B', dir: 'Open Long', crossed: true, feeToken: 'USDC', closedPnl: '0.0' });
      const micro = Math.trunc(Number((Number(fill.px) * Number(fill.sz) * Number(rates.userCrossRate) * 1e6).toFixed(3)));
      expect(Number(fill.fee)).toBeCloseTo(micro / 1e6, 9);
    }
    expect(fills.reduce((sum, fill) => sum + Number(fill.sz), 0)).toBeCloseTo(Number(s), 9);
    const state = await info.clearinghouseState({ user });
    expect(state.assetPositions.map(({ position }) => position)).toMatchObject([
      { coin: 'BTC', szi: totalSz, leverage: { type: 'cross', value: 5 } },
    ]);
    expect(await refusal(exchange.updateLeverage({ asset: btc, isCross: false, leverage: 5 }))).toContain(
      'Cannot switch leverage type with open position.',
    );
    expect(await refusal(exchange.updateIsolatedMargin({ asset: btc, isBuy: true, ntli: 1_000_000 }))).toContain(
      'Position does not use isolated margin.',
    );

    const sold = (await exchange.order(limit({ b: false, p: await px(0.97), s: (2 * Number(s)).toFixed(5), r: true, tif: 'Ioc' }))).response
      .data.statuses[0];
    expect(sold).toMatchObject({ filled: { totalSz } });
    expect((await info.clearinghouseState({ user })).assetPositions).toEqual([]);
    const [newest] = await info.userFills({ user });
    expect(newest).toMatchObject({ dir: 'Close Long', side: 'A' });
    expect(newest?.closedPnl).toMatch(DECIMAL);
  });

  test('tells its streams: snapshots first, then what happens', async () => {
    const { streams, exchange } = target;
    const { address: user } = target.wallet;
    const heard: { readonly channel: string; readonly data: unknown }[] = [];
    let tell = (): void => {};
    const note = (channel: string) => (data: unknown) => {
      heard.push({ channel, data });
      tell();
    };
    const until = (found: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        tell = () => found() && resolve();
        tell();
      });
    const of = (channel: string): unknown[] => heard.flatMap((it) => (it.channel === channel ? [it.data] : []));
    const subscriptions = [
      await streams.userFills({ user }, note('userFills')),
      await streams.orderUpdates({ user }, note('orderUpdates')),
      await streams.l2Book({ coin: 'BTC' }, note('l2Book')),
      await streams.allMids(note('allMids')),
      await streams.clearinghouseState({ user }, note('clearinghouseState')),
      await streams.openOrders({ user }, note('openOrders')),
    ];
    await until(() => ['userFills', 'l2Book', 'allMids', 'clearinghouseState', 'openOrders'].every((channel) => of(channel).length > 0));
    expect(of('userFills')[0]).toMatchObject({ isSnapshot: true, user });
    expect(of('allMids')[0]).not.toHaveProperty('dex');
    expect(of('clearinghouseState')[0]).toMatchObject({ dex: '', user });
    expect(of('orderUpdates')).toEqual([]);

    const c = cloid();
    await exchange.order(limit({ b: true, p: await px(0.5), s: await size(0.5), c }));
    await exchange.cancelByCloid({ cancels: [{ asset: btc, cloid: c }] });
    target.settle();
    const words = () =>
      of('orderUpdates')
        .flatMap((data) => (Array.isArray(data) ? data : []))
        .flatMap((row) => (row.order.cloid === c ? [row.status] : []));
    await until(() => words().length === 2);
    expect(words()).toEqual(['open', 'canceled']);
    for (const subscription of subscriptions) await subscription.unsubscribe();
  });
});

test('each venue the suite does not run against says why', () => {
  for (const { name, skip } of TARGETS) {
    if (skip !== null) console.log(`${name}: not run; ${skip}`);
    expect(skip === null || skip.includes('docs/TESTNET.md')).toBe(true);
  }
});
