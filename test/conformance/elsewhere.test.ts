import { createVenue, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { ExchangeClient, InfoClient } from '@nktkas/hyperliquid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directTransport } from '../support/direct-transport.ts';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';

/** Questions no recording answers, for what is here and for what is not. */
let venue: TestVenue;
let info: InfoClient;
let client: ExchangeClient;
let nonce = START_MS;
const wallet = testWallet(95);
const user = wallet.address;
const other = testWallet(96).address;

beforeAll(async () => {
  venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]), settings: { subAccountVolumeUsd: 0 } }) });
  venue.exchange.fund(user, microUsd(1_000e6));
  const transport = directTransport(venue.exchange);
  info = new InfoClient({ transport });
  client = new ExchangeClient({ transport, wallet, nonceManager: () => ++nonce });
});
afterAll(() => venue.exchange.close());

const ask = async (body: Readonly<Record<string, unknown>>) => {
  const { status, text } = await venue.exchange.direct.post('/info', body);
  return status === 200 ? JSON.parse(text) : { status, text };
};

describe('what is not here is answered as for an account that never touched it', () => {
  test.each<readonly [type: string, asked: Readonly<Record<string, unknown>>, answer: unknown]>([
    ['perpDexs', {}, [null]],
    ['perpDexLimits', { dex: '' }, null],
    ['perpCategories', {}, []],
    ['perpConciseAnnotations', {}, []],
    ['perpAnnotation', { coin: 'BTC' }, null],
    ['outcomeMeta', {}, { outcomes: [], questions: [] }],
    ['outcomeTemplates', {}, []],
    ['delegations', { user }, []],
    ['delegatorSummary', { user }, { delegated: '0.0', undelegated: '0.0', totalPendingWithdrawal: '0.0', nPendingWithdrawals: 0 }],
    ['delegatorRewards', { user }, []],
    ['validatorSummaries', {}, []],
    ['validatorL1Votes', {}, []],
    ['gossipRootIps', {}, []],
    ['vaultSummaries', {}, []],
    ['vaultDetails', { vaultAddress: other }, null],
    ['leadingVaults', { user }, []],
    ['userBorrowLendInterest', { user, startTime: 0 }, []],
    ['userToMultiSigSigners', { user }, null],
    ['userDexAbstraction', { user }, null],
    ['userAbstraction', { user }, 'disabled'],
    ['legalCheck', { user }, { acceptedTerms: true, userAllowed: true, restrictions: 'n' }],
    ['isVip', { user }, false],
    ['twapHistory', { user }, []],
    ['userTwapSliceFillsByTime', { user, startTime: 0 }, []],
    ['liquidatable', {}, []],
  ])('%s', async (type, asked, answer) => {
    expect(await ask({ type, ...asked })).toEqual(answer);
    // An account that is none is no question.
    if ('user' in asked) expect(await ask({ type, ...asked, user: '0x12' })).toMatchObject({ status: 422 });
  });

  test('and what does not exist at all is 422, as is a field that is missing', async () => {
    for (const body of [
      { type: 'perpDexLimits' },
      { type: 'vaultDetails' },
      { type: 'userBorrowLendInterest', user },
      { type: 'spotDeployState' },
      { type: 'noSuchThing', user },
      { type: 'meta', dex: 'xyz' },
    ])
      expect(await ask(body)).toMatchObject({ status: 422, text: expect.stringContaining('Failed to deserialize the JSON body') });
  });
});

