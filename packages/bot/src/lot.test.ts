import { expect, test } from 'vitest';
import { backoffMs, lotOf } from './lot.ts';

test('lots lie evenly over what may be drawn, and neighbours share nothing', () => {
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i += 1) {
    const tenth = Math.floor(10 * lotOf(`trade ${i}:1`));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(250);
  expect(lotOf('Sentient:1')).toBe(lotOf('Sentient:1'));
});

test('a wait is drawn from all of what doubles with each failure, within its bounds', () => {
  const bounds = { leastMs: 50, baseMs: 250, mostMs: 10_000 };
  expect([1, 2, 3, 10, 60].map((failures) => backoffMs(0.999_999, failures, bounds))).toEqual([249, 499, 999, 9_999, 9_999]);
  expect(backoffMs(0, 5, bounds)).toBe(50);
});
