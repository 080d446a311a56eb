import { createVenue, universeOf, type VenueSettings } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { ExchangeClient } from '@nktkas/hyperliquid';
import { afterEach, describe, expect, test } from 'vitest';
import { directTransport } from '../support/direct-transport.ts';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

/** The refusals of the venue that no recording has, each in the state that brings it about. */
let venue: TestVenue;
let nonce = START_MS;
const wallet = testWallet(91);
const user = wallet.address;
const clientOf = (by: typeof wallet, signatureChainId?: `0x${string}`) =>
  new ExchangeClient({
    transport: directTransport(venue.exchange),
    wallet: by,
    nonceManager: () => ++nonce,
    ...(signatureChainId === undefined ? {} : { signatureChainId }),
  });

async function open(settings: Partial<VenueSettings> = {}): Promise<ExchangeClient> {
  venue = await openTestVenue({ venue: createVenue({ instruments: universeOf([]), settings }) });
  venue.exchange.fund(user, microUsd(100_000e6));
  return clientOf(wallet);
}
afterEach(() => venue.exchange.close());

const send = async (action: Readonly<Record<string, unknown>>, by = wallet): Promise<unknown> => {
  nonce += 1;
  return JSON.parse((await venue.exchange.direct.post('/exchange', await signedRequest(by, action, nonce))).text);
};
/** What a call of the stock client was refused with. */
const said = async (answer: Promise<unknown>): Promise<unknown> => {
  const error = await answer.then(
    () => 'ok',
    (thrown: unknown) => thrown,
  );
  return error instanceof Error && 'response' in error ? error.response : error;
};
const err = (response: string) => ({ status: 'err', response });
const statuses = (...list: readonly unknown[]) => ({ status: 'ok', response: { type: 'order', data: { statuses: list } } });
const limit = (p: string, extra: object = {}) => ({ a: 0, b: true, p, s: '0.01', r: false, t: { limit: { tif: 'Gtc' } }, ...extra });
const orders = (...list: readonly object[]) => ({ type: 'order', orders: list, grouping: 'na' });
const stop = { a: 0, b: false, p: '80000', s: '0.01', r: false, t: { trigger: { isMarket: true, triggerPx: '90000', tpsl: 'sl' } } };

describe('orders', () => {
  test('a child that is not reduce-only refuses its batch', async () => {
    await open();
    expect(await send({ ...orders(stop), grouping: 'positionTpsl' })).toEqual(statuses({ error: 'TP/SL orders must be reduce only.' }));
  });

  test('spot pairs are refused one by one, beside perpetuals that go on, and other dexs are no asset', async () => {
    await open();
    const spot = { a: 10_000, b: true, p: '0.1', s: '200', r: false, t: { limit: { tif: 'Gtc' } } };
    expect(await send(orders(spot, limit('90000'), { ...spot, a: 10_001 }))).toEqual(
      statuses(
        { error: 'Insufficient spot balance asset=10000' },
        { resting: { oid: expect.any(Number) } },
        { error: 'Insufficient spot balance asset=10001' },
      ),
    );
    expect(await send(orders(spot))).toEqual(statuses({ error: 'Insufficient spot balance asset=10000' }));
    expect(await send(orders(spot, limit('90000.123')))).toEqual(
      statuses({ error: 'Insufficient spot balance asset=10000' }, { error: 'Order has invalid price.' }),
    );
    // HYPE is a pair; 71 was one.
    expect(await send(orders({ ...spot, a: 10_107 }))).toEqual(statuses({ error: 'Insufficient spot balance asset=10107' }));
    for (const a of [10_071, 10_999, 110_000, 100_000_001])
      expect(await send(orders({ ...spot, a }))).toEqual(statuses({ error: 'Order has invalid asset.' }));
  });

  test('a client order id of an open order, where the venue is set to refuse it', async () => {
    await open({ duplicateCloid: 'refused' });
    const c = `0x${'c'.repeat(32)}`;
    expect(await send(orders(limit('90000', { c })))).toMatchObject({ status: 'ok' });
    expect(await send(orders(limit('90000', { c })))).toEqual(
      statuses({ error: 'Order has the client order id of an open order. asset=0' }),
    );
  });

  test('a priority fee without a stake, and a fast cancel of a trigger', async () => {
    await open();
    expect(await send({ type: 'order', orders: [limit('90000')], grouping: { p: 5 } })).toEqual(
      err('Insufficient delegatable balance for priority order'),
    );
    const placed = await send(orders(stop));
    expect(placed).toMatchObject(statuses({ resting: { oid: expect.any(Number) } }));
    const oid = Number(/"oid":(\d+)/.exec(JSON.stringify(placed))?.[1]);
    expect(await send({ type: 'cancel', cancels: [{ a: 0, o: oid }], f: true })).toEqual(err('Cannot fast cancel trigger orders.'));
  });
});

