import { mulDiv } from '@hyperfleet/trading';
import type { MarginedInstrument } from './contract.ts';

/**
 * A margin tier ready for use: from `lowerBound` micro-dollars of notional on, maintenance is notional ÷ (2 × maxLeverage)
 * less `deduction`, so that it does not jump where one tier meets the next (PROTOCOL §7).
 */
export interface TierTerms {
  readonly lowerBound: number;
  readonly maxLeverage: number;
  readonly deduction: number;
}

const MICRO = 1_000_000;

/**
 * The tiers of an instrument, lowest first; one tier of its own maximum leverage when none are given. Throws when they do not
 * begin at 0, do not rise, or do not lower the leverage from the instrument's own.
 */
export function tierTerms(instrument: MarginedInstrument): readonly TierTerms[] {
  const tiers = instrument.marginTable?.tiers;
  if (tiers === undefined || tiers.length === 0) return [{ lowerBound: 0, maxLeverage: instrument.maxLeverage, deduction: 0 }];
  const terms: TierTerms[] = [];
  for (const { lowerBoundUsd, maxLeverage } of tiers) {
    const last = terms.at(-1);
    const fits =
      last === undefined
        ? lowerBoundUsd === 0 && maxLeverage === instrument.maxLeverage
        : lowerBoundUsd * MICRO > last.lowerBound && maxLeverage < last.maxLeverage && maxLeverage >= 1;
    if (!fits) {
      throw new RangeError(
        `margin tiers of ${instrument.coin}: ${maxLeverage}x from $${lowerBoundUsd} does not follow; begin at $0 with ${instrument.maxLeverage}x, then rise in dollars and fall in leverage`,
      );
    }
    const lowerBound = lowerBoundUsd * MICRO;
    // lowerBound × (rate of this tier − rate of the one before), rate = 1 ÷ (2 × maxLeverage).
    const step = last === undefined ? 0 : mulDiv(lowerBound, last.maxLeverage - maxLeverage, 2 * last.maxLeverage * maxLeverage, 'floor');
    terms.push({ lowerBound, maxLeverage, deduction: (last?.deduction ?? 0) + step });
  }
  return terms;
}

/** The tier of a notional in micro-dollars. */
function tierAt(tiers: readonly TierTerms[], notional: number): TierTerms {
  for (let n = tiers.length - 1; n > 0; n--) {
    const tier = tiers[n];
    if (tier !== undefined && notional >= tier.lowerBound) return tier;
  }
  const [first] = tiers;
  if (first === undefined) throw new Error('an instrument has no margin tier');
  return first;
}

/** Maintenance margin of a notional, truncated to the micro-dollar (PROTOCOL §7). */
export function maintenanceOf(tiers: readonly TierTerms[], notional: number): number {
  const tier = tierAt(tiers, notional);
  return mulDiv(notional, 1, 2 * tier.maxLeverage, 'truncate') - tier.deduction;
}

/** The largest notional that may be held at this leverage, in micro-dollars; Infinity without a bound (PROTOCOL §4). */
export function notionalLimit(tiers: readonly TierTerms[], leverage: number): number {
  for (const tier of tiers) if (tier.maxLeverage < leverage) return tier.lowerBound;
  return Number.POSITIVE_INFINITY;
}
