/** Whose a funding payment is: held to a plain look through all fills, and free of the length of the history. */
import { join } from 'node:path';
import { type Fill, type FillRecord, lots, microUsd, type Trade } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS_DIR, readMigrations } from '../migrations.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { ACCOUNT, BOT, cloidOf, sampleFill, sampleOrder, sampleTrade } from '../testing/trade-samples.ts';
import { createLedger, type LedgerHandle, openLedger } from './open-ledger.ts';

const TRADES: readonly Trade[] = (
  [
    ['t1', 'BTC', 'entry'],
    ['t2', 'ETH', 'entry'],
    ['t3', 'BTC', 'exit'],
    ['t4', 'BTC', 'entry'],
  ] as const
).map(([tradeId, coin, kind], index) => sampleTrade({ tradeId, coin, kind, signal: { ...sampleTrade().signal, rowId: index + 1 } }));

/** Each trade has an entry and a close; the orders are numbered through. */
const ORDERS = TRADES.flatMap(({ tradeId, coin }, index) =>
  (['entry', 'close'] as const).map((role) => ({ number: index * 2 + (role === 'entry' ? 0 : 1), role, tradeId, coin })),
);

function ledgerWithTrades(): LedgerHandle {
  const ledger = openLedger(':memory:');
  for (const trade of TRADES) {
    ledger.insertTrade(trade, {});
    const intents = ORDERS.filter(({ tradeId }) => tradeId === trade.tradeId).map((order) => sampleOrder({ ...order, sz: 1_000 }));
    ledger.recordIntents(trade.tradeId, 0, intents, {});
  }
  return ledger;
}

/** The newest trade that held the coin just before a moment, looking at every fill there ever was. */
function holderAt(fills: readonly FillRecord[], coin: string, timeMs: number): string | null {
  const heldBy = (trade: Trade): number =>
    fills
      .filter((fill) => fill.tradeId === trade.tradeId && (fill.role === 'entry' ? fill.timeMs <= timeMs : fill.timeMs < timeMs))
      .reduce((held, fill) => held + (fill.role === 'entry' ? fill.sz : -fill.tradeSz), 0);
  return TRADES.findLast((trade) => trade.kind === 'entry' && trade.coin === coin && heldBy(trade) > 0)?.tradeId ?? null;
}

/** Money and owner of each payment by coin and time. Amounts are powers of two: a sum tells which payments are in it. */
type Payments = Map<string, { readonly coin: string; readonly timeMs: number; readonly usd: number; tradeId: string | null }>;
type Step = (ledger: LedgerHandle, payments: Payments) => void;

const orderOf = fc.constantFrom(...ORDERS);
const timeOf = fc.integer({ min: 0, max: 9 });
const fillOf: fc.Arbitrary<Fill> = fc
  .record({ order: orderOf, timeMs: timeOf, tid: fc.integer({ min: 1, max: 40 }), sz: fc.integer({ min: 1, max: 3 }), named: fc.boolean() })
  .map(({ order, timeMs, tid, sz, named }) =>
    sampleFill({ tid, coin: order.coin, timeMs, sz: lots(sz), oid: 100 + order.number, cloid: named ? cloidOf(order.number) : null }),
  );

/** Payments without an owner are looked at again whenever any fill may have got a trade. */
function lookAgain(ledger: LedgerHandle, payments: Payments): void {
  const fills = ledger.fillsOf(BOT);
  for (const payment of payments.values()) payment.tradeId ??= holderAt(fills, payment.coin, payment.timeMs);
}

const stepOf: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fillOf, { minLength: 1, maxLength: 4 }).map(
    (fills): Step =>
      (ledger, payments) => {
        ledger.recordFills(BOT, ACCOUNT, fills, null);
        lookAgain(ledger, payments);
      },
  ),
  orderOf.map(
    ({ number }): Step =>
      (ledger, payments) => {
        ledger.applyOrderNews(cloidOf(number), { oid: 100 + number });
        lookAgain(ledger, payments);
      },
  ),
  fc.tuple(fillOf, fc.constantFrom(...TRADES), fc.boolean()).map(
    ([fill, { tradeId }, isWhole]): Step =>
      (ledger) => {
        const share = { tradeId, sz: lots(isWhole ? fill.sz : 1), fee: fill.fee, closedPnl: fill.closedPnl };
        ledger.assignFill(ACCOUNT, fill, share, ledger.trade(tradeId)?.version ?? -1);
      },
  ),
  fc.array(fc.tuple(fc.constantFrom('BTC', 'ETH'), timeOf), { minLength: 1, maxLength: 3 }).map(
    (told): Step =>
      (ledger, payments) => {
        for (const [coin, timeMs] of told) {
          const usd = microUsd(2 ** payments.size);
          ledger.recordFunding(BOT, ACCOUNT, [{ coin, timeMs, usd, szi: lots(1) }]);
          const key = `${coin} ${timeMs}`;
          if (payments.has(key)) continue;
          payments.set(key, { coin, timeMs, usd, tradeId: holderAt(ledger.fillsOf(BOT), coin, timeMs) });
        }
      },
  ),
);

