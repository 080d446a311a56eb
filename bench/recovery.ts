import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { infoWeight } from '@hyperfleet/hyperliquid';
import { type Bench, type Measure, median } from './measure.ts';
import type { Pull, Told } from './recovery-lever.ts';
import { inScratch } from './scratch.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const LEVER = new URL('./recovery-lever.ts', import.meta.url).href;

const HALVES = ['signal', 'fill-monitor'] as const;
/** Each worker is ended once: further restarts of one wait longer on purpose. */
const CRASHED = ['Bot 1/signal', 'Bot 1/fill-monitor', 'Bot 2/signal', 'Bot 2/fill-monitor', 'Bot 3/signal'];
const HUNG = ['Bot 3/fill-monitor', 'Bot 4/signal'];
const FEW_BOTS = 4;
const BOTS = 16;
/** The fleet of sixteen runs this fast, since live the request weight of one IP is what its start waits for. */
const SPEED = 10;
const KILLS = 2;
const BARE_STARTS = 7;
/** The fleet's patience with a worker that gives no sign of life (`WORKER_LIMITS.beatTimeoutMs`). */
const BEAT_MS = 10_000;
/** Wall time for anything at all to happen on a loaded machine. */
const PATIENCE_MS = 300_000;

/** How long it takes until a fleet that lost a thread or its process stands as before. Real processes, threads, files and sockets. */
export const recovery: Bench = {
  name: 'recovery',
  title: 'a thread or the process ends or hangs → reconciled and taking signals again',
  run: () => inScratch(async (dir) => [...(await threadTimes(dir)), await processTimes(dir)]),
};

interface Fleet {
  readonly child: ChildProcess;
  /** Resolves with the wall time, ms, at which the thread tells this the next time. */
  told(thread: string, what: Told['what']): Promise<number>;
  /** Resolves when every worker of so many bots has said once that it is ready. */
  allReady(bots: number): Promise<number>;
  /** Questions asked of the venue so far, how often each. */
  readonly asked: ReadonlyMap<string, number>;
  /** Resolves when a line is said on stdout that contains this. */
  said(text: string): Promise<number>;
  pull(pull: Pull): void;
  kill(): Promise<void>;
}

const botsOf = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `Bot ${index + 1}`);

/** A configuration and an empty feed; returns the arguments of a fleet on them. */
function prepare(dir: string, name: string, bots: number): readonly string[] {
  const [config, feed] = [join(dir, `${name}.config.ts`), join(dir, `${name}.json`)];
  const paper = { limits: 'off', latency: 'none' };
  writeFileSync(config, `export default ${JSON.stringify({ mode: 'paper', paper, bots: botsOf(bots).map((id) => ({ id })) })};`);
  writeFileSync(feed, '[]');
  return ['--config', config, '--signals', feed, '--data-dir', join(dir, name)];
}

