import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hashOf, read, write } from './code.ts';
import { calmEvent, eventsOf, happen } from './events.ts';
import { beginning } from './state.ts';
import { BEGINNINGS, walkMind } from './walk.ts';

const forever = (): boolean => false;
const [SIGNAL] = BEGINNINGS;
const walk = (depth: number, interventions: number) => walkMind({ from: SIGNAL, depth, interventions, isOver: forever });

describe('the situations of the mind alone', () => {
  it('keep every promise while anything intervenes any number of times, six events deep', () => {
    const found = walk(6, Number.POSITIVE_INFINITY);
    expect(found.broken).toBeNull();
    expect(found.depth).toBe(6);
    expect(found.states).toBeGreaterThan(20_000);
  });

  it('keep every promise while one thing intervenes, eleven events deep', () => {
    const found = walk(11, 1);
    expect(found.broken).toBeNull();
    expect(found.depth).toBe(11);
    expect(found.states).toBeGreaterThan(20_000);
  });

  it('keep every promise while anything intervenes any number of times and the world outside waits for answers, nine events deep', () => {
    const any = { from: SIGNAL, depth: 9, interventions: Number.POSITIVE_INFINITY, isOver: forever };
    const found = walkMind({ ...any, worldWaits: true });
    expect(found.broken).toBeNull();
    expect(found.depth).toBe(9);
    expect(found.states).toBeGreaterThan(60_000);
    expect(walkMind({ ...any, depth: 4 }).states).toBeGreaterThan(walkMind({ ...any, depth: 4, worldWaits: true }).states);
  });

  it.each(BEGINNINGS)('keep every promise from "$name" with anything intervening any number of times, four events deep', (from) => {
    const found = walkMind({ from, depth: 4, interventions: Number.POSITIVE_INFINITY, isOver: forever });
    expect(found.broken).toBeNull();
    expect(found.depth).toBe(4);
  });

  it('are those without a bound where the bound is not reached', () => {
    const [bounded, unbounded] = [walk(4, 4), walk(4, Number.POSITIVE_INFINITY)];
    expect(bounded.states).toBe(unbounded.states);
  });

  it('are read from their bytes as they were written', () => {
    const s = beginning();
    for (let steps = 0; steps < 400; steps += 1) {
      const events = eventsOf(s);
      happen(s, (steps % 3 === 0 ? events[(steps * 7) % events.length] : undefined) ?? calmEvent(s));
      const hashed = hashOf(s);
      const again = read(Uint8Array.from(write(s)));
      expect(again).toEqual(s);
      expect(hashOf(again)).toBe(hashed);
    }
  });
});

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url)), '--mind', ...args], { encoding: 'utf8' });

describe('npm run explore -- --mind', () => {
  it.each([
    ['waiting-child-counts', '1', 'nobody is doing anything about it'],
    ['old-stop-goes-first', '1', 'thousand lots keep a stop'],
    ['ladder-while-exiting', '1', 'is sent after the exit'],
    ['breakeven-before-its-target', '1', 'its target has not filled'],
    ['exit-leaves-the-entry', '1', 'after an exit the trade goes on'],
    ['lost-is-dead-in-the-model', '1', '2 entry orders'],
    ['no-patience-in-the-model', '1', '2 entry orders'],
    ['gap-is-not-read-back-in-the-model', '1', 'nobody knows what became of stop#0'],
    ['orphans-are-left-in-the-model', '1', 'after an exit the trade goes on'],
    ['never-rests-in-the-model', '1', 'does not come to rest'],
    ['close-goes-twice', '2', 'close#1 is sent while nobody knows'],
  ])('finds the planted bug %s where %s things intervene, and tells the shortest path to it', (mutant, interventions, what) => {
    const { status, stdout } = run('--seconds', '30', '--interventions', interventions, '--mutant', mutant);
    expect(stdout).toMatch(new RegExp(`BROKEN: .*${what}`));
    expect(stdout).toContain('  1. signal placing: place entry#0 stop#0: ');
    expect(status).toBe(1);
  });
});
