import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, query, readReport, startFleet, unexplained } from '../support/fleet-process.ts';

afterAll(cleanUp);

type Row = Readonly<Record<string, SQLInputValue>>;

/** A file another program made: fewer columns than ours, other ones, another order, a view and a trigger of its own. */
const FOREIGN_FILE = `
  PRAGMA journal_mode = DELETE;
  CREATE TABLE signals (colour TEXT DEFAULT 'blue', notes TEXT, status TEXT DEFAULT 'pending', id INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_name TEXT, stop_loss REAL, entry_1 REAL, symbol TEXT NOT NULL, direction TEXT DEFAULT 'long', signal_type TEXT DEFAULT 'setup',
    target_1 REAL, market_type TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE TABLE bot_controls (executed INTEGER DEFAULT 0, command TEXT, id INTEGER PRIMARY KEY, bot_name TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE TABLE seen (id INTEGER, status TEXT);
  CREATE VIEW waiting AS SELECT * FROM signals WHERE status = 'pending';
  CREATE TRIGGER tell AFTER UPDATE OF status ON signals BEGIN INSERT INTO seen VALUES (new.id, new.status); END;`;

const GOOD: Row = {
  symbol: 'ETH',
  direction: 'long',
  signal_type: 'entry',
  bot_name: 'AlphaCryptoSignal',
  entry_1: 4_000,
  stop_loss: 3_900,
};
const minutesFromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

/** What is wrong with a row, how it must end, and what its notes must say for a person to know why. */
const BAD: readonly (readonly [change: Row, status: string, notes: RegExp])[] = [
  [{ symbol: 'NOPE' }, 'failed', /lists no perpetual "NOPE"/],
  [{ symbol: '  ' }, 'failed', /symbol is blank/],
  [{ symbol: 'X'.repeat(50_000) }, 'failed', /^symbol is "X{40}…", which is no coin[^X]*$/],
  [{ symbol: 'NOP\nE\u001b[2J' }, 'failed', /symbol is "NOP E \[2J", which is no coin/],
  [{ market_type: ' SPOT ' }, 'failed', /perpetuals only/],
  [{ entry_1: null }, 'failed', /entry_1 is empty/],
  [{ entry_1: '' }, 'failed', /entry_1 is blank/],
  [{ entry_1: 'market' }, 'failed', /entry_1 is "market"/],
  [{ entry_1: 'NaN' }, 'failed', /entry_1 is "NaN"/],
  [{ entry_1: Number.POSITIVE_INFINITY }, 'failed', /entry_1 is Infinity/],
  [{ entry_1: -4_000 }, 'failed', /entry_1 is -4000: a price must be above zero/],
  [{ entry_1: 0 }, 'failed', /entry_1 is 0/],
  [{ entry_1: 1e308 }, 'failed', /entry_1 is 1e\+308/],
  [{ entry_1: 47_000, stop_loss: 46_000 }, 'failed', /more than 10 times off the mid/],
  [{ stop_loss: 4_100 }, 'failed', /the stop \$4100 .* is above the entry \$4000 of a long/],
  [{ stop_loss: 4_000 }, 'failed', /equals the entry/],
  [{ stop_loss: 'tight' }, 'failed', /stop_loss is "tight"/],
  [{ target_1: 3_500 }, 'failed', /no target is left: target \$3500/],
  [{ target_1: 'moon' }, 'failed', /target_1 is "moon"/],
  [{ direction: 'up' }, 'failed', /direction is "up"/],
  [{ direction: null }, 'failed', /direction is empty/],
  [{ created_at: minutesFromNow(-20) }, 'expired', /too old when seen: created [\d.]+ min of market time ago, at 20\d\d-.*Z$/],
  [
    { created_at: minutesFromNow(-20).slice(0, 19).replace('T', ' ') },
    'expired',
    /too old when seen: created [\d.]+ min of market time ago, at 20\d\d-.*Z$/,
  ],
  [
    { created_at: minutesFromNow(100).replace('Z', '+01:00') },
    'failed',
    /created_at lies [\d.]+ min of market time in the future, at 20\d\d-.*Z$/,
  ],
  [{ created_at: 'yesterday' }, 'failed', /created_at is "yesterday"/],
  [{ created_at: null }, 'failed', /created_at is empty/],
  [{ signal_type: 'exit', symbol: 'NOPE' }, 'failed', /lists no perpetual "NOPE"/],
  [{ signal_type: ' EXIT ', symbol: 'wlfi-perp', entry_1: 'x', created_at: 'yesterday' }, 'no_op', /no order and no position/],
  [{ bot_name: 'Nobody' }, 'pending', /^$/],
  [{ bot_name: 'alphacryptosignal' }, 'pending', /^$/],
  [{ bot_name: null }, 'pending', /^$/],
  [{ signal_type: 'entri' }, 'pending', /^$/],
];

