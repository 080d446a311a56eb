import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDecimal } from './decimal-text.ts';

const textOf = (value: unknown): string | null => {
  const read = readDecimal(value);
  return read.kind === 'decimal' ? read.text : null;
};

describe('a column read as a decimal', () => {
  test.each([
    ['1000', '1000'],
    [' 1000 ', '1000'],
    ['+0.50', '0.5'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['0001.2300', '1.23'],
    ['1e5', '100000'],
    ['1E5', '100000'],
    ['1.5e-7', '0.00000015'],
    ['12.34e1', '123.4'],
    ['-2', '-2'],
    [1e-7, '0.0000001'],
    [1e21, '1000000000000000000000'],
    [65000.5, '65000.5'],
    [12n, '12'],
    ['0.123456789012345678', '0.123456789012345678'],
    ['0', '0'],
    ['-0.0', '0'],
  ])('%s is %s', (value, text) => expect(textOf(value)).toBe(text));

  test('a number of the database is taken at the fifteen digits a double promises, text at all of them', () => {
    expect(textOf(1.1 * 3)).toBe('3.3');
    expect(textOf(0.1 + 0.2)).toBe('0.3');
    expect(textOf('3.3000000000000003')).toBe('3.3000000000000003');
  });

  test('nothing, NULL and blanks are absent', () => {
    for (const value of [null, undefined, '', ' ', '\t\n']) expect(readDecimal(value)).toEqual({ kind: 'absent' });
  });

  test('thousands separators, units, NaN, infinities, booleans, blobs and endless numbers are unreadable', () => {
    const bad = [
      '1,000',
      '1.000,5',
      '1_000',
      '1 000',
      '$100',
      '100$',
      '65k',
      'NaN',
      'nan',
      'Infinity',
      '-inf',
      'null',
      'abc',
      '1e',
      'e5',
      '--1',
      '0x10',
      '1e400',
      '9'.repeat(60),
    ];
    for (const value of [...bad, Number.NaN, Number.POSITIVE_INFINITY, 1e300, true, {}, new Uint8Array(2)]) {
      expect(readDecimal(value), String(value)).toEqual({ kind: 'unreadable' });
    }
  });

  test('every number of at most fifteen digits comes out as it was written, with any exponent', () => {
    const digits = fc.integer({ min: 1, max: 999_999_999_999_999 });
    fc.assert(
      fc.property(digits, fc.integer({ min: -20, max: 20 }), (mantissa, exponent) => {
        const text = textOf(`${mantissa}e${exponent}`);
        const shifted = exponent >= 0 ? BigInt(mantissa) * 10n ** BigInt(exponent) : BigInt(mantissa);
        const [whole = '', fraction = ''] = (text ?? '').split('.');
        const places = exponent >= 0 ? 0 : -exponent;
        expect(BigInt(whole + fraction.padEnd(places, '0'))).toBe(shifted);
        expect(textOf(Number(`${mantissa}e${exponent}`))).toBe(text);
      }),
    );
  });

  test('the sign is told', () => {
    expect(readDecimal('-1e-3')).toEqual({ kind: 'decimal', text: '-0.001', sign: -1 });
    expect(readDecimal('-0')).toEqual({ kind: 'decimal', text: '0', sign: 0 });
    expect(readDecimal(2)).toEqual({ kind: 'decimal', text: '2', sign: 1 });
  });
});
