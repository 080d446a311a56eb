import { lots, ticks } from '@hyperfleet/trading';
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, type Desk, limit, openDesk, trigger } from './testing/desk.ts';

const HOUR_MS = 3_600_000;
/** Buys for Alice at a best offer of `px` ticks. */
const buyAt = (desk: Desk, px: number, sz: string) => {
  desk.book([[px - 20, 10_000_000]], [[px, 10_000_000]]);
  return desk.place(ALICE, [limit('buy', String(px / 100), sz, { tif: 'Ioc' })]);
};

describe('fills', () => {
  it('gives the recorded closing PnL and fee: bought at 2080.2, sold at 2067.2, 0.01 of it (PROTOCOL §7)', () => {
    // The account of that record pays 0.0432 %: its fee of the sale is 0.00893.
    const desk = openDesk({ takerFeePpm: 432 });
    buyAt(desk, 208020, '0.01');
    desk.book([[206720, 1000]], [[206740, 1000]]);
    desk.place(ALICE, [limit('sell', '2060', '0.01', { tif: 'Ioc', r: true })]);
    const [open, close] = desk.venue.fills(ALICE);
    expect(open).toMatchObject({ dir: 'Open Long', closedPnl: 0, startPosition: 0, crossed: true, fee: 8986 });
    expect(close).toMatchObject({ dir: 'Close Long', closedPnl: -130_000, startPosition: 100, fee: 8930 });
  });

  it('moves cash by the notional and shows an average truncated to the tick', () => {
    const desk = openDesk();
    buyAt(desk, 208020, '0.01');
    buyAt(desk, 208030, '0.02');
    const before = desk.venue.account(ALICE);
    expect(before.positions[0]).toMatchObject({ entryPx: 208026, szi: 300 });
    const fees = desk.venue.fills(ALICE).reduce((sum, fill) => sum + fill.fee, 0);
    expect(before.totalRawUsd).toBe(10_000_000_000 - 208020 * 100 - 208030 * 200 - fees);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('names every change of a position, on both sides of a trade', () => {
    const desk = openDesk();
    const trade = (side: 'buy' | 'sell', sz: string) => {
      desk.place(BOB, [limit(side === 'buy' ? 'sell' : 'buy', '2000', sz)]);
      desk.place(ALICE, [limit(side, '2000', sz)]);
    };
    trade('buy', '0.1');
    trade('sell', '0.05');
    trade('sell', '0.1');
    trade('buy', '0.02');
    trade('buy', '0.1');
    const dirs = (user: typeof ALICE) => desk.venue.fills(user).map((fill) => fill.dir);
    expect(dirs(ALICE)).toEqual(['Open Long', 'Close Long', 'Long > Short', 'Close Short', 'Short > Long']);
    expect(dirs(BOB)).toEqual(['Open Short', 'Close Short', 'Short > Long', 'Close Long', 'Long > Short']);
    const [ours, theirs] = [desk.venue.fills(ALICE), desk.venue.fills(BOB)];
    expect(ours.map((fill) => fill.tid)).toEqual(theirs.map((fill) => fill.tid));
    expect(ours[0]?.hash).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it('fills of one transaction have one hash, as 253 of 253 recorded orders with several fills have, and no two transactions do', () => {
    const desk = openDesk();
    for (const px of ['2000', '2001', '2002']) desk.place(BOB, [limit('sell', px, '0.1')]);
    desk.place(ALICE, [limit('buy', '2001', '0.2', { tif: 'Ioc' })]);
    desk.place(ALICE, [limit('buy', '2002', '0.05', { tif: 'Ioc' })]);
    desk.place(ALICE, [limit('buy', '2002', '0.02', { tif: 'Ioc' }), limit('buy', '2002', '0.03', { tif: 'Ioc' })]);
    const hashes = desk.venue.fills(ALICE).map((fill) => fill.hash);
    expect(desk.venue.fills(BOB).map((fill) => fill.hash)).toEqual(hashes);
    expect(hashes.map((hash) => hashes.indexOf(hash))).toEqual([0, 0, 2, 3, 3]);
    const triggers = openDesk();
    triggers.book([[199_900, 100_000]], [[200_000, 100_000]]);
    triggers.place(ALICE, [limit('buy', '2000', '1', { tif: 'Ioc' })]);
    triggers.place(ALICE, [trigger('sl', 'sell', '1995', '0.5'), trigger('sl', 'sell', '1996', '0.5')]);
    triggers.mark(199_000);
    expect(new Set(triggers.venue.fills(ALICE).map((fill) => fill.hash)).size).toBe(3);
  });

  it('takes maker and taker fees truncated to the micro-dollar', () => {
    const desk = openDesk();
    desk.place(BOB, [limit('sell', '2080.2', '0.0111')]);
    desk.place(ALICE, [limit('buy', '2080.2', '0.0111')]);
    const value = 208020 * 111;
    expect(desk.venue.fills(ALICE)[0]?.fee).toBe(Math.floor((value * 450) / 1e6));
    expect(desk.venue.fills(BOB)[0]?.fee).toBe(Math.floor((value * 150) / 1e6));
    expect(desk.venue.volume(BOB)).toBe(value);
  });
});

describe('margin', () => {
  it('follows the arithmetic of a recorded account (PROTOCOL §7)', () => {
    const desk = openDesk();
    buyAt(desk, 208020, '1');
    desk.mark(210000);
    const account = desk.venue.account(ALICE);
    expect(account.accountValue).toBe(account.totalRawUsd + 210000 * 10_000);
    expect(account.totalMarginUsed).toBe(2_100_000_000 / 20);
    expect(account.crossMaintenanceMarginUsed).toBe(2_100_000_000 / 50);
    expect(account.withdrawable).toBe(account.accountValue - 210_000_000);
    expect(account.positions[0]?.unrealizedPnl).toBe((210000 - 208020) * 10_000);
  });

  it('is reserved by resting orders at their limit price, and freed with them', () => {
    const desk = openDesk({}, 1_000);
    const oid = desk.oid(ALICE, limit('buy', '2000', '9'));
    const short = { error: 'Insufficient margin to place order. asset=1' };
    expect(desk.place(ALICE, [limit('buy', '2000', '1.1')])).toEqual([short]);
    expect(desk.place(ALICE, [limit('buy', '2000', '1')])).toMatchObject([{ resting: {} }]);
    desk.do(ALICE, { type: 'cancel', cancels: [{ asset: 1, oid }] });
    expect(desk.place(ALICE, [limit('buy', '2000', '9')])).toMatchObject([{ resting: {} }]);
  });

  it('is not asked of what closes, and none is held by triggers', () => {
    const desk = openDesk({}, 1_000);
    buyAt(desk, 200000, '9.9');
    expect(desk.place(ALICE, [limit('sell', '2010', '9.9')])).toMatchObject([{ resting: {} }]);
    expect(desk.place(ALICE, [trigger('sl', 'sell', '1950', '9.9')])).toMatchObject([{ resting: {} }]);
    expect(desk.place(ALICE, [limit('sell', '2011', '0.5')])).toEqual([{ error: 'Insufficient margin to place order. asset=1' }]);
  });

  it('is looked at again for the resting side when it matches', () => {
    const desk = openDesk({}, 1_000);
    desk.book([[200000, 1_000_000]], [[200020, 1_000_000]]);
    desk.place(ALICE, [limit('buy', '2010', '5', { tif: 'Ioc' })]);
    const bid = desk.oid(ALICE, limit('buy', '1990', '4.5'));
    desk.mark(198000);
    desk.place(BOB, [limit('sell', '1989', '0.1')]);
    desk.print('sell', 198900, 10_000);
    expect(desk.order(ALICE, bid).status).toBe('marginCanceled');
    expect(desk.szi(ALICE)).toBe(50_000);
  });

  it('of an isolated position is its own', () => {
    const desk = openDesk({}, 1_000);
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: false, leverage: 10 });
    buyAt(desk, 200000, '1');
    desk.mark(200000);
    expect(desk.venue.account(ALICE).positions[0]).toMatchObject({ isCross: false, isolatedMargin: 199_100_000, marginUsed: 199_100_000 });
    const more = (ntli: number) => desk.do(ALICE, { type: 'updateIsolatedMargin', asset: 1, isBuy: true, ntli });
    expect(more(100_000_000).status).toBe('ok');
    expect(more(-101_000_000).status).toBe('err');
    expect(desk.venue.account(ALICE).positions[0]?.isolatedMargin).toBe(299_100_000);
    desk.mark(190000);
    desk.place(ALICE, [limit('sell', '1900', '0.5', { tif: 'Ioc' })]);
    expect(desk.szi(ALICE)).toBe(5000);
    desk.place(ALICE, [limit('sell', '1900', '0.5', { tif: 'Ioc' })]);
    const account = desk.venue.account(ALICE);
    expect(account.positions).toEqual([]);
    expect(account.totalRawUsd).toBe(account.accountValue);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });
});

describe('funding', () => {
  it('is paid on the hour at the oracle price, longs to shorts when positive', () => {
    const desk = openDesk();
    desk.place(BOB, [limit('sell', '2000', '1')]);
    desk.place(ALICE, [limit('buy', '2000', '1')]);
    desk.mark(210000, 1_000_000);
    const toHour = HOUR_MS - (desk.now() % HOUR_MS);
    const hourMs = desk.now() + toHour;
    desk.wait(toHour);
    expect(desk.venue.fundings(ALICE), 'the first block after the hour pays').toEqual([]);
    desk.wait(100);
    expect(desk.venue.fundings(ALICE)).toMatchObject([{ usd: -210_000, szi: 10_000, fundingRateE10: 1_000_000 }]);
    expect((desk.venue.fundings(ALICE)[0]?.timeMs ?? 0) - hourMs).toBeGreaterThan(0);
    expect(desk.venue.fundings(BOB)).toMatchObject([{ usd: 210_000 }]);
    expect(desk.venue.account(ALICE).positions[0]).toMatchObject({ fundingAllTime: -210_000, fundingSinceOpen: -210_000 });
    desk.wait(2 * HOUR_MS);
    expect(desk.venue.fundings(ALICE)).toHaveLength(3);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });
});

describe('liquidation', () => {
  const highLeverage = (px = 200000) => {
    const desk = openDesk({}, 1_000);
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 25 });
    desk.book([[px - 20, 1_000_000]], [[px, 1_000_000]]);
    desk.place(ALICE, [limit('buy', '2000', '12', { tif: 'Ioc' })]);
    return desk;
  };

  it('price is where equity meets maintenance', () => {
    const desk = highLeverage();
    const [position] = desk.venue.account(ALICE).positions;
    const px = (position?.liquidationPx ?? 0) / 1000;
    const { totalRawUsd } = desk.venue.account(ALICE);
    const equity = totalRawUsd + px * 120_000;
    expect(Math.abs(equity - (px * 120_000) / 50)).toBeLessThan(200);
  });

  it('closes through the book when equity is below maintenance, after its orders are cancelled', () => {
    const desk = highLeverage();
    const resting = desk.oid(ALICE, limit('sell', '2500', '1'));
    desk.book([[194500, 1_000_000]], [[194520, 1_000_000]]);
    desk.events();
    desk.mark(194500);
    expect(desk.szi(ALICE)).toBe(0);
    expect(desk.order(ALICE, resting).status).toBe('liquidatedCanceled');
    const [sold] = desk.venue.historicalOrders(ALICE);
    expect(sold).toMatchObject({ status: 'filled', order: { tif: 'LiquidationMarket', reduceOnly: true, sz: 0, origSz: 120_000 } });
    expect(desk.venue.fills(ALICE).at(-1)).toMatchObject({
      dir: 'Close Long',
      px: 194500,
      crossed: true,
      liquidation: { liquidatedUser: ALICE, method: 'market', markPx: 194_500_000 },
    });
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('waits when the book has nothing, and goes to the liquidator below two thirds of maintenance at the price that leaves nothing', () => {
    const desk = highLeverage();
    desk.book([], []);
    desk.mark(194500);
    expect(desk.szi(ALICE)).toBe(120_000);
    desk.mark(194200);
    const fill = desk.venue.fills(ALICE).at(-1);
    expect(fill).toMatchObject({
      dir: 'Liquidated Cross Long',
      fee: 0,
      crossed: false,
      liquidation: { method: 'backstop', markPx: 194_200_000 },
    });
    expect(fill?.px).toBeLessThan(194_200);
    expect(desk.szi(ALICE)).toBe(0);
    const left = desk.venue.account(ALICE).accountValue;
    expect(left).toBeGreaterThanOrEqual(0);
    expect(left).toBeLessThan(120_000);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('takes several cross positions over at the same part of their marks, as two recorded fills of one transaction were', () => {
    // BTC 101367.5 at a mark of 101669.0 and ETH 2316.41 at 2323.3: both 0.2966 % below.
    const desk = openDesk({}, 1_000);
    for (const asset of [0, 1]) desk.do(ALICE, { type: 'updateLeverage', asset, isCross: true, leverage: 25 });
    desk.place(BOB, [limit('sell', '2000', '6')]);
    desk.place(CAROL, [limit('sell', '100000', '0.1', { asset: 0 })]);
    desk.place(ALICE, [limit('buy', '2000', '6'), limit('buy', '100000', '0.1', { asset: 0 })]);
    desk.mark(185000);
    const fills = desk.venue.fills(ALICE).filter((fill) => fill.liquidation?.method === 'backstop');
    expect(fills).toHaveLength(2);
    const parts = fills.map((fill) => (fill.px * 1000) / (fill.liquidation?.markPx ?? 1));
    expect(Math.abs((parts[0] ?? 0) - (parts[1] ?? 1))).toBeLessThan(0.0001);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('tells the account once what is being liquidated, before the fills', () => {
    const desk = highLeverage();
    desk.book([[194500, 1_000_000]], [[194520, 1_000_000]]);
    desk.events();
    desk.mark(194500);
    const told = desk.events().filter((event) => event.kind === 'liquidation' || event.kind === 'fill');
    expect(told.map((event) => event.kind)).toEqual(['liquidation', 'fill']);
    expect(told[0]).toMatchObject({ user: ALICE, lid: 1, liquidatedNtlPos: 194500 * 120_000 });
  });

  it('of an isolated position cancels the orders of its coin and leaves the rest of the account alone', () => {
    const desk = openDesk({}, 1_000);
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: false, leverage: 25 });
    desk.book([[199980, 1_000_000]], [[200000, 1_000_000]]);
    desk.place(ALICE, [limit('buy', '2000', '1', { tif: 'Ioc' })]);
    const stop = desk.oid(ALICE, trigger('sl', 'sell', '1900', '1'));
    const other = desk.oid(ALICE, limit('buy', '90000', '0.001', { asset: 0 }));
    desk.book([], []);
    desk.mark(194000);
    expect(desk.order(ALICE, stop).status).toBe('liquidatedCanceled');
    expect(desk.order(ALICE, other).status).toBe('open');
    expect(desk.venue.fills(ALICE).at(-1)?.dir).toBe('Liquidated Isolated Long');
    // Of 1,000 the margin of 80 is gone, of which the fee was a part; what is less than a tick of each lot stays.
    expect(desk.venue.account(ALICE).accountValue).toBeGreaterThanOrEqual(920_000_000);
    expect(desk.venue.account(ALICE).accountValue).toBeLessThan(920_010_000);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('sells a fifth of more than $100,000 first and then waits 30 s', () => {
    const desk = openDesk({}, 10_000);
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 25 });
    desk.book([[199980, 10_000_000]], [[200000, 10_000_000]]);
    desk.place(ALICE, [limit('buy', '2000', '100', { tif: 'Ioc' })]);
    desk.book([[194200, 10_000_000]], [[194220, 10_000_000]]);
    desk.mark(193500);
    expect(desk.szi(ALICE)).toBe(800_000);
    desk.mark(192800);
    expect(desk.szi(ALICE)).toBe(800_000);
    desk.wait(33_000);
    expect(desk.szi(ALICE)).toBeLessThan(800_000);
  });

  it('sells the whole in the cooldown where the venue is set so (PROTOCOL §11)', () => {
    const desk = openDesk({ liquidationCooldown: 'whole' }, 10_000);
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 25 });
    desk.book([[199980, 10_000_000]], [[200000, 10_000_000]]);
    desk.place(ALICE, [limit('buy', '2000', '100', { tif: 'Ioc' })]);
    desk.book([[194200, 10_000_000]], [[194220, 10_000_000]]);
    desk.mark(193500);
    expect(desk.szi(ALICE)).toBe(800_000);
    desk.mark(192800);
    expect(desk.szi(ALICE)).toBe(0);
  });
});

describe('money in and out', () => {
  it('pays out what is free and no more', () => {
    const desk = openDesk({}, 1_000);
    desk.place(ALICE, [limit('buy', '2000', '9')]);
    const pay = (usd: number) => desk.venue.withdraw?.(ALICE, usd as never, desk.now());
    expect(pay(100_000_001)).toBe(false);
    expect(pay(100_000_000)).toBe(true);
    expect(desk.venue.account(ALICE).accountValue).toBe(900_000_000);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('keeps the average of lots and ticks exact at large sizes', () => {
    const desk = openDesk({}, 1_000_000_000);
    desk.place(BOB, [limit('sell', '2000.1', '10000')]);
    desk.place(ALICE, [limit('buy', '2000.1', '10000')]);
    expect(desk.venue.account(ALICE).positions[0]).toMatchObject({ entryPx: ticks(200010), szi: lots(100_000_000) });
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });
});

it('says what a position counts for in the account value, which the truncated entry shown does not give', () => {
  const desk = openDesk();
  desk.book(
    [[208000, 10_000]],
    [
      [208010, 33],
      [208020, 10_000],
    ],
  );
  desk.place(ALICE, [limit('buy', '2090', '0.0101', { tif: 'Ioc' })]);
  desk.mark(208015);
  const { accountValue, totalRawUsd, positions } = desk.venue.account(ALICE);
  const [position] = positions;
  if (position === undefined) throw new Error('no position');
  expect(accountValue).toBe(totalRawUsd + position.value);
  expect(position.unrealizedPnl + position.szi * position.entryPx).not.toBe(position.value);
});
