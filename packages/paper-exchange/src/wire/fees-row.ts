import type { FeeTier, MakerTier, Venue } from '../matching/contract.ts';
import { usdText, withDecimal } from './decimal-text.ts';
import type { Address } from './fields.ts';
import type { Row } from './rows.ts';

const ratePpm = (ppm: number): string => withDecimal(ppm, 6);
const rateE9 = (rate: number): string => withDecimal(rate, 9);
const SPOT = { spotCross: '0.0007', spotAdd: '0.0004' };

const vipRow = (tier: FeeTier): Row => ({
  ntlCutoff: withDecimal(tier.volumeUsd, 0),
  cross: ratePpm(tier.takerFeePpm),
  add: ratePpm(tier.makerFeePpm),
  ...SPOT,
});
const makerRow = (tier: MakerTier): Row => ({ makerFractionCutoff: ratePpm(tier.makerSharePpm), add: ratePpm(tier.makerFeePpm) });

/** userFees: the schedule, the last fifteen days and the rates they give today, discounts applied (PROTOCOL §7, §8). */
export function feesRow(venue: Venue, user: Address): Row {
  const { settings } = venue;
  const fees = venue.fees(user);
  const referral = ratePpm(fees.referralDiscountPpm);
  const staking = { bpsOfMaxSupply: '0.0', discount: ratePpm(fees.stakingDiscountPpm) };
  return {
    dailyUserVlm: fees.days.map((day) => ({
      date: new Date(day.dayMs).toISOString().slice(0, 10),
      userCross: usdText(day.takerUsd),
      userAdd: usdText(day.makerUsd),
      exchange: usdText(day.exchangeUsd),
    })),
    feeSchedule: {
      cross: ratePpm(settings.takerFeePpm),
      add: ratePpm(settings.makerFeePpm),
      ...SPOT,
      tiers: { vip: settings.feeTiers.map(vipRow), mm: settings.makerTiers.map(makerRow) },
      referralDiscount: '0.04',
      stakingDiscountTiers: [{ bpsOfMaxSupply: '0.0', discount: '0.0' }],
    },
    userCrossRate: rateE9(fees.takerRateE9),
    userAddRate: rateE9(fees.makerRateE9),
    userSpotCrossRate: SPOT.spotCross,
    userSpotAddRate: SPOT.spotAdd,
    activeReferralDiscount: referral,
    trial: null,
    feeTrialEscrow: '0.0',
    nextTrialAvailableTimestamp: null,
    stakingLink: null,
    activeStakingDiscount: staking,
  };
}
