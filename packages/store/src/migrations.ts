import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { type Connection, inTransaction } from './database.ts';
import { StoreError } from './store-error.ts';

/** Where the SQL files are unless the caller says otherwise. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../../migrations/', import.meta.url));

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** The migrations of one database in order. Throws a plain Error when a number is missing or given twice: a packaging bug. */
export function readMigrations(directory: string, database: 'ledger' | 'signals'): readonly Migration[] {
  const folder = join(directory, database);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^\d{4}_[a-z0-9-]+\.sql$/.test(name));
  } catch (error) {
    throw new StoreError('missing-directory', `${folder} cannot be read, and the schema is in it; install the fleet again`, error);
  }
  const found = names.sort().map((name) => ({ number: Number(name.slice(0, 4)), name, sql: readFileSync(join(folder, name), 'utf8') }));
  found.forEach((migration, index) => {
    if (migration.number !== index + 1) throw new Error(`migrations/${database} has ${migration.name} where number ${index + 1} should be`);
  });
  if (found.length === 0) throw new Error(`migrations/${database} is empty`);
  return found;
}

/** "hfld": marks a file as a ledger, so that no other database is ever migrated by mistake. */
const LEDGER_APPLICATION_ID = 0x68666c64;

const readNumber = (db: Connection, pragma: string): number => Number(db.pragma(pragma, { simple: true }));

function refuseIfNotOurs(db: Connection, path: string, newest: number): void {
  const applicationId = readNumber(db, 'application_id');
  const version = readNumber(db, 'user_version');
  const tables = db.prepare<[], { n: number }>("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get()?.n ?? 0;
  if (applicationId !== LEDGER_APPLICATION_ID && (applicationId !== 0 || version !== 0 || tables > 0)) {
    throw new StoreError('foreign-schema', `${path} is a database of another program, not a ledger; name another file or data directory`);
  }
  if (version < 0) {
    throw new StoreError('foreign-schema', `${path} has schema version ${version}, which no fleet wrote; restore it from a backup`);
  }
  if (version > newest) {
    throw new StoreError(
      'newer-schema',
      `${path} has schema version ${version}, this fleet knows versions up to ${newest}; run the newer fleet that wrote it`,
    );
  }
}

/**
 * Brings a ledger to the newest schema, each migration whole or not at all. Throws `StoreError`: `newer-schema` when the
 * file is of a later fleet, `foreign-schema` when it is no ledger.
 */
export function migrateLedger(db: Connection, path: string, migrations: readonly Migration[]): void {
  const newest = migrations.length;
  refuseIfNotOurs(db, path, newest);
  if (readNumber(db, 'user_version') === newest) return;
  for (const migration of migrations) {
    migrateOnce(path, migration, () =>
      inTransaction(db, () => {
        // Looked at again under the lock: another thread may have been first.
        if (readNumber(db, 'user_version') >= migration.number) return;
        db.exec(migration.sql);
        db.pragma(`application_id = ${LEDGER_APPLICATION_ID}`);
        db.pragma(`user_version = ${migration.number}`);
      }),
    );
  }
}

/** A file that has already what a migration makes, or lacks what it changes, is of another version than it says. */
function migrateOnce(path: string, migration: Migration, migrate: () => void): void {
  try {
    migrate();
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_ERROR') throw error;
    const says = `says that its schema is version ${migration.number - 1}, and it is not (${error.message})`;
    throw new StoreError('foreign-schema', `${path} ${says}; restore it from a backup`, error);
  }
}
