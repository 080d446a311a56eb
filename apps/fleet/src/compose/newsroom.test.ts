import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '@hyperfleet/store';
import { expect, onTestFinished, test } from 'vitest';
import { openNewsroom } from './newsroom.ts';

/** A newsroom of one bot, and the lines it has shown. */
function openRoom() {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-newsroom-'));
  const ledger = openLedger(join(dir, 'ledger.db'));
  onTestFinished(() => {
    ledger.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const said: string[] = [];
  const board = {
    happened: ({ what }: { what: { text: string } }) => void said.push(what.text),
    show: () => undefined,
    close: () => undefined,
  };
  const room = openNewsroom({
    botIds: ['Sentient'],
    ledger,
    clock: { now: () => 0, after: () => () => undefined },
    market: { view: () => null },
    instruments: new Map(),
    board,
    startMs: 0,
    endMs: 1_000,
    speed: 10,
  });
  return { room, said };
}

const CLOCK_OFF = {
  kind: 'alert',
  phrase: 'clock is off',
  detail: { remedy: "this machine's clock is 1.2 s ahead of the venue's" },
} as const;

test('a clock is not told to be off once the fleet ends, its venue standing still', () => {
  const { room, said } = openRoom();
  room.hear('Sentient', CLOCK_OFF);
  expect(said).toHaveLength(1);
  room.ending('stopping');
  room.hear('Sentient', CLOCK_OFF);
  expect(said).toHaveLength(1);
});
