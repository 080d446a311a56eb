import { formatDecimal, type Lots, lots, parseDecimal, type Ticks, ticks } from './units.ts';

/** A tradable perpetual, as the venue's meta states it. */
export interface Instrument {
  readonly coin: string;
  /** Index in meta.universe; differs between networks (PROTOCOL §8). */
  readonly assetId: number;
  /** Decimals of a size; a price has at most 6 − szDecimals. */
  readonly szDecimals: number;
  readonly maxLeverage: number;
  readonly onlyIsolated: boolean;
  readonly isDelisted: boolean;
}

/** Decimals of a price in ticks: 6 − szDecimals (PROTOCOL §5). */
export const priceDecimals = (instrument: Pick<Instrument, 'szDecimals'>): number => 6 - instrument.szDecimals;

/** Ticks in one whole dollar. Throws a RangeError for size decimals that no coin has (PROTOCOL §5). */
export const ticksPerDollar = (instrument: Pick<Instrument, 'szDecimals'>): number =>
  TICKS_PER_DOLLAR[instrument.szDecimals] ?? tooFine(instrument.szDecimals);

/** By size decimals: a power computed anew was a fiftieth of the time of an order. */
const TICKS_PER_DOLLAR = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

function tooFine(szDecimals: number): never {
  throw new RangeError(`szDecimals is ${szDecimals}: a coin has from 0 to 6`);
}

/** Exact price from a decimal string, or null when it is no decimal or finer than a tick. */
export function parsePrice(text: string, instrument: Pick<Instrument, 'szDecimals'>): Ticks | null {
  const value = parseDecimal(text, priceDecimals(instrument));
  return value === null ? null : ticks(value);
}

/** Exact size from a decimal string, or null when it is no decimal or finer than a lot. */
export function parseSize(text: string, instrument: Pick<Instrument, 'szDecimals'>): Lots | null {
  const value = parseDecimal(text, instrument.szDecimals);
  return value === null ? null : lots(value);
}

/** A price as the wire wants it, no trailing zeros. */
export const formatPrice = (px: Ticks, instrument: Pick<Instrument, 'szDecimals'>): string => formatDecimal(px, priceDecimals(instrument));
/** A size as the wire wants it, no trailing zeros. */
export const formatSize = (sz: Lots, instrument: Pick<Instrument, 'szDecimals'>): string => formatDecimal(sz, instrument.szDecimals);

/**
 * The coarsest step a valid price at this magnitude must be a multiple of: at most 5 significant figures, but whole
 * dollars are always allowed (PROTOCOL §5).
 */
function stepAt(px: number, dollar: number): number {
  let step = 1;
  while (Math.floor(px / step) >= 100_000 && step < dollar) step *= 10;
  return Math.min(step, dollar);
}

/** Whether the venue accepts this price: above zero, ≤ 5 significant figures or a whole dollar (PROTOCOL §5). */
export function isValidPrice(px: Ticks, instrument: Pick<Instrument, 'szDecimals'>): boolean {
  return px > 0 && px % stepAt(px, ticksPerDollar(instrument)) === 0;
}

/**
 * The nearest valid price at or below (`down`) or at or above (`up`) a price in ticks. A price above zero never rounds
 * down to nothing valid: the smallest valid price is one tick, and below it `down` gives 0, which is not valid.
 */
export function roundPrice(px: Ticks, direction: 'down' | 'up', instrument: Pick<Instrument, 'szDecimals'>): Ticks {
  const step = stepAt(px, ticksPerDollar(instrument));
  const rest = px % step;
  if (rest === 0) return px;
  const down = px - rest;
  // Rounding up may cross a power of ten, where the step grows; both neighbours there are multiples of the new step.
  return ticks(direction === 'down' ? down : down + step);
}
