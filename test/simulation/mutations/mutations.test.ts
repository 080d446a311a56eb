import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './list.ts';
import { changed, changesOf, openWorkshop, sourceOf } from './workshop.ts';

describe('deliberate bugs', () => {
  it('are at least twenty, each with a name of its own', () => {
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(20);
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  });

  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('still have their place in the code: %s', (_name, mutation) => {
    for (const change of changesOf(mutation)) expect(changed(change, sourceOf(change))).not.toBe(sourceOf(change));
  });

  it('are caught by the simulation', { timeout: 600_000 }, async () => {
    const workshop = openWorkshop();
    try {
      for (const mutation of MUTATIONS.filter(({ sample }) => sample === true)) {
        const { caught, by } = await workshop.try(mutation);
        expect(caught, `${mutation.name}: ${by}`).toBe(true);
      }
    } finally {
      workshop.close();
    }
  });
});
