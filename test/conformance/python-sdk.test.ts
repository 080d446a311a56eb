import { createVenue, type Network, universeOf } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { type PythonOrder, PythonSdk, pythonJson } from '../support/python-sdk.ts';
import { rawSocket } from '../support/raw-client.ts';
import { testWallet } from '../support/wallet.ts';

/** What the venue's own client in Python sends, to the byte, and what it needs of the answers. */
let nonce = START_MS;
const nextNonce = (): number => ++nonce;

const open = (network: Network = 'testnet'): Promise<TestVenue> => {
  const settings = { subAccountVolumeUsd: 0, scheduleCancelVolume: false };
  return openTestVenue({ network, venue: createVenue({ instruments: universeOf([]), settings }) });
};

let venue: TestVenue;
let players = 300;
beforeAll(async () => {
  venue = await open();
});
afterAll(() => venue.exchange.close());

async function player() {
  players += 1;
  const wallet = testWallet(players);
  venue.exchange.fund(wallet.address, microUsd(100_000e6));
  const sdk = new PythonSdk({ url: venue.url, wallet, nonce: nextNonce });
  await sdk.start();
  return { sdk, user: wallet.address, wallet };
}

const CLOID = `0x${'0'.repeat(31)}1`;
const bid = (limit_px: number, sz = 0.01, cloid?: string): PythonOrder => ({
  ...{ coin: 'BTC', is_buy: true, sz, limit_px, order_type: { limit: { tif: 'Gtc' } } },
  ...(cloid === undefined ? {} : { cloid }),
});
const OK = { status: 'ok', response: { type: 'default' } };
const state = (sdk: PythonSdk, user: string) =>
  sdk.info<{ withdrawable: string; assetPositions: { position: { szi: string; leverage: object } }[] }>('clearinghouseState', {
    user,
    dex: '',
  });

