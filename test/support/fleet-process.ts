/** A whole fleet as its user starts it: a process of its own, on a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const running = new Set<ChildProcess>();
const dirs: string[] = [];

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface FleetProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  /** Everything said so far on both streams. */
  said(): string;
  /** Resolves with the line when one is said, now or before, that matches; rejects when the fleet ends without it. */
  line(pattern: RegExp): Promise<string>;
}

/** Runs a script of this repository with the Node that runs the tests. */
function run(
  script: string,
  args: readonly string[],
  { env = {}, node = [] }: { readonly env?: Readonly<Record<string, string>>; readonly node?: readonly string[] } = {},
): FleetProcess {
  const child = spawn(process.execPath, [...node, join(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  running.add(child);
  let text = '';
  const waiting = new Set<{
    readonly pattern: RegExp;
    readonly resolve: (line: string) => void;
    readonly reject: (error: Error) => void;
  }>();
  const find = (pattern: RegExp): string | undefined => text.split('\n').find((line) => pattern.test(line));
  const hear = (chunk: string): void => {
    text += chunk;
    for (const waiter of waiting) {
      const found = find(waiter.pattern);
      if (found === undefined) continue;
      waiting.delete(waiter);
      waiter.resolve(found);
    }
  };
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  const exit = new Promise<Exit>((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child);
      for (const { pattern, reject } of waiting) reject(new Error(`it ended without saying ${pattern}:\n${text}`));
      resolve({ code, signal });
    }),
  );
  return {
    child,
    exit,
    said: () => text,
    line(pattern) {
      const found = find(pattern);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => waiting.add({ pattern, resolve, reject }));
    },
  };
}

/** `npm start -- …args`. */
export const startFleet = (...args: string[]): FleetProcess => run('apps/fleet/src/main.ts', args);

/** The same with variables of the environment, such as keys. */
export const startFleetWith = (env: Readonly<Record<string, string>>, ...args: string[]): FleetProcess =>
  run('apps/fleet/src/main.ts', args, { env });

/** The same with a module loaded before everything else, in each of its threads. */
export const startFleetUnder = (module: string, ...args: string[]): FleetProcess =>
  run('apps/fleet/src/main.ts', args, { node: ['--import', module] });

/** `npx admin_controls …args`, to its end. */
export async function adminControls(...args: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const admin = run('apps/admin-controls/src/main.ts', args);
  const { code } = await admin.exit;
  return { code, text: admin.said() };
}

/** An empty directory, gone after the tests. */
export function emptyDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-e2e-'));
  dirs.push(dir);
  return dir;
}

/** Ends what a failed test left running, by its own id, and removes its files. */
export async function cleanUp(): Promise<void> {
  const ended = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ended);
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
}

/** Rows of a query, as any program would read them. */
export function query(path: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

/** The parts of a report the tests look at. */
export interface Report {
  readonly signals: readonly {
    readonly id: number;
    readonly bot: string;
    readonly coin: string;
    readonly status: string;
    readonly netPnlUsd: number;
    readonly nakedMs: number;
    readonly open: boolean;
    readonly breakevenAtMs: number | null;
    readonly timeline: readonly { readonly atMs: number; readonly event: string }[];
  }[];
  readonly bots: readonly {
    readonly id: string;
    readonly state: string;
    readonly equityStartUsd: number;
    readonly equityEndUsd: number;
    readonly transfersUsd: number;
    readonly acknowledgedUsd: number;
    readonly restarts: number;
  }[];
  readonly venue: {
    readonly fills: number;
    readonly duplicateCloids: number;
    readonly nakedMsMax: number;
    readonly nakedWallMsMax: number;
    readonly conservationErrorUsd: number;
  };
}

export const readReport = (path: string): Report => JSON.parse(readFileSync(path, 'utf8'));

/** Whole micro-dollars of a dollar figure. */
const micro = (usd: number): number => Math.round(usd * 1e6);

/** For each bot, net results of its signals and transfers less the change of its account, in micro-dollars: all zeros when every cent is explained. */
export function unexplained(report: Report): readonly number[] {
  return report.bots.map(({ id, equityStartUsd, equityEndUsd, transfersUsd }) => {
    const net = report.signals.filter(({ bot }) => bot === id).reduce((sum, { netPnlUsd }) => sum + micro(netPnlUsd), 0);
    return net + micro(transfersUsd) - (micro(equityEndUsd) - micro(equityStartUsd));
  });
}
