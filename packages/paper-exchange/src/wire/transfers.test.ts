import { type Instrument, lots, microUsd, ticks } from '@hyperfleet/trading';
import { describe, expect, test } from 'vitest';
import type { Address, Venue, VenueSettings } from '../matching/contract.ts';
import { createVenue } from '../matching/venue.ts';
import { parseAction } from './action-form.ts';
import { createAgentBook } from './agents.ts';
import { type Bank, createBank } from './bank.ts';
import { perform } from './perform.ts';
import { ledgerRow } from './rows.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const NOW = 1_757_015_216_000;
const ALICE: Address = `0x${'a'.repeat(40)}`;
const BOB: Address = `0x${'b'.repeat(40)}`;
const AGENT: Address = `0x${'c'.repeat(40)}`;
const USDC = 'USDC:0x6d1e7cde53ba9467b783cb7c530ce054';
const OK = { status: 'ok', response: { type: 'default' } };

interface Counter {
  readonly venue: Venue;
  readonly bank: Bank;
  /** Does an action as its account's own key signs it, or as another does. */
  act(user: Address, action: object, signer?: Address): unknown;
  sub(name: string): Address;
  perps(user: Address): number;
  spot(user: Address): number;
}

function open(settings: Partial<VenueSettings> = {}): Counter {
  const venue = createVenue({ instruments: [BTC], settings: { subAccountVolumeUsd: 0, withdrawFee: 0, activationFee: 0, ...settings } });
  const bank = createBank(venue, () => 10_000);
  const desk = { venue, bank, agents: createAgentBook() };
  bank.deposit(ALICE, microUsd(1_000e6), NOW);
  const act = (user: Address, action: object, signer = user): unknown => {
    const reply = perform(desk, { user, signer }, parseAction(action), NOW);
    // Money is somewhere: whatever was done, the venue's own sum is whole.
    expect(venue.audit().conservationErrorUsd).toBe(0);
    return reply;
  };
  return {
    venue,
    bank,
    act,
    sub(name) {
      act(ALICE, { type: 'createSubAccount', name });
      return bank.subAccountsOf(ALICE).at(-1)?.address ?? ALICE;
    },
    perps: (user) => venue.account(user).accountValue / 1e6,
    spot: (user) => bank.spotUsdc(user) / 1e6,
  };
}

const userSigned = (fields: object): object => ({ signatureChainId: '0x1', hyperliquidChain: 'Mainnet', ...fields });
const usdSend = (destination: Address, amount: string) => userSigned({ type: 'usdSend', destination, amount, time: NOW });
const spotSend = (destination: Address, amount: string, token = USDC) =>
  userSigned({ type: 'spotSend', destination, token, amount, time: NOW });
const toSpot = (amount: string) => userSigned({ type: 'usdClassTransfer', amount, toPerp: false, nonce: NOW });
const sendAsset = (destination: Address, [sourceDex, destinationDex]: readonly [string, string], amount: string, more: object = {}) =>
  userSigned({ type: 'sendAsset', destination, sourceDex, destinationDex, token: USDC, amount, fromSubAccount: '', nonce: NOW, ...more });
const short = { status: 'err', response: 'Insufficient balance for withdrawal.' };

