import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, limit, openDesk } from './testing/desk.ts';

const DAY_MS = 86_400_000;

/** Alice sells, Bob takes: 1,000 ETH at 2,000 is $2M. */
function trade(desk: ReturnType<typeof openDesk>, eth: number): void {
  desk.place(ALICE, [limit('sell', '2000', String(eth))]);
  desk.place(BOB, [limit('buy', '2000', String(eth))]);
  desk.place(ALICE, [limit('buy', '2000', String(eth))]);
  desk.place(BOB, [limit('sell', '2000', String(eth), { r: true })]);
}

describe('fee tiers', () => {
  it('follow the volume of the fourteen whole days before today, and fall with it (PROTOCOL §7)', () => {
    const desk = openDesk({ makerTiers: [] }, 10_000_000);
    trade(desk, 1_500);
    expect(desk.venue.fees(BOB)).toMatchObject({ takerRateE9: 450_000, makerRateE9: 150_000 });
    desk.wait(DAY_MS);
    // 2 × $3M: above $5M.
    expect(desk.venue.fees(BOB)).toMatchObject({ takerRateE9: 400_000, makerRateE9: 120_000 });
    trade(desk, 1);
    expect(desk.venue.fills(BOB).at(-1)?.fee).toBe((2_000_000_000 * 400) / 1e6);
    expect(desk.venue.fills(ALICE).at(-1)?.fee).toBe((2_000_000_000 * 120) / 1e6);
    desk.wait(14 * DAY_MS);
    expect(desk.venue.fees(BOB)).toMatchObject({ takerRateE9: 450_000, makerRateE9: 150_000 });
  });

  it('of exactly the cutoff is not above it', () => {
    const desk = openDesk({ makerTiers: [] }, 10_000_000);
    trade(desk, 1_250);
    desk.wait(DAY_MS);
    expect(desk.venue.fees(BOB).takerRateE9).toBe(450_000);
  });

  it('pay a maker with a large share of the venue a rebate, truncated towards zero as 985 recorded rebates were', () => {
    const desk = openDesk({}, 10_000_000);
    trade(desk, 100);
    desk.wait(DAY_MS);
    expect(desk.venue.fees(ALICE).makerRateE9).toBe(-30_000);
    desk.place(ALICE, [limit('sell', '2000.1', '0.0333')]);
    desk.place(BOB, [limit('buy', '2000.1', '0.0333')]);
    const value = 200_010 * 333;
    expect(desk.venue.fills(ALICE).at(-1)?.fee).toBe(-Math.floor((value * 30) / 1e6));
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('are not lowered by a share of nothing', () => {
    const desk = openDesk();
    expect(desk.venue.fees(CAROL)).toMatchObject({ takerRateE9: 450_000, makerRateE9: 150_000 });
    expect(desk.venue.fees('0x00000000000000000000000000000000000000ff').days).toHaveLength(15);
  });

  it('count the recorded market as the volume a share is of', () => {
    const desk = openDesk({}, 10_000_000);
    desk.book([[199990, 100]], [[200010, 100]]);
    for (let n = 0; n < 100; n++) desk.print('sell', 199990, 2_000_000);
    desk.place(ALICE, [limit('buy', '2000.5', '0.01', { tif: 'Ioc' })]);
    trade(desk, 0.01);
    desk.wait(DAY_MS);
    expect(desk.venue.fees(ALICE).makerRateE9).toBe(150_000);
    const yesterday = desk.venue.fees(ALICE).days.at(-2);
    expect(yesterday?.exchangeUsd).toBeGreaterThan(100 * 199990 * 2_000_000);
  });

  it('are shared by a master and its sub-accounts', () => {
    const desk = openDesk({ makerTiers: [] }, 10_000_000);
    desk.venue.linkSubAccount(CAROL, BOB);
    trade(desk, 1_500);
    desk.wait(DAY_MS);
    expect(desk.venue.fees(CAROL).takerRateE9).toBe(400_000);
  });

  it('fall by the discounts, as recorded effective rates do: 0.0432 % after a referral', () => {
    const referred = openDesk({ referralDiscountPpm: 40_000 });
    expect(referred.venue.fees(ALICE)).toMatchObject({ takerRateE9: 432_000, makerRateE9: 144_000 });
    const staked = openDesk({ referralDiscountPpm: 40_000, stakingDiscountPpm: 50_000 });
    expect(staked.venue.fees(ALICE).takerRateE9).toBe(410_400);
  });
});

describe('a builder', () => {
  const builder = { address: CAROL, fee: 50 };
  const buy = (desk: ReturnType<typeof openDesk>, px: string, sz: string) =>
    desk.do(BOB, { type: 'order', orders: [limit('buy', px, sz)], grouping: 'na', builder });

  it('is paid its own truncated part of a fill, which is in the fee: a recorded BTC fill again (PROTOCOL §7)', () => {
    // 0.01294 BTC at 115541 paid 0.947893, of which 0.373775 (2.5 bp) went to the builder: the rest is 3.84 bp.
    const desk = openDesk({ takerFeePpm: 384 });
    desk.place(ALICE, [limit('sell', '115541', '0.01294', { asset: 0 })]);
    desk.do(BOB, {
      type: 'order',
      orders: [limit('buy', '115541', '0.01294', { asset: 0 })],
      grouping: 'na',
      builder: { address: CAROL, fee: 25 },
    });
    expect(desk.venue.fills(BOB)).toMatchObject([{ fee: 947_893, builderFee: 373_775 }]);
    expect(desk.venue.fills(ALICE)).toMatchObject([{ builderFee: null }]);
    expect(desk.venue.builderRewards(CAROL)).toBe(373_775);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('is paid for what rests and fills later, and by triggers', () => {
    const desk = openDesk();
    expect(buy(desk, '2000', '0.1')).toMatchObject({ status: 'ok' });
    desk.place(ALICE, [limit('sell', '2000', '0.1')]);
    expect(desk.venue.fills(BOB)[0]).toMatchObject({ crossed: false, builderFee: 100_000, fee: 30_000 + 100_000 });
  });

  it('never makes or loses a micro-dollar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 100, max: 40_000 }),
        fc.integer({ min: 100, max: 3000 }),
        (fee, lots, px) => {
          const desk = openDesk({}, 1_000_000);
          desk.place(ALICE, [limit('sell', String(px), String(lots / 10_000))]);
          const orders = [limit('buy', String(px), String(lots / 10_000))];
          desk.do(BOB, { type: 'order', orders, grouping: 'na', builder: { address: CAROL, fee } });
          expect(desk.venue.builderRewards(CAROL)).toBe(desk.venue.fills(BOB).reduce((sum, fill) => sum + (fill.builderFee ?? 0), 0));
          expect(desk.venue.audit().conservationErrorUsd).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
