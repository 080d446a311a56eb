import { join } from 'node:path';
import { lots, microUsd, type OrderRole, ticks } from '@hyperfleet/trading';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { ACCOUNT, BOT, cloidOf, sampleFill, sampleOrder, sampleTrade, shownAs } from '../testing/trade-samples.ts';
import { type LedgerHandle, openLedger } from './open-ledger.ts';

function open(dir = tempDir()): LedgerHandle {
  const ledger = openLedger(join(dir, 'ledger.db'));
  onTestFinished(() => ledger.close());
  return ledger;
}

/** A ledger with one trade and an entry order of 100 lots under way. */
function withEntry(): LedgerHandle {
  const ledger = open();
  ledger.insertTrade(sampleTrade(), { symbol: 'BTC', entry_1: 110_000 });
  ledger.recordIntents('t1', 0, [sampleOrder({ number: 1 })], { phase: 'entering', status: 'sent' });
  return ledger;
}

describe('trades', () => {
  it('come back as they were stored, with their claimed row', () => {
    const ledger = open();
    const plan = {
      entryPx: ticks(1_100_000),
      tif: 'gtc',
      sz: lots(100),
      stopTrigger: ticks(1_050_000),
      stopLimit: ticks(950_000),
      targets: [ticks(1_120_000)],
      boundBy: 'risk',
      placedAtMs: 5,
      expiresAtMs: 6,
    } as const;
    const trade = sampleTrade({ plan, notes: ['stop tightened'], ladder: [{ index: 1, px: ticks(1_120_000), sz: lots(100) }] });
    expect(ledger.insertTrade(trade, { symbol: 'BTC', entry_1: Number.POSITIVE_INFINITY, notes: null })).toBe('inserted');
    expect(ledger.trade('t1')).toEqual(trade);
    expect(ledger.claimedRow('t1')).toEqual({ symbol: 'BTC', entry_1: 'Infinity', notes: null });
    expect(ledger.trade('t2')).toBeNull();
  });

  it('are made once for one row, whatever id the second attempt gives', () => {
    const ledger = open();
    ledger.insertTrade(sampleTrade(), {});
    expect(ledger.insertTrade(sampleTrade(), {})).toBe('exists');
    expect(ledger.insertTrade(sampleTrade({ tradeId: 'other' }), {})).toBe('exists');
    const reused = { ...sampleTrade().signal, createdAt: '2025-09-05 00:00:00' };
    expect(ledger.insertTrade(sampleTrade({ tradeId: 't2', signal: reused }), {})).toBe('inserted');
  });

  it('are projected again when their row was claimed a second time', () => {
    const ledger = open();
    ledger.insertTrade(sampleTrade(), {});
    ledger.markProjected([shownAs(1)]);
    expect(ledger.unprojected(BOT, 10)).toEqual([]);
    ledger.insertTrade(sampleTrade(), {});
    expect(ledger.unprojected(BOT, 10).map(({ trade }) => trade.tradeId)).toEqual(['t1']);
  });

  it('change only for who has seen the newest version, and then all at once with their events', () => {
    const ledger = open();
    ledger.insertTrade(sampleTrade(), {});
    const event = { bot: BOT, tradeId: 't1', atMs: 5, event: 'refused', detail: { why: 'spot' } };
    expect(ledger.changeTrade('t1', 0, { phase: 'refused', status: 'failed', reason: 'spot' }, [event])).toBe(true);
    expect(ledger.changeTrade('t1', 0, { phase: 'open' }, [event])).toBe(false);
    expect(ledger.trade('t1')).toMatchObject({ phase: 'refused', version: 1, reason: 'spot' });
    expect(ledger.timeline('t1')).toEqual([event]);
    expect(ledger.activeTrades(BOT)).toEqual([]);
  });

  it('keep an order of intents only when the version still stands', () => {
    const ledger = open();
    ledger.insertTrade(sampleTrade(), {});
    ledger.changeTrade('t1', 0, {});
    expect(ledger.recordIntents('t1', 0, [sampleOrder({ number: 1 })], {})).toBe(false);
    expect(ledger.orders('t1')).toEqual([]);
    expect(ledger.recordIntents('t1', 1, [sampleOrder({ number: 1 }), sampleOrder({ number: 2, role: 'stop' })], {})).toBe(true);
    expect(ledger.orders('t1')).toEqual([sampleOrder({ number: 1 }), sampleOrder({ number: 2, role: 'stop' })]);
    expect(ledger.highestNonce(BOT)).toBe(1_002);
    expect(ledger.highestNonce('nobody')).toBe(0);
  });

  it('take neither the patch nor any intent when one of the intents is refused', () => {
    const ledger = withEntry();
    const intents = [sampleOrder({ number: 2, role: 'stop' }), sampleOrder({ number: 1 })];
    expect(() => ledger.recordIntents('t1', 1, intents, { phase: 'open' })).toThrow(expect.objectContaining({ code: 'constraint' }));
    expect(ledger.trade('t1')).toMatchObject({ phase: 'entering', version: 1 });
    expect(ledger.orders('t1')).toHaveLength(1);
  });
});

