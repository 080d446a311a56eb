import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultNames } from './names.ts';
import { createFaultPlan } from './plan.ts';
import type { Occasion } from './rule.ts';

const USER = `0x${'1'.repeat(40)}`;
const OTHER = `0x${'2'.repeat(40)}`;
const plan = () => createFaultPlan(faultNames(['BTC', 'ETH']));
const order = (over: Partial<Occasion> = {}): Occasion => ({
  on: 'action',
  name: 'order',
  users: [USER],
  coins: ['BTC'],
  via: 'http',
  ...over,
});
/** Which of so many equal occasions a plan strikes. */
const strikes = (faults: ReturnType<typeof plan>, times: number): boolean[] =>
  Array.from({ length: times }, () => faults.strike(['drop-request'], order(), 0) !== null);

describe('a plan', () => {
  test('lets pass what comes after its count, and what comes before its after', () => {
    const faults = plan();
    faults.add({ kind: 'drop-request', after: 2, count: 2 }, 0);
    expect(strikes(faults, 6)).toEqual([false, false, true, true, false, false]);
    expect(faults.list(0)).toMatchObject([{ id: 1, matched: 4, struck: 2, left: 0, endsMs: null }]);
    expect(faults.active).toBe(false);
  });

  test('ends a rule when its time is over, and bounds it by nothing else', () => {
    const faults = plan();
    faults.add({ kind: 'drop-request', forMs: 100 }, 1_000);
    for (const nowMs of [1_000, 1_050, 1_099]) expect(faults.strike(['drop-request'], order(), nowMs)).not.toBeNull();
    expect(faults.list(1_099)).toMatchObject([{ struck: 3, left: null, endsMs: 1_100 }]);
    expect(faults.strike(['drop-request'], order(), 1_100)).toBeNull();
    expect(faults.list(1_100)).toMatchObject([{ left: 0 }]);
  });

  test('forgets what is cleared, one or all', () => {
    const faults = plan();
    const [first, second] = [faults.add({ kind: 'drop-request', count: 9 }, 0), faults.add({ kind: 'status', status: 500, count: 9 }, 0)];
    expect(faults.clear(first)).toBe(1);
    expect(faults.clear(first)).toBe(0);
    expect(faults.strike(['drop-request'], order(), 0)).toBeNull();
    expect(faults.strike(['drop-request', 'status'], order(), 0)?.id).toBe(second);
    expect(faults.clear()).toBe(1);
    expect(faults.list(0)).toEqual([]);
  });

  test('asks rules in the order they were set, and only the one that strikes counts', () => {
    const faults = plan();
    for (let i = 0; i < 2; i += 1) faults.add({ kind: 'drop-request' }, 0);
    expect(faults.strike(['drop-request'], order(), 0)?.id).toBe(1);
    expect(faults.list(0).map(({ struck }) => struck)).toEqual([1, 0]);
    expect(faults.strike(['drop-request'], order(), 0)?.id).toBe(2);
    for (let i = 0; i < 2; i += 1) faults.add({ kind: 'delay-request', ms: 5 }, 0);
    expect(faults.strikes(['delay-request'], order(), 0)).toHaveLength(2);
  });

  test.each<[Record<string, unknown>, Occasion, boolean]>([
    [{}, order(), true],
    [{ user: USER }, order(), true],
    [{ user: OTHER }, order(), false],
    [{ user: OTHER }, order({ users: [USER, OTHER] }), true],
    [{ coin: 'ETH' }, order(), false],
    [{ coin: 'ETH' }, order({ coins: ['BTC', 'ETH'] }), true],
    [{ action: 'order' }, order(), true],
    [{ action: 'cancel' }, order(), false],
    [{ action: 'order' }, order({ on: 'info', name: 'order' }), false],
    [{ info: 'meta' }, order(), false],
    [{ info: 'meta' }, order({ on: 'info', name: 'meta', users: [], coins: [] }), true],
    [{ via: 'ws' }, order(), false],
    [{ via: 'ws' }, order({ via: 'ws' }), true],
    [{}, order({ on: 'message', name: 'l2Book' }), false],
  ])('of scope %j is about %j: %s', (scope, occasion, isAbout) => {
    const faults = plan();
    faults.add({ kind: 'drop-response', ...scope }, 0);
    expect(faults.strike(['drop-response'], occasion, 0) !== null).toBe(isAbout);
  });

  test('remembers a thousand rules and lets go of those that are over', () => {
    const faults = plan();
    faults.add({ kind: 'drop-response' }, 0);
    for (let i = 0; i < 1_500; i += 1) {
      faults.add({ kind: 'drop-request' }, 0);
      faults.strike(['drop-request'], order(), 0);
    }
    expect(faults.list(0).length).toBeLessThanOrEqual(1_000);
    expect(faults.list(0)[0]).toMatchObject({ id: 1, left: 1 });
  });
});

const rules = fc.record(
  {
    kind: fc.constantFrom('drop-request', 'drop-response', 'duplicate-response'),
    count: fc.integer({ min: 1, max: 20 }),
    after: fc.integer({ min: 0, max: 20 }),
    probability: fc.double({ min: 0.05, max: 1, noNaN: true }),
    seed: fc.nat(),
    coin: fc.constantFrom('BTC', 'ETH'),
    via: fc.constant('ws'),
  },
  { requiredKeys: ['kind'] },
);
const occasions = fc.array(
  fc.record({
    on: fc.constantFrom('action', 'info'),
    name: fc.constantFrom('order', 'cancel', 'meta'),
    users: fc.constant([USER]),
    coins: fc.constantFrom(['BTC'], ['ETH'], []),
    via: fc.constantFrom('http', 'ws'),
  }) as fc.Arbitrary<Occasion>,
  { maxLength: 100 },
);

describe('plans, whatever their rules', () => {
  test('strike the same with the same seeds and occasions', () => {
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 6 }), occasions, (own, happened) => {
        const run = () => {
          const faults = plan();
          for (const rule of own) faults.add(rule, 0);
          const struck = happened.map(
            (occasion) => faults.strike(['drop-request', 'drop-response', 'duplicate-response'], occasion, 0)?.id ?? null,
          );
          return { struck, list: faults.list(0) };
        };
        expect(run()).toEqual(run());
      }),
    );
  });

  test('never strike more than their count, nor before their after, and count each strike once', () => {
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 6 }), occasions, (own, happened) => {
        const faults = plan();
        for (const rule of own) faults.add(rule, 0);
        let seen = 0;
        for (const occasion of happened)
          seen += faults.strikes(['drop-request', 'drop-response', 'duplicate-response'], occasion, 0).length;
        const list = faults.list(0);
        expect(list.reduce((sum, { struck }) => sum + struck, 0)).toBe(seen);
        list.forEach(({ struck, matched, left }, at) => {
          const { count = 1, after = 0, probability = 1 } = own[at] ?? {};
          expect(struck).toBeLessThanOrEqual(Math.min(count, Math.max(0, matched - after)));
          if (probability === 1) expect(struck).toBe(Math.min(count, Math.max(0, matched - after)));
          expect(left).toBe(count - struck);
        });
      }),
    );
  });

  test('strike as often as their chance says, by different draws for different seeds', () => {
    const draws = (seed: number) => {
      const faults = plan();
      faults.add({ kind: 'drop-request', probability: 0.3, seed, count: 1_000_000 }, 0);
      return strikes(faults, 10_000);
    };
    const [a, b] = [draws(1), draws(2)];
    expect(a).not.toEqual(b);
    for (const drawn of [a, b]) expect(drawn.filter(Boolean).length / 10_000).toBeCloseTo(0.3, 1);
  });
});
