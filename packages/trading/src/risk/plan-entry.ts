import { type Fresh, type Level, type MarketView, metBy, midTwice } from '../book.ts';
import { marketLimitFor, stopLimitFor } from '../bracket.ts';
import { formatPrice, type Instrument } from '../instrument.ts';
import { closeSide, type Direction, entrySide } from '../order.ts';
import type { ParsedSignal } from '../signal.ts';
import { type Lots, mulDiv, type Ticks } from '../units.ts';
import type { AccountForSizing, EntryLimits } from './limits.ts';
import { planTargets, planTrigger, priceOf, roundPassively } from './plan-prices.ts';
import { type Bound, planSize } from './plan-size.ts';
import { percent } from './wording.ts';

export interface EntryPlan {
  readonly coin: string;
  readonly direction: Direction;
  readonly entryPx: Ticks;
  /** `gtc` at the signal's price; `ioc` at a bounded market price where a stale entry is taken at market. */
  readonly tif: 'gtc' | 'ioc';
  readonly sz: Lots;
  readonly stopTrigger: Ticks;
  readonly stopLimit: Ticks;
  /** Sorted outward, every one valid and beyond the entry. */
  readonly targets: readonly Ticks[];
  readonly boundBy: Bound;
  /** What was changed or dropped and why, one sentence each. */
  readonly notes: readonly string[];
}

export type EntryVerdict = { readonly kind: 'planned'; readonly plan: EntryPlan } | { readonly kind: 'refused'; readonly reason: string };

export interface EntrySight {
  readonly instrument: Instrument;
  readonly view: Fresh<MarketView>;
  readonly account: AccountForSizing;
  readonly limits: EntryLimits;
}

const refused = (reason: string): EntryVerdict => ({ kind: 'refused', reason });

/**
 * Turns an entry signal into prices and a size, or says in a sentence why not. Pure: what it may know is in `see`, whose
 * instrument must be the signal's coin. Whether the coin carries another trade, or orders that are not ours, the caller
 * has already asked. Never throws on a signal's content.
 */
export function planEntry(signal: Extract<ParsedSignal, { kind: 'entry' }>, see: EntrySight): EntryVerdict {
  const { instrument, view, account, limits } = see;
  const forbidden = whyForbidden(signal, see);
  if (forbidden !== null) return refused(forbidden);
  const { bid, ask } = view;
  if (bid === null || ask === null)
    return refused(`the book of ${instrument.coin} has only one side, so there is no mid price to judge by`);

  const notes: string[] = [];
  const context = { direction: signal.direction, instrument, mid2: midTwice(view), mark: view.mark, notes };
  const stated = priceOf('entry_1', signal.entryPx, context);
  if (!stated.ok) return refused(stated.reason);
  const asked = roundPassively(stated.px, signal.direction, instrument);

  const trigger = planTrigger(signal.stopPx, asked, limits, context);
  if (!trigger.ok) return refused(trigger.reason);
  const entry = chooseEntry(asked, { bid, ask }, see, context);
  if (!entry.ok) return refused(entry.reason);
  // At market it is no nearer the stop than the mid, which has not passed it.
  const { entryPx, tif } = entry;
  const stopTrigger = trigger.px;
  const targets = planTargets(signal.targets, entryPx, context);
  if (!targets.ok) return refused(targets.reason);
  const stopLimit = stopLimitFor(stopTrigger, closeSide(signal.direction), limits.stopSlippagePpm, instrument);
  const size = planSize({ direction: signal.direction, entryPx, tif, stopTrigger, stopLimit, ask: ask.px, instrument, account, limits });
  if (!size.ok) return refused(size.reason);
  notes.push(size.note);
  const plan: EntryPlan = {
    coin: instrument.coin,
    direction: signal.direction,
    entryPx,
    tif,
    sz: size.sz,
    stopTrigger,
    stopLimit,
    targets: targets.targets,
    boundBy: size.boundBy,
    notes,
  };
  return { kind: 'planned', plan };
}

function whyForbidden(signal: Extract<ParsedSignal, { kind: 'entry' }>, see: EntrySight): string | null {
  const { instrument, account, limits } = see;
  const { coin } = instrument;
  if (signal.spot) return 'market_type is spot: this fleet trades perpetuals only';
  if (instrument.isDelisted) return `${coin} is delisted: the venue takes no new orders in it`;
  // Sizes, stops and liquidation are reckoned for cross margin, in which such a coin cannot be held.
  if (instrument.onlyIsolated) return `${coin} can only be held with isolated margin, and this fleet holds positions with cross margin`;
  if (limits.allowedDirections !== 'both' && limits.allowedDirections !== signal.direction) {
    return `this bot may only go ${limits.allowedDirections}, and the signal is ${signal.direction}`;
  }
  if (account.openTrades >= limits.maxConcurrentPositions) {
    return `${account.openTrades} trades are open or resting already, and this bot may hold ${limits.maxConcurrentPositions} at once`;
  }
  return null;
}

type Chosen = { readonly ok: true; readonly entryPx: Ticks; readonly tif: 'gtc' | 'ioc' } | { readonly ok: false; readonly reason: string };

/** Whether the market has run from the signal's price, and what then. */
function chooseEntry(
  asked: Ticks,
  best: { readonly bid: Level; readonly ask: Level },
  see: EntrySight,
  context: { readonly direction: Direction; readonly mid2: number; readonly notes: string[] },
): Chosen {
  const { instrument, limits } = see;
  const awayPpm = mulDiv(Math.abs(context.mid2 - 2 * asked), 1_000_000, 2 * asked, 'ceil');
  if (awayPpm <= limits.staleEntryPpm) return { ok: true, entryPx: asked, tif: 'gtc' };
  const moved = `the market is ${percent(awayPpm)} away from entry_1 $${formatPrice(asked, instrument)}`;
  switch (limits.onStaleEntry) {
    case 'rest':
      context.notes.push(`${moved}; the entry rests there`);
      return { ok: true, entryPx: asked, tif: 'gtc' };
    case 'refuse':
      return { ok: false, reason: `${moved}, and this bot refuses entries more than ${percent(limits.staleEntryPpm)} away` };
    case 'market': {
      const side = entrySide(context.direction);
      const entryPx = marketLimitFor(side, metBy(side, best), limits.marketSlippagePpm, instrument);
      context.notes.push(`${moved}; entered at market, at worst at $${formatPrice(entryPx, instrument)}`);
      return { ok: true, entryPx, tif: 'ioc' };
    }
    default: {
      const never: never = limits.onStaleEntry;
      return never;
    }
  }
}