describe('orders', () => {
  it('follow the news, and raise the version only when something moved', () => {
    const ledger = withEntry();
    expect(ledger.applyOrderNews(cloidOf(1), { state: 'resting', oid: 77 })).toMatchObject({ state: 'resting', oid: 77 });
    const version = ledger.trade('t1')?.version;
    const event = { bot: BOT, tradeId: 't1', atMs: 1, event: 'again', detail: {} };
    ledger.applyOrderNews(cloidOf(1), { state: 'resting', oid: 77 }, [event]);
    expect(ledger.trade('t1')?.version).toBe(version);
    expect(ledger.timeline('t1')).toEqual([]);
    expect(ledger.orderByOid(BOT, 77)?.intent.cloid).toBe(cloidOf(1));
    expect(ledger.applyOrderNews(cloidOf(9), { state: 'resting' })).toBeNull();
  });

  it('are found by client id in any case', () => {
    const ledger = withEntry();
    expect(ledger.order(cloidOf(1).toUpperCase().replace('0X', '0x') as `0x${string}`)).not.toBeNull();
  });

  it('stay ended when late news comes, and stop being live', () => {
    const ledger = withEntry();
    expect(ledger.liveOrders(BOT)).toHaveLength(1);
    ledger.applyOrderNews(cloidOf(1), { state: 'canceled', reason: 'by us' });
    expect(ledger.applyOrderNews(cloidOf(1), { state: 'resting' })).toMatchObject({ state: 'canceled', reason: 'by us' });
    expect(ledger.liveOrders(BOT)).toEqual([]);
  });
});

