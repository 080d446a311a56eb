/**
 * Readers of single fields. Everything the venue says passes here before it becomes a value: a field that is missing,
 * of another type or out of range stops the whole message with a text that names the field and what stood there.
 */
import {
  type Cloid,
  type FineTicks,
  fineTicks,
  type Instrument,
  type Lots,
  lots,
  type MicroUsd,
  microUsd,
  parseDecimal,
  parsePrice,
  parseSize,
  priceDecimals,
  type Side,
  type Ticks,
  ticks,
} from '@hyperfleet/trading';
import type { Address } from '../signer.ts';

/** A message read, or why it could not be. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export type Fields = Readonly<Record<string, unknown>>;

class Unreadable extends Error {}

/** Runs a reader and turns an unreadable field into a value. Bugs pass through. */
export function parsed<T>(read: () => T): Parsed<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Stops the reader in hand: `field` is not what was expected. */
export function unreadable(field: string, value: unknown, expected: string): never {
  throw new Unreadable(`${field} is ${preview(value)}, expected ${expected}`);
}

/** A short, one-line picture of any value for a message. */
export function preview(value: unknown): string {
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

export function objectAt(value: unknown, field: string): Fields {
  if (!isObject(value)) return unreadable(field, value, 'an object');
  return value;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function arrayAt(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) return unreadable(field, value, 'an array');
  return value;
}

export function textAt(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') return unreadable(field, value, 'a text');
  return value;
}

export function flagAt(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') return unreadable(field, value, 'true or false');
  return value;
}

/** A whole number ≥ 0 within the safe integers: oids, tids, times in ms. */
export function wholeAt(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return unreadable(field, value, 'a whole number');
  return value;
}

/** The venue's `B` and `A` (PROTOCOL §7). */
export function sideAt(value: unknown, field: string): Side {
  if (value === 'B') return 'buy';
  if (value === 'A') return 'sell';
  return unreadable(field, value, '"B" or "A"');
}

/** A client order id in lower case, or null where the venue has none. */
export function cloidAt(value: unknown, field: string): Cloid | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !/^0x[0-9a-f]{32}$/i.test(value)) return unreadable(field, value, '0x and 32 hex digits');
  return `0x${value.slice(2).toLowerCase()}`;
}

export function addressAt(value: unknown, field: string): Address {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{40}$/i.test(value)) return unreadable(field, value, 'an address');
  return `0x${value.slice(2).toLowerCase()}`;
}

/** An exact price above zero in ticks. */
export function priceAt(value: unknown, field: string, instrument: Instrument): Ticks {
  const px = typeof value === 'string' ? inRange(() => parsePrice(value, instrument)) : null;
  if (px === null || px <= 0)
    return unreadable(field, value, `a price of ${instrument.coin} with at most ${priceDecimals(instrument)} decimals`);
  return px;
}

/** An exact size ≥ 0 in lots. */
export function sizeAt(value: unknown, field: string, instrument: Instrument): Lots {
  const sz = typeof value === 'string' ? inRange(() => parseSize(value, instrument)) : null;
  if (sz === null || sz < 0) return unreadable(field, value, `a size of ${instrument.coin} with at most ${instrument.szDecimals} decimals`);
  return sz;
}

/**
 * A signed position in lots. The venue sums positions in binary floats ("-3695042.8999999999", PROTOCOL §5), so the
 * nearest lot is meant; a text further from it than a hundredth of a lot is no position.
 */
export function positionAt(value: unknown, field: string, instrument: Instrument): Lots {
  const sz = typeof value === 'string' ? nearest(value, instrument.szDecimals) : null;
  if (sz === null) return unreadable(field, value, `a position of ${instrument.coin} in its lots`);
  return lots(sz);
}

/** A position averaged over samples ("40.13333333", PROTOCOL §8), cut to whole lots toward zero. */
export function averagePositionAt(value: unknown, field: string, instrument: Instrument): Lots {
  const sz = typeof value === 'string' ? parseDecimal(value, instrument.szDecimals, 'truncate') : null;
  if (sz === null) return unreadable(field, value, `a position of ${instrument.coin}`);
  return lots(sz);
}

/** An average price truncated to whole ticks, as the venue keeps entries (PROTOCOL §7). */
export function averagePriceAt(value: unknown, field: string, instrument: Instrument): Ticks {
  const px = typeof value === 'string' ? parseDecimal(value, priceDecimals(instrument), 'truncate') : null;
  if (px === null || px <= 0) return unreadable(field, value, `a price of ${instrument.coin}`);
  return ticks(px);
}

/** A mark, oracle or liquidation price in thousandths of a tick; digits finer still are cut off. */
export function finePriceAt(value: unknown, field: string, instrument: Instrument): FineTicks {
  const px = typeof value === 'string' ? parseDecimal(value, priceDecimals(instrument) + 3, 'truncate') : null;
  if (px === null || px <= 0) return unreadable(field, value, `a price of ${instrument.coin}`);
  return fineTicks(px);
}

/** Money in micro-dollars, signed. Sums the venue made in binary floats are read as the nearest micro-dollar (PROTOCOL §5). */
export function usdAt(value: unknown, field: string): MicroUsd {
  const usd = typeof value === 'string' ? money(value) : null;
  if (usd === null) return unreadable(field, value, 'an amount of dollars');
  return microUsd(usd);
}

/** A rate as a whole number of 10^−decimals, finer digits cut off toward zero. */
export function rateAt(value: unknown, field: string, decimals: number): number {
  const rate = typeof value === 'string' ? parseDecimal(value, decimals, 'truncate') : null;
  if (rate === null) return unreadable(field, value, 'a rate');
  return rate;
}

function money(text: string): number | null {
  const fine = parseDecimal(text, 8, 'truncate');
  return fine === null ? parseDecimal(text, 6, 'truncate') : roundHundredths(fine);
}

/** Exactly `decimals` digits, or within 1 % of such a number; null for anything else. */
function nearest(text: string, decimals: number): number | null {
  const exact = parseDecimal(text, decimals);
  if (exact !== null) return exact;
  const fine = parseDecimal(text, decimals + 2, 'truncate');
  if (fine === null) return null;
  const whole = roundHundredths(fine);
  return Math.abs(whole * 100 - fine) <= 1 ? whole : null;
}

function roundHundredths(hundredths: number): number {
  const size = Math.abs(hundredths);
  const whole = (size - (size % 100)) / 100 + (size % 100 >= 50 ? 1 : 0);
  return hundredths < 0 && whole !== 0 ? -whole : whole;
}

/** Branding throws a RangeError outside the safe integers; to a reader that is one more bad field. */
function inRange<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
