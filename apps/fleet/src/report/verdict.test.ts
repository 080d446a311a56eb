import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVenue, type VenueAccount } from '@hyperfleet/paper-exchange';
import { type LedgerHandle, openLedger } from '@hyperfleet/store';
import { type Instrument, lots, microUsd, openingOf, ticks } from '@hyperfleet/trading';
import { expect, onTestFinished, test } from 'vitest';
import { sampleTrade } from '../testing/trades.ts';
import { troubles } from './verdict.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const ADDRESS = '0x1111111111111111111111111111111111111111';
const START_MS = 1_757_015_216_000;

const TRADE = sampleTrade({
  phase: 'settled',
  signal: { databaseId: 'd', rowId: 7, createdAt: '2025-09-04 19:46:56', rowDigest: 'r' },
  claimedAtMs: START_MS,
  status: 'closed',
  settledAtMs: START_MS,
});

/** An account that has bought a thousandth of a bitcoin at the venue, and what that has seen. */
function boughtAccount() {
  const venue = createVenue({ instruments: [BTC] });
  venue.fund(ADDRESS, microUsd(1_000_000_000), START_MS);
  const level = (px: number) => [{ px: ticks(px), sz: lots(100_000) }];
  venue.market({
    kind: 'book',
    coin: 'BTC',
    atMs: START_MS,
    exchangeTimeMs: START_MS,
    bids: level(1_000_000),
    asks: level(1_000_100),
  });
  const order = {
    asset: 0,
    side: 'buy',
    px: '100010',
    sz: '0.001',
    reduceOnly: false,
    cloid: null,
    type: { kind: 'limit', tif: 'Ioc' },
  } as const;
  venue.execute(ADDRESS, { type: 'order', orders: [order], grouping: 'na' }, START_MS);
  const account = venue.account(ADDRESS);
  expect(account.positions).toMatchObject([{ coin: 'BTC', szi: 100 }]);
  return { account, audit: { ...venue.audit(), naked: [] } };
}

/** A ledger whose books of the account were opened with what it holds. */
function openedLedger({ accountValue, totalRawUsd, totalMarginUsed, withdrawable, positions }: VenueAccount): LedgerHandle {
  const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-verdict-'));
  const ledger = openLedger(join(dir, 'ledger.db'));
  onTestFinished(() => {
    ledger.close();
    rmSync(dir, { recursive: true });
  });
  ledger.rememberCoins([BTC]);
  const opening = openingOf({
    equity: accountValue,
    cash: totalRawUsd,
    marginUsed: totalMarginUsed,
    withdrawable,
    positions,
    timeMs: START_MS,
  });
  ledger.recordBookings('Sentient', ADDRESS, opening ?? []);
  return ledger;
}

const offBy = (account: VenueAccount, usd: number, sz: number): VenueAccount => ({
  ...account,
  totalRawUsd: microUsd(account.totalRawUsd + usd),
  positions: account.positions.map((position) => ({ ...position, szi: lots(position.szi + sz) })),
});

test.each([
  ['nothing', 0, 0, []],
  ['a micro-dollar', 1, 0, ["Sentient: the venue's cash differs from our books by 0.000001 USD"]],
  ['a micro-dollar too little', -1, 0, ["Sentient: the venue's cash differs from our books by -0.000001 USD"]],
  ['a lot', 0, 1, ['Sentient: the venue holds 0.00101 BTC, our books say 0.001']],
  ['a coin of its own', 0, -100, ['Sentient: the venue holds 0 BTC, our books say 0.001']],
])('a run whose account is off its books by %s is told so, with the amount', (_, usd, sz, told) => {
  const { account, audit } = boughtAccount();
  const ledger = openedLedger(account);
  const bot = { id: 'Sentient', address: ADDRESS, state: 'ready', restarts: 0, account: offBy(account, usd, sz) };
  expect(troubles({ ledger, bots: [bot], audit, halted: [] })).toEqual(told);
});

test('a difference that ended a trade is told for good, and one of the books only while it stands in the account', () => {
  const { account, audit } = boughtAccount();
  const ledger = openedLedger(account);
  ledger.insertTrade(TRADE, {});
  const detail = { status: 'venue flat', reason: 'fills missing', entrySz: 9_087, exitSz: 3_029 };
  for (const tradeId of ['t1', 't2']) ledger.record({ bot: 'Sentient', tradeId, atMs: START_MS, event: 'difference', detail });
  ledger.record({ bot: 'Sentient', tradeId: null, atMs: START_MS, event: 'difference', detail: { what: '1 USD' } });
  expect(troubles({ ledger, bots: [], audit, halted: [] })).toEqual([
    'Sentient: the venue was flat on BTC and no fill says how: signal 7 entered 0.09087, and fills close 0.03029 of it; what the rest brought is not in its profit',
    `Sentient: a difference to the venue was not explained (${JSON.stringify(detail)})`,
  ]);
});
