import { lots, type OrderRecord, venueMaximum } from '@hyperfleet/trading';
import { describe, expect, test } from 'vitest';
import type { TradeSight } from '../sight.ts';
import { NOW_MS, orderOf, sightOf, viewAt } from '../testing/sights.ts';
import { nextExitStep } from './exit.ts';
import { ensureStop, LEFT_SIZE, stopFired } from './stop.ts';

/** 5 BTC bought at $100,000 on a venue that gives it a leverage of 5, and so $500,000 to one market order; now at $104,000. */
const HELD = 500_000;
function sight(change: { readonly exitSz: number; readonly closes: readonly number[] }, more: TradeSight['orders'] = []): TradeSight {
  const closes = change.closes.map((sz, attempt) =>
    orderOf('close', { attempt, sz, state: 'filled', filledSz: lots(sz), recordedAtMs: NOW_MS - 1_000 }),
  );
  const whole = sightOf({
    fills: { entrySz: lots(HELD), exitSz: lots(change.exitSz) },
    orders: [orderOf('entry', { sz: HELD, state: 'filled', filledSz: lots(HELD) }), ...closes, ...more],
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

test('a close that found nothing to reduce lets the account be read for three seconds, and then the next one is due', () => {
  const afterMs = (ms: number): TradeSight => {
    const nothing = { reason: 'Reduce only order would increase position. asset=0', recordedAtMs: NOW_MS - ms };
    return sight({ exitSz: 0, closes: [] }, [orderOf('close', { state: 'rejected', ...nothing })]);
  };
  expect(nextExitStep(afterMs(2_900), 3_000)).toEqual({ do: 'settle', status: 'closed', reason: 'exit signal 7' });
  expect(ensureStop(afterMs(2_900))).toBeNull();
  expect(nextExitStep(afterMs(3_000), 3_000)).toMatchObject({ do: 'place', orders: [{ role: 'close', attempt: 1 }] });
});

describe('where others hold of the coin too', () => {
  const beside = { ...sight({ exitSz: 0, closes: [] }), othersSz: lots(40) };
  const target = orderOf('tp1', { sz: 100 });
  const withTarget = (change: Partial<OrderRecord>): TradeSight => ({
    ...beside,
    orders: [...beside.orders, { ...target, ...change }],
  });

  test('take-profits go before the close, and say what they took', () => {
    expect(nextExitStep(withTarget({}), 0)).toMatchObject({ do: 'cancel', cloids: [target.intent.cloid] });
    expect(nextExitStep(withTarget({ cancelAsked: true }), 0)).toEqual({ do: 'resolve', cloids: [target.intent.cloid] });
    expect(nextExitStep(withTarget({ state: 'canceled' }), 0)).toMatchObject({ do: 'place', orders: [{ role: 'close' }] });
  });

  test('an exit does not wait for ever for those that are hard to cancel', () => {
    expect(nextExitStep(withTarget({ cancelAsked: true }), 5_000)).toMatchObject({ do: 'place', orders: [{ role: 'close' }] });
  });

  test('the first close is sized by fills that were read', () => {
    expect(nextExitStep({ ...beside, fillsAreSynced: false }, 0)).toEqual({ do: 'sync-fills' });
  });

  test('a stop that left size is followed by no close at once', () => {
    const fired = orderOf('stop', { state: 'canceled', filledSz: lots(10), reason: LEFT_SIZE });
    const left = { ...sightOf({ orders: [fired] }), othersSz: lots(40) };
    expect(stopFired({ ...left, fillsAreSynced: false })).toEqual({ do: 'sync-fills' });
    expect(stopFired(left)).toMatchObject({ do: 'patch', patch: { exitClaimedBy: 'stop fired and left size' } });
  });
});