describe('whose a payment is', () => {
  it('is what a look through every fill says, whatever came late, twice, or without a known order', () => {
    fc.assert(
      fc.property(fc.array(stepOf, { minLength: 4, maxLength: 40 }), (steps) => {
        const ledger = ledgerWithTrades();
        const payments: Payments = new Map();
        for (const step of steps) {
          step(ledger, payments);
          const ownedBy = (tradeId: string): number =>
            [...payments.values()].reduce((sum, payment) => sum + (payment.tradeId === tradeId ? payment.usd : 0), 0);
          for (const { tradeId } of TRADES) expect(ledger.fillSums(tradeId).funding).toBe(ownedBy(tradeId));
        }
        ledger.close();
      }),
      { numRuns: 100 },
    );
  });

  it('is found as soon as an order’s id explains a fill that came before it', () => {
    const ledger = ledgerWithTrades();
    onTestFinished(() => ledger.close());
    ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 1, oid: 100, timeMs: 5 })], null);
    ledger.recordFunding(BOT, ACCOUNT, [{ coin: 'BTC', timeMs: 6, usd: microUsd(-7), szi: lots(1) }]);
    expect(ledger.fillSums('t1').funding).toBe(0);
    ledger.applyOrderNews(cloidOf(0), { state: 'resting', oid: 100 });
    expect(ledger.fillSums('t1').funding).toBe(-7);
  });
});

/** The plans of all that a ledger does in `work`, one line for each table a statement looks at. */
function plansOf(work: (ledger: LedgerHandle) => void): readonly string[] {
  const path = join(tempDir(), 'ledger.db');
  const said: string[] = [];
  const db = new Database(path, { verbose: (sql) => void said.push(String(sql).trim()) });
  const ledger = createLedger(db, path, readMigrations(MIGRATIONS_DIR, 'ledger'));
  onTestFinished(() => ledger.close());
  const other = new Database(path);
  onTestFinished(() => void other.close());
  said.length = 0;
  work(ledger);
  // What triggers do is said in the plan of the statement that sets them off, and here as a comment.
  const statements = said.filter((sql) => /^(SELECT|INSERT|UPDATE|DELETE)/.test(sql));
  return statements.flatMap((sql) =>
    other
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail),
  );
}

/** A look at one row, one order or one trade, or at what came after a time; and at what there are few of for each account. */
const BOUNDED =
  /^SEARCH (.*\b(trade_id|rowid|cloid|oid|tid|time_ms|hour|held_until_ms|key)[=>]|(account_days|booking_days) USING .*\(account=|bookings USING .* bookings_opening|fills USING INDEX fills_unjudged)/;

/** Looks at what came after a time or a mark, or through an index that has only what is at work. */
const AT_WORK = /^SEARCH .*(\btrade_id=|claimed_at_ms>|shown_mark>|INDEX trades_(active|unprojected) )/;

describe('what a ledger of years costs', () => {
  it('is as little at a start: what is at work, what is behind, the newest exits, and what a signals file has lost', () => {
    const plans = plansOf((ledger) => {
      ledger.projectAgain(BOT, { databaseId: 'db', mark: 7 });
      ledger.unprojected(BOT, 10);
      ledger.activeTrades(BOT);
      ledger.exitsSince(BOT, 1_000);
      ledger.insertTrade(sampleTrade(), {});
      ledger.markProjected([{ tradeId: 't1', version: 0, showing: { before: 7, mark: 8 } }]);
    });
    const looks = plans.filter((detail) => /^(SCAN|SEARCH)/.test(detail));
    expect(looks.length).toBeGreaterThan(5);
    expect(looks.filter((detail) => !AT_WORK.test(detail))).toEqual([]);
  });

  it('is no more than one of a day, for a fill, a payment, an order’s news and the books: none reads through what is behind it', () => {
    const plans = plansOf((ledger) => {
      ledger.insertTrade(sampleTrade(), {});
      ledger.recordIntents('t1', 0, [sampleOrder({ number: 1 })], {});
      ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 1 })], 3_000);
      ledger.recordFunding(BOT, ACCOUNT, [{ coin: 'BTC', timeMs: 4_000, usd: microUsd(1), szi: lots(1) }]);
      ledger.applyOrderNews(cloidOf(1), { state: 'resting', oid: 77 });
      ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 2, cloid: cloidOf(1) }), sampleFill({ tid: 3, oid: 99 })], 3_000);
      ledger.leaveFills(ACCOUNT, ledger.unjudgedFills(BOT));
      expect(ledger.fillSums('t1').funding).toBe(1);
      const opening = { key: 'opening', timeMs: 0, kind: 'opening', usd: microUsd(5), coin: null, szi: lots(0), words: '' } as const;
      ledger.recordBookings(BOT, ACCOUNT, [opening]);
      expect(ledger.books(ACCOUNT, 9e9)?.held).toEqual(new Map([['BTC', 120]]));
    });
    // What is added up was looked for before.
    const looks = plans.filter((detail) => /^(SCAN|SEARCH)/.test(detail) && !detail.startsWith('SCAN (subquery'));
    expect(looks.length).toBeGreaterThan(10);
    expect(looks.filter((detail) => !BOUNDED.test(detail))).toEqual([]);
  });
});
