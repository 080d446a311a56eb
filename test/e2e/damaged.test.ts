/** Databases that are damaged, or of a newer fleet: found at the start, and found while the fleet trades. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLedger, openSignalQueue } from '@hyperfleet/store';
import { afterAll, expect, it } from 'vitest';
import { adminControls, cleanUp, emptyDir, startFleet } from '../support/fleet-process.ts';
import { fleetVenue, paperWallets } from '../support/fleet-venue.ts';

afterAll(cleanUp);

const PAGE = 4096;

/**
 * Brings all that was written into the file itself and overwrites its pages from `from` on with rubbish; the header still reads well. Whoever
 * has the file open looks at it again after a commit of another connection, which is what `write` is for.
 */
function spoil(path: string, from: (pages: number) => number, write: string | null = null): void {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec('PRAGMA wal_checkpoint(RESTART)');
  if (write !== null) db.exec(`BEGIN IMMEDIATE; ${write}`);
  const pages = statSync(path).size / PAGE;
  const file = openSync(path, 'r+');
  for (let page = from(pages); page <= pages; page += 1) writeSync(file, Buffer.alloc(PAGE, 0xee), 0, PAGE, (page - 1) * PAGE);
  closeSync(file);
  if (write !== null) db.exec('COMMIT');
  db.close();
}
const lastPage = (pages: number): number => pages;
const allButFirst = (): number => 2;

/** What a fleet left behind that ran here once. */
function livedIn(): string {
  const dir = emptyDir();
  openLedger(join(dir, 'ledger.db')).close();
  openSignalQueue(join(dir, 'signals.db')).close();
  return dir;
}

it.each([['ledger.db'], ['signals.db']])('names a damaged %s at the start, before a bot moves, and leaves it alone', async (name) => {
  const dir = livedIn();
  spoil(join(dir, name), lastPage);
  const before = readFileSync(join(dir, name));
  const fleet = startFleet('--data-dir', dir);
  expect(await fleet.exit).toMatchObject({ code: 2 });
  expect(fleet.said()).toMatch(new RegExp(`${name.replace('.', '\\.')} is damaged \\(.*\\); restore it from a backup`));
  expect(fleet.said()).not.toContain('bots are ready');
  expect(readFileSync(join(dir, name)).equals(before)).toBe(true);
});

