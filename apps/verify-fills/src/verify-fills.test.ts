import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { BadFile } from './bad-file.ts';
import { parseCsv } from './csv.ts';
import { readFillsFile } from './fills-file.ts';
import { differing, emptyTally, type Tally, verifyAccount } from './verification.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'fills');
const RECORDINGS = join(process.env.HYPERFLEET_SHARED ?? join(ROOT, '..', 'shared'), 'data', 'fills_hl');
const HAS_RECORDINGS = existsSync(RECORDINGS);

const folder = mkdtempSync(join(tmpdir(), 'verify-fills-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const verify = (...files: readonly string[]): Tally => {
  const tally = emptyTally();
  for (const file of files) verifyAccount(file, readFillsFile(file), tally);
  return tally;
};
const fixture = (name: string): string => join(FIXTURES, name);
const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const textOf = (name: string): string => gunzipSync(readFileSync(fixture(name))).toString();

const HEADER = 'time_ms,coin,dir,side,px,sz,startPosition,closedPnl,liquidation';
const fills = (name: string, rows: readonly string[]): string => written(name, `${[HEADER, ...rows].join('\n')}\n`);

describe('recorded accounts', () => {
  test('an account whose fills stand one by one agrees to the last micro-dollar, coins of unknown decimals included', () => {
    expect(verify(fixture('account-unmerged.csv.gz'))).toEqual({ fills: 182, judged: 182, matched: 182, exact: 182, exceptions: {} });
  });

  test('prices finer than a tick, written where fills were merged, still agree', () => {
    const tally = verify(fixture('vault-fine-averages.csv.gz'));
    expect(tally).toMatchObject({ fills: 137, judged: 137, matched: 137, exceptions: {} });
    expect(tally.exact).toBeGreaterThanOrEqual(133);
  });

  test('what a file cannot tell is an exception with a name', () => {
    expect(verify(fixture('vault-merged-flips.csv.gz'))).toMatchObject({
      judged: 123,
      matched: 115,
      exceptions: { mergedFlip: 3, adl: 5 },
    });
    expect(verify(fixture('vault-settlement.csv.gz'))).toMatchObject({ judged: 28, matched: 26, exceptions: { settlement: 1, adl: 1 } });
  });

  test('a liquidation by the backstop agrees, and closes before the first flat are not judged', () => {
    expect(verify(fixture('vault-liquidated.csv.gz'))).toEqual({
      fills: 60,
      judged: 58,
      matched: 58,
      exact: 58,
      exceptions: { unknownEntry: 2 },
    });
  });

  test('the noise of a float in a size breaks no chain of positions', () => {
    expect(verify(fixture('vault-float-sizes.csv.gz'))).toMatchObject({ fills: 5, judged: 5, matched: 5, exceptions: {} });
  });

  test('several files are several accounts and one tally', () => {
    const tally = verify(fixture('account-unmerged.csv.gz'), fixture('vault-settlement.csv.gz'));
    expect(tally).toMatchObject({ fills: 210, judged: 210, matched: 208 });
  });

  test('ten corrupted closedPnl values lower matched by exactly ten', () => {
    for (const [name, clean] of [
      ['account-unmerged.csv.gz', 182],
      ['vault-fine-averages.csv.gz', 137],
    ] as const) {
      const [header, ...rows] = parseCsv(textOf(name), name).map((row) => row.cells);
      const column = header?.findIndex((cell) => cell === 'closedPnl' || cell === '平仓收益') ?? -1;
      const corrupted = rows.map((row, index) =>
        row.map((cell, at) => (at === column && index % 13 === 5 && index < 130 ? String(Number(cell) + 7.5) : cell)),
      );
      const text = [header ?? [], ...corrupted].map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n');
      const tally = verify(written(`corrupted-${name}.csv`, text));
      expect(tally.matched).toBe(clean - 10);
      expect(tally.exceptions).toEqual({ mismatch: 10 });
    }
  });

  test.skipIf(!HAS_RECORDINGS)('sixty recorded vaults match in 99.8 % of what is judged, and nothing is unexplained', () => {
    const vaults = join(RECORDINGS, 'vaults');
    const tally = verify(
      ...readdirSync(vaults)
        .filter((name) => name.startsWith('vault_'))
        .map((name) => join(vaults, name)),
    );
    expect(tally).toMatchObject({ fills: 97_264, judged: 93_174 });
    expect(tally.matched / tally.judged).toBeGreaterThan(0.999);
    expect(tally.exact / tally.judged).toBeGreaterThan(0.98);
    const named = ['adl', 'liquidation', 'mergedFlip', 'netChildVaults', 'settlement', 'unknownEntry'];
    expect(Object.keys(tally.exceptions).sort()).toEqual(named);
    expect(differing(tally)).toBe(0);
  });
});

describe('order of fills', () => {
  const opened = '1000,BTC,Open Long,B,100,1,0.0,0.0,';
  const added = '2000,BTC,Open Long,B,110,1,1.0,0.0,';
  const halved = '2000,BTC,Close Long,A,120,1,2.0,15.0,';
  const closed = '2000,BTC,Close Long,A,121,1,1.0,16.0,';

  test('fills of one millisecond are chained by the position they began with', () => {
    expect(verify(fills('shuffled.csv', [opened, closed, halved, added]))).toMatchObject({ matched: 4, exact: 4, exceptions: {} });
  });

  test('a record that is newest first is read from its end', () => {
    const later = '3000,BTC,Open Short,A,90,1,0.0,0.0,';
    expect(verify(fills('reversed.csv', [later, closed, halved, added, opened]))).toMatchObject({ matched: 5, exact: 5 });
  });

  test('where a fill is missing the break is named and the average is not guessed from there', () => {
    const rows = [
      opened,
      '3000,BTC,Close Long,A,121,1,3.0,1.0,',
      '4000,BTC,Close Long,A,121,2,2.0,1.0,',
      '5000,BTC,Open Long,B,90,1,0.0,0.0,',
    ];
    expect(verify(fills('missing.csv', rows))).toMatchObject({
      fills: 4,
      judged: 3,
      matched: 2,
      exceptions: { startPosition: 1, unknownEntry: 1 },
    });
  });

  test('a wrong dir is an exception of its own', () => {
    expect(verify(fills('dir.csv', [opened.replace('Open Long', 'Close Short')]))).toMatchObject({ matched: 0, exceptions: { dir: 1 } });
  });

  test('spot fills are counted and left alone', () => {
    expect(verify(fills('spot.csv', ['1000,@107,Buy,B,10,1,0.0,0.0,', opened]))).toMatchObject({
      fills: 2,
      judged: 1,
      exceptions: { spot: 1 },
    });
  });
});

describe('bad files', () => {
  const faultOf = (file: string): string => {
    try {
      verify(file);
    } catch (error) {
      if (error instanceof BadFile) return error.message;
      throw error;
    }
    return 'no fault';
  };
  const good = '1000,BTC,Open Long,B,100,1,0.0,0.0,';

  test('names the file, the line and the column', () => {
    expect(faultOf(fills('price.csv', [good, good.replace(',100,', ',1OO,')]))).toMatch(
      /price\.csv:3: column 5 \(px\): "1OO" is no decimal number/,
    );
    expect(faultOf(fills('side.csv', [good.replace(',B,', ',buy,')]))).toMatch(/side\.csv:2: column 4 \(side\): "buy" is neither B/);
    expect(faultOf(fills('size.csv', [good.replace(',1,', ',-1,')]))).toMatch(/column 6 \(sz\): "-1" is not above zero/);
    expect(faultOf(fills('nan.csv', [good.replace(',0.0,0.0,', ',0.0,nan,')]))).toMatch(/column 8 \(closedPnl\): "nan"/);
    expect(faultOf(fills('time.csv', [good.replace('1000', '2025-01-01')]))).toMatch(/column 1 \(time_ms\)/);
  });

  test('says what is wrong with the file as a whole', () => {
    expect(faultOf(join(folder, 'absent.csv'))).toMatch(/absent\.csv: cannot be read/);
    expect(faultOf(written('empty.csv', ''))).toMatch(/is empty/);
    expect(faultOf(written('other.csv', 'a,b\n1,2\n'))).toMatch(/has no column coin/);
    expect(faultOf(fills('ragged.csv', ['1000,BTC']))).toMatch(/ragged\.csv:2: has 2 columns where the header has 9/);
    expect(faultOf(fills('quote.csv', [good, `${good}"{`]))).toMatch(/quote\.csv:3: a quote is opened and never closed/);
    expect(faultOf(fills('huge.csv', [good.replace(',1,', ',9e30,')]))).toMatch(/huge\.csv:2: holds a size/);
    const damaged = join(folder, 'damaged.csv.gz');
    writeFileSync(damaged, readFileSync(fixture('vault-settlement.csv.gz')).subarray(0, 700));
    expect(faultOf(damaged)).toMatch(/damaged gzip/);
  });
});

describe('the program', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { encoding: 'utf8' });

  test('prints one JSON line', () => {
    const { stdout, stderr, status } = run(fixture('account-unmerged.csv.gz'));
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toBe('{"fills":182,"judged":182,"matched":182,"exact":182,"exceptions":{}}\n');
  });

  test.each([
    ['another dir', { dir: 1 }, ['1000,BTC,Close Short,B,100,1,0.0,0.0,']],
    [
      'a position that does not follow',
      { startPosition: 1 },
      ['1000,BTC,Open Long,B,100,1,0.0,0.0,', '2000,BTC,Open Long,B,100,1,2.0,0.0,'],
    ],
    ['a profit two cents off', { mismatch: 1 }, ['1000,BTC,Open Long,B,100,1,0.0,0.0,', '2000,BTC,Close Long,A,110,1,1.0,10.02,']],
  ])('ends with 1 for %s, having printed it', (_, exceptions, rows) => {
    const { stdout, status } = run(fixture('account-unmerged.csv.gz'), fills('differs.csv', rows));
    expect(JSON.parse(stdout)).toMatchObject({ exceptions });
    expect(status).toBe(1);
  });

  test('ends with 0 where a profit is within a cent, and where the record itself explains what does not match', () => {
    const near = ['1000,BTC,Open Long,B,100,1,0.0,0.0,', '2000,BTC,Close Long,A,110,1,1.0,10.01,'];
    expect(run(fills('near.csv', near), ...readdirSync(FIXTURES).map(fixture)).status).toBe(0);
  });

  test('ends with 2 and one plain line for a file it cannot judge, and tells its usage when given none', () => {
    const bad = run(join(folder, 'absent.csv'));
    expect(bad.status).toBe(2);
    expect(bad.stdout).toBe('');
    expect(bad.stderr.trim().split('\n')).toHaveLength(1);
    expect(run()).toMatchObject({ status: 2, stdout: '' });
    expect(run('--help').stdout).toMatch(/Usage/);
  });
});
