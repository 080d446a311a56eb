import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, emptyDir, query, type Report, readReport, startFleet, unexplained } from '../support/fleet-process.ts';

interface Sample {
  readonly atMs: number;
  readonly comment: string;
  readonly row?: { readonly bot_name: string };
}

const SAMPLES: readonly Sample[] = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../apps/fleet/samples/signals.json', import.meta.url)), 'utf8'),
);

describe('the fleet on its bundled market with its bundled signals', () => {
  let dir: string;
  let report: Report;
  let said: string;

  beforeAll(async () => {
    dir = emptyDir();
    const fleet = startFleet('--until-idle', '--speed', '60', '--data-dir', dir, '--report', join(dir, 'report.json'));
    const { code } = await fleet.exit;
    said = fleet.said();
    expect(code, said).toBe(0);
    report = readReport(join(dir, 'report.json'));
  }, 180_000);

  afterAll(cleanUp);

  it('ends every signal as its comment says', () => {
    const rows = SAMPLES.filter(({ row }) => row !== undefined).sort((a, b) => a.atMs - b.atMs);
    const wanted = rows.map(({ comment }) => /Ends (\w+)/.exec(comment)?.[1]);
    expect(report.signals.map(({ status }) => status)).toEqual(wanted);
    expect(report.signals.some(({ breakevenAtMs }) => breakevenAtMs !== null)).toBe(true);
  });

  it('explains every micro-dollar of every account by its signals', () => {
    expect(unexplained(report)).toEqual(report.bots.map(() => 0));
    expect(report.signals.some(({ netPnlUsd }) => netPnlUsd !== 0)).toBe(true);
    expect(report.venue.conservationErrorUsd).toBe(0);
  });

  it('sends nothing twice and says at the end why it stopped', () => {
    expect(report.venue.duplicateCloids).toBe(0);
    expect(said).toContain('The fleet stopped: nothing is left to do.');
  });

  it('shows in the databases what it reports', () => {
    const stored = query(join(dir, 'signals.db'), 'SELECT id, bot_name, status FROM signals ORDER BY id');
    expect(report.signals.map(({ id, bot, status }) => ({ id, bot_name: bot, status }))).toEqual(stored);
    expect(query(join(dir, 'ledger.db'), 'SELECT count(*) AS n FROM fills')).toEqual([{ n: report.venue.fills }]);
    expect(query(join(dir, 'ledger.db'), 'SELECT count(*) AS n FROM fills WHERE trade_id IS NULL')).toEqual([{ n: 0 }]);
  });

  it('keeps the paper keys in one file that only its owner may read, and nowhere else', () => {
    const path = join(dir, 'paper-keys.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const keys = Object.values<string>(JSON.parse(readFileSync(path, 'utf8'))).map((key) => key.slice(2));
    expect(keys).toHaveLength(3);
    for (const name of readdirSync(dir)) {
      if (name === 'paper-keys.json') continue;
      const bytes = readFileSync(join(dir, name)).toString('latin1').toLowerCase();
      for (const key of keys) expect(bytes.includes(key), name).toBe(false);
    }
  });

  it('lets go of the directory', () => {
    expect(existsSync(join(dir, 'fleet.lock.json'))).toBe(false);
  });
});