describe('fills', () => {
  it('count once, however often they are told', () => {
    const ledger = withEntry();
    const fills = [sampleFill({ tid: 1, cloid: cloidOf(1) }), sampleFill({ tid: 2, cloid: cloidOf(1), sz: lots(60) })];
    expect(ledger.recordFills(BOT, ACCOUNT, fills, 3_000).map((fill) => fill.role)).toEqual(['entry', 'entry']);
    const version = ledger.trade('t1')?.version;
    expect(ledger.recordFills(BOT, ACCOUNT.toLowerCase(), [...fills, ...fills], 3_000)).toEqual([]);
    expect(ledger.trade('t1')?.version).toBe(version);
    expect(ledger.order(cloidOf(1))).toMatchObject({ filledSz: 100, state: 'filled', oid: 77 });
    expect(ledger.fillSums('t1')).toMatchObject({ entrySz: 100, entryCost: 110_000_000, exitSz: 0, fees: 39_600, entryFees: 39_600 });
  });

  it('with one tid at two times, or on two coins, are two fills', () => {
    const ledger = withEntry();
    const seen = [sampleFill({ tid: 1 }), sampleFill({ tid: 1, timeMs: 3_001 }), sampleFill({ tid: 1, coin: 'ETH' })];
    expect(ledger.recordFills(BOT, ACCOUNT, seen, null)).toHaveLength(3);
    expect(ledger.watermark(ACCOUNT)).toBeNull();
  });

  it('sum to the same whatever the order and repetition they arrive in', () => {
    const known = Array.from({ length: 8 }, (_, tid) =>
      sampleFill({ tid, cloid: cloidOf(1), sz: lots(tid + 1), timeMs: 3_000 + (tid % 3) }),
    );
    const ledgers = fc.array(fc.constantFrom(...known), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(ledgers, (arrived) => {
        const ledger = openLedger(':memory:');
        ledger.insertTrade(sampleTrade(), {});
        ledger.recordIntents('t1', 0, [sampleOrder({ number: 1 })], {});
        for (const fill of arrived) ledger.recordFills(BOT, ACCOUNT, [fill], fill.timeMs);
        const size = [...new Set(arrived)].reduce((sum, fill) => sum + fill.sz, 0);
        expect(ledger.fillSums('t1').entrySz).toBe(size);
        expect(ledger.order(cloidOf(1))?.filledSz).toBe(size);
        expect(ledger.watermark(ACCOUNT)).toBe(Math.max(...arrived.map((fill) => fill.timeMs)));
        ledger.close();
      }),
      { numRuns: 30 },
    );
  });

  it('that are all known wait for no other writer, and one that is not does', () => {
    const ledger = openLedger(join(tempDir(), 'ledger.db'), { busyTimeoutMs: 0 });
    onTestFinished(() => ledger.close());
    const known = [sampleFill({ tid: 1 }), sampleFill({ tid: 2 })];
    expect(ledger.recordFills(BOT, ACCOUNT, known, 5_000)).toHaveLength(2);
    const other = new Database(ledger.path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    expect(ledger.recordFills(BOT, ACCOUNT, known, 5_000)).toEqual([]);
    expect(ledger.recordFills(BOT, ACCOUNT, known, null)).toEqual([]);
    const locked = expect.objectContaining({ code: 'locked' });
    expect(() => ledger.recordFills(BOT, ACCOUNT, known, 5_001)).toThrow(locked);
    expect(() => ledger.recordFills(BOT, ACCOUNT, [...known, sampleFill({ tid: 3 })], null)).toThrow(locked);
    other.exec('ROLLBACK');
    expect(ledger.recordFills(BOT, ACCOUNT, [...known, sampleFill({ tid: 3 })], 5_001).map(({ tid }) => tid)).toEqual([3]);
    expect(ledger.watermark(ACCOUNT)).toBe(5_001);
  });

  it('move neither the sums nor the watermark when one of them cannot be stored', () => {
    const ledger = withEntry();
    const broken = sampleFill({ tid: 2, sz: lots(0) });
    expect(() => ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 1, cloid: cloidOf(1) }), broken], 9_000)).toThrow(
      expect.objectContaining({ code: 'constraint' }),
    );
    expect(ledger.watermark(ACCOUNT)).toBeNull();
    expect(ledger.fills('t1')).toEqual([]);
    expect(ledger.order(cloidOf(1))?.filledSz).toBe(0);
  });

  it('never move the watermark back', () => {
    const ledger = withEntry();
    ledger.recordFills(BOT, ACCOUNT, [], 9_000);
    ledger.recordFills(BOT, ACCOUNT, [], 4_000);
    expect(ledger.watermark(ACCOUNT)).toBe(9_000);
  });

  it('that came before their order had an id are given to it when it gets one', () => {
    const ledger = withEntry();
    expect(ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 1 })], 3_000)[0]).toMatchObject({ tradeId: null, role: null });
    expect(ledger.applyOrderNews(cloidOf(1), { state: 'resting', oid: 77 })).toMatchObject({ filledSz: 40, state: 'resting' });
    expect(ledger.fills('t1').map((fill) => fill.role)).toEqual(['entry']);
  });

  it('that no order explains count as exits of the trade they are assigned to, once, as far as they are its own', () => {
    const ledger = withEntry();
    const liquidation = sampleFill({ tid: 5, oid: 999, side: 'sell', liquidation: true });
    ledger.recordFills(BOT, ACCOUNT, [liquidation], null);
    expect(ledger.unjudgedFills(BOT)).toMatchObject([{ tid: 5, tradeId: null, tradeSz: 0 }]);
    const share = { tradeId: 't1', sz: lots(30), fee: microUsd(3), closedPnl: microUsd(-7) };
    const version = ledger.trade('t1')?.version ?? 0;
    expect(ledger.assignFill(ACCOUNT, liquidation, share, version - 1)).toBe(false);
    expect(ledger.assignFill(ACCOUNT, liquidation, share, version)).toBe(true);
    expect(ledger.trade('t1')?.version).toBe(version + 1);
    expect(ledger.assignFill(ACCOUNT, liquidation, share, version + 1)).toBe(false);
    expect(ledger.unjudgedFills(BOT)).toEqual([]);
    expect(ledger.fills('t1')).toMatchObject([{ tid: 5, sz: 40, tradeSz: 30 }]);
    expect(ledger.fillSums('t1')).toMatchObject({ entrySz: 0, exitSz: 30, exitCost: 30 * liquidation.px, fees: 3, closedPnl: -7 });
    expect(ledger.held()).toEqual([{ bot: BOT, coin: 'BTC', szi: -40 }]);
  });

  it('that nobody here made are left, once, until an order explains them after all', () => {
    const ledger = withEntry();
    const early = sampleFill({ tid: 6 });
    ledger.recordFills(BOT, ACCOUNT, [early], null);
    expect(ledger.leaveFills(ACCOUNT, [early])).toBe(1);
    expect(ledger.leaveFills(ACCOUNT, [early])).toBe(0);
    expect(ledger.unjudgedFills(BOT)).toEqual([]);
    ledger.applyOrderNews(cloidOf(1), { state: 'resting', oid: early.oid });
    expect(ledger.fills('t1')).toMatchObject([{ tid: 6, role: 'entry', tradeSz: 40 }]);
    expect(ledger.fillSums('t1').entrySz).toBe(40);
  });
});