describe('leverage and margin', () => {
  test('cross margin for what is isolated only, and more margin than there is', async () => {
    const client = await open();
    // HPOS is listed for isolated margin only.
    expect(await said(client.updateLeverage({ asset: 33, isCross: true, leverage: 2 }))).toEqual(
      err('Cross margin is not allowed for this asset.'),
    );
    await client.updateLeverage({ asset: 0, isCross: false, leverage: 5 });
    await client.order({ orders: [{ ...limit('101000'), t: { limit: { tif: 'Ioc' } } }], grouping: 'na' });
    expect(await said(client.updateIsolatedMargin({ asset: 0, isBuy: true, ntli: 900_000_000_000 }))).toEqual(err('Insufficient margin.'));
  });

  test('a scheduled cancel that is too soon, and the eleventh of a day', async () => {
    const client = await open({ scheduleCancelVolume: false });
    expect(await said(client.scheduleCancel({ time: venue.clock.now() + 1_000 }))).toEqual(
      err('Scheduled cancel time must be at least 5 seconds in the future.'),
    );
    for (let run = 0; run < 10; run += 1) {
      await client.scheduleCancel({ time: venue.clock.now() + 6_000 });
      venue.clock.advance(7_000);
    }
    expect(await said(client.scheduleCancel({ time: venue.clock.now() + 6_000 }))).toEqual(
      err('Scheduled cancel triggered too many times today.'),
    );
  });
});

