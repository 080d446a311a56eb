import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDirectory } from './directory.ts';

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
