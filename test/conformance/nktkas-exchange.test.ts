import { createVenue } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { ApiRequestError, ExchangeClient, HttpRequestError, HttpTransport, InfoClient } from '@nktkas/hyperliquid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { signedRequest } from '../support/signed-request.ts';
import { methodsOf, unlikePromised } from '../support/stock-types.ts';
import { testWallet, type Wallet } from '../support/wallet.ts';

/**
 * Every action the stock client can sign, sent over HTTP by an account of its own with 100,000 USDC. Each entry looks at what the
 * action did; replies are judged by the types the client's own package declares.
 */
let venue: TestVenue;
let info: InfoClient;
let players = 100;
let nonce = START_MS;

interface Player {
  readonly user: `0x${string}`;
  readonly wallet: Wallet;
  readonly client: ExchangeClient;
}

function clientOf(n: number): Player {
  const transport = new HttpTransport({ apiUrl: venue.url });
  const wallet = testWallet(n);
  return { user: wallet.address, wallet, client: new ExchangeClient({ transport, wallet, nonceManager: () => ++nonce }) };
}

function player(): Player {
  players += 1;
  const made = clientOf(players);
  venue.exchange.fund(made.user, microUsd(100_000e6));
  return made;
}

beforeAll(async () => {
  const settings = { subAccountVolumeUsd: 0, scheduleCancelVolume: false, referralCodes: ['FRIEND'] };
  const instruments = ['BTC', 'ETH'].map((coin, assetId) => ({
    ...{ coin, assetId, szDecimals: 5 - assetId, maxLeverage: 40, onlyIsolated: false, isDelisted: false },
  }));
  venue = await openTestVenue({ venue: createVenue({ instruments, settings }) });
  info = new InfoClient({ transport: new HttpTransport({ apiUrl: venue.url }) });
});
afterAll(() => venue.exchange.close());

const USDC = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054' as const;
const CLOID = `0x${'c1'.repeat(16)}` as const;
const limit = (b: boolean, p: string, s = '0.01', tif: 'Gtc' | 'Ioc' | 'Alo' = 'Gtc', c?: `0x${string}`) => ({
  ...{ a: 0, b, p, s, r: false, t: { limit: { tif } } },
  ...(c === undefined ? {} : { c }),
});
const one = (...orders: ReturnType<typeof limit>[]) => ({ orders, grouping: 'na' as const });
const BUY = one(limit(true, '101000', '0.1', 'Ioc'));
const REST = one(limit(true, '90000', '0.01', 'Gtc', CLOID));

const perps = async (user: `0x${string}`): Promise<string> => (await info.clearinghouseState({ user })).withdrawable;
const spot = async (user: `0x${string}`): Promise<string> =>
  (await info.spotClearinghouseState({ user })).balances.find(({ coin }) => coin === 'USDC')?.total ?? '0.0';
const open = async (user: `0x${string}`) => info.openOrders({ user });
const leverage = async (user: `0x${string}`) => (await info.activeAssetData({ user, coin: 'BTC' })).leverage;
async function subOf({ client }: Player): Promise<`0x${string}`> {
  return (await client.createSubAccount({ name: 'second' })).response.data;
}

type Act = (mine: Player) => Promise<unknown>;

