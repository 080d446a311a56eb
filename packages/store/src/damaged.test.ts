import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openLedger } from './ledger/open-ledger.ts';
import { openSignalQueue } from './signals/open-signal-queue.ts';
import { tempDir } from './testing/temp-dir.ts';

const PAGE = 4096;

/** Overwrites the last page of a file with rubbish: the header and the schema still read well. */
function spoilLastPage(path: string): void {
  const pages = statSync(path).size / PAGE;
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(PAGE, 0xee), 0, PAGE, (pages - 1) * PAGE);
  closeSync(file);
}

/** Rows enough for many pages, all of them in the file itself. */
function fill(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(`BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) ${sql}; COMMIT`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

describe('a database with a damaged page', () => {
  it('is named at the start when it is the ledger, and left as it is', () => {
    const path = join(tempDir(), 'ledger.db');
    openLedger(path).close();
    fill(path, "INSERT INTO events (bot, at_ms, event, detail) SELECT 'Sentient', i, 'said', '{}' FROM n");
    openLedger(path, { verify: true }).close();
    spoilLastPage(path);
    const before = readFileSync(path);
    expect(() => openLedger(path, { verify: true })).toThrow(
      expect.objectContaining({
        code: 'corrupt',
        retry: 'never',
        message: expect.stringMatching(/ledger\.db is damaged .*restore it from a backup/),
      }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is named at the start when it is the signals database', () => {
    const path = join(tempDir(), 'signals.db');
    openSignalQueue(path).close();
    fill(path, "INSERT INTO signals (symbol, notes) SELECT 'BTC', hex(randomblob(40)) FROM n");
    openSignalQueue(path, { verify: true }).close();
    spoilLastPage(path);
    expect(() => openSignalQueue(path, { verify: true })).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
