import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRequestBudget, openRequestBudget } from './budget.ts';
import type { RequestClass } from './request-class.ts';
import { exchangeWeight } from './weights.ts';

const NOW = 1_700_000_000_000;
const open = () => openRequestBudget(createRequestBudget());

/** Takes weight 20 until the budget says wait; returns how much was taken. */
function takeAll(budget: ReturnType<typeof open>, priority: RequestClass, nowMs: number): number {
  let taken = 0;
  while (budget.acquire(20, priority, nowMs) === 0) taken += 20;
  return taken;
}

test('reads leave a reserve that entries may not touch and exits may', () => {
  const budget = open();
  expect(takeAll(budget, 'read', NOW)).toBe(860);
  expect(takeAll(budget, 'entry', NOW)).toBe(40);
  expect(takeAll(budget, 'protect', NOW)).toBe(220);
  expect(takeAll(budget, 'cancel', NOW)).toBe(40);
  expect(takeAll(budget, 'exit', NOW)).toBe(40);
  expect(budget.acquire(1, 'exit', NOW)).toBe(50);
});

test('the wait it names is exactly long enough', () => {
  const budget = open();
  takeAll(budget, 'read', NOW);
  const waitMs = budget.acquire(20, 'read', NOW);
  expect(waitMs).toBe(1_000);
  expect(budget.acquire(20, 'read', NOW + waitMs - 1)).toBeGreaterThan(0);
  expect(budget.acquire(20, 'read', NOW + waitMs)).toBe(0);
});

test('in any minute no more than twice the capacity is granted, whatever the order of requests', () => {
  const classes: readonly RequestClass[] = ['exit', 'cancel', 'protect', 'entry', 'read'];
  const requests = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(...classes), fc.integer({ min: 0, max: 400 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(requests, (list) => {
      const budget = open();
      const granted: { readonly atMs: number; readonly weight: number }[] = [];
      let nowMs = NOW;
      for (const [weight, priority, stepMs] of list) {
        nowMs += stepMs;
        if (budget.acquire(weight, priority, nowMs) === 0) granted.push({ atMs: nowMs, weight });
      }
      for (const { atMs } of granted) {
        const inMinute = granted.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000).reduce((sum, one) => sum + one.weight, 0);
        expect(inMinute).toBeLessThanOrEqual(2_400);
      }
    }),
    { numRuns: 50 },
  );
});

test('a 429 of the venue empties it, and a minute fills it', () => {
  const budget = open();
  budget.drain(NOW);
  expect(budget.acquire(1, 'exit', NOW)).toBe(50);
  expect(takeAll(budget, 'read', NOW + 60_000)).toBe(860);
});

test('rows counted afterwards are owed', () => {
  const budget = open();
  budget.charge(860, NOW);
  expect(budget.acquire(20, 'read', NOW)).toBe(1_000);
});

test('a clock set back by a day costs a minute at most', () => {
  const budget = open();
  budget.charge(100, NOW);
  expect(budget.acquire(1, 'exit', NOW - 86_400_000)).toBeLessThanOrEqual(60_000);
  expect(budget.acquire(1, 'exit', NOW - 86_400_000 + 60_000)).toBe(0);
});

test('a weight nobody could get and memory of another size are named', () => {
  expect(() => open().acquire(1_201, 'exit', NOW)).toThrow('weight 1201 is not from 1 to 1200');
  expect(() => openRequestBudget(new SharedArrayBuffer(4))).toThrow('a request budget has 1208 bytes, got 4');
  expect([1, 39, 40, 80].map(exchangeWeight)).toEqual([1, 1, 2, 3]);
});

test('a 429 holds each class back for a while drawn by lot, protection the shortest, and longer when it is said again', () => {
  const longest = { protect: 0, read: 0 };
  for (let i = 0; i < 40; i += 1) {
    const budget = open();
    for (let strike = 0; strike < 8; strike += 1) budget.limited(NOW + strike);
    expect(budget.limitedAtMs()).toBe(NOW + 7);
    const minuteLater = NOW + 60_000;
    for (const priority of ['exit', 'cancel', 'protect'] as const)
      expect(budget.acquire(1, priority, NOW + 2_100)).toBeLessThanOrEqual(10_000);
    expect(budget.acquire(1, 'entry', minuteLater)).toBe(0);
    for (const priority of ['protect', 'read'] as const) longest[priority] = Math.max(longest[priority], budget.acquire(1, priority, NOW));
  }
  expect(longest.read).toBeGreaterThan(2_100);
  expect(longest.read).toBeLessThanOrEqual(18_000);
});
