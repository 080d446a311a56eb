import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Books, compareBooks, type Doubt, type Finding, judge, openingOf, positionRule } from './books.ts';
import type { AccountView, PositionView } from './ports/exchange.ts';
import { lots, microUsd, ticks } from './units.ts';

const position = (coin: string, szi: number): PositionView => ({
  coin,
  szi: lots(szi),
  entryPx: ticks(1),
  liquidationPx: null,
  unrealizedPnl: microUsd(0),
  marginUsed: microUsd(0),
  leverage: 1,
  isCross: true,
});
const accountOf = (cash: number | null, positions: Readonly<Record<string, number>> = {}, timeMs = 10): AccountView => ({
  equity: microUsd(5_000_000),
  cash: cash === null ? null : microUsd(cash),
  marginUsed: microUsd(0),
  withdrawable: microUsd(0),
  positions: Object.entries(positions).map(([coin, szi]) => position(coin, szi)),
  timeMs,
});
const booksOf = (cash: number, held: Readonly<Record<string, number>> = {}): Books => ({
  openedMs: 0,
  cash: microUsd(cash),
  held: new Map(Object.entries(held).map(([coin, szi]) => [coin, lots(szi)])),
});

describe('our books beside the venue', () => {
  test('agree to the micro-dollar and to the lot, or say by how much they do not', () => {
    expect(compareBooks(booksOf(5, { BTC: 3 }), accountOf(5, { BTC: 3 }))).toEqual([]);
    expect(compareBooks(booksOf(5), accountOf(4))).toEqual([{ coin: null, amount: -1 }]);
    expect(compareBooks(booksOf(5, { BTC: 3, ETH: -2 }), accountOf(7, { BTC: 1, SOL: 4 }))).toEqual([
      { coin: null, amount: 2 },
      { coin: 'BTC', amount: -2 },
      { coin: 'ETH', amount: 2 },
      { coin: 'SOL', amount: 4 },
    ]);
  });

  test('are compared in sizes alone where the venue does not state its cash', () => {
    expect(compareBooks(booksOf(5, { BTC: 3 }), accountOf(null, { BTC: 2 }))).toEqual([{ coin: 'BTC', amount: -1 }]);
  });

  test('open with what the account holds, so that an account just seen always agrees', () => {
    fc.assert(
      fc.property(fc.integer(), fc.dictionary(fc.constantFrom('BTC', 'ETH', 'SOL'), fc.integer({ min: 1, max: 99 })), (cash, positions) => {
        const account = accountOf(cash, positions);
        const opening = openingOf(account) ?? [];
        const held = Object.fromEntries(opening.flatMap(({ coin, szi }) => (coin === null ? [] : [[coin, szi]])));
        const sum = opening.reduce((total, { usd }) => total + usd, 0);
        expect(compareBooks(booksOf(sum, held), account)).toEqual([]);
        expect(new Set(opening.map(({ key }) => key)).size).toBe(opening.length);
      }),
    );
    expect(openingOf(accountOf(null))).toBeNull();
  });
});

describe('a difference', () => {
  const cash = (amount: number): Finding => ({ coin: null, amount });
  const look = (doubt: Doubt | null, latest: readonly Finding[], earlier: readonly Finding[] = []) =>
    judge(doubt, { account: accountOf(0), latest, earlier });

  test('is certain when two looks in a row show the same amount', () => {
    const first = look(null, [cash(3)]);
    expect(first.certain).toEqual([]);
    expect(look(first.doubt, [cash(3)], [cash(3)]).certain).toEqual([cash(3)]);
  });

  test('is none when a fill on its way explains the first look, and when it is on its way in the second', () => {
    const first = look(null, [cash(3)]);
    expect(look(first.doubt, [])).toEqual({ doubt: null, certain: [] });
    expect(look(first.doubt, [cash(7)], []).certain).toEqual([]);
    expect(look(first.doubt, [cash(7)], [cash(3)]).certain).toEqual([]);
  });

  test('that never stands still is certain at the fourth look', () => {
    let doubt: Doubt | null = null;
    const told = [1, 2, 3, 4].map((amount) => {
      const judged = look(doubt, [cash(amount)], amount === 1 ? [] : [cash(amount - 1)]);
      doubt = judged.doubt;
      return judged.certain.length;
    });
    expect(told).toEqual([0, 0, 0, 1]);
  });

  test('never tells a look that agrees, and forgets a coin that agreed in between', () => {
    const finding = fc.record({ coin: fc.constantFrom(null, 'BTC'), amount: fc.integer({ min: 1, max: 3 }) });
    const findings = fc.uniqueArray(finding, { selector: ({ coin }) => coin });
    fc.assert(
      fc.property(fc.array(fc.tuple(findings, findings), { maxLength: 20 }), (looks) => {
        let doubt: Doubt | null = null;
        let inARow = 0;
        for (const [latest, earlier] of looks) {
          const judged: ReturnType<typeof judge> = look(doubt, latest, earlier);
          inARow = latest.some(({ coin }) => coin === null) ? inARow + 1 : 0;
          for (const certain of judged.certain) {
            expect(latest).toContainEqual(certain);
            const isAlike = earlier.some(({ coin, amount }) => coin === certain.coin && amount === certain.amount);
            if (certain.coin === null && !isAlike) expect(inARow).toBeGreaterThanOrEqual(4);
          }
          expect(judged.doubt === null).toBe(latest.length === 0);
          doubt = judged.doubt;
        }
      }),
    );
  });
});

test.each([
  [0, 5, 0, 'no trade of ours: shown and left alone'],
  [5, 0, 5, 'venue flat: the trade is ended'],
  [5, -1, 5, 'venue flat: the trade is ended'],
  [-5, 0, -5, 'venue flat: the trade is ended'],
  [5, 3, 5, 'venue holds less: reduce-only orders are capped by it'],
  [-5, -3, -5, 'venue holds less: reduce-only orders are capped by it'],
  [5, 6, 5, 'venue holds more: the rest is foreign and left alone'],
  [-5, -6, -5, 'venue holds more: the rest is foreign and left alone'],
  [5, 6, 8, 'venue holds less, but all of our trade: shown and left alone'],
  [-5, -6, -8, 'venue holds less, but all of our trade: shown and left alone'],
  [5, 5, 8, 'venue holds just our trade: shown and left alone'],
  [5, 5, 0, 'venue holds just our trade: shown and left alone'],
] as const)('with %i lots of ours, %i at the venue and %i in the books: %s', (ours, theirs, books, rule) => {
  expect(positionRule({ ours, theirs, books })).toBe(rule);
});