describe('money and accounts', () => {
  test('what is no transfer, no token and no dex of this exchange', async () => {
    const client = await open();
    const to = testWallet(92).address;
    const usdc = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054' as const;
    const sending = { destination: to, sourceDex: '', destinationDex: '', token: usdc, amount: '1', fromSubAccount: '' } as const;
    expect(await said(client.sendAsset({ ...sending, destinationDex: 'xyz' }))).toEqual(
      err('A transfer from dex "" to "xyz" is not supported by this exchange.'),
    );
    expect(await said(client.sendAsset({ ...sending, token: 'PURR:0xc1fb593aeffbeb02f85e0308e9956a90' }))).toEqual(
      err('Only USDC can be transferred on this exchange.'),
    );
    expect(await said(client.usdSend({ destination: to, amount: '0.0000001' }))).toEqual(err('Invalid transfer.'));
    const agent = testWallet(93);
    await client.approveAgent({ agentAddress: agent.address, agentName: 'mover' });
    expect(await said(clientOf(agent).agentSendAsset(sending))).toEqual(err('An agent can only send to its own account.'));
  });

  test('sub-accounts: no name, none of their own, and a portfolio account there is not', async () => {
    const client = await open({ subAccountVolumeUsd: 0 });
    expect(await send({ type: 'createSubAccount', name: 'much longer than a name' })).toEqual(
      err('Sub-account name must be between 1 and 16 characters long'),
    );
    const sub = (await client.createSubAccount({ name: 'own' })).response.data;
    const inSub = new ExchangeClient({
      transport: directTransport(venue.exchange),
      wallet,
      nonceManager: () => ++nonce,
      defaultVaultAddress: sub,
    });
    await client.subAccountTransfer({ subAccountUser: sub, isDeposit: true, usd: 1_000_000 });
    expect(await said(inSub.createSubAccount({ name: 'nested' }))).toEqual(err('Sub-accounts cannot perform this action.'));
    expect(await said(client.userSetAbstraction({ user, abstraction: 'unifiedAccount' }))).toEqual(
      err('Account abstraction is not supported by this exchange.'),
    );
  });

  test('a second referrer, a fee that is none, rewards of nobody', async () => {
    const client = await open({ referralCodes: ['FRIEND'] });
    await client.setReferrer({ code: 'FRIEND' });
    expect(await said(client.setReferrer({ code: 'FRIEND' }))).toEqual(err('Referrer already set'));
    expect(await said(client.claimRewards())).toEqual(err('No rewards to claim.'));
    expect(await said(client.approveBuilderFee({ builder: testWallet(94).address, maxFeeRate: '0.00001%' }))).toBe('ok');
  });

  test('a builder must have 100 USDC to be approved, may take a tenth of a percent of a perpetual, and no more than was approved', async () => {
    const client = await open();
    const [poor, rich, third] = [95, 96, 97].map((n) => testWallet(n).address);
    if (poor === undefined || rich === undefined || third === undefined) throw new Error('unreachable');
    venue.exchange.fund(poor, microUsd(99_999_999));
    venue.exchange.fund(rich, microUsd(100_000_000));
    const by = (b: string, f: number) => send({ ...orders(limit('90000')), builder: { b, f } });
    const unapproved = err('Builder fee has not been approved.');
    // Not even for nothing, as long as the account has approved nobody.
    expect([await by(rich, 0), await by(rich, 1)]).toEqual([unapproved, unapproved]);
    expect(await said(client.approveBuilderFee({ builder: poor, maxFeeRate: '0.01%' }))).toEqual(
      err('Builder has insufficient balance to be approved.'),
    );
    expect(await said(client.approveBuilderFee({ builder: rich, maxFeeRate: '1.001%' }))).toEqual(err('Builder fee is too high.'));
    await client.approveBuilderFee({ builder: rich, maxFeeRate: '0.05%' });
    expect(await by(rich, 50)).toMatchObject({ status: 'ok' });
    expect([await by(rich, 51), await by(third, 1)]).toEqual([unapproved, unapproved]);
    expect(await by(third, 0)).toMatchObject({ status: 'ok' });
    // What spot allows can be approved; an order of a perpetual cannot ask for it.
    await client.approveBuilderFee({ builder: rich, maxFeeRate: '1%' });
    expect(await by(rich, 100)).toMatchObject({ status: 'ok' });
    expect(await by(rich, 101)).toEqual(err('Builder fee is too high.'));
    await client.approveBuilderFee({ builder: rich, maxFeeRate: '0%' });
    expect(await by(rich, 10)).toEqual(unapproved);
  });
});