describe('money between accounts (PROTOCOL §2.3)', () => {
  test('goes from perp to perp and from spot to spot, and never past what there is', () => {
    const at = open();
    expect(at.act(ALICE, usdSend(BOB, '100.5'))).toEqual(OK);
    expect([at.perps(ALICE), at.perps(BOB)]).toEqual([899.5, 100.5]);
    expect(at.act(ALICE, usdSend(BOB, '899.500001'))).toEqual(short);
    expect(at.act(ALICE, usdSend(ALICE, '1'))).toEqual({ status: 'err', response: 'Cannot self-transfer.' });
    expect(at.act(ALICE, spotSend(BOB, '1'))).toEqual(short);
    expect(at.act(ALICE, toSpot('50'))).toEqual(OK);
    expect(at.act(ALICE, spotSend(BOB, '20'))).toEqual(OK);
    expect([at.spot(ALICE), at.spot(BOB)]).toEqual([30, 20]);
    expect(at.act(ALICE, spotSend(BOB, '1', 'PURR:0xc1fb593aeffbeb02f85e0308e9956a90'))).toMatchObject({ status: 'err' });
    expect(at.act(ALICE, usdSend(BOB, '0'))).toMatchObject({ status: 'err' });
  });

  test('goes between dexs and sub-accounts by sendAsset', () => {
    const at = open();
    const sub = at.sub('one');
    expect(at.act(ALICE, sendAsset(ALICE, ['', 'spot'], '10'))).toEqual(OK);
    expect(at.act(ALICE, sendAsset(BOB, ['spot', ''], '4'))).toEqual(OK);
    expect(at.act(ALICE, sendAsset(sub, ['', ''], '7'))).toEqual(OK);
    expect([at.perps(ALICE), at.spot(ALICE), at.perps(BOB), at.perps(sub)]).toEqual([983, 6, 4, 7]);
    expect(at.act(ALICE, sendAsset(BOB, ['', 'spot'], '5', { fromSubAccount: sub }))).toEqual(OK);
    expect([at.perps(sub), at.spot(BOB)]).toEqual([2, 5]);
    expect(at.act(BOB, sendAsset(BOB, ['', ''], '1', { fromSubAccount: sub }))).toEqual({
      status: 'err',
      response: `Sub-account ${sub} is not registered to ${BOB}`,
    });
    expect(at.act(ALICE, sendAsset(BOB, ['', 'xyz'], '1'))).toMatchObject({ status: 'err' });
  });

  test('leaves rows with the recorded names, for both sides', () => {
    const at = open();
    at.act(ALICE, toSpot('50'));
    at.act(ALICE, spotSend(BOB, '10.5'));
    at.act(ALICE, sendAsset(BOB, ['', ''], '1'));
    const rows = at.bank.ledger(BOB).map((row) => ledgerRow(row, () => BTC).delta);
    // The recorded row of a spot transfer, but for its amounts and accounts.
    expect(JSON.stringify(rows[0])).toBe(
      `{"type":"spotTransfer","token":"USDC","amount":"10.5","usdcValue":"10.5","user":"${ALICE}","destination":"${BOB}","fee":"0.0","nativeTokenFee":"0.0","nonce":null,"feeToken":""}`,
    );
    expect(rows[1]).toMatchObject({ type: 'send', sourceDex: '', destinationDex: '', token: 'USDC', amount: '1.0', nonce: NOW });
    expect(at.bank.ledger(ALICE).map((row) => row.delta.type)).toEqual(['deposit', 'accountClassTransfer', 'spotTransfer', 'send']);
  });

  test('costs what the settings say: a withdrawal, and a first sending to an account', () => {
    const at = open({ withdrawFee: 1_000_000, activationFee: 1_000_000 });
    expect(at.act(ALICE, usdSend(BOB, '10'))).toEqual(OK);
    expect(at.act(ALICE, usdSend(BOB, '10'))).toEqual(OK);
    // What is kept of the first comes out of what arrives, and stands in both ledgers, as recorded in September 2026.
    expect([at.perps(ALICE), at.perps(BOB)]).toEqual([980, 19]);
    for (const user of [ALICE, BOB])
      expect(at.bank.ledger(user).map((row) => ledgerRow(row, () => BTC).delta)).toContainEqual({
        ...{ type: 'internalTransfer', usdc: '10.0', user: ALICE, destination: BOB, fee: '1.0' },
      });
    expect(at.act(ALICE, usdSend(AGENT, '1'))).toEqual(short);
    expect(at.act(ALICE, userSigned({ type: 'withdraw3', destination: ALICE, amount: '100', time: NOW }))).toEqual(OK);
    expect(at.perps(ALICE)).toBe(880);
    expect(ledgerRow(at.bank.ledger(ALICE).at(-1) ?? fail(), () => BTC).delta).toEqual({
      type: 'withdraw',
      usdc: '99.0',
      nonce: NOW,
      fee: '1.0',
    });
    expect(at.act(ALICE, userSigned({ type: 'withdraw3', destination: ALICE, amount: '1', time: NOW }))).toEqual(short);
  });
});

const fail = (): never => {
  throw new Error('a row was expected');
};

