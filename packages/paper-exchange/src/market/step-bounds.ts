import { FINE_PER_TICK } from '@hyperfleet/trading';
import type { AssetMarket } from '../matching/contract.ts';
import type { MarketEvent } from './event.ts';
import { StepRefusal } from './step.ts';

/** Farthest one step may lie from where the coin stands. Beyond some hundred thousand the premium can no longer be counted. */
const FACTOR_MAX = 100;
/** All positions of a coin, and one level or print, are worth at most this: whole micro-dollars end at 9·10^15. */
const POSITIONS_MICRO_USD_MAX = 4e15;
const LEVEL_MICRO_USD_MAX = 1e15;

/** Prices in ticks and their sizes in lots, as a market event tells them; a mark has no size. */
function told(event: MarketEvent): readonly { readonly px: number; readonly sz: number }[] {
  switch (event.kind) {
    case 'book':
      return [...event.bids, ...event.asks];
    case 'bbo':
      return [event.bid, event.ask].filter((level) => level !== null);
    case 'prints':
      return event.prints;
    case 'mark':
      return [event.mark, event.oracle].map((px) => ({ px: px / FINE_PER_TICK, sz: 0 }));
    case 'gap':
      return [];
    default:
      return event satisfies never;
  }
}

const dollars = (microUsd: number): string => `$${Math.floor(microUsd / 1e6)}`;

/**
 * Refuses events after which money could no longer be counted in whole micro-dollars. `openInterest`: lots held long in the coin.
 * Throws `StepRefusal`.
 */
export function mustBeCountable(events: readonly MarketEvent[], market: AssetMarket, openInterest: number): void {
  const { coin } = market.instrument;
  const standing = [market.mark === null ? null : market.mark / FINE_PER_TICK, market.bids[0]?.px, market.asks[0]?.px];
  for (const { px, sz } of events.flatMap(told)) {
    const usd = (px / 10 ** (6 - market.instrument.szDecimals)).toString();
    for (const from of standing) {
      if (from == null || (px <= from * FACTOR_MAX && px * FACTOR_MAX >= from)) continue;
      throw new StepRefusal(`px ${usd}: more than ${FACTOR_MAX} times from where ${coin} stands; go there in several steps`);
    }
    if (px * sz > LEVEL_MICRO_USD_MAX)
      throw new StepRefusal(`sz at px ${usd}: worth more than ${dollars(LEVEL_MICRO_USD_MAX)}; give a smaller size`);
    if (px * openInterest > POSITIONS_MICRO_USD_MAX)
      throw new StepRefusal(
        `px ${usd}: the positions of ${coin} would be worth more than ${dollars(POSITIONS_MICRO_USD_MAX)}; give a lower price`,
      );
  }
}
