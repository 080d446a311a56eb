import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, startFleetWith } from '../support/fleet-process.ts';

afterAll(cleanUp);

const KEY = { BOT_KEY: `0x${'5a'.repeat(31)}${(process.pid % 200).toString(16).padStart(2, '0')}` };

it('refuses a second fleet on the same key, with another data directory, and names the process that has it', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(config, "export default { mode: 'paper', bots: [{ id: 'Sentient', keyEnv: 'BOT_KEY' }] };");
  const first = startFleetWith(KEY, '--config', config, '--data-dir', join(dir, 'one'), '--signals', emptyFeed(dir));
  await first.line(/all 1 bots are ready/);
  const second = startFleetWith(KEY, '--config', config, '--data-dir', join(dir, 'two'));
  expect((await second.exit).code).toBe(2);
  expect(second.said()).toMatch(new RegExp(`the signer 0x[0-9a-f]{40} is in use by another fleet \\(process ${first.child.pid}, started `));
  expect(second.said()).not.toMatch(/^\s+at /m);
  first.child.kill('SIGTERM');
  expect((await first.exit).code).toBe(0);
});

function emptyFeed(dir: string): string {
  const path = join(dir, 'feed.json');
  writeFileSync(path, '[]');
  return path;
}
