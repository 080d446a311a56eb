import {
  FINE_PER_TICK,
  type FineTicks,
  formatDecimal,
  type Instrument,
  type Lots,
  type MicroUsd,
  priceDecimals,
  type Ticks,
} from '@hyperfleet/trading';

/** A decimal without trailing zeros, as error texts have it. */
export const plain = (value: number, decimals: number): string => formatDecimal(value, decimals);

/** A decimal with at least one decimal digit, "1.0": the form of every number in a response (PROTOCOL §5). */
export function withDecimal(value: number, decimals: number): string {
  const text = formatDecimal(value, decimals);
  return text.includes('.') ? text : `${text}.0`;
}

type Scaled = Pick<Instrument, 'szDecimals'>;

/** A price in ticks, as responses have it. */
export const pxText = (px: Ticks, instrument: Scaled): string => withDecimal(px, priceDecimals(instrument));
/** A mark or oracle price, as responses have it. */
export const finePxText = (px: FineTicks, instrument: Scaled): string => withDecimal(px, priceDecimals(instrument) + 3);
/** A size in lots, as responses have it. */
export const szText = (sz: Lots | number, instrument: Scaled): string => withDecimal(sz, instrument.szDecimals);
/** An amount of USDC, as responses have it. */
export const usdText = (usd: MicroUsd | number): string => withDecimal(usd, 6);
/** An hourly funding rate of 10^−10, as responses have it. */
export const rateText = (rateE10: number): string => withDecimal(rateE10, 10);

/** The price half-way between two, exact. */
export const midText = (bid: Ticks, ask: Ticks, instrument: Scaled): string =>
  withDecimal(((bid + ask) * FINE_PER_TICK) / 2, priceDecimals(instrument) + 3);

/** a ÷ b truncated to 10 decimals; "0.0" when b is 0. */
export const ratioText = (a: bigint, b: bigint): string => (b === 0n ? '0.0' : tenDecimals((a * TEN_DIGITS) / b));

/** a ÷ b, b above zero, rounded to 10 decimals as recorded returns on equity are; "0.0" when b is 0. */
export function nearestRatioText(a: bigint, b: bigint): string {
  if (b === 0n) return '0.0';
  const half = a < 0n ? -b : b;
  return tenDecimals((2n * a * TEN_DIGITS + half) / (2n * b));
}

const TEN_DIGITS = 10_000_000_000n;

function tenDecimals(scaled: bigint): string {
  const negative = scaled < 0n;
  const digits = (negative ? -scaled : scaled).toString().padStart(11, '0');
  const fraction = digits.slice(-10).replace(/0+$/, '');
  return `${negative ? '-' : ''}${digits.slice(0, -10)}.${fraction === '' ? '0' : fraction}`;
}
