import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { INSTRUMENTS } from '../testing/instruments.ts';
import {
  parseAccount,
  parseFeeRates,
  parseFills,
  parseFundings,
  parseOpenOrders,
  parseOrderStatus,
  parseOrderUpdates,
  parseSpotCash,
  withSpotCollateral,
} from './account.ts';
import type { Fields, Parsed } from './fields.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../../test/fixtures/venue/${name}`, import.meta.url), 'utf8'));
const recorded: Record<string, unknown> = read('account.json');
const frames: { channel: string; data: unknown }[] = read('frames.json');
const ACCOUNT = '0x61fb9e7583dc92cc76eb52f93d88addaa0f02265';

function value<T>(result: Parsed<T>): T {
  if (!result.ok) throw new Error(result.problem);
  return result.value;
}
/** The recorded message with one field at a dotted path replaced. */
function withField(message: unknown, path: string, replacement: unknown): unknown {
  const copy = structuredClone(message);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const holder = keys.reduce((at, key) => (at as Record<string, unknown>)[key], copy) as Record<string, unknown>;
  holder[last] = replacement;
  return copy;
}

describe('the account', () => {
  test('is read as recorded, to the micro-dollar', () => {
    expect(value(parseAccount(recorded.clearinghouseState, INSTRUMENTS))).toEqual({
      equity: 179_007_426,
      cash: 131_345_076,
      marginUsed: 2_383_117,
      withdrawable: 174_241_191,
      timeMs: 1770118781558,
      positions: [
        {
          coin: 'BTC',
          szi: 61,
          entryPx: 827_718,
          liquidationPx: null,
          unrealizedPnl: -2_828_480,
          marginUsed: 2_383_117,
          leverage: 20,
          isCross: true,
        },
      ],
    });
    expect(value(parseAccount(recorded['clearinghouseState empty'], INSTRUMENTS))).toMatchObject({ equity: 0, positions: [] });
  });
  test('with spot collateral has the USDC of the spot state and the open profit as equity', () => {
    const view = value(parseAccount(recorded.clearinghouseState, INSTRUMENTS));
    const cash = value(parseSpotCash({ balances: [{ coin: 'USDC', total: '1000.5', hold: '100.25', token: 0 }] }));
    expect(withSpotCollateral(view, cash)).toMatchObject({ equity: 1_000_500_000 - 2_828_480, withdrawable: 900_250_000 });
    // What the position cost is in neither figure; flat, the cash is all there is.
    expect(withSpotCollateral(view, cash).cash).toBeNull();
    expect(withSpotCollateral({ ...view, positions: [] }, cash).cash).toBe(1_000_500_000);
  });
  test('shows spot cash as recorded, zero where USDC is not listed', () => {
    expect(value(parseSpotCash(recorded.spotClearinghouseState))).toEqual({ total: 95_154, free: 95_154 });
    expect(value(parseSpotCash(recorded['spotClearinghouseState empty']))).toEqual({ total: 0, free: 0 });
  });
  const garbage: readonly (readonly [string, unknown, string])[] = [
    ['marginSummary.accountValue', 'NaN', 'marginSummary.accountValue is "NaN", expected an amount of dollars'],
    ['marginSummary', null, 'marginSummary is null, expected an object'],
    ['withdrawable', undefined, 'withdrawable is missing'],
    ['assetPositions.0.position.szi', '0.000615', 'position[0].szi is "0.000615"'],
    ['assetPositions.0.position.entryPx', '-1', 'position[0].entryPx is "-1"'],
    ['assetPositions.0.position.leverage.type', 'both', 'position[0].leverage.type is "both"'],
    ['time', 1.5, 'time is 1.5, expected a whole number'],
    ['time', '1770118781558', 'time is "1770118781558", expected a whole number'],
  ];
  for (const [path, replacement, problem] of garbage) {
    test(`with ${path} ${JSON.stringify(replacement)} is not read, and the problem names it`, () => {
      const result = parseAccount(withField(recorded.clearinghouseState, path, replacement), INSTRUMENTS);
      expect(result).toEqual({ ok: false, problem: expect.stringContaining(problem) });
    });
  }
  test('of any shape at all never throws', () => {
    for (const junk of [null, 1, 'x', [], {}, { marginSummary: [] }, [[]], true]) {
      for (const parse of [parseAccount, parseOpenOrders, parseOrderUpdates, parseFundings])
        expect(() => parse(junk, INSTRUMENTS)).not.toThrow();
      expect(() => parseFills(junk, ACCOUNT, INSTRUMENTS)).not.toThrow();
      expect(() => parseFeeRates(junk)).not.toThrow();
      expect(() => parseSpotCash(junk)).not.toThrow();
    }
  });
});

