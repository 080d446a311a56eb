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
    files: { ledger: 'data/ledger.db', signals: 'data/signals.db' },
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

test('a guard that is silent because the ledger is locked is no news beside the ledger, and is one where it is not', () => {
  const { room, said } = openRoom();
  const silent = { phrase: 'fill monitor silent', detail: {} };
  const locked = 'data/ledger.db is locked by another connection; close what holds it, or wait';
  room.troubles.met('fleet', locked);
  room.hear('Sentient', { kind: 'alert', ...silent });
  room.hear('Sentient', { kind: 'over', ...silent });
  expect(said).toEqual([expect.stringContaining('ledger.db is locked')]);
  room.troubles.over('fleet', locked);
  room.hear('Sentient', { kind: 'alert', ...silent });
  room.hear('Sentient', { kind: 'over', ...silent });
  expect(said.slice(2)).toEqual([
    expect.stringMatching(/^ALERT the fill monitor says nothing/),
    expect.stringMatching(/^the fill monitor is back/),
  ]);
});

test('a file that a bot cannot use is told as the fleet’s, and that it can again', () => {
  const { room, said } = openRoom();
  const reason = 'data/signals.db is locked by another connection; close what holds it, or wait';
  room.hear('Sentient', { kind: 'file', reason, isUsable: false });
  room.troubles.met('fleet', reason);
  room.hear('Sentient', { kind: 'file', reason, isUsable: true });
  room.troubles.over('fleet', reason);
  expect(said).toEqual([`${reason}; entries and exits wait meanwhile, stops and targets are kept`, `over: ${reason}`]);
});
