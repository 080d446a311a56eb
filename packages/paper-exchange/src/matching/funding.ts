import { FINE_PER_TICK, microUsd, mulDiv } from '@hyperfleet/trading';
import type { Holding } from './account.ts';
import type { Core } from './core.ts';
import { touch } from './fills.ts';
import { capRate } from './premium.ts';

const RATE_ONE = 10_000_000_000;

const HOUR_MS = 3_600_000;
/** No payment of a recorded June came later after its hour. */
const LATEST_MS = 85;
/** Spreads neighbouring hours over the milliseconds. */
const SPREAD = 2_654_435_761;

/** When the funding of an hour is paid: with the first block after it, by a number of milliseconds of its own (PROTOCOL §7). */
export const fundingTimeMs = (hourMs: number): number => hourMs + 1 + ((Math.imul(hourMs / HOUR_MS, SPREAD) >>> 16) % LATEST_MS);

/** The time of the next payment at a hour that is yet to come. */
export const nextFundingMs = (nowMs: number): number => fundingTimeMs((Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS);

/** Pays one hour's funding of every position: szi × oracle × rate, longs pay a positive rate (PROTOCOL §7). The house takes the other side. */
export function payFunding(core: Core): void {
  for (const account of core.accounts.values()) {
    for (const holding of account.positions) payOne(core, holding);
  }
}

function payOne(core: Core, holding: Holding): void {
  const { account, market } = holding;
  if (market.oracle === null) return;
  const fundingRateE10 = capRate(market.fundingRateE10);
  const value = mulDiv(holding.szi, market.oracle, FINE_PER_TICK, 'truncate');
  // `0 -` keeps a payment of nothing from becoming −0.
  const usd = microUsd(0 - mulDiv(value, fundingRateE10, RATE_ONE, 'truncate'));
  if (holding.isCross) account.cash = microUsd(account.cash + usd);
  else holding.isolatedRaw = microUsd(holding.isolatedRaw + usd);
  core.house.cash -= usd;
  holding.fundingAllTime += usd;
  holding.fundingSinceOpen += usd;
  holding.fundingSinceChange += usd;
  const event = {
    kind: 'funding',
    user: account.user,
    coin: market.instrument.coin,
    timeMs: core.nowMs,
    usd,
    szi: holding.szi,
    fundingRateE10,
  } as const;
  account.fundings.push(event);
  core.events.push(event);
  touch(core, account);
}
