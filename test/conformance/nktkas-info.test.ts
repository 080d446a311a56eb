import { ApiRequestError, HttpRequestError, HttpTransport, InfoClient } from '@nktkas/hyperliquid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LivedInVenue, openLivedInVenue } from '../support/lived-in-venue.ts';
import { START_MS } from '../support/paper-venue.ts';
import { methodsOf, unlikePromised } from '../support/stock-types.ts';
import { testWallet } from '../support/wallet.ts';

/**
 * Every question the stock client can ask, asked over HTTP of a venue that has been lived in. Answers are judged by the types the
 * client's own package declares; the entry of a question says what else must be true of it.
 */
let venue: LivedInVenue;
let info: InfoClient;
let user: `0x${string}`;
beforeAll(async () => {
  venue = await openLivedInVenue();
  info = new InfoClient({ transport: new HttpTransport({ apiUrl: venue.url }) });
  user = venue.users[0] ?? '0x';
});
afterAll(() => venue.close());

interface Question {
  /** Asks it and says what must be true; gives the answer for judging. */
  readonly ask: () => Promise<unknown>;
}

/** Asks, and looks at the answer more closely. */
const seen = <T>(ask: () => Promise<T>, look: (answer: T) => void): Question => ({
  async ask() {
    const answer = await ask();
    look(answer);
    return answer;
  },
});

/** What an account that never touched it is told: the venue has perpetuals alone. */
const none = (ask: () => Promise<unknown>, answer: unknown): Question => seen(ask, (given) => expect(given).toEqual(answer));

const some = (list: readonly unknown[]): void => expect(list.length).toBeGreaterThan(0);
const startTime = START_MS;
const BUILDER = testWallet(62).address;
const NOTHING_LENT = {
  ...{ borrowYearlyRate: '0.05', supplyYearlyRate: '0.0', balance: '0.0', utilization: '0.0' },
  ...{ oraclePx: '1.0', ltv: '0.0', totalSupplied: '0.0', totalBorrowed: '0.0' },
};
const NO_AUCTION = { startTimeSeconds: 0, durationSeconds: 0, startGas: '0.0', currentGas: null, endGas: '0.0' };

const ACCOUNT: Readonly<Record<string, Question>> = {
  activeAssetData: seen(
    () => info.activeAssetData({ user, coin: 'BTC' }),
    (data) => expect(data).toMatchObject({ user, coin: 'BTC', leverage: { type: 'cross' } }),
  ),
  approvedBuilders: seen(
    () => info.approvedBuilders({ user }),
    (list) => expect(list).toEqual([BUILDER]),
  ),
  clearinghouseState: seen(
    () => info.clearinghouseState({ user }),
    (state) => some(state.assetPositions),
  ),
  extraAgents: seen(
    () => info.extraAgents({ user }),
    (agents) => expect(agents).toMatchObject([{ name: 'bot', address: testWallet(61).address }]),
  ),
  frontendOpenOrders: seen(
    () => info.frontendOpenOrders({ user }),
    (orders) => expect(orders.some((order) => order.isTrigger)).toBe(true),
  ),
  historicalOrders: seen(
    () => info.historicalOrders({ user }),
    (orders) => expect(new Set(orders.map((row) => row.status)).size).toBeGreaterThan(3),
  ),
  isVip: seen(
    () => info.isVip({ user }),
    (answer) => expect(answer).toBe(false),
  ),
  legalCheck: seen(
    () => info.legalCheck({ user }),
    (answer) => expect(answer).toMatchObject({ userAllowed: true }),
  ),
  maxBuilderFee: seen(
    () => info.maxBuilderFee({ user, builder: BUILDER }),
    (fee) => expect(fee).toBe(10),
  ),
  openOrders: seen(() => info.openOrders({ user }), some),
  orderStatus: {
    async ask() {
      expect(await info.orderStatus({ user, oid: 999_999_999 })).toEqual({ status: 'unknownOid' });
      const [order] = await info.openOrders({ user });
      const answer = await info.orderStatus({ user, oid: order?.oid ?? 0 });
      expect(answer).toMatchObject({ status: 'order', order: { status: 'open', order: { oid: order?.oid } } });
      return answer;
    },
  },
  portfolio: seen(
    () => info.portfolio({ user }),
    (periods) => expect(periods).toHaveLength(8),
  ),
  preTransferCheck: seen(
    () => info.preTransferCheck({ user, source: venue.users[1] ?? '0x' }),
    (answer) => expect(answer).toMatchObject({ userExists: true, isSanctioned: false }),
  ),
  referral: seen(
    () => info.referral({ user }),
    (answer) => expect(answer.referredBy).toBeNull(),
  ),
  spotClearinghouseState: seen(
    () => info.spotClearinghouseState({ user }),
    ({ balances }) => expect(balances).toMatchObject([{ coin: 'USDC', total: '17.0' }]),
  ),
  subAccounts: seen(
    () => info.subAccounts({ user }),
    (subs) => expect(subs).toMatchObject([{ name: 'second', subAccountUser: venue.sub, master: user }]),
  ),
  subAccounts2: seen(
    () => info.subAccounts2({ user }),
    (subs) => expect(subs).toMatchObject([{ name: 'second', subAccountUser: venue.sub, dexToClearinghouseState: [['', {}]] }]),
  ),
  twapHistory: none(() => info.twapHistory({ user }), []),
  userAbstraction: none(() => info.userAbstraction({ user }), 'disabled'),
  userDexAbstraction: none(() => info.userDexAbstraction({ user }), null),
  userFees: seen(
    () => info.userFees({ user }),
    (fees) => expect(fees).toMatchObject({ userCrossRate: '0.00045', userAddRate: '0.00015' }),
  ),
  userFills: seen(() => info.userFills({ user }), some),
  userFillsByTime: seen(
    () => info.userFillsByTime({ user, startTime }),
    (fills) => expect(fills.map((fill) => fill.time)).toEqual(fills.map((fill) => fill.time).sort((a, b) => a - b)),
  ),
  userFunding: seen(() => info.userFunding({ user, startTime }), some),
  userNonFundingLedgerUpdates: seen(
    () => info.userNonFundingLedgerUpdates({ user, startTime }),
    (rows) => expect(new Set(rows.map((row) => row.delta.type)).size).toBeGreaterThan(4),
  ),
  userRateLimit: seen(
    () => info.userRateLimit({ user }),
    (answer) => expect(answer.nRequestsUsed).toBeGreaterThan(0),
  ),
  userRole: seen(
    () => info.userRole({ user: venue.sub }),
    (answer) => expect(answer).toEqual({ role: 'subAccount', data: { master: user } }),
  ),
  userToMultiSigSigners: none(() => info.userToMultiSigSigners({ user }), null),
  userTwapSliceFills: none(() => info.userTwapSliceFills({ user }), []),
  userTwapSliceFillsByTime: none(() => info.userTwapSliceFillsByTime({ user, startTime }), []),
  webData2: seen(
    () => info.webData2({ user }),
    (page) => expect(page.user).toBe(user),
  ),
};