function insert(db: DatabaseSync, row: Row): void {
  const columns = Object.keys(row);
  db.prepare(`INSERT INTO signals (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(...Object.values(row));
}

it('ends each bad row of a foreign file with its reason, leaves what is not ours, and trades the good one among them', async () => {
  const dir = emptyDir();
  const path = join(dir, 'signals.db');
  const db = new DatabaseSync(path);
  db.exec(FOREIGN_FILE);
  for (const [change] of BAD) insert(db, { ...GOOD, ...change });
  const twin = {
    symbol: 'btc/usdt',
    direction: ' LONG ',
    signal_type: 'entry',
    bot_name: 'Sentient',
    entry_1: ' 1.105e5 ',
    stop_loss: '104000',
  };
  insert(db, { ...twin, created_at: minutesFromNow(0) });
  insert(db, { ...twin, created_at: minutesFromNow(0) });
  db.exec("INSERT INTO bot_controls (command, bot_name) VALUES ('DANCE', 'Sentient')");
  db.close();
  const report = join(dir, 'report.json');
  const feed = join(dir, 'feed.json');
  const exit = { symbol: 'BTC', signal_type: 'exit', bot_name: 'Sentient' };
  writeFileSync(
    feed,
    JSON.stringify([
      { atMs: 1_000, row: { symbol: 'BTC', no_such_column: 1 } },
      { atMs: 30_000, row: exit },
    ]),
  );
  const fleet = startFleet('--until-idle', '--speed', '8', '--data-dir', dir, '--signals', feed, '--report', report);
  expect(await fleet.exit, fleet.said()).toMatchObject({ code: 0 });
  expect(fleet.said()).toContain('signals has no column "no_such_column"');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that they are not there is the point.
  expect(fleet.said()).not.toMatch(/\u001b|X{50}/);

  const rows = query(path, "SELECT status, coalesce(notes, '') AS notes FROM signals ORDER BY id");
  BAD.forEach(([change, status, notes], index) => {
    const told = JSON.stringify(change).slice(0, 80);
    expect(rows[index]?.status, told).toBe(status);
    expect(rows[index]?.notes, told).toMatch(notes);
  });
  expect(rows.slice(BAD.length).map(({ status }) => status)).toEqual(['closed', 'failed', 'executed']);
  expect(rows[BAD.length + 1]?.notes).toMatch(/a trade on BTC is already on/);
  expect(query(path, 'SELECT count(*) AS n FROM waiting')).toEqual([{ n: 4 }]);
  expect(query(path, `SELECT DISTINCT status FROM seen WHERE id = ${BAD.length + 1} AND status <> 'sent'`)).toEqual([
    { status: 'processing' },
    { status: 'filled' },
    { status: 'closed' },
  ]);
  const written = readReport(report);
  expect(unexplained(written)).toEqual([0, 0, 0]);
  expect(written.bots.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
  expect(written.venue).toMatchObject({ duplicateCloids: 0, conservationErrorUsd: 0 });
});

it('protects and moves stops while another program holds the database, shows it afterwards, and adds up what was deleted', async () => {
  const dir = emptyDir();
  const path = join(dir, 'data', 'signals.db');
  const report = join(dir, 'report.json');
  const feed = join(dir, 'feed.json');
  const ladder = { direction: 'long', signal_type: 'entry', entry_1: 109_800, stop_loss: 107_600, target_1: 109_890, target_2: 116_000 };
  const short = {
    symbol: 'ETH',
    direction: 'short',
    signal_type: 'entry',
    bot_name: 'AlphaCryptoSignal',
    entry_1: 4_240,
    stop_loss: 4_400,
  };
  writeFileSync(
    feed,
    JSON.stringify([
      { atMs: 5_000, row: short },
      { atMs: 5_000, row: { ...ladder, symbol: 'BTC', bot_name: 'Sentient' } },
    ]),
  );
  const fleet = startFleet('--speed', '60', '--data-dir', join(dir, 'data'), '--signals', feed, '--report', report);
  await Promise.all([fleet.line(/Sentient +BTC bought .*\(entry\)/), fleet.line(/AlphaCryptoSignal +ETH sold .*\(entry\)/)]);
  const holder = new DatabaseSync(path, { timeout: 10_000 });
  holder.exec('BEGIN EXCLUSIVE; DELETE FROM signals WHERE id = 1');
  await fleet.line(/stop moved to breakeven/);
  expect(query(path, 'SELECT tp1_filled_at FROM signals WHERE id = 2')).toEqual([{ tp1_filled_at: null }]);
  holder.exec('COMMIT');
  holder.close();
  fleet.child.kill('SIGTERM');
  expect(await fleet.exit, fleet.said()).toMatchObject({ code: 0 });
  expect(existsSync(`${path}-wal`)).toBe(false);

  expect(query(path, 'SELECT id, sl_moved_to_be, tp1_filled_at IS NOT NULL AS shown FROM signals')).toMatchObject([{ id: 2, shown: 1 }]);
  const written = readReport(report);
  expect(unexplained(written)).toEqual([0, 0, 0]);
  expect(written.signals).toMatchObject([
    { id: 1, bot: 'AlphaCryptoSignal', open: true, reason: 'its row in signals is gone or another one now' },
    { id: 2, bot: 'Sentient' },
  ]);
});

const SCHEMA_OF_LATER = `CREATE TABLE hyperfleet_meta (name TEXT PRIMARY KEY, value TEXT);
  INSERT INTO hyperfleet_meta VALUES ('schema_version', '99');`;

it('waits for a signals database that another program holds, and is told to stop meanwhile', async () => {
  const path = join(emptyDir(), 'signals.db');
  const holder = new DatabaseSync(path);
  holder.exec(`${FOREIGN_FILE} BEGIN EXCLUSIVE`);
  const fleet = startFleet('--data-dir', dirname(path));
  await fleet.line(/signals\.db is locked by another connection; close what holds it, or wait; waiting for it, 45 s at most/);
  fleet.child.kill('SIGTERM');
  expect(await fleet.exit, fleet.said()).toMatchObject({ code: 2 });
  expect(holder.prepare("SELECT count(*) AS n FROM sqlite_master WHERE sql LIKE '%hyperfleet%'").get()).toEqual({ n: 0 });
  holder.close();
});

it.each([
  ['is of a newer fleet', SCHEMA_OF_LATER, /schema version 99 of a newer fleet/],
  [
    'names its rows by text',
    'CREATE TABLE signals (id TEXT PRIMARY KEY, symbol TEXT)',
    /the column id of the table signals is TEXT, not INTEGER/,
  ],
])('refuses to start on a signals database that %s, and adds nothing to it', async (_, sql, reason) => {
  const path = join(emptyDir(), 'signals.db');
  const other = new DatabaseSync(path);
  other.exec(sql);
  const tables = (): unknown => other.prepare('SELECT name, sql FROM sqlite_master').all();
  const before = tables();
  await refused(path, reason);
  expect(tables()).toEqual(before);
  other.close();
});

it('refuses to start on a file that is no database, and leaves it alone', async () => {
  const path = join(emptyDir(), 'signals.db');
  const notes = 'these are my notes about signals, and no database at all';
  writeFileSync(path, notes);
  await refused(path, /signals\.db is not an SQLite database/);
  expect(readFileSync(path, 'utf8')).toBe(notes);
});

async function refused(signalsDb: string, reason: RegExp): Promise<void> {
  const fleet = startFleet('--data-dir', dirname(signalsDb));
  const { code } = await fleet.exit;
  expect(fleet.said()).toMatch(reason);
  expect(fleet.said()).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
}
