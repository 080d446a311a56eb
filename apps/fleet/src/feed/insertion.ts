import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { FeedItem } from './rows.ts';

/** What became of one item. */
type Fed = { readonly item: FeedItem; readonly rowId: number } | { readonly item: FeedItem; readonly refused: string };

/** Writes into the signals database as any program may: its own connection, plain INSERTs, only the columns given. */
export interface Inserter {
  /** How many items of the feed were dealt with before; kept in the database, so it survives whatever happens to us. */
  done(): number;
  /**
   * Inserts `items`, the next ones of the feed, and notes them as dealt with, in one transaction: each is written exactly
   * once, however often we are killed. An item the database refuses is skipped and reported. Throws when the database is
   * locked or gone; then nothing was written and it may be tried again.
   */
  insert(items: readonly FeedItem[]): readonly Fed[];
  close(): void;
}

const PROGRESS = 'CREATE TABLE IF NOT EXISTS hyperfleet_feeds (feed TEXT PRIMARY KEY, done INTEGER NOT NULL)';
const READ_DONE = 'SELECT done FROM hyperfleet_feeds WHERE feed = ?';
const WRITE_DONE = 'INSERT INTO hyperfleet_feeds (feed, done) VALUES (?, ?) ON CONFLICT (feed) DO UPDATE SET done = excluded.done';
const LOCK_WAIT_MS = 1_000;

/** Opens the database at `path`, which must exist: a file that is gone is never made anew. `feed` names the list of items. */
export function openInserter(path: string, feed: string): Inserter {
  if (!existsSync(path)) throw new Error(`${path} is not there`);
  // mode=rw: a file that vanishes between the look and the opening is not made anew either.
  const db = new DatabaseSync(new URL(`${pathToFileURL(path).href}?mode=rw`), { timeout: LOCK_WAIT_MS });
  try {
    db.exec(PROGRESS);
  } catch (error) {
    db.close();
    throw error;
  }
  const readDone = (): number => Number(db.prepare(READ_DONE).get(feed)?.done ?? 0);

  function insertOne(item: FeedItem): Fed {
    const known = new Set(
      db
        .prepare(`SELECT lower(name) AS name FROM pragma_table_info('${item.table}')`)
        .all()
        .map(({ name }) => name),
    );
    const columns = Object.entries(item.row);
    const unknown = columns.find(([column]) => !known.has(column.toLowerCase()));
    if (unknown !== undefined) return { item, refused: `${item.table} has no column "${unknown[0]}"` };
    const names = columns.map(([column]) => `"${column.replaceAll('"', '""')}"`).join(', ');
    const holes = columns.map(() => '?').join(', ');
    const sql =
      columns.length === 0 ? `INSERT INTO ${item.table} DEFAULT VALUES` : `INSERT INTO ${item.table} (${names}) VALUES (${holes})`;
    try {
      return { item, rowId: Number(db.prepare(sql).run(...columns.map(([, value]) => value)).lastInsertRowid) };
    } catch (error) {
      if (isConstraint(error)) return { item, refused: error.message };
      throw error;
    }
  }

  return {
    done: readDone,
    insert(items) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const fed = items.map(insertOne);
        db.prepare(WRITE_DONE).run(feed, readDone() + items.length);
        db.exec('COMMIT');
        return fed;
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => db.close(),
  };
}

const SQLITE_CONSTRAINT = 19;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

const primaryCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null;

/** Why the database at `path` cannot be fed just now, with what to do where waiting alone does not help. */
export function whyWaiting(error: unknown, path: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
    ? `it is damaged (${reason}); restore it from a backup, and feeding goes on`
    : reason.replace(`${path} `, 'it ');
}

/** SQLite's primary code is the low byte of its extended one. */
const isConstraint = (error: unknown): error is Error => primaryCode(error) === SQLITE_CONSTRAINT;
