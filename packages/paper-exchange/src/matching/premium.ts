import { FINE_PER_TICK, type FineTicks, fineTicks, type Level, mulDiv } from '@hyperfleet/trading';
import type { CoinMarket } from './coin-market.ts';
import type { Core } from './core.ts';
import { mergedLevels } from './views.ts';

/** The premium is looked at this often, on the grid of market time (PROTOCOL §7). */
const SAMPLE_MS = 5_000;
const RATE_ONE = 10_000_000_000;
/** ±0.05 %: how far the interest may pull the rate of eight hours towards itself (PROTOCOL §7). */
const CLAMP = 5_000_000;
const HOURS = 8;
/** 4 % an hour at most (PROTOCOL §7). */
const MAX_RATE = RATE_ONE * 0.04;
/** Millionths of a lot, in which what a notional buys is counted. */
const PARTS = 1_000_000;

/** Micro-dollars whose price in one order is the impact price: $20,000 for BTC and ETH, else $6,000 (PROTOCOL §7). */
export const impactNotional = (coin: string): number => (coin === 'BTC' || coin === 'ETH' ? 20_000_000_000 : 6_000_000_000);

/** The average price of an order of this many micro-dollars into one side, best level first; null when the side is too thin. */
export function impactPx(levels: readonly Level[], microUsd: number): FineTicks | null {
  let left = microUsd;
  let parts = 0;
  for (const { px, sz } of levels) {
    const taken = Math.min(px * sz, left);
    parts += mulDiv(taken, PARTS, px, 'floor');
    left -= taken;
    if (left <= 0) return fineTicks(mulDiv(microUsd, FINE_PER_TICK * PARTS, parts, 'floor'));
  }
  return null;
}

/**
 * (max(impact bid − oracle, 0) − max(oracle − impact ask, 0)) ÷ oracle in 10^−10, truncated (PROTOCOL §7). A side too thin for
 * an impact price counts for nothing.
 */
export function premiumE10(oracle: FineTicks, bid: FineTicks | null, ask: FineTicks | null): number {
  const over = Math.max((bid ?? oracle) - oracle, 0) - Math.max(oracle - (ask ?? oracle), 0);
  return mulDiv(over, RATE_ONE, oracle, 'truncate');
}

/** The hourly rate of an average premium: (premium + clamp(interest − premium, ±0.0005)) ÷ 8, at most 4 % (PROTOCOL §7). All in 10^−10. */
export function hourlyRateE10(averagePremium: number, hourlyInterest: number): number {
  const pull = Math.max(-CLAMP, Math.min(CLAMP, hourlyInterest * HOURS - averagePremium));
  return capRate(mulDiv(averagePremium + pull, 1, HOURS, 'truncate'));
}

/** A rate within 4 % an hour. */
export const capRate = (rateE10: number): number => Math.max(-MAX_RATE, Math.min(MAX_RATE, rateE10));

function sample(core: Core, market: CoinMarket, times: number): void {
  const { oracle, instrument, premiums } = market;
  if (oracle === null || market.inGap) return;
  const size = impactNotional(instrument.coin);
  const premium = premiumE10(oracle, impactPx(mergedLevels(market, 1), size), impactPx(mergedLevels(market, -1), size));
  premiums.sum += premium * times;
  premiums.count += times;
  market.fundingRateE10 = hourlyRateE10(Math.trunc(premiums.sum / premiums.count), core.settings.fundingRateE10);
}

/**
 * Looks at the premium of every coin whose rate follows from it, as often as a grid point of 5 s lies after `fromMs` and not
 * after `untilMs`: nothing moves in between. The rate told is the one the hour has come to so far.
 */
export function samplePremiums(core: Core, fromMs: number, untilMs: number): void {
  const times = Math.floor(untilMs / SAMPLE_MS) - Math.floor(fromMs / SAMPLE_MS);
  if (times <= 0) return;
  for (const market of core.premiumCoins) sample(core, market, times);
}

/** An hour was paid: the next begins without samples. */
export function forgetPremiums(core: Core): void {
  for (const market of core.premiumCoins) {
    market.premiums.sum = 0;
    market.premiums.count = 0;
  }
}
