import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSignalQueue } from '@hyperfleet/store';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, startFleet, startFleetWith } from '../support/fleet-process.ts';
import { walletOf } from '../support/wallet.ts';

afterAll(cleanUp);

/** Keys and an account that no other run of this file has at the same time. */
const unique = (byte: string, length: number): string => `0x${byte.repeat(length - 1)}${(process.pid % 200).toString(16).padStart(2, '0')}`;
const KEY = { BOT_KEY: unique('5a', 32) };

it('refuses a second fleet on the same key, with another data directory, and names the process that has it', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(config, "export default { mode: 'paper', bots: [{ id: 'Sentient', keyEnv: 'BOT_KEY' }] };");
  const first = startFleetWith(KEY, '--config', config, '--data-dir', join(dir, 'one'), '--signals', emptyFeed(dir));
  await first.line(/the bot is ready/);
  const second = startFleetWith(KEY, '--config', config, '--data-dir', join(dir, 'two'));
  expect((await second.exit).code).toBe(2);
  expect(second.said()).toMatch(new RegExp(`the signer 0x[0-9a-f]{40} is in use by another fleet \\(process ${first.child.pid}, started `));
  expect(second.said()).not.toMatch(/^\s+at /m);
  first.child.kill('SIGTERM');
  expect((await first.exit).code).toBe(0);
});

it('refuses a second fleet whose key is another agent of the same account', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(config, "export default { mode: 'paper', bots: [{ id: 'Sentient', keyEnv: 'BOT_KEY', accountEnv: 'ACCOUNT' }] };");
  const ACCOUNT = unique('ac', 20);
  const feed = emptyFeed(dir);
  const first = startFleetWith(
    { BOT_KEY: unique('6b', 32), ACCOUNT },
    ...['--config', config, '--data-dir', join(dir, 'one'), '--signals', feed],
  );
  await first.line(/the bot is (not )?ready/);
  const second = startFleetWith({ BOT_KEY: unique('7c', 32), ACCOUNT }, '--config', config, '--data-dir', join(dir, 'two'));
  expect((await second.exit).code, second.said()).toBe(2);
  expect(second.said()).toContain(`the account ${ACCOUNT} is in use by another fleet (process ${first.child.pid}, started `);
  first.child.kill('SIGTERM');
  await first.exit;
});

it('refuses a second fleet with a bot of the same name on the same signals, and leaves what the first has in hand there', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  const signals = join(dir, 'signals.db');
  writeFileSync(config, `export default { mode: 'paper', bots: [{ id: 'Sentient' }], signalsDb: '${signals}' };`);
  const first = startFleet('--config', config, '--data-dir', join(dir, 'one'), '--signals', emptyFeed(dir));
  await first.line(/the bot is ready/);
  const queue = openSignalQueue(signals);
  queue.insertRow({ symbol: 'BTC', signal_type: 'entry', bot_name: 'Sentient', entry_1: 1, status: 'processing' });
  const second = startFleet('--config', config, '--data-dir', join(dir, 'two'), '--signals', emptyFeed(dir));
  const { code } = await second.exit;
  expect(queue.allRows()).toMatchObject([{ status: 'processing' }]);
  queue.close();
  expect(code, second.said()).toBe(2);
  expect(second.said()).toContain(
    `the signals of "Sentient" in ${signals} are traded by another fleet (process ${first.child.pid}, started `,
  );
  first.child.kill('SIGTERM');
  expect((await first.exit).code, first.said()).toBe(0);
});

it('refuses two bots of which one is an agent of the other’s account, with both names', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(
    config,
    "export default { mode: 'paper', bots: [{ id: 'A', keyEnv: 'KEY1', accountEnv: 'ACC' }, { id: 'B', keyEnv: 'KEY2' }] };",
  );
  const owner = walletOf(unique('8d', 32));
  const keys = { KEY1: unique('9e', 32), KEY2: unique('8d', 32), ACC: owner.address };
  const fleet = startFleetWith(keys, '--config', config, '--data-dir', join(dir, 'data'));
  expect((await fleet.exit).code, fleet.said()).toBe(2);
  expect(fleet.said()).toMatch(
    /bots\[1\]\.keyEnv is "KEY2": "B" would trade the account 0x[0-9a-f]{40}, which "A" trades by bots\[0\]\.accountEnv/,
  );
  for (const key of [keys.KEY1, keys.KEY2]) expect(fleet.said()).not.toContain(key.slice(4, 20));
});

it('refuses a key that no curve has by the variable’s name, never its value', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(config, "export default { mode: 'paper', bots: [{ id: 'Sentient', keyEnv: 'BOT_KEY' }] };");
  const fleet = startFleetWith({ BOT_KEY: 'f'.repeat(64) }, '--config', config, '--data-dir', join(dir, 'data'));
  expect((await fleet.exit).code, fleet.said()).toBe(2);
  expect(fleet.said()).toMatch(/bots\[0\]\.keyEnv is "BOT_KEY": it names a variable that holds no private key/);
  expect(fleet.said()).not.toMatch(/^\s+at |ffff/m);
});

it('refuses two bots with one drawn key by their names, and tells once of a file of keys that others may read', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(config, "export default { mode: 'paper', bots: [{ id: 'A' }, { id: 'B' }] };");
  const data = join(dir, 'data');
  mkdirSync(data);
  const keys = (a: string, b: string): void =>
    writeFileSync(join(data, 'paper-keys.json'), JSON.stringify({ A: a, B: b }), { mode: 0o644 });
  keys(unique('1a', 32), unique('1a', 32));
  const args = ['--config', config, '--data-dir', data, '--signals', emptyFeed(dir)];
  const twins = startFleet(...args);
  expect((await twins.exit).code, twins.said()).toBe(2);
  expect(twins.said()).toMatch(/the key of "B" \(in .*paper-keys\.json\) is that of "A"/);
  keys(unique('2b', 32), unique('3c', 32));
  const open = startFleet(...args);
  await open.line(/the market of .* begins/);
  open.child.kill('SIGTERM');
  expect((await open.exit).code, open.said()).toBe(0);
  expect(open.said().match(/chmod 600/g)).toHaveLength(1);
});

function emptyFeed(dir: string): string {
  const path = join(dir, 'feed.json');
  writeFileSync(path, '[]');
  return path;
}
