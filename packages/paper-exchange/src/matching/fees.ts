import { type MicroUsd, microUsd, mulDiv } from '@hyperfleet/trading';
import type { Account } from './account.ts';
import type { FeeDiscounts, VenueFees } from './contract.ts';
import type { Core } from './core.ts';
import { createFeeRecord, type FeeRecord } from './fee-record.ts';

const DAY_MS = 86_400_000;
/** Tiers look at the fourteen whole UTC days before today (PROTOCOL §7). */
const TIER_DAYS = 14;
const PPM = 1_000_000;
const RATE_ONE = 1_000_000_000;
/** A builder's fee is stated in tenths of a basis point (PROTOCOL §3). */
const TENTHS_OF_BP = 100_000;

const dayOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS);
const isCounted = (day: number, today: number): boolean => day < today && day >= today - TIER_DAYS;

/** Counts notional traded on the venue, by whomever. */
export function countExchange(core: Core, usd: number): void {
  const today = dayOf(core.nowMs);
  const last = core.exchangeVolume.at(-1);
  if (last !== undefined && last.day === today) {
    last.usd += usd;
    return;
  }
  core.exchangeVolume.push({ day: today, usd });
  while ((core.exchangeVolume[0]?.day ?? today) < today - TIER_DAYS) core.exchangeVolume.shift();
}

/** A rate of parts per million, less the discounts, in 10^−9. Rebates are not discounted. */
function discounted(ppm: number, { referralDiscountPpm, stakingDiscountPpm }: FeeDiscounts): number {
  if (ppm <= 0) return ppm * 1000;
  const afterStaking = mulDiv(ppm * 1000, PPM - stakingDiscountPpm, PPM, 'ceil');
  return mulDiv(afterStaking, PPM - referralDiscountPpm, PPM, 'ceil');
}

/** Looks up the tier of the last fourteen days: taker and maker by volume, the maker's rebate by share of the venue's volume. */
function assess(core: Core, record: FeeRecord, today: number): void {
  const { settings } = core;
  while ((record.days[0]?.day ?? today) < today - TIER_DAYS) record.days.shift();
  let volume = 0;
  let maker = 0;
  for (const row of record.days) {
    if (!isCounted(row.day, today)) continue;
    volume += row.taker + row.maker;
    maker += row.maker;
  }
  let [takerPpm, makerPpm] = [settings.takerFeePpm, settings.makerFeePpm];
  for (const tier of settings.feeTiers) {
    if (volume > tier.volumeUsd * PPM) [takerPpm, makerPpm] = [tier.takerFeePpm, tier.makerFeePpm];
  }
  let everyone = 0;
  for (const row of core.exchangeVolume) if (isCounted(row.day, today)) everyone += row.usd;
  for (const tier of settings.makerTiers) {
    if (everyone > 0 && maker > mulDiv(everyone, tier.makerSharePpm, PPM, 'floor')) makerPpm = tier.makerFeePpm;
  }
  const discounts = record.discounts ?? settings;
  record.takerRateE9 = discounted(takerPpm, discounts);
  record.makerRateE9 = discounted(makerPpm, discounts);
  record.untilMs = (today + 1) * DAY_MS;
}

/** The fee of a fill before a builder's: notional × rate, truncated to the micro-dollar; below zero is a rebate (PROTOCOL §7). Counts its volume. */
export function takeFee(core: Core, account: Account, { ntl, crossed }: { readonly ntl: number; readonly crossed: boolean }): number {
  const record = account.fees;
  if (core.nowMs >= record.untilMs) assess(core, record, dayOf(core.nowMs));
  const today = dayOf(core.nowMs);
  let row = record.days.at(-1);
  if (row === undefined || row.day !== today) {
    row = { day: today, taker: 0, maker: 0 };
    record.days.push(row);
  }
  if (crossed) row.taker += ntl;
  else row.maker += ntl;
  return mulDiv(ntl, crossed ? record.takerRateE9 : record.makerRateE9, RATE_ONE, 'truncate');
}

/** A builder's part of a fill, truncated by itself: of 292 recorded fills whose rate is a whole tenth of a basis point all agree (PROTOCOL §7). */
export const builderFee = (ntl: number, tenthsOfBp: number): MicroUsd => microUsd(mulDiv(ntl, tenthsOfBp, TENTHS_OF_BP, 'truncate'));

/** An account's rates of today and the days they follow from, today last. The base rates for an account that does not exist. */
export function viewFees(core: Core, account: Account | undefined): VenueFees {
  const today = dayOf(Math.max(0, core.nowMs));
  const record = account?.fees ?? createFeeRecord();
  if (core.nowMs >= record.untilMs) assess(core, record, today);
  const days = Array.from({ length: TIER_DAYS + 1 }, (_, index) => {
    const day = today - TIER_DAYS + index;
    const own = record.days.find((row) => row.day === day);
    return {
      dayMs: day * DAY_MS,
      takerUsd: microUsd(own?.taker ?? 0),
      makerUsd: microUsd(own?.maker ?? 0),
      exchangeUsd: microUsd(core.exchangeVolume.find((row) => row.day === day)?.usd ?? 0),
    };
  });
  const { referralDiscountPpm, stakingDiscountPpm } = record.discounts ?? core.settings;
  return { takerRateE9: record.takerRateE9, makerRateE9: record.makerRateE9, referralDiscountPpm, stakingDiscountPpm, days };
}

/** Gives an account discounts of its own from now on. */
export function setDiscounts(core: Core, account: Account, discounts: FeeDiscounts): void {
  account.fees.discounts = discounts;
  assess(core, account.fees, dayOf(Math.max(0, core.nowMs)));
}
