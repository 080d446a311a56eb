import { FINE_PER_TICK, type FineTicks, fineTicks } from '@hyperfleet/trading';
import type { CoinMarket } from './coin-market.ts';
import { type Core, touchAccount, touchHolding } from './core.ts';
import { liquidateHolders } from './liquidation.ts';
import { judgeTriggers, settleArmed } from './triggers.ts';

/** The middle of three, the mean of two, the one, or null. In fine ticks; a mean between two is rounded down to one of them. */
function medianPx(prices: readonly (number | null)[]): FineTicks | null {
  const known = prices.filter((px): px is number => px !== null).sort((a, b) => a - b);
  const [first, second] = known;
  if (first === undefined) return null;
  if (known.length === 2 && second !== undefined) return fineTicks(Math.floor(((first + second) * FINE_PER_TICK) / 2));
  return fineTicks((second ?? first) * FINE_PER_TICK);
}

/** Best bid, best ask and last print of the recorded market, or of our own book where the coin has no recorded one. */
function computeMark(market: CoinMarket): FineTicks | null {
  const bid = market.recorded ? market.anonymous.bids.top() : market.own.bids.best();
  const ask = market.recorded ? market.anonymous.asks.top() : market.own.asks.best();
  return medianPx([bid?.px ?? null, ask?.px ?? null, market.lastPrint]);
}

/** Sets mark and oracle and does what a new mark brings: triggers, then liquidations. */
export function applyMark(core: Core, market: CoinMarket, mark: FineTicks, oracle: FineTicks): void {
  market.mark = mark;
  if (market.oracle === null && !market.fundingIsRecorded && core.settings.fundingBy === 'premium') core.premiumCoins.add(market);
  market.oracle = oracle;
  core.events.push({ kind: 'mark', coin: market.instrument.coin, timeMs: core.nowMs });
  for (const holding of market.holders) {
    touchAccount(core, holding.account);
    for (const held of holding.account.positions) touchHolding(core, held);
  }
  judgeTriggers(core, market);
  settleArmed(core);
  liquidateHolders(core, market);
  settleArmed(core);
}

/**
 * Refreshes mark = oracle = median(best bid, best ask, last print) of one coin. A mark the recording states is kept, but
 * triggers are judged against it all the same. Nothing moves in a gap.
 */
export function refreshMark(core: Core, market: CoinMarket): void {
  if (market.inGap) return;
  const mark = market.markIsRecorded ? market.mark : computeMark(market);
  if (mark === null) return;
  applyMark(core, market, mark, market.markIsRecorded && market.oracle !== null ? market.oracle : mark);
}
