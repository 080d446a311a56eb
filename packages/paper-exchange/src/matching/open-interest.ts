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
