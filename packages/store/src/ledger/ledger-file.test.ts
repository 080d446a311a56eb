/** What a ledger does when its file, its disk or its neighbours misbehave. */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lots, microUsd } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openConnection } from '../database.ts';
import { MIGRATIONS_DIR, readMigrations } from '../migrations.ts';
import { StoreError } from '../store-error.ts';
import { startProgram } from '../testing/programs.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { BOT, sampleOrder, sampleTrade } from '../testing/trade-samples.ts';
import { createLedger, openLedger } from './open-ledger.ts';

function refusalOf(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The file of a fleet that did not know the migration `number` yet, with rows of its time. Returns its path. */
function ledgerBefore(number: string, rows: string): string {
  const path = join(tempDir(), 'ledger.db');
  const { db } = openConnection(path, { busyTimeoutMs: 10, synchronous: 'FULL', create: true });
  const before = readMigrations(MIGRATIONS_DIR, 'ledger').filter(({ name }) => name < number);
  expect(before).toHaveLength(Number(number) - 1);
  for (const { sql } of before) db.exec(sql);
  db.exec(`PRAGMA application_id = ${0x68666c64}; PRAGMA user_version = ${before.length}; ${rows}`);
  db.close();
  return path;
}

describe('opening a ledger', () => {
  it('commits to disk before it returns, in a log beside the file', () => {
    const pragma = vi.spyOn(Database.prototype, 'pragma');
    onTestFinished(() => pragma.mockRestore());
    const ledger = openLedger(join(tempDir(), 'ledger.db'));
    onTestFinished(() => ledger.close());
    const connections = [...new Set(pragma.mock.contexts)].filter((context) => context instanceof Database);
    const settings = ['journal_mode', 'synchronous', 'foreign_keys'];
    expect(connections.map((db) => settings.map((name) => db.pragma(name, { simple: true })))).toEqual([['wal', 2, 1]]);
  });

  it('brings an older schema up to date and keeps what is in it', () => {
    const dir = tempDir();
    const path = join(dir, 'ledger.db');
    const ledger = openLedger(path);
    ledger.insertTrade(sampleTrade(), {});
    ledger.close();
    const newer = join(dir, 'migrations', 'ledger');
    mkdirSync(newer, { recursive: true });
    cpSync(join(MIGRATIONS_DIR, 'ledger'), newer, { recursive: true });
    const known = readdirSync(newer).length;
    writeFileSync(join(newer, `${String(known + 1).padStart(4, '0')}_mood.sql`), "ALTER TABLE trades ADD COLUMN mood TEXT DEFAULT 'calm'");
    const migrated = openLedger(path, { migrationsDir: join(dir, 'migrations') });
    expect(migrated.trade('t1')).toEqual(sampleTrade());
    migrated.close();
    const refusal = refusalOf(() => openLedger(path));
    expect(refusal).toMatchObject({ code: 'newer-schema', retry: 'never' });
    expect(refusal.message).toContain(`version ${known + 1}, this fleet knows versions up to ${known}`);
  });

  it('finds whose a payment is by the fills of a ledger from before', () => {
    const path = ledgerBefore(
      '0006',
      `INSERT INTO trades (trade_id, bot, coin, kind, phase, version, database_id, row_id, row_created_at, row_digest, claimed_at_ms,
                           breakeven, status, signal_row)
       SELECT value, 'Sentient', 'BTC', 'entry', 'open', 0, 'db', key, '', '', 0, 'none', 'filled', '{}' FROM json_each('["flat", "open"]');
       INSERT INTO fills (account, bot, coin, time_ms, tid, oid, side, px, sz, fee, closed_pnl, start_position, dir, crossed, liquidation,
                          trade_id, role)
       VALUES ('0xab', 'Sentient', 'BTC', 10, 1, 1, 'buy', 7, 3, 2, 0, 0, '', 1, 0, 'flat', 'entry'),
              ('0xab', 'Sentient', 'BTC', 20, 2, 2, 'sell', 7, 3, 2, 0, 0, '', 1, 0, 'flat', NULL),
              ('0xab', 'Sentient', 'BTC', 30, 3, 3, 'buy', 7, 3, 2, 0, 0, '', 1, 0, 'open', 'entry')`,
    );
    const ledger = openLedger(path);
    onTestFinished(() => ledger.close());
    const payments = [9, 20, 21, 99].map((timeMs, index) => ({ coin: 'BTC', timeMs, usd: microUsd(10 ** index), szi: lots(3) }));
    ledger.recordFunding('Sentient', '0xab', payments);
    expect(['flat', 'open'].map((tradeId) => ledger.fillSums(tradeId).funding)).toEqual([10, 1_000]);
  });

  it('counts every trade of a ledger from before as shown nowhere', () => {
    const path = ledgerBefore(
      '0009',
      `INSERT INTO trades (trade_id, bot, coin, kind, phase, version, database_id, row_id, row_created_at, row_digest, claimed_at_ms,
                           breakeven, status, signal_row, projected_version)
       SELECT 't' || key, 'Sentient', 'BTC', 'entry', 'settled', 3, value, key, '', '', key, 'none', 'closed', '{}', 3
       FROM json_each('["db", "db", "other"]')`,
    );
    const ledger = openLedger(path);
    onTestFinished(() => ledger.close());
    const behind = () => ledger.unprojected('Sentient', 10).map(({ trade }) => trade.tradeId);
    expect(behind()).toEqual([]);
    ledger.projectAgain('Sentient', { databaseId: 'db', mark: 1_000_000 });
    expect(behind()).toEqual(['t0', 't1']);
    // Their rows show them already: nothing is written, and the file stands at no mark yet.
    const showing = { before: 0, mark: 0 };
    ledger.markProjected(['t0', 't1'].map((tradeId) => ({ tradeId, version: 3, showing })));
    ledger.projectAgain('Sentient', { databaseId: 'db', mark: 0 });
    expect(behind()).toEqual([]);
  });

  it('opens the books of a ledger from before with the equity the bot began with', () => {
    const path = ledgerBefore(
      '0003',
      `INSERT INTO bots (bot, paused, trading_state, equity_start) VALUES ('Sentient', 0, 'active', 1000000), ('Fresh', 0, 'active', 5);
       INSERT INTO fills (account, bot, coin, time_ms, tid, oid, side, px, sz, fee, closed_pnl, start_position, dir, crossed, liquidation)
       VALUES ('0xab', 'Sentient', 'BTC', 10, 1, 1, 'buy', 7, 3, 2, 0, 0, 'Open Long', 1, 0),
              ('0xab', 'Sentient', 'BTC', 200000000, 2, 1, 'buy', 7, 3, 2, 0, 0, 'Open Long', 1, 0);
       INSERT INTO funding (account, bot, coin, time_ms, usd, szi) VALUES ('0xab', 'Sentient', 'BTC', 200000001, 5, 6)`,
    );
    const ledger = openLedger(path);
    onTestFinished(() => ledger.close());
    expect(ledger.books('0xAB', 10)).toEqual({ openedMs: 0, cash: 1_000_000 - 23, held: new Map([['BTC', 3]]) });
    expect(ledger.books('0xab', 9)).toMatchObject({ cash: 1_000_000, held: new Map() });
    expect(ledger.books('0xab', 9e9)).toMatchObject({ cash: 1_000_000 - 23 - 23 + 5, held: new Map([['BTC', 6]]) });
    expect(ledger.bookingsOf('Fresh')).toEqual([]);
  });

  it('applies a migration whole or not at all', () => {
    const dir = tempDir();
    const path = join(dir, 'ledger.db');
    openLedger(path).close();
    const broken = join(dir, 'migrations', 'ledger');
    mkdirSync(broken, { recursive: true });
    cpSync(join(MIGRATIONS_DIR, 'ledger'), broken, { recursive: true });
    const next = String(readdirSync(broken).length + 1).padStart(4, '0');
    writeFileSync(join(broken, `${next}_broken.sql`), 'CREATE TABLE half (a); CREATE TABLE half (a);');
    expect(() => openLedger(path, { migrationsDir: join(dir, 'migrations') })).toThrow();
    openLedger(path).close();
    const db = new Database(path, { readonly: true });
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'").get()).toEqual({ n: 0 });
    db.close();
  });

  it('refuses the database of another program, and leaves it as it was', () => {
    const path = join(tempDir(), 'other.db');
    const other = new Database(path);
    other.exec('CREATE TABLE songs (title)');
    other.close();
    expect(refusalOf(() => openLedger(path))).toMatchObject({ code: 'foreign-schema', retry: 'never' });
    const after = new Database(path, { readonly: true });
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'songs' }]);
    after.close();
  });

  it('says what is wrong with a file that is no database, a directory, and a place that is not there', () => {
    const dir = tempDir();
    const text = join(dir, 'notes.db');
    writeFileSync(text, 'these are my notes, and there are a good many of them\n'.repeat(50));
    expect(refusalOf(() => openLedger(text))).toMatchObject({ code: 'not-a-database', message: expect.stringContaining(text) });
    expect(refusalOf(() => openLedger(dir))).toMatchObject({ code: 'not-a-database' });
    expect(refusalOf(() => openLedger(join(dir, 'nowhere', 'ledger.db')))).toMatchObject({ code: 'missing-directory', retry: 'never' });
    expect(readFileSync(text, 'utf8')).toMatch(/^these are my notes/);
  });

  it('waits for another connection as long as it was told, then says locked, and goes on when it is free', () => {
    const path = join(tempDir(), 'ledger.db');
    const ledger = openLedger(path, { busyTimeoutMs: 20 });
    onTestFinished(() => ledger.close());
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    expect(refusalOf(() => ledger.insertTrade(sampleTrade(), {}))).toMatchObject({ code: 'locked', retry: 'later' });
    expect(ledger.trade('t1')).toBeNull();
    other.exec('ROLLBACK');
    other.close();
    expect(ledger.insertTrade(sampleTrade(), {})).toBe('inserted');
  });

  it.each([
    [1, /says that its schema is version 1, and it is not \(table \S+ already exists\); restore it from a backup/],
    [0, /says that its schema is version 0, and it is not/],
    [-1, /has schema version -1, which no fleet wrote; restore it from a backup/],
  ])('names a schema version of %i that is not what it is, and changes nothing', (version, refusal) => {
    const path = join(tempDir(), 'ledger.db');
    openLedger(path).close();
    const db = new Database(path);
    db.pragma(`user_version = ${version}`);
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    const before = readFileSync(path);
    const said = refusalOf(() => openLedger(path));
    expect(said).toMatchObject({ code: 'foreign-schema', retry: 'never', message: expect.stringMatching(refusal) });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('says so when the disk is full, loses nothing that was committed, and works again when there is room', () => {
    const path = join(tempDir(), 'ledger.db');
    const { db } = openConnection(path, { busyTimeoutMs: 10, synchronous: 'FULL', create: true });
    onTestFinished(() => void db.close());
    const ledger = createLedger(db, path, readMigrations(MIGRATIONS_DIR, 'ledger'));
    ledger.insertTrade(sampleTrade(), {});
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true }))}`);
    let recorded = 0;
    const fill = (): void => {
      for (;;) {
        ledger.recordIntents('t1', recorded, [sampleOrder({ number: recorded })], {});
        recorded += 1;
      }
    };
    expect(refusalOf(fill)).toMatchObject({ code: 'disk-full', retry: 'later' });
    expect(ledger.orders('t1')).toHaveLength(recorded);
    expect(ledger.trade('t1')?.version).toBe(recorded);
    db.pragma('max_page_count = 1000000');
    expect(ledger.recordIntents('t1', recorded, [sampleOrder({ number: recorded })], {})).toBe(true);
  });

  it.skipIf(process.getuid?.() !== 0)('says read-only to a user who may not write it, and opens nothing', async () => {
    const dir = tempDir();
    const path = join(dir, 'ledger.db');
    openLedger(path).close();
    chmodSync(path, 0o444);
    chmodSync(dir, 0o755);
    const said = await startProgram('./opening.ts', ['ledger', path], 65_534).line();
    expect(said).toMatch(/^read-only never .*ledger\.db cannot be written/);
  });
});

describe('a process that is killed while it records intents', () => {
  it('leaves every intent it was told is on disk, and a ledger that is whole', async () => {
    const path = join(tempDir(), 'ledger.db');
    const writer = startProgram('./recording-intents.ts', [path]);
    const told = [await writer.line()];
    while (told.length < 40) told.push(await writer.line());
    writer.child.kill('SIGKILL');
    told.push(...(await writer.rest()));
    const ledger = openLedger(path);
    onTestFinished(() => ledger.close());
    const kept = ledger.orders('t1').map((order) => order.intent.cloid);
    expect(kept.slice(0, told.length)).toEqual(told);
    expect(kept.length - told.length).toBeLessThanOrEqual(1);
    // One transaction each: the version, the order and the event of a step are there together or not at all.
    expect(ledger.trade('t1')?.version).toBe(kept.length);
    expect(ledger.timeline('t1')).toHaveLength(kept.length);
    expect(ledger.activeTrades(BOT)).toHaveLength(1);
    const db = new Database(path, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });
});
