import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divideSum, formatDecimal, lots, mulDiv, notional, parseDecimal, type Rounding, ticks } from './units.ts';

const safe = fc.maxSafeInteger();
const roundings: readonly Rounding[] = ['floor', 'ceil', 'truncate'];

/** a ÷ b rounded, by comparing remainders of magnitudes: written unlike the code under test. */
function oracle(top: bigint, bottom: bigint, rounding: Rounding): bigint {
  const negative = top < 0n !== bottom < 0n;
  const [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom];
  const whole = a / b;
  const away = a % b !== 0n && ((rounding === 'floor' && negative) || (rounding === 'ceil' && !negative)) ? 1n : 0n;
  return negative ? -(whole + away) : whole + away;
}

describe('mulDiv and divideSum', () => {
  test('agree with exact arithmetic for every sign and rounding, or throw where the result is no safe integer', () => {
    fc.assert(
      fc.property(safe, safe, safe, fc.constantFrom(...roundings), (a, b, divisor, rounding) => {
        fc.pre(divisor !== 0);
        const exact = oracle(BigInt(a) * BigInt(b), BigInt(divisor), rounding);
        if (exact > BigInt(Number.MAX_SAFE_INTEGER) || exact < -BigInt(Number.MAX_SAFE_INTEGER)) {
          expect(() => mulDiv(a, b, divisor, rounding)).toThrow(RangeError);
          expect(() => divideSum([[a, b]], [divisor], { rounding })).toThrow(RangeError);
          return;
        }
        const result = mulDiv(a, b, divisor, rounding);
        expect(BigInt(result)).toBe(exact);
        expect(Object.is(result, -0)).toBe(false);
        expect(BigInt(divideSum([[a, b]], [divisor], { rounding }))).toBe(exact);
      }),
    );
  });

  test('products past 2^53 come to the same answer as whole numbers of any length', () => {
    const wide = fc.oneof(safe, fc.integer({ min: 2 ** 26, max: 2 ** 31 - 1 }), fc.constantFrom(2 ** 53 - 1, 2 ** 52 + 1, -(2 ** 53 - 1)));
    const divisors = fc.oneof(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: -1e6, max: -1 }), fc.maxSafeInteger(), fc.nat(2 ** 50));
    fc.assert(
      fc.property(wide, wide, divisors, fc.constantFrom(...roundings), (a, b, divisor, rounding) => {
        fc.pre(divisor !== 0);
        const exact = oracle(BigInt(a) * BigInt(b), BigInt(divisor), rounding);
        fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER) && exact >= -BigInt(Number.MAX_SAFE_INTEGER));
        const result = mulDiv(a, b, divisor, rounding);
        expect(BigInt(result)).toBe(exact);
        expect(Object.is(result, -0)).toBe(false);
      }),
      { numRuns: 5000 },
    );
    // A multiple and its neighbours, where one unit off shows.
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 51 - 1 }),
        fc.integer({ min: 2, max: 2 ** 31 }),
        fc.constantFrom(...roundings),
        (quotient, by, rounding) => {
          const exact = mulDiv(quotient, by, by, rounding);
          expect(exact).toBe(quotient);
          expect(mulDiv(quotient, by, by + 1, rounding)).toBe(Number(oracle(BigInt(quotient) * BigInt(by), BigInt(by + 1), rounding)));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('small numbers take the fast way to the same answer', () => {
    const small = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(small, small, small, fc.constantFrom(...roundings), (a, b, divisor, rounding) => {
        fc.pre(divisor !== 0);
        const result = mulDiv(a, b, divisor, rounding);
        expect(BigInt(result)).toBe(oracle(BigInt(a * b), BigInt(divisor), rounding));
        expect(Object.is(result, -0)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('a sum of ratios is rounded once', () => {
    expect(divideSum([[1], [1]], [3], { rounding: 'floor' })).toBe(0);
    expect(divideSum([[1, 1], [2]], [3], { rounding: 'ceil' })).toBe(1);
    expect(divideSum([[10], [-3]], [2, 2], { rounding: 'ceil' })).toBe(2);
  });

  test('a result past its bound is cut to it', () => {
    expect(divideSum([[2 ** 50, 2 ** 50]], [1], { rounding: 'floor', atMost: 7 })).toBe(7);
  });

  test('division by zero and fractions throw', () => {
    expect(() => mulDiv(1, 1, 0, 'floor')).toThrow('zero');
    expect(() => divideSum([[1]], [0], { rounding: 'floor' })).toThrow('zero');
    expect(() => divideSum([[0.5]], [1], { rounding: 'floor' })).toThrow(RangeError);
    expect(() => mulDiv(0.5, 3, 2, 'floor')).toThrow(RangeError);
    expect(() => mulDiv(2 ** 40, 2 ** 40, 1.5, 'floor')).toThrow(RangeError);
    expect(() => mulDiv(Number.NaN, 1, 1, 'floor')).toThrow(RangeError);
  });
});

describe('decimal strings', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(safe, fc.integer({ min: 0, max: 10 }), (value, decimals) => {
        expect(parseDecimal(formatDecimal(value, decimals), decimals)).toBe(value);
      }),
    );
  });

  test('reads any digits and points as exactly as whole numbers of any length would', () => {
    const digits = fc.string({ unit: fc.constantFrom('0', '1', '5', '9', '.'), maxLength: 18 });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 10 }), (text, decimals) => {
        const [whole = '', fraction = '', ...more] = text.split('.');
        const isDecimal = more.length === 0 && whole + fraction !== '';
        const scaled = isDecimal ? BigInt(whole + fraction.padEnd(10, '0')) : 0n;
        const unit = 10n ** BigInt(Math.max(fraction.length, 10) - decimals);
        const fits = isDecimal && scaled % unit === 0n && scaled / unit <= BigInt(Number.MAX_SAFE_INTEGER);
        expect(parseDecimal(text, decimals)).toBe(fits ? Number(scaled / unit) : null);
      }),
      { numRuns: 2000 },
    );
  });

  test('has no trailing zeros and always a digit before the point', () => {
    expect(formatDecimal(1_500_000, 6)).toBe('1.5');
    expect(formatDecimal(-1, 6)).toBe('-0.000001');
    expect(formatDecimal(0, 3)).toBe('0');
    expect(formatDecimal(120, 0)).toBe('120');
    expect(formatDecimal(12, 17)).toBe('0.00000000000000012');
  });

  test('digits too fine are refused, or rounded as asked', () => {
    expect(parseDecimal('1.005', 2)).toBeNull();
    expect(parseDecimal('1.0050', 3)).toBe(1005);
    expect(parseDecimal('1.001', 2, 'floor')).toBe(100);
    expect(parseDecimal('1.001', 2, 'ceil')).toBe(101);
    expect(parseDecimal('-1.001', 2, 'floor')).toBe(-101);
    expect(parseDecimal('-1.001', 2, 'ceil')).toBe(-100);
    expect(parseDecimal('-1.009', 2, 'truncate')).toBe(-100);
  });

  test('what is no plain decimal is null', () => {
    for (const text of ['', ' ', '.', '-', '1e5', '1,000', '0x10', 'NaN', '1.2.3', '9007199254740993'])
      expect(parseDecimal(text, 2)).toBeNull();
    expect(parseDecimal('-0', 2)).toBe(0);
    expect(parseDecimal(' 5. ', 1)).toBe(50);
    expect(parseDecimal('9007199254740991.5', 0, 'ceil')).toBeNull();
    expect(parseDecimal('9007199254740991.5', 0, 'floor')).toBe(Number.MAX_SAFE_INTEGER);
  });
});

test('ticks times lots is whole micro-dollars, and anything unsafe throws', () => {
  expect(notional(ticks(650_005), lots(100))).toBe(65_000_500);
  expect(() => ticks(0.5)).toThrow(RangeError);
  expect(() => notional(ticks(2 ** 40), lots(2 ** 20))).toThrow(RangeError);
});
