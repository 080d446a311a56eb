/** What rows show of trades whose signals file has lost something, or nothing. */
import { renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const long = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };
const exit = { symbol: 'BTC', signal_type: 'exit' };

/** So many exits that are over and shown. */
async function exits(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) world.signal(exit);
  await world.hold(6_000);
  expect(world.ledger.activeTrades('Sentient')).toEqual([]);
}

it('does not show every trade of the past again at a start', async () => {
  await exits(5);
  const shown = vi.spyOn(world.queue, 'project');
  await world.restart();
  await world.hold(4_000);
  expect(shown).not.toHaveBeenCalled();
});

/** Puts the file as it was at `from` in the place of the one in use. */
function setBackTo(from: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(`${world.queue.path}${suffix}`, { force: true });
  renameSync(from, world.queue.path);
}

function backUp(): string {
  const to = `${world.queue.path}.backup`;
  const db = new Database(world.queue.path);
  db.exec(`VACUUM INTO '${to}'`);
  db.close();
  return to;
}

/** Rows of trades that were given to be shown, oldest first. */
const given = (shown: { mock: { calls: Parameters<World['queue']['project']>[] } }): number[] =>
  [...new Set(shown.mock.calls.map(([{ trade }]) => trade.signal.rowId))].sort((a, b) => a - b);

it('shows again at a start what a power cut has taken from the signals file, and nothing else', async () => {
  await exits(2);
  const backup = backUp();
  await exits(3);
  // Its writers’ rows are lost with it; of one that was there then, the end is.
  const shown = vi.spyOn(world.queue, 'project');
  setBackTo(backup);
  await world.restart();
  await world.hold(4_000);
  expect(given(shown)).toEqual([3, 4, 5]);
  expect(world.queue.allRows().map(({ status }) => status)).toEqual(['no_op', 'no_op']);
});

it('shows a status again that a power cut has taken', async () => {
  const id = world.signal(long);
  await world.hold(6_000);
  const backup = backUp();
  await exits(1);
  expect(world.row(id).status).toBe('closed');
  setBackTo(backup);
  expect(world.row(id).status).toBe('filled');
  await world.restart();
  await world.hold(4_000);
  expect(world.row(id).status).toBe('closed');
});

it('shows again what a backup lacks that takes the file’s place while the fleet runs, with the next trade', async () => {
  const id = world.signal(long);
  await world.hold(6_000);
  const backup = backUp();
  await exits(1);
  setBackTo(backup);
  await world.hold(4_000);
  expect(world.row(id).status).toBe('filled');
  world.signal(exit);
  await world.hold(6_000);
  expect(world.queue.allRows().map(({ status }) => status)).toEqual(['closed', 'no_op']);
});
