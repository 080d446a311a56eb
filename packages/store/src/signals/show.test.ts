import { join } from 'node:path';
import { type ClaimedRow, lots, microUsd, type Projection, type Trade, type TradeFills } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { BOT, sampleTrade } from '../testing/trade-samples.ts';
import { openSignalQueue, type SignalQueueHandle } from './open-signal-queue.ts';

const NO_FILLS: TradeFills = {
  entrySz: lots(0),
  entryCost: microUsd(0),
  entryFees: microUsd(0),
  exitSz: lots(0),
  exitCost: microUsd(0),
  fees: microUsd(0),
  closedPnl: microUsd(0),
  funding: microUsd(0),
  firstFillMs: null,
  lastFillMs: null,
};

const toIso = (ms: number): string => new Date(ms).toISOString();

function claimedRow(notes: string | null = null): { queue: SignalQueueHandle; claimed: ClaimedRow; other: Database.Database } {
  const path = join(tempDir(), 'signals.db');
  const queue = openSignalQueue(path, { busyTimeoutMs: 20, szDecimalsOf: (coin) => (coin === 'BTC' ? 5 : null) });
  const other = new Database(path);
  onTestFinished(() => {
    queue.close();
    other.close();
  });
  queue.insertRow({ symbol: 'BTC', bot_name: BOT, signal_type: 'entry', entry_1: 110_000, notes });
  const claimed = queue.claimEntry(BOT);
  if (claimed === null) throw new Error('nothing was claimed');
  return { queue, claimed, other };
}

function projection(claimed: ClaimedRow, trade: Partial<Trade>, more: Partial<Projection> = {}): Projection {
  const { databaseId, rowId, createdAtText, rowDigest } = claimed;
  const signal = { databaseId, rowId, createdAt: createdAtText, rowDigest };
  return {
    ledgerId: 'l',
    trade: sampleTrade({ signal, ...trade }),
    orderIds: {},
    filledAtMs: {},
    fills: NO_FILLS,
    openSz: lots(0),
    ...more,
  };
}

describe('what other programs see of a trade', () => {
  it('is its status, its order ids, its times in ISO, its size in coins and its net result in percent', () => {
    const { queue, claimed } = claimedRow();
    const fills = {
      ...NO_FILLS,
      entrySz: lots(100),
      entryCost: microUsd(110_000_000),
      exitSz: lots(100),
      exitCost: microUsd(112_200_000),
      fees: microUsd(99_000),
      funding: microUsd(-1_000),
      closedPnl: microUsd(2_199_999),
    };
    const trade = { status: 'closed', version: 9, breakeven: 'done' } as const;
    const orderIds = { entry: 48_320_270_805, 'own-stop': 1, stop: 2, tp1: 3, breakeven: 4 };
    queue.project(projection(claimed, trade, { orderIds, filledAtMs: { entry: 0, tp1: 1_500 }, fills }), toIso);
    expect(queue.allRows()[0]).toMatchObject({
      status: 'closed',
      order_id_entry: 48_320_270_805,
      order_id_sl: 2,
      order_id_tp1: 3,
      order_id_tp2: null,
      be_sl_order_id: 4,
      entry_filled_at: '1970-01-01T00:00:00.000Z',
      tp1_filled_at: '1970-01-01T00:00:01.500Z',
      sl_moved_to_be: 1,
      position_size_actual: 0.001,
      // Cash: 2.2 − 0.099 − 0.001 dollars of 110, not the closed PnL at the truncated average.
      pnl_percent_actual: (2_100_000 * 100) / 110_000_000,
      entry_1: 110_000,
    });
  });

  it('is what a short earned when it was bought back lower', () => {
    const { queue, claimed } = claimedRow();
    const fills = { ...NO_FILLS, entrySz: lots(1), entryCost: microUsd(1_000), exitSz: lots(1), exitCost: microUsd(900) };
    queue.project(projection(claimed, { direction: 'short', status: 'closed' }, { fills }), toIso);
    expect(queue.allRows()[0]?.pnl_percent_actual).toBe(10);
  });

  it('leaves out a size in coins where the coin’s decimals are not known, and a result before anything closed', () => {
    const { queue, claimed } = claimedRow();
    const fills = { ...NO_FILLS, entrySz: lots(1), entryCost: microUsd(1_000) };
    queue.project(projection(claimed, { coin: 'ODD', status: 'filled' }, { fills }), toIso);
    expect(queue.allRows()[0]).toMatchObject({ position_size_actual: null, pnl_percent_actual: null, status: 'filled' });
  });

  it('of an exit is its status and nothing else', () => {
    const { queue, claimed } = claimedRow();
    queue.project(projection(claimed, { kind: 'exit', status: 'no_op', reason: 'nothing there' }, { orderIds: { close: 4 } }), toIso);
    expect(queue.allRows()[0]).toMatchObject({ status: 'no_op', notes: 'nothing there', sl_moved_to_be: 0 });
  });
});

