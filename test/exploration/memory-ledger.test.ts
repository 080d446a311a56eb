/** The ledger and the queue in memory are held to the real ones: the same calls in the same order give the same answers. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, openSignalQueue } from '@hyperfleet/store';
import {
  type Cloid,
  type Fill,
  type Ledger,
  lots,
  microUsd,
  type OrderNews,
  type OrderRecord,
  type OrderRole,
  type SignalQueue,
  type Trade,
  type TradePatch,
  ticks,
} from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryLedger } from './memory-ledger.ts';
import { createMemoryQueue } from './memory-queue.ts';

const BOT = 'Sentient';
const ACCOUNT = '0x1111111111111111111111111111111111111111';
const LEDGER_ID = '0'.repeat(32);
const ROLES: readonly OrderRole[] = ['entry', 'stop', 'own-stop', 'tp1', 'breakeven', 'close'];

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const tradeIdOf = (row: number): string => `t${hex(`trade ${row}`).slice(0, 24)}`;
const cloidOf = (row: number, role: OrderRole, attempt: number): Cloid => `0x${hex(`${row} ${role} ${attempt}`).slice(0, 32)}`;

function tradeOf(row: number, kind: 'entry' | 'exit'): Trade {
  return {
    tradeId: tradeIdOf(row),
    bot: BOT,
    coin: row % 2 === 0 ? 'BTC' : 'ETH',
    kind,
    direction: null,
    phase: 'claimed',
    version: 1,
    signal: { databaseId: 'd', rowId: row, createdAt: '2025-09-04 19:46:56', rowDigest: hex(String(row)) },
    claimedAtMs: 1_000 + row,
    plan: null,
    exitClaimedBy: null,
    remainderReason: null,
    breakeven: 'none',
    breakevenAtMs: null,
    ladder: null,
    status: 'processing',
    reason: null,
    notes: [],
    settledAtMs: null,
  };
}

const orderOf = (row: number, role: OrderRole, attempt: number, sz: number): OrderRecord => ({
  intent: {
    cloid: cloidOf(row, role, attempt),
    coin: row % 2 === 0 ? 'BTC' : 'ETH',
    role,
    attempt,
    side: role === 'entry' ? 'buy' : 'sell',
    px: ticks(1_000),
    sz: lots(sz),
    reduceOnly: role !== 'entry',
    kind: role === 'stop' ? { type: 'stop-market', triggerPx: ticks(900) } : { type: 'limit', tif: 'gtc' },
  },
  tradeId: tradeIdOf(row),
  bot: BOT,
  grouping: 'na',
  state: 'intent',
  oid: null,
  filledSz: lots(0),
  nonce: 1_000 * row + attempt + 1,
  expiresAfterMs: 6_000,
  recordedAtMs: 1_000,
  reason: null,
  cancelAsked: false,
});

const rowOf = fc.integer({ min: 1, max: 4 });
const roleOf = fc.constantFrom(...ROLES);
const attemptOf = fc.integer({ min: 0, max: 1 });
const patchOf: fc.Arbitrary<TradePatch> = fc.oneof(
  fc.constantFrom<TradePatch>(
    { phase: 'entering', direction: 'long' },
    { phase: 'open', status: 'filled' },
    { phase: 'settled', status: 'closed', reason: 'over', settledAtMs: 9_000 },
    { exitClaimedBy: 'exit signal 9' },
    { notes: ['one', 'two'], breakeven: 'due' },
    { ladder: [{ index: 1, px: ticks(1_100), sz: lots(5) }] },
    {},
  ),
);
const newsOf: fc.Arbitrary<OrderNews> = fc.record(
  {
    state: fc.constantFrom('waiting', 'resting', 'triggered', 'filled', 'canceled', 'rejected', 'unknown', 'dead'),
    oid: fc.integer({ min: 1, max: 6 }),
    reason: fc.constantFrom('because', 'since'),
    cancelAsked: fc.constant(true),
  },
  { requiredKeys: [] },
);
const fillOf: fc.Arbitrary<Fill> = fc
  .record({ row: rowOf, role: roleOf, attempt: attemptOf, oid: fc.integer({ min: 1, max: 6 }), tid: fc.integer({ min: 1, max: 8 }) })
  .chain(({ row, role, attempt, oid, tid }) =>
    fc.record({ known: fc.boolean(), sz: fc.integer({ min: 1, max: 4 }) }).map(({ known, sz }) => ({
      coin: row % 2 === 0 ? 'BTC' : 'ETH',
      oid,
      tid,
      cloid: known ? cloidOf(row, role, attempt) : null,
      timeMs: 2_000 + (tid % 3),
      side: role === 'entry' ? 'buy' : 'sell',
      px: ticks(1_000 + tid),
      sz: lots(sz),
      fee: microUsd(tid),
      closedPnl: microUsd(-tid),
      startPosition: lots(0),
      dir: 'Open Long',
      crossed: false,
      liquidation: false,
    })),
  );

type Call = (ledger: Ledger) => unknown;

/** One call of the port, with the version a caller may have read or one that has passed. */
const callOf: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(rowOf, fc.constantFrom('entry' as const, 'exit' as const)).map(
    ([row, kind]): Call =>
      (ledger) =>
        ledger.insertTrade(tradeOf(row, kind), { id: row, symbol: 'BTC' }),
  ),
  fc.tuple(rowOf, patchOf, fc.boolean()).map(
    ([row, patch, isStale]): Call =>
      (ledger) => {
        const version = ledger.trade(tradeIdOf(row))?.version ?? 0;
        return ledger.changeTrade(tradeIdOf(row), isStale ? version - 1 : version, patch);
      },
  ),
  fc.tuple(rowOf, roleOf, attemptOf, fc.integer({ min: 1, max: 9 })).map(
    ([row, role, attempt, sz]): Call =>
      (ledger) => {
        const trade = ledger.trade(tradeIdOf(row));
        if (trade === null || ledger.order(cloidOf(row, role, attempt)) !== null) return null;
        return ledger.recordIntents(trade.tradeId, trade.version, [orderOf(row, role, attempt, sz)], { phase: 'entering' });
      },
  ),
  fc.tuple(rowOf, roleOf, attemptOf, newsOf).map(
    ([row, role, attempt, news]): Call =>
      (ledger) =>
        ledger.applyOrderNews(cloidOf(row, role, attempt), news),
  ),
  fc.tuple(fc.array(fillOf, { maxLength: 3 }), fc.option(fc.integer({ min: 1_000, max: 3_000 }))).map(
    ([fills, watermarkMs]): Call =>
      (ledger) =>
        ledger.recordFills(BOT, ACCOUNT, fills, watermarkMs),
  ),
  fc.tuple(fillOf, rowOf, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 4 })).map(
    ([fill, row, part, wrong]): Call =>
      (ledger) => {
        const tradeId = tradeIdOf(row);
        const trade = ledger.trade(tradeId);
        if (trade === null) return null;
        const share = { tradeId, sz: lots(part), fee: microUsd(part), closedPnl: microUsd(-part) };
        return ledger.assignFill(ACCOUNT, fill, share, trade.version + (wrong === 0 ? 1 : 0));
      },
  ),
  fc.array(fillOf, { maxLength: 2 }).map(
    (fills): Call =>
      (ledger) =>
        ledger.leaveFills(ACCOUNT, fills),
  ),
  fc.tuple(fc.constantFrom('BTC', 'ETH'), fc.integer({ min: 1_999, max: 2_004 }), fc.integer({ min: -9, max: 9 })).map(
    ([coin, timeMs, usd]): Call =>
      (ledger) =>
        ledger.recordFunding(BOT, ACCOUNT, [{ coin, timeMs, usd: microUsd(usd), szi: lots(1) }]),
  ),
  fc
    .tuple(fc.constantFrom('opening', 'a', 'b'), fc.constantFrom(null, 'BTC', 'ETH'), fc.integer({ min: -9, max: 9 }))
    .map(([key, coin, amount]): Call => {
      const timeMs = key === 'opening' ? 2_000 : 2_001;
      const size = coin === null ? 0 : amount;
      return (ledger) =>
        ledger.recordBookings(BOT, ACCOUNT, [
          { key, timeMs, kind: amount < 0 ? 'acknowledged' : 'transfer', usd: microUsd(amount), coin, szi: lots(size), words: 'deposit' },
        ]);
    }),
  fc.uniqueArray(fc.constantFrom(null, 'BTC', 'ETH')).map(
    (coins): Call =>
      (ledger) =>
        ledger.setDifferences(
          BOT,
          coins.map((coin) => ({ coin, amount: 3, sinceMs: 5, seenMs: 6 })),
        ),
  ),
  fc.boolean().map(
    (paused): Call =>
      (ledger) =>
        ledger.setBotState(BOT, { paused, reason: paused ? 'PAUSE' : null }),
  ),
  fc.constantFrom('a', 'b').map(
    (key): Call =>
      (ledger) =>
        ledger.recordControl(BOT, key, `done ${key}`, 1),
  ),
  fc.tuple(rowOf, fc.option(fc.tuple(fc.nat(3), fc.boolean()))).map(
    ([row, shown]): Call =>
      (ledger) => {
        const trade = ledger.trade(tradeIdOf(row));
        const showing = shown === null ? null : { before: shown[0], mark: shown[0] + Number(shown[1]) };
        return trade === null ? null : ledger.markProjected([{ ...trade, showing }]);
      },
  ),
  fc.tuple(fc.constantFrom('d', 'another'), fc.nat(3)).map(
    ([databaseId, mark]): Call =>
      (ledger) =>
        ledger.projectAgain(BOT, { databaseId, mark }),
  ),
);

