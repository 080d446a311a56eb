/**
 * Loaded before everything else in the fleet's process and in each of its threads (`node --import`). Counts the moments just
 * before each side effect of the thread; the moment after one is the moment before the next. At the one it is told of, it ends
 * the process or the thread where it stands, as a power cut or a crash would. What it is told stands in the query of its URL.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { isMainThread, threadName } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** The side effects that are counted. */
type Effect = 'commit' | 'write' | 'read' | 'timer';

const asked = new URL(import.meta.url).searchParams;
const dir = asked.get('dir') ?? '';
const thread = isMainThread ? 'main' : (threadName ?? '');
const point = asked.get('thread') === thread ? Number(asked.get('point')) : Number.NaN;
const way = asked.get('way') ?? 'count';
/** Where a copy goes of all that the process has on the disk when the moment comes; null for none. */
const copyTo = asked.get('copyTo');
/** The venue is another machine, and whoever feeds signals another program: neither is ours to kill. */
const isOurs = !/venue|feeder/.test(thread) && dir !== '' && !process.argv.some((arg) => arg.includes('feeder'));
const safeName = thread.replaceAll(/[^\w-]/g, '_');

let passed = 0;

/** Stops the process of the first argument with all its threads, copies the directory of the second to the third, and lets it go on. */
const HOLD_AND_COPY =
  'kill -STOP "$1"; until grep -q "^State:.T" "/proc/$1/status"; do :; done; cp -r "$2" "$3.part" && mv "$3.part" "$3"; touch "$2/trap/released"; kill -CONT "$1"';

/** Blocks this thread. */
const blockFor = (ms?: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function copyWhatIsThere(to: string): void {
  spawn('sh', ['-c', HOLD_AND_COPY, 'sh', String(process.pid), dirname(dir), to], { stdio: 'ignore', detached: true }).unref();
  while (!existsSync(join(dir, 'released'))) blockFor(1);
}

/** A moment at which the machine may stop: just before this effect. */
function moment(effect: Effect): void {
  const here = passed;
  passed += 1;
  if (way === 'count') appendFileSync(join(dir, `moments.${safeName}`), `${effect}\n`);
  // Once: a thread that comes back counts from the start.
  if (here !== point || existsSync(join(dir, 'struck'))) return;
  writeFileSync(join(dir, 'struck'), `before ${effect} ${here} of ${thread}`);
  if (copyTo !== null) copyWhatIsThere(copyTo);
  if (way === 'thread' && !isMainThread) process.exit(70);
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing more may happen in this thread.
  blockFor();
}

type Method = (this: Database.Statement, ...args: unknown[]) => unknown;

/** A statement commits when it is COMMIT, or writes outside a transaction. */
function isCommit(statement: Database.Statement): boolean {
  if (/^\s*commit/i.test(statement.source)) return true;
  return !statement.readonly && !statement.database.inTransaction && !/^\s*(begin|pragma)/i.test(statement.source);
}

/** As SQLite tells `synchronous`: only this one has synced the log when a commit returns. */
const FULL = 2;

/** Notes how much of the ledger's log is on the disk: all of it when a connection that syncs has committed, nothing new otherwise. */
function noteSynced(db: Database.Database): void {
  if (!db.name.endsWith('ledger.db') || db.pragma('synchronous', { simple: true }) !== FULL) return;
  const size = statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  writeFileSync(join(dir, `synced.${safeName}`), String(size));
}

function trapDatabase(): void {
  const memory = new Database(':memory:');
  const statements: Record<string, Method> = Object.getPrototypeOf(memory.prepare('SELECT 1'));
  for (const name of ['run', 'get', 'all']) {
    const original = statements[name];
    if (original === undefined) throw new Error(`a statement has no ${name}`);
    statements[name] = function (...args) {
      if (!isCommit(this) || this.database.memory) return original.apply(this, args);
      moment('commit');
      const done = original.apply(this, args);
      noteSynced(this.database);
      return done;
    };
  }
  memory.close();
}

function trapSockets(): void {
  const sockets: Record<string, (this: Socket, ...args: unknown[]) => unknown> = Object.getPrototypeOf(Object.create(Socket.prototype));
  const { write, push } = sockets;
  if (write === undefined || push === undefined) throw new Error('a socket has no write or push');
  sockets.write = function (...args) {
    moment('write');
    return write.apply(this, args);
  };
  sockets.push = function (...args) {
    if (args[0] !== null) moment('read');
    return push.apply(this, args);
  };
}

function trapTimers(): void {
  const { setTimeout: original } = globalThis;
  const trapped = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    original(() => {
      moment('timer');
      run(...args);
    }, ms);
  globalThis.setTimeout = Object.assign(trapped, original) as typeof globalThis.setTimeout;
}

if (isOurs) {
  if (way === 'count') appendFileSync(join(dir, `moments.${safeName}`), `${thread}\n`);
  trapDatabase();
  trapSockets();
  trapTimers();
}
