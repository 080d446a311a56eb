import Database from 'better-sqlite3';
import { type Connection, drawId, inTransaction } from '../database.ts';
import type { Migration } from '../migrations.ts';
import { StoreError } from '../store-error.ts';

interface SchemaObject {
  readonly type: 'table' | 'index' | 'trigger' | 'view';
  readonly name: string;
  readonly sql: string | null;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly dflt_value: string | null;
}

/** The schema the migrations describe, looked up rather than written down a second time. */
interface Reference {
  readonly version: number;
  readonly objects: readonly SchemaObject[];
  readonly columns: ReadonlyMap<string, readonly Column[]>;
}

const OBJECTS = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const listObjects = (db: Connection): readonly SchemaObject[] => db.prepare<[], SchemaObject>(OBJECTS).all();

const listColumns = (db: Connection, table: string): readonly Column[] =>
  db.prepare<[string], Column>('SELECT name, type, dflt_value FROM pragma_table_info(?)').all(table);

/** Runs the migrations on an empty database in memory and reads off what they make. */
export function referenceSchema(migrations: readonly Migration[]): Reference {
  const db = new Database(':memory:');
  try {
    for (const migration of migrations) db.exec(migration.sql);
    const objects = listObjects(db);
    const tables = objects.filter((object) => object.type === 'table');
    return { version: migrations.length, objects, columns: new Map(tables.map(({ name }) => [name, listColumns(db, name)])) };
  } finally {
    db.close();
  }
}

/** Where writers find the time of a row when they do not give one, for files whose own created_at we had to add. */
const CREATED_AT_TRIGGER = (table: string): string => `
  CREATE TRIGGER IF NOT EXISTS hyperfleet_${table}_created_at AFTER INSERT ON ${table} WHEN NEW.created_at IS NULL
  BEGIN UPDATE ${table} SET created_at = CURRENT_TIMESTAMP WHERE id = NEW.id; END`;

function refuseNewer(db: Connection, path: string, known: number): void {
  if (!listObjects(db).some((object) => object.name === 'hyperfleet_meta')) return;
  const found = readMeta(db, 'schema_version');
  if (found !== null && Number(found) > known) {
    throw new StoreError(
      'newer-schema',
      `${path} has schema version ${found} of a newer fleet, this one knows versions up to ${known}; run the newer fleet`,
    );
  }
}

function readMeta(db: Connection, name: string): string | null {
  return db.prepare<[string], { value: string }>('SELECT value FROM hyperfleet_meta WHERE name = ?').get(name)?.value ?? null;
}

/** The columns a table of the file lacks, in the reference's order. */
function missingColumns(db: Connection, table: string, reference: Reference): readonly Column[] {
  const present = new Set(listColumns(db, table).map((column) => column.name.toLowerCase()));
  return (reference.columns.get(table) ?? []).filter((column) => !present.has(column.name.toLowerCase()));
}

function checkTable(db: Connection, path: string, object: SchemaObject): void {
  if (object.type !== 'table')
    throw new StoreError('foreign-schema', `${path}: ${object.name} is a ${object.type}, not a table; name another file`);
  if (object.name !== 'signals' && object.name !== 'bot_controls') return;
  const id = listColumns(db, object.name).find(({ name }) => name.toLowerCase() === 'id');
  if (id === undefined) {
    throw new StoreError(
      'foreign-schema',
      `${path}: the table ${object.name} has no column id, so its rows cannot be told apart; name another file`,
    );
  }
  // SQLite's own rule of what makes a column whole numbers; TEXT ids would make every row one that is silently never taken.
  if (!/int/i.test(id.type) && id.type !== '') {
    throw new StoreError(
      'foreign-schema',
      `${path}: the column id of the table ${object.name} is ${id.type}, not INTEGER, so no row would ever be taken; name another file`,
    );
  }
}

function isComplete(db: Connection, reference: Reference): boolean {
  const present = new Set(listObjects(db).map((object) => object.name.toLowerCase()));
  if (!reference.objects.every((object) => present.has(object.name))) return false;
  for (const table of reference.columns.keys()) if (missingColumns(db, table, reference).length > 0) return false;
  return readMeta(db, 'schema_version') === String(reference.version) && readMeta(db, 'database_id') !== null;
}

/** ALTER TABLE takes constant defaults only; the time of a row comes from a trigger where it cannot come from a default. */
const CONSTANT = /^(?:[-+]?\d+(?:\.\d+)?|'(?:[^']|'')*')$/;

/** The only types a STRICT table takes; there, anything else becomes ANY, which stores what it is given. */
const STRICT_TYPES: ReadonlySet<string> = new Set(['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY']);

function typeFor(db: Connection, table: string, column: Column): string {
  const isStrict = db.prepare<[string], { strict: number }>('SELECT strict FROM pragma_table_list(?)').get(table)?.strict === 1;
  return isStrict && !STRICT_TYPES.has(column.type) ? 'ANY' : column.type;
}

function addColumn(db: Connection, table: string, column: Column): void {
  const constant = column.dflt_value !== null && CONSTANT.test(column.dflt_value);
  db.exec(`ALTER TABLE ${table} ADD COLUMN ${column.name} ${typeFor(db, table, column)}${constant ? ` DEFAULT ${column.dflt_value}` : ''}`);
  if (column.name === 'created_at') db.exec(CREATED_AT_TRIGGER(table));
}

/**
 * Gives a file what it lacks of our schema, and only that: tables, columns, indexes, and an identity of its own. Nothing that
 * is there is dropped, renamed or rewritten, so programs that made the file go on working. Column names are compared without
 * case, as SQLite does. Returns the file's identity. Throws `StoreError`: `newer-schema`, `foreign-schema`.
 */
export function adoptSignals(db: Connection, path: string, reference: Reference, draw: () => string = drawId): string {
  refuseNewer(db, path, reference.version);
  // Usually there is nothing to do, and then nobody's lock is asked for.
  if (!isComplete(db, reference)) inTransaction(db, () => addWhatIsMissing(db, path, reference, draw()));
  const databaseId = readMeta(db, 'database_id');
  if (databaseId === null) throw new StoreError('schema-changed', `${path}: the table hyperfleet_meta was emptied while it was being read`);
  return databaseId;
}

function addWhatIsMissing(db: Connection, path: string, reference: Reference, databaseId: string): void {
  refuseNewer(db, path, reference.version);
  const present = new Map(listObjects(db).map((object) => [object.name.toLowerCase(), object]));
  const tablesFirst = [...reference.objects].sort((a, b) => Number(b.type === 'table') - Number(a.type === 'table'));
  for (const wanted of tablesFirst) {
    const found = present.get(wanted.name);
    if (found === undefined) {
      if (wanted.sql !== null) db.exec(wanted.sql);
    } else if (wanted.type === 'table') {
      checkTable(db, path, found);
      for (const column of missingColumns(db, wanted.name, reference)) addColumn(db, found.name, column);
    }
  }
  const set = db.prepare('INSERT INTO hyperfleet_meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING');
  set.run('database_id', databaseId);
  db.prepare(
    "INSERT INTO hyperfleet_meta (name, value) VALUES ('schema_version', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  ).run(String(reference.version));
}