describe('projecting', () => {
  it('twice writes once, and wakes nobody the second time', () => {
    const { queue, claimed, other } = claimedRow('from the group');
    const shown = projection(claimed, { status: 'failed', version: 3, notes: ['stop tightened'], reason: 'a | b\nc' });
    queue.project(shown, toIso);
    const version = other.pragma('data_version', { simple: true });
    queue.project(shown, toIso);
    expect(other.pragma('data_version', { simple: true })).toBe(version);
    expect(queue.allRows()[0]).toMatchObject({ status: 'failed', notes: 'from the group | stop tightened | a / b c' });
  });

  it('appends each note once, also when it comes again later or its reader has removed it', () => {
    const { queue, claimed, other } = claimedRow();
    queue.project(projection(claimed, { version: 1, notes: ['first'] }), toIso);
    other.exec("UPDATE signals SET notes = 'mine'");
    queue.project(projection(claimed, { version: 2, notes: ['first', 'second'] }), toIso);
    expect(queue.allRows()[0]?.notes).toBe('mine | second');
  });

  it('of an older version changes nothing', () => {
    const { queue, claimed } = claimedRow();
    queue.project(projection(claimed, { version: 5, status: 'filled' }), toIso);
    queue.project(projection(claimed, { version: 4, status: 'sent', reason: 'late' }), toIso);
    expect(queue.allRows()[0]).toMatchObject({ status: 'filled', notes: null });
  });

  it('reaches a row its writer has changed since', () => {
    const { queue, claimed, other } = claimedRow();
    other.exec("UPDATE signals SET entry_1 = 1, bot_name = 'Other'");
    queue.project(projection(claimed, { status: 'sent' }), toIso);
    expect(queue.allRows()[0]).toMatchObject({ status: 'sent', entry_1: 1 });
  });

  it('leaves alone a row that is gone, another row under its id, and another file', () => {
    const { queue, claimed, other } = claimedRow();
    const shown = projection(claimed, { status: 'closed' });
    queue.project({ ...shown, trade: { ...shown.trade, signal: { ...shown.trade.signal, databaseId: 'another' } } }, toIso);
    expect(queue.statusOf(1)).toBe('processing');
    other.exec('DELETE FROM signals');
    queue.project(shown, toIso);
    other.exec("INSERT INTO signals (id, symbol, status, created_at) VALUES (1, 'ETH', 'sent', '2030-01-01')");
    queue.project(shown, toIso);
    expect(queue.statusOf(1)).toBe('sent');
  });

  it('leaves alone a row that waits again, and one that was claimed again as a new signal', () => {
    const { queue, claimed, other } = claimedRow();
    const shown = projection(claimed, { status: 'closed', version: 9 });
    other.exec("UPDATE signals SET status = 'pending', entry_1 = 5");
    queue.project(shown, toIso);
    expect(queue.statusOf(1)).toBe('pending');
    const again = queue.claimEntry(BOT);
    queue.project(shown, toIso);
    expect(queue.statusOf(1)).toBe('processing');
    if (again !== null) queue.project(projection(again, { status: 'sent', version: 1 }), toIso);
    expect(queue.statusOf(1)).toBe('sent');
  });

  it('waits for nobody: a locked file is an error, and the retry finds the row as it was', () => {
    const { queue, claimed, other } = claimedRow();
    const shown = projection(claimed, { status: 'sent', notes: ['bound by risk'] });
    other.exec('BEGIN IMMEDIATE');
    expect(() => queue.project(shown, toIso)).toThrow(expect.objectContaining({ code: 'locked', retry: 'later' }));
    other.exec('ROLLBACK');
    queue.project(shown, toIso);
    expect(queue.allRows()[0]).toMatchObject({ status: 'sent', notes: 'bound by risk' });
  });
});
