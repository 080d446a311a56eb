import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Connection, openConnection } from './database.ts';
import { tempDir } from './testing/temp-dir.ts';

function open(): Connection {
  const { db } = openConnection(join(tempDir(), 'some.db'), { busyTimeoutMs: 10, synchronous: 'OFF', create: true });
  onTestFinished(() => void db.close());
  return db;
}

it('hides from the planner every value that is compared, and the limit: it would plan anew each time one is bound', () => {
  const db = open();
  db.exec('CREATE TABLE t (a TEXT, b INTEGER)');
  const sql = 'SELECT a FROM t WHERE a = ? AND b >=@b AND a IN (?) LIMIT ?';
  expect(db.prepare(sql).source).toBe('SELECT a FROM t WHERE a = +? AND b >= +@b AND a IN (?) LIMIT +?');
});

it.each([
  ['text', '05'],
  ['a whole number', 5],
  ['a number', 5.25],
  ['a number beyond 32 bits', 1_757_015_880_000],
  ['bytes', Buffer.from([0, 255])],
  ['nothing', null],
])('stores %s as it is, and finds it again', (_what, value) => {
  const db = open();
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT); INSERT INTO t (a) VALUES ('x')");
  db.prepare('UPDATE t SET a = ?').run(value);
  expect(db.prepare('SELECT a FROM t').get()).toEqual({ a: value });
  expect(db.prepare('SELECT count(*) AS n FROM t WHERE a = ? LIMIT ?').get(value, 1)).toEqual({ n: value === null ? 0 : 1 });
});

it('compares a number with a column of text, and text with one of numbers, as SQLite does', () => {
  const db = open();
  db.exec("CREATE TABLE t (n INTEGER, s TEXT); INSERT INTO t VALUES (7, '7')");
  expect(db.prepare('SELECT count(*) AS n FROM t WHERE n = ? AND s = ?').get('7', '7')).toEqual({ n: 1 });
  expect(db.prepare('SELECT count(*) AS n FROM t WHERE s = @s').get({ s: '7' })).toEqual({ n: 1 });
});
