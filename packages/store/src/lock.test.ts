import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { dataDirHolder, lockAccount, lockBot, lockDataDir, lockSigner } from './lock.ts';
import { startProgram } from './testing/programs.ts';
import { tempDir } from './testing/temp-dir.ts';

const SIGNER = '0xAbCd000000000000000000000000000000000001';

describe('the lock of a data directory', () => {
  it('refuses a second fleet and names the first', async () => {
    const dir = tempDir();
    const first = startProgram('./holding-lock.ts', [dir]);
    await first.line();
    expect(() => lockDataDir(dir)).toThrow(
      expect.objectContaining({ code: 'in-use', message: expect.stringContaining(`process ${first.child.pid}`) }),
    );
    expect(dataDirHolder(dir)).toMatchObject({ pid: first.child.pid });
  });

  it('is free the moment its holder is killed, whatever it left behind', async () => {
    const dir = tempDir();
    const first = startProgram('./holding-lock.ts', [dir]);
    await first.line();
    await first.kill();
    expect(existsSync(join(dir, 'fleet.lock.json'))).toBe(true);
    expect(dataDirHolder(dir)).toBeNull();
    const lock = lockDataDir(dir);
    expect(JSON.parse(readFileSync(join(dir, 'fleet.lock.json'), 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
  });

  it('holds against the same process and its threads, and can be taken again once released', async () => {
    const dir = join(tempDir(), 'made', 'on the way');
    const lock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: 'in-use' }));
    const thread = new Worker(new URL('./testing/holding-lock.ts', import.meta.url), { argv: [dir] });
    const [error] = await once(thread, 'error');
    expect(String(error)).toMatch(/runs on .* already/);
    expect(dataDirHolder(dir)).toMatchObject({ pid: process.pid });
    lock.release();
    lock.release();
    expect(dataDirHolder(dir)).toBeNull();
    lockDataDir(dir).release();
  });

  it('asks nobody when the note beside it is damaged', () => {
    const dir = tempDir();
    const lock = lockDataDir(dir);
    writeFileSync(join(dir, 'fleet.lock.json'), '{"pid":');
    expect(() => lockDataDir(dir)).toThrow(/another process/);
    lock.release();
  });

  it('is not held where no fleet ever was', () => {
    expect(dataDirHolder(join(tempDir(), 'nowhere'))).toBeNull();
  });

  it('cannot be taken where no directory can be', () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(() => lockDataDir(join(file, 'dir'))).toThrow(expect.objectContaining({ code: 'missing-directory' }));
  });
});

describe('the lock of a signer', () => {
  it('is one for an address in any case, and apart from every other', () => {
    const dir = tempDir();
    const lock = lockSigner(dir, SIGNER);
    expect(() => lockSigner(dir, SIGNER.toLowerCase())).toThrow(expect.objectContaining({ code: 'in-use' }));
    lockSigner(dir, SIGNER.replace(/1$/, '2')).release();
    lockDataDir(dir).release();
    lock.release();
    lockSigner(dir, SIGNER).release();
  });

  it('keeps another process out with its pid, is free when that one is killed, and leaves nothing behind when given up', async () => {
    const dir = tempDir();
    const first = startProgram('./holding-lock.ts', [dir, SIGNER]);
    await first.line();
    expect(() => lockSigner(dir, SIGNER)).toThrow(
      expect.objectContaining({ code: 'in-use', message: expect.stringContaining(`process ${first.child.pid}`) }),
    );
    await first.kill();
    lockSigner(dir, SIGNER).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is never held twice, however fast its holders come and go', async () => {
    const dir = tempDir();
    const programs = Array.from({ length: 4 }, () => startProgram('./taking-turns.ts', [dir, SIGNER, '50']));
    expect(await Promise.all(programs.map((program) => program.line()))).toEqual(['0', '0', '0', '0']);
  });

  it('takes nothing that is no address, and so never names a file after a key', () => {
    expect(() => lockSigner(tempDir(), 'Sentient')).toThrow(TypeError);
    expect(() => lockAccount(tempDir(), 'Sentient')).toThrow(TypeError);
  });

  it('is apart from the lock of an account, which is one for an address in any case too', () => {
    const dir = tempDir();
    const locks = [lockSigner(dir, SIGNER), lockAccount(dir, SIGNER)];
    expect(() => lockAccount(dir, SIGNER.toLowerCase())).toThrow(
      expect.objectContaining({ code: 'in-use', message: expect.stringMatching(/the account 0x[0-9a-f]{40} .* an account of its own/) }),
    );
    for (const lock of locks) lock.release();
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('the lock of a bot', () => {
  it('is one for the rows of a name in a file, whatever path leads to it', () => {
    const dir = tempDir();
    const [one, other, link] = ['one.db', 'other.db', 'link.db'].map((name) => join(dir, name));
    for (const path of [one, other]) writeFileSync(path ?? '', '');
    symlinkSync(one ?? '', link ?? '');
    const locks = [lockBot(dir, { bot: 'A', signals: one ?? '' }), lockBot(dir, { bot: 'A', signals: other ?? '' })];
    locks.push(lockBot(dir, { bot: 'B', signals: one ?? '' }));
    expect(() => lockBot(dir, { bot: 'A', signals: link ?? '' })).toThrow(
      expect.objectContaining({ code: 'in-use', message: expect.stringMatching(/^the signals of "A" in .* are traded by another fleet/) }),
    );
    for (const lock of locks) lock.release();
  });
});
