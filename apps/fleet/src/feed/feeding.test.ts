import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mapClock } from '../clock.ts';
import { type Feeding, startFeeding } from './feeding.ts';
import { openInserter, whyWaiting } from './insertion.ts';
import { parseFeed } from './rows.ts';

let dir: string;
let path: string;
let feeding: Feeding | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-feed-'));
  path = join(dir, 'signals.db');
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE signals (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT NOT NULL, bot_name TEXT, entry_1 REAL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE bot_controls (id INTEGER PRIMARY KEY AUTOINCREMENT, bot_id TEXT, command TEXT, executed INTEGER DEFAULT 0)`);
  db.close();
});

afterEach(async () => {
  await feeding?.stop();
  feeding = null;
  rmSync(dir, { recursive: true, force: true });
});

const read = (sql: string): unknown[] => {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
};

const ITEMS = parseFeed(
  JSON.stringify([
    { atMs: 0, row: { symbol: 'BTC', bot_name: 'Sentient', entry_1: '100' } },
    { atMs: 0, row: { symbol: 'ETH', colour: 'blue' } },
    { atMs: 100, row: { symbol: null } },
    { atMs: 200, control: { bot_id: 'Sentient', command: 'PAUSE' } },
    { atMs: 300, row: { symbol: 'SOL' } },
  ]),
);

/** Feeds all items and resolves with what was told. */
function feedAll(): Promise<{ fed: number[]; skipped: string[] }> {
  const fed: number[] = [];
  const skipped: string[] = [];
  return new Promise((resolve, reject) => {
    feeding = startFeeding(
      { signalsDb: path, feedId: 'samples', items: ITEMS, marketStartMs: 5_000, clock: mapClock(5_000, 10) },
      {
        onFed: (index) => fed.push(index),
        onSkipped: (_, reason) => skipped.push(reason),
        onWaiting: () => undefined,
        onFinished: () => resolve({ fed, skipped }),
        onGivenUp: (reason) => reject(new Error(reason)),
      },
    );
  });
}

test('rows arrive in order with only the columns given, and what the database refuses is skipped and told', async () => {
  const { fed, skipped } = await feedAll();
  expect(fed).toEqual([0, 3, 4]);
  expect(skipped).toEqual(['signals has no column "colour"', 'NOT NULL constraint failed: signals.symbol']);
  expect(read('SELECT symbol, bot_name, entry_1, created_at IS NOT NULL AS stamped FROM signals ORDER BY id')).toEqual([
    { symbol: 'BTC', bot_name: 'Sentient', entry_1: 100, stamped: 1 },
    { symbol: 'SOL', bot_name: null, entry_1: null, stamped: 1 },
  ]);
  expect(read('SELECT bot_id, command, executed FROM bot_controls')).toEqual([{ bot_id: 'Sentient', command: 'PAUSE', executed: 0 }]);
});

test('a feed that was fed before is not fed again', async () => {
  await feedAll();
  expect(await feedAll()).toEqual({ fed: [], skipped: [] });
  expect(read('SELECT count(*) AS n FROM signals')).toEqual([{ n: 2 }]);
});

test('a transaction that did not end leaves neither the row nor the progress', () => {
  const first = openInserter(path, 'samples');
  const blocker = new DatabaseSync(path);
  blocker.exec('BEGIN IMMEDIATE');
  expect(() => first.insert(ITEMS.slice(0, 1))).toThrow(/locked/);
  blocker.exec('ROLLBACK');
  blocker.close();
  expect(first.done()).toBe(0);
  expect(first.insert(ITEMS.slice(0, 2))).toHaveLength(2);
  first.close();
  const second = openInserter(path, 'samples');
  expect(second.done()).toBe(2);
  second.close();
  expect(read('SELECT symbol FROM signals')).toEqual([{ symbol: 'BTC' }]);
});

test('a database that is gone is not made anew', () => {
  rmSync(path);
  expect(() => openInserter(path, 'samples')).toThrow('is not there');
});

test('a damaged database is told of with what to do', () => {
  writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 4_096), Buffer.alloc(16_384, 0xee)]));
  let met: unknown = null;
  try {
    openInserter(path, 'samples').insert(ITEMS.slice(0, 1));
  } catch (error) {
    met = error;
  }
  expect(whyWaiting(met, path)).toMatch(/^it is damaged \(.*malformed.*\); restore it from a backup/);
});

test('the feeder waits out a lock of another program', async () => {
  const blocker = new DatabaseSync(path);
  blocker.exec('BEGIN IMMEDIATE');
  const told = Promise.withResolvers<string>();
  const finished = Promise.withResolvers<void>();
  feeding = startFeeding(
    { signalsDb: path, feedId: 'samples', items: ITEMS.slice(0, 1), marketStartMs: 0, clock: mapClock(0, 10) },
    {
      onFed: () => undefined,
      onSkipped: () => undefined,
      onWaiting: told.resolve,
      onFinished: finished.resolve,
      onGivenUp: (reason) => finished.reject(new Error(reason)),
    },
  );
  expect(await told.promise).toMatch(/locked/);
  blocker.exec('ROLLBACK');
  blocker.close();
  await finished.promise;
  expect(read('SELECT symbol FROM signals')).toEqual([{ symbol: 'BTC' }]);
});
