/** Files made by other programs: they must open, gain what they lack, and go on working for who made them. */
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS_DIR } from '../migrations.ts';
import { startProgram } from '../testing/programs.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { BOT } from '../testing/trade-samples.ts';
import { openSignalQueue, type SignalQueueHandle } from './open-signal-queue.ts';

/** A file as another program made it, with that program's connection still open. */
function made(sql: string): { path: string; other: Database.Database } {
  const path = join(tempDir(), 'signals.db');
  const other = new Database(path);
  other.exec(sql);
  onTestFinished(() => void other.close());
  return { path, other };
}

function open(path: string): SignalQueueHandle {
  const queue = openSignalQueue(path, { busyTimeoutMs: 50 });
  onTestFinished(() => queue.close());
  return queue;
}

const FOREIGN_FILES: readonly (readonly [name: string, sql: string])[] = [
  ['with few columns', 'CREATE TABLE signals (id INTEGER PRIMARY KEY, symbol TEXT, bot_name TEXT, signal_type TEXT, entry_1 REAL)'],
  [
    'with its columns in another order, and more of them',
    `CREATE TABLE signals (mood TEXT DEFAULT 'calm', entry_1 TEXT, signal_type TEXT, status TEXT DEFAULT 'pending', bot_name TEXT NOT NULL,
       created_at DATETIME DEFAULT CURRENT_TIMESTAMP, symbol VARCHAR(20), seen INTEGER NOT NULL DEFAULT 0, id INTEGER PRIMARY KEY)`,
  ],
  [
    'with capital names, a strict table and its own trigger',
    `CREATE TABLE Signals (Id INTEGER PRIMARY KEY, Symbol TEXT NOT NULL, Bot_Name TEXT, Signal_Type TEXT, Entry_1 REAL, Status TEXT DEFAULT 'pending') STRICT;
     CREATE TABLE journal (said TEXT);
     CREATE TRIGGER heard AFTER UPDATE ON Signals BEGIN INSERT INTO journal VALUES (NEW.Status); END;`,
  ],
  [
    'with the indexes of the contract, and bot_controls by bot_name',
    `CREATE TABLE signals (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT NOT NULL, bot_name TEXT, signal_type TEXT DEFAULT 'setup',
       status TEXT DEFAULT 'pending', created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, entry_1 REAL);
     CREATE INDEX idx_status_botname ON signals (status, bot_name);
     CREATE TABLE bot_controls (id INTEGER PRIMARY KEY, bot_name TEXT NOT NULL, command TEXT, created_at TEXT DEFAULT CURRENT_TIMESTAMP, executed BOOLEAN DEFAULT 0)`,
  ],
];

const INSERT = `INSERT INTO signals (symbol, bot_name, signal_type, entry_1) VALUES ('BTC', '${BOT}', 'entry', 110000)`;

describe.each(FOREIGN_FILES)('a file %s', (_name, sql) => {
  it('is claimed from, and takes the same inserts after as before', () => {
    const { path, other } = made(`${sql}; ${INSERT}`);
    const queue = open(path);
    other.exec(INSERT);
    expect([queue.claimEntry(BOT)?.rowId, queue.claimEntry(BOT)?.rowId]).toEqual([1, 2]);
    expect(queue.claimEntry(BOT)).toBeNull();
    queue.release(1, 'expired', 'seen');
    const shown = other.prepare('SELECT status, notes, order_id_tp5, pnl_percent_actual FROM signals WHERE id = 1').get();
    expect(Object.values(shown ?? {})).toEqual(['expired', 'seen', null, null]);
  });

  it('keeps its own columns and rows as they were', () => {
    const { path, other } = made(`${sql}; ${INSERT}`);
    const columns = (): unknown[] => other.prepare("SELECT name, type, dflt_value FROM pragma_table_info('signals')").all();
    const before = columns();
    const [row] = other.prepare<[], Record<string, unknown>>('SELECT * FROM signals').all();
    const queue = open(path);
    expect(columns().slice(0, before.length)).toEqual(before);
    expect(other.prepare('SELECT * FROM signals').get()).toMatchObject(row ?? {});
    expect(queue.allRows()[0]).toHaveProperty('sl_moved_to_be', 0);
  });

  it('gets its own identity once, and is not touched at the second opening', () => {
    const { path, other } = made(sql);
    const first = open(path).databaseId();
    const version = other.pragma('schema_version', { simple: true });
    other.exec('BEGIN IMMEDIATE');
    expect(open(path).databaseId()).toBe(first);
    other.exec('ROLLBACK');
    expect(other.pragma('schema_version', { simple: true })).toBe(version);
  });

  it('takes controls by either name', () => {
    const { path, other } = made(sql);
    const queue = open(path);
    const isByName = other.prepare("SELECT 1 FROM pragma_table_info('bot_controls') WHERE name = 'bot_name'").get() !== undefined;
    other.exec(`INSERT INTO bot_controls (${isByName ? 'bot_name' : 'bot_id'}, command) VALUES ('${BOT}', 'PAUSE')`);
    queue.insertControl('ALL', 'RESUME');
    expect(queue.controls(BOT).map(({ target, command }) => [target, command])).toEqual([
      [BOT, 'PAUSE'],
      ['ALL', 'RESUME'],
    ]);
    if (isByName) expect(other.prepare('SELECT bot_name FROM bot_controls WHERE id = 2').get()).toEqual({ bot_name: 'ALL' });
  });
});

