import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSignalQueue } from '@hyperfleet/store';
import { afterAll, expect, it } from 'vitest';
import { adminControls, cleanUp, emptyDir, readReport, startFleet, unexplained } from '../support/fleet-process.ts';

afterAll(cleanUp);

const BOTS = 16;
/** Ten users an IP, of whom one connection is the market's: each account needs one of its own. */
const STREAMS = 9;

interface Status {
  readonly bots: readonly {
    readonly id: string;
    readonly hearing: 'stream' | 'poll' | null;
    readonly health: string | null;
  }[];
}

/** The status file as it is now; null before it is written. */
function statusOf(dir: string): Status | null {
  try {
    return JSON.parse(readFileSync(join(dir, 'status.json'), 'utf8'));
  } catch {
    return null;
  }
}

it('trades sixteen bots on one IP: nine hear from streams, the others ask, and places go to those at risk', async () => {
  const dir = emptyDir();
  const data = join(dir, 'data');
  const config = join(dir, 'fleet.config.ts');
  const ids = Array.from({ length: BOTS }, (_, index) => `Bot ${index + 1}`);
  writeFileSync(config, `export default { mode: 'paper', bots: ${JSON.stringify(ids.map((id) => ({ id })))} };`);
  const feed = join(dir, 'feed.json');
  // The last bots, which begin without a stream, are the first to be at risk. Each entry rests before it fills: the bundled market comes
  // to this price after 70 s, and once more, far beyond it, after 190 s.
  const entries = [...ids].reverse().map((id, index) => ({
    atMs: 40_000 + index * 1_500,
    row: {
      symbol: 'ETH',
      direction: 'short',
      signal_type: 'entry',
      bot_name: id,
      entry_1: 4_270,
      stop_loss: 4_400,
      target_1: 3_900,
    },
  }));
  writeFileSync(feed, JSON.stringify(entries));
  const report = join(dir, 'report.json');
  const fleet = startFleet('--until-idle', '--speed', '10', '--config', config, '--data-dir', data, '--signals', feed, '--report', report);
  await fleet.line(/9 of 16 bots hear from streams, all that one IP may have; the other 7 are asked for every 2\.6 s/);
  let most = 0;
  let before = 0;
  const heard = new Set<string>();
  const shown = new Set<string>();
  const watching = setInterval(() => {
    const bots = statusOf(data)?.bots ?? [];
    const streaming = bots.filter(({ hearing }) => hearing === 'stream').length;
    // When a place changes hands, the one who has it may tell of it before the one who had it: that is over at the next look.
    most = Math.max(most, Math.min(before, streaming));
    before = streaming;
    for (const { id, hearing } of bots) {
      if (hearing === 'stream') heard.add(id);
      if (hearing !== null) shown.add(id);
    }
  }, 100);
  await fleet.line(/Bot 16 +ETH sold/);
  const status = await adminControls('ALL', 'STATUS', '--data-dir', data);
  expect(status.text).toMatch(/HEALTH +NAKED AT MOST/);
  await Promise.all(ids.map((id) => fleet.line(new RegExp(`${id} +ETH (sold|refused|expired)`))));
  const queue = openSignalQueue(join(data, 'signals.db'));
  for (const id of ids) queue.insertRow({ symbol: 'ETH', signal_type: 'exit', bot_name: id });
  queue.close();
  const { code } = await fleet.exit;
  clearInterval(watching);
  expect(code, fleet.said()).toBe(0);
  expect(most).toBe(STREAMS);
  expect(heard.has('Bot 16')).toBe(true);
  // What the status file said of every bot while they traded.
  expect(shown.size).toBe(BOTS);

  const written = readReport(report);
  expect(written.bots.map(({ state }) => state)).toEqual(ids.map(() => 'active'));
  expect(written.bots.map(({ restarts }) => restarts)).toEqual(ids.map(() => 0));
  expect(unexplained(written)).toEqual(ids.map(() => 0));
  expect(written.venue).toMatchObject({ duplicateCloids: 0, conservationErrorUsd: 0 });
  expect(
    written.signals.filter(({ status: ended }) => ended === 'closed'),
    fleet.said(),
  ).toHaveLength(BOTS);
}, 180_000);

it('refuses to start more bots than one IP may ask for, before anything is opened, and says what would help', async () => {
  const dir = emptyDir();
  const config = join(dir, 'fleet.config.ts');
  const bots = Array.from({ length: 40 }, (_, index) => ({ id: `Bot ${index + 1}` }));
  writeFileSync(config, `export default { mode: 'paper', bots: ${JSON.stringify(bots)} };`);
  const fleet = startFleet('--config', config, '--data-dir', join(dir, 'data'));
  expect((await fleet.exit).code).toBe(2);
  expect(fleet.said()).toMatch(
    /40 bots compared with the venue every 60 s take 1680 of request weight a minute.*set reconcileIntervalMs to \d+ or more, or run fewer bots/,
  );
});
