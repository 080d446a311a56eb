/** The paper exchange as its users run it: a program of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { post } from '../support/paper-venue.ts';
import { rawRequest, rawSocket } from '../support/raw-client.ts';
import { btcOrder, signedRequest } from '../support/signed-request.ts';
import { testWallet } from '../support/wallet.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'apps/paper-exchange/src/main.ts');
const wallet = testWallet(1);
const user = wallet.address;
let dir: string;
let children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stand-alone-'));
});
afterEach(() => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  children = [];
  rmSync(dir, { recursive: true, force: true });
});

/** Runs it and collects what it says to the end. */
function run(extra: readonly string[], command: readonly [string, ...string[]] = [process.execPath, MAIN]) {
  const [file, ...own] = command;
  const child = spawn(file, [...own, '--port', '0', '--latency', 'none', ...extra], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: Number(code), errors }));
  return { child, ended, errors: () => errors };
}

/** Runs it until it listens. */
async function start(extra: readonly string[], command?: readonly [string, ...string[]]) {
  const own = run(extra, command);
  const lines = createInterface({ input: own.child.stdout });
  const first = once(lines, 'line').then(([line]) => String(line));
  const line = await Promise.race([
    first,
    own.ended.then(({ errors }) => Promise.reject(new Error(`it ended before it listened: ${errors}`))),
  ]);
  const url = line.replace('listening ', '');
  return { ...own, line, url, port: Number(new URL(url).port) };
}

describe('the paper exchange on its own', () => {
  test('trades a market that is told, and comes back from a kill with all of it but the faults', async () => {
    const options = ['--market', 'scripted:BTC,ETH', '--data-dir', dir];
    const first = await start(options);
    expect(first.line).toMatch(/^listening http:\/\/127\.0\.0\.1:\d+$/);
    await post(`${first.url}/paper/fund`, { user, usd: 10_000 });
    const { json: told } = await post(`${first.url}/paper/market`, { coin: 'BTC', px: '65000' });
    const { atMs } = told as { atMs: number };
    await post(`${first.url}/paper/fault`, { kind: 'reject-order', error: 'odd', after: 1 });
    await post(`${first.url}/exchange`, await signedRequest(wallet, btcOrder('65100'), atMs + 1));
    const refused = await post(`${first.url}/exchange`, await signedRequest(wallet, btcOrder('65100'), atMs + 2));
    expect(refused.text).toContain('odd asset=0');
    const questions = ['userFills', 'historicalOrders'].map((type) => ({ type, user }));
    const memory = async (url: string) => Promise.all(questions.map(async (body) => (await post(`${url}/info`, body)).text));
    const journal = async (url: string) => JSON.parse((await rawRequest(`${url}/paper/journal`, { method: 'GET' }).reply).text);
    const before = [await memory(first.url), await journal(first.url)];
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await start(options);
    expect([await memory(second.url), await journal(second.url)]).toEqual(before);
    expect(JSON.parse((await rawRequest(`${second.url}/paper/fault`, { method: 'GET' }).reply).text)).toEqual({ faults: [] });
    expect((await post(`${second.url}/paper/market`, { coin: 'BTC', px: '64000' })).status).toBe(200);
    second.child.kill('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, errors: '' });
  });

  test('says what to do about a first action that could be signed for either network', async () => {
    const venue = await start(['--market', 'scripted:BTC', '--auto-fund', '100']);
    const first = await signedRequest(wallet, btcOrder('65100'), Date.now(), { isTestnet: true });
    expect((await post(`${venue.url}/exchange`, first)).json).toMatchObject({ status: 'err' });
    venue.child.kill('SIGTERM');
    const { errors } = await venue.ended;
    expect(errors).toMatch(
      new RegExp(`^refused an action signed by 0x[0-9a-f]{40} if .* or by ${user} if it was for the testnet: neither `),
    );
    expect(errors).toContain('--network mainnet or testnet');
  });

  test('listens elsewhere when it is told to, with a warning', async () => {
    const venue = await start(['--market', 'scripted:BTC', '--host', '0.0.0.0']);
    expect(venue.line).toMatch(/^listening http:\/\/0\.0\.0\.0:\d+$/);
    expect(venue.errors()).toMatch(/^warning: 0\.0\.0\.0 is no loopback address: whoever reaches it can trade here\./);
    expect((await post(`http://127.0.0.1:${venue.port}/paper/fund`, { user, usd: 1 })).status).toBe(200);
  });

  test.each([
    [['--host', 'here'], /^--host here: give an IP address of this machine, e\.g\. 127\.0\.0\.1/],
    [['--market', 'scripted:'], /^--market scripted:: names no coin; give a recording, candles:FILE,FILE… .*scripted:COIN,COIN…/],
    [['--market', 'scripted:BTC,NOPE'], /^coin "NOPE" is not traded on mainnet: give names as mainnet has them/],
  ])('refuses %j with a sentence', async (extra, text) => {
    const { code, errors } = await run(extra).ended;
    expect(code).toBe(2);
    expect(errors).toMatch(text);
  });

  test('ends when its port is taken', async () => {
    const venue = await start(['--market', 'scripted:BTC']);
    const { code, errors } = await run(['--market', 'scripted:BTC', '--port', String(venue.port)]).ended;
    expect(code).toBe(2);
    expect(errors).toMatch(`--port ${venue.port}: another program listens there; end it, or name another port (0 takes a free one)`);
  });

  test('ends with the npm process that runs it', async () => {
    const venue = await start(['--market', 'scripted:BTC'], ['npm', 'run', '--silent', 'paper-exchange', '--']);
    const socket = await rawSocket(venue.port);
    venue.child.kill('SIGTERM');
    expect(await socket.closed).toBe(1006);
    // It closes its connections before it stops to listen.
    const asked = (): Promise<string> => rawSocket(venue.port).then(() => 'taken', String);
    await expect.poll(asked, { timeout: 10_000 }).toMatch(/ECONNREFUSED/);
  });
});
