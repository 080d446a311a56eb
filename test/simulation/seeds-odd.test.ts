import { expect, it } from 'vitest';
import { runSeed } from './run.ts';

const SIX_MINUTES = 360_000;
/** With the seeds of the other file, which another worker lives through, 1 to 500. */
const BLOCKS = Array.from({ length: 10 }, (_, block) => Array.from({ length: 25 }, (_, index) => 1 + 2 * (25 * block + index)));

it.each(BLOCKS.map((seeds) => [seeds[0], seeds.at(-1), seeds] as const))(
  'keeps every promise through six minutes of each odd seed from %i to %i',
  { timeout: 600_000 },
  async (_from, _to, seeds) => {
    for (const seed of seeds) {
      const { broken, tail } = await runSeed({ seed, ms: SIX_MINUTES });
      expect(broken, [...tail, `again: npm run sim -- --seed ${seed} --trace`].join('\n')).toBeNull();
    }
  },
);
