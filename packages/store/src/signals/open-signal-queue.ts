import { statSync } from 'node:fs';
import type { ControlRow, SignalQueue, SignalRow } from '@hyperfleet/trading';
import type { Statement } from 'better-sqlite3';
import { type Connection, checkPages, openConnection } from '../database.ts';
import { MIGRATIONS_DIR, readMigrations } from '../migrations.ts';
import { damageGuard, guardFor, type OnDamaged, StoreError } from '../store-error.ts';
import { adoptSignals, referenceSchema } from './adopt.ts';
import { createClaims } from './claims.ts';
import { createControls } from './controls.ts';
import { createShow } from './show.ts';
import { createShownClaims, type ShownClaim } from './shown-claims.ts';
import { type StoredRow, toSignalRow } from './signal-row.ts';

/** The shared signals database on one connection, with what reports, the operator's tools and feeders use besides. */
export interface SignalQueueHandle extends SignalQueue {
  readonly path: string;
  /** Drawn when a fleet first adopted the file. Another one after somebody put another file in its place. */
  databaseId(): string;
  /** Every row in id order, under the contract's column names, ours and others'. */
  allRows(): readonly SignalRow[];
  /** Every row that shows a trade, in id order. */
  shownClaims(): readonly ShownClaim[];
  /** Inserts a row as a foreign writer would. Absent columns get their defaults. Returns its id; throws on an unknown column. */
  insertRow(row: Readonly<Record<string, string | number | boolean | null>>): number;
  /** Writes a control for a bot id or ALL. Its outcome appears in the ledger under the returned key. */
  insertControl(target: string, command: string): ControlRow;
  /** Dead afterwards. */
  close(): void;
}

export interface SignalQueueOptions {
  /** Where `signals/0001_*.sql …` are; the repository's own by default. */
  readonly migrationsDir?: string;
  /**
   * How long a call waits for another program's lock, ms of wall time. It blocks its thread, so it is short: a locked file
   * delays statuses, never protection.
   */
  readonly busyTimeoutMs?: number;
  /** Decimals of a coin's size, null where unknown: sizes are projected in coins. */
  readonly szDecimalsOf?: (coin: string) => number | null;
  /** Gives a file adopted for the first time its identity; drawn by chance by default. */
  readonly drawId?: () => string;
  /** NORMAL by default. OFF is for a simulated disk, which has its own notion of what a crash takes. */
  readonly synchronous?: 'NORMAL' | 'OFF';
  /** Whether every page is read once before anything is done: once a start, by whoever opens it first. Default false. */
  readonly verify?: boolean;
  /** Whether no other connection will use the file; false by default. */
  readonly alone?: boolean;
  /** Told once when a page turns out to be damaged after the opening; the error is thrown all the same. */
  readonly onDamaged?: OnDamaged;
}

const MAX_BUSY_TIMEOUT_MS = 250;

function createInserter(db: Connection) {
  const columns = db.prepare<[], { name: string }>("SELECT name FROM pragma_table_info('signals')");
  /** By the columns they fill: who writes rows writes them alike. */
  const inserts = new Map<string, Statement<unknown[]>>();

  function insertOf(given: readonly string[]): Statement<unknown[]> {
    const known = new Set(columns.all().map(({ name }) => name.toLowerCase()));
    const unknown = given.find((column) => !known.has(column.toLowerCase()));
    if (unknown !== undefined) throw new StoreError('constraint', `signals has no column ${JSON.stringify(unknown)}; correct its name`);
    if (given.length === 0) return db.prepare('INSERT INTO signals DEFAULT VALUES');
    const names = given.map((column) => `"${column}"`).join(', ');
    return db.prepare(`INSERT INTO signals (${names}) VALUES (${given.map(() => '?').join(', ')})`);
  }

  return (row: Readonly<Record<string, string | number | boolean | null>>): number => {
    const given = Object.keys(row);
    const key = JSON.stringify(given);
    const statement = inserts.get(key) ?? insertOf(given);
    inserts.set(key, statement);
    const values = Object.values(row).map((value) => (typeof value === 'boolean' ? Number(value) : value));
    return Number(statement.run(...values).lastInsertRowid);
  };
}

