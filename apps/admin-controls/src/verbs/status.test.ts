import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, openSignalQueue } from '@hyperfleet/store';
import { expect, onTestFinished, test } from 'vitest';
import type { FleetStatus } from '../status-file.ts';
import { status } from './status.ts';

type BotStatus = FleetStatus['bots'][number];

/** The lines STATUS prints of one bot of a fleet that runs and has last said this of itself. */
function linesOf(bot: Partial<BotStatus>, atWallMs = Date.now()): string {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-status-'));
  const [ledger, queue] = [openLedger(join(dir, 'ledger.db')), openSignalQueue(join(dir, 'signals.db'))];
  onTestFinished(() => {
    ledger.close();
    queue.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const said: string[] = [];
  const bots: BotStatus[] = [{ id: 'Sentient', state: 'active', equityUsd: '9997.70', health: 'normal', hearing: 'stream', ...bot }];
  const who = { bots: ['Sentient'], all: true, running: { pid: 7 }, status: { atWallMs, bots, marks: {} } };
  status({ ledger, queue: () => queue, ...who, json: false, wait: true, foreign: false, print: (line) => said.push(line) });
  return said.join('\n');
}

test('a bound is told with what it hangs on, and as not measured where it is not', () => {
  expect(linesOf({ nakedBoundMs: 640 })).toMatch(/normal +0\.6 s by stream +9997\.70/);
  expect(linesOf({ nakedBoundMs: null })).toMatch(/normal +not measured yet +9997\.70/);
  expect(linesOf({ nakedBoundMs: null, health: null, hearing: null })).toMatch(/active +- +- +9997\.70/);
});

test('what a fleet said of itself a while ago is told as of then', () => {
  expect(linesOf({})).toMatch(/The fleet is running \(process 7\)\.$/);
  expect(linesOf({}, Date.now() - 34_000)).toMatch(/running \(process 7\)\. What it says of itself is as of 34 s ago: /);
});
