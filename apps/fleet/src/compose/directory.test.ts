import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDirectory, makeLocksDir } from './directory.ts';

const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-directory-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('missing directories are made, and one that is there is left alone', () => {
  const deep = join(dir, 'a', 'b', 'c');
  makeDirectory(deep);
  makeDirectory(deep);
  expect(existsSync(deep)).toBe(true);
});

test('a file in the way is named', () => {
  const file = join(dir, 'file');
  writeFileSync(file, '');
  expect(() => makeDirectory(file)).toThrow(`--data-dir ${file} is a file`);
});

test.skipIf(!existsSync('/proc/self'))('a place where nothing can be made is refused at once', () => {
  expect(() => makeDirectory('/proc/hyperfleet/data')).toThrow('--data-dir /proc/hyperfleet cannot be made');
});

test('the place of locks hangs on the home of the user, and one that cannot be made names user, place and remedy', () => {
  expect(makeLocksDir({ homedir: dir, username: 'hyperfleet' })).toBe(join(dir, '.hyperfleet', 'locks'));
  const file = join(dir, 'no-home');
  writeFileSync(file, '');
  expect(() => makeLocksDir({ homedir: file, username: 'nobody' })).toThrow(
    `${join(file, '.hyperfleet', 'locks')} cannot be made, where the fleet locks its keys: the user nobody needs a home directory it may write`,
  );
});
