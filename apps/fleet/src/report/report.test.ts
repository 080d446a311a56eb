import { type FillRecord, lots, microUsd, type Trade, type TradeFills, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleTrade } from '../testing/trades.ts';
import { outcomeOf } from './outcome.ts';
import { matchTrades, nakedWithin } from './report.ts';
import { timelineOf } from './timeline.ts';

const BTC = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };

const TRADE = sampleTrade();

const fillsOf = (part: Partial<TradeFills>): TradeFills => ({
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
  ...part,
});

test('a closed trade nets what was sold less what was bought, less fees, plus funding', () => {
  const fills = fillsOf({
    entrySz: lots(100),
    entryCost: microUsd(100 * 1_098_000),
    exitSz: lots(100),
    exitCost: microUsd(100 * 1_099_000),
    fees: microUsd(60_000),
    funding: microUsd(-500),
  });
  expect(outcomeOf(TRADE, fills, null, BTC)).toMatchObject({ netPnl: 39_500, entryPx: 109_800, exitPx: 109_900, open: false });
  expect(outcomeOf({ ...TRADE, direction: 'short' }, fills, null, BTC).netPnl).toBe(-160_500);
});

test('net results of open and closed trades add up to the change of the account, to the micro-dollar', () => {
  const side = fc.constantFrom('long' as const, 'short' as const);
  const whole = (min: number, max: number) => fc.integer({ min, max });
  fc.assert(
    fc.property(
      side,
      whole(1, 90_000),
      whole(0, 100),
      whole(1_000_000, 1_200_000),
      whole(-9_999, 9_999),
      whole(0, 999_999),
      (direction, sz, part, px, move, fees) => {
        const sign = direction === 'long' ? 1 : -1;
        const exitSz = Math.floor((sz * part) / 100);
        const exitPx = px + move;
        const held = sz - exitSz;
        // The venue's account: cash of the fills, less fees, and the value of what is held at its mark.
        const value = sign * held * (px + move);
        const change = sign * (exitSz * exitPx - sz * px) - fees + value;
        const fills = fillsOf({
          entrySz: lots(sz),
          entryCost: microUsd(sz * px),
          exitSz: lots(exitSz),
          exitCost: microUsd(exitSz * exitPx),
          fees: microUsd(fees),
        });
        const position = held === 0 ? null : { value: microUsd(value) };
        const outcome = outcomeOf({ ...TRADE, direction }, fills, position, BTC);
        expect(outcome.netPnl).toBe(change);
        expect(outcome.open).toBe(held > 0);
      },
    ),
  );
});

test('naked time is the part of the venue’s intervals that lies within the trade', () => {
  const user = '0xAb00000000000000000000000000000000000001';
  const interval = (fromMs: number, toMs: number | null, coin = 'BTC') => ({
    user: '0xab00000000000000000000000000000000000001' as const,
    coin,
    fromMs,
    toMs,
  });
  const naked = [interval(0, 50), interval(100, 130), interval(190, null), interval(100, 900, 'ETH')];
  expect(nakedWithin(naked, { user, coin: 'BTC', fromMs: 40, toMs: 200, nowMs: 500 })).toBe(10 + 30 + 10);
  expect(nakedWithin(naked, { user: '0x1', coin: 'BTC', fromMs: 0, toMs: 200, nowMs: 500 })).toBe(0);
});

test('a timeline tells events and fills in order, in dollars, coins and time after the start', () => {
  const fill: FillRecord = {
    coin: 'BTC',
    oid: 1,
    tid: 1,
    cloid: null,
    timeMs: 1_500,
    side: 'sell',
    px: ticks(1_098_905),
    sz: lots(30_300),
    fee: microUsd(499_450),
    closedPnl: microUsd(0),
    startPosition: lots(0),
    dir: 'Close Long',
    crossed: false,
    liquidation: false,
    tradeId: 't1',
    role: 'tp1',
    tradeSz: lots(30_300),
  };
  const events = [
    {
      bot: 'Sentient',
      tradeId: 't1',
      atMs: 1_200,
      event: 'entry sent',
      detail: { px: 1_098_000, sz: 90_900, targets: 3, boundBy: 'risk' },
    },
    { bot: 'Sentient', tradeId: 't1', atMs: 1_600, event: 'breakeven passed, closing', detail: { mark: 1_098_000_500 } },
  ];
  expect(timelineOf(events, [fill], { instrument: BTC, marketStartMs: 1_000 })).toEqual([
    { atMs: 200, event: 'entry sent', px: 109_800, sz: 0.909, targets: 3, boundBy: 'risk' },
    { atMs: 500, event: 'fill', role: 'tp1', side: 'sell', px: 109_890.5, sz: 0.303, feeUsd: 0.49945, taker: false },
    { atMs: 600, event: 'breakeven passed, closing', mark: 109_800.05 },
  ]);
});

test('no trade is lost with its row: deleted, written over, or its id given away again', () => {
  const created = TRADE.signal.createdAt;
  const trade = (tradeId: string, rowId: number, claimedAtMs: number): Trade => ({
    ...TRADE,
    tradeId,
    claimedAtMs,
    signal: { ...TRADE.signal, rowId, rowDigest: tradeId },
  });
  const trades = [trade('written over', 1, 10), trade('its successor', 1, 20), trade('deleted', 2, 30), trade('before the reset', 3, 40)];
  const rows = [
    { id: 1, created_at: created },
    { id: 3, created_at: '2025-09-04 21:00:00' },
  ];
  const { lines, left } = matchTrades(rows, trades);
  expect(lines.map(({ trade }) => trade?.tradeId ?? null)).toEqual(['its successor', null]);
  expect(left.map(({ tradeId }) => tradeId)).toEqual(['written over', 'deleted', 'before the reset']);
});
