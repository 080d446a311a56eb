import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanError } from './plan.ts';
import { planSentence, planStreams, STREAM_SLOTS } from './stream-plan.ts';
import { changeSeats, createSlotKeeper, type Seat, TURN_MS } from './stream-slots.ts';

describe('the plan of streams', () => {
  it('gives every bot of a small fleet a stream, and asks for the rest of a large one within five seconds', () => {
    expect(planStreams(3, 60_000)).toMatchObject({ streams: 3, readWeight: 126 });
    const sixteen = planStreams(16, 60_000);
    expect(sixteen).toMatchObject({ streams: STREAM_SLOTS });
    expect(sixteen.pollIntervalMs).toBeLessThan(4_000);
    expect(sixteen.readWeight).toBeLessThanOrEqual(1_000);
    expect(planSentence(sixteen)).toMatch(
      /^9 of 16 bots hear from streams, all that one IP may have; the other 7 are asked for every 2\.6 s/,
    );
  });

  it('refuses what one IP may not ask, and the remedy it names helps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1_000, max: 3_600_000 }), (bots, everyMs) => {
        try {
          const plan = planStreams(bots, everyMs);
          expect(plan.readWeight).toBeLessThanOrEqual(1_001);
        } catch (error) {
          expect(error).toBeInstanceOf(PlanError);
          const remedy = Number(/reconcileIntervalMs to (\d+)/.exec(String(error))?.[1]);
          expect(remedy).toBeGreaterThan(everyMs);
          planStreams(bots, remedy);
        }
      }),
    );
  });
});

const risks = ['position', 'order', 'wish', 'none'] as const;

describe('the seats at the streams', () => {
  it('never hold more bots than there are, and never leave one at risk outside while one at less has a seat for long', () => {
    const steps = fc.array(fc.tuple(fc.nat(15), fc.constantFrom(...risks), fc.nat(20_000)), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 10 }), (list, slots) => {
        let nowMs = 1_000_000;
        const open = new Set<string>();
        const leaving: string[] = [];
        const ids = Array.from({ length: 16 }, (_, i) => `bot ${i}`);
        const own = new Map(ids.map((id) => [id, 'none' as (typeof risks)[number]]));
        const keeper = createSlotKeeper({
          ids,
          slots,
          now: () => nowMs,
          tell(id, has) {
            if (has) open.add(id);
            else leaving.push(id);
            // What the venue counts: those that have not closed yet are still there.
            expect(open.size).toBeLessThanOrEqual(slots);
          },
        });
        for (const id of ids) if (keeper.has(id)) open.add(id);
        const settle = (): void => {
          for (let i = 0; i < 40; i += 1) {
            for (const id of leaving.splice(0)) {
              open.delete(id);
              keeper.left(id);
            }
            keeper.look();
          }
        };
        for (const [bot, risk, ms] of list) {
          nowMs += ms;
          own.set(`bot ${bot}`, risk);
          keeper.risk(`bot ${bot}`, risk);
          keeper.look();
          if (ms % 3 === 0) settle();
        }
        settle();
        const rank = (id: string): number => risks.length - risks.indexOf(own.get(id) ?? 'none');
        const inside = ids.filter((id) => keeper.has(id));
        const outside = ids.filter((id) => !keeper.has(id));
        expect(inside.length).toBe(slots);
        expect(Math.min(...inside.map(rank))).toBeGreaterThanOrEqual(Math.max(...outside.map(rank)));
      }),
      { numRuns: 200 },
    );
  });

  it('let bots of the same risk take turns, and leave those without any where they are', () => {
    const seat = (id: string, state: Seat['state'], risk: Seat['risk'], sinceMs: number): Seat => ({ id, state, risk, sinceMs });
    const crowd = [seat('a', 'streaming', 'position', 0), seat('b', 'streaming', 'position', 10), seat('c', 'asking', 'position', 20)];
    expect(changeSeats(crowd, 2, TURN_MS + 19)).toEqual({ revoke: [], grant: [] });
    expect(changeSeats(crowd, 2, TURN_MS + 20)).toEqual({ revoke: ['a'], grant: [] });
    const idle = crowd.map((one) => ({ ...one, risk: 'none' as const }));
    expect(changeSeats(idle, 2, 10 * TURN_MS)).toEqual({ revoke: [], grant: [] });
  });
});
