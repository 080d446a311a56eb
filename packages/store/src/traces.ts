/** What files say of earlier runs, looked at without changing or making anything. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';

/** The answer of a query that has one number, or null where there is no such file or it cannot be asked. */
function ask(path: string, sql: string): number | null {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return null;
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    return db.prepare<[], number>(sql).pluck().get() ?? null;
  } catch {
    // Whatever is wrong with it is told by whoever opens it to use it.
    return null;
  } finally {
    db?.close();
  }
}

/** Whether no ledger was ever written here, as far as the file tells: it is missing, empty, or has lost all it held with its log. */
export const isLedgerBlank = (path: string): boolean =>
  (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0 || ask(path, 'SELECT count(*) FROM sqlite_schema') === 0;

/** Whether a signals database shows trades of a fleet. */
export const showsTrades = (path: string): boolean =>
  (ask(path, 'SELECT count(*) FROM hyperfleet_claims WHERE shown_version >= 0') ?? 0) > 0;
