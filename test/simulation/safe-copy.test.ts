/** The safe copy is held to a plain copy of the whole database, whatever was written, folded in and set back in between. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSafeCopy } from './safe-copy.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-safe-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

type Step = 'insert' | 'change' | 'delete' | 'much' | 'sync' | 'crash' | 'power';
const stepOf = fc.constantFrom<Step>('insert', 'insert', 'change', 'delete', 'much', 'sync', 'sync', 'crash', 'power');

function openAlone(path: string): Database.Database {
  const db = new Database(path);
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  // Folded in often, as a busy file is now and then.
  db.pragma('wal_autocheckpoint = 20');
  db.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)');
  return db;
}

const all = (db: Database.Database): unknown[] => db.prepare('SELECT * FROM rows ORDER BY id').all();

it('has what was there at the last sync, and nothing else', () => {
  let run = 0;
  fc.assert(
    fc.property(fc.array(stepOf, { minLength: 3, maxLength: 40 }), (steps) => {
      run += 1;
      const path = join(dir, `${run}.db`);
      const safe = createSafeCopy(path, join(dir, `${run}-safe.db`));
      let db = openAlone(path);
      let kept: unknown[] | null = null;
      const reopen = (power: boolean): void => {
        safe.closing();
        db.close();
        if (power) expect(safe.setBack()).toBe(kept !== null);
        db = openAlone(path);
      };
      for (const [index, step] of steps.entries()) {
        const text = `${index} `.repeat(index * 40);
        if (step === 'insert') db.prepare('INSERT INTO rows (text) VALUES (?)').run(text);
        else if (step === 'change') db.prepare('UPDATE rows SET text = ? WHERE id % 3 = 0').run(text);
        else if (step === 'delete') db.exec('DELETE FROM rows WHERE id % 4 = 0; VACUUM');
        else if (step === 'much') for (let row = 0; row < 30; row += 1) db.prepare('INSERT INTO rows (text) VALUES (?)').run(text);
        else if (step === 'sync') {
          safe.sync();
          kept = all(db);
        } else {
          const before = all(db);
          reopen(step === 'power');
          expect(all(db)).toEqual(step === 'power' && kept !== null ? kept : before);
        }
        expect(db.pragma('quick_check', { simple: true })).toBe('ok');
      }
      reopen(true);
      if (kept !== null) {
        expect(all(db)).toEqual(kept);
        db.close();
        expect(readFileSync(path).equals(readFileSync(join(dir, `${run}-safe.db`)))).toBe(true);
      } else db.close();
    }),
    { numRuns: 60 },
  );
});
