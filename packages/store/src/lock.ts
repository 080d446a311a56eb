import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError, toStoreError } from './store-error.ts';

/** Who holds a lock, as it wrote beside it. */
export interface LockHolder {
  readonly pid: number;
  /** ISO-8601 UTC, wall time. */
  readonly startedAt: string;
}

export interface HeldLock {
  /** Gives the lock up. Dying does the same, however it happens. */
  release(): void;
}

/** Long enough for a mere look by another process to pass. */
const LOOK_TIMEOUT_MS = 500;

/**
 * The lock file is an empty SQLite database held in BEGIN EXCLUSIVE: the operating system lets go of it when the process
 * dies, kill -9 included, so no lock is ever stale. It must not be read in any other way: closing any descriptor of a file
 * gives up every POSIX lock the process has on it. What the holder says of itself is therefore in a file beside it.
 */
const filesOf = (dir: string, name: string): { lock: string; holder: string } => ({
  lock: join(dir, `${name}.lock`),
  holder: join(dir, `${name}.lock.json`),
});

function readHolder(path: string): LockHolder | null {
  try {
    const said: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof said !== 'object' || said === null || !('pid' in said) || !('startedAt' in said)) return null;
    return { pid: Number(said.pid), startedAt: String(said.startedAt) };
  } catch {
    // Missing or half written: the lock itself decides, this only gives it a name.
    return null;
  }
}

function writeHolder(path: string): void {
  const holder: LockHolder = { pid: process.pid, startedAt: new Date().toISOString() };
  writeFileSync(`${path}.new`, `${JSON.stringify(holder)}\n`);
  renameSync(`${path}.new`, path);
}

const isBusy = (error: unknown): boolean => error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');

/** The file has lost its last name while it was being locked. */
const isGone = (error: unknown): boolean => error instanceof Database.SqliteError && error.code === 'SQLITE_IOERR_FSTAT';

const nameHolder = (holder: LockHolder | null): string =>
  holder === null ? 'another process' : `process ${holder.pid}, started ${holder.startedAt}`;

interface LockPlace {
  readonly dir: string;
  readonly name: string;
  /** Whether the file goes with its holder: one a key would otherwise gather for ever. */
  readonly passing: boolean;
  readonly refusal: (holder: string) => string;
}

/** Which file has a name now; its number alone is given again once it is gone. Undefined where there is none. */
function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.ino} ${found.birthtimeNs}`;
}

/**
 * Opens the lock file and holds it; null when it was made only now, or was taken away under us by the holder before, and is to be tried
 * again. Only one that had its name before it was opened and has it still keeps others out.
 */
function holdFile(files: { lock: string; holder: string }, { dir, refusal }: LockPlace): Database.Database | null {
  const before = fileAt(files.lock);
  let db: Database.Database | undefined;
  try {
    db = new Database(files.lock, { timeout: LOOK_TIMEOUT_MS });
    db.exec('BEGIN EXCLUSIVE');
    if (before === undefined || fileAt(files.lock) !== before) {
      db.close();
      return null;
    }
    writeHolder(files.holder);
    return db;
  } catch (error) {
    db?.close();
    if (fileAt(files.lock) !== before || isGone(error)) return null;
    if (isBusy(error)) throw new StoreError('in-use', refusal(nameHolder(readHolder(files.holder))), error);
    const told = toStoreError(error, files.lock);
    throw told instanceof StoreError
      ? told
      : new StoreError('cannot-open', `${files.lock} cannot be written; check the permissions of ${dir}`, error);
  }
}

/** Each is a holder that let go at the very moment we came. */
const TRIES = 100;

function takeLock(place: LockPlace): HeldLock {
  const { dir, name, passing } = place;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreError('missing-directory', `${dir} cannot be made; correct the path or its permissions`, error);
  }
  const files = filesOf(dir, name);
  let db: Database.Database | null = null;
  for (let tried = 0; db === null && tried < TRIES; tried += 1) db = holdFile(files, place);
  if (db === null) throw new StoreError('in-use', place.refusal('processes that come and go'));
  const held = db;
  return {
    release: () => {
      if (!held.open) return;
      rmSync(files.holder, { force: true });
      if (passing) rmSync(files.lock, { force: true });
      held.close();
    },
  };
}

/**
 * Takes the data directory for this process, making it if need be. Throws `StoreError` `in-use`, naming the holder, when
 * another fleet runs on it. A holder that died, however, holds nothing.
 */
export function lockDataDir(dir: string): HeldLock {
  return takeLock({
    dir,
    name: 'fleet',
    passing: false,
    refusal: (holder) => `a fleet runs on ${dir} already (${holder}); stop it, or give this one another directory with --data-dir`,
  });
}

function lockAddress(kind: 'signer' | 'account', { dir, address, own }: { dir: string; address: string; own: string }): HeldLock {
  const lower = address.toLowerCase();
  if (!/^0x[0-9a-f]{40}$/.test(lower)) throw new TypeError(`the ${kind} is no address: it must be 0x and 40 hex digits`);
  return takeLock({
    dir,
    name: `${kind}-${lower}`,
    passing: true,
    refusal: (holder) => `the ${kind} ${lower} is in use by another fleet (${holder}); stop it, or give this bot ${own} of its own`,
  });
}

/**
 * Takes a signer for this process: two processes with one key would spoil each other's nonces (PROTOCOL §2.4). `dir` must be
 * one place for all fleets of the user, whatever their data directories; `address` in any case. Throws `StoreError` `in-use`,
 * naming the holder.
 */
export const lockSigner = (dir: string, address: string): HeldLock => lockAddress('signer', { dir, address, own: 'a key' });

/**
 * Takes the account traded for, like `lockSigner` its signer: two fleets whose keys are agents of one account would take each
 * other's fills and positions for their own.
 */
export const lockAccount = (dir: string, address: string): HeldLock => lockAddress('account', { dir, address, own: 'an account' });

/**
 * Takes the rows of a bot in a signals database: another fleet's bot of that name would take up what this one has in hand, and trade it
 * once more. `dir` as in `lockSigner`; the database must be there. Throws `StoreError` `in-use`, naming the holder.
 */
export function lockBot(dir: string, { bot, signals }: { bot: string; signals: string }): HeldLock {
  const named = createHash('sha256')
    .update(JSON.stringify([realpathSync(signals), bot]))
    .digest('hex');
  return takeLock({
    dir,
    name: `bot-${named}`,
    passing: true,
    refusal: (holder) =>
      `the signals of "${bot}" in ${signals} are traded by another fleet (${holder}); stop it, or give this one bots of other names or ` +
      'signals of its own',
  });
}

/** Who runs on a data directory now; null when nobody does. */
export function dataDirHolder(dir: string): LockHolder | null {
  const files = filesOf(dir, 'fleet');
  let db: Database.Database | undefined;
  try {
    db = new Database(files.lock, { fileMustExist: true, readonly: true, timeout: 0 });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return null;
  } catch (error) {
    return isBusy(error) ? (readHolder(files.holder) ?? { pid: 0, startedAt: '' }) : null;
  } finally {
    db?.close();
  }
}