describe('open orders', () => {
  test('as recorded: the children of an open parent wait for it, each listed once', () => {
    const orders = value(parseOpenOrders(recorded.frontendOpenOrders, INSTRUMENTS));
    expect(orders.map(({ oid, waitingForParent, isStop, triggerPx }) => ({ oid, waitingForParent, isStop, triggerPx }))).toEqual([
      { oid: 3184595907, waitingForParent: true, isStop: false, triggerPx: 1_000_400 },
      { oid: 3184595906, waitingForParent: true, isStop: true, triggerPx: 999_500 },
      { oid: 3184595905, waitingForParent: false, isStop: false, triggerPx: null },
    ]);
    expect(orders[2]).toMatchObject({ coin: 'INJ', side: 'buy', px: 1_000_000, sz: 125, origSz: 125, reduceOnly: false, cloid: null });
  });
  test('children without their parent are armed', () => {
    const rows = recorded.frontendOpenOrders as unknown[];
    expect(value(parseOpenOrders(rows.slice(0, 2), INSTRUMENTS)).map((order) => order.waitingForParent)).toEqual([false, false]);
  });
  test('of coins we do not know are left out', () => {
    const rows = (recorded.frontendOpenOrders as Fields[]).map((row) => ({ ...row, coin: 'xyz:SILVER', children: [] }));
    expect(value(parseOpenOrders(rows, INSTRUMENTS))).toEqual([]);
  });
});

describe('what became of an order', () => {
  const ETH = INSTRUMENTS.get('ETH');
  if (ETH === undefined) throw new Error('no ETH');
  const row = (coin: string, status: string) => {
    const [first] = recorded.historicalOrders as { order: Fields; status: string; statusTimestamp: number }[];
    return { status: 'order', order: { ...first, order: { ...first?.order, coin, sz: '0.5', origSz: '1.0' }, status } };
  };
  const words: readonly (readonly [string, string])[] = [
    ['open', 'open'],
    ['triggered', 'triggered'],
    ['filled', 'filled'],
    ['canceled', 'canceled'],
    ['rejected', 'rejected'],
    ['scheduledCancel', 'canceled'],
    ['internalCancel', 'canceled'],
    ['siblingFilledCanceled', 'canceled'],
    ['reduceOnlyCanceled', 'canceled'],
    ['liquidatedCanceled', 'canceled'],
    ['iocCancelRejected', 'rejected'],
    ['perpMarginRejected', 'rejected'],
  ];
  for (const [word, status] of words) {
    test(`${word} is ${status}`, () => {
      expect(value(parseOrderStatus(row('ETH', word), ETH))).toEqual({
        kind: 'known',
        oid: 141682155424,
        status,
        word,
        sz: 5_000,
        origSz: 10_000,
        timeMs: 1755863118217,
      });
    });
  }
  test('is not guessed from a word of no known form, from another coin, or from nothing', () => {
    expect(parseOrderStatus(row('ETH', 'vanished'), ETH)).toEqual({
      ok: false,
      problem: 'order.status is "vanished", expected a known order status',
    });
    expect(parseOrderStatus(row('BTC', 'open'), ETH)).toEqual({ ok: false, problem: 'order.order.coin is "BTC", expected ETH' });
    expect(parseOrderStatus({ status: 'later' }, ETH)).toMatchObject({ ok: false });
    expect(value(parseOrderStatus({ status: 'unknownOid' }, ETH))).toEqual({ kind: 'unknown-oid' });
  });
  test('comes over the stream as recorded', () => {
    const updates = frames
      .filter(({ channel }) => channel === 'orderUpdates')
      .map(({ data }) => value(parseOrderUpdates(data, INSTRUMENTS)));
    expect(updates.flat().map(({ coin, status, word, sz, origSz }) => [coin, status, word, sz, origSz])).toEqual([
      ['ETH', 'open', 'open', 10_000, 10_000],
      ['ETH', 'rejected', 'minTradeNtlRejected', 1, 1],
      ['SOL', 'rejected', 'perpMarginRejected', 100_000, 100_000],
      ['ETH', 'open', 'open', 100, 100],
      ['ETH', 'filled', 'filled', 0, 100],
      ['ETH', 'canceled', 'canceled', 10_000, 10_000],
    ]);
    expect(updates[0]?.[0]?.cloid).toBe('0x00030050c6301a2b00000100000000d2');
  });
});

