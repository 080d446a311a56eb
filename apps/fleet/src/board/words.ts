import {
  FINE_PER_TICK,
  type FineTicks,
  formatDecimal,
  type Instrument,
  type MicroUsd,
  mulDiv,
  priceDecimals,
  type Ticks,
  ticks,
} from '@hyperfleet/trading';

type Coin = Pick<Instrument, 'szDecimals'>;

const group = (whole: string): string => whole.replace(/\B(?=(\d{3})+$)/g, ',');

function grouped(decimal: string, decimals: number): string {
  const negative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const tail = decimals === 0 ? '' : `.${fraction.padEnd(decimals, '0')}`;
  return `${negative ? '−' : ''}${group(whole)}${tail}`;
}

/** Money to the cent, rounded down: `10,012.31`. So an equity and its change since a whole amount say the same. */
export function money(value: MicroUsd): string {
  return grouped(formatDecimal(mulDiv(value, 1, 10_000, 'floor'), 2), 2);
}

/** Money with its sign: `+12.31`, `−4.00`, `0.00`. */
export function gain(value: MicroUsd): string {
  const text = money(value);
  return value > 0 && text !== '0.00' ? `+${text}` : text;
}

/** A price in dollars with thousands apart: `109,871`, `4,268.5`. */
export const price = (px: Ticks, coin: Coin): string => {
  const text = formatDecimal(px, priceDecimals(coin));
  return grouped(text, text.split('.')[1]?.length ?? 0);
};

/** A mark price to the tick, cut. */
export const markPrice = (mark: FineTicks, coin: Coin): string => price(ticks(mulDiv(mark, 1, FINE_PER_TICK, 'truncate')), coin);

/** A size in coins without its sign. */
export const size = (sz: number, coin: Coin): string => {
  const text = formatDecimal(Math.abs(sz), coin.szDecimals);
  return grouped(text, text.split('.')[1]?.length ?? 0);
};

/** Time of day of a market time, UTC: `20:03:12`. */
export const timeOfDay = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);

/** A length of time: `3:07`, `1:02:03`. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(s / 60) % 60;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
