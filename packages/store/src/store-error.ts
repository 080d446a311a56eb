import Database from 'better-sqlite3';

/** Every way the disk says no; each has a heading in docs/errors.md. */
export const STORE_ERROR_CODES = [
  'locked',
  'read-only',
  'not-a-database',
  'newer-schema',
  'foreign-schema',
  'schema-changed',
  'disk-full',
  'corrupt',
  'missing-directory',
  'missing-file',
  'cannot-open',
  'io',
  'constraint',
  'in-use',
] as const;

export type StoreErrorCode = (typeof STORE_ERROR_CODES)[number];

/** `now`: try again at once · `later`: nothing is lost, try again after a while · `never`: a person must act first. */
export type StoreRetry = 'now' | 'later' | 'never';

const RETRY: Readonly<Record<StoreErrorCode, StoreRetry>> = {
  locked: 'later',
  'read-only': 'never',
  'not-a-database': 'never',
  'newer-schema': 'never',
  'foreign-schema': 'never',
  'schema-changed': 'later',
  'disk-full': 'later',
  corrupt: 'never',
  'missing-directory': 'never',
  'missing-file': 'later',
  'cannot-open': 'later',
  io: 'later',
  constraint: 'never',
  'in-use': 'later',
};

/** An operational failure of a database or a lock. The message says what happened, to which file, and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly retry: StoreRetry;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retry = RETRY[code];
  }
}

interface Wording {
  readonly code: StoreErrorCode;
  readonly text: (path: string, detail: string) => string;
}

/** By primary result code, and by extended code where that changes what it means. */
const WORDING: readonly (readonly [prefix: string, wording: Wording])[] = [
  ['SQLITE_READONLY_DBMOVED', { code: 'missing-file', text: (path) => `${path} was moved or deleted while it was open` }],
  ['SQLITE_BUSY', { code: 'locked', text: (path) => `${path} is locked by another connection; close what holds it, or wait` }],
  ['SQLITE_LOCKED', { code: 'locked', text: (path) => `${path} is locked by another connection; close what holds it, or wait` }],
  [
    'SQLITE_READONLY',
    { code: 'read-only', text: (path) => `${path} cannot be written; give this user write access to the file and its directory` },
  ],
  [
    'SQLITE_PERM',
    { code: 'read-only', text: (path) => `${path} cannot be written; give this user write access to the file and its directory` },
  ],
  [
    'SQLITE_NOTADB',
    { code: 'not-a-database', text: (path) => `${path} is not an SQLite database; name another file, or move this one away` },
  ],
  ['SQLITE_FULL', { code: 'disk-full', text: (path) => `no room left to write ${path}; free some disk space` }],
  ['SQLITE_CORRUPT', { code: 'corrupt', text: (path, detail) => `${path} is damaged (${detail}); restore it from a backup` }],
  [
    'SQLITE_CANTOPEN',
    {
      code: 'cannot-open',
      text: (path, detail) => `${path} cannot be opened (${detail}); check that it is there and may be read and written`,
    },
  ],
  ['SQLITE_IOERR', { code: 'io', text: (path, detail) => `the disk failed while using ${path} (${detail})` }],
  ['SQLITE_CONSTRAINT', { code: 'constraint', text: (path, detail) => `${path} refuses this row: ${detail}` }],
  ['SQLITE_SCHEMA', { code: 'schema-changed', text: (path, detail) => `the schema of ${path} changed under us (${detail})` }],
];

/** A `StoreError` for what SQLite or the file system threw; whatever is neither is a bug and comes back as it is. */
export function toStoreError(error: unknown, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Database.SqliteError)) return error;
  const known = WORDING.find(([prefix]) => error.code.startsWith(prefix))?.[1];
  if (known !== undefined) return new StoreError(known.code, known.text(path, error.message), error);
  if (/no such (table|column)|has no column|no longer exists/.test(error.message)) {
    return new StoreError('schema-changed', `the schema of ${path} changed under us (${error.message})`, error);
  }
  return error;
}

/** Wraps a function so that it throws `StoreError` where SQLite says no. */
export type Guard = <A extends readonly unknown[], R>(work: (...args: A) => R) => (...args: A) => R;

/** Told once of a file that SQLite finds damaged, whatever becomes of the error: with what is said of it. */
export type OnDamaged = (reason: string) => void;

/** A guard that tells the first damage of its file. */
export function damageGuard(path: string, onDamaged: OnDamaged | undefined, onError: (error: StoreError) => void = () => undefined): Guard {
  let told = onDamaged === undefined;
  return guardFor(path, (error) => {
    onError(error);
    if (error.code !== 'corrupt' || told) return;
    told = true;
    onDamaged?.(error.message);
  });
}

/** A guard for one file; `onError` sees every failure before it is thrown. */
export function guardFor(path: string, onError?: (error: StoreError) => void): Guard {
  return (work) =>
    (...args) => {
      try {
        return work(...args);
      } catch (caught) {
        const error = toStoreError(caught, path);
        if (error instanceof StoreError) onError?.(error);
        throw error;
      }
    };
}
