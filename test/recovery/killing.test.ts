import { createChance } from '@hyperfleet/paper-exchange';
import { expect, it } from 'vitest';
import { countMoments, type Outcome, tryMoment, tryPoint } from './killing/run.ts';

/** Each moment is the fleet run three times, each point beside them twice: some seconds of a core. */
const MOMENTS = 2;

it('keeps every promise when it is ended at a side effect and begun again', { timeout: 600_000 }, async () => {
  const moments = await countMoments();
  const chance = createChance(Number(process.env.KILLING_SEED ?? 1));
  const workers = [...moments].filter(([thread]) => /signal|fill-monitor/.test(thread));
  expect(workers).toHaveLength(4);
  const drawn = () => {
    const [thread, effects] = workers[chance(workers.length)] ?? ['', []];
    // Commits and writes are where it hurts; the whole list is a command.
    const hurtful = effects.flatMap((effect, moment) => (effect === 'commit' || effect === 'write' ? [moment] : []));
    return { thread, moment: hurtful[chance(hurtful.length)] ?? 0 };
  };
  const tries: (() => Promise<readonly Outcome[]>)[] = [];
  for (let one = 0; one < MOMENTS; one += 1) {
    const { thread, moment } = drawn();
    tries.push(() => tryMoment(thread, moment, ['thread', 'process', 'machine']));
  }
  for (const way of ['process', 'machine'] as const) {
    const point = { ...drawn(), way };
    tries.push(async () => [await tryPoint(point)]);
  }
  const outcomes: Outcome[] = [];
  // Two at a time: a run is mostly waiting, and two cores carry two fleets.
  const lane = async (): Promise<void> => {
    for (let next = tries.shift(); next !== undefined; next = tries.shift()) outcomes.push(...(await next()));
  };
  await Promise.all([lane(), lane()]);
  expect(outcomes).toHaveLength(3 * MOMENTS + 2);
  expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
});