it('names a ledger that a newer fleet wrote', async () => {
  const dir = livedIn();
  const db = new DatabaseSync(join(dir, 'ledger.db'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  const older = startFleet('--data-dir', dir);
  expect(await older.exit).toMatchObject({ code: 2 });
  expect(older.said()).toMatch(/ledger\.db has schema version 99, this fleet knows versions up to \d+; run the newer fleet that wrote it/);
});

it.each([
  ['a ledger of a version it is not', /ledger\.db says that its schema is version 1, and it is not/, setVersion],
  [
    'a directory in the place of the log',
    /fleet\.log is a directory, where the fleet keeps a file; move it away/,
    inThePlaceOf('fleet.log'),
  ],
  ['a directory in the place of the status', /status\.json is a directory, where the fleet/, inThePlaceOf('status.json')],
  ['a directory in the place of the journal', /paper-exchange\.jsonl is a directory/, inThePlaceOf('paper-exchange.jsonl')],
])('names %s', async (_, refusal, harm) => {
  const dir = livedIn();
  harm(dir);
  const fleet = startFleet('--data-dir', dir);
  expect(await fleet.exit, fleet.said()).toMatchObject({ code: 2 });
  expect(fleet.said()).toMatch(refusal);
  expect(fleet.said()).not.toMatch(/^\s+at /m);
});

function setVersion(dir: string): void {
  const db = new DatabaseSync(join(dir, 'ledger.db'));
  db.exec('PRAGMA user_version = 1');
  db.close();
}

function inThePlaceOf(name: string): (dir: string) => void {
  return (dir) => void mkdirSync(join(dir, name));
}

it('names a journal of the paper exchange that is gone under a ledger that knows of it', async () => {
  const dir = emptyDir();
  writeFileSync(join(dir, 'none.json'), '[]');
  const args = ['--data-dir', join(dir, 'data'), '--signals', join(dir, 'none.json')];
  const first = startFleet(...args);
  await first.line(/the market of .* begins/);
  first.child.kill('SIGTERM');
  expect((await first.exit).code, first.said()).toBe(0);
  expect(first.said()).not.toContain('is gone');
  rmSync(join(dir, 'data', 'paper-exchange.jsonl'));
  const second = startFleet(...args);
  await second.line(
    /paper-exchange\.jsonl is gone, though a fleet ran in .* before: the paper exchange begins anew.*restore it, or start with/,
  );
  second.child.kill('SIGTERM');
  await second.exit;
});

it('names the open trades whose rows are gone with signals.db', async () => {
  const dir = emptyDir();
  const data = join(dir, 'data');
  const entry = { symbol: 'ETH', direction: 'long', signal_type: 'entry', bot_name: 'Sentient', entry_1: 4_300, stop_loss: 4_150 };
  writeFileSync(join(dir, 'feed.json'), JSON.stringify([{ atMs: 1_000, row: entry }]));
  writeFileSync(join(dir, 'none.json'), '[]');
  const first = startFleet('--speed', '20', '--data-dir', data, '--signals', join(dir, 'feed.json'));
  await first.line(/Sentient +ETH bought .*\(entry\)/);
  first.child.kill('SIGTERM');
  expect((await first.exit).code, first.said()).toBe(0);
  expect(first.said()).not.toContain('is another file');
  for (const name of ['signals.db', 'signals.db-wal', 'signals.db-shm']) rmSync(join(data, name), { force: true });
  const second = startFleet('--data-dir', data, '--signals', join(dir, 'none.json'));
  await second.line(/signals\.db is another file than the one these open trades came from: Sentient: ETH \(signal 1\); they go on/);
  second.child.kill('SIGTERM');
  await second.exit;
});

it('goes on protecting when signals.db turns out damaged, and stops when the ledger does: each said once, the stop at the venue', async () => {
  const dir = emptyDir();
  const data = join(dir, 'data');
  const entry = { symbol: 'ETH', direction: 'long', signal_type: 'entry', bot_name: 'Sentient', entry_1: 4_300, stop_loss: 4_150 };
  writeFileSync(join(dir, 'feed.json'), JSON.stringify([{ atMs: 1_000, row: entry }]));
  const fleet = startFleet('--speed', '20', '--data-dir', data, '--signals', join(dir, 'feed.json'));
  await fleet.line(/Sentient +ETH bought .*\(entry\)/);
  const user = paperWallets(data).get('Sentient')?.address ?? '0x';
  const venue = fleetVenue(data);
  spoil(join(data, 'signals.db'), allButFirst, "INSERT INTO signals (symbol) VALUES ('BTC')");
  await fleet.line(
    /signals\.db is damaged \(.*\); restore it from a backup: no signal is read and no status shown until it is; positions stay protected/,
  );
  expect(await venue.stopped(user, 'ETH')).toBe(await venue.held(user, 'ETH'));
  expect(await venue.held(user, 'ETH')).toBeGreaterThan(0);
  const status = await adminControls('ALL', 'STATUS', '--data-dir', data);
  expect(status.code, status.text).toBe(0);
  expect(status.text).toMatch(/Sentient .* ETH .*\?/);
  expect(status.text).toMatch(/signals\.db is damaged \(.*\); restore it from a backup: how many signals wait is not known/);
  const paused = await adminControls('Sentient', 'PAUSE', '--data-dir', data);
  expect(paused.code).toBe(1);
  expect(paused.text).toMatch(new RegExp(`PAUSE goes through it and was not given.*SIGTERM to process ${fleet.child.pid} ends the fleet`));
  // The fleet writes the time into its ledger each second.
  spoil(join(data, 'ledger.db'), allButFirst);
  expect((await fleet.exit).code, fleet.said()).toBe(3);
  for (const name of ['signals', 'ledger']) {
    const told = fleet
      .said()
      .split('\n')
      .filter((line) => line.includes(`${name}.db is damaged`) && !line.startsWith('NEEDS'));
    expect(told, fleet.said()).toHaveLength(1);
  }
  expect(fleet.said()).toMatch(/NEEDS A PERSON: .*ledger\.db is damaged \(.*\); restore it from a backup.*stops rest at the venue/);
  expect(fleet.said()).not.toMatch(/^\s+at /m);
});
