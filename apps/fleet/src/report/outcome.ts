import type { Instrument, Trade, TradeFills } from '@hyperfleet/trading';
import { type Lots, lots, type MicroUsd, microUsd } from '@hyperfleet/trading';

/** A position of the venue: what the account value counts of it, signed. */
export interface HeldPosition {
  readonly value: MicroUsd;
}

/** What a trade came to, in whole micro-dollars and lots. */
export interface Outcome {
  readonly entrySz: Lots;
  /** Dollars a coin; null when nothing filled. */
  readonly entryPx: number | null;
  readonly exitPx: number | null;
  readonly closedPnl: MicroUsd;
  readonly fees: MicroUsd;
  readonly funding: MicroUsd;
  /** Cash: what was sold less what was bought, less fees, plus funding, plus what is still held at the venue's mark. */
  readonly netPnl: MicroUsd;
  readonly open: boolean;
}

/** Lots still held, unsigned. */
export const openLots = (fills: TradeFills): Lots => lots(fills.entrySz - fills.exitSz);

/**
 * The outcome of a trade from its fills. `held` is the venue's position of that coin while the trade is open: its value at
 * the mark is the venue's own figure (entry price and profit shown do not give it: the entry shown is truncated), so that over all trades the net results add up to the change
 * of the accounts, to the micro-dollar.
 */
export function outcomeOf(trade: Trade, fills: TradeFills, held: HeldPosition | null, instrument: Instrument | null): Outcome {
  const sign = trade.direction === 'short' ? -1 : 1;
  const isOpen = openLots(fills) > 0;
  const value = isOpen && held !== null ? held.value : 0;
  return {
    entrySz: fills.entrySz,
    entryPx: averagePx(fills.entryCost, fills.entrySz, instrument),
    exitPx: averagePx(fills.exitCost, fills.exitSz, instrument),
    closedPnl: fills.closedPnl,
    fees: fills.fees,
    funding: fills.funding,
    netPnl: microUsd(sign * (fills.exitCost - fills.entryCost) - fills.fees + fills.funding + value),
    open: isOpen,
  };
}

function averagePx(cost: MicroUsd, sz: Lots, instrument: Instrument | null): number | null {
  if (sz === 0 || instrument === null) return null;
  // For the reader only: dollars a coin, no more digits than a double states faithfully.
  return Number(((cost / sz / 1e6) * 10 ** instrument.szDecimals).toPrecision(12));
}