describe('sub-accounts (PROTOCOL §2.2, §3)', () => {
  test('need the volume, a name, and a master', () => {
    const poor = open({ subAccountVolumeUsd: 100_000 });
    expect(poor.act(ALICE, { type: 'createSubAccount', name: 'one' })).toEqual({
      status: 'err',
      response: 'Cannot create sub-accounts until enough volume traded. Required: $100000. Traded: $0.',
    });
    const at = open();
    expect(at.act(ALICE, { type: 'createSubAccount', name: '' })).toMatchObject({ status: 'err' });
    const sub = at.sub('one');
    expect(sub).toMatch(/^0x[0-9a-f]{40}$/);
    expect(at.act(sub, { type: 'createSubAccount', name: 'two' }, ALICE)).toMatchObject({ status: 'err' });
    expect(at.act(ALICE, { type: 'subAccountModify', subAccountUser: sub, name: 'renamed' })).toEqual(OK);
    expect(at.bank.subAccount(sub)?.name).toBe('renamed');
    expect(at.act(ALICE, { type: 'subAccountModify', subAccountUser: sub, name: 'x'.repeat(17) })).toMatchObject({ status: 'err' });
    expect(at.act(BOB, { type: 'subAccountModify', subAccountUser: sub, name: 'mine' })).toEqual({
      status: 'err',
      response: `Sub-account ${sub} is not registered to ${BOB}`,
    });
  });

  test('are paid in and out by the master alone, perp and spot', () => {
    const at = open();
    const sub = at.sub('one');
    const move = (isDeposit: boolean, usd: number, who = ALICE, signer = who) =>
      at.act(who, { type: 'subAccountTransfer', subAccountUser: sub, isDeposit, usd }, signer);
    expect(move(true, 250_000_000)).toEqual(OK);
    expect([at.perps(ALICE), at.perps(sub)]).toEqual([750, 250]);
    expect(move(false, 250_000_001)).toEqual(short);
    expect(move(false, 50_000_000)).toEqual(OK);
    expect(move(true, 1, BOB)).toEqual({ status: 'err', response: `Invalid sub-account transfer from ${BOB} to ${sub}` });
    expect(move(false, 1_000_000, ALICE, AGENT)).toEqual({
      status: 'err',
      response: `Must deposit before performing actions. User: ${ALICE}`,
    });
    at.act(ALICE, toSpot('100'));
    const spot = { type: 'subAccountSpotTransfer', subAccountUser: sub, isDeposit: true, token: USDC, amount: '40' };
    expect(at.act(ALICE, spot)).toEqual(OK);
    expect([at.spot(ALICE), at.spot(sub)]).toEqual([60, 40]);
    expect(at.act(ALICE, { ...spot, isDeposit: false, amount: '41' })).toEqual(short);
  });

  test('trade on their own money, by the master or its agent, at the fee tier of both', () => {
    const at = open({ makerTiers: [] });
    const sub = at.sub('one');
    const order = { a: 0, b: true, p: '100000', s: '0.001', r: false, t: { limit: { tif: 'Gtc' } } };
    const buy = { type: 'order', orders: [order], grouping: 'na' };
    expect(at.act(sub, buy, ALICE)).toEqual({ status: 'err', response: `Must deposit before performing actions. User: ${sub}` });
    at.act(ALICE, { type: 'subAccountTransfer', subAccountUser: sub, isDeposit: true, usd: 100_000_000 });
    at.venue.market({
      kind: 'book',
      coin: 'BTC',
      atMs: NOW,
      exchangeTimeMs: NOW,
      bids: [],
      asks: [{ px: ticks(1_000_000), sz: lots(1_000_000) }],
    });
    expect(at.act(sub, buy, AGENT)).toMatchObject({ status: 'ok' });
    expect(at.venue.fills(sub)).toHaveLength(1);
    expect(at.venue.account(ALICE).positions).toEqual([]);
    expect(at.venue.fees(ALICE).days.at(-1)?.takerUsd).toBe(100_000_000);
    expect(at.venue.volume(ALICE)).toBe(0);
  });
});