describe('the client in Python', () => {
  test('starts: spot pairs, then perpetuals, of the dexs it is told of or of the main one', async () => {
    const { sdk, user } = await player();
    expect(sdk.assets.get('BTC')).toBe(0);
    expect(sdk.assets.get('PURR/USDC')).toBe(10_000);
    expect(sdk.assets.get('@1')).toBe(10_001);
    await new PythonSdk({ url: venue.url, wallet: testWallet(300), nonce: nextNonce }).start(['']);
    // Its examples go on only when there is equity on one of the two.
    expect(await sdk.info('clearinghouseState', { user, dex: '' })).toMatchObject({ marginSummary: { accountValue: '100000.0' } });
    expect(sdk.sent).toBe(`{"type": "clearinghouseState", "user": "${user}", "dex": ""}`);
    expect(await sdk.info('spotClearinghouseState', { user })).toEqual({ balances: [] });
  });

  test('places an order, asks for it by oid, cancels it', async () => {
    const { sdk, user } = await player();
    const placed = await sdk.bulkOrders([bid(90_000)]);
    expect(sdk.sent).toMatch(
      /^\{"action": \{"type": "order", "orders": \[\{"a": 0, "b": true, "p": "90000", "s": "0.01", "r": false, "t": \{"limit": \{"tif": "Gtc"\}\}\}\], "grouping": "na"\}, "nonce": \d+, "signature": \{"r": "0x[0-9a-f]+", "s": "0x[0-9a-f]+", "v": 2[78]\}, "vaultAddress": null, "expiresAfter": null\}$/,
    );
    const oid = placed.response.data?.statuses[0]?.resting?.oid ?? 0;
    expect(await sdk.info('orderStatus', { user, oid })).toMatchObject({ status: 'order', order: { status: 'open', order: { oid } } });
    expect(await sdk.info('openOrders', { user, dex: '' })).toHaveLength(1);
    expect(await sdk.info('frontendOpenOrders', { user, dex: '' })).toHaveLength(1);
    expect(await sdk.cancel('BTC', oid)).toEqual({ status: 'ok', response: { type: 'cancel', data: { statuses: ['success'] } } });
    expect(await sdk.cancel('BTC', oid)).toMatchObject({
      response: { data: { statuses: [{ error: 'Order was never placed, already canceled, or filled. asset=0' }] } },
    });
  });

  test('names its orders, asks by the name, modifies and cancels by it', async () => {
    const { sdk, user } = await player();
    await sdk.bulkOrders([bid(90_000, 0.01, CLOID)]);
    expect(await sdk.info('orderStatus', { user, oid: CLOID })).toMatchObject({ status: 'order', order: { order: { cloid: CLOID } } });
    expect(await sdk.bulkModify([{ oid: CLOID, order: bid(91_000, 0.02, CLOID) }])).toMatchObject({
      status: 'ok',
      response: { type: 'order', data: { statuses: [{ resting: { cloid: CLOID } }] } },
    });
    expect(await sdk.info('openOrders', { user, dex: '' })).toMatchObject([{ limitPx: '91000.0', sz: '0.02' }]);
    expect(await sdk.cancelByCloid('BTC', CLOID)).toMatchObject({ response: { data: { statuses: ['success'] } } });
  });

  test('opens and closes at the market: five per cent past the middle', async () => {
    const { sdk, user } = await player();
    expect(await sdk.marketClose('BTC', user)).toBeNull();
    const opened = await sdk.marketOpen('BTC', true, 0.05);
    expect(opened.response.data?.statuses).toMatchObject([{ filled: { totalSz: '0.05' } }]);
    const closed = await sdk.marketClose('BTC', user);
    expect(closed?.response.data?.statuses).toMatchObject([{ filled: { totalSz: '0.05' } }]);
    expect((await state(sdk, user)).assetPositions).toEqual([]);
    expect(await sdk.info('userFills', { user })).toHaveLength(2);
    const fills = await sdk.info('userFillsByTime', { user, startTime: START_MS, endTime: null, aggregateByTime: false });
    expect(fills).toHaveLength(2);
  });

  test('brackets an entry', async () => {
    const { sdk, user } = await player();
    const exit = (triggerPx: number, tpsl: 'tp' | 'sl'): PythonOrder => ({
      ...{ coin: 'BTC', is_buy: false, sz: 0.01, limit_px: triggerPx * 0.9, reduce_only: true },
      order_type: { trigger: { isMarket: true, triggerPx, tpsl } },
    });
    const placed = await sdk.bulkOrders([bid(95_000), exit(90_000, 'sl'), exit(120_000, 'tp')], 'normalTpsl');
    expect(placed.response.data?.statuses).toMatchObject([{ resting: {} }, 'waitingForFill', 'waitingForFill']);
    expect(await sdk.info('frontendOpenOrders', { user, dex: '' })).toHaveLength(3);
  });

  test('sets leverage and isolated margin', async () => {
    const { sdk, user } = await player();
    expect(await sdk.act({ type: 'updateLeverage', asset: 0, isCross: false, leverage: 21 })).toEqual(OK);
    await sdk.marketOpen('BTC', true, 0.05);
    expect(await sdk.act({ type: 'updateIsolatedMargin', asset: 0, isBuy: true, ntli: 1_000_000 })).toEqual(OK);
    expect((await state(sdk, user)).assetPositions[0]?.position.leverage).toMatchObject({ type: 'isolated', value: 21 });
  });

  test('moves money, writing its amounts as Python writes floats', async () => {
    const [{ sdk, user }, { user: other }] = [await player(), await player()];
    const time = nextNonce;
    const usd = { destination: other, amount: '1.0', time: time(), type: 'usdSend' };
    expect(await sdk.sign('UsdSend', usd, ['destination', 'amount', 'time'])).toEqual(OK);
    expect(sdk.sent).toContain(
      `{"destination": "${other}", "amount": "1.0", "time": ${usd.time}, "type": "usdSend", "signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"}`,
    );
    const classTransfer = { type: 'usdClassTransfer', amount: '50.0', toPerp: false, nonce: time() };
    expect(await sdk.sign('UsdClassTransfer', classTransfer, ['amount', 'toPerp', 'nonce'])).toEqual(OK);
    const token = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054';
    const spot = { destination: other, amount: '2.5', token, time: time(), type: 'spotSend' };
    expect(await sdk.sign('SpotSend', spot, ['destination', 'token', 'amount', 'time'])).toEqual(OK);
    const asset = { type: 'sendAsset', destination: user, sourceDex: 'spot', destinationDex: '', token, amount: '1.23' };
    const sent = ['destination', 'sourceDex', 'destinationDex', 'token', 'amount', 'fromSubAccount', 'nonce'];
    expect(await sdk.sign('SendAsset', { ...asset, fromSubAccount: '', nonce: time() }, sent)).toEqual(OK);
    const withdrawal = { destination: user, amount: '5.0', time: time(), type: 'withdraw3' };
    expect(await sdk.sign('Withdraw', withdrawal, ['destination', 'amount', 'time'])).toEqual(OK);
    expect((await state(sdk, user)).withdrawable).toBe('99945.23');
    expect(await sdk.info('userNonFundingLedgerUpdates', { user, startTime: 0 })).toHaveLength(6);
    expect(await sdk.info('userNonFundingLedgerUpdates', { user, startTime: 0, endTime: nonce + 10_000 })).toHaveLength(6);
  });

  test('approves an agent with a name and one without, which then trades for the account', async () => {
    const { sdk, user } = await player();
    const signed = ['agentAddress', 'agentName', 'nonce'];
    for (const [n, agentName] of [
      [801, 'bot'],
      [802, ''],
    ] as const) {
      const agent = testWallet(n);
      const action = { type: 'approveAgent', agentAddress: agent.address, agentName, nonce: nextNonce() };
      expect(await sdk.sign('ApproveAgent', action, signed, agentName === '' ? ['agentName'] : [])).toEqual(OK);
      expect(sdk.sent.includes('agentName')).toBe(agentName !== '');
      const byAgent = new PythonSdk({ url: venue.url, wallet: agent, nonce: nextNonce });
      await byAgent.start();
      expect(await byAgent.marketOpen('BTC', true, 0.01)).toMatchObject({ status: 'ok' });
    }
    expect((await state(sdk, user)).assetPositions[0]?.position.szi).toBe('0.02');
    expect(await sdk.info('extraAgents', { user })).toMatchObject([{ name: 'bot' }]);
  });

  test('makes a sub-account, pays it in, and trades as it', async () => {
    const { sdk, user, wallet } = await player();
    expect(await sdk.act({ type: 'createSubAccount', name: 'example123' }, { ofVault: false })).toMatchObject({ status: 'ok' });
    const [sub] = await sdk.info<{ name: string; subAccountUser: `0x${string}` }[]>('subAccounts', { user });
    const subAccountUser = sub?.subAccountUser ?? '0x';
    const inward = { subAccountUser, isDeposit: true };
    expect(await sdk.act({ type: 'subAccountTransfer', ...inward, usd: 1_000_000_000 }, { ofVault: false })).toEqual(OK);
    const toSpot = { type: 'usdClassTransfer', amount: '50.0', toPerp: false, nonce: nextNonce() };
    await sdk.sign('UsdClassTransfer', toSpot, ['amount', 'toPerp', 'nonce']);
    const token = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054';
    // A float: the hash is over "2.0" as it is written.
    expect(await sdk.act({ type: 'subAccountSpotTransfer', ...inward, token, amount: '2.0' }, { ofVault: false })).toEqual(OK);
    const asSub = new PythonSdk({ url: venue.url, wallet, nonce: nextNonce, vault: subAccountUser });
    await asSub.start();
    expect(await asSub.bulkOrders([bid(90_000)])).toMatchObject({ status: 'ok' });
    expect(await sdk.info('openOrders', { user: subAccountUser, dex: '' })).toHaveLength(1);
    const home = { type: 'usdClassTransfer', amount: `1.0 subaccount:${subAccountUser}`, toPerp: true, nonce: nextNonce() };
    expect(await asSub.sign('UsdClassTransfer', home, ['amount', 'toPerp', 'nonce'])).toEqual(OK);
    expect(asSub.sent).toContain('"vaultAddress": null');
  });

  test('approves a builder and pays it', async () => {
    const { sdk } = await player();
    const builder = testWallet(803).address;
    venue.exchange.fund(builder, microUsd(100e6));
    const action = { maxFeeRate: '0.01%', builder, nonce: nextNonce(), type: 'approveBuilderFee' };
    expect(await sdk.sign('ApproveBuilderFee', action, ['maxFeeRate', 'builder', 'nonce'])).toEqual(OK);
    expect(await sdk.bulkOrders([bid(101_000)], 'na', { b: builder, f: 10 })).toMatchObject({ status: 'ok' });
  });

  test('sets times: an expiry, a cancellation of everything, a nonce used up', async () => {
    const { sdk, user } = await player();
    sdk.expiresAfter = venue.clock.now() - 1;
    expect(await sdk.bulkOrders([bid(90_000)])).toEqual({ status: 'err', response: 'Action already expired' });
    sdk.expiresAfter = venue.clock.now() + 60_000;
    expect(await sdk.bulkOrders([bid(90_000)])).toMatchObject({ status: 'ok' });
    sdk.expiresAfter = null;
    expect(await sdk.act({ type: 'scheduleCancel', time: venue.clock.now() + 10_000 })).toEqual(OK);
    expect(await sdk.act({ type: 'scheduleCancel' })).toEqual(OK);
    const spent = nextNonce();
    expect(await sdk.act({ type: 'noop' }, { nonce: spent })).toEqual(OK);
    expect(await sdk.act({ type: 'noop' }, { nonce: spent })).toEqual({
      status: 'err',
      response: `Invalid nonce: duplicate nonce ${spent}`,
    });
    expect(await sdk.info('openOrders', { user, dex: '' })).toHaveLength(1);
  });

  test('is told in words what there is none of', async () => {
    const { sdk, user } = await player();
    const refused = (response: string) => ({ status: 'err', response });
    expect(await sdk.act({ type: 'setReferrer', code: 'ASDFASDF' }, { ofVault: false })).toEqual(refused('Referral code not registered'));
    const vault = testWallet(804).address;
    expect(await sdk.act({ type: 'vaultTransfer', vaultAddress: vault, isDeposit: true, usd: 5_000_000 }, { ofVault: false })).toEqual(
      refused(`Vault not registered: ${vault}`),
    );
    expect(await sdk.act({ type: 'evmUserModify', usingBigBlocks: true }, { ofVault: false })).toEqual(OK);
    expect(await sdk.act({ type: 'agentEnableDexAbstraction' })).toMatchObject({ status: 'err' });
    expect(await sdk.act({ type: 'agentSetAbstraction', abstraction: 'i' })).toEqual(OK);
    const own = { type: 'userSetAbstraction', user, abstraction: 'disabled', nonce: nextNonce() };
    expect(await sdk.sign('UserSetAbstraction', own, ['user', 'abstraction', 'nonce'])).toEqual(OK);
    const dexs = { type: 'userDexAbstraction', user, enabled: false, nonce: nextNonce() };
    expect(await sdk.sign('UserDexAbstraction', dexs, ['user', 'enabled', 'nonce'])).toEqual(OK);
    for (const type of ['spotDeploy', 'perpDeploy', 'CSignerAction', 'CValidatorAction', 'multiSig', 'gossipPriorityBid'])
      await expect(sdk.act({ type })).rejects.toThrow('ClientError 422 Failed to deserialize the JSON body into the target type');
    const delegation = { validator: vault, wei: 1, isUndelegate: false, nonce: nextNonce(), type: 'tokenDelegate' };
    await expect(sdk.sign('TokenDelegate', delegation, ['validator', 'nonce'])).rejects.toThrow('ClientError 422');
    const signers = { type: 'convertToMultiSigUser', signers: '{}', nonce: nextNonce() };
    await expect(sdk.sign('ConvertToMultiSigUser', signers, ['signers', 'nonce'])).rejects.toThrow('ClientError 422');
  });

  test('asks everything it can ask', async () => {
    const { sdk, user } = await player();
    const startTime = START_MS;
    const asked: readonly (readonly [type: string, rest: Readonly<Record<string, unknown>>])[] = [
      ...['perpDexs', 'spotMeta', 'spotMetaAndAssetCtxs', 'metaAndAssetCtxs', 'perpDeployAuctionStatus'].map((type) => [type, {}] as const),
      ...['userFills', 'userFees', 'delegatorSummary', 'delegations', 'delegatorRewards', 'delegatorHistory', 'referral'].map(
        (type) => [type, { user }] as const,
      ),
      ...['subAccounts', 'userToMultiSigSigners', 'userDexAbstraction', 'userAbstraction', 'historicalOrders', 'portfolio'].map(
        (type) => [type, { user }] as const,
      ),
      ...['userTwapSliceFills', 'userVaultEquities', 'userRole', 'userRateLimit', 'spotDeployState', 'extraAgents'].map(
        (type) => [type, { user }] as const,
      ),
      ['fundingHistory', { coin: 'BTC', startTime }],
      ['fundingHistory', { coin: 'BTC', startTime, endTime: startTime + 1 }],
      ['userFunding', { user, startTime }],
      ['userFunding', { user, startTime, endTime: startTime + 1 }],
      ['userNonFundingLedgerUpdates', { user, startTime, endTime: null }],
      ['l2Book', { coin: 'BTC' }],
      ['candleSnapshot', { req: { coin: 'BTC', interval: '1m', startTime, endTime: startTime + 60_000 } }],
    ];
    for (const [type, rest] of asked) await sdk.info(type, rest);
    await expect(sdk.info('meta', { dex: 'xyz' })).rejects.toThrow('ClientError 422');
  });

  test('signs for the testnet at any address but one: mainnet alone does not know it, nor its transfers', async () => {
    const strict = await open('mainnet');
    const wallet = testWallet(805);
    strict.exchange.fund(wallet.address, microUsd(1_000e6));
    const sdk = new PythonSdk({ url: strict.url, wallet, nonce: nextNonce });
    await sdk.start();
    expect(await sdk.bulkOrders([bid(90_000)])).toMatchObject({
      status: 'err',
      response: expect.stringMatching(/^User or API Wallet 0x[0-9a-f]{40} does not exist\.$/),
    });
    const usd = { destination: wallet.address, amount: '1.0', time: nextNonce(), type: 'usdSend' };
    expect(await sdk.sign('UsdSend', usd, ['destination', 'amount', 'time'])).toEqual({
      status: 'err',
      response: 'Mainnet and testnet require different signature.',
    });
    await strict.exchange.close();
  });

  test('is understood when r or s are short, as they come out at times', async () => {
    const { sdk } = await player();
    let short = 0;
    for (let tries = 0; tries < 400 && short < 3; tries += 1) {
      const reply = await sdk.act({ type: 'noop' });
      if (!/"[rs]": "0x[0-9a-f]{1,63}"/.test(sdk.sent)) continue;
      expect(reply).toEqual(OK);
      short += 1;
    }
    expect(short).toBe(3);
  });
});