describe('what is here and was never recorded', () => {
  test('preTransferCheck knows who exists and who has acted', async () => {
    expect(await info.preTransferCheck({ user, source: other })).toEqual({
      fee: '0.0',
      isSanctioned: false,
      userExists: true,
      userHasSentTx: false,
    });
    await client.noop({ nonce: ++nonce });
    expect(await info.preTransferCheck({ user, source: other })).toMatchObject({ userHasSentTx: true });
    expect(await info.preTransferCheck({ user: other, source: user })).toMatchObject({ userExists: false, fee: '1.0' });
  });

  test('approvedBuilders lists who may charge, and maxBuilderFee how much', async () => {
    expect(await info.approvedBuilders({ user })).toEqual([]);
    venue.exchange.fund(other, microUsd(100e6));
    await client.approveBuilderFee({ builder: other, maxFeeRate: '0.01%' });
    expect(await info.approvedBuilders({ user })).toEqual([other]);
    expect(await info.maxBuilderFee({ user, builder: other })).toBe(10);
    await client.approveBuilderFee({ builder: other, maxFeeRate: '0%' });
    expect(await info.approvedBuilders({ user })).toEqual([]);
  });

  test('subAccounts2 has the state of each in the one dex there is', async () => {
    expect(await info.subAccounts2({ user })).toBeNull();
    const { response } = await client.createSubAccount({ name: 'second' });
    const [sub] = (await info.subAccounts2({ user })) ?? [];
    expect(sub).toMatchObject({ name: 'second', subAccountUser: response.data, master: user, spotState: { balances: [] } });
    expect(sub?.dexToClearinghouseState).toEqual([['', await info.clearinghouseState({ user: response.data })]]);
  });

  test('batchClearinghouseStates answers for several accounts at once', async () => {
    const single = await Promise.all([user, other].map((each) => info.clearinghouseState({ user: each })));
    expect(await ask({ type: 'batchClearinghouseStates', users: [user, other] })).toEqual(single);
    expect(await ask({ type: 'batchClearinghouseStates', users: ['0x1'] })).toMatchObject({ status: 422 });
  });

  test('webData2 is the whole page: account, orders, universe, contexts', async () => {
    const page = await info.webData2({ user });
    expect(page.clearinghouseState).toEqual(await info.clearinghouseState({ user }));
    expect(page.meta).toEqual(await info.meta());
    expect(page.assetCtxs).toHaveLength(page.meta.universe.length);
    expect(page).toMatchObject({ user, isVault: false, agentAddress: null, cumLedger: '1000.0', leadingVaults: [], twapStates: [] });
  });

  test('maxMarketOrderNtls, marginTable and allPerpMetas agree with meta', async () => {
    const meta = await info.meta();
    expect(await info.allPerpMetas()).toEqual([meta]);
    expect(await info.maxMarketOrderNtls()).toEqual(
      expect.arrayContaining([
        [40, '30000000.0'],
        [20, '5000000.0'],
        [10, '2000000.0'],
        [3, '500000.0'],
      ]),
    );
    expect(await info.marginTable({ id: 56 })).toEqual(meta.marginTables.find(([id]) => id === 56)?.[1]);
    expect(await info.marginTable({ id: 7 })).toEqual({ description: '', marginTiers: [{ lowerBound: '0.0', maxLeverage: 7 }] });
    expect(await ask({ type: 'marginTable', id: 99 })).toEqual({ status: 500, text: 'null' });
  });

  test('exchangeStatus and predictedFundings tell the time', async () => {
    expect(await info.exchangeStatus()).toEqual({ time: venue.exchange.now(), specialStatuses: null });
    const [btc] = await info.predictedFundings();
    expect(btc).toMatchObject([
      'BTC',
      [
        ['BinPerp', null],
        ['HlPerp', { fundingRate: '0.0000125', fundingIntervalHours: 1 }],
        ['BybitPerp', null],
      ],
    ]);
  });

  test('activeAssetData and referral have what a client sizes and greets with', async () => {
    expect(await info.activeAssetData({ user, coin: 'BTC' })).toMatchObject({
      user,
      coin: 'BTC',
      leverage: { type: 'cross', value: 20 },
      availableToTrade: ['1000.0', '1000.0'],
    });
    expect(await info.referral({ user })).toMatchObject({
      referredBy: null,
      referrerState: { stage: 'needToTrade', data: { required: expect.any(String) } },
    });
  });

  test('userFillsByTime has both ends, oldest first, or newest first when reversed', async () => {
    const trade = () =>
      client.order({ orders: [{ a: 0, b: true, p: '101000', s: '0.001', r: false, t: { limit: { tif: 'Ioc' } } }], grouping: 'na' });
    for (let i = 0; i < 3; i += 1) {
      await trade();
      venue.clock.advance(1_000);
    }
    const [newest, middle, oldest] = await info.userFills({ user });
    if (newest === undefined || middle === undefined || oldest === undefined) throw new Error('expected three fills');
    const between = { user, startTime: oldest.time, endTime: middle.time };
    expect(await info.userFillsByTime(between)).toEqual([oldest, middle]);
    expect(await info.userFillsByTime({ ...between, reversed: true })).toEqual([middle, oldest]);
    expect(await info.userFillsByTime({ user, startTime: middle.time, endTime: null })).toEqual([middle, newest]);
    expect(await info.userFillsByTime({ user, startTime: newest.time + 1 })).toEqual([]);
    expect(await ask({ type: 'userFillsByTime', user })).toMatchObject({ status: 422 });
  });
});
