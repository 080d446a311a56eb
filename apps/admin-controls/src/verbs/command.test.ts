/** What a command at the command line ends with, by what the bots say of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LedgerHandle, openLedger, openSignalQueue, type SignalQueueHandle } from '@hyperfleet/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acknowledge } from './acknowledge.ts';

let dir: string;
let ledger: LedgerHandle;
let queue: SignalQueueHandle;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-command-'));
  ledger = openLedger(join(dir, 'ledger.db'));
  queue = openSignalQueue(join(dir, 'signals.db'));
});
afterEach(() => {
  ledger.close();
  queue.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Gives ACKNOWLEDGE to two bots that answer as told. Returns the exit code and what was printed. */
async function ask(first: string, second: string): Promise<{ readonly code: number; readonly text: string }> {
  const printed: string[] = [];
  const bots = ['One', 'Two'];
  const rest = { status: null, json: false, wait: true, foreign: false, all: false, print: (line: string) => printed.push(line) };
  const given = acknowledge({ ledger, queue: () => queue, bots, running: { pid: 1 }, ...rest });
  for (const [bot, outcome] of [['One', first] as const, ['Two', second] as const])
    for (const { key } of queue.controls(bot)) ledger.recordControl(bot, key, outcome, 0);
  return { code: await given, text: printed.join('\n') };
}

test('ends with 0 when every bot has done it', async () => {
  expect(await ask('acknowledged -250 USD', 'nothing to acknowledge: the books agree with the venue')).toMatchObject({ code: 0 });
});

test('ends with 1 when a bot has not taken it, and shows its reason', async () => {
  const { code, text } = await ask('acknowledged -250 USD', 'not taken: the clock is off, then say it again');
  expect(code).toBe(1);
  expect(text).toMatch(/Two +ACKNOWLEDGE +not taken: the clock is off/);
});
