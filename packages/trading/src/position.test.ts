import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Side } from './order.ts';
import { applyFill, applyFillOfValue, cashFlow, FLAT, feeFor, type Position } from './position.ts';
import { lots, microUsd, ticks } from './units.ts';

type Trade = readonly [side: Side, px: number, sz: number];
const apply = (position: Position, [side, px, sz]: Trade) => applyFill(position, { side, px: ticks(px), sz: lots(sz) });
const after = (...trades: readonly Trade[]) =>
  trades.reduce((last, trade) => apply(last.position, trade), { position: FLAT } as ReturnType<typeof applyFill>);

describe('a position', () => {
  test.each<readonly [string, readonly Trade[], object]>([
    ['opens long', [['buy', 100, 5]], { dir: 'Open Long', closedPnl: 0, startPosition: 0 }],
    ['opens short', [['sell', 100, 5]], { dir: 'Open Short', closedPnl: 0, startPosition: 0 }],
    [
      'adds to a long',
      [
        ['buy', 100, 5],
        ['buy', 103, 5],
      ],
      { dir: 'Open Long', closedPnl: 0, startPosition: 5 },
    ],
    [
      'adds to a short',
      [
        ['sell', 100, 5],
        ['sell', 103, 5],
      ],
      { dir: 'Open Short', closedPnl: 0, startPosition: -5 },
    ],
    [
      'closes part of a long',
      [
        ['buy', 100, 5],
        ['sell', 110, 2],
      ],
      { dir: 'Close Long', closedPnl: 20, startPosition: 5 },
    ],
    [
      'closes a short at a loss',
      [
        ['sell', 100, 5],
        ['buy', 110, 5],
      ],
      { dir: 'Close Short', closedPnl: -50, startPosition: -5, position: FLAT },
    ],
    [
      'flips from long',
      [
        ['buy', 100, 5],
        ['sell', 110, 8],
      ],
      { dir: 'Long > Short', closedPnl: 50, startPosition: 5, position: { szi: -3, avgEntry: 110, entryCost: 330 } },
    ],
    [
      'flips from short',
      [
        ['sell', 100, 5],
        ['buy', 90, 6],
      ],
      { dir: 'Short > Long', closedPnl: 50, startPosition: -5, position: { szi: 1, avgEntry: 90, entryCost: 90 } },
    ],
  ])('%s', (_name, trades, wanted) => expect(after(...trades)).toMatchObject(wanted));

  test('shows its average cut to whole ticks and realises against what it shows', () => {
    // (100 × 1 + 101 × 2) ÷ 3 = 100.67
    const { position } = after(['buy', 100, 1], ['buy', 101, 2]);
    expect(position).toEqual({ szi: 3, avgEntry: 100, entryCost: 302 });
    expect(apply(position, ['sell', 110, 3]).closedPnl).toBe(30);
  });

  test('carries its cost, so that many small increases do not wear the average down', () => {
    // 4004 ÷ 4. Cut to a tick at each step it would have stayed at 1000.
    expect(after(['buy', 1000, 1], ['buy', 1001, 1], ['buy', 1001, 1], ['buy', 1002, 1]).position.avgEntry).toBe(1001);
  });

  test('a fill without size is a bug', () => {
    expect(() => apply(FLAT, ['buy', 100, 0])).toThrow(RangeError);
  });

  const trades = fc.array(
    fc.tuple(fc.constantFrom<Side>('buy', 'sell'), fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 5000 })),
    { minLength: 1, maxLength: 40 },
  );

  test('is the sum of its fills, and its average lies between the prices paid for it', () => {
    fc.assert(
      fc.property(trades, (list) => {
        let position = FLAT;
        let sum = 0;
        let [low, high] = [Number.POSITIVE_INFINITY, 0];
        for (const trade of list) {
          const applied = apply(position, trade);
          expect(applied.startPosition).toBe(sum);
          sum += trade[0] === 'buy' ? trade[2] : -trade[2];
          expect(applied.position.szi).toBe(sum);
          if (applied.dir.includes('>') || position.szi === 0) [low, high] = [trade[1], trade[1]];
          else if (applied.dir.startsWith('Open')) [low, high] = [Math.min(low, trade[1]), Math.max(high, trade[1])];
          position = applied.position;
          if (position.szi === 0) expect(position).toEqual(FLAT);
          else {
            // The floor of each decrease may cost the average a tick at most.
            expect(position.avgEntry).toBeGreaterThanOrEqual(low - 1);
            expect(position.avgEntry).toBeLessThanOrEqual(high);
          }
        }
      }),
    );
  });

  test('once flat, its closed PnL is its cash but for less than a tick per lot closed', () => {
    fc.assert(
      fc.property(trades, fc.integer({ min: 1, max: 1_000_000 }), (list, lastPx) => {
        const held = list.reduce((sum, [side, , sz]) => sum + (side === 'buy' ? sz : -sz), 0);
        const all: readonly Trade[] = held === 0 ? list : [...list, [held > 0 ? 'sell' : 'buy', lastPx, Math.abs(held)]];
        let position = FLAT;
        let [pnl, cash, closed] = [0, 0, 0];
        for (const trade of all) {
          const applied = apply(position, trade);
          const [side, px, sz] = trade;
          pnl += applied.closedPnl;
          cash += cashFlow({ side, px: ticks(px), sz: lots(sz), fee: microUsd(0) });
          if (!applied.dir.startsWith('Open')) closed += Math.min(sz, Math.abs(applied.startPosition)) + 1;
          position = applied.position;
        }
        expect(position).toEqual(FLAT);
        expect(Math.abs(pnl - cash)).toBeLessThanOrEqual(closed);
      }),
    );
  });

  test('several fills merged into one row leave the same cost', () => {
    const single = after(['buy', 100, 3], ['buy', 104, 1]).position;
    expect(applyFillOfValue(FLAT, { side: 'buy', sz: lots(4), value: microUsd(404) }).position).toEqual(single);
  });
});

test('a fee is cut to the micro-dollar, and a rebate towards nothing', () => {
  // Recorded: 0.01 at 2067.2 for 0.0432 % cost 0.00893.
  expect(feeFor(microUsd(20_672_000), 432)).toBe(8930);
  expect(feeFor(microUsd(999_999), -10)).toBe(-9);
  expect(Object.is(feeFor(microUsd(0), -10), -0)).toBe(false);
});

test('cash moves by the notional and the fee', () => {
  expect(cashFlow({ side: 'buy', px: ticks(650_000), sz: lots(10), fee: microUsd(2925) })).toBe(-6_502_925);
  expect(cashFlow({ side: 'sell', px: ticks(650_000), sz: lots(10), fee: microUsd(-65) })).toBe(6_500_065);
});
