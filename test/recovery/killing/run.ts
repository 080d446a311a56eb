/** One run of the scenario that is ended at one moment, begun again, and judged by what the venue's journal says. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge } from './judge.ts';
import { writeScenario } from './scenario.ts';
import type { Way } from './way.ts';

export interface Point {
  /** The thread whose moment it is, by its name. */
  readonly thread: string;
  /** Which of its moments, from 0. */
  readonly moment: number;
  readonly way: Way;
}

export interface Outcome {
  readonly point: Point;
  /** Where it was ended, or null when the run was over before that moment came. */
  readonly struck: string | null;
  /** What is wrong, one sentence each; empty when every promise held. */
  readonly faults: readonly string[];
  /** Longest market time without a full stop, ms. */
  readonly nakedMs: number;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TRAP = new URL('./trap.ts', import.meta.url);
/** Wall time after which a run that says nothing more is hung. */
const HUNG_MS = 180_000;
/** What one run has compiled is there for all after it: most of what a run costs is seven threads that load the same files. */
const COMPILED = mkdtempSync(join(tmpdir(), 'killing-compiled-'));
process.once('exit', () => rmSync(COMPILED, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function runFleet(dir: string, trap: Readonly<Record<string, string>> | null): Promise<Ended> {
  const args = ['--until-idle', '--config', join(ROOT, 'test/recovery/killing/fleet.config.ts')];
  args.push('--market', join(dir, 'scenario.hfr'), '--signals', join(dir, 'scenario.json'));
  args.push('--data-dir', join(dir, 'data'), '--report', join(dir, 'report.json'));
  const preload = trap === null ? [] : ['--import', `${TRAP.href}?${new URLSearchParams({ ...trap, dir: join(dir, 'trap') })}`];
  const child = spawn(process.execPath, [...preload, join(ROOT, 'apps/fleet/src/main.ts'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, XDG_RUNTIME_DIR: dir, NODE_COMPILE_CACHE: COMPILED },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const hung = setTimeout(() => child.kill('SIGKILL'), HUNG_MS);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(hung);
      resolve({ code, text });
    }),
  );
}

function openDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'killing-'));
  mkdirSync(join(dir, 'trap'));
  writeScenario(dir);
  return dir;
}