/** Actions that do something: each looks at it, and gives its reply for judging. */
const DONE: Readonly<Record<string, Act>> = {
  async order({ client, user }) {
    const reply = await client.order(one(limit(true, '90000', '0.01', 'Gtc', CLOID), limit(true, '101000', '0.1', 'Ioc')));
    expect(reply.response.data.statuses).toMatchObject([{ resting: { cloid: CLOID } }, { filled: { totalSz: '0.1' } }]);
    expect(await open(user)).toHaveLength(1);
    return reply;
  },
  async cancel({ client, user }) {
    await client.order(REST);
    const [row] = await open(user);
    const reply = await client.cancel({ cancels: [{ a: 0, o: row?.oid ?? 0 }] });
    expect(await open(user)).toEqual([]);
    return reply;
  },
  async cancelByCloid({ client, user }) {
    await client.order(REST);
    const reply = await client.cancelByCloid({ cancels: [{ asset: 0, cloid: CLOID }] });
    expect(await open(user)).toEqual([]);
    return reply;
  },
  async modify({ client, user }) {
    await client.order(REST);
    const reply = await client.modify({ oid: CLOID, order: limit(true, '91000', '0.02', 'Alo') });
    expect(await open(user)).toMatchObject([{ limitPx: '91000.0', sz: '0.02' }]);
    return reply;
  },
  async batchModify({ client, user }) {
    await client.order(REST);
    const reply = await client.batchModify({ modifies: [{ oid: CLOID, order: limit(true, '92000', '0.03', 'Alo') }] });
    expect(await open(user)).toMatchObject([{ limitPx: '92000.0', sz: '0.03' }]);
    return reply;
  },
  async scheduleCancel({ client, user }) {
    await client.order(REST);
    const reply = await client.scheduleCancel({ time: venue.clock.now() + 6_000 });
    expect(await open(user)).toHaveLength(1);
    venue.clock.advance(6_001);
    expect(await open(user)).toEqual([]);
    await client.scheduleCancel();
    return reply;
  },
  async updateLeverage({ client, user }) {
    const reply = await client.updateLeverage({ asset: 0, isCross: false, leverage: 7 });
    expect(await leverage(user)).toMatchObject({ type: 'isolated', value: 7 });
    return reply;
  },
  async updateIsolatedMargin({ client, user }) {
    await client.updateLeverage({ asset: 0, isCross: false, leverage: 20 });
    await client.order(BUY);
    const [before] = (await info.clearinghouseState({ user })).assetPositions;
    const reply = await client.updateIsolatedMargin({ asset: 0, isBuy: true, ntli: 100e6 });
    const [after] = (await info.clearinghouseState({ user })).assetPositions;
    expect(Number(after?.position.marginUsed) - Number(before?.position.marginUsed)).toBeCloseTo(100, 6);
    return reply;
  },
  async topUpIsolatedOnlyMargin({ client, user }) {
    await client.updateLeverage({ asset: 0, isCross: false, leverage: 20 });
    await client.order(BUY);
    const reply = await client.topUpIsolatedOnlyMargin({ asset: 0, leverage: '5' });
    const [after] = (await info.clearinghouseState({ user })).assetPositions;
    expect(Number(after?.position.positionValue) / Number(after?.position.marginUsed)).toBeCloseTo(5, 2);
    return reply;
  },
  async noop({ client }) {
    const used = ++nonce;
    const reply = await client.noop({ nonce: used });
    await expect(client.noop({ nonce: used })).rejects.toThrow(`Invalid nonce: duplicate nonce ${used}`);
    return reply;
  },
  async reserveRequestWeight({ client, user }) {
    const reply = await client.reserveRequestWeight({ weight: 1_000 });
    expect(await perps(user)).toBe('99999.5');
    expect(await info.userRateLimit({ user })).toMatchObject({ nRequestsSurplus: expect.any(Number), nRequestsUsed: 0 });
    return reply;
  },
  async approveAgent({ client, user }) {
    const agent = clientOf(901);
    const reply = await client.approveAgent({ agentAddress: agent.user, agentName: 'bot' });
    await agent.client.order(REST);
    expect(await open(user)).toHaveLength(1);
    await expect(agent.client.usdSend({ destination: user, amount: '1' })).rejects.toThrow('Must deposit before performing actions.');
    return reply;
  },
  async approveBuilderFee({ client, user }) {
    const builder = testWallet(902).address;
    await expect(client.order({ ...BUY, builder: { b: builder, f: 10 } })).rejects.toThrow('Builder fee has not been approved.');
    await expect(client.approveBuilderFee({ builder, maxFeeRate: '0.01%' })).rejects.toThrow(
      'Builder has insufficient balance to be approved.',
    );
    venue.exchange.fund(builder, microUsd(100e6));
    const reply = await client.approveBuilderFee({ builder, maxFeeRate: '0.01%' });
    await client.order({ ...BUY, builder: { b: builder, f: 10 } });
    expect((await info.userFills({ user }))[0]).toMatchObject({ builderFee: expect.stringMatching(/^\d+\.\d+$/) });
    return reply;
  },
  async claimRewards({ client, user }) {
    const buyer = player();
    await buyer.client.approveBuilderFee({ builder: user, maxFeeRate: '0.1%' });
    await buyer.client.order({ ...BUY, builder: { b: user, f: 100 } });
    const reply = await client.claimRewards();
    expect(Number(await spot(user))).toBeGreaterThan(0);
    await expect(client.claimRewards()).rejects.toThrow('No rewards to claim.');
    return reply;
  },
  async setReferrer({ client, user }) {
    const reply = await client.setReferrer({ code: 'FRIEND' });
    expect(await info.referral({ user })).toMatchObject({ referredBy: { code: 'FRIEND' } });
    expect(unlikePromised('info', 'referral', await info.referral({ user }))).toEqual([]);
    return reply;
  },
  async registerReferrer({ client, user }) {
    await expect(client.registerReferrer({ code: 'MINE' })).rejects.toThrow(
      'Cannot register referral code until enough volume traded. Required: $10000. Traded: $0.',
    );
    await client.order(one(limit(true, '101000', '0.2', 'Ioc')));
    expect(await info.referral({ user })).toMatchObject({ referrerState: { stage: 'needToCreateCode' } });
    const reply = await client.registerReferrer({ code: 'MINE' });
    const friend = player();
    await friend.client.setReferrer({ code: 'MINE' });
    expect(await info.referral({ user: friend.user })).toMatchObject({ referredBy: { code: 'MINE', referrer: user } });
    const answer = await info.referral({ user });
    expect(answer).toMatchObject({ referrerState: { stage: 'ready', data: { code: 'MINE', nReferrals: 1 } } });
    expect(unlikePromised('info', 'referral', answer)).toEqual([]);
    const again = (code: string) => client.registerReferrer({ code });
    await expect(again('OTHER')).rejects.toThrow('Referrer already has a code');
    await expect(again('MINE')).rejects.toThrow('Referral code already registered');
    await expect(client.setReferrer({ code: 'MINE' })).rejects.toThrow('Cannot refer yourself.');
    return reply;
  },
  async setDisplayName({ client }) {
    return client.setDisplayName({ displayName: 'somebody' });
  },
  async spotUser({ client }) {
    return client.spotUser({ toggleSpotDusting: { optOut: true } });
  },
  async evmUserModify({ client }) {
    return client.evmUserModify({ usingBigBlocks: true });
  },
  async usdSend({ client, user }) {
    const other = player();
    const reply = await client.usdSend({ destination: other.user, amount: '12.5' });
    expect([await perps(user), await perps(other.user)]).toEqual(['99987.5', '100012.5']);
    return reply;
  },
  async usdClassTransfer({ client, user }) {
    const reply = await client.usdClassTransfer({ amount: '100', toPerp: false });
    expect([await perps(user), await spot(user)]).toEqual(['99900.0', '100.0']);
    return reply;
  },
  async spotSend({ client, user }) {
    const other = player();
    await client.usdClassTransfer({ amount: '100', toPerp: false });
    const reply = await client.spotSend({ destination: other.user, token: USDC, amount: '40' });
    expect([await spot(user), await spot(other.user)]).toEqual(['60.0', '40.0']);
    return reply;
  },
  async withdraw3({ client, user }) {
    const reply = await client.withdraw3({ destination: user, amount: '10' });
    expect(await perps(user)).toBe('99990.0');
    return reply;
  },
  async sendAsset({ client, user }) {
    const asset = { destinationDex: 'spot', sourceDex: '', token: USDC, amount: '25', fromSubAccount: '' } as const;
    const reply = await client.sendAsset({ destination: user, ...asset });
    expect([await perps(user), await spot(user)]).toEqual(['99975.0', '25.0']);
    return reply;
  },
  async agentSendAsset({ client, user }) {
    const agent = clientOf(903);
    await client.approveAgent({ agentAddress: agent.user, agentName: 'bot' });
    const asset = { destinationDex: 'spot', sourceDex: '', token: USDC, amount: '25', fromSubAccount: '' } as const;
    const reply = await agent.client.agentSendAsset({ destination: user, ...asset });
    expect(await spot(user)).toBe('25.0');
    await expect(agent.client.agentSendAsset({ destination: agent.user, ...asset })).rejects.toThrow('its own account');
    return reply;
  },
  async createSubAccount(mine) {
    const reply = await mine.client.createSubAccount({ name: 'second' });
    expect(await info.subAccounts({ user: mine.user })).toMatchObject([{ name: 'second', subAccountUser: reply.response.data }]);
    return reply;
  },
  async subAccountModify(mine) {
    const reply = await mine.client.subAccountModify({ subAccountUser: await subOf(mine), name: 'renamed' });
    expect(await info.subAccounts({ user: mine.user })).toMatchObject([{ name: 'renamed' }]);
    return reply;
  },
  async subAccountTransfer(mine) {
    const sub = await subOf(mine);
    const reply = await mine.client.subAccountTransfer({ subAccountUser: sub, isDeposit: true, usd: 1_000e6 });
    expect([await perps(mine.user), await perps(sub)]).toEqual(['99000.0', '1000.0']);
    await mine.client.order(REST, { vaultAddress: sub });
    expect(await open(sub)).toHaveLength(1);
    return reply;
  },
  async subAccountSpotTransfer(mine) {
    const sub = await subOf(mine);
    await mine.client.usdClassTransfer({ amount: '100', toPerp: false });
    const reply = await mine.client.subAccountSpotTransfer({ subAccountUser: sub, isDeposit: true, token: USDC, amount: '40' });
    expect([await spot(mine.user), await spot(sub)]).toEqual(['60.0', '40.0']);
    return reply;
  },
  // There is one way to hold an account here: leaving it as it is is granted, and anything else refused.
  async userSetAbstraction({ client, user }) {
    await expect(client.userSetAbstraction({ user, abstraction: 'unifiedAccount' })).rejects.toThrow('is not supported by this exchange.');
    return client.userSetAbstraction({ user, abstraction: 'disabled' });
  },
  async agentSetAbstraction({ client }) {
    await expect(client.agentSetAbstraction({ abstraction: 'u' })).rejects.toThrow('is not supported by this exchange.');
    return client.agentSetAbstraction({ abstraction: 'i' });
  },
  async userDexAbstraction({ client, user }) {
    await expect(client.userDexAbstraction({ user, enabled: true })).rejects.toThrow('is not supported by this exchange.');
    return client.userDexAbstraction({ user, enabled: false });
  },
  async userPortfolioMargin({ client, user }) {
    await expect(client.userPortfolioMargin({ user, enabled: true })).rejects.toThrow(
      'Portfolio margin is not supported by this exchange.',
    );
    return client.userPortfolioMargin({ user, enabled: false });
  },
};