type Message = { readonly channel: string; readonly data?: unknown };

/** The listener a message is for, as the client reads it; throws where it would. */
function listener({ channel, data }: Message): string | null {
  const need = (field: string, from: unknown = data): string => {
    const value: unknown = typeof from === 'object' && from !== null ? new Map(Object.entries(from)).get(field) : undefined;
    if (typeof value !== 'string') throw new Error(`KeyError ${field} of ${channel}`);
    return value.toLowerCase();
  };
  if (['pong', 'allMids', 'orderUpdates'].includes(channel)) return channel;
  if (channel === 'user') return 'userEvents';
  if (['l2Book', 'bbo', 'activeAssetCtx'].includes(channel)) return `${channel}:${need('coin')}`;
  if (channel === 'activeSpotAssetCtx') return `activeAssetCtx:${need('coin')}`;
  if (channel === 'trades') return Array.isArray(data) && data.length > 0 ? `trades:${need('coin', data[0])}` : null;
  if (channel === 'candle') return `candle:${need('s')},${need('i')}`;
  if (channel === 'activeAssetData') return `activeAssetData:${need('coin')},${need('user')}`;
  if (['userFills', 'userFundings', 'userNonFundingLedgerUpdates', 'webData2'].includes(channel)) return `${channel}:${need('user')}`;
  return null;
}

