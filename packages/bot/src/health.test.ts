import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Condition, entryRefusal, plainly, restingRefusal } from './condition.ts';
import { HEALTH_POLICY, type Health, type HealthState, mayEnter, NORMAL, nextHealth, type Signs } from './health.ts';

const NOW = 1_700_000_000_000;
const WELL: Signs = { streamDownMs: 0, readsDownMs: 0, actionsDownMs: 0, limitedAgoMs: null, isSpent: false, isExposed: true };
const policy = HEALTH_POLICY;
const ORDER: readonly HealthState[] = ['normal', 'degraded', 'critical', 'emergency'];
const rank = (state: HealthState): number => ORDER.indexOf(state);
const look = (signs: Partial<Signs>, health: Health = NORMAL, nowMs = NOW): Health =>
  nextHealth(health, { ...WELL, ...signs }, { nowMs, policy });

const duration = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200_000 }));
const anySigns: fc.Arbitrary<Signs> = fc.record({
  streamDownMs: duration,
  readsDownMs: duration,
  actionsDownMs: duration,
  limitedAgoMs: fc.option(fc.nat(60_000)),
  isSpent: fc.boolean(),
  isExposed: fc.boolean(),
});

describe('health', () => {
  test.each([
    [{}, 'normal'],
    [{ streamDownMs: 2_999 }, 'normal'],
    [{ streamDownMs: 3_000 }, 'degraded'],
    [{ readsDownMs: 1 }, 'degraded'],
    [{ limitedAgoMs: 29_999 }, 'degraded'],
    [{ limitedAgoMs: 30_000 }, 'normal'],
    [{ actionsDownMs: 1 }, 'critical'],
    [{ isSpent: true }, 'critical'],
    [{ streamDownMs: 4_000, readsDownMs: 4_000 }, 'critical'],
    [{ actionsDownMs: 120_000 }, 'emergency'],
    [{ actionsDownMs: 120_000, isExposed: false }, 'critical'],
    [{ streamDownMs: 130_000, readsDownMs: 119_999 }, 'critical'],
    [{ streamDownMs: 130_000, readsDownMs: 120_000 }, 'emergency'],
    [{ readsDownMs: 500_000 }, 'degraded'],
  ] as const)('with %j is %s', (signs, state) => {
    const health = look(signs);
    expect(health.state).toBe(state);
    expect(health.reasons.length > 0).toBe(state !== 'normal');
  });

  test('falls at once as far as the signs say, and rises one step at a time, each after a calm', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anySigns, fc.integer({ min: 1, max: 4_000 })), { minLength: 1, maxLength: 60 }), (looks) => {
        let health = NORMAL;
        let nowMs = NOW;
        let roseAtMs = Number.NEGATIVE_INFINITY;
        for (const [signs, stepMs] of looks) {
          nowMs += stepMs;
          const signed = nextHealth(NORMAL, signs, { nowMs, policy }).state;
          const next = nextHealth(health, signs, { nowMs, policy });
          expect(rank(next.state)).toBeGreaterThanOrEqual(rank(signed));
          expect(rank(health.state) - rank(next.state)).toBeLessThanOrEqual(1);
          if (rank(next.state) > rank(health.state)) expect(next.state).toBe(signed);
          if (rank(next.state) < rank(health.state)) {
            expect(nowMs - roseAtMs).toBeGreaterThanOrEqual(policy.calmMs);
            roseAtMs = nowMs;
          }
          expect(next.reasons.length > 0).toBe(next.state !== 'normal');
          health = next;
        }
        // Whatever happened, three calms of good signs make it well again, and no fewer looks than steps.
        for (let i = 0; i < 40; i += 1) {
          nowMs += 1_000;
          health = nextHealth(health, WELL, { nowMs, policy });
        }
        expect(health).toEqual(NORMAL);
      }),
    );
  });

  test('worse signs never make it better', () => {
    fc.assert(
      fc.property(anySigns, fc.constantFrom('streamDownMs', 'readsDownMs', 'actionsDownMs'), fc.nat(100_000), (signs, field, moreMs) => {
        const worse = { ...signs, [field]: signs[field as 'streamDownMs'] + moreMs };
        expect(rank(look(worse).state)).toBeGreaterThanOrEqual(rank(look(signs).state));
      }),
    );
  });

  test('a clock set back only starts the calm anew', () => {
    const critical = look({ actionsDownMs: 1 });
    const calming = look({}, critical, NOW + 1_000);
    const back = look({}, calming, NOW - 3_600_000);
    expect(back).toMatchObject({ state: 'critical', betterSinceMs: NOW - 3_600_000 });
    expect(look({}, back, NOW - 3_600_000 + policy.calmMs).state).toBe('degraded');
  });

  test('only normal and degraded may enter', () => {
    expect(ORDER.map(mayEnter)).toEqual([true, true, false, false]);
  });
});

describe('what a condition means for entries', () => {
  const condition: Condition = { health: NORMAL, hearing: 'stream', nakedBoundMs: 600, isBoundMeasured: true, skewMs: 0, keyUntilMs: null };

  test('a clock one hour off is named plainly, one a second off is not in the way', () => {
    expect(entryRefusal({ ...condition, skewMs: 3_600_000 }, NOW)).toBe(
      "this machine's clock is 1 h ahead of the venue's: set it by a time server",
    );
    expect(entryRefusal({ ...condition, skewMs: -3_600_000 }, NOW)).toContain('1 h behind');
    expect(entryRefusal({ ...condition, skewMs: 2_001 }, NOW)).toContain('2 s ahead');
    expect(entryRefusal({ ...condition, skewMs: 2_000 }, NOW)).toBeNull();
    expect(entryRefusal({ ...condition, skewMs: null }, NOW)).toBeNull();
  });

  test('a key whose approval ends within a day only exits', () => {
    expect(entryRefusal({ ...condition, keyUntilMs: NOW + 86_400_000 }, NOW)).toBeNull();
    expect(entryRefusal({ ...condition, keyUntilMs: NOW + 86_399_999 }, NOW)).toContain('ends in 1 d');
    expect(entryRefusal({ ...condition, keyUntilMs: NOW - 1 }, NOW)).toContain('has ended');
  });

  test('a state that forbids entries is named with its reasons', () => {
    const health = look({ actionsDownMs: 7_000 });
    expect(entryRefusal({ ...condition, health }, NOW)).toBe(
      'the bot is critical (actions have been failing for 7 s): it only protects and exits',
    );
    expect(entryRefusal({ ...condition, health: look({ readsDownMs: 1_000 }) }, NOW)).toBeNull();
  });

  test('an entry may rest by a stream always, by polling up to a bound of five seconds', () => {
    expect(restingRefusal({ ...condition, nakedBoundMs: 60_000 })).toBeNull();
    expect(restingRefusal({ ...condition, hearing: 'poll', nakedBoundMs: 5_000 })).toBeNull();
    expect(restingRefusal({ ...condition, hearing: 'poll', nakedBoundMs: 7_200 })).toMatch(/7\.2 s, more than 5 s; no entry may rest$/);
  });

  test('lengths of time are said in the unit that fits', () => {
    expect([13 * 86_400_000, 5_400_000, -90_000, 1_500, 250].map(plainly)).toEqual(['13 d', '1.5 h', '1.5 min', '1.5 s', '250 ms']);
    expect([3_599_990, -59_999, 999].map(plainly)).toEqual(['1 h', '1 min', '1 s']);
  });
});
