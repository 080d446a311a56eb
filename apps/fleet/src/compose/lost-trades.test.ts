import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LedgerHandle, openLedger, openSignalQueue, type SignalQueueHandle } from '@hyperfleet/store';
import { type ClaimedRow, deriveTradeId, type Trade } from '@hyperfleet/trading';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleTrade } from '../testing/trades.ts';
import { findLostTrades, lostSentence, lostTroubles, voidEntriesInDoubt } from './lost-trades.ts';

let dir: string;
/** The ledger that wrote into signals.db, and the one that is found at the start. */
let was: LedgerHandle;
let found: LedgerHandle;
let queue: SignalQueueHandle;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-lost-'));
  was = openLedger(join(dir, 'was.db'));
  found = openLedger(join(dir, 'ledger.db'));
  queue = openSignalQueue(join(dir, 'signals.db'));
});
afterEach(() => {
  for (const file of [was, found, queue]) file.close();
  rmSync(dir, { recursive: true, force: true });
});

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

function claim(bot: string, symbol: string, type: 'entry' | 'exit' = 'entry'): ClaimedRow {
  queue.insertRow({ symbol, signal_type: type, bot_name: bot, entry_1: 1 });
  const claimed = type === 'exit' ? queue.claimExits(bot)[0] : queue.claimEntry(bot);
  if (claimed === null || claimed === undefined) throw new Error('nothing was claimed');
  return claimed;
}

function tradeOf(bot: string, claimed: ClaimedRow): Trade {
  const signal = { databaseId: claimed.databaseId, rowId: claimed.rowId, createdAt: claimed.createdAtText, rowDigest: claimed.rowDigest };
  return sampleTrade({ tradeId: deriveTradeId(digest, { ...signal, bot }), bot, coin: 'ETH', signal });
}

/** A trade of the ledger that was, shown in its row; the one found knows it too where it is `kept`. */
function live(bot: string, symbol: string, kept: boolean): Trade {
  const claimed = claim(bot, symbol);
  const trade = tradeOf(bot, claimed);
  for (const ledger of kept ? [was, found] : [was]) ledger.insertTrade(trade, claimed.row);
  show(bot);
  return trade;
}

function show(bot: string): void {
  for (const projection of was.unprojected(bot, 10)) queue.project(projection, (ms) => new Date(ms).toISOString());
}

test('nothing is lost where the ledger knows all that was shown, or more', () => {
  const trade = live('A', 'ETH', true);
  found.changeTrade(trade.tradeId, 1, { status: 'closed', phase: 'settled' }, []);
  expect(findLostTrades({ ledger: found, queue }, ['A'])).toEqual([]);
  expect(lostSentence([], 'signals.db')).toBeNull();
});

test('a trade that was shown and is not known, or only as before, is lost; another fleet’s is not', () => {
  live('A', 'SOLUSDT', false);
  const kept = live('A', 'btc', true);
  was.changeTrade(kept.tradeId, 1, { status: 'closed', phase: 'settled' }, []);
  show('A');
  live('C', 'WLFI', false);
  const lost = findLostTrades({ ledger: found, queue }, ['A', 'B']);
  expect(lost).toEqual([
    { bot: 'A', coin: 'SOL', isKnown: false },
    { bot: 'A', coin: 'BTC', isKnown: true },
  ]);
  expect(lostSentence(lost, 'signals.db')).toMatch(
    /^the ledger is older than signals\.db, or another one: it does not know 1 trade \(A: SOL\) and it knows 1 trade only as before \(A: BTC\); /,
  );
});

test('a row that was claimed and put back, of which nothing was shown, says nothing of a ledger', () => {
  const claimed = claim('A', 'ETH');
  queue.release(claimed.rowId, 'expired', 'too old');
  expect(findLostTrades({ ledger: found, queue }, ['A'])).toEqual([]);
});

test('an entry that was in hand is not sent again, while an exit and a row whose trade is known stay as they are', () => {
  const rows = [claim('A', 'ETH'), claim('A', 'ETH', 'exit'), claim('A', 'BTC')];
  const [, , known] = rows;
  if (known !== undefined) found.insertTrade(tradeOf('A', known), known.row);
  voidEntriesInDoubt({ ledger: found, queue }, ['A']);
  expect(rows.map(({ rowId }) => queue.statusOf(rowId))).toEqual(['expired', 'processing', 'processing']);
  expect(queue.allRows()[0]).toMatchObject({ notes: expect.stringContaining('not sent again') });
});

test('what stands needs a person where a trade was lost, unless a trade of the ledger is at work there', () => {
  live('A', 'SOL', false);
  const lost = findLostTrades({ ledger: found, queue }, ['A']);
  const on = [
    { coin: 'SOL', what: 'position' as const },
    { coin: 'WLFI', what: 'order' as const },
  ];
  expect(lostTroubles(lost, found, { bot: 'A', on })).toEqual([
    expect.stringMatching(/^A: the position on SOL is of a trade the ledger has lost/),
  ]);
  expect(lostTroubles(lost, found, { bot: 'A', on: [] })).toEqual([]);
  expect(lostTroubles([{ bot: 'A', coin: 'ETH', isKnown: true }], found, { bot: 'A', on: [{ coin: 'ETH', what: 'order' }] })).toHaveLength(
    1,
  );
  live('A', 'ETH', true);
  expect(lostTroubles([{ bot: 'A', coin: 'ETH', isKnown: true }], found, { bot: 'A', on: [{ coin: 'ETH', what: 'order' }] })).toEqual([]);
});
