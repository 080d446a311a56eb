import { describe, expect, it } from 'vitest';
import { parseAsked } from './argv.ts';
import { createChance } from './chance.ts';
import { createExcuses } from './excuses.ts';
import { createExecutor } from './executor.ts';
import { runSeed } from './run.ts';
import { soak } from './soak.ts';

describe('a simulation', () => {
  it('tells the same story of one seed twice, and another of another', { timeout: 300_000 }, async () => {
    const once = await runSeed({ seed: 18, ms: 120_000 });
    const again = await runSeed({ seed: 18, ms: 120_000 });
    expect(again.hash).toBe(once.hash);
    expect(once.fills).toBeGreaterThan(0);
    expect((await runSeed({ seed: 19, ms: 120_000 })).hash).not.toBe(once.hash);
  });

  it('resolves every unknown outcome, and does nothing twice for it', { timeout: 300_000 }, async () => {
    const soaked = await soak({ what: 'unknown', seed: 1, count: 200, worldMs: 180_000, onWorld: () => undefined });
    expect(soaked.broken.map(({ seed, broken }) => `${seed}: ${broken}`)).toEqual([]);
    expect(soaked.count).toBeGreaterThanOrEqual(200);
    expect(soaked.faults.size).toBe(8);
  });

  it('keeps its promises where an exit, a take-profit, breakeven, CLOSE_ALL and a restart meet', { timeout: 300_000 }, async () => {
    const soaked = await soak({ what: 'races', seed: 1, count: 100, worldMs: 180_000, onWorld: () => undefined });
    expect(soaked.broken.map(({ seed, broken }) => `${seed}: ${broken}`)).toEqual([]);
    expect(soaked.count).toBeGreaterThanOrEqual(100);
  });
});

describe('its parts', () => {
  it('run timers in order of time, ties in the order they were set, and none that was cancelled', async () => {
    const executor = createExecutor(1_000);
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} at ${executor.now()}`);
    executor.after(20, note('late'));
    executor.after(5, note('first of two'));
    executor.after(5, note('second of two'));
    executor.after(7, note('never'))();
    executor.after(5, () => executor.after(0, note('set by another')));
    expect(await executor.runUntil(1_010, () => true)).toBe(true);
    expect(executor.now()).toBe(1_010);
    expect(seen).toEqual(['first of two at 1005', 'second of two at 1005', 'set by another at 1005']);
  });

  it('draw the same from one seed, and apart from each other', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, createChance(seed).next);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const chance = createChance(7);
    const before = chance.fork('market').next();
    chance.next();
    expect(chance.fork('market').next()).toBe(before);
    expect(chance.fork('disk').next()).not.toBe(before);
  });

  it('excuse the time of a trouble and some after it, once, and nobody else’s', () => {
    const excuses = createExcuses();
    excuses.add('A', null, { fromMs: 10_000, ms: 1_000, what: 'read failed' });
    excuses.add('A', 'BTC', { fromMs: 10_500, ms: 500, what: 'thin' });
    expect(excuses.unexcusedMs('A', 'BTC', 9_000, 22_000)).toBe(2_000);
    expect(excuses.unexcusedMs('B', 'BTC', 9_000, 22_000)).toBe(13_000);
  });

  it('understand what is asked, and say what is not understood', () => {
    expect(parseAsked(['--seed', '7', '--seeds', '2', '--hours', '0.5'])).toMatchObject({ what: 'seeds', seed: 7, seeds: 2, hours: 0.5 });
    expect(parseAsked(['--unknown', '100'])).toEqual({ what: 'unknown', seed: 1, count: 100, first: false });
    expect(() => parseAsked(['--seeds', 'many'])).toThrow('--seeds many is not a number that makes sense here');
    expect(() => parseAsked(['--hours', '0'])).toThrow('--hours 0');
    expect(() => parseAsked(['--sedes', '5'])).toThrow(/sedes/);
  });
});