/** One connection and what is prepared on it; thrown away whole when the file under the path is another one. */
function connect(path: string, options: SignalQueueOptions, create: boolean) {
  const reference = referenceSchema(readMigrations(options.migrationsDir ?? MIGRATIONS_DIR, 'signals'));
  const busyTimeoutMs = Math.min(options.busyTimeoutMs ?? MAX_BUSY_TIMEOUT_MS, MAX_BUSY_TIMEOUT_MS);
  const { db } = openConnection(path, {
    busyTimeoutMs,
    synchronous: options.synchronous ?? 'NORMAL',
    create,
    alone: options.alone ?? false,
  });
  try {
    if (options.verify === true) checkPages(db, path);
    const databaseId = adoptSignals(db, path, reference, options.drawId);
    const { ino, dev } = statSync(path);
    return {
      db,
      databaseId,
      ino,
      dev,
      claims: createClaims(db, databaseId),
      show: createShow(db, { databaseId, szDecimalsOf: options.szDecimalsOf ?? (() => null) }),
      controls: createControls(db, databaseId),
      shownClaims: createShownClaims(db, databaseId),
      insertRow: createInserter(db),
      all: db.prepare<[], StoredRow>('SELECT * FROM signals ORDER BY id'),
      dataVersion: db.prepare<[], { data_version: number }>('PRAGMA data_version'),
      /** Null until looked at once: the first look always finds something new. */
      seenVersion: null as number | null,
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

type Open = ReturnType<typeof connect>;

/**
 * Holds the connection and replaces it when the file is no longer the one that was opened: a file deleted while open can be
 * written for ever without anyone seeing it. A file that is gone is an error until it is back; it is never made anew under a
 * running fleet, where somebody may be about to put one there.
 */
function createKeeper(path: string, options: SignalQueueOptions) {
  let open: Open | null = connect(path, options, true);
  let closed = false;
  const drop = (): void => {
    open?.db.close();
    open = null;
  };
  return {
    current(): Open {
      if (closed) throw new Error(`${path} is used after it was closed`);
      if (options.alone === true && open !== null) return open;
      const file = statSync(path, { throwIfNoEntry: false });
      if (file === undefined) {
        drop();
        throw new StoreError('missing-file', `${path} is gone; put it back, or start the fleet again to make a new one`);
      }
      if (open !== null && (open.ino !== file.ino || open.dev !== file.dev)) drop();
      open ??= connect(path, options, false);
      return open;
    },
    drop,
    close(): void {
      closed = true;
      drop();
    },
  };
}

/**
 * Opens the signals database at `path`: makes it, or adopts what another program made. Throws `StoreError`; `retry` says
 * whether it is worth trying again (`later` when another program holds it).
 */
export function openSignalQueue(path: string, options: SignalQueueOptions = {}): SignalQueueHandle {
  const keeper = guardFor(path)(() => createKeeper(path, options))();
  const guard = damageGuard(path, options.onDamaged, (error) => {
    // What was prepared no longer fits the file; the next call opens and adopts it again.
    if (error.code === 'schema-changed') keeper.drop();
  });
  return {
    path,
    databaseId: guard(() => keeper.current().databaseId),
    changed: guard(() => {
      const open = keeper.current();
      const version = open.dataVersion.get()?.data_version ?? null;
      const moved = version !== open.seenVersion;
      open.seenVersion = version;
      return moved;
    }),
    claimExits: guard((bot) => keeper.current().claims.exits(bot)),
    claimEntry: guard((bot) => keeper.current().claims.entry(bot)),
    pendingEntries: guard((bot) => keeper.current().claims.pendingEntries(bot)),
    claimRow: guard((row) => keeper.current().claims.row(row)),
    processing: guard((bot) => keeper.current().claims.processing(bot)),
    release: guard((rowId, status, note) => keeper.current().show.release(rowId, status, note)),
    project: guard((projection, toWallIso) => keeper.current().show.project(projection, toWallIso)),
    shownMark: guard((ledgerId, bot) => keeper.current().show.shownMark(ledgerId, bot)),
    controls: guard((bot) => keeper.current().controls.waiting(bot)),
    markControlExecuted: guard((id) => keeper.current().controls.mark(id)),
    countPending: guard((bot) => keeper.current().claims.countPending(bot)),
    statusOf: guard((rowId) => keeper.current().claims.statusOf(rowId)),
    allRows: guard(() => keeper.current().all.all().map(toSignalRow)),
    shownClaims: guard(() => keeper.current().shownClaims()),
    insertRow: guard((row) => keeper.current().insertRow(row)),
    insertControl: guard((target, command) => keeper.current().controls.insert(target, command)),
    close: () => keeper.close(),
  };
}
