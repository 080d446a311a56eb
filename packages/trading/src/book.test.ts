import { expect, test } from 'vitest';
import { freshView, type MarketView, midTwice } from './book.ts';
import { lots, ticks } from './units.ts';

const bid = { px: ticks(100), sz: lots(1) };
const ask = { px: ticks(103), sz: lots(1) };
const view: MarketView = {
  coin: 'BTC',
  bids: [bid],
  asks: [ask],
  bid,
  ask,
  lastPrint: null,
  mark: null,
  fundingRateE10: null,
  exchangeTimeMs: 1000,
  receivedAtMs: 1000,
};

test('a view is fresh to the very end of its age and not one millisecond longer', () => {
  expect(freshView(view, 3000, 2000)).toBe(view);
  expect(freshView(view, 3001, 2000)).toBeNull();
});

test('a view with one side, or none at all, is never fresh', () => {
  expect(freshView({ ...view, ask: null }, 1000, 2000)).toBeNull();
  expect(freshView({ ...view, bid: null }, 1000, 2000)).toBeNull();
  expect(freshView(null, 1000, 2000)).toBeNull();
});

test('the mid is exact in half ticks', () => {
  const fresh = freshView(view, 1000, 2000);
  expect(fresh === null ? null : midTwice(fresh)).toBe(203);
});
