import { formatPrice, formatSize, type Instrument } from '../instrument.ts';
import { formatDecimal, type Lots, type MicroUsd, mulDiv, type Ticks } from '../units.ts';

/** Money as a reason states it: `$1234.56`, cut to the cent. */
export function dollars(value: MicroUsd): string {
  const cents = formatDecimal(Math.abs(mulDiv(value, 1, 10_000, 'truncate')), 2);
  const [whole, fraction = ''] = cents.split('.');
  return `${value < 0 ? '-' : ''}$${whole}.${fraction.padEnd(2, '0')}`;
}

/** A price as a reason states it: `$65000.5`. */
export const atPrice = (px: Ticks, instrument: Instrument): string => `$${formatPrice(px, instrument)}`;

/** A size as a reason states it: `0.01 BTC`. */
export const ofSize = (sz: Lots, instrument: Instrument): string => `${formatSize(sz, instrument)} ${instrument.coin}`;

/** Parts per million as a reason states them: `2.5 %`, cut to hundredths. */
export const percent = (ppm: number): string => `${formatDecimal(Math.trunc(ppm / 100), 2)} %`;

/** Distance of two prices in parts per million of the first. */
export const distancePpm = (from: Ticks, to: Ticks): number => mulDiv(Math.abs(to - from), 1_000_000, from, 'truncate');