describe('adopting a file', () => {
  it('is refused when its rows are named by text, since a row without an id could never be taken', () => {
    const { path } = made('CREATE TABLE signals (id TEXT PRIMARY KEY, symbol TEXT)');
    expect(() => open(path)).toThrow(/the column id of the table signals is TEXT, not INTEGER/);
  });

  it('without created_at gives later rows a time, and the earlier ones none', () => {
    const { path, other } = made(`${FOREIGN_FILES[0]?.[1]}; ${INSERT}`);
    const queue = open(path);
    other.exec(INSERT);
    expect(queue.allRows().map((row) => row.created_at)).toEqual([null, expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)]);
  });

  it('leaves rows with statuses of before as they are', () => {
    const { path } = made(
      `${FOREIGN_FILES[1]?.[1]}; ${INSERT}; ${INSERT}; UPDATE signals SET status = CASE id WHEN 1 THEN 'done' ELSE 'closed' END`,
    );
    const queue = open(path);
    expect(queue.claimEntry(BOT)).toBeNull();
    expect(queue.statusOf(1)).toBeNull();
    expect(queue.statusOf(2)).toBe('closed');
  });

  it('waits its turn for a file that is being read, and then switches it to a write-ahead log', () => {
    const { path, other } = made(`${FOREIGN_FILES[0]?.[1]}; ${INSERT}`);
    const reader = other.prepare('SELECT * FROM signals').iterate();
    reader.next();
    expect(() => openSignalQueue(path, { busyTimeoutMs: 10 })).toThrow(expect.objectContaining({ code: 'locked' }));
    reader.return?.();
    expect(open(path).claimEntry(BOT)?.rowId).toBe(1);
    expect(other.prepare('SELECT count(*) AS n FROM signals').get()).toEqual({ n: 1 });
    expect(other.pragma('journal_mode', { simple: true })).toBe('wal');
  });

  it('refuses what it cannot tell rows apart in, and what is no table', () => {
    const noId = made('CREATE TABLE signals (symbol TEXT, bot_name TEXT)');
    expect(() => openSignalQueue(noId.path)).toThrow(
      expect.objectContaining({ code: 'foreign-schema', message: expect.stringContaining('no column id') }),
    );
    const view = made('CREATE TABLE s (id INTEGER PRIMARY KEY); CREATE VIEW signals AS SELECT * FROM s');
    expect(() => openSignalQueue(view.path)).toThrow(
      expect.objectContaining({ code: 'foreign-schema', message: expect.stringContaining('is a view') }),
    );
    expect(noId.other.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual({ n: 1 });
  });

  it('refuses one that a newer fleet has adopted, naming both versions, and adds to an older one', () => {
    const dir = tempDir();
    const path = join(dir, 'signals.db');
    openSignalQueue(path).close();
    const newer = join(dir, 'migrations', 'signals');
    mkdirSync(newer, { recursive: true });
    cpSync(join(MIGRATIONS_DIR, 'signals'), newer, { recursive: true });
    writeFileSync(join(newer, '0003_mood.sql'), "ALTER TABLE signals ADD COLUMN mood TEXT DEFAULT 'calm'");
    const queue = openSignalQueue(path, { migrationsDir: join(dir, 'migrations') });
    queue.insertRow({ symbol: 'BTC' });
    expect(queue.allRows()[0]).toHaveProperty('mood', 'calm');
    queue.close();
    expect(() => openSignalQueue(path)).toThrow(
      expect.objectContaining({ code: 'newer-schema', message: expect.stringMatching(/version 3 .*up to 2/) }),
    );
  });

  it('says so when it is no database', () => {
    const path = join(tempDir(), 'signals.db');
    writeFileSync(path, 'id,symbol\n1,BTC\n'.repeat(100));
    expect(() => openSignalQueue(path)).toThrow(expect.objectContaining({ code: 'not-a-database', retry: 'never' }));
  });

  it('that is empty makes the whole schema, as for a file that is not there', () => {
    const path = join(tempDir(), 'signals.db');
    writeFileSync(path, '');
    expect(open(path).allRows()).toEqual([]);
  });

  it('at the same time from several processes gives it one identity', async () => {
    const { path } = made(`${FOREIGN_FILES[1]?.[1]}; ${INSERT}`);
    const openers = [1, 2, 3].map(() => startProgram('./claiming.ts', [path, BOT]));
    const claimed = await Promise.all(openers.map((opener) => opener.rest()));
    expect(claimed.flat()).toEqual(['1']);
    expect(open(path).databaseId()).toMatch(/^[0-9a-f]{32}$/);
  });

  it.skipIf(process.getuid?.() !== 0)('says read-only to a user who may not write it', async () => {
    const { path } = made(`${FOREIGN_FILES[0]?.[1]}`);
    chmodSync(path, 0o444);
    chmodSync(join(path, '..'), 0o755);
    const said = await startProgram('./opening.ts', ['signals', path], 65_534).line();
    expect(said).toMatch(/^read-only never .*signals\.db cannot be written/);
  });
});
