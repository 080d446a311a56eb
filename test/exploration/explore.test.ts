import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BEGINNINGS } from './beginnings.ts';
import { explore } from './search.ts';

const forever = (): boolean => false;

describe('the situations of one bracket', () => {
  it('keep every promise while nothing intervenes, fourteen events deep', async () => {
    const [beginning] = BEGINNINGS;
    if (beginning === undefined) throw new Error('no beginning');
    const found = await explore({ beginning, bounds: { interventions: 0 }, depth: 14, isOver: forever });
    expect(found.broken).toBeNull();
    expect(found.depth).toBe(14);
    expect(found.states).toBeGreaterThan(700);
  });

  it.each(BEGINNINGS.map((beginning) => [beginning.name, beginning] as const))(
    'keep every promise from "%s" with anything intervening twice, three events deep',
    async (_name, beginning) => {
      const found = await explore({ beginning, bounds: { interventions: 2 }, depth: 3, isOver: forever });
      expect(found.broken).toBeNull();
      expect(found.transitions).toBeGreaterThan(found.states);
    },
  );

  it.each([0, 2, 3])('are told apart where they go on differently, from beginning %i', async (from) => {
    const beginning = BEGINNINGS[from];
    if (beginning === undefined) throw new Error('no such beginning');
    await explore({ beginning, bounds: { interventions: 1 }, depth: from === 0 ? 7 : 4, isOver: forever, distrustful: true });
  });

  it.each([0, 2])('are the same ones when each number of interventions is told apart, from beginning %i', async (from) => {
    const beginning = BEGINNINGS[from];
    if (beginning === undefined) throw new Error('no such beginning');
    const walk = (counting: boolean) =>
      explore({ beginning, bounds: { interventions: 2 }, depth: from === 0 ? 4 : 3, counting, isOver: forever });
    const [merged, counted] = [await walk(false), await walk(true)];
    expect(counted.broken).toBeNull();
    expect(merged.situations).toEqual(counted.situations);
    expect(merged.transitions).toBeLessThanOrEqual(counted.transitions);
  });

  it('are the same, state by state, when they are walked again', async () => {
    const [, beginning] = BEGINNINGS;
    if (beginning === undefined) throw new Error('no beginning');
    const walk = () => explore({ beginning, bounds: { interventions: 1 }, depth: 3, isOver: forever });
    expect(await walk()).toEqual(await walk());
  });
});

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url)), ...args], { encoding: 'utf8' });

describe('npm run explore', () => {
  it.each([
    ['old-stop-goes-first', '0', '0', 'lots keep a stop'],
    ['unknown-is-failed', '1', '0', '2 entry orders'],
    ['send-before-record', '1', '0', 'it is not recorded'],
    ['no-patience', '1', '0', '2 entry orders'],
    ['gap-is-not-read-back', '1', '0', 'nobody knows what became of stop#0'],
    ['orphans-are-left', '0', '0', 'an exit does not end'],
    ['close-goes-twice', '2', '2', 'close#1 goes while nobody knows'],
  ])(
    'finds the planted bug %s where %s things intervene from beginning %s, tells the shortest path to it, and ends with 1',
    (mutant, interventions, from, what) => {
      const { status, stdout } = run('--seconds', '60', '--from', from, '--interventions', interventions, '--mutant', mutant);
      expect(stdout).toMatch(new RegExp(`BROKEN: .*${what}`));
      expect(stdout).toContain(from === '0' ? '  1. entry signal\n' : '  1. exit signal\n');
      expect(status).toBe(1);
    },
  );

  it('says of an option what it may be', () => {
    expect(run('--depth', 'deep').stderr).toContain('--depth is deep: give a whole number from 1 to 100000');
    expect(run('--mutant', 'none').stderr).toContain('--mutant is none: there are unknown-is-failed,');
  });
});