/** All the port can tell. */
function tellAll(ledger: Ledger): unknown {
  const rows = [1, 2, 3, 4];
  return {
    active: ledger.activeTrades(BOT),
    exits: ledger.exitsSince(BOT, 0),
    trades: rows.map((row) => ledger.trade(tradeIdOf(row))),
    rows: rows.map((row) => ledger.claimedRow(tradeIdOf(row))),
    orders: rows.map((row) => ledger.orders(tradeIdOf(row))),
    live: ledger.liveOrders(BOT),
    byOid: [1, 2, 3, 4, 5, 6].map((oid) => ledger.orderByOid(BOT, oid)),
    fills: rows.map((row) => ledger.fills(tradeIdOf(row))),
    unjudged: ledger.unjudgedFills(BOT),
    sums: rows.map((row) => ledger.fillSums(tradeIdOf(row))),
    books: [1_999, 2_000, 2_001, 9_000].map((throughMs) => booksText(ledger, throughMs)),
    acknowledged: ledger.acknowledged(ACCOUNT),
    differences: ledger.differences(BOT),
    watermark: ledger.watermark(ACCOUNT),
    nonce: ledger.highestNonce(BOT),
    bot: ledger.botState(BOT),
    controls: ['a', 'b'].map((key) => [...ledger.controlOutcomes(key)]),
    unprojected: ledger.unprojected(BOT, 3),
  };
}