describe('actions of an account', () => {
  test('that do nothing here are taken, and what is not supported says so', async () => {
    const client = await open();
    expect(await send({ type: 'evmUserModify', usingBigBlocks: true })).toEqual({ status: 'ok', response: { type: 'default' } });
    expect(await send({ type: 'agentSetAbstraction', abstraction: 'i' })).toEqual({ status: 'ok', response: { type: 'default' } });
    expect(await send({ type: 'agentSetAbstraction', abstraction: 'u' })).toEqual(
      err('Account abstraction is not supported by this exchange.'),
    );
    const twap = (type: string) => ({
      status: 'ok',
      response: { type, data: { status: { error: 'TWAP orders are not supported by this exchange.' } } },
    });
    expect(await said(client.twapOrder({ twap: { a: 0, b: true, s: '1', r: false, m: 5, t: false } }))).toEqual(twap('twapOrder'));
    expect(await said(client.twapCancel({ a: 0, t: 1 }))).toEqual(twap('twapCancel'));
    expect(await said(client.topUpIsolatedOnlyMargin({ asset: 0, leverage: '2' }))).toEqual(err('Position does not use isolated margin.'));
  });

  test('move spot dollars, rename a sub-account, and refuse a fee that is no percentage', async () => {
    const client = await open({ subAccountVolumeUsd: 0 });
    const to = testWallet(92).address;
    const usdc = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054' as const;
    await client.usdClassTransfer({ amount: '50', toPerp: false });
    const sub = (await client.createSubAccount({ name: 'own' })).response.data;
    expect(await client.subAccountModify({ subAccountUser: sub, name: 'other' })).toMatchObject({ status: 'ok' });
    expect(await client.subAccountSpotTransfer({ subAccountUser: sub, isDeposit: true, token: usdc, amount: '20' })).toMatchObject({
      status: 'ok',
    });
    expect(await client.spotSend({ destination: to, token: usdc, amount: '10' })).toMatchObject({ status: 'ok' });
    const [row] = JSON.parse((await venue.exchange.direct.post('/info', { type: 'subAccounts', user })).text);
    expect(row).toMatchObject({ name: 'other', spotState: { balances: [{ coin: 'USDC', total: '20.0' }] } });

    const typed = { domain: { name: 'HyperliquidSignTransaction', version: '1', chainId: 1, verifyingContract: `0x${'0'.repeat(40)}` } };
    const fields = [
      ['hyperliquidChain', 'string'],
      ['maxFeeRate', 'string'],
      ['builder', 'address'],
      ['nonce', 'uint64'],
    ].map(([name = '', type = '']) => ({ name, type }));
    const EIP712Domain = [
      ['name', 'string'],
      ['version', 'string'],
      ['chainId', 'uint256'],
      ['verifyingContract', 'address'],
    ].map(([name = '', type = '']) => ({ name, type }));
    nonce += 1;
    const message = { hyperliquidChain: 'Mainnet', maxFeeRate: 'much', builder: to, nonce };
    const primaryType = 'HyperliquidTransaction:ApproveBuilderFee';
    const signed = await wallet.signTypedData({ ...typed, types: { EIP712Domain, [primaryType]: fields }, primaryType, message });
    const signature = { r: signed.slice(0, 66), s: `0x${signed.slice(66, 130)}`, v: Number.parseInt(signed.slice(130), 16) };
    const body = { action: { type: 'approveBuilderFee', signatureChainId: '0x1', ...message }, nonce, signature };
    expect(JSON.parse((await venue.exchange.direct.post('/exchange', body)).text)).toEqual(err('Invalid builder fee.'));
  });
});

describe('signatures', () => {
  test('of another network, and over another nonce than the envelope has', async () => {
    venue = await openTestVenue({ network: 'mainnet' });
    venue.exchange.fund(user, microUsd(100e6));
    const transport = directTransport(venue.exchange, true);
    const astray = new ExchangeClient({ transport, wallet, nonceManager: () => ++nonce });
    expect(await said(astray.usdSend({ destination: testWallet(92).address, amount: '1' }))).toEqual(
      err('Mainnet and testnet require different signature.'),
    );
    const bodies: unknown[] = [];
    const tapped = {
      ...directTransport(venue.exchange),
      async request<T>(_endpoint: string, payload: unknown): Promise<T> {
        bodies.push(payload);
        throw new Error('not sent');
      },
    };
    await said(
      new ExchangeClient({ transport: tapped, wallet, nonceManager: () => ++nonce }).usdSend({
        destination: testWallet(92).address,
        amount: '1',
      }),
    );
    const [body] = bodies;
    const { text } = await venue.exchange.direct.post('/exchange', { ...(typeof body === 'object' ? body : {}), nonce: nonce + 5 });
    expect(JSON.parse(text)).toEqual(err('Nonce mismatch.'));
  });
});

describe('HTTP', () => {
  test('says in plain text what it does not take', async () => {
    await open();
    const { url } = venue;
    const json = { 'content-type': 'application/json' };
    const texts = async (path: string, init: RequestInit) => {
      const response = await fetch(`${url}${path}`, { method: 'POST', ...init });
      return [response.status, await response.text()];
    };
    expect(await texts('/info', { body: '{}' })).toEqual([415, 'Expected request with `Content-Type: application/json`']);
    expect(await texts('/info', { headers: json, body: '{' })).toEqual([400, 'Failed to parse the request body as JSON']);
    expect(await texts('/info', { headers: json, body: `"${'x'.repeat(2 << 20)}"` })).toEqual([
      413,
      'Failed to buffer the request body: length limit exceeded',
    ]);
    expect(await texts('/nowhere', { headers: json, body: '{}' })).toEqual([404, 'Not Found']);
  });
});
