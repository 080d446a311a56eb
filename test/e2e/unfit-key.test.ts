import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, readReport, startFleetWith } from '../support/fleet-process.ts';

afterAll(cleanUp);

it('halts a bot whose key is no agent of its account, says what to do, and lets its sibling trade', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  const bots = [{ id: 'Alpha', keyEnv: 'ALPHA_KEY', accountEnv: 'ALPHA_ACCOUNT' }, { id: 'Sentient' }];
  writeFileSync(config, `export default { mode: 'paper', bots: ${JSON.stringify(bots)} };`);
  const feed = join(dir, 'feed.json');
  const row = { symbol: 'ETH', direction: 'long', signal_type: 'entry', bot_name: 'Sentient', entry_1: 4_290, stop_loss: 4_000 };
  const exit = { symbol: 'ETH', signal_type: 'exit', bot_name: 'Sentient' };
  writeFileSync(
    feed,
    JSON.stringify([
      { atMs: 10_000, row },
      { atMs: 90_000, row: exit },
    ]),
  );
  const report = join(dir, 'report.json');
  const key = `0x${'6b'.repeat(30)}${(process.pid % 65_536).toString(16).padStart(4, '0')}`;
  const env = { ALPHA_KEY: key, ALPHA_ACCOUNT: `0x${'1a'.repeat(20)}` };
  const fleet = startFleetWith(
    env,
    ...['--until-idle', '--speed', '20', '--config', config, '--data-dir', join(dir, 'data'), '--signals', feed, '--report', report],
  );
  expect((await fleet.exit).code, fleet.said()).toBe(3);
  expect(fleet.said()).toMatch(
    /NEEDS A PERSON: Alpha is halted: its key 0x[0-9a-f]{40} is no agent of 0x(1a){20}: approve it at the venue, or correct accountEnv/,
  );
  expect(fleet.said()).not.toContain(key);
  expect(readReport(report).signals[0]).toMatchObject({ bot: 'Sentient', status: 'closed' });
});
