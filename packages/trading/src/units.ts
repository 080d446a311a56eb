/**
 * Money is integers. On Hyperliquid perpetuals a price has at most `6 − szDecimals` decimals and a size `szDecimals`
 * (PROTOCOL §5), so with a price in ticks of 10^−(6−szDecimals) and a size in lots of 10^−szDecimals the product
 * ticks × lots is a whole number of micro-dollars for every coin. All three are safe integers and are asserted so.
 */
declare const unit: unique symbol;

/** A price in ticks of 10^−(6−szDecimals) dollars. */
export type Ticks = number & { readonly [unit]: 'ticks' };
/** A size in lots of 10^−szDecimals coins. Signed where it is a position: above zero is long. */
export type Lots = number & { readonly [unit]: 'lots' };
/** An amount of money in 10^−6 dollars, signed. */
export type MicroUsd = number & { readonly [unit]: 'microUsd' };
/** A mark or oracle price, which the venue may state finer than a tick: thousandths of a tick. */
export type FineTicks = number & { readonly [unit]: 'fineTicks' };

/** How many `FineTicks` one tick has. */
export const FINE_PER_TICK = 1000;

/** Directed rounding; there is no default on purpose. */
export type Rounding = 'floor' | 'ceil' | 'truncate';

function safe(value: number, name: string): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} ${value} is not a safe integer`);
  return value;
}

/** Brands a whole number of ticks. Throws a RangeError outside the safe integers. */
export const ticks = (value: number): Ticks => safe(value, 'ticks') as Ticks;
/** Brands a whole number of lots. Throws a RangeError outside the safe integers. */
export const lots = (value: number): Lots => safe(value, 'lots') as Lots;
/** Brands a whole number of micro-dollars. Throws a RangeError outside the safe integers. */
export const microUsd = (value: number): MicroUsd => safe(value, 'microUsd') as MicroUsd;
/** Brands a whole number of thousandths of a tick. Throws a RangeError outside the safe integers. */
export const fineTicks = (value: number): FineTicks => safe(value, 'fineTicks') as FineTicks;

export const ZERO_LOTS = lots(0);
export const ZERO_USD = microUsd(0);

/** ticks × lots: exactly the notional in micro-dollars. */
export const notional = (px: Ticks, sz: Lots): MicroUsd => microUsd(px * sz);

/**
 * a × b ÷ divisor without losing a bit where a × b passes 2^53. With `divideSum` the one place where money meets BigInt.
 * Throws a RangeError when the divisor is zero or the result is no safe integer.
 */
export function mulDiv(a: number, b: number, divisor: number, rounding: Rounding): number {
  if (divisor === 0) throw new RangeError('mulDiv by zero');
  const product = a * b;
  if (Number.isSafeInteger(product) && Number.isSafeInteger(divisor)) {
    // A quotient of safe integers lies further from the next integer than a double rounds, so cutting it is exact; `%` took twice as long.
    const whole = Math.trunc(product / divisor);
    const rest = product - whole * divisor;
    if (rest === 0 || rounding === 'truncate') return whole + 0;
    const negative = rest < 0 !== divisor < 0;
    // `+ 0` turns a negative zero into zero.
    if (rounding === 'floor') return (negative ? whole - 1 : whole) + 0;
    return (negative ? whole : whole + 1) + 0;
  }
  return mulDivWide(Math.abs(a), Math.abs(b), divisor, { rounding, negative: a < 0 !== b < 0 });
}

/** Veltkamp's constant for doubles: splits a number into two halves whose products are exact. */
const SPLIT = 2 ** 27 + 1;

/** a × b less its own rounding to a double, exactly (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const aHigh = SPLIT * a - (SPLIT * a - a);
  const bHigh = SPLIT * b - (SPLIT * b - b);
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/**
 * `mulDiv` past 2^53, of magnitudes. The quotient of the rounded product is off by a few at most, and the remainder, exact as a
 * difference of two double-doubles, says by how many. An account with a hundred bitcoin is past 2^53 in every sum of its margin,
 * where BigInt took 40 ns and left garbage; what is no whole number of money's size is left to it, or refused by it.
 */
function mulDivWide(a: number, b: number, divisor: number, how: { readonly rounding: Rounding; readonly negative: boolean }): number {
  const by = Math.abs(divisor);
  const negative = how.negative !== divisor < 0;
  const product = a * b;
  let whole = Math.floor(product / by);
  const fits = Number.isSafeInteger(a) && Number.isSafeInteger(b) && by <= 2 ** 50 && whole < 2 ** 52;
  if (!fits || !Number.isSafeInteger(by)) {
    const top = BigInt(a) * BigInt(b);
    return safe(Number(divide(negative ? -top : top, BigInt(by), how.rounding)), 'mulDiv result');
  }
  const back = whole * by;
  let rest = product - back + (productError(a, b, product) - productError(whole, by, back));
  for (; rest < 0; rest += by) whole -= 1;
  for (; rest >= by; rest -= by) whole += 1;
  if (rest > 0 && (how.rounding === 'floor' ? negative : how.rounding === 'ceil' && !negative)) whole += 1;
  return (negative ? -whole : whole) + 0;
}

/**
 * The sum of products over a product, `(a·b·… + c·d·… + …) ÷ (x·y·…)`, exact and rounded once: for the rules that join
 * several ratios. A result past `atMost` is cut to it. Throws a RangeError when a divisor is zero, a factor is no whole
 * number, or the result is no safe integer.
 */
export function divideSum(
  terms: readonly (readonly number[])[],
  divisors: readonly number[],
  how: { readonly rounding: Rounding; readonly atMost?: number },
): number {
  const product = (factors: readonly number[]): bigint => factors.reduce((sum, factor) => sum * BigInt(factor), 1n);
  const bottom = product(divisors);
  if (bottom === 0n) throw new RangeError('divideSum by zero');
  const top = terms.reduce((sum, factors) => sum + product(factors), 0n);
  const result = divide(top, bottom, how.rounding);
  if (how.atMost !== undefined && result > BigInt(how.atMost)) return how.atMost;
  return safe(Number(result), 'divideSum result');
}

function divide(top: bigint, bottom: bigint, rounding: Rounding): bigint {
  const whole = top / bottom;
  const rest = top - whole * bottom;
  if (rest === 0n || rounding === 'truncate') return whole;
  const negative = rest < 0n !== bottom < 0n;
  if (rounding === 'floor') return negative ? whole - 1n : whole;
  return negative ? whole : whole + 1n;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
const [ZERO, POINT] = [48, 46];

/** A decimal of digits and one point, few enough to be exact as they are read; −1 for all that needs a closer look. */
function parsePlainDecimal(text: string, decimals: number): number {
  const { length } = text;
  if (length === 0 || length > 15) return -1;
  let value = 0;
  let fraction = -1;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code < ZERO + 10) {
      value = value * 10 + (code - ZERO);
      if (fraction >= 0) fraction += 1;
    } else if (code === POINT && fraction < 0 && length > 1) fraction = 0;
    else return -1;
  }
  const scale = POWERS[decimals - Math.max(fraction, 0)];
  if (scale === undefined) return -1;
  const scaled = value * scale;
  return Number.isSafeInteger(scaled) ? scaled : -1;
}

/**
 * Reads a decimal string exactly as an integer of 10^−decimals. Digits beyond `decimals` must be zeros unless a
 * rounding is given. Returns null when the text is no plain decimal, is too fine, or passes the safe integers.
 */
export function parseDecimal(text: string, decimals: number, rounding?: Rounding): number | null {
  // Nearly every number of an order is plain, and digits alone are read five times faster than an expression matches.
  const plain = parsePlainDecimal(text, decimals);
  if (plain >= 0) return plain;
  const match = DECIMAL.exec(text.trim());
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (whole === '' && fraction === '') return null;
  const kept = fraction.slice(0, decimals).padEnd(decimals, '0');
  const cut = fraction.slice(decimals);
  let value = Number((whole || '0') + kept);
  if (!Number.isSafeInteger(value)) return null;
  const negative = sign === '-';
  if (/[1-9]/.test(cut)) {
    if (rounding === undefined) return null;
    if ((rounding === 'floor' && negative) || (rounding === 'ceil' && !negative)) value += 1;
  }
  if (!Number.isSafeInteger(value)) return null;
  return negative && value !== 0 ? -value : value;
}

/** Writes an integer of 10^−decimals as a decimal string without trailing zeros: the form requests use (PROTOCOL §5). */
export function formatDecimal(value: number, decimals: number): string {
  const magnitude = Math.abs(safe(value, 'formatDecimal value'));
  const sign = value < 0 ? '-' : '';
  const unit = POWERS[decimals] ?? 10 ** decimals;
  const whole = Math.trunc(magnitude / unit);
  let fraction = magnitude - whole * unit;
  if (fraction === 0) return `${sign}${whole}`;
  let digits = decimals;
  for (; fraction % 10 === 0; fraction /= 10) digits -= 1;
  return `${sign}${whole}.${String(fraction).padStart(digits, '0')}`;
}