const MARKET: Readonly<Record<string, Question>> = {
  allMids: seen(
    () => info.allMids(),
    (mids) => expect(mids.BTC).toMatch(/^\d+\.\d$/),
  ),
  allPerpMetas: seen(
    () => info.allPerpMetas(),
    (metas) => expect(metas).toHaveLength(1),
  ),
  candleSnapshot: seen(() => info.candleSnapshot({ coin: 'BTC', interval: '1m', startTime }), some),
  exchangeStatus: seen(
    () => info.exchangeStatus(),
    (status) => expect(status.specialStatuses).toBeNull(),
  ),
  fundingHistory: seen(() => info.fundingHistory({ coin: 'BTC', startTime }), some),
  l2Book: seen(
    () => info.l2Book({ coin: 'BTC', nSigFigs: 4 }),
    (book) => expect(book?.coin).toBe('BTC'),
  ),
  liquidatable: none(() => info.liquidatable(), []),
  marginTable: seen(
    () => info.marginTable({ id: 40 }),
    (table) => some(table.marginTiers),
  ),
  maxMarketOrderNtls: seen(() => info.maxMarketOrderNtls(), some),
  meta: seen(
    () => info.meta(),
    (meta) => expect(meta.universe[0]).toMatchObject({ name: 'BTC', szDecimals: 5 }),
  ),
  metaAndAssetCtxs: seen(
    () => info.metaAndAssetCtxs(),
    ([meta, ctxs]) => expect(ctxs).toHaveLength(meta.universe.length),
  ),
  perpDexStatus: seen(
    () => info.perpDexStatus({ dex: '' }),
    // 200,000 and 50,000 and 300 were paid in; 20 went to spot, 5 out of the exchange, and 1 for a first sending.
    (status) => expect(status).toEqual({ totalNetDeposit: '250274.0' }),
  ),
  tokenDetails: seen(
    () => info.tokenDetails({ tokenId: '0x6d1e7cde53ba9467b783cb7c530ce054' }),
    (token) => expect(token).toMatchObject({ name: 'USDC', weiDecimals: 8, totalSupply: '250294.0', markPx: '1.0' }),
  ),
  perpsAtOpenInterestCap: none(() => info.perpsAtOpenInterestCap(), []),
  predictedFundings: seen(() => info.predictedFundings(), some),
  recentTrades: seen(() => info.recentTrades({ coin: 'BTC' }), some),
  spotMeta: seen(
    () => info.spotMeta(),
    (meta) => expect(meta.universe.map((pair) => pair.name)).toEqual(expect.arrayContaining(['PURR/USDC', '@1'])),
  ),
  spotMetaAndAssetCtxs: seen(
    () => info.spotMetaAndAssetCtxs(),
    ([meta, ctxs]) => expect(ctxs.length).toBeGreaterThanOrEqual(meta.universe.length),
  ),
};

