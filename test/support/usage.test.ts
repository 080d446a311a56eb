import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const run = (tool: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '..', tool, 'main.ts'), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

describe.each([
  ['exploration', 'explore', '--seconds=-1', /--seconds is -1: give a whole number from 1/],
  ['fuzz', 'fuzz', '--frames=many', /--frames is many: give a whole number/],
  ['fill-model', 'fill-model', '--life=0', /--life is 0: give at least 1 second/],
  ['simulation', 'sim', '--hours=0', /--hours 0 is not a number that makes sense here/],
  ['recovery', 'recovery', '--points=0', /the number of points is 0: give a whole number, 1 or more/],
])('the command line of test/%s', (tool, script, wrong, told) => {
  it.each([
    ['an option that it does not have', '--bogus', /Unknown option '--bogus'/],
    ['a value that makes no sense', wrong, told],
  ])('with %s is answered with what is wrong and the usage, and ends with 2', (_, argument, words) => {
    const { status, stdout, stderr } = run(tool, argument);
    expect(stdout + stderr).toMatch(words);
    expect(stdout + stderr).toContain(`npm run ${script} --`);
    expect(stdout + stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(2);
  });

  it('shows the usage on --help', () => {
    const { status, stdout } = run(tool, '--help');
    expect(stdout).toContain(`npm run ${script} --`);
    expect(status).toBe(0);
  });
});