describe('funding', () => {
  const payment = (timeMs: number) => ({ coin: 'BTC', timeMs, usd: microUsd(-500), szi: lots(40) });

  it('goes to the trade that held the coin then, also when the fill is told later', () => {
    const ledger = withEntry();
    expect(ledger.recordFunding(BOT, ACCOUNT, [payment(3_600_000)])).toHaveLength(1);
    expect(ledger.fillSums('t1').funding).toBe(0);
    ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 1, cloid: cloidOf(1) })], null);
    expect(ledger.fillSums('t1').funding).toBe(-500);
    expect(ledger.recordFunding(BOT, ACCOUNT, [payment(3_600_000), payment(7_200_000)])).toEqual([payment(7_200_000)]);
    expect(ledger.fillSums('t1').funding).toBe(-1_000);
  });

  it('before the first fill and after the last belongs to no trade', () => {
    const ledger = withEntry();
    ledger.recordIntents('t1', 1, [sampleOrder({ number: 2, role: 'close', sz: 40 })], {});
    const exit = sampleFill({ tid: 2, cloid: cloidOf(2), side: 'sell', timeMs: 4_000 });
    ledger.recordFills(BOT, ACCOUNT, [sampleFill({ tid: 1, cloid: cloidOf(1) }), exit], null);
    ledger.recordFunding(BOT, ACCOUNT, [payment(2_999), payment(4_001)]);
    expect(ledger.fillSums('t1').funding).toBe(0);
  });
});

describe('what a row is shown', () => {
  it('is the newest id of each role and the time a role was complete', () => {
    const ledger = withEntry();
    const orders: [number, OrderRole][] = [
      [2, 'tp1'],
      [3, 'tp2'],
    ];
    ledger.recordIntents(
      't1',
      1,
      orders.map(([number, role]) => sampleOrder({ number, role, sz: 50 })),
      {},
    );
    const fills = [
      sampleFill({ tid: 1, cloid: cloidOf(1), sz: lots(100) }),
      sampleFill({ tid: 2, cloid: cloidOf(2), oid: 78, side: 'sell', sz: lots(20), timeMs: 5_000 }),
      sampleFill({ tid: 3, cloid: cloidOf(2), oid: 78, side: 'sell', sz: lots(30), timeMs: 6_000 }),
      sampleFill({ tid: 4, cloid: cloidOf(3), oid: 79, side: 'sell', sz: lots(1), timeMs: 7_000 }),
    ];
    ledger.recordFills(BOT, ACCOUNT, fills, 7_000);
    const shown = ledger.unprojected(BOT, 10)[0];
    expect(shown).toMatchObject({ orderIds: { entry: 77, tp1: 78, tp2: 79 }, filledAtMs: { entry: 3_000, tp1: 6_000 }, openSz: 49 });
    expect(shown?.filledAtMs.tp2).toBeUndefined();
  });

  it('is due again after every change, until it is marked for that version', () => {
    const ledger = withEntry();
    ledger.markProjected([shownAs(1)]);
    expect(ledger.unprojected(BOT, 10)).toHaveLength(1);
    ledger.markProjected([shownAs(2, { version: 1 })]);
    expect(ledger.unprojected(BOT, 10)).toEqual([]);
    ledger.applyOrderNews(cloidOf(1), { state: 'resting', oid: 77 });
    expect(ledger.unprojected(BOT, 10)).toHaveLength(1);
  });
});