/** Staking, vaults, lending, outcomes, other dexs, deployments: the answer of a venue where nobody did any of it. */
const ELSEWHERE: Readonly<Record<string, Question>> = {
  allBorrowLendReserveStates: none(() => info.allBorrowLendReserveStates(), [[0, NOTHING_LENT]]),
  borrowLendReserveState: none(() => info.borrowLendReserveState({ token: 0 }), NOTHING_LENT),
  borrowLendUserState: none(() => info.borrowLendUserState({ user }), { tokenToState: [], health: 'healthy', healthFactor: null }),
  delegations: none(() => info.delegations({ user }), []),
  delegatorHistory: none(() => info.delegatorHistory({ user }), []),
  delegatorRewards: none(() => info.delegatorRewards({ user }), []),
  delegatorSummary: seen(
    () => info.delegatorSummary({ user }),
    (summary) => expect(summary.delegated).toBe('0.0'),
  ),
  gossipPriorityAuctionStatus: none(() => info.gossipPriorityAuctionStatus(), [[], []]),
  gossipRootIps: none(() => info.gossipRootIps(), []),
  leadingVaults: none(() => info.leadingVaults({ user }), []),
  outcomeMeta: none(() => info.outcomeMeta(), { outcomes: [], questions: [] }),
  outcomeTemplates: none(() => info.outcomeTemplates(), []),
  perpAnnotation: none(() => info.perpAnnotation({ coin: 'BTC' }), null),
  perpCategories: none(() => info.perpCategories(), []),
  perpConciseAnnotations: none(() => info.perpConciseAnnotations(), []),
  perpDeployAuctionStatus: none(() => info.perpDeployAuctionStatus(), NO_AUCTION),
  perpDexLimits: none(() => info.perpDexLimits({ dex: '' }), null),
  perpDexs: none(() => info.perpDexs(), [null]),
  settledOutcome: none(() => info.settledOutcome({ outcome: 1 }), null),
  spotDeployState: none(() => info.spotDeployState({ user }), { states: [], gasAuction: NO_AUCTION }),
  spotPairDeployAuctionStatus: none(() => info.spotPairDeployAuctionStatus(), NO_AUCTION),
  usdcRouting: none(() => info.usdcRouting(), { depositRoute: 'bridge', withdrawalRoute: 'bridge' }),
  userBorrowLendInterest: none(() => info.userBorrowLendInterest({ user, startTime }), []),
  userVaultEquities: none(() => info.userVaultEquities({ user }), []),
  validatorL1Votes: none(() => info.validatorL1Votes(), []),
  validatorSummaries: none(() => info.validatorSummaries(), []),
  vaultSummaries: none(() => info.vaultSummaries(), []),
};

/** Questions about things that are not: there is no true answer, so the venue has none. */
const UNANSWERED: Readonly<Record<string, readonly [why: string, status: string, ask: () => Promise<unknown>]>> = {
  borrowLendReserveState: ['no other token can be lent', '500', () => info.borrowLendReserveState({ token: 1 })],
  perpDexStatus: ['there is no dex but the main one', '422', () => info.perpDexStatus({ dex: 'xyz' })],
  tokenDetails: ['no such token is listed', '500', () => info.tokenDetails({ tokenId: `0x${'1'.repeat(32)}` })],
};

/** The package declares an answer and forgets that there may be none. */
const NOTHING: Readonly<Record<string, () => Promise<unknown>>> = {
  vaultDetails: () => info.vaultDetails({ vaultAddress: BUILDER }),
};

const ANSWERED = { ...ACCOUNT, ...MARKET, ...ELSEWHERE };

describe('every question of the stock client', () => {
  test('has an entry here', () => {
    expect([...new Set([ANSWERED, NOTHING, UNANSWERED].flatMap((table) => Object.keys(table)))].sort()).toEqual(
      [...methodsOf(InfoClient)].sort(),
    );
  });

  test.each(Object.entries(ANSWERED))('%s', async (method, question) => {
    expect(unlikePromised('info', method, await question.ask())).toEqual([]);
  });

  test.each(Object.entries(NOTHING))('%s is answered with null', async (_method, ask) => {
    expect(await ask()).toBeNull();
  });

  test.each(Object.entries(UNANSWERED))('%s has no answer', async (_method, [why, status, ask]) => {
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error, why).toBeInstanceOf(HttpRequestError);
    expect(error, why).not.toBeInstanceOf(ApiRequestError);
    expect(String(error), why).toContain(status);
  });

  test('an account nobody knows, and an agent, have answers of the same types', async () => {
    const asked = ['clearinghouseState', 'spotClearinghouseState', 'userFees', 'portfolio', 'referral', 'webData2'] as const;
    for (const stranger of [testWallet(99).address, testWallet(61).address])
      for (const method of asked) expect(unlikePromised('info', method, await info[method]({ user: stranger }))).toEqual([]);
    expect(unlikePromised('info', 'userRole', await info.userRole({ user: testWallet(61).address }))).toEqual([]);
    expect(unlikePromised('info', 'userRole', await info.userRole({ user: testWallet(99).address }))).toEqual([]);
  });
});
