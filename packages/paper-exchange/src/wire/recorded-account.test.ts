import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAINNET_PERPS } from '../market/universe.ts';
import { type AccountReplay, type AccountRow, type Compared, replayAccount } from '../matching/testing/account-replay.ts';

/**
 * One real account, June 2026, done again by this venue's own accounting: each fill at its recorded price and size, each
 * hour's funding at its recorded rate. The fixture holds six of its coins; the whole is compared where it is at hand.
 */
const SHARED = process.env.HYPERFLEET_SHARED ?? join(import.meta.dirname, '../../../../../shared');
const WHOLE = join(SHARED, 'data/fills_hl/scorpius_account');
const FIXTURE = join(import.meta.dirname, '../../../../test/fixtures/accounts/june-2026.csv.gz');

type Cells = Readonly<Record<string, string>>;

/** Cells by column name; only the last column of these files is ever quoted, and it is not wanted. */
function cellsOf(text: string): Cells[] {
  const [head = '', ...lines] = text.trim().split('\n');
  const names = head.trim().split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, n) => [names[n] ?? '', cell])));
}

const toRow = (cells: Cells, kind: AccountRow['kind']): AccountRow => ({
  kind,
  timeMs: Number(cells.time_ms),
  coin: cells.coin ?? '',
  side: cells.side === 'B' ? 'buy' : 'sell',
  px: cells.px ?? '',
  sz: cells.sz ?? '',
  startPosition: cells.startPosition ?? '',
  dir: cells.dir ?? '',
  closedPnl: cells.closedPnl ?? '',
  fee: cells.fee ?? '',
  crossed: cells.crossed === 'True',
  usdc: cells.usdc ?? '',
  szi: cells.szi ?? '',
  fundingRate: cells.fundingRate ?? '',
});

const inOrder = (rows: readonly AccountRow[]): AccountRow[] =>
  [...rows].sort((a, b) => a.timeMs - b.timeMs || (a.kind === b.kind ? 0 : a.kind === 'fill' ? -1 : 1));

/** Fills before this time pay the base rates, fills after it 4 % less: the account has come by a referral. */
const REFERRED_AT_MS = 1_781_349_000_000;
const mainnet = new Map(MAINNET_PERPS.map((listing) => [listing.coin, listing.szDecimals]));

const mainDex = (rows: readonly AccountRow[]): AccountReplay =>
  replayAccount(inOrder(rows), {
    takerFeePpm: 450,
    makerFeePpm: 150,
    referredAtMs: REFERRED_AT_MS,
    szDecimals: (coin) => mainnet.get(coin) ?? null,
  });
/** A builder's dex: twice the fees, a tenth of that in its growth mode, as these fills show. */
const buildersDex = (rows: readonly AccountRow[]): AccountReplay =>
  replayAccount(inOrder(rows), { takerFeePpm: 90, makerFeePpm: 30, referredAtMs: 0, szDecimals: () => null });

const of = (compared: readonly Compared[], what: Compared['what']): Compared[] => compared.filter((one) => one.what === what);
const differing = (compared: readonly Compared[], what: Compared['what']): Compared[] =>
  of(compared, what).filter((one) => one.ours !== one.theirs);
const off = (one: Compared): number => Math.abs(Number(one.ours) - Number(one.theirs));
const sum = (compared: readonly Compared[], what: Compared['what'], side: 'ours' | 'theirs'): number =>
  of(compared, what).reduce((total, one) => total + Number(one[side]), 0);

function expectSame({ venue, compared, hours, oracleDistances }: AccountReplay, fees: { readonly off: number }): void {
  for (const what of ['startPosition', 'dir', 'closedPnl', 'szi', 'funding'] as const) expect(differing(compared, what)).toEqual([]);
  expect(differing(compared, 'fee').map(off)).toEqual(Array.from({ length: fees.off }, () => 1));
  for (const what of ['closedPnl', 'fee', 'funding'] as const) {
    expect(Math.abs(sum(compared, what, 'ours') - sum(compared, what, 'theirs'))).toBeLessThanOrEqual(what === 'fee' ? fees.off : 0);
  }
  // A position held over an hour pays, and nothing else does.
  expect(hours.ours).toEqual(hours.theirs);
  // The oracle of a payment follows from its amount; it must be a price the coin may have had.
  expect(Math.max(...oracleDistances)).toBeLessThan(0.05);
  expect(venue.audit().conservationErrorUsd).toBe(0);
}

describe('an account of June 2026, done again', () => {
  const cells = cellsOf(gunzipSync(readFileSync(FIXTURE)).toString('utf8'));
  const replay = mainDex(cells.map((row) => toRow(row, row.kind === 'fill' ? 'fill' : 'funding')));

  it('has its positions, words, closing profits and funding to the micro-dollar, and its fees but for one in two of them', () => {
    expect(of(replay.compared, 'fee')).toHaveLength(90);
    expectSame(replay, { off: 2 });
  });

  it('has in cash what its fills, fees and funding come to', () => {
    const [user] = ['0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'] as const;
    const flows = replay.venue.fills(user).reduce((cash, fill) => cash + (fill.side === 'sell' ? 1 : -1) * fill.px * fill.sz - fill.fee, 0);
    const paid = replay.venue.fundings(user).reduce((total, event) => total + event.usd, 0);
    expect(replay.venue.account(user).totalRawUsd).toBe(1_000_000_000_000 + flows + paid);
  });
});

describe.skipIf(!existsSync(WHOLE))('the whole account of June 2026, done again', () => {
  const read = (file: string, kind: AccountRow['kind']): AccountRow[] =>
    existsSync(WHOLE) ? cellsOf(readFileSync(join(WHOLE, file), 'utf8')).map((cells) => toRow(cells, kind)) : [];
  const rows = [...read('fills_2026-06.csv', 'fill'), ...read('funding_2026-06.csv', 'funding')];
  const isBuilders = ({ coin }: AccountRow): boolean => coin.includes(':');

  it('is the same in 147 fills and 215 payments of the main dex', () => {
    const replay = mainDex(rows.filter((row) => !isBuilders(row)));
    expect([of(replay.compared, 'fee').length, of(replay.compared, 'funding').length]).toEqual([147, 215]);
    expectSame(replay, { off: 2 });
  });

  it("is the same in 35 fills and 76 payments of a builder's dex", () => {
    const replay = buildersDex(rows.filter(isBuilders));
    expect([of(replay.compared, 'fee').length, of(replay.compared, 'funding').length]).toEqual([35, 76]);
    expectSame(replay, { off: 0 });
  });
});
