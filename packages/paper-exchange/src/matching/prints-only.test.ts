import { describe, expect, it } from 'vitest';
import { ALICE, BOB, limit, openDesk } from './testing/desk.ts';

const open = () => openDesk({ fillsByPrintsOnly: true });
const fillsOf = (desk: ReturnType<typeof open>, user = ALICE) => desk.venue.fills(user).map((fill) => [fill.px, fill.sz]);

describe('a market whose prints alone fill resting orders', () => {
  it('does not fill an order because a book stands across its price, and fills it by the next print beyond', () => {
    const desk = open();
    desk.book([[208000, 100]], [[208020, 100]]);
    desk.place(ALICE, [limit('buy', '2080', '0.01')]);
    desk.book([[207900, 100]], [[207910, 100]]);
    desk.bbo([207890, 50], [207900, 50]);
    expect(fillsOf(desk)).toEqual([]);
    desk.print('buy', 207910, 60);
    expect(fillsOf(desk)).toEqual([[208000, 60]]);
    desk.print('sell', 207890, 500);
    expect(fillsOf(desk)).toEqual([
      [208000, 60],
      [208000, 40],
    ]);
  });

  it('never shows a crossed book, nor lets another take what stands across a resting order', () => {
    const desk = open();
    desk.book([[208000, 100]], [[208020, 100]]);
    desk.place(ALICE, [limit('buy', '2080', '0.01')]);
    desk.book(
      [[207900, 100]],
      [
        [207910, 100],
        [208000, 30],
        [208010, 70],
      ],
    );
    const { bids, asks } = desk.venue.assetMarket(1);
    expect(bids[0]).toEqual({ px: 208000, sz: 100 });
    expect(asks[0]).toEqual({ px: 208010, sz: 70 });
    expect(desk.place(BOB, [limit('buy', '2080.1', '0.005', { tif: 'Ioc' })])).toMatchObject([{ filled: { avgPx: '2080.1' } }]);
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });

  it('gives no order a print that was over before the depth it was queued by', () => {
    const desk = open();
    desk.book([[208000, 100]], [[208020, 100]]);
    desk.place(ALICE, [limit('buy', '2080', '0.01')]);
    desk.print('sell', 207900, 1_000, { exchangeTimeMs: desk.now() - 1_000 });
    expect(fillsOf(desk)).toEqual([]);
    desk.print('sell', 207900, 1_000);
    expect(fillsOf(desk)).toEqual([[208000, 100]]);
  });

  it('counts a print once where the book had told of it already', () => {
    const desk = open();
    desk.book([[208000, 100]], [[208020, 100]]);
    desk.place(ALICE, [limit('buy', '2080', '0.01')]);
    const printedAt = desk.now();
    // Half of the level has gone: the order stands before half of what stood before it.
    desk.book([[208000, 50]], [[208020, 100]]);
    desk.print('sell', 208000, 50, { exchangeTimeMs: printedAt });
    expect(fillsOf(desk)).toEqual([]);
    desk.print('sell', 208000, 49);
    expect(fillsOf(desk)).toEqual([]);
    desk.print('sell', 208000, 2);
    expect(fillsOf(desk)).toEqual([[208000, 1]]);
  });

  it('lets our own accounts trade with each other as ever', () => {
    const desk = open();
    desk.place(ALICE, [limit('buy', '2080', '0.01')]);
    desk.place(BOB, [limit('sell', '2070', '0.01')]);
    expect(fillsOf(desk)).toEqual([[208000, 100]]);
    expect(fillsOf(desk, BOB)).toEqual([[208000, 100]]);
  });
});
