import { createChance } from '@hyperfleet/paper-exchange';
import { expect, it } from 'vitest';
import { countMoments, type Outcome, type Point, tryPoint } from './killing/run.ts';

/** Each of them is the fleet run twice, some seconds of a core. */
const POINTS_A_WAY = 2;

it('keeps every promise when it is ended at a side effect and begun again', { timeout: 600_000 }, async () => {
  const moments = await countMoments();
  const chance = createChance(Number(process.env.KILLING_SEED ?? 1));
  const workers = [...moments].filter(([thread]) => /signal|fill-monitor/.test(thread));
  const points: Point[] = [];
  for (const way of ['process', 'thread', 'machine'] as const) {
    for (let drawn = 0; drawn < POINTS_A_WAY; drawn += 1) {
      const [thread, effects] = workers[chance(workers.length)] ?? ['', []];
      // Commits and writes are where it hurts; the whole list is a command.
      const hurtful = effects.flatMap((effect, moment) => (effect === 'commit' || effect === 'write' ? [moment] : []));
      points.push({ thread, moment: hurtful[chance(hurtful.length)] ?? 0, way });
    }
  }
  expect(workers).toHaveLength(4);
  const outcomes: Outcome[] = [];
  const queue = [...points];
  // Two at a time: a run is mostly waiting, and two cores carry two fleets.
  const lane = async (): Promise<void> => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) outcomes.push(await tryPoint(point));
  };
  await Promise.all([lane(), lane()]);
  expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
});
