import { expect, test } from 'vitest';
import { LIMITS } from '../testing/entry-limits.ts';
import { microUsd, ticks } from '../units.ts';
import { planSize, type SizeQuestion } from './plan-size.ts';

const RICH = microUsd(2_000_000_000_000);
/** A resting long of BTC at $65,000 by an account of $2M, on a venue that gives it a leverage of 5, and so $500,000 to one market order. */
const LONG: SizeQuestion = {
  direction: 'long',
  entryPx: ticks(650_000),
  tif: 'gtc',
  stopTrigger: ticks(637_000),
  stopLimit: ticks(573_300),
  ask: ticks(651_000),
  instrument: { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 5, onlyIsolated: false, isDelisted: false },
  account: { equity: RICH, freeMargin: RICH, exposure: microUsd(0), openTrades: 0 },
  limits: LIMITS,
};

test('a resting entry is cut to what its stop, a market order, may be at the dearer of entry and stop limit', () => {
  expect(planSize(LONG)).toEqual({
    ok: true,
    sz: Math.floor(500_000_000_000 / 650_000),
    boundBy: 'venue maximum',
    note: 'size 7.6923 BTC ($499999.50) set by venue maximum: $500000.00 at most in one market order, which the stop is',
  });
  const short = planSize({ ...LONG, direction: 'short', stopTrigger: ticks(663_000), stopLimit: ticks(729_300) });
  expect(short).toMatchObject({ sz: Math.floor(500_000_000_000 / 729_300), boundBy: 'venue maximum' });
});
