import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, startFleet, startFleetWith } from '../support/fleet-process.ts';

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

it('names a damaged ledger at the start, before a bot moves', async () => {
  const dir = emptyDir();
  const feed = emptyFeed(dir);
  const well = startFleet('--until-idle', '--data-dir', dir, '--signals', feed);
  expect((await well.exit).code, well.said()).toBe(0);
  const path = join(dir, 'ledger.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const pages = statSync(path).size / 4096;
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, (pages - 1) * 4096);
  closeSync(file);
  const damaged = startFleet('--until-idle', '--data-dir', dir, '--signals', feed);
  expect((await damaged.exit).code).toBe(2);
  expect(damaged.said()).toMatch(/ledger\.db is damaged \(.*\); restore it from a backup/);
  expect(damaged.said()).not.toContain('bots are ready');
});

it('names a ledger that a newer fleet wrote', async () => {
  const dir = emptyDir();
  const feed = emptyFeed(dir);
  const well = startFleet('--until-idle', '--data-dir', dir, '--signals', feed);
  expect((await well.exit).code, well.said()).toBe(0);
  const db = new DatabaseSync(join(dir, 'ledger.db'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  const older = startFleet('--until-idle', '--data-dir', dir, '--signals', feed);
  expect((await older.exit).code).toBe(2);
  expect(older.said()).toMatch(/ledger\.db has schema version 99, this fleet knows versions up to \d+; run the newer fleet that wrote it/);
});