const someone = testWallet(904).address;

/** Actions that are read, checked like any other, and refused in words. */
const REFUSED: Readonly<Record<string, readonly [words: RegExp, act: Act]>> = {
  agentEnableDexAbstraction: [/Account abstraction is not supported/, ({ client }) => client.agentEnableDexAbstraction()],
  twapOrder: [
    /TWAP orders are not supported/,
    ({ client }) => client.twapOrder({ twap: { a: 0, b: true, s: '1', r: false, m: 30, t: false } }),
  ],
  twapCancel: [/TWAP orders are not supported/, ({ client }) => client.twapCancel({ a: 0, t: 1 })],
  vaultTransfer: [/^Vault not registered: 0x/, ({ client }) => client.vaultTransfer({ vaultAddress: someone, isDeposit: true, usd: 10e6 })],
};

/** Actions of another trade than perpetuals: this exchange has no such thing, and says that it does not know the action. */
const UNKNOWN: Readonly<Record<string, readonly [why: string, act: Act]>> = {
  activateOutcomeDeployer: ['outcomes', ({ client }) => client.activateOutcomeDeployer({ isDeactivate: false })],
  authorizeAqav2Role: ['token deployment', ({ client }) => client.authorizeAqav2Role({ token: 0, role: 'technical' })],
  borrowLend: ['lending', ({ client }) => client.borrowLend({ operation: 'supply', token: 0, amount: '20' })],
  cDeposit: ['staking', ({ client }) => client.cDeposit({ wei: 1e8 })],
  cSignerAction: ['validators', ({ client }) => client.cSignerAction({ jailSelf: null })],
  cValidatorAction: ['validators', ({ client }) => client.cValidatorAction({ unregister: null })],
  cWithdraw: ['staking', ({ client }) => client.cWithdraw({ wei: 1e8 })],
  convertToMultiSigUser: ['multi-sig', ({ client }) => client.convertToMultiSigUser({ signers: null })],
  createVault: ['vaults', ({ client }) => client.createVault({ name: 'a vault', description: 'money of many', initialUsd: 100e6 })],
  finalizeEvmContract: ['EVM', ({ client }) => client.finalizeEvmContract({ token: 200, input: { create: { nonce: 0 } } })],
  gossipPriorityBid: ['nodes', ({ client }) => client.gossipPriorityBid({ slotId: 0, ip: '1.2.3.4', maxGas: 1e8 })],
  hip3LiquidatorTransfer: ['HIP-3', ({ client }) => client.hip3LiquidatorTransfer({ dex: 'test', ntl: 1e9, isDeposit: true })],
  linkStakingUser: ['staking', ({ client }) => client.linkStakingUser({ user: someone, isFinalize: false })],
  perpDeploy: ['HIP-3', ({ client }) => client.perpDeploy({ setOracle: { dex: 'test', oraclePxs: [], markPxs: [], externalPerpPxs: [] } })],
  sendToEvmWithData: [
    'EVM',
    ({ client }) =>
      client.sendToEvmWithData({
        ...{ token: 'USDC', amount: '1', sourceDex: 'spot', destinationRecipient: someone, addressEncoding: 'hex' },
        ...{ destinationChainId: 42161, gasLimit: 200_000, data: '0x' },
      }),
  ],
  spotDeploy: ['spot deployment', ({ client }) => client.spotDeploy({ registerSpot: { tokens: [1, 0] } })],
  stakingLinkDisableTradingUser: ['staking', ({ client }) => client.stakingLinkDisableTradingUser({ tradingUser: someone })],
  tokenDelegate: ['staking', ({ client }) => client.tokenDelegate({ validator: someone, isUndelegate: true, wei: 1e8 })],
  userOutcome: ['outcomes', ({ client }) => client.userOutcome({ splitOutcome: { outcome: 0, amount: '1' } })],
  validatorL1Stream: ['validators', ({ client }) => client.validatorL1Stream({ riskFreeRate: '0.05' })],
  vaultDistribute: ['vaults', ({ client }) => client.vaultDistribute({ vaultAddress: someone, usd: 10e6 })],
  vaultModify: ['vaults', ({ client }) => client.vaultModify({ vaultAddress: someone, allowDeposits: true, alwaysCloseOnWithdraw: false })],
};

