import { lots, microUsd } from '@hyperfleet/trading';
import { describe, expect, test } from 'vitest';
import { fineUsd, NOW_MS, orderOf, sightOf, usd, viewAt } from '../testing/sights.ts';
import { dueBreakeven, moveToBreakeven } from './breakeven.ts';

const filledFirst = orderOf('tp1', { state: 'filled', filledSz: lots(50) });
const half = { fills: { exitSz: lots(50) } };

describe('the move to breakeven is due', () => {
  test('when the first leg as placed has filled wholly and size remains', () => {
    expect(dueBreakeven(sightOf({ ...half, orders: [filledFirst] }))).toMatchObject({
      do: 'patch',
      patch: { breakeven: 'due' },
      said: [{ event: 'tp1 filled', detail: { sz: 50, px: usd(101_000), openSz: 50 } }],
    });
  });

  test('also when the leg filled in two orders', () => {
    const orders = [
      orderOf('tp1', { state: 'canceled', filledSz: lots(20) }),
      orderOf('tp1', { attempt: 1, state: 'filled', filledSz: lots(30) }),
    ];
    expect(dueBreakeven(sightOf({ ...half, orders }))).not.toBeNull();
  });

  test.each([
    ['the leg has filled in part', { orders: [orderOf('tp1', { filledSz: lots(49) })] }],
    ['it is switched off', { orders: [filledFirst], breakeven: false }],
    ['it was moved before', { orders: [filledFirst], trade: { breakeven: 'done' } }],
    ['no ladder was placed', { orders: [filledFirst], trade: { ladder: null } }],
    ['the ladder is one leg', { orders: [filledFirst], trade: { ladder: [{ index: 1, px: usd(101_000), sz: lots(50) }] } }],
    ['nothing is held', { orders: [filledFirst], fills: { exitSz: lots(100) } }],
  ] as const)('not when %s', (_, change) => {
    expect(dueBreakeven(sightOf({ ...half, ...change }))).toBeNull();
  });
});

describe('the stop at breakeven', () => {
  const due = { trade: { breakeven: 'due' }, ...half } as const;

  test('is placed beyond the entry and both fees, for what is held', () => {
    const step = moveToBreakeven(sightOf(due));
    expect(step).toMatchObject({
      do: 'place',
      orders: [{ role: 'breakeven', attempt: 0, side: 'sell', sz: 50, reduceOnly: true, kind: { triggerPx: usd(100_090) } }],
    });
  });

  test('that was turned away is sent again when it has rested', () => {
    const away = (agoMs: number) =>
      orderOf('breakeven', { state: 'rejected', reason: 'turned away: Trading is halted', recordedAtMs: NOW_MS - agoMs });
    expect(moveToBreakeven(sightOf({ ...due, orders: [away(100)] }))).toEqual({ do: 'wait', forMs: 150 });
    expect(moveToBreakeven(sightOf({ ...due, orders: [away(250)] }))).toMatchObject({ do: 'place', orders: [{ attempt: 1 }] });
  });

  test('of a short stands below its entry', () => {
    const step = moveToBreakeven(
      sightOf({
        trade: { ...due.trade, direction: 'short' },
        fills: half.fills,
        view: viewAt(98_999, 99_000),
        mark: fineUsd(99_000),
      }),
    );
    expect(step).toMatchObject({ do: 'place', orders: [{ side: 'buy', kind: { triggerPx: usd(99_910) } }] });
  });

  test('covers the funding that was paid, too', () => {
    const step = moveToBreakeven(sightOf({ ...due, fills: { ...half.fills, funding: microUsd(-50_000) } }));
    expect(step).toMatchObject({ do: 'place', orders: [{ kind: { triggerPx: usd(100_190) } }] });
  });

  test('is plain entry where the mark stands too near, for either direction', () => {
    expect(moveToBreakeven(sightOf({ ...due, mark: fineUsd(100_050) }))).toMatchObject({ orders: [{ kind: { triggerPx: usd(100_000) } }] });
    const short = { trade: { ...due.trade, direction: 'short' }, fills: half.fills, mark: fineUsd(99_950) } as const;
    expect(moveToBreakeven(sightOf(short))).toMatchObject({ orders: [{ kind: { triggerPx: usd(100_000) } }] });
  });

  test('is waited for while there is no mark, and while the mark has not caught up with the book', () => {
    expect(moveToBreakeven(sightOf({ ...due, mark: null }))).toEqual({ do: 'wait', forMs: 250 });
    expect(moveToBreakeven(sightOf({ ...due, mark: fineUsd(99_900) }))).toEqual({ do: 'wait', forMs: 250 });
  });

  test.each([
    ['the book stands there as well', { view: viewAt(99_900, 99_901) }],
    ['the mark has had its time', { fills: { ...half.fills, lastFillMs: NOW_MS - 6_001 } }],
    ['nobody knows when the last fill was', { fills: { ...half.fills, lastFillMs: null } }],
    ['the book is old', { isStale: true }],
  ] as const)('gives way to a close when the mark is past the entry and %s', (_, change) => {
    expect(moveToBreakeven(sightOf({ ...due, mark: fineUsd(99_900), ...change }))).toMatchObject({
      do: 'patch',
      patch: { breakeven: 'closing', exitClaimedBy: expect.stringContaining('the mark was past entry') },
    });
  });

  test('is done when it rests for all that is held, and says where', () => {
    const resting = orderOf('breakeven', { sz: 50 });
    expect(moveToBreakeven(sightOf({ ...due, orders: [resting] }))).toMatchObject({
      patch: { breakeven: 'done', breakevenAtMs: NOW_MS },
      said: [{ event: 'breakeven', detail: { stopPx: usd(100_100), sz: 50 } }],
    });
    expect(moveToBreakeven(sightOf({ ...due, orders: [orderOf('breakeven', { sz: 49 })] }))).toMatchObject({ do: 'place' });
  });

  test('says no price where the ledger holds an order that is none', () => {
    const odd = orderOf('breakeven', { sz: 50 });
    const orders = [{ ...odd, intent: { ...odd.intent, kind: { type: 'limit', tif: 'gtc' } as const } }];
    expect(moveToBreakeven(sightOf({ ...due, orders }))).toMatchObject({ said: [{ detail: { stopPx: null } }] });
  });

  test('is given up after three tries, with an alert; the old stop stays', () => {
    const tries = (count: number) =>
      Array.from({ length: count }, (_, attempt) => orderOf('breakeven', { attempt, state: 'rejected', reason: 'no' }));
    expect(moveToBreakeven(sightOf({ ...due, orders: tries(2) }))).toMatchObject({ do: 'place', orders: [{ attempt: 2 }] });
    expect(moveToBreakeven(sightOf({ ...due, orders: tries(3) }))).toMatchObject({
      patch: { breakeven: 'skipped' },
      said: [{ detail: { tries: 3, reason: 'no' } }],
      alert: true,
    });
  });

  test('is no matter when it is not due, or nothing is held', () => {
    expect(moveToBreakeven(sightOf(half))).toBeNull();
    expect(moveToBreakeven(sightOf({ ...due, fills: { exitSz: lots(100) } }))).toBeNull();
  });

  test('of fills nobody has counted the cost of has no fee to cover', () => {
    const step = moveToBreakeven(sightOf({ ...due, fills: { ...half.fills, entryCost: microUsd(0), entryFees: microUsd(0) } }));
    expect(step).toMatchObject({ do: 'place' });
  });
});
