import { randomBytes } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError, toStoreError } from './store-error.ts';

export type Connection = Database.Database;

export interface ConnectionOptions {
  /** How long a statement waits for another connection's lock, ms of wall time. It blocks its thread for that long. */
  readonly busyTimeoutMs: number;
  /** FULL is on the disk when a commit returns, NORMAL some commits later, OFF when the system likes. */
  readonly synchronous: 'FULL' | 'NORMAL' | 'OFF';
  /** Whether a missing file is made. */
  readonly create: boolean;
  /** No other connection may use the file, which spares a lock at each look. */
  readonly alone?: boolean;
}

/** Names a file for good: 32 hex digits of chance, unless a simulation hands in its own. */
export const drawId = (): string => randomBytes(16).toString('hex');

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What SQLite would only say in riddles, or not at all: it opens a file it may not write without a word. */
function checkPlace(path: string, create: boolean): void {
  const directory = dirname(path);
  const parent = statSync(directory, { throwIfNoEntry: false });
  if (parent === undefined || !parent.isDirectory()) {
    throw new StoreError('missing-directory', `${directory} is not a directory, so ${path} cannot be opened; make it, or correct the path`);
  }
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined && !create)
    throw new StoreError('missing-file', `${path} is not there; restore it, or start again to make a new one`);
  if (file?.isDirectory()) throw new StoreError('not-a-database', `${path} is a directory, not an SQLite database; name a file`);
  if (file !== undefined && !isWritable(path)) {
    throw new StoreError('read-only', `${path} cannot be written; give this user write access to it`);
  }
  if (!isWritable(directory)) {
    throw new StoreError(
      'read-only',
      `${directory} cannot be written, and SQLite keeps its log beside ${path}; give this user write access to it`,
    );
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread; only for steps SQLite itself does not wait in. */
const blockFor = (ms: number): void => {
  Atomics.wait(pause, 0, 0, ms);
};

/**
 * Puts the file in WAL mode if it can. The switch needs the file alone and SQLite does not wait for that, so it is tried
 * again until the busy timeout is over; a file that stays in its old mode works, only slower. Returns the mode it is in.
 */
function preferWal(db: Connection, waitMs: number): string {
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      return String(db.pragma('journal_mode = WAL', { simple: true }));
    } catch (error) {
      if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
      if (performance.now() >= until) return String(db.pragma('journal_mode', { simple: true }));
      blockFor(10);
    }
  }
}

/** A value that is bound to be compared, or a limit. */
const BOUND = /(=|\bLIMIT)\s*([?@])/g;

/**
 * SQLite plans a statement anew whenever a value is bound that it looked at to choose the plan: 15 to 40 µs at each call of most of ours,
 * against 2 without. A value behind a plus, which changes neither it nor what it is compared with, is not looked at.
 */
function planOnce(db: Connection): void {
  const prepare = db.prepare.bind(db);
  Object.assign(db, { prepare: (sql: string) => prepare(sql.replace(BOUND, '$1 +$2')) });
}

/** Opens a database for reading and writing. Throws `StoreError` for whatever is wrong with the file or its place. */
export function openConnection(path: string, options: ConnectionOptions): { db: Connection; journalMode: string } {
  if (path !== ':memory:') checkPlace(path, options.create);
  let db: Connection | undefined;
  try {
    db = new Database(path, { timeout: options.busyTimeoutMs });
    // The first read is where SQLite looks at the header: anything but a database shows here.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    if (options.alone === true) db.pragma('locking_mode = EXCLUSIVE');
    const journalMode = preferWal(db, options.busyTimeoutMs);
    db.pragma(`synchronous = ${options.synchronous}`);
    db.pragma('foreign_keys = ON');
    planOnce(db);
    return { db, journalMode };
  } catch (error) {
    db?.close();
    throw toStoreError(error, path);
  }
}

/**
 * Reads every page once, without the indexes' order: a damaged page is told of at the start and not when it is first needed,
 * perhaps with a position open. Throws `StoreError` `corrupt`.
 */
export function checkPages(db: Connection, path: string): void {
  let found: unknown;
  try {
    found = db.pragma('quick_check(1)', { simple: true });
  } catch (error) {
    throw toStoreError(error, path);
  }
  if (found === 'ok') return;
  const detail = String(found).replace(/\s+/g, ' ').trim();
  throw new StoreError('corrupt', `${path} is damaged (${detail}); restore it from a backup`);
}

/** Making a transaction takes as long as a short one does, so each connection has one, which is given its work. */
const TRANSACTIONS = new WeakMap<Connection, Database.Transaction<(inside: () => unknown) => unknown>>();

function transactionOf(db: Connection): Database.Transaction<(inside: () => unknown) => unknown> {
  const known = TRANSACTIONS.get(db);
  if (known !== undefined) return known;
  const made = db.transaction((inside: () => unknown) => inside());
  TRANSACTIONS.set(db, made);
  return made;
}

/**
 * One write transaction. IMMEDIATE, because a transaction that starts reading and then writes gets BUSY without any wait
 * when another connection wrote in between.
 */
export function inTransaction<T>(db: Connection, work: () => T): T {
  return transactionOf(db).immediate(work) as T;
}

/** One read transaction: all that is read in it is of one moment, and no writer waits for it. */
export function inReadTransaction<T>(db: Connection, work: () => T): T {
  return transactionOf(db).deferred(work) as T;
}