describe('every action of the stock client', () => {
  test('has an entry here', () => {
    expect([DONE, REFUSED, UNKNOWN].flatMap((table) => Object.keys(table)).sort()).toEqual([...methodsOf(ExchangeClient)].sort());
  });

  test.each(Object.entries(DONE))('%s', async (method, act) => {
    expect(unlikePromised('exchange', method, await act(player()))).toEqual([]);
    expect(venue.exchange.audit().conservationErrorUsd).toBe(0);
  });

  test('a code of another length than 1 to 20 is refused, also when no client has looked at it', async () => {
    const { user, wallet, client } = player();
    await client.order(BUY);
    const send = async (code: string) =>
      (await venue.post('/exchange', await signedRequest(wallet, { type: 'registerReferrer', code }, ++nonce))).json;
    expect(await send('')).toEqual({ status: 'err', response: 'Referral code must be between 1 and 20 characters long' });
    expect(await info.referral({ user })).toMatchObject({ referrerState: { stage: 'needToCreateCode' } });
  });

  test.each(Object.entries(REFUSED))('%s is refused in words', async (_method, [words, act]) => {
    const error = await act(player()).catch((thrown: unknown) => thrown);
    if (!(error instanceof ApiRequestError)) throw error;
    expect(error.message).toMatch(words);
  });

  test.each(Object.entries(UNKNOWN))('%s is not known here', async (method, [why, act]) => {
    const error = await act(player()).catch((thrown: unknown) => thrown);
    expect(error, why).toBeInstanceOf(HttpRequestError);
    expect(String(error), why).toMatch(/422.*Failed to deserialize the JSON body into the target type.*unknown type/);
    expect(String(error), why).toContain(method.slice(1, 6));
  });
});