const booksText = (ledger: Ledger, throughMs: number): unknown => {
  const books = ledger.books(ACCOUNT, throughMs);
  return books === null ? null : [books.openedMs, books.cash, [...books.held]];
};

/** What a call gives, or that it threw: an order state that only a bug reaches. */
const outcome = (call: Call, ledger: Ledger): unknown => {
  try {
    return call(ledger) ?? null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-memory-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the ledger in memory', () => {
  it('answers every sequence of calls as the one on disk does', () => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(callOf, { minLength: 5, maxLength: 40 }), (calls) => {
        run += 1;
        const disk = openLedger(join(dir, `${run}.db`), { drawId: () => LEDGER_ID, synchronous: 'OFF' });
        const memory = createMemoryLedger(LEDGER_ID);
        try {
          expect(memory.ledgerId).toBe(disk.ledgerId);
          for (const call of calls) expect(outcome(call, memory)).toEqual(outcome(call, disk));
          expect(tellAll(memory)).toEqual(tellAll(disk));
          expect(memory.allTrades()).toEqual(disk.allTrades());
        } finally {
          disk.close();
        }
      }),
      { numRuns: 150 },
    );
  });
});

type QueueCall = (queue: SignalQueue & { insertRow(row: Readonly<Record<string, string | number | null>>): number }) => unknown;

