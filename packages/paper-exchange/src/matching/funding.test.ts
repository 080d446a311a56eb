import { fineTicks, lots, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fundingTimeMs } from './funding.ts';
import { hourlyRateE10, impactPx, premiumE10 } from './premium.ts';
import { ALICE, BOB, type Desk, limit, openDesk } from './testing/desk.ts';

const HOUR_MS = 3_600_000;
const INTEREST = 125_000;
/** How long until the payment of the coming hour is done. */
const toHour = (desk: Desk): number => HOUR_MS - (desk.now() % HOUR_MS) + 100;

describe('the funding rate (PROTOCOL §7)', () => {
  it.each([
    ['nothing presses', 0, 0.000_012_5],
    ['a premium within reach of the interest', 0.000_5, 0.000_012_5],
    ['a discount within reach', -0.000_4, 0.000_012_5],
    ['a premium past it', 0.001, (0.001 - 0.000_5) / 8],
    ['a discount past it', -0.001, (-0.001 + 0.000_5) / 8],
    ['a premium past all bounds', 0.5, 0.04],
    ['a discount past all bounds', -0.5, -0.04],
  ])('of %s', (_, premium, rate) => {
    expect(hourlyRateE10(Math.round(premium * 1e10), INTEREST)).toBe(Math.trunc(Math.round(rate * 1e13) / 1e3));
  });

  it('is the formula as published, for every premium', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }), (premium) => {
        const clamp = Math.max(-5_000_000, Math.min(5_000_000, 1_000_000 - premium));
        expect(Math.abs(hourlyRateE10(premium, INTEREST) - (premium + clamp) / 8)).toBeLessThan(1);
      }),
    );
  });

  it('takes the price of the impact notional from both sides of the book', () => {
    const levels = [
      { px: ticks(200_000), sz: lots(20_000) },
      { px: ticks(199_000), sz: lots(1_000_000) },
    ];
    // 6,000 dollars: 2 at 2000 and 2000 / 1990 at 1990.
    const bid = impactPx(levels, 6_000e6);
    expect(bid).toBe(Math.floor((6_000e6 * 1000) / (20_000 + 2_000e6 / 199_000)));
    expect(impactPx(levels.slice(0, 1), 6_000e6)).toBeNull();
    expect(premiumE10(fineTicks(199_000_000), bid, null)).toBe(Math.trunc((((bid ?? 0) - 199_000_000) / 199_000_000) * 1e10));
    expect(premiumE10(fineTicks(199_000_000), null, fineTicks(198_000_000))).toBe(-Math.trunc((1 / 199) * 1e10));
    expect(premiumE10(fineTicks(199_000_000), fineTicks(198_000_000), fineTicks(200_000_000))).toBe(0);
  });

  it('is the average over the hour, sampled every 5 s, told as it comes to be and paid on the hour', () => {
    const desk = openDesk({}, 1_000_000);
    desk.place(BOB, [limit('sell', '2000', '1')]);
    desk.place(ALICE, [limit('buy', '2000', '1')]);
    desk.book([[201_900, 10_000_000]], [[202_000, 10_000_000]]);
    desk.wait(toHour(desk));
    // An hour that begins with the oracle 1 % below the bid and ends, its last quarter, at the bid.
    desk.mark(200_000);
    desk.wait(HOUR_MS * 0.75 - (desk.now() % HOUR_MS) - 1);
    const early = desk.venue.assetMarket(1).fundingRateE10;
    expect(early).toBe(hourlyRateE10(95_000_000, INTEREST));
    desk.mark(201_950);
    desk.wait(toHour(desk));
    const samples = HOUR_MS / 5_000;
    // The sample of a moment is taken before what comes at that moment.
    const average = Math.trunc((95_000_000 * samples * 0.75) / samples);
    const rate = hourlyRateE10(average, INTEREST);
    const paid = desk.venue.fundings(ALICE).at(-1);
    expect(paid).toMatchObject({ fundingRateE10: rate, usd: 0 - Math.trunc((201_950 * 10_000 * rate) / 1e10) });
    expect(desk.venue.assetMarket(1).fundingRateE10).toBe(rate);
    desk.wait(5_000);
    expect(desk.venue.assetMarket(1).fundingRateE10).toBe(INTEREST);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('is paid 1 to 85 ms after the hour, as 291 recorded payments of June 2026 were, and hardly twice as late in a row', () => {
    const late = Array.from({ length: 1_000 }, (_, hour) => fundingTimeMs((490_000 + hour) * HOUR_MS) % HOUR_MS);
    expect([Math.min(...late), Math.max(...late)]).toEqual([1, 85]);
    expect(late.filter((ms, at) => ms === late[at - 1]).length).toBeLessThan(30);
  });

  it('that the market states is the rate, and a venue may be set to one', () => {
    const stated = openDesk();
    stated.book([[201_900, 10_000_000]], [[202_000, 10_000_000]]);
    stated.mark(200_000, 77);
    stated.wait(HOUR_MS);
    expect(stated.venue.assetMarket(1).fundingRateE10).toBe(77);
    const fixed = openDesk({ fundingBy: 'setting', fundingRateE10: 99 });
    fixed.book([[201_900, 10_000_000]], [[202_000, 10_000_000]]);
    fixed.mark(200_000);
    fixed.wait(HOUR_MS);
    expect(fixed.venue.assetMarket(1).fundingRateE10).toBe(99);
  });
});
