import { describe, expect, test } from 'vitest';
import type { Instrument } from '../instrument.ts';
import type { Cloid, OrderIntent } from '../order.ts';
import type { PlaceRequest } from '../ports/exchange.ts';
import { lots, microUsd, ticks } from '../units.ts';
import { approveClose, approveEntry, approveProtection, isDenied } from './check.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const cloid = (digit: number): Cloid => `0x${String(digit).repeat(32)}`;
const ENTRY: OrderIntent = {
  cloid: cloid(1),
  coin: 'BTC',
  role: 'entry',
  attempt: 1,
  side: 'buy',
  px: ticks(650_000),
  sz: lots(100),
  reduceOnly: false,
  kind: { type: 'limit', tif: 'gtc' },
};
const STOP: OrderIntent = {
  ...ENTRY,
  cloid: cloid(2),
  role: 'stop',
  side: 'sell',
  px: ticks(573_300),
  reduceOnly: true,
  kind: { type: 'stop-market', triggerPx: ticks(637_000) },
};
const TP: OrderIntent = { ...ENTRY, cloid: cloid(3), role: 'tp1', side: 'sell', px: ticks(660_000), reduceOnly: true };
const CLOSE: OrderIntent = { ...TP, cloid: cloid(4), role: 'close', px: ticks(643_000), kind: { type: 'limit', tif: 'ioc' } };
const request = (orders: readonly OrderIntent[], rest: Partial<PlaceRequest> = {}): PlaceRequest => ({
  orders,
  grouping: 'na',
  nonce: 1,
  expiresAfterMs: 1,
  ...rest,
});

const reasonOf = (verdict: unknown): string => (isDenied(verdict) ? verdict.reason : 'approved');

