import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodeBreaches } from './laws/error-codes.ts';
import { heldByBreaches } from './laws/held-by.ts';
import { importBreaches } from './laws/imports.ts';
import { linkBreaches } from './laws/links.ts';
import {
  installScriptBreaches,
  type Lockfile,
  leftOutBreaches,
  lockBreaches,
  runtimeCountBreaches,
  runtimePackages,
  versionBreaches,
} from './laws/manifests.ts';
import { purityBreaches } from './laws/purity.ts';
import { honestyBreaches, laterBreaches, nameBreaches, sizeBreaches } from './laws/shape.ts';
import type { Breach } from './laws/source.ts';
import { wordBreaches } from './laws/words.ts';
import { readTree, type Tree } from './tree.ts';

const ROOT = join(import.meta.dirname, '..');

/** What one check found. `detail` is printed in full when it failed. */
interface Verdict {
  readonly name: string;
  readonly passed: boolean;
  /** A few words for the line. */
  readonly summary: string;
  readonly detail: string;
  readonly ms: number;
}

/** Runs a program of ours out of node_modules with this very Node, whatever PATH says. */
function runTool(name: string, script: string, args: readonly string[], passedSummary: string): Promise<Verdict> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let detail = '';
    const end = (passed: boolean, summary: string): void => resolve({ name, passed, summary, detail, ms: performance.now() - startedMs });
    child.stdout.on('data', (chunk: Buffer) => {
      detail += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      detail += chunk.toString();
    });
    child.on('error', (error) => end(false, `did not start: ${error.message}`));
    child.on('close', (code, signal) => end(code === 0, code === 0 ? passedSummary : `exit ${signal ?? code}`));
  });
}

function judgeLaw(name: string, passedSummary: string, judge: () => readonly Breach[]): Verdict {
  const startedMs = performance.now();
  const breaches = judge();
  const detail = breaches.map(({ path, line, message }) => `${path}${line === null ? '' : `:${line}`}  ${message}`).join('\n');
  const summary = breaches.length === 0 ? passedSummary : `${breaches.length} found`;
  return { name, passed: breaches.length === 0, summary, detail, ms: performance.now() - startedMs };
}

function judgeLaws(tree: Tree): readonly Verdict[] {
  const { files, sources, packageJsons } = tree;
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
  const errorsBook = files.find(({ path }) => path === 'docs/errors.md');
  const runtime = runtimePackages(packageJsons).length;
  const laws: readonly (readonly [name: string, passed: string, judge: () => readonly Breach[]])[] = [
    ['readable', `${sources.length} TypeScript files parse`, () => tree.unreadable],
    ['imports', 'nobody looks sideways, every npm package through its door', () => importBreaches(sources, tree.manifests)],
    ['purity', 'no clock, chance or timer where decisions are made', () => purityBreaches(sources)],
    ['size', 'files of at most 400 lines, functions of at most 70', () => sizeBreaches(sources)],
    ['names', 'every file and export is named after a thing', () => nameBreaches(files, sources)],
    ['honesty', 'no any, nothing silenced, no test left out', () => honestyBreaches(sources)],
    ['later', 'nothing put off', () => laterBreaches(files)],
    ['words', 'the tree speaks of the product alone', () => wordBreaches(files)],
    ['links', 'the prose points at what is there', () => linkBreaches(files)],
    ['held by', 'every promise and every known failure names tests that are there', () => heldByBreaches(files)],
    ['errors', 'every code is explained in docs/errors.md, and only those', () => errorCodeBreaches(sources, errorsBook)],
    ['versions', 'every version exact', () => versionBreaches(packageJsons)],
    ['lockfile', 'in step with every package.json', () => [...lockBreaches(packageJsons, lock), ...leftOutBreaches(lock)]],
    ['install scripts', 'none needed', () => installScriptBreaches(lock)],
    ['dependencies', `${runtime} runtime packages`, () => runtimeCountBreaches(packageJsons)],
  ];
  return laws.map(([name, passed, judge]) => judgeLaw(name, passed, judge));
}

function print({ name, passed, summary, detail, ms }: Verdict): void {
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${summary} (${(ms / 1000).toFixed(1)} s)`);
  if (!passed) console.log(`\n${detail.trim().replace(/^/gm, '    ')}\n`);
}

const tools = [
  runTool('types', 'typescript/bin/tsc', ['--noEmit', '--project', ROOT], 'tsc has nothing to say'),
  runTool(
    'lint and format',
    '@biomejs/biome/bin/biome',
    ['check', '--error-on-warnings', '--diagnostic-level=warn', '--max-diagnostics=200', '.'],
    'biome has nothing to say',
  ),
  runTool('unused', 'knip/bin/knip.js', ['--no-progress', '--no-config-hints'], 'no unused file, export or dependency'),
];
// The laws run here while the three programs run beside us.
const verdicts = [...judgeLaws(readTree(ROOT)), ...(await Promise.all(tools))];
for (const verdict of verdicts) print(verdict);

const failed = verdicts.filter(({ passed }) => !passed).map(({ name }) => name);
console.log(
  failed.length === 0
    ? `\n${verdicts.length} checks passed.`
    : `\n${failed.length} of ${verdicts.length} checks failed: ${failed.join(', ')}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