describe('the rest of a bot’s memory', () => {
  it('holds its state, and applies a control once', () => {
    const ledger = open();
    expect(ledger.botState(BOT)).toEqual({ bot: BOT, paused: false, tradingState: 'active', reason: null, equityStart: null });
    ledger.setBotState(BOT, { equityStart: microUsd(10_000_000_000) });
    ledger.setBotState(BOT, { paused: true, reason: 'operator' });
    expect(ledger.botState(BOT)).toMatchObject({ paused: true, reason: 'operator', equityStart: 10_000_000_000 });
    expect(ledger.recordControl(BOT, 'k', 'paused', 1)).toBe(true);
    expect(ledger.recordControl(BOT, 'k', 'again', 2)).toBe(false);
    expect([...ledger.controlOutcomes('k')]).toEqual([[BOT, 'paused']]);
  });

  it('numbers events so that a reader can go on where it stopped', () => {
    const ledger = open();
    for (const atMs of [1, 2, 3]) ledger.record({ bot: BOT, tradeId: null, atMs, event: 'noted', detail: {} });
    const [first] = ledger.eventsSince(0, 1);
    expect(ledger.eventsSince(first?.id ?? 0, 10).map(({ event }) => event.atMs)).toEqual([2, 3]);
  });

  it('is one for all connections to the file, and keeps its id', () => {
    const dir = tempDir();
    const [one, two] = [open(dir), open(dir)];
    expect(one.ledgerId).toBe(two.ledgerId);
    one.insertTrade(sampleTrade(), {});
    expect(two.changeTrade('t1', 0, { phase: 'open' })).toBe(true);
    expect(one.changeTrade('t1', 0, { phase: 'settled' })).toBe(false);
  });

  /** A trade that bought and sold 100 lots of BTC, in a file whose plain queries can be asked. */
  function roundTrip() {
    const dir = tempDir();
    const ledger = open(dir);
    ledger.rememberCoins([{ coin: 'BTC', szDecimals: 5 }]);
    ledger.insertTrade(sampleTrade(), {});
    ledger.recordIntents('t1', 0, [sampleOrder({ number: 1 }), sampleOrder({ number: 2, role: 'close' })], {});
    const bought = sampleFill({ tid: 1, cloid: cloidOf(1), sz: lots(100) });
    const sold = sampleFill({
      tid: 2,
      cloid: cloidOf(2),
      side: 'sell',
      px: ticks(1_110_000),
      sz: lots(100),
      closedPnl: microUsd(1_000_000),
    });
    ledger.recordFills(BOT, ACCOUNT, [bought, sold], null);
    const db = new Database(join(dir, 'ledger.db'), { readonly: true });
    onTestFinished(() => void db.close());
    return { ledger, sold, db };
  }

  it('reads as decimals in a plain query', () => {
    const { db } = roundTrip();
    expect(db.prepare('SELECT px, sz, fee_usd FROM fills_readable').get()).toEqual({ px: 110_000, sz: 0.001, fee_usd: 0.0198 });
    expect(db.prepare('SELECT entry_px, exit_px, entry_sz, closed_pnl_usd, net_pnl_usd FROM trades_readable').get()).toEqual({
      entry_px: 110_000,
      exit_px: 111_000,
      entry_sz: 0.001,
      closed_pnl_usd: 1,
      net_pnl_usd: 0.9604,
    });
  });

  it('leaves a trade less of a fill of its own order, and never more again', () => {
    const { ledger, sold, db } = roundTrip();
    const versionOf = (): number => ledger.trade('t1')?.version ?? -1;
    const share = (sz: number) => ({ tradeId: 't1', sz: lots(sz), fee: microUsd(sz), closedPnl: microUsd(10_000 * sz) });
    expect(ledger.assignFill(ACCOUNT, sold, share(100), versionOf())).toBe(false);
    expect(ledger.assignFill(ACCOUNT, sold, share(40), versionOf() - 1)).toBe(false);
    expect(ledger.assignFill(ACCOUNT, sold, share(40), versionOf())).toBe(true);
    expect(ledger.assignFill(ACCOUNT, sold, share(50), versionOf())).toBe(false);
    expect(ledger.leaveFills(ACCOUNT, [sold])).toBe(0);
    expect(ledger.fillSums('t1')).toMatchObject({ entrySz: 100, exitSz: 40, exitCost: 44_400_000, closedPnl: 400_000 });
    expect(ledger.fills('t1').map(({ sz, tradeSz }) => [sz, tradeSz])).toEqual([
      [100, 100],
      [100, 40],
    ]);
    expect(db.prepare('SELECT open_sz FROM trades').get()).toEqual({ open_sz: 60 });
    expect(db.prepare('SELECT entry_sz, exit_sz, closed_pnl_usd, fees_usd FROM trades_readable').get()).toEqual({
      entry_sz: 0.001,
      exit_sz: 0.0004,
      closed_pnl_usd: 0.4,
      fees_usd: 0.01984,
    });
  });
});
