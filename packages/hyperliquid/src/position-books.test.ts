import { type Fill, lots, microUsd, type PositionView, ticks } from '@hyperfleet/trading';
import { beforeEach, expect, test } from 'vitest';
import { openPositionBooks, type PositionBooks } from './position-books.ts';

let nowMs = 0;
let timers: { readonly atMs: number; readonly task: () => void }[] = [];
let untold: string[] = [];
let books: PositionBooks;
const clock = {
  now: () => nowMs,
  after(ms: number, task: () => void) {
    const timer = { atMs: nowMs + ms, task };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  },
};
function pass(ms: number): void {
  nowMs += ms;
  const due = timers.filter(({ atMs }) => atMs <= nowMs);
  timers = timers.filter(({ atMs }) => atMs > nowMs);
  for (const { task } of due) task();
}
beforeEach(() => {
  nowMs = 0;
  timers = [];
  untold = [];
  books = openPositionBooks(clock, (coin) => untold.push(coin));
});

const fill = (coin: string, from: number, change: number): Fill => ({
  coin,
  oid: 1,
  tid: 1,
  cloid: null,
  timeMs: nowMs,
  side: change > 0 ? 'buy' : 'sell',
  px: ticks(1),
  sz: lots(Math.abs(change)),
  fee: microUsd(0),
  closedPnl: microUsd(0),
  startPosition: lots(from),
  dir: '',
  crossed: true,
  liquidation: false,
});
const state = (held: Readonly<Record<string, number>>): readonly PositionView[] =>
  Object.entries(held).map(([coin, szi]) => ({
    coin,
    szi: lots(szi),
    entryPx: ticks(1),
    liquidationPx: null,
    unrealizedPnl: microUsd(0),
    marginUsed: microUsd(0),
    leverage: 1,
    isCross: true,
  }));

test('a position that moves without a fill is untold after a moment, once', () => {
  books.stated(state({ BTC: 5 }));
  books.stated(state({ BTC: 7 }));
  expect(untold).toEqual([]);
  pass(1_500);
  expect(untold).toEqual(['BTC']);
  pass(60_000);
  expect(untold).toEqual(['BTC']);
});

test('a fill on either side of its state explains it, and so do several fills under one state', () => {
  books.stated(state({}));
  books.filled([fill('BTC', 0, 5)]);
  books.stated(state({ BTC: 5 }));
  books.stated(state({ BTC: 3 }));
  pass(1_000);
  books.filled([fill('BTC', 5, -2)]);
  pass(5_000);
  books.filled([fill('BTC', 3, -1), fill('BTC', 2, -2), fill('ETH', 0, -4)]);
  books.stated(state({ ETH: -4 }));
  pass(5_000);
  expect(untold).toEqual([]);
});

test('a state older than the newest fill is none, and the next one is explained as well', () => {
  books.stated(state({}));
  books.filled([fill('BTC', 0, 1), fill('BTC', 1, 1)]);
  books.stated(state({ BTC: 1 }));
  books.stated(state({ BTC: 2 }));
  pass(5_000);
  expect(untold).toEqual([]);
});

test('a position that vanishes untold is noticed, and so is one that was told of long ago', () => {
  books.stated(state({ BTC: 5 }));
  books.filled([fill('BTC', 5, -5)]);
  books.stated(state({}));
  books.filled([fill('BTC', 0, 5)]);
  books.stated(state({ BTC: 5 }));
  pass(2_000);
  books.stated(state({}));
  pass(2_000);
  expect(untold).toEqual(['BTC']);
});

test('a new connection begins with what its first state says', () => {
  books.stated(state({ BTC: 5 }));
  books.stated(state({ BTC: 9 }));
  books.forget();
  pass(5_000);
  books.stated(state({ BTC: 9 }));
  pass(5_000);
  expect(untold).toEqual([]);
});