describe('the rest', () => {
  test('an agent moves its master’s money between the master’s own accounts only', () => {
    const at = open();
    const sub = at.sub('one');
    const send = (destination: Address) => at.act(ALICE, { ...sendAsset(destination, ['', 'spot'], '3'), type: 'agentSendAsset' }, AGENT);
    expect(send(ALICE)).toEqual(OK);
    expect(send(sub)).toEqual(OK);
    expect(send(BOB)).toMatchObject({ status: 'err' });
    expect([at.spot(ALICE), at.spot(sub), at.spot(BOB)]).toEqual([3, 3, 0]);
  });

  test('requests are bought at 0.0005 USDC, for oneself or for another that exists', () => {
    const at = open();
    const reserve = (weight: number, destination?: Address) =>
      at.act(ALICE, { type: 'reserveRequestWeight', weight, ...(destination === undefined ? {} : { destination }) });
    expect(reserve(1_000)).toEqual(OK);
    expect([at.perps(ALICE), at.bank.requestsReserved(ALICE)]).toEqual([999.5, 1_000]);
    expect(reserve(10, BOB)).toMatchObject({ status: 'err' });
    at.act(ALICE, usdSend(BOB, '1'));
    expect(reserve(10, BOB)).toEqual(OK);
    expect(at.bank.requestsReserved(BOB)).toBe(10);
    expect(reserve(Number.MAX_SAFE_INTEGER)).toEqual(short);
  });

  test('a referral code of the settings takes 4 % off the fees, once', () => {
    const at = open({ referralCodes: ['FLEET'] });
    expect(at.act(ALICE, { type: 'setReferrer', code: 'OTHER' })).toEqual({ status: 'err', response: 'Referral code not registered' });
    expect(at.act(ALICE, { type: 'setReferrer', code: 'FLEET' })).toEqual(OK);
    expect(at.venue.fees(ALICE)).toMatchObject({ takerRateE9: 432_000, makerRateE9: 144_000 });
    expect(at.act(ALICE, { type: 'setReferrer', code: 'FLEET' })).toMatchObject({ status: 'err' });
  });

  test('a builder is paid what was approved, and takes it out to spot', () => {
    const at = open();
    const order = { a: 0, b: true, p: '100000', s: '0.001', r: false, t: { limit: { tif: 'Gtc' } } };
    const buy = (f: number) => ({ type: 'order', orders: [order], grouping: 'na', builder: { b: BOB, f } });
    at.venue.market({
      kind: 'book',
      coin: 'BTC',
      atMs: NOW,
      exchangeTimeMs: NOW,
      bids: [],
      asks: [{ px: ticks(1_000_000), sz: lots(1_000_000) }],
    });
    expect(at.act(ALICE, buy(10))).toEqual({ status: 'err', response: 'Builder fee has not been approved.' });
    at.bank.deposit(BOB, microUsd(100e6), NOW);
    expect(at.act(ALICE, userSigned({ type: 'approveBuilderFee', maxFeeRate: '0.01%', builder: BOB, nonce: NOW }))).toEqual(OK);
    expect(at.act(ALICE, buy(11))).toMatchObject({ status: 'err' });
    expect(at.act(ALICE, buy(10))).toMatchObject({ status: 'ok' });
    expect(at.venue.fills(ALICE)).toMatchObject([{ builderFee: 10_000, fee: 45_000 + 10_000 }]);
    expect(at.act(BOB, { type: 'claimRewards' })).toEqual(OK);
    expect(at.spot(BOB)).toBe(0.01);
    expect(at.act(BOB, { type: 'claimRewards' })).toMatchObject({ status: 'err' });
  });

  test('what is not traded here is refused in words', () => {
    const at = open();
    const refused = [
      { type: 'agentSetAbstraction', abstraction: 'u' },
      userSigned({ type: 'userSetAbstraction', user: ALICE, abstraction: 'unifiedAccount', nonce: NOW }),
      userSigned({ type: 'userSetAbstraction', user: BOB, abstraction: 'disabled', nonce: NOW }),
      { type: 'vaultTransfer', vaultAddress: BOB, isDeposit: true, usd: 1_000_000 },
    ];
    for (const action of refused)
      expect(at.act(ALICE, action)).toMatchObject({ status: 'err', response: expect.stringMatching(/\w+ \w+/) });
    for (const action of [
      { type: 'agentSetAbstraction', abstraction: 'i' },
      { type: 'evmUserModify', usingBigBlocks: true },
      { type: 'noop' },
    ])
      expect(at.act(ALICE, action)).toEqual(OK);
    const twap = { type: 'twapOrder', twap: { a: 0, b: true, s: '1', r: false, m: 5, t: false } };
    expect(JSON.stringify(at.act(ALICE, twap))).toContain('TWAP orders are not supported by this exchange.');
    const order = (a: number) => ({
      type: 'order',
      orders: [{ a, b: true, p: '1', s: '20', r: false, t: { limit: { tif: 'Gtc' } } }],
      grouping: 'na',
    });
    for (const asset of [10_000, 10_107, 100_000, 110_001, 100_000_000]) {
      expect(JSON.stringify(at.act(ALICE, order(asset)))).toMatch(/"error":"[^"]{10,}"/);
    }
  });
});
