import { expect, it } from 'vitest';
import { runSeed } from './run.ts';

const SIX_MINUTES = 360_000;

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('keeps every promise through six minutes of seed %i', async (seed) => {
  const outcome = await runSeed({ seed, ms: SIX_MINUTES });
  expect(outcome.broken, [...outcome.tail, `npm run sim -- --seed ${seed} --trace`].join('\n')).toBeNull();
});

it('tells the same story twice', async () => {
  const once = await runSeed({ seed: 18, ms: SIX_MINUTES });
  const again = await runSeed({ seed: 18, ms: SIX_MINUTES });
  expect(again.hash).toBe(once.hash);
  expect((await runSeed({ seed: 19, ms: SIX_MINUTES })).hash).not.toBe(once.hash);
});