describe('fills', () => {
  test('as recorded: ours in integers, spot and HIP-3 left out', () => {
    const fills = value(parseFills(recorded.userFills, ACCOUNT, INSTRUMENTS));
    expect(fills).toHaveLength(2);
    expect(fills[1]).toEqual({
      coin: 'BTC',
      oid: 307033479126,
      tid: 606867627195097,
      cloid: '0x508000013026000baaf2c90000029605',
      timeMs: 1769814589170,
      side: 'buy',
      px: 839_590,
      sz: 30,
      fee: 3_627,
      closedPnl: 0,
      startPosition: 0,
      dir: 'Open Long',
      crossed: false,
      liquidation: false,
    });
  });
  test('a position summed in floats is the nearest lot', () => {
    const frame = frames.find(({ channel }) => channel === 'userFills')?.data as Fields;
    expect(value(parseFills(frame.fills, ACCOUNT, INSTRUMENTS))).toMatchObject([{ coin: 'USUAL', startPosition: -36_950_429, sz: 10_529 }]);
  });
  test('taking over from a liquidated account is not our liquidation, being liquidated is', () => {
    const rows = recorded['userFills liquidation'];
    expect(value(parseFills(rows, ACCOUNT, INSTRUMENTS))).toMatchObject([{ liquidation: false }]);
    expect(value(parseFills(rows, '0x360878d351f05975e25f1807a27895e1e5e004fb', INSTRUMENTS))).toMatchObject([{ liquidation: true }]);
  });
  const [btc] = (recorded['userFills liquidation'] as Fields[]).map((row) => row);
  const garbage: readonly (readonly [string, unknown, string])[] = [
    ['px', '66653.05', 'fills[0].px is "66653.05", expected a price of BTC with at most 1 decimals'],
    ['px', '0', 'fills[0].px is "0"'],
    ['sz', '1e-3', 'fills[0].sz is "1e-3"'],
    ['sz', '99999999999999999999', 'fills[0].sz'],
    ['tid', -1, 'fills[0].tid is -1'],
    ['side', 'buy', 'fills[0].side is "buy", expected "B" or "A"'],
    ['cloid', '0x12', 'fills[0].cloid is "0x12"'],
    ['feeToken', 'HYPE', 'fills[0].feeToken is "HYPE"'],
    ['crossed', 'true', 'fills[0].crossed is "true", expected true or false'],
  ];
  for (const [key, replacement, problem] of garbage) {
    test(`with ${key} ${JSON.stringify(replacement)} are not read, and the problem names it`, () => {
      expect(parseFills([{ ...btc, [key]: replacement }], ACCOUNT, INSTRUMENTS)).toEqual({
        ok: false,
        problem: expect.stringContaining(problem),
      });
    });
  }
});

test('funding payments are read as recorded, an averaged position cut to lots', () => {
  const apt = { coin: 'APE', assetId: 1, szDecimals: 1, maxLeverage: 5, onlyIsolated: false, isDelisted: false };
  const fundings = value(parseFundings(recorded.userFunding, new Map([['APE', apt]])));
  expect(fundings).toEqual([{ coin: 'APE', timeMs: 1681948800000, usd: 145_796, szi: 401 }]);
});

test('fee rates are parts per million', () => {
  expect(value(parseFeeRates({ userCrossRate: '0.00045', userAddRate: '-0.00001' }))).toEqual({ takerPpm: 450, makerPpm: -10 });
  expect(parseFeeRates({ userCrossRate: 0.00045 })).toEqual({ ok: false, problem: 'userCrossRate is 0.00045, expected a rate' });
});
