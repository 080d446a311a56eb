import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, emptyDir, readReport, startFleetUnder, unexplained } from '../support/fleet-process.ts';
import { writeShortMarket } from '../support/short-market.ts';

afterAll(cleanUp);

const LEVER = new URL('../support/hang-lever.ts', import.meta.url);

it('gives a part fill its stop while the fill monitor’s thread hangs, and trades on when it has been begun anew', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  writeFileSync(config, `export default { mode: 'paper', bots: [{ id: 'One' }] };`);
  const market = join(dir, 'short.hfr');
  // A third of the entry fills in the eighth second, the rest never does.
  writeShortMarket(market, [{ atS: 7.5, print: ['BTC', 'sell', '99890', '0.03'] }], 120);
  const signals = join(dir, 'signals.json');
  const entry = { symbol: 'BTC', direction: 'long', signal_type: 'entry', bot_name: 'One', entry_1: 99_900, stop_loss: 98_000 };
  const exit = { symbol: 'BTC', signal_type: 'exit', bot_name: 'One' };
  writeFileSync(
    signals,
    JSON.stringify([
      { atMs: 500, row: entry },
      { atMs: 18_000, row: exit },
    ]),
  );
  const lever = join(dir, 'hang');
  const query = new URLSearchParams({ thread: 'One/fill-monitor', file: lever });
  const report = join(dir, 'report.json');
  const args = ['--until-idle', '--speed', '1', '--config', config, '--market', market, '--signals', signals];
  const fleet = startFleetUnder(`${LEVER.href}?${query}`, ...args, '--data-dir', join(dir, 'data'), '--report', report);
  await fleet.line(/One +BTC entry rests/);
  writeFileSync(lever, '');
  await fleet.line(/ALERT the fill monitor says nothing/);
  await fleet.line(/One +BTC bought 0\.03/);
  await fleet.line(/One\/fill-monitor restarts: gave no sign of life/);
  const { code } = await fleet.exit;
  expect(code, fleet.said()).toBe(0);
  const written = readReport(report);
  expect(written.venue).toMatchObject({ duplicateCloids: 0, conservationErrorUsd: 0 });
  // Asked each second, and a few round trips: it would be six seconds and more until the thread is ended.
  expect(written.venue.nakedMsMax, fleet.said()).toBeLessThanOrEqual(4_000);
  expect(unexplained(written)).toEqual([0]);
  expect(written.signals.map(({ status }) => status)).toEqual(['closed', 'executed']);
}, 120_000);
