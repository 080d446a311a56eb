import { FINE_PER_TICK, lots, type OrderRecord } from '@hyperfleet/trading';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fineUsd, NOW_MS, orderOf, sightOf, usd, viewAt } from '../testing/sights.ts';
import { nextProtectionStep } from './protection.ts';
import { bringStopInside, dropSpareStops } from './stop.ts';

/** Stops of these tests fire at $100,100; the mark stands at $101,000. */
const outside = orderOf('stop', { sz: 100 });
const danger = { liquidationPx: fineUsd(100_200) };
const short = { trade: { direction: 'short' }, view: viewAt(99_000, 99_001), mark: fineUsd(99_000) } as const;

const tries = (count: number, change: Partial<OrderRecord>): OrderRecord[] =>
  Array.from({ length: count }, (_, attempt) => orderOf('own-stop', { attempt, sz: 100, ...change }));

describe('a stop beyond liquidation', () => {
  test('gets one inside it, a fifth of the way to the mark, for all that is held', () => {
    const step = bringStopInside(sightOf({ ...danger, orders: [outside] }));
    expect(step).toMatchObject({
      do: 'place',
      approval: 'protection',
      orders: [{ role: 'own-stop', attempt: 0, side: 'sell', sz: 100, reduceOnly: true, kind: { triggerPx: usd(100_360) } }],
      said: [{ event: 'stop brought inside liquidation', detail: { stopPx: usd(100_360), liquidationPx: usd(100_200) } }],
    });
  });

  test('of a short gets one below it', () => {
    const step = bringStopInside(sightOf({ ...short, liquidationPx: fineUsd(100_000), orders: [outside] }));
    expect(step).toMatchObject({ do: 'place', orders: [{ side: 'buy', kind: { triggerPx: usd(99_800) } }] });
  });

  test('gets one too while the entry still fills and its child waits', () => {
    const orders = [orderOf('stop', { sz: 200, state: 'waiting' }), orderOf('own-stop', { sz: 200 })];
    expect(bringStopInside(sightOf({ ...danger, orders }))).toMatchObject({ do: 'place', orders: [{ role: 'own-stop', attempt: 1 }] });
  });

  test('is looked at before anything else of an open trade that is covered', () => {
    expect(nextProtectionStep(sightOf({ ...danger, orders: [outside] }))).toMatchObject({
      said: [{ event: 'stop brought inside liquidation' }],
    });
  });

  test.each([
    ['the stop lies inside', { liquidationPx: fineUsd(100_000), orders: [outside] }],
    ['one of two does', { ...danger, orders: [outside, orderOf('own-stop', { sz: 100, state: 'unknown' })] }],
    ['one has fired', { ...danger, orders: [orderOf('stop', { sz: 100, state: 'triggered' })] }],
    ['no liquidation price is known', { orders: [outside] }],
    ['the mark is not known', { ...danger, mark: null, orders: [outside] }],
    ['it is being closed', { ...danger, trade: { exitClaimedBy: 'exit signal 2' }, orders: [outside] }],
    ['nothing is held', { ...danger, fills: { exitSz: lots(100) }, orders: [outside] }],
    ['there is none: another rule places the first', { ...danger, orders: [] }],
  ] as const)('is let be where %s', (_, change) => {
    expect(bringStopInside(sightOf(change))).toBeNull();
  });

  test('lies strictly between liquidation and the mark, wherever those are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100_101, max: 150_000 }), fc.integer({ min: 1, max: 50_000 }), (liquidation, distance) => {
        const sight = sightOf({
          orders: [outside],
          liquidationPx: fineUsd(liquidation),
          mark: fineUsd(liquidation + distance),
        });
        const step = bringStopInside(sight);
        // The nearest price may be the mark itself: then the position is closed.
        if (step?.do !== 'place' || step.approval !== 'protection') return distance < 10;
        const kind = step.orders[0]?.kind;
        const at = kind?.type === 'stop-market' ? kind.triggerPx * FINE_PER_TICK : Number.NaN;
        return at > fineUsd(liquidation) && at < fineUsd(liquidation + distance);
      }),
    );
  });

  test('that cannot be placed inside in three tries ends the position', () => {
    const orders = [outside, ...tries(3, { state: 'rejected', reason: 'Insufficient margin' })];
    expect(bringStopInside(sightOf({ ...danger, orders }))).toMatchObject({
      approval: 'close',
      said: [{ event: 'no stop could be placed', detail: { tries: 3 } }, { event: 'close sent' }],
    });
  });

  test('ends the position where the mark is past liquidation already', () => {
    expect(bringStopInside(sightOf({ liquidationPx: fineUsd(101_000), orders: [outside] }))).toMatchObject({
      approval: 'close',
      said: [{ event: 'no stop could be placed' }, { event: 'close sent' }],
    });
  });

  test('waits where the last try was turned away', () => {
    const orders = [outside, ...tries(2, { state: 'rejected', reason: 'turned away: HTTP 429', recordedAtMs: NOW_MS - 100 })];
    expect(bringStopInside(sightOf({ ...danger, orders }))).toEqual({ do: 'wait', forMs: 400 });
  });

  test('goes when the one inside rests, whatever its role', () => {
    const inside = orderOf('own-stop', { sz: 100 });
    const further = { ...inside, intent: { ...inside.intent, kind: { type: 'stop-market', triggerPx: usd(100_360) } } } as const;
    expect(dropSpareStops(sightOf({ ...danger, orders: [outside, further] }))).toMatchObject({
      do: 'cancel',
      cloids: [outside.intent.cloid],
    });
  });
});