const queueCallOf: fc.Arbitrary<QueueCall> = fc.oneof(
  fc.constantFrom('entry', 'exit', 'setup').map(
    (kind): QueueCall =>
      (queue) =>
        queue.insertRow({ symbol: 'BTC', signal_type: kind, bot_name: BOT, created_at: '2025-09-04T19:46:56.000Z' }),
  ),
  fc.constant<QueueCall>((queue) => queue.claimExits(BOT).map(({ rowId }) => rowId)),
  fc.constant<QueueCall>((queue) => queue.claimEntry(BOT)?.rowId ?? null),
  fc.boolean().map(
    (isStale): QueueCall =>
      (queue) => {
        const [seen] = queue.pendingEntries(BOT);
        if (seen === undefined) return null;
        return queue.claimRow(isStale ? { ...seen, rowDigest: 'another' } : seen)?.rowId ?? null;
      },
  ),
  fc.constantFrom('pending' as const, 'expired' as const).map(
    (status): QueueCall =>
      (queue) => {
        const [claimed] = queue.processing(BOT);
        if (claimed !== undefined) queue.release(claimed.rowId, status, null);
        return claimed?.rowId ?? null;
      },
  ),
  fc.tuple(fc.constantFrom('sent' as const, 'filled' as const, 'closed' as const), fc.integer({ min: 1, max: 4 })).map(
    ([status, version]): QueueCall =>
      (queue) => {
        const [claimed] = queue.processing(BOT);
        if (claimed === undefined) return null;
        const signal = { ...claimed, createdAt: claimed.createdAtText };
        const trade: Trade = { ...tradeOf(claimed.rowId, 'entry'), signal, status, version };
        const fills = createMemoryLedger(LEDGER_ID).fillSums(trade.tradeId);
        const showing = queue.project({ ledgerId: LEDGER_ID, trade, orderIds: {}, filledAtMs: {}, fills, openSz: lots(0) }, String);
        return [claimed.rowId, showing, queue.shownMark(LEDGER_ID, BOT)];
      },
  ),
);

describe('the queue in memory', () => {
  it('claims, releases and shows as the one on disk does', () => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(queueCallOf, { minLength: 3, maxLength: 25 }), (calls) => {
        run += 1;
        const disk = openSignalQueue(join(dir, `${run}.db`), { drawId: () => 'f'.repeat(32), synchronous: 'OFF' });
        const memory = createMemoryQueue('f'.repeat(32));
        try {
          for (const call of calls) expect(call(memory)).toEqual(call(disk));
          expect([...memory.statuses()]).toEqual(disk.allRows().map((row) => [row.id, row.status]));
          expect(memory.countPending(BOT)).toBe(disk.countPending(BOT));
        } finally {
          disk.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('waits with a control until it is marked, for its bot and for all', () => {
    const disk = openSignalQueue(join(dir, 'controls.db'), { drawId: () => 'f'.repeat(32), synchronous: 'OFF' });
    const memory = createMemoryQueue('f'.repeat(32));
    for (const [target, command] of [
      ['Sentient', 'PAUSE'],
      ['ALL', 'CLOSE_ALL'],
      ['Other', 'PAUSE'],
    ] as const) {
      disk.insertControl(target, command);
      memory.insertControl(target, command, 'now');
    }
    const waiting = (queue: SignalQueue): unknown => queue.controls(BOT).map(({ id, target, command }) => ({ id, target, command }));
    expect(waiting(memory)).toEqual(waiting(disk));
    for (const queue of [disk, memory]) queue.markControlExecuted(1);
    expect(waiting(memory)).toEqual(waiting(disk));
    disk.close();
  });
});
