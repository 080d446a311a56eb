import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '@hyperfleet/store';
import { expect, onTestFinished, test } from 'vitest';
import { writeStatus } from './status-file.ts';
import { consequenceOf, createCalm } from './troubles.ts';

const FULL = 'no room left to write ledger.db; free some disk space';

function begin() {
  const said: string[] = [];
  let nowMs = 0;
  const calmly = createCalm({
    now: () => nowMs,
    onTrouble: ({ reason }) => said.push(reason),
    onOver: (reason) => said.push(`over: ${reason}`),
  });
  return {
    said,
    calmly,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('what waits for a database is said with its trouble', () => {
  const files = { ledger: 'data/ledger.db', signals: 'data/signals.db' };
  const full = (path: string): string => consequenceOf(`no room left to write ${path}; free some disk space`, files);
  expect(full('data/ledger.db')).toMatch(/^; entries, exits and new stops and targets wait meanwhile/);
  expect(full('data/signals.db')).toMatch(/^; entries and exits wait meanwhile/);
  expect(full('data/status.json')).toBe('');
});

test('a trouble is told once while it lasts, told when it is over, and told again when it comes again', () => {
  const { said, calmly, pass } = begin();
  let full = true;
  const look = calmly(() => {
    if (full) throw new StoreError('disk-full', FULL);
  });
  const other = calmly(() => undefined);
  for (let seconds = 0; seconds < 60; seconds += 1) {
    look();
    other();
    pass(1_000);
  }
  expect(said).toEqual([FULL]);
  full = false;
  for (let seconds = 0; seconds < 20; seconds += 1) {
    look();
    pass(1_000);
  }
  expect(said).toEqual([FULL, `over: ${FULL}`]);
  full = true;
  look();
  expect(said).toEqual([FULL, `over: ${FULL}`, FULL]);
});

test('one file that comes and goes is one trouble, whoever looks at it', () => {
  const { said, calmly, pass } = begin();
  const looks = [0, 1].map((nth) =>
    calmly(() => {
      if (times % 2 === nth) throw new StoreError('locked', 'signals.db is locked');
    }),
  );
  let times = 0;
  for (; times < 40; times += 1) {
    for (const look of looks) look();
    pass(1_000);
  }
  expect(said).toEqual(['signals.db is locked']);
});

test('a damaged file is never over', () => {
  const { said, calmly, pass } = begin();
  let reads = 0;
  const look = calmly(() => {
    reads += 1;
    if (reads === 1) throw new StoreError('corrupt', 'signals.db is damaged');
  });
  for (let seconds = 0; seconds < 60; seconds += 1) {
    look();
    pass(1_000);
  }
  expect(said).toEqual(['signals.db is damaged']);
});

test('a bug is none of it', () => {
  const { calmly } = begin();
  expect(() => calmly(() => JSON.parse('{'))()).toThrow(SyntaxError);
});

test('a status file that cannot be written is named, with the remedy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'status-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'gone', 'status.json');
  const { said, calmly } = begin();
  const view = { mode: 'paper', nowMs: 0, startMs: 0, endMs: 0, speed: 1, marks: [], bots: [], happenings: [], ending: null };
  calmly(() => writeStatus(path, view, new Map()))();
  expect(said).toEqual([`${path} cannot be written (ENOENT): free some disk space, or give this user write access to its directory`]);
});