describe('the stream of the client in Python', () => {
  test('every message it gets is for a listener it has, and unsubscribing ends them', async () => {
    const { sdk, user } = await player();
    const socket = await rawSocket(venue.port);
    const say = (message: unknown): void => socket.socket.send(pythonJson(message));
    // What its example listens to, the user with capitals as the address of a key is written.
    const upper = `0x${user.slice(2).toUpperCase()}`;
    const subscriptions: readonly (readonly [identifier: string, subscription: Readonly<Record<string, string>>])[] = [
      ['allMids', { type: 'allMids' }],
      ['l2Book:eth', { type: 'l2Book', coin: 'ETH' }],
      ['l2Book:btc', { type: 'l2Book', coin: 'BTC' }],
      ['trades:btc', { type: 'trades', coin: 'BTC' }],
      ['userEvents', { type: 'userEvents', user: upper }],
      [`userFills:${user}`, { type: 'userFills', user: upper }],
      ['candle:btc,1m', { type: 'candle', coin: 'BTC', interval: '1m' }],
      ['orderUpdates', { type: 'orderUpdates', user: upper }],
      [`userFundings:${user}`, { type: 'userFundings', user: upper }],
      [`userNonFundingLedgerUpdates:${user}`, { type: 'userNonFundingLedgerUpdates', user: upper }],
      [`webData2:${user}`, { type: 'webData2', user: upper }],
      ['bbo:btc', { type: 'bbo', coin: 'BTC' }],
      ['activeAssetCtx:btc', { type: 'activeAssetCtx', coin: 'BTC' }],
      ['activeAssetCtx:@1', { type: 'activeAssetCtx', coin: '@1' }],
      [`activeAssetData:btc,${user}`, { type: 'activeAssetData', user: upper, coin: 'BTC' }],
    ];
    for (const [, subscription] of subscriptions) say({ method: 'subscribe', subscription });
    await sdk.marketOpen('BTC', true, 0.01);
    await sdk.bulkOrders([bid(90_000)]);
    venue.clock.advance(5_000);
    say({ method: 'ping' });
    await socket.of('pong');
    const known = new Set(subscriptions.map(([identifier]) => identifier));
    const heard = new Set<string>();
    for (const text of socket.texts.splice(0)) {
      const message: Message = JSON.parse(text);
      const identifier = listener(message);
      if (identifier === null) expect(message.channel).toBe('subscriptionResponse');
      else heard.add(identifier);
    }
    expect([...heard].filter((identifier) => !known.has(identifier))).toEqual([]);
    expect([...known].filter((identifier) => !heard.has(identifier))).toEqual([]);
    for (const [, subscription] of subscriptions) say({ method: 'unsubscribe', subscription });
    await socket.settled();
    socket.texts.splice(0);
    venue.clock.advance(5_000);
    await sdk.marketClose('BTC', user);
    await socket.settled();
    expect(socket.texts).toEqual([]);
    socket.close();
  });
});
