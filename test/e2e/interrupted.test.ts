import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  adminControls,
  cleanUp,
  emptyDir,
  type FleetProcess,
  query,
  readReport,
  startFleet,
  startFleetUnder,
  unexplained,
} from '../support/fleet-process.ts';

afterAll(cleanUp);

/** Two trades that stay open for as long as the test likes, and one entry that rests. */
const SIGNALS = [
  {
    atMs: 5_000,
    row: {
      symbol: 'BTC',
      direction: 'long',
      signal_type: 'entry',
      bot_name: 'Sentient',
      entry_1: 110_500,
      stop_loss: 104_000,
      target_1: 116_000,
    },
  },
  {
    atMs: 5_000,
    row: {
      symbol: 'ETH',
      direction: 'short',
      signal_type: 'entry',
      bot_name: 'AlphaCryptoSignal',
      entry_1: 4_240,
      stop_loss: 4_400,
      target_1: 4_000,
      target_2: 3_900,
    },
  },
  {
    atMs: 6_000,
    row: { symbol: 'SOL', direction: 'long', signal_type: 'entry', bot_name: 'Apprentice Alchemist', entry_1: 199, stop_loss: 190 },
  },
];

let dir: string;
let args: string[];

beforeAll(() => {
  dir = emptyDir();
  writeFileSync(join(dir, 'signals.json'), JSON.stringify(SIGNALS));
  args = ['--speed', '10', '--data-dir', join(dir, 'data'), '--signals', join(dir, 'signals.json'), '--report', join(dir, 'report.json')];
});

const inData = (name: string): string => join(dir, 'data', name);

async function kill(fleet: FleetProcess): Promise<void> {
  fleet.child.kill('SIGKILL');
  await fleet.exit;
}

const admin = (...words: string[]) => adminControls(...words, '--data-dir', inData(''));

it('survives kill -9, refuses a second fleet, obeys its operator and accounts for every micro-dollar', { timeout: 180_000 }, async () => {
  const first = startFleet(...args);
  await first.line(/Sentient +BTC bought .*\(entry\)/);
  // Between the fill and the take-profits, or a moment later: any moment must do.
  await kill(first);
  const marketMs = Number(query(inData('ledger.db'), 'SELECT max(market_last_ms) AS ms FROM clock_sessions')[0]?.ms);

  const second = startFleet(...args);
  // Said once the bots are at their places.
  await second.line(/takes up where the last run ended/);
  expect(second.said()).toContain('all 3 bots are ready');
  const third = startFleet(...args);
  expect(await third.exit).toMatchObject({ code: 2 });
  expect(third.said()).toContain(`process ${second.child.pid}`);
  await kill(second);

  const fleet = startFleet(...args);
  await fleet.line(/all 3 bots are ready/);
  const resumedMs = Number(query(inData('ledger.db'), 'SELECT market_start_ms AS ms FROM clock_sessions ORDER BY id DESC LIMIT 1')[0]?.ms);
  expect(resumedMs).toBeGreaterThanOrEqual(marketMs);

  const paused = await admin('sent', 'pause', '--json');
  expect(paused.code, paused.text).toBe(0);
  expect(paused.text).toContain('"outcome":"paused"');
  const closed = await admin('ALL', 'CLOSE_ALL');
  expect(closed.code, closed.text).toBe(0);
  expect(closed.text).toContain('closed 1 position(s), cancelled 0 entry order(s), paused');

  fleet.child.kill('SIGTERM');
  expect(await fleet.exit, fleet.said()).toMatchObject({ code: 0 });
  expect(fleet.said()).toContain('it was told to by SIGTERM');
  const report = readReport(join(dir, 'report.json'));
  expect(report.signals.map(({ bot, status }) => [bot, status])).toEqual([
    ['Sentient', 'closed'],
    ['AlphaCryptoSignal', 'closed'],
    ['Apprentice Alchemist', 'expired'],
  ]);
  expect(unexplained(report)).toEqual([0, 0, 0]);
  expect(report.venue).toMatchObject({ duplicateCloids: 0, conservationErrorUsd: 0 });
  expect(query(inData('ledger.db'), "SELECT count(*) AS n FROM orders WHERE role = 'entry' AND filled_sz > 0")).toEqual([{ n: 2 }]);

  const after = await admin('ALL', 'STATUS');
  expect(after.text).toContain('The fleet is not running.');
});

it('obeys a stop while the venue is still catching up with its journal', async () => {
  const module = join(dir, 'never-ready.mjs');
  const stuck = 'if (!isMainThread && workerData?.recording !== undefined) for (;;);';
  writeFileSync(module, `import { isMainThread, workerData } from 'node:worker_threads';\n${stuck}\n`);
  const data = join(dir, 'stuck');
  const fleet = startFleetUnder(module, '--data-dir', data);
  const log = (): string => (existsSync(join(data, 'fleet.log')) ? readFileSync(join(data, 'fleet.log'), 'utf8') : '');
  await expect.poll(log, { timeout: 20_000 }).toContain('fleet starts');
  fleet.child.kill('SIGTERM');
  expect(await fleet.exit, fleet.said()).toMatchObject({ code: 0 });
  expect(fleet.said()).toContain('The fleet stopped: it was told to by SIGTERM, before a bot was started.');
});

it('names a mark of the venue’s time that is damaged', async () => {
  const data = join(dir, 'mark');
  const first = startFleet('--data-dir', data, '--signals', none());
  await first.line(/all 3 bots are ready/);
  await kill(first);
  writeFileSync(join(data, 'paper-exchange.jsonl.time'), '99999999999999\n');
  const second = startFleet('--data-dir', data, '--signals', none());
  expect(await second.exit, second.said()).toMatchObject({ code: 2 });
  expect(second.said()).toMatch(/paper-exchange\.jsonl\.time is damaged: .*remove that file/);
  const mark = Buffer.alloc(8);
  mark.writeBigUInt64LE(BigInt(Date.parse('2030-01-01')));
  writeFileSync(join(data, 'paper-exchange.jsonl.time'), mark);
  const third = startFleet('--data-dir', data, '--signals', none());
  expect(await third.exit, third.said()).toMatchObject({ code: 2 });
  expect(third.said()).toMatch(/the market had come to 2030-01-01.*, long after the recording’s end; remove that file/);
});

function none(): string {
  const path = join(dir, 'none.json');
  writeFileSync(path, '[]');
  return path;
}

it.each([
  ['a misspelt option', ['--until-idl'], 'did you mean --until-idle?'],
  ['a recording that is none', ['--market', import.meta.filename], 'is no recording'],
  ['a signals file that is not there', ['--signals', '/nowhere/signals.json'], '/nowhere/signals.json'],
  ['a configuration that is not there', ['--config', '/nowhere/fleet.config.ts'], '/nowhere/fleet.config.ts'],
  ['a report that cannot be written', ['--report', '/nowhere/report.json'], '/nowhere/report.json'],
])('refuses %s with code 2 and a reason', async (_, wrong, reason) => {
  const fleet = startFleet('--data-dir', join(dir, 'unused'), ...wrong);
  expect(await fleet.exit).toMatchObject({ code: 2 });
  expect(fleet.said()).toContain(reason);
});
