/**
 * `npm run coverage`: runs the tests of what decides about money — sizing, rounding, the ladder, breakeven, reconcile — and fails when a
 * branch of it was never taken. Node counts; nothing is installed for it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { branchesOf } from './branches/branches.ts';
import { readCounts } from './branches/counts.ts';

const ROOT = join(import.meta.dirname, '..');

const AREAS: readonly { readonly area: string; readonly files: readonly string[] }[] = [
  {
    area: 'sizing',
    files: ['plan-entry', 'plan-prices', 'plan-size', 'check', 'venue-maximum', 'wording'].map(
      (name) => `packages/trading/src/risk/${name}.ts`,
    ),
  },
  { area: 'rounding', files: ['packages/trading/src/units.ts', 'packages/trading/src/instrument.ts'] },
  { area: 'ladder', files: ['packages/trading/src/bracket.ts', 'packages/bot/src/decide/ladder.ts'] },
  { area: 'breakeven', files: ['packages/bot/src/decide/breakeven.ts'] },
  { area: 'reconcile', files: ['reconcile', 'resolve', 'venue-news'].map((name) => `packages/bot/src/${name}.ts`) },
];

/** Where the tests of all that stand: each file is enough by what runs here, none needs a whole process. */
const TESTS = [
  'packages/trading/src',
  'packages/bot/src',
  'test/simulation/one-bot.test.ts',
  'test/simulation/edges.test.ts',
  'test/simulation/by-hand.test.ts',
  'test/failures/reconcile.test.ts',
  'test/failures/foreign-fills.test.ts',
];

/** Runs the tests with Node counting; what it counted is in `dir`. False when one fails. */
function runTests(dir: string): boolean {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', ROOT, '--config', join(ROOT, 'tools/branches/vitest.config.ts'), ...TESTS];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_V8_COVERAGE: dir },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) process.stderr.write(`${stdout}\n${stderr}\n`);
  return status === 0;
}

function judge(dir: string): boolean {
  const counts = readCounts(dir);
  let whole = true;
  for (const { area, files } of AREAS) {
    const branches = files.flatMap((path) => {
      const absolute = join(ROOT, path);
      const text = readFileSync(absolute, 'utf8');
      return branchesOf({ path, text }, counts(absolute)).map((branch) => ({ ...branch, path }));
    });
    const missed = branches.filter(({ taken }) => !taken);
    const share = ((100 * (branches.length - missed.length)) / branches.length).toFixed(1);
    console.log(
      `${missed.length === 0 ? 'ok    ' : 'FAILED'}  ${area.padEnd(10)} ${branches.length - missed.length} of ${branches.length} branches (${share} %)`,
    );
    for (const { path, line, what } of missed) console.log(`          ${path}:${line}  never taken: ${what}`);
    whole &&= missed.length === 0;
  }
  return whole;
}

const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-coverage-'));
try {
  process.exitCode = runTests(dir) && judge(dir) ? 0 : 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
