/** Rows of `bot_controls` that do nothing: they show `executed` like the others, so whoever wrote one hears it from the bot. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const notObeyed = () =>
  world.reports.flatMap((report) => (report.kind === 'alert' && report.phrase === 'command not obeyed' ? [report.detail] : []));

it('a command that is none is an alert with the commands there are, once', async () => {
  const { key } = world.queue.insertControl('Sentient', 'CLOSEALL');
  await world.advance(4_000);
  expect(world.queue.controls('Sentient')).toEqual([]);
  expect(notObeyed()).toEqual([
    { command: 'CLOSEALL', reason: 'unknown command "CLOSEALL"; known are PAUSE, RESUME, CLOSE_ALL, ACKNOWLEDGE' },
  ]);
  expect(world.ledger.controlOutcomes(key).get('Sentient')).toBe(notObeyed()[0]?.reason);
});

it('of a rubbish command its beginning is shown', async () => {
  world.queue.insertControl('Sentient', 'X'.repeat(5_000));
  await world.advance(4_000);
  expect(notObeyed()).toEqual([{ command: `${'X'.repeat(40)}…`, reason: expect.stringMatching(/^unknown command "X{40}…"; known are/) }]);
});

it('one that a start finds too old is an alert, and a PAUSE that a later RESUME has overtaken is none', async () => {
  const { controls } = world.queue;
  const createdAtText = new Date(world.clock.now() - 301_000).toISOString();
  Object.assign(world.queue, { controls: (bot: string) => controls(bot).map((row) => ({ ...row, createdAtText })) });
  world.queue.insertControl('Sentient', 'CLOSE_ALL');
  world.queue.insertControl('Sentient', 'PAUSE');
  world.queue.insertControl('Sentient', 'RESUME');
  await world.restart();
  await world.advance(4_000);
  expect(notObeyed()).toEqual([{ command: 'CLOSE_ALL', reason: 'stale, not applied' }]);
});
