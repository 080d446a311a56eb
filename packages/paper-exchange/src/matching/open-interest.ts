import { FINE_PER_TICK, mulDiv } from '@hyperfleet/trading';
import type { CoinMarket } from './coin-market.ts';
import type { Core } from './core.ts';

/** Lots held long in a coin, by accounts and by the house; as many are held short. */
export function openInterest(core: Core, market: CoinMarket): number {
  let long = Math.max(0, core.house.szi.get(market.instrument.assetId) ?? 0);
  for (const holding of market.holders) long += Math.max(0, holding.szi);
  return long;
}

/** Whether a coin's open interest, valued at the mark, has come to the cap set for it (PROTOCOL §4). */
export function isAtInterestCap(core: Core, market: CoinMarket): boolean {
  if (market.interestCap === Number.POSITIVE_INFINITY || market.mark === null) return false;
  return mulDiv(openInterest(core, market), market.mark, FINE_PER_TICK, 'floor') >= market.interestCap;
}

const MINUTE_MS = 60_000;

/** Whether that many lots more would be past what a coin's open interest may grow by in a minute of market time (PROTOCOL §4). */
export function growsTooQuickly(core: Core, market: CoinMarket, lots: number): boolean {
  if (market.interestGrowth === Number.POSITIVE_INFINITY || market.mark === null || lots === 0) return false;
  const now = openInterest(core, market);
  const minute = Math.floor(core.nowMs / MINUTE_MS);
  if (minute !== market.interestMinute) {
    market.interestMinute = minute;
    market.interestBefore = now;
  }
  const grown = Math.max(0, now + lots - market.interestBefore);
  return mulDiv(grown, market.mark, FINE_PER_TICK, 'floor') > market.interestGrowth;
}

/** How far from the oracle an order may rest while open interest is capped: 1 % (PROTOCOL §4). */
const CAPPED_BAND_PERCENT = 1;

/**
 * On which side of what may rest a price lies while open interest is capped: `aggressive`, past the oracle towards those it
 * would trade with, `passive`, away from them, or null for within. A buy is of sign 1.
 */
export function beyondCappedBand(market: CoinMarket, sign: 1 | -1, px: number): 'aggressive' | 'passive' | null {
  if (market.oracle === null) return null;
  const past = (px * FINE_PER_TICK - market.oracle) * sign * 100;
  const band = market.oracle * CAPPED_BAND_PERCENT;
  if (past > band) return 'aggressive';
  return past < -band ? 'passive' : null;
}
