/** What the adapter thinks it spends against what the venue counts: two readings of PROTOCOL §10, checking each other. */
import {
  createNonceCell,
  createRequestBudget,
  createSigner,
  fetchInstruments,
  openAccountReads,
  openExchange,
  openNonceCell,
  openRequestBudget,
  exchangeWeight as oursOfActions,
  infoWeight as oursOfInfo,
  rowsWeight as oursOfRows,
  type RequestBudget,
} from '@hyperfleet/hyperliquid';
import { exchangeWeight, infoWeight, LIMIT_NAMES, limitSettings, rowsWeight } from '@hyperfleet/paper-exchange';
import { type Approved, type Cloid, lots, microUsd, type PlaceRequest, ticks } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestVenue, type TestVenue } from '../support/paper-venue.ts';

const TYPES = [
  ...['meta', 'metaAndAssetCtxs', 'allMids', 'l2Book', 'clearinghouseState', 'openOrders', 'frontendOpenOrders', 'orderStatus'],
  ...['historicalOrders', 'userFills', 'userFillsByTime', 'userFunding', 'fundingHistory', 'userNonFundingLedgerUpdates'],
  ...['candleSnapshot', 'userRateLimit', 'userFees', 'portfolio', 'extraAgents', 'userRole', 'subAccounts', 'referral'],
  ...['maxBuilderFee', 'activeAssetData', 'recentTrades', 'predictedFundings', 'exchangeStatus', 'spotMeta', 'spotMetaAndAssetCtxs'],
  ...['spotClearinghouseState', 'outcomeMeta', 'perpDexs', 'userAbstraction', 'twapHistory', 'userTwapSliceFills', 'marginTable'],
] as const;

describe('the weights of the adapter and of the venue', () => {
  test.each(TYPES)('are the same for %s', (type) => {
    expect(oursOfInfo(type)).toBe(infoWeight({ type }));
    for (const rows of [0, 19, 20, 59, 60, 500, 2_000]) expect(oursOfRows(type, rows)).toBe(rowsWeight({ type }, new Array(rows)));
  });

  test('are the same for a batch of any length, of orders, cancels and changes', () => {
    for (const key of ['orders', 'cancels', 'modifies']) {
      for (let length = 1; length <= 161; length += 1)
        expect(oursOfActions(length)).toBe(exchangeWeight({ action: { [key]: new Array(length) } }));
    }
    expect(oursOfActions(1)).toBe(exchangeWeight({ action: { type: 'updateLeverage' } }));
  });
});

const signer = createSigner(`0x${'0123456789'.repeat(6)}0123`);
let venue: TestVenue;
beforeEach(async () => {
  venue = await openTestVenue({ network: 'testnet', limits: limitSettings({ on: LIMIT_NAMES }) });
  venue.exchange.fund(signer.address, microUsd(100_000e6));
});
afterEach(() => venue.exchange.close());

/** All an exit may still take, taken. */
function drain(budget: RequestBudget, nowMs: number): number {
  let left = 0;
  while (budget.acquire(1, 'exit', nowMs) === 0) left += 1;
  return left;
}

/** What the venue would still let through, taken in the lightest questions: to an even number, rounded down. */
async function drainVenue(): Promise<number> {
  let left = 0;
  while ((await venue.post('/info', { type: 'allMids' })).status === 200) left += 2;
  return left;
}

test('after every question a bot asks and orders, cancels and fills, both have the same left', async () => {
  const { clock } = venue;
  const budget = openRequestBudget(createRequestBudget());
  const shared = { url: venue.url, clock, budget, timeoutMs: 5_000, attempts: 1 };
  const instruments = await fetchInstruments(shared);
  const reads = openAccountReads({ ...shared, account: signer.address, instruments, concurrency: 4 });
  const exchange = openExchange({ ...shared, isMainnet: false, signer, vaultAddress: null, instruments, cancelLifeMs: 5_000 });
  const nonces = openNonceCell(createNonceCell());
  const place = (count: number, px: number) => {
    const orders = Array.from({ length: count }, (_, i) => ({
      coin: 'BTC',
      role: 'entry' as const,
      side: 'buy' as const,
      px: ticks(px),
      sz: lots(100),
      reduceOnly: false,
      kind: { type: 'limit', tif: 'gtc' } as const,
      cloid: `0x${(px * 1_000 + i).toString(16).padStart(32, '0')}` as Cloid,
    }));
    const request = { orders, grouping: 'na' as const, nonce: nonces.next(clock.now()), expiresAfterMs: clock.now() + 5_000 };
    return exchange.place(request as unknown as Approved<PlaceRequest>);
  };
  expect(await place(90, 900_000)).toMatchObject({ kind: 'answered' });
  expect(await place(45, 1_010_000)).toMatchObject({ kind: 'answered' });
  const cloid = `0x${(900_000 * 1_000).toString(16).padStart(32, '0')}` as Cloid;
  expect(await exchange.cancel([{ coin: 'BTC', cloid }], nonces.next(clock.now()))).toMatchObject({ kind: 'answered' });
  await exchange.setCrossLeverage('BTC', 5, nonces.next(clock.now()));
  await reads.account();
  await reads.openOrders();
  await reads.orderByCloid(cloid, 'BTC');
  expect(await reads.fillsSince(0)).toHaveLength(45);
  await reads.fundingSince(0);
  await reads.feeRates();
  const left = drain(budget, clock.now());
  expect(left).toBeGreaterThan(1_000);
  expect(left).toBeLessThan(1_100);
  expect(await drainVenue()).toBe(left - (left % 2));
  reads.close();
  exchange.close();
});