describe('an entry', () => {
  const see = { instrument: BTC, equity: microUsd(1_000_000_000), maxLeverage: 1, minNotional: microUsd(10_000_000) };
  const judge = (orders: readonly OrderIntent[], rest: Partial<PlaceRequest> = {}, other: Partial<typeof see> = {}): string =>
    reasonOf(approveEntry(request(orders, { grouping: 'normalTpsl', ...rest }), { ...see, ...other }));

  test('with its stop is approved, resting or at market', () => {
    const asked = request([ENTRY, STOP], { grouping: 'normalTpsl' });
    expect(approveEntry(asked, see)).toBe(asked);
    expect(judge([{ ...ENTRY, kind: { type: 'limit', tif: 'ioc' } }, STOP])).toBe('approved');
  });

  test('without exactly one stop, or not grouped with it, is denied', () => {
    expect(judge([ENTRY])).toMatch(/exactly one stop/);
    expect(judge([ENTRY, STOP, { ...STOP, cloid: cloid(5) }])).toMatch(/exactly one stop/);
    expect(judge([])).toMatch(/no order/);
    expect(judge([ENTRY, STOP], { grouping: 'na' })).toMatch(/normalTpsl/);
    expect(judge([STOP, ENTRY])).toMatch(/first order must be the entry/);
    expect(judge([ENTRY, TP])).toMatch(/second order must be the stop/);
  });

  test('whose stop protects less, or nothing, is denied', () => {
    expect(judge([ENTRY, { ...STOP, sz: lots(99) }])).toMatch(/stop's size 0.00099 BTC is not the entry's 0.001 BTC/);
    expect(judge([ENTRY, { ...STOP, side: 'buy', px: ticks(700_000) }])).toMatch(/must sell/);
    expect(judge([ENTRY, { ...STOP, reduceOnly: false }])).toMatch(/reduce-only/);
    expect(judge([ENTRY, { ...STOP, kind: { type: 'stop-market', triggerPx: ticks(650_000) } }])).toMatch(/losing side/);
    expect(judge([ENTRY, { ...STOP, px: ticks(638_000) }])).toMatch(/wrong side of trigger/);
  });

  test('that would only rest, or is of no size of this world, is denied', () => {
    expect(judge([{ ...ENTRY, kind: { type: 'limit', tif: 'alo' } }, STOP])).toMatch(/gtc or ioc, not alo/);
    const sz = lots(2 ** 50);
    expect(
      judge([
        { ...ENTRY, sz },
        { ...STOP, sz },
      ]),
    ).toMatch(/no order of this world/);
  });

  test('of a short has its stop above', () => {
    const short: OrderIntent = { ...ENTRY, side: 'sell' };
    const stop = (triggerPx: number): OrderIntent => ({
      ...STOP,
      side: 'buy',
      px: ticks(730_000),
      kind: { type: 'stop-market', triggerPx: ticks(triggerPx) },
    });
    expect(judge([short, stop(663_000)])).toBe('approved');
    expect(judge([short, stop(650_000)])).toMatch(/not on the losing side/);
  });

  test('too small, too large for the equity or the venue, or on a delisted coin is denied', () => {
    const sized = (sz: number) => [
      { ...ENTRY, sz: lots(sz) },
      { ...STOP, sz: lots(sz) },
    ];
    expect(judge(sized(15))).toBe("the entry's $9.75 is under the venue's minimum of $10.00");
    expect(judge(sized(1539))).toMatch(/is over 1 times the equity of \$1000\.00/);
    expect(judge(sized(1538))).toBe('approved');
    expect(judge(sized(500_000_000), {}, { equity: microUsd(9e15), maxLeverage: 40 })).toMatch(/venue's maximum of \$300000000\.00/);
    expect(judge(sized(60_000_000), {}, { equity: microUsd(9e15), maxLeverage: 40 })).toMatch(
      /^the stop's \$34398000\.00 is over the venue's maximum of \$30000000\.00 for a market order$/,
    );
    expect(judge([ENTRY, STOP], {}, { instrument: { ...BTC, isDelisted: true } })).toMatch(/delisted/);
  });

  test('with a price the venue refuses, a foreign coin, a shared or hollow id, or no nonce is denied', () => {
    expect(judge([{ ...ENTRY, px: ticks(650_001) }, STOP])).toMatch(/price 650001 ticks is not valid/);
    expect(judge([ENTRY, { ...STOP, kind: { type: 'stop-market', triggerPx: ticks(636_999) } }])).toMatch(
      /trigger 636999 ticks is not valid/,
    );
    expect(judge([{ ...ENTRY, coin: 'ETH' }, STOP])).toMatch(/is for ETH/);
    expect(judge([ENTRY, { ...STOP, cloid: ENTRY.cloid }])).toMatch(/share a client order id/);
    expect(judge([{ ...ENTRY, cloid: `0x${'0'.repeat(31)}1` }, STOP])).toMatch(/high half/);
    expect(judge([{ ...ENTRY, sz: lots(0) }, STOP])).toMatch(/size 0 lots/);
    expect(judge([ENTRY, STOP], { nonce: 0 })).toMatch(/nonce/);
    expect(judge([ENTRY, STOP], { expiresAfterMs: Number.NaN })).toMatch(/expiresAfter/);
  });
});

describe('protection', () => {
  const see = { instrument: BTC, positionAbs: lots(100) };
  const judge = (orders: readonly OrderIntent[], rest: Partial<PlaceRequest> = {}): string =>
    reasonOf(approveProtection(request(orders, rest), see));

  test('a stop of our own, a breakeven and a ladder are approved', () => {
    expect(judge([{ ...STOP, role: 'own-stop' }])).toBe('approved');
    expect(judge([{ ...STOP, role: 'breakeven' }])).toBe('approved');
    expect(
      judge([
        { ...TP, sz: lots(50) },
        { ...TP, cloid: cloid(5), role: 'tp2', sz: lots(50) },
      ]),
    ).toBe('approved');
    expect(judge([{ ...STOP, role: 'own-stop' }, TP])).toBe('approved');
  });

  test('a stop may hold what the entry can still add, and no more; a take-profit may not', () => {
    const filling = { ...see, stillFilling: lots(40) };
    const verdict = (order: OrderIntent) => reasonOf(approveProtection(request([order]), filling));
    expect(verdict({ ...STOP, role: 'own-stop', sz: lots(140) })).toBe('approved');
    expect(verdict({ ...STOP, role: 'own-stop', sz: lots(141) })).toMatch(/larger than the position/);
    expect(verdict({ ...TP, sz: lots(101) })).toMatch(/larger than the position/);
  });

  test('what could open, or is more than the position, is denied', () => {
    expect(judge([{ ...TP, reduceOnly: false }])).toMatch(/reduce-only/);
    expect(judge([ENTRY])).toMatch(/entry is no protection/);
    expect(judge([CLOSE])).toMatch(/close is no protection/);
    expect(judge([{ ...TP, sz: lots(101) }])).toMatch(/larger than the position of 0.001 BTC/);
    expect(
      judge([
        { ...TP, sz: lots(60) },
        { ...TP, cloid: cloid(5), role: 'tp2', sz: lots(50) },
      ]),
    ).toMatch(/take-profits of 110 lots/);
  });

  test('what is of the wrong kind, grouped, or on both sides is denied', () => {
    expect(judge([STOP], { grouping: 'normalTpsl' })).toMatch(/on its own/);
    expect(judge([{ ...TP, kind: { type: 'limit', tif: 'ioc' } }])).toMatch(/must rest/);
    expect(judge([{ ...TP, role: 'own-stop' }])).toMatch(/must be a stop/);
    expect(judge([{ ...STOP, role: 'tp1' }])).toMatch(/must be a limit order/);
    expect(judge([TP, { ...TP, cloid: cloid(5), role: 'tp2', side: 'buy' }])).toMatch(/one side/);
  });
});

describe('a close', () => {
  const see = { instrument: BTC, positionAbs: lots(100) };
  const judge = (orders: readonly OrderIntent[], rest: Partial<PlaceRequest> = {}): string =>
    reasonOf(approveClose(request(orders, rest), see));

  test('is one reduce-only ioc within the position', () => {
    expect(judge([CLOSE])).toBe('approved');
    expect(judge([{ ...CLOSE, sz: lots(101) }])).toMatch(/larger than the position/);
    expect(judge([{ ...CLOSE, reduceOnly: false }])).toMatch(/reduce-only ioc/);
    expect(judge([{ ...CLOSE, kind: { type: 'limit', tif: 'gtc' } }])).toMatch(/reduce-only ioc/);
    expect(judge([CLOSE, { ...CLOSE, cloid: cloid(5) }])).toMatch(/beside a close goes a stop/);
    expect(judge([TP])).toMatch(/tp1 is no close/);
    expect(judge([CLOSE], { grouping: 'normalTpsl' })).toMatch(/on its own/);
  });

  test('may have one stop beside it that holds what it leaves', () => {
    const stop: OrderIntent = { ...STOP, role: 'own-stop' };
    expect(judge([CLOSE, stop])).toBe('approved');
    expect(judge([CLOSE, stop, { ...stop, cloid: cloid(5) }])).toMatch(/one and a stop, not 3/);
    expect(judge([CLOSE, { ...stop, reduceOnly: false }])).toMatch(/must be reduce-only/);
    expect(judge([CLOSE, { ...stop, sz: lots(101) }])).toMatch(/larger than the position/);
    expect(judge([CLOSE, { ...stop, side: 'buy', px: ticks(700_000) }])).toMatch(/on one side/);
    expect(judge([stop, CLOSE])).toMatch(/own-stop is no close/);
  });
});