/** The moments of every thread in one undisturbed run: its effects in order. Throws when that run does not end well. */
export async function countMoments(): Promise<ReadonlyMap<string, readonly string[]>> {
  const dir = openDir();
  try {
    const { code, text } = await runFleet(dir, { way: 'count' });
    if (code !== 0) throw new Error(`the undisturbed run ended with ${code}:\n${text}`);
    const trap = join(dir, 'trap');
    const files = readdirSync(trap).filter((name) => name.startsWith('moments.'));
    return new Map(
      files.map((name) => {
        const [thread = '', ...effects] = readFileSync(join(trap, name), 'utf8').trim().split('\n');
        return [thread, effects];
      }),
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a power cut takes: of the ledger all that was not synced, of the signals database all since its last checkpoint. */
function cutPower(dir: string): void {
  const data = join(dir, 'data');
  const trap = join(dir, 'trap');
  const synced = readdirSync(trap)
    .filter((name) => name.startsWith('synced.'))
    .map((name) => Number(readFileSync(join(trap, name), 'utf8')));
  const ledgerLog = join(data, 'ledger.db-wal');
  if (existsSync(ledgerLog)) truncateSync(ledgerLog, Math.max(0, ...synced));
  const signalsLog = join(data, 'signals.db-wal');
  if (existsSync(signalsLog)) truncateSync(signalsLog, 0);
  for (const name of ['ledger.db-shm', 'signals.db-shm']) rmSync(join(data, name), { force: true });
}

/** A run that was ended, or came to its end, and what is wrong with that already. */
interface First {
  readonly dir: string;
  readonly ended: Ended;
  readonly struck: string | null;
}

/** Runs until a point; what is on the disk at that moment goes to `copyTo` as well, where that is given. */
async function endAt({ thread, moment, way }: Point, copyTo: string | null = null): Promise<First> {
  const dir = openDir();
  const ended = await runFleet(dir, { thread, point: String(moment), way, ...(copyTo === null ? {} : { copyTo }) });
  const mark = join(dir, 'trap/struck');
  return { dir, ended, struck: existsSync(mark) ? readFileSync(mark, 'utf8') : null };
}

/** Begins an ended run again until all is done, and judges. Removes its directory. */
async function goOn({ dir, ended, struck }: First, point: Point): Promise<Outcome> {
  try {
    const { thread, moment, way } = point;
    const faults: string[] = [];
    let last = ended;
    if (struck !== null && way !== 'thread') {
      if (way === 'machine') cutPower(dir);
      last = await runFleet(dir, null);
    } else if (struck !== null && ended.code === null) faults.push('the end of a thread ended the process');
    if (last.code !== 0) faults.push(`the fleet ended with ${last.code}: ${last.text.trim().split('\n').slice(-6).join(' / ')}`);
    const judged = existsSync(join(dir, 'report.json')) ? judge(dir, way) : { faults: ['no report was written'], nakedMs: 0 };
    faults.push(...judged.faults);
    if (faults.length > 0) {
      const told = join(tmpdir(), `killing-${thread.replaceAll(/\W/g, '-')}-${moment}-${way}.txt`);
      writeFileSync(told, last === ended ? ended.text : `${ended.text}\n=== again\n${last.text}`);
      faults.push(`what it said: ${told}`);
    }
    return { point, struck, faults, nakedMs: judged.nakedMs };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A second copy of what an ended run has left. */
function copyOf(first: First): First {
  const dir = mkdtempSync(join(tmpdir(), 'killing-'));
  cpSync(first.dir, dir, { recursive: true });
  return { ...first, dir };
}

/** Ends one run at a point, begins again until all is done, and judges. Never rejects for what the fleet did. */
export async function tryPoint(point: Point): Promise<Outcome> {
  return goOn(await endAt(point), point);
}

/** Whether a process can be held still from outside and be seen to stand still. */
const CAN_HOLD = existsSync('/proc/self/status');

/**
 * Ends a thread at its moment and goes on. Just before, the process is held still and what it has on the disk is copied: all that a
 * killed process and a machine without power would leave at that moment, so that neither needs a run up to there of its own.
 * Null for that where it cannot be had.
 */
async function tryThread(thread: string, moment: number): Promise<{ readonly outcome: Outcome; readonly left: First | null }> {
  const point: Point = { thread, moment, way: 'thread' };
  if (!CAN_HOLD) return { outcome: await tryPoint(point), left: null };
  const dir = join(mkdtempSync(join(tmpdir(), 'killing-')), 'left');
  const first = await endAt(point, dir);
  const outcome = await goOn(first, point);
  if (existsSync(dir)) return { outcome, left: { ...first, dir } };
  rmSync(dirname(dir), { recursive: true });
  if (first.struck !== null) throw new Error(`what ${thread} had left at its moment ${moment} was not copied to ${dir}`);
  return { outcome, left: null };
}

/**
 * Tries one moment in several ways. The process that is killed and the machine whose power is cut are one run up to there, and both
 * begin again from a copy of what it has left.
 */
export async function tryMoment(thread: string, moment: number, ways: readonly Way[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const killed = ways.filter((way) => way !== 'thread');
  let left: First | null = null;
  if (ways.includes('thread') && killed.length === 0) return [await tryPoint({ thread, moment, way: 'thread' })];
  if (ways.includes('thread')) {
    const tried = await tryThread(thread, moment);
    outcomes.push(tried.outcome);
    left = tried.left;
  }
  const first = left ?? (await endAt({ thread, moment, way: 'process' }));
  const starts = killed.map((way, index) => ({ way, from: index === killed.length - 1 ? first : copyOf(first) }));
  for (const { way, from } of starts) outcomes.push(await goOn(from, { thread, moment, way }));
  if (left !== null) rmSync(dirname(left.dir), { recursive: true });
  return outcomes;
}
