import { lots, venueMaximum } from '@hyperfleet/trading';
import { expect, test } from 'vitest';
import type { TradeSight } from '../sight.ts';
import { NOW_MS, orderOf, sightOf, viewAt } from '../testing/sights.ts';
import { nextExitStep } from './exit.ts';

/** 5 BTC bought at $100,000 on a venue that gives it a leverage of 5, and so $500,000 to one market order; now at $104,000. */
const HELD = 500_000;
function sight(change: { readonly exitSz: number; readonly closes: readonly number[] }): TradeSight {
  const closes = change.closes.map((sz, attempt) =>
    orderOf('close', { attempt, sz, state: 'filled', filledSz: lots(sz), recordedAtMs: NOW_MS - 1_000 }),
  );
  const whole = sightOf({
    fills: { entrySz: lots(HELD), exitSz: lots(change.exitSz) },
    orders: [orderOf('entry', { sz: HELD, state: 'filled', filledSz: lots(HELD) }), ...closes],
    view: viewAt(104_000, 104_001),
    trade: { exitClaimedBy: 'exit signal 7' },
  });
  return { ...whole, instrument: { ...whole.instrument, maxLeverage: 5 } };
}

test('a position worth more than one market order may be is closed by as many as it takes', () => {
  const first = nextExitStep(sight({ exitSz: 0, closes: [] }), 0);
  const [close] = first?.do === 'place' ? first.orders : [];
  if (close === undefined) throw new Error(`no close: ${JSON.stringify(first)}`);
  const most = venueMaximum({ maxLeverage: 5 }, 'ioc');
  expect(close.px * close.sz).toBeLessThanOrEqual(most);
  expect(close.px * (close.sz + 1)).toBeGreaterThan(most);
  const second = nextExitStep(sight({ exitSz: close.sz, closes: [close.sz] }), 1_000);
  expect(second).toMatchObject({ do: 'place', orders: [{ role: 'close', attempt: 1, sz: HELD - close.sz }] });
});

test('a close that was turned away goes again without reading fills, at the price of a first try', () => {
  const away = orderOf('close', { state: 'rejected', reason: 'turned away: HTTP 429', recordedAtMs: NOW_MS - 60_000 });
  const taken = { ...sight({ exitSz: 0, closes: [] }), fillsAreSynced: false };
  const priceAfter = (orders: TradeSight['orders']): unknown => {
    const step = nextExitStep({ ...taken, orders: [...taken.orders, ...orders] }, 1_000);
    return step?.do === 'place' ? step.orders[0]?.px : step;
  };
  expect(priceAfter([away, { ...away, intent: { ...away.intent, attempt: 1 } }])).toBe(priceAfter([]));
  expect(priceAfter([orderOf('close', { state: 'canceled' })])).toEqual({ do: 'sync-fills' });
});
