/** A ledger that is gone, emptied, older than it was, or has lost its log, while positions stand at the venue. */
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, type FleetProcess, query, startFleet } from '../support/fleet-process.ts';
import { fleetVenue, paperWallets } from '../support/fleet-venue.ts';

afterAll(cleanUp);

const entry = (symbol: string, atMs: number, prices: object) => ({
  atMs,
  row: { symbol, direction: 'long', signal_type: 'entry', bot_name: 'Sentient', ...prices },
});
const BTC = entry('BTC', 1_000, { entry_1: 110_500, stop_loss: 104_000, target_1: 130_000 });
const ETH = entry('ETH', 20_000, { entry_1: 4_400, stop_loss: 4_100, target_1: 5_000 });

interface Run {
  readonly data: string;
  start(...more: string[]): FleetProcess;
}

function open(...signals: object[]): Run {
  const dir = emptyDir();
  writeFileSync(join(dir, 'feed.json'), JSON.stringify(signals));
  const data = join(dir, 'data');
  return { data, start: (...more) => startFleet('--speed', '10', '--data-dir', data, '--signals', join(dir, 'feed.json'), ...more) };
}

async function kill(fleet: FleetProcess): Promise<void> {
  fleet.child.kill('SIGKILL');
  await fleet.exit;
}

/** A row of another program. */
function insert(data: string, sql: string): void {
  const db = new DatabaseSync(join(data, 'signals.db'), { timeout: 5_000 });
  db.exec(sql);
  db.close();
}

it('is told to be older than signals.db when a backup was restored; an exit says what stands, and the run needs a person while it does', {
  timeout: 120_000,
}, async () => {
  const { data, start } = open(BTC, ETH);
  const first = start();
  await first.line(/Sentient +BTC bought .*\(entry\)/);
  const backup = join(data, 'backup.db');
  const db = new DatabaseSync(join(data, 'ledger.db'), { timeout: 5_000 });
  db.exec(`VACUUM INTO '${backup}'`);
  db.close();
  await first.line(/Sentient +ETH bought .*\(entry\)/);
  first.child.kill('SIGTERM');
  expect((await first.exit).code, first.said()).toBe(0);
  rmSync(join(data, 'ledger.db-wal'), { force: true });
  rmSync(join(data, 'ledger.db-shm'), { force: true });
  copyFileSync(backup, join(data, 'ledger.db'));

  const second = start();
  await second.line(/the ledger is older than .*signals\.db, or another one: it does not know 1 trade \(Sentient: ETH\)/);
  insert(data, "INSERT INTO signals (symbol, signal_type, bot_name) VALUES ('ETH', 'exit', 'Sentient')");
  const user = paperWallets(data).get('Sentient')?.address ?? '0x';
  const venue = fleetVenue(data);
  await expect
    .poll(() => query(join(data, 'signals.db'), "SELECT status FROM signals WHERE signal_type = 'exit'"), { timeout: 20_000 })
    .toEqual([{ status: 'no_op' }]);
  expect(query(join(data, 'signals.db'), "SELECT notes FROM signals WHERE signal_type = 'exit'")).toEqual([
    { notes: expect.stringContaining('but a position stands there that the ledger does not know; CLOSE_ALL --foreign closes it') },
  ]);
  expect(await venue.held(user, 'ETH')).toBeGreaterThan(0);
  expect(await venue.stopped(user, 'ETH')).toBe(await venue.held(user, 'ETH'));
  second.child.kill('SIGTERM');
  expect((await second.exit).code, second.said()).toBe(3);
  expect(second.said()).toMatch(/NEEDS A PERSON: Sentient: the position on ETH is of a trade the ledger has lost/);
  expect(second.said()).not.toMatch(/NEEDS A PERSON: .* on BTC/);
});

it.each([
  ['is gone', (data: string) => rmSync(join(data, 'ledger.db'))],
  ['is empty', (data: string) => writeFileSync(join(data, 'ledger.db'), '')],
  ['has lost all it held with its log', (data: string) => rmSync(join(data, 'ledger.db-wal'))],
])(
  'is not begun anew in silence where it %s: refused with the remedy, and --new-ledger leaves what stands to its stops',
  {
    timeout: 120_000,
  },
  async (_, harm) => {
    const { data, start } = open(BTC);
    const first = start();
    await first.line(/Sentient +BTC bought .*\(entry\)/);
    await first.line(/Sentient +BTC .*take-profit/);
    await kill(first);
    harm(data);
    const refused = start();
    expect((await refused.exit).code, refused.said()).toBe(2);
    expect(refused.said()).toMatch(/ledger\.db is gone or empty, and .* was lived in: restore it from a backup.*--new-ledger/);
    expect(refused.said()).not.toMatch(/^\s+at /m);

    const anew = start('--new-ledger');
    await anew.line(/the ledger is older than .*: it does not know 1 trade \(Sentient: BTC\)/);
    const user = paperWallets(data).get('Sentient')?.address ?? '0x';
    const venue = fleetVenue(data);
    const held = await venue.held(user, 'BTC');
    expect(held).toBeGreaterThan(0);
    expect(await venue.stopped(user, 'BTC')).toBe(held);
    anew.child.kill('SIGTERM');
    expect((await anew.exit).code, anew.said()).toBe(3);
    expect(anew.said()).toMatch(/NEEDS A PERSON: Sentient: the position on BTC is of a trade the ledger has lost/);
    expect(existsSync(join(data, 'ledger.db'))).toBe(true);

    const superfluous = start('--new-ledger');
    expect((await superfluous.exit).code).toBe(2);
    expect(superfluous.said()).toContain('leave the option out');
  },
);
