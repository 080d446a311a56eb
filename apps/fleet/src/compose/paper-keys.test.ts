import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepPaperKeys, openToOthers, PaperKeysError } from './paper-keys.ts';

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-keys-'));
  path = join(dir, 'paper-keys.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('each bot gets a key of its own, and the same one again after a restart', () => {
  const first = keepPaperKeys(path, ['Sentient', 'AlphaCryptoSignal'], []);
  expect(new Set(first.values()).size).toBe(2);
  for (const key of first.values()) expect(key).toMatch(/^0x[0-9a-f]{64}$/);
  expect(keepPaperKeys(path, ['Sentient', 'AlphaCryptoSignal'], [])).toEqual(first);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a bot that is new gets a key while the others keep theirs, one left out included', () => {
  const first = keepPaperKeys(path, ['Sentient'], []);
  const second = keepPaperKeys(path, ['Apprentice Alchemist'], []);
  expect(second.has('Sentient')).toBe(false);
  expect(keepPaperKeys(path, ['Sentient'], []).get('Sentient')).toBe(first.get('Sentient'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file of keys that others could read is closed when it is next written', () => {
  keepPaperKeys(path, ['Sentient'], []);
  chmodSync(path, 0o644);
  keepPaperKeys(path, ['Sentient', 'AlphaCryptoSignal'], []);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.skipIf(process.platform === 'win32')('a file of keys that others may read is told of with the command that closes it', () => {
  keepPaperKeys(path, ['Sentient'], []);
  expect(openToOthers(path)).toBeNull();
  for (const mode of [0o644, 0o666, 0o640]) {
    chmodSync(path, mode);
    expect(openToOthers(path)).toMatch(`may be read by others of this machine: chmod 600 ${path}`);
  }
  expect(openToOthers(join(dir, 'none.json'))).toBeNull();
});

test.each([['{"Sentient": "0xab'], ['[1]'], ['{"Sentient": "0x1234"}'], ['null']])(
  'a damaged file %s is refused without repeating a key, and left as it is',
  (text) => {
    writeFileSync(path, text);
    const attempt = (): unknown => keepPaperKeys(path, ['Sentient'], []);
    expect(attempt).toThrow(PaperKeysError);
    expect(attempt).toThrow(/--data-dir/);
    expect(attempt).not.toThrow(/0x/);
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

test('the account of a bot that has traded is not made anew when its key is gone', () => {
  expect(() => keepPaperKeys(path, ['Sentient', 'New'], ['Sentient'])).toThrow(/no key for "Sentient", which has traded here before/);
  expect(existsSync(path)).toBe(false);
});
