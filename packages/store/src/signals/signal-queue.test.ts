import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startProgram } from '../testing/programs.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { BOT } from '../testing/trade-samples.ts';
import { openSignalQueue, type SignalQueueHandle } from './open-signal-queue.ts';

const ENTRY = { symbol: 'BTC', bot_name: BOT, signal_type: 'entry', entry_1: 110_000 };
const EXIT = { symbol: 'BTC', bot_name: BOT, signal_type: 'exit' };

function open(path = join(tempDir(), 'signals.db')): SignalQueueHandle {
  const queue = openSignalQueue(path, { busyTimeoutMs: 20 });
  onTestFinished(() => queue.close());
  return queue;
}

/** Another program's connection to the same file. */
function foreign(queue: SignalQueueHandle): Database.Database {
  const db = new Database(queue.path);
  onTestFinished(() => void db.close());
  return db;
}

describe('claiming', () => {
  it('takes every exit before any entry, and each row once', () => {
    const queue = open();
    const [entry, first, second] = [ENTRY, EXIT, { ...EXIT, symbol: 'ETH' }].map((row) => queue.insertRow(row));
    expect(queue.claimEntry(BOT)).toBeNull();
    expect(queue.claimExits(BOT).map(({ rowId }) => rowId)).toEqual([first, second]);
    expect(queue.claimExits(BOT)).toEqual([]);
    expect(queue.claimEntry(BOT)).toMatchObject({ rowId: entry, databaseId: queue.databaseId() });
    expect(queue.claimEntry(BOT)).toBeNull();
    expect(queue.allRows().map((row) => row.status)).toEqual(['processing', 'processing', 'processing']);
  });

  it('takes entries one at a time, oldest first, with the row as its writer left it', () => {
    const queue = open();
    const rows = [ENTRY, { ...ENTRY, entry_1: ' 1000 ', direction: 'LONG', leverage: '3/5' }].map((row) => queue.insertRow(row));
    expect(queue.claimEntry(BOT)?.rowId).toBe(rows[0]);
    expect(queue.claimEntry(BOT)?.row).toMatchObject({ id: rows[1], direction: 'LONG', leverage: '3/5', status: 'pending' });
  });

  it('reads the kind of a row in any case and among blanks, and leaves other kinds alone', () => {
    const queue = open();
    for (const signal_type of [' Entry\n', 'ENTRY', 'setup', 'update', null]) queue.insertRow({ ...ENTRY, signal_type });
    queue.insertRow({ symbol: 'BTC', bot_name: BOT });
    expect(queue.countPending(BOT)).toBe(2);
    expect([queue.claimEntry(BOT)?.rowId, queue.claimEntry(BOT)?.rowId, queue.claimEntry(BOT)]).toEqual([1, 2, null]);
    expect(queue.allRows().map((row) => row.status)).toEqual(['processing', 'processing', 'pending', 'pending', 'pending', 'pending']);
  });

  it('takes only rows whose bot_name is the id letter for letter, and whose status is exactly pending', () => {
    const queue = open();
    for (const bot_name of ['sentient', 'Sentient ', null]) queue.insertRow({ ...ENTRY, bot_name });
    for (const status of [null, 'PENDING', 'sent']) queue.insertRow({ ...ENTRY, status });
    expect(queue.claimEntry(BOT)).toBeNull();
  });

  it('takes rows with every column missing or absurd as they are: judging them is not its part', () => {
    const queue = open();
    const absurd = { ...ENTRY, entry_1: 'NaN', target_1: -1, stop_loss: '', created_at: null, leverage: null, notes: null };
    queue.insertRow(absurd);
    const claimed = queue.claimEntry(BOT);
    expect(claimed?.row).toMatchObject(absurd);
    expect(claimed?.createdAtText).toBe('');
  });

  it('gives two rows of the same content two identities, and one row always the same', () => {
    const queue = open();
    const row = { ...ENTRY, created_at: '2025-09-04 19:47:00' };
    for (let copy = 0; copy < 2; copy += 1) queue.insertRow(row);
    const [one, two] = [queue.claimEntry(BOT), queue.claimEntry(BOT)];
    expect(one?.rowId).not.toBe(two?.rowId);
    expect(one?.rowDigest).toBe(two?.rowDigest);
    foreign(queue).exec("UPDATE signals SET status = 'pending', notes = 'mine', order_id_entry = 5 WHERE id = 1");
    expect(queue.claimEntry(BOT)).toMatchObject({ rowId: 1, rowDigest: one?.rowDigest });
  });

  it('remembers what a row was when it was claimed, whatever its writer does to it after', () => {
    const queue = open();
    queue.insertRow(ENTRY);
    const claimed = queue.claimEntry(BOT);
    foreign(queue).exec('UPDATE signals SET entry_1 = 5');
    expect(queue.processing(BOT)).toMatchObject([{ rowId: 1, rowDigest: claimed?.rowDigest, row: { entry_1: 5 } }]);
    foreign(queue).exec("UPDATE signals SET status = 'pending'");
    expect(queue.claimEntry(BOT)?.rowDigest).not.toBe(claimed?.rowDigest);
  });

  it('of a row seen before fails when the row was changed, claimed or deleted since', () => {
    const queue = open();
    for (let copy = 0; copy < 4; copy += 1) queue.insertRow(ENTRY);
    const [kept, changed, taken, gone] = queue.pendingEntries(BOT);
    foreign(queue).exec(
      "UPDATE signals SET entry_1 = 5 WHERE id = 2; UPDATE signals SET status = 'failed' WHERE id = 3; DELETE FROM signals WHERE id = 4",
    );
    const claims = [kept, changed, taken, gone].map((seen) => (seen === undefined ? null : queue.claimRow(seen)));
    expect(claims.map((claim) => claim?.rowId ?? null)).toEqual([1, null, null, null]);
    expect(queue.statusOf(2)).toBe('pending');
  });

  describe('of rows whose ids no number here holds exactly', () => {
    const LAST = 9_007_199_254_740_991n;
    const insert = (queue: SignalQueueHandle, id: bigint, over: Readonly<Record<string, string>> = {}): void => {
      const row = { bot_name: BOT, signal_type: 'entry', notes: null, ...over };
      const sql = 'INSERT INTO signals (id, symbol, bot_name, signal_type, notes) VALUES (?, ?, ?, ?, ?)';
      foreign(queue).prepare(sql).run(id, 'BTC', row.bot_name, row.signal_type, row.notes);
    };
    const shown = (queue: SignalQueueHandle): readonly unknown[] =>
      foreign(queue).prepare('SELECT CAST(id AS TEXT) AS id, status, notes FROM signals ORDER BY id').all();
    const reasonOf = (id: string): string =>
      `id is ${id}, and only ids from -${LAST} to ${LAST} are exact here: write smaller ones, or none`;

    it('refuses each once with its exact id and what to do, and takes those after it', () => {
      const queue = open();
      insert(queue, -1_234_567_890_123_456_789n, { signal_type: ' EXIT', notes: 'from the group' });
      insert(queue, 12n);
      insert(queue, 1_234_567_890_123_456_789n);
      insert(queue, 1_234_567_890_123_456_790n);
      expect(queue.claimEntry(BOT)?.rowId).toBe(12);
      const after = shown(queue);
      expect(after).toMatchObject([
        { status: 'failed', notes: expect.stringContaining(`from the group | ${reasonOf('-1234567890123456789')}`) },
        { id: '12', status: 'processing', notes: null },
        { status: 'failed', notes: expect.stringContaining(reasonOf('1234567890123456789')) },
        { status: 'failed', notes: expect.stringContaining(reasonOf('1234567890123456790')) },
      ]);
      expect([queue.claimExits(BOT), queue.claimEntry(BOT), queue.countPending(BOT)]).toEqual([[], null, 0]);
      expect(shown(queue)).toEqual(after);
    });

    it('leaves those of other bots and other kinds alone', () => {
      const queue = open();
      insert(queue, LAST + 1n, { bot_name: 'Other' });
      insert(queue, LAST + 2n, { signal_type: 'setup' });
      expect(queue.claimExits(BOT)).toEqual([]);
      expect(shown(queue)).toMatchObject([
        { status: 'pending', notes: null },
        { status: 'pending', notes: null },
      ]);
    });

    it('takes, shows and puts back the first and the last that are exact, and those below zero', () => {
      const queue = open();
      for (const id of [-LAST, -5n, LAST]) insert(queue, id);
      const claimed = [1, 2, 3].map(() => queue.claimEntry(BOT)?.rowId);
      expect(claimed).toEqual([-Number(LAST), -5, Number(LAST)]);
      expect(queue.processing(BOT).map(({ rowId }) => rowId)).toEqual(claimed);
      for (const rowId of claimed) queue.release(rowId ?? 0, 'expired', null);
      expect(shown(queue).map((row) => (row as { status: string }).status)).toEqual(['expired', 'expired', 'expired']);
    });

    it('keeps no writer waiting where there are none', () => {
      const queue = open();
      foreign(queue).exec('BEGIN IMMEDIATE');
      expect(queue.claimExits(BOT)).toEqual([]);
    });
  });

  it('by several processes at once never gives a row to two of them', async () => {
    const queue = open();
    const rows = Array.from({ length: 150 }, () => queue.insertRow(ENTRY));
    const claimers = [1, 2, 3].map(() => startProgram('./claiming.ts', [queue.path, BOT]));
    const claimed = (await Promise.all(claimers.map((claimer) => claimer.rest()))).flat().map(Number);
    expect(claimed.sort((a, b) => a - b)).toEqual(rows);
  });

  it('finds its row among ten thousand others through an index, without looking at them', () => {
    const queue = open();
    const writer = foreign(queue);
    const insert = writer.prepare("INSERT INTO signals (symbol, bot_name, signal_type) VALUES ('BTC', ?, ?)");
    writer.transaction(() => {
      for (let number = 0; number < 10_000; number += 1) insert.run(BOT, number % 2 === 0 ? 'setup' : 'entry');
      insert.run(BOT, 'exit');
    })();
    const kind = "lower(trim(signal_type, ' ' || char(9, 10, 13)))";
    const exact = `typeof(id) = 'integer' AND id BETWEEN -${Number.MAX_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;
    const query = `SELECT * FROM signals WHERE status = 'pending' AND bot_name = ? AND ${kind} = ? AND ${exact} ORDER BY id LIMIT 1`;
    const plan = writer.prepare<[string, string], { detail: string }>(`EXPLAIN QUERY PLAN ${query}`).all(BOT, 'entry');
    expect(plan.map(({ detail }) => detail)).toEqual([expect.stringMatching(/SEARCH signals USING INDEX hyperfleet_pending/)]);
    expect(queue.claimExits(BOT).map(({ rowId }) => rowId)).toEqual([10_001]);
    expect(queue.countPending(BOT)).toBe(5_000);
    for (let turn = 0; turn < 5_000; turn += 1) expect(queue.claimEntry(BOT)?.rowId).toBe(turn * 2 + 2);
    expect(queue.claimEntry(BOT)).toBeNull();
  });
});

describe('putting back', () => {
  it('releases a row with a note after what stood there, once', () => {
    const queue = open();
    queue.insertRow({ ...ENTRY, notes: 'from the group' });
    queue.claimEntry(BOT);
    queue.release(1, 'expired', 'too old | now');
    queue.release(1, 'expired', 'too old | now');
    expect(queue.allRows()[0]).toMatchObject({ status: 'expired', notes: 'from the group | too old / now' });
    queue.release(99, 'pending', null);
  });

  it('makes it claimable again as the same signal', () => {
    const queue = open();
    queue.insertRow(ENTRY);
    const first = queue.claimEntry(BOT);
    queue.release(1, 'pending', null);
    expect(queue.claimEntry(BOT)).toEqual(first);
  });
});

describe('news from other connections', () => {
  it('is noticed once, and our own writing is none', () => {
    const queue = open();
    expect([queue.changed(), queue.changed()]).toEqual([true, false]);
    queue.insertRow(ENTRY);
    expect(queue.changed()).toBe(false);
    foreign(queue).exec("INSERT INTO signals (symbol) VALUES ('ETH')");
    expect([queue.changed(), queue.changed()]).toEqual([true, false]);
  });
});

describe('a file in trouble', () => {
  it('that is locked is an error to try again later, and is claimed from once it is free', () => {
    const queue = open();
    queue.insertRow(ENTRY);
    const other = foreign(queue);
    other.exec('BEGIN IMMEDIATE');
    expect(() => queue.claimEntry(BOT)).toThrow(expect.objectContaining({ code: 'locked', retry: 'later' }));
    expect(queue.countPending(BOT)).toBe(1);
    other.exec('ROLLBACK');
    expect(queue.claimEntry(BOT)?.rowId).toBe(1);
  });

  it('that is locked with nothing to claim is no trouble at all', () => {
    const queue = open();
    foreign(queue).exec('BEGIN IMMEDIATE');
    expect(queue.claimExits(BOT)).toEqual([]);
    expect(queue.claimEntry(BOT)).toBeNull();
  });

  it('that is deleted is an error until it is back, and is never made anew meanwhile', () => {
    const queue = open();
    queue.insertRow(ENTRY);
    const first = queue.databaseId();
    renameSync(queue.path, `${queue.path}.away`);
    for (const suffix of ['-wal', '-shm']) rmSync(queue.path + suffix, { force: true });
    expect(() => queue.claimEntry(BOT)).toThrow(expect.objectContaining({ code: 'missing-file', retry: 'later' }));
    expect(existsSync(queue.path)).toBe(false);
    const restored = new Database(queue.path);
    restored.exec('CREATE TABLE signals (id INTEGER PRIMARY KEY, symbol TEXT, bot_name TEXT, signal_type TEXT)');
    restored.exec(`INSERT INTO signals (symbol, bot_name, signal_type) VALUES ('BTC', '${BOT}', 'entry')`);
    restored.close();
    expect(queue.changed()).toBe(true);
    expect(queue.databaseId()).not.toBe(first);
    expect(queue.claimEntry(BOT)?.rowId).toBe(1);
  });

  it('whose tables somebody dropped is adopted again at the next look', () => {
    const queue = open();
    foreign(queue).exec('DROP TABLE signals');
    expect(() => queue.claimEntry(BOT)).toThrow(expect.objectContaining({ code: 'schema-changed', retry: 'later' }));
    expect(queue.claimEntry(BOT)).toBeNull();
  });

  it('that gets another column while it is open is read with it', () => {
    const queue = open();
    queue.insertRow(ENTRY);
    expect(queue.allRows()).toHaveLength(1);
    foreign(queue).exec("ALTER TABLE signals ADD COLUMN mood TEXT DEFAULT 'calm'");
    expect(queue.allRows()[0]).toMatchObject({ mood: 'calm', symbol: 'BTC' });
    expect(queue.claimEntry(BOT)?.row).toMatchObject({ mood: 'calm', symbol: 'BTC' });
  });
});

describe('controls', () => {
  it('are read for the bot and for ALL in any case, in order, until they are executed', () => {
    const queue = open();
    const sent = [
      queue.insertControl('all', 'PAUSE'),
      queue.insertControl('sentient', 'RESUME'),
      queue.insertControl('Other', 'PAUSE'),
      queue.insertControl('ALL', 'CLOSE_ALL'),
    ];
    expect(queue.controls(BOT).map(({ command }) => command)).toEqual(['PAUSE', 'RESUME', 'CLOSE_ALL']);
    expect(queue.controls(BOT)[0]).toEqual(sent[0]);
    queue.markControlExecuted(sent[0]?.id ?? 0);
    expect(queue.controls(BOT).map(({ command }) => command)).toEqual(['RESUME', 'CLOSE_ALL']);
  });

  it('have keys that outlive a counter somebody set back', () => {
    const queue = open();
    const first = queue.insertControl(BOT, 'PAUSE');
    const other = foreign(queue);
    other.exec("DELETE FROM bot_controls; DELETE FROM sqlite_sequence WHERE name = 'bot_controls'");
    other.exec(`INSERT INTO bot_controls (bot_id, command, created_at, executed) VALUES ('${BOT}', 'PAUSE', '2020-01-01 00:00:00', NULL)`);
    const [second] = queue.controls(BOT);
    expect(second?.id).toBe(first.id);
    expect(second?.key).toBe(`${queue.databaseId()}:1:2020-01-01 00:00:00`);
  });
});

describe('inserting as a writer would', () => {
  it('gives the contract’s defaults, and names a column that is not there', () => {
    const queue = open();
    queue.insertRow({ symbol: 'BTC' });
    expect(queue.allRows()[0]).toMatchObject({ direction: 'long', signal_type: 'setup', status: 'pending', sl_moved_to_be: 0 });
    expect(queue.allRows()[0]?.created_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(() => queue.insertRow({ symbl: 'BTC' })).toThrow(/no column "symbl"/);
    expect(() => queue.insertRow({ bot_name: BOT })).toThrow(expect.objectContaining({ code: 'constraint' }));
  });

  it('fills a column another program has added, until it takes it away again', () => {
    const queue = open();
    const row = { symbol: 'BTC', strategy: 'breakout' };
    const other = foreign(queue);
    expect(() => queue.insertRow(row)).toThrow(/no column "strategy"/);
    other.exec('ALTER TABLE signals ADD COLUMN strategy TEXT');
    for (let twice = 0; twice < 2; twice += 1) queue.insertRow(row);
    expect(queue.allRows().map(({ strategy }) => strategy)).toEqual(['breakout', 'breakout']);
    other.exec('ALTER TABLE signals DROP COLUMN strategy');
    expect(() => queue.insertRow(row)).toThrow(expect.objectContaining({ code: 'schema-changed' }));
    expect(() => queue.insertRow(row)).toThrow(/no column "strategy"/);
    expect(queue.insertRow({ symbol: 'BTC' })).toBe(3);
  });
});
