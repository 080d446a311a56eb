import { expect, it } from 'vitest';
import { fuzz } from './run.ts';

it('outlives random and mutated bodies and frames, and does nothing that nobody signed', async () => {
  const { statuses, breaches, framesAnswered } = await fuzz({ requests: 6_000, frames: 2_000, seed: Number(process.env.FUZZ_SEED ?? 1) });
  expect(breaches).toEqual([]);
  expect(framesAnswered).toBeGreaterThan(0);
  // All of it got through to the exchange: bodies that fit, that do not, and paths that are none.
  for (const key of ['/exchange 200', '/exchange 422', '/info 200', '/info 422']) expect(statuses.get(key) ?? 0).toBeGreaterThan(0);
});
