import { expect, test } from 'vitest';
import { createRestartCounter } from './restart-policy.ts';

const POLICY = { firstDelayMs: 100, maxDelayMs: 1_000, jitter: 0, budget: 5, windowMs: 60_000 };

test('waits double up to the longest, and end with the budget', () => {
  const counter = createRestartCounter(POLICY);
  expect([0, 1, 2, 3, 4, 5].map((at) => counter.next(at))).toEqual([100, 200, 400, 800, 1_000, null]);
  expect(counter.granted).toBe(5);
});

test('restarts that left the window count no more', () => {
  const counter = createRestartCounter({ ...POLICY, budget: 1 });
  expect(counter.next(0)).toBe(100);
  expect(counter.next(59_999)).toBeNull();
  expect(counter.next(60_000)).toBe(100);
});

test('jitter only shortens a wait, by its own part at most', () => {
  const waits = [0, 0.5, 0.999].map((chance) => createRestartCounter({ ...POLICY, jitter: 0.4 }, () => chance).next(0));
  expect(waits).toEqual([100, 80, 60]);
});

test('a policy that makes no sense is refused by the name of its field', () => {
  expect(() => createRestartCounter({ ...POLICY, budget: 1.5 })).toThrow('restart budget is 1.5');
  expect(() => createRestartCounter({ ...POLICY, jitter: 2 })).toThrow('restart jitter is 2');
  expect(() => createRestartCounter({ ...POLICY, windowMs: Number.NaN })).toThrow('restart windowMs is NaN');
});
