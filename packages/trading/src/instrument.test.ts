import { describe, expect, test } from 'vitest';
import { formatPrice, formatSize, isValidPrice, parsePrice, parseSize, priceDecimals, roundPrice, ticksPerDollar } from './instrument.ts';
import { ticks } from './units.ts';

const SIZE_DECIMALS = [0, 1, 2, 3, 4, 5, 6] as const;

/** The valid price at or below, by the venue's words alone: cut the decimal string after five significant figures, whole dollars kept. */
function validBelow(px: number, decimals: number): string {
  const digits = String(px).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(/^0+/, '');
  const fraction = digits.slice(digits.length - decimals);
  if (decimals === 0 || whole.length >= 5) return `${whole}${'0'.repeat(decimals)}`;
  const leadingZeros = whole === '' ? fraction.length - fraction.replace(/^0+/, '').length : 0;
  const kept = whole === '' ? leadingZeros + 5 : 5 - whole.length;
  return `${whole}${fraction.slice(0, kept).padEnd(decimals, '0')}`;
}

/** One unit in the last place the cut keeps, in ticks. */
function unitAt(px: number, decimals: number): number {
  const length = String(px).length;
  return Math.min(10 ** Math.max(0, length - 5), 10 ** decimals);
}

function wrongPrices(prices: Iterable<number>, szDecimals: number): number[] {
  const instrument = { szDecimals };
  const decimals = priceDecimals(instrument);
  const wrong: number[] = [];
  for (const px of prices) {
    const below = Number(validBelow(px, decimals));
    const above = below === px ? px : below + unitAt(px, decimals);
    const price = ticks(px);
    const agrees =
      roundPrice(price, 'down', instrument) === below &&
      roundPrice(price, 'up', instrument) === above &&
      isValidPrice(price, instrument) === (below === px);
    if (!agrees) wrong.push(px);
  }
  return wrong;
}

function* every(from: number, to: number): Generator<number> {
  for (let px = from; px <= to; px += 1) yield px;
}

/** Prices of every magnitude up to a billion dollars, from a fixed linear congruential sequence. */
function* scattered(count: number, decimals: number): Generator<number> {
  let seed = 42;
  for (let index = 0; index < count; index += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const magnitude = 10 ** (1 + (index % (decimals + 8)));
    yield 1 + Math.floor((seed / 2_147_483_648) * magnitude);
  }
}

describe('rounding to a valid price agrees with a slow oracle on decimal strings', () => {
  test.each(SIZE_DECIMALS)('for %i size decimals: every price to 130,000 ticks and 40,000 of all magnitudes, both ways', (szDecimals) => {
    expect(wrongPrices(every(1, 130_000), szDecimals)).toEqual([]);
    expect(wrongPrices(scattered(40_000, 6 - szDecimals), szDecimals)).toEqual([]);
  });

  test('around every power of ten, where the step grows', () => {
    for (const szDecimals of SIZE_DECIMALS) {
      for (let power = 4; power <= 14; power += 1) {
        const around = 10 ** power;
        expect(wrongPrices(every(around - 1200, around + 1200), szDecimals)).toEqual([]);
      }
    }
  });
});

describe('the rule in single prices', () => {
  const btc = { szDecimals: 5 };
  const at = (text: string, instrument = btc): ReturnType<typeof ticks> => parsePrice(text, instrument) ?? ticks(0);

  test('99,999.5 dollars rounds up across the power of ten to 100,000', () => {
    expect(roundPrice(at('99999.5'), 'up', btc)).toBe(at('100000'));
    expect(roundPrice(at('99999.5'), 'down', btc)).toBe(at('99999'));
  });

  test('whole dollars are always valid, however many figures', () => {
    expect(isValidPrice(at('123456'), btc)).toBe(true);
    expect(isValidPrice(at('12345.6'), btc)).toBe(false);
    expect(isValidPrice(at('1234.5'), btc)).toBe(true);
  });

  test('a coin of more size decimals than the venue has is refused, not guessed at', () => {
    expect(() => ticksPerDollar({ szDecimals: 7 })).toThrow('szDecimals is 7: a coin has from 0 to 6');
  });

  test('nothing valid lies below one tick', () => {
    expect(isValidPrice(ticks(0), btc)).toBe(false);
    expect(isValidPrice(ticks(1), btc)).toBe(true);
    expect(roundPrice(ticks(0), 'down', btc)).toBe(0);
  });

  test('prices and sizes are read exactly and refused when finer than a tick or a lot', () => {
    expect(parsePrice('65000.5', btc)).toBe(650_005);
    expect(parsePrice('65000.55', btc)).toBeNull();
    expect(parseSize('0.00001', btc)).toBe(1);
    expect(parseSize('0.000001', btc)).toBeNull();
    expect(formatPrice(ticks(650_005), btc)).toBe('65000.5');
    expect(formatSize(parseSize('0.01500', btc) ?? (ticks(0) as never), btc)).toBe('0.015');
    expect(ticksPerDollar(btc)).toBe(10);
  });
});
