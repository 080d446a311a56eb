import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { takeSecrets } from './environment.ts';
import { resolveFleet } from './fleet.ts';
import { loadFleetConfig } from './load.ts';

const run = promisify(execFile);

/** A configuration somewhere no node_modules is. */
function written(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'fleet.config.ts');
  writeFileSync(path, text);
  return path;
}

async function refusals(path: string): Promise<readonly string[]> {
  const loaded = await loadFleetConfig(path);
  return loaded.kind === 'ok' ? [] : loaded.errors.map(({ message }) => message);
}

describe('a configuration file', () => {
  it('of the repository is the three bots with ten thousand dollars of paper each', async () => {
    const loaded = await loadFleetConfig('fleet.config.ts');
    if (loaded.kind === 'errors') throw new Error('it has mistakes');
    const resolved = resolveFleet(loaded.options, {});
    if (resolved.kind === 'errors') throw new Error('it has mistakes');
    const { mode, bots } = resolved.fleet;
    expect(mode).toBe('paper');
    expect(
      bots.map(({ id, limits, paperUsd }) => [id, limits.riskPerTradePpm, limits.maxLeverage, limits.defaultStopDistancePpm, paperUsd]),
    ).toEqual([
      ['Apprentice Alchemist', 20_000, 1, 50_000, 10_000_000_000],
      ['AlphaCryptoSignal', 20_000, 20, 20_000, 10_000_000_000],
      ['Sentient', 20_000, 1, 50_000, 10_000_000_000],
    ]);
  });

  it('may lie anywhere and be a plain object', async () => {
    const path = written("export default { mode: 'paper', bots: [{ id: 'A' as string }] };");
    expect(await loadFleetConfig(path)).toEqual({ kind: 'ok', path, options: { mode: 'paper', bots: [{ id: 'A' }] } });
  });

  it('anywhere may import defineFleet by the name of this package', async () => {
    const path = written(
      "import { defineFleet } from '@hyperfleet/config';\nexport default defineFleet({ mode: 'paper', bots: [{ id: 'A' }] });",
    );
    const load = fileURLToPath(new URL('./load.ts', import.meta.url));
    // In a process of its own: the test runner resolves imports its own way.
    const script = `const { loadFleetConfig } = await import(${JSON.stringify(load)}); console.log(JSON.stringify(await loadFleetConfig(${JSON.stringify(path)})));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual({ kind: 'ok', path, options: { mode: 'paper', bots: [{ id: 'A' }] } });
  });

  it('that is not there, is a directory, throws, or exports nothing is told as what it is', async () => {
    expect(await refusals(join(tmpdir(), 'no-such-fleet.config.ts'))).toEqual([expect.stringMatching(/not there.*--config FILE/)]);
    expect(await refusals(tmpdir())).toEqual([expect.stringMatching(/not a file/)]);
    expect(await refusals(written("throw new Error('the moon is full');"))).toEqual([
      expect.stringMatching(/fails.* with: the moon is full/),
    ]);
    expect(await refusals(written('export const fleet = {};'))).toEqual([expect.stringMatching(/without a default export/)]);
  });

  it('with a mistake in its text, or that throws, is told of with the line, and the file where it is another', async () => {
    const wrong = written("export default {\n  mode: 'paper'\n  bots: [],\n};");
    const importing = written(`import other from ${JSON.stringify(wrong)};\nexport default other;`);
    const throwing = written("\n\nthrow new Error('the moon is full');");
    const load = fileURLToPath(new URL('./load.ts', import.meta.url));
    const script = `const { loadFleetConfig } = await import(${JSON.stringify(load)});
      for (const path of ${JSON.stringify([wrong, importing, throwing])}) console.log((await loadFleetConfig(path)).errors[0].remedy);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/fails at line 3 with: Expected/),
      expect.stringContaining(`fails in ${wrong} at line 3 with: Expected`),
      'correct it, it fails at line 3 with: the moon is full',
    ]);
  });

  it('whose own error holds a key does not pass it on', async () => {
    const key = 'ab12'.repeat(16);
    const said = await refusals(written(`throw new Error('bad key ${key}');`));
    expect(said.join()).not.toContain(key);
  });
});

describe('secrets', () => {
  it('leave the environment when they are taken', () => {
    process.env.HYPERFLEET_TEST_SECRET = 'x';
    expect([...takeSecrets(['HYPERFLEET_TEST_SECRET', 'HYPERFLEET_NOT_SET'])]).toEqual([['HYPERFLEET_TEST_SECRET', 'x']]);
    expect(process.env.HYPERFLEET_TEST_SECRET).toBeUndefined();
  });
});
