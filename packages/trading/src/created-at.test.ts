import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeAge, parseCreatedAt } from './created-at.ts';

const MS = Date.UTC(2025, 8, 4, 19, 46, 56);

describe('created_at', () => {
  test.each([
    ['2025-09-04 19:46:56', MS, false],
    ['2025-09-04T19:46:56', MS, false],
    ['2025-09-04T19:46:56Z', MS, false],
    ['2025-09-04 19:46:56 UTC', MS, false],
    ['2025-09-04T19:46', MS - 56_000, false],
    ['2025-09-04T21:46:56+02:00', MS, false],
    ['2025-09-04T14:16:56-0530', MS, false],
    ['2025-09-04T21:46:56+02', MS, false],
    ['2025-09-04 19:46:56.5', MS + 500, true],
    ['2025-09-04T19:46:56.123456', MS + 123, true],
    ['2025-09-04T19:46:56,789+00:00', MS + 789, true],
    [' 2025-09-04 19:46:56 ', MS, false],
    [MS / 1000, MS, false],
    [MS / 1000 + 0.25, MS + 250, true],
    [MS, MS, true],
    [BigInt(MS), MS, true],
    [String(MS), MS, true],
    [String(MS / 1000), MS, false],
  ])('%s is read', (value, ms, hasFraction) => expect(parseCreatedAt(value)).toEqual({ ms, hasFraction }));

  test('what names no moment is null', () => {
    const texts = [
      '',
      'now',
      '2025-09-04',
      '04.09.2025 19:46',
      '2025-02-30 10:00:00',
      '2025-13-01 10:00:00',
      '2025-09-04 24:00:00',
      '2025-09-04 10:60:00',
      '2025-09-04 10:00:61',
      '2025-09-04 10:00:00+15:00',
      '2025-09-04 10:00:00 CET',
    ];
    for (const value of [...texts, null, undefined, Number.NaN, -5, 2025, 2_460_923.3, 1e20, true, new Uint8Array(1)]) {
      expect(parseCreatedAt(value), String(value)).toBeNull();
    }
  });

  test('every moment survives being written as ISO', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2200, 0) }), (ms) => {
        expect(parseCreatedAt(new Date(ms).toISOString())).toEqual({ ms, hasFraction: true });
      }),
    );
  });
});

test('an entry is fresh to the end of its age, then expired, and more than five minutes ahead of the clock is the future', () => {
  const age = 15 * 60_000;
  expect(judgeAge(0, age, age)).toBe('fresh');
  expect(judgeAge(0, age + 1, age)).toBe('expired');
  expect(judgeAge(5 * 60_000, 0, age)).toBe('fresh');
  expect(judgeAge(5 * 60_000 + 1, 0, age)).toBe('future');
});