function startFleet(args: readonly string[]): Fleet {
  const child = spawn(process.execPath, ['--import', LEVER, join(ROOT, 'apps/fleet/src/main.ts'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env.PATH },
  });
  let text = '';
  const hearing = new Set<(told: Told | null) => void>();
  const hear = (told: Told | null): void => {
    for (const one of [...hearing]) one(told);
  };
  const asked = new Map<string, number>();
  child.on('message', (told: Told) => {
    if (told.asked !== undefined) asked.set(told.asked, (asked.get(told.asked) ?? 0) + 1);
    hear(told);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      hear(null);
    });
  }
  /** Wall time at which `isSo` first holds; it is asked at everything that is heard. */
  const when = (what: string, isSo: (told: Told | null) => boolean): Promise<number> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(late);
        hearing.delete(look);
        child.off('close', gone);
        settle();
      };
      const look = (told: Told | null): void => {
        if (isSo(told)) end(() => resolve(performance.now()));
      };
      const fail = (why: string) => () => end(() => reject(new Error(`${what}: ${why}\n${text}`)));
      const gone = fail('the fleet ended');
      const late = setTimeout(fail(`not in ${PATIENCE_MS} ms`), PATIENCE_MS);
      hearing.add(look);
      child.once('close', gone);
      look(null);
    });
  return {
    child,
    asked,
    told: (thread, what) => when(`${thread} ${what}`, (told) => told?.thread === thread && told.what === what),
    allReady(bots) {
      const waiting = new Set(botsOf(bots).flatMap((bot) => HALVES.map((half) => `${bot}/${half}`)));
      return when(`${bots} bots ready`, (told) => {
        if (told?.what === 'ready') waiting.delete(told.thread);
        return waiting.size === 0;
      });
    },
    said: (line) => when(line, () => text.includes(line)),
    pull: (pull) => void child.send(pull),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function threadTimes(dir: string): Promise<readonly Measure[]> {
  const fleet = startFleet(prepare(dir, 'few', FEW_BOTS));
  try {
    await fleet.allReady(FEW_BOTS);
    const backMs: number[] = [];
    for (const thread of CRASHED) {
      const pulled = fleet.told(thread, 'pulled');
      const ready = fleet.told(thread, 'ready');
      fleet.pull({ thread, how: 'crash' });
      backMs.push((await ready) - (await pulled));
    }
    const noticedMs: number[] = [];
    const hungMs: number[] = [];
    // In turn: a thread that loops takes a core from whoever is to notice it.
    for (const thread of HUNG) {
      const pulled = fleet.told(thread, 'pulled');
      const noticed = fleet.said(`worker ${thread} restarts: gave no sign of life`);
      const ready = fleet.told(thread, 'ready');
      fleet.pull({ thread, how: 'hang' });
      const atMs = await pulled;
      noticedMs.push((await noticed) - atMs);
      hungMs.push((await ready) - atMs);
    }
    const bare = await bareWorkerMs();
    const emptyWorker = { what: 'an empty worker says ready', nsPerOp: bare * 1e6 };
    const patience = { what: 'the patience with a worker', nsPerOp: BEAT_MS * 1e6 };
    const measure = (what: string, ms: readonly number[], than: NonNullable<Measure['bare']>, note: string): Measure => ({
      what,
      nsPerOp: median(ms) * 1e6,
      bare: than,
      note,
    });
    return [
      measure(
        'worker ends → it trades again',
        backMs,
        emptyWorker,
        `${CRASHED.length} ends; 200 to 250 ms of it wait before a first restart`,
      ),
      measure(
        'worker hangs → noticed',
        noticedMs,
        patience,
        `${HUNG.length} hangs; said when it is gone: two looks in a row have found it silent by then, and it has 2 s more to leave by itself`,
      ),
      measure('worker hangs → it trades again', hungMs, patience, ''),
    ];
  } finally {
    await fleet.kill();
  }
}

async function processTimes(dir: string): Promise<Measure> {
  const args = [...prepare(dir, 'many', BOTS), '--speed', String(SPEED)];
  let fleet = startFleet(args);
  const backMs: number[] = [];
  const weights: number[] = [];
  try {
    await fleet.allReady(BOTS);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const startMs = performance.now();
      await fleet.kill();
      fleet = startFleet(args);
      backMs.push((await fleet.allReady(BOTS)) - startMs);
      weights.push(weightOf(fleet.asked));
    }
  } finally {
    await fleet.kill();
  }
  return {
    what: `process killed → all of ${BOTS} bots reconciled`,
    nsPerOp: median(backMs) * 1e6,
    bare: { what: 'an empty process begins and ends', nsPerOp: (await bareProcessMs()) * 1e6 },
    note: `${KILLS} kills, begun again at once; ${weights.join(' and ')} of request weight asked until then, of which ${AT_ONCE} may go at once: the rest waits ${waitSeconds(weights, SPEED)} s at ×${SPEED}, live ${waitSeconds(weights, 1)} s`,
  };
}

/** The IP may ask 1,200 at once and 20 a second (PROTOCOL §10), of which reads leave 340 to others. */
const AT_ONCE = 1_200 - 340;

/** What so many questions weigh, but for the rows of their answers. */
const weightOf = (asked: ReadonlyMap<string, number>): number =>
  [...asked].reduce((sum, [type, times]) => sum + times * infoWeight(type), 0);

const waitSeconds = (weights: readonly number[], speed: number): number =>
  Math.max(0, Math.round((median(weights) - AT_ONCE) / (20 * speed)));

async function bareWorkerMs(): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < BARE_STARTS; start += 1) {
    const startMs = performance.now();
    const worker = new Worker("require('node:worker_threads').parentPort.postMessage('ready')", { eval: true });
    await once(worker, 'message');
    times.push(performance.now() - startMs);
    await worker.terminate();
  }
  return median(times);
}

async function bareProcessMs(): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < BARE_STARTS; start += 1) {
    const startMs = performance.now();
    await once(spawn(process.execPath, ['-e', ''], { stdio: 'ignore' }), 'close');
    times.push(performance.now() - startMs);
  }
  return median(times);
}
