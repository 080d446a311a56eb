import { describe, expect, it } from 'vitest';
import { ALICE, BOB, limit, openDesk, trigger } from './testing/desk.ts';

const fillsOf = (desk: ReturnType<typeof openDesk>) => desk.venue.fills(ALICE).map((fill) => [fill.px, fill.sz]);

describe('takers', () => {
  it('walk the levels and consume them until the next snapshot', () => {
    const desk = openDesk();
    desk.book(
      [[208000, 100]],
      [
        [208020, 100],
        [208030, 100],
      ],
    );
    desk.place(ALICE, [limit('buy', '2090', '0.015', { tif: 'Ioc' })]);
    expect(desk.place(ALICE, [limit('buy', '2090', '0.015', { tif: 'Ioc' })])).toMatchObject([{ filled: { totalSz: '0.005' } }]);
    desk.book(
      [[208000, 100]],
      [
        [208020, 100],
        [208030, 100],
      ],
    );
    desk.place(ALICE, [limit('buy', '2080.2', '0.02', { tif: 'Ioc' })]);
    expect(fillsOf(desk)).toEqual([
      [208020, 100],
      [208030, 50],
      [208030, 50],
      [208020, 100],
    ]);
  });

  it('see a newer best offer, which brings nothing back that was taken', () => {
    const desk = openDesk();
    desk.book(
      [[208000, 100]],
      [
        [208020, 100],
        [208030, 100],
      ],
    );
    desk.place(ALICE, [limit('buy', '2090', '0.01', { tif: 'Ioc' })]);
    desk.bbo([208000, 100], [208020, 120]);
    expect(desk.venue.assetMarket(1).asks).toEqual([
      { px: 208020, sz: 20 },
      { px: 208030, sz: 100 },
    ]);
    desk.bbo([208000, 100], [208030, 40]);
    expect(desk.venue.assetMarket(1).asks).toEqual([{ px: 208030, sz: 40 }]);
  });

  it('ignore a best offer that is not newer than the snapshot, and keep a newer one over an older snapshot', () => {
    const desk = openDesk();
    desk.book([[208000, 100]], [[208020, 100]]);
    const at = desk.now();
    const send = (exchangeTimeMs: number, ask: number) =>
      desk.venue.market({ kind: 'bbo', coin: 'ETH', atMs: at, exchangeTimeMs, bid: null, ask: { px: ask as never, sz: 5 as never } });
    send(at, 208010);
    expect(desk.venue.assetMarket(1).asks[0]?.px).toBe(208020);
    send(at + 500, 208015);
    desk.book([[208000, 100]], [[208020, 100]]);
    expect(desk.venue.assetMarket(1).asks[0]?.px).toBe(208015);
  });
});

describe('makers', () => {
  const bid = (desk: ReturnType<typeof openDesk>, px: string, sz = '0.01') => desk.oid(ALICE, limit('buy', px, sz));

  it('fill at their own price when a print trades through it, for no more than the print', () => {
    const desk = openDesk();
    desk.book([[208000, 5000]], [[208020, 5000]]);
    bid(desk, '2080', '0.05');
    desk.print('sell', 207990, 300);
    expect(fillsOf(desk)).toEqual([[208000, 300]]);
    expect(desk.venue.fills(ALICE)[0]).toMatchObject({ crossed: false, fee: Math.trunc((208000 * 300 * 150) / 1e6) });
  });

  it('wait for the depth ahead at their price', () => {
    const desk = openDesk();
    desk.book([[208000, 500]], [[208020, 500]]);
    bid(desk, '2080');
    desk.print('sell', 208000, 300);
    desk.print('sell', 208000, 200);
    expect(fillsOf(desk)).toEqual([]);
    desk.print('sell', 208000, 60);
    expect(fillsOf(desk)).toEqual([[208000, 60]]);
  });

  it('are not filled at their price by buyers', () => {
    const desk = openDesk();
    desk.book([[207000, 500]], [[208020, 500]]);
    bid(desk, '2080');
    desk.print('buy', 208000, 500);
    expect(fillsOf(desk)).toEqual([]);
  });

  it('move up in proportion when the depth falls by more than what traded', () => {
    const desk = openDesk();
    desk.book([[208000, 1000]], [[208020, 500]]);
    bid(desk, '2080');
    // 200 of 1000 traded: 800 ahead. Half of the remaining 800 then leave: 400 ahead.
    desk.print('sell', 208000, 200);
    desk.book([[208000, 400]], [[208020, 500]]);
    desk.print('sell', 208000, 400);
    expect(fillsOf(desk)).toEqual([]);
    desk.print('sell', 208000, 10);
    expect(fillsOf(desk)).toEqual([[208000, 10]]);
  });

  it('do not fall back when the depth grows', () => {
    const desk = openDesk();
    desk.book([[208000, 100]], [[208020, 500]]);
    bid(desk, '2080');
    desk.book([[208000, 9000]], [[208020, 500]]);
    desk.print('sell', 208000, 150);
    expect(fillsOf(desk)).toEqual([[208000, 50]]);
  });

  it('beyond the visible levels stand behind all that shows up there', () => {
    const desk = openDesk();
    desk.book([[208000, 100]], [[208020, 500]]);
    bid(desk, '2070');
    desk.book([[207000, 300]], [[208020, 500]]);
    desk.print('sell', 207000, 300);
    expect(fillsOf(desk)).toEqual([]);
    desk.print('sell', 207000, 20);
    expect(fillsOf(desk)).toEqual([[207000, 20]]);
  });

  it('share a print by price, then time, and it is handed out once', () => {
    const desk = openDesk();
    desk.book([[205000, 100]], [[208020, 500]]);
    const late = desk.oid(ALICE, limit('buy', '2070', '0.01'));
    const later = desk.oid(BOB, limit('buy', '2070', '0.01'));
    const best = desk.oid(BOB, limit('buy', '2075', '0.01'));
    desk.print('sell', 206900, 250);
    const filled = [ALICE, BOB].flatMap((user) => desk.venue.fills(user)).sort((a, b) => a.tid - b.tid);
    expect(filled.map((fill) => [fill.oid, fill.sz])).toEqual([
      [best, 100],
      [late, 100],
      [later, 50],
    ]);
  });

  it('fill when the other side of a new book crosses them, once for a standing order', () => {
    const desk = openDesk();
    desk.book([[207000, 100]], [[208020, 500]]);
    bid(desk, '2075', '0.05');
    desk.book([[207000, 100]], [[207400, 200]]);
    expect(fillsOf(desk)).toEqual([[207500, 200]]);
    desk.book([[207000, 100]], [[207400, 200]]);
    expect(fillsOf(desk)).toHaveLength(1);
    desk.book([[207000, 100]], [[207400, 250]]);
    expect(fillsOf(desk)).toEqual([
      [207500, 200],
      [207500, 50],
    ]);
  });

  it('let recorded depth before them trade first with a taker of ours', () => {
    const desk = openDesk();
    desk.book([[208000, 100]], [[208020, 500]]);
    bid(desk, '2080');
    desk.place(BOB, [limit('sell', '2080', '0.015', { tif: 'Ioc' })]);
    expect(fillsOf(desk)).toEqual([[208000, 50]]);
    expect(desk.venue.fills(BOB).map((fill) => fill.sz)).toEqual([100, 50]);
  });
});

describe('prints that are no news', () => {
  it('match once a trade id', () => {
    const desk = openDesk();
    desk.book([[208000, 100]], [[208020, 500]]);
    desk.oid(ALICE, limit('buy', '2080.1', '0.05'));
    desk.print('sell', 208000, 100, { tid: 77 });
    desk.print('sell', 208000, 100, { tid: 77 });
    expect(fillsOf(desk)).toEqual([[208010, 100]]);
  });

  it('match nobody when they are older than the market start', () => {
    const desk = openDesk();
    desk.print('sell', 208000, 1);
    desk.oid(ALICE, limit('buy', '2100', '0.01'));
    desk.print('sell', 200000, 100);
    const before = desk.now();
    desk.book([[207000, 100]], [[211000, 500]]);
    desk.print('sell', 200000, 100, { exchangeTimeMs: before });
    expect(fillsOf(desk)).toEqual([]);
  });
});

describe('a gap', () => {
  const gapped = () => {
    const desk = openDesk();
    desk.book([[208000, 500]], [[208020, 500]]);
    desk.place(ALICE, [limit('buy', '2090', '0.01', { tif: 'Ioc' })]);
    return desk;
  };

  it('matches nothing: an Ioc finds no orders, a Gtc rests, prints pass by, the mark stands', () => {
    const desk = gapped();
    desk.wait(3_000);
    const mark = desk.venue.assetMarket(1).mark;
    desk.gap();
    expect(desk.place(ALICE, [limit('buy', '2090', '0.01', { tif: 'Ioc' })])).toEqual([
      { error: 'Order could not immediately match against any resting orders. asset=1' },
    ]);
    desk.oid(ALICE, limit('buy', '2090', '0.01'));
    desk.print('sell', 190000, 5000);
    desk.bbo([190000, 5], [190010, 5]);
    desk.wait(20_000);
    expect(desk.venue.fills(ALICE)).toHaveLength(1);
    expect(desk.venue.assetMarket(1)).toMatchObject({ mark, inGap: true });
  });

  it('ends with the next book: what it crosses fills then, and triggers fire at the next mark', () => {
    const desk = gapped();
    const stop = desk.oid(ALICE, trigger('sl', 'sell', '2050', '0.01'));
    desk.gap();
    const resting = desk.oid(BOB, limit('buy', '2000', '0.01'));
    desk.print('sell', 190000, 5000);
    desk.wait(20_000);
    expect(desk.order(ALICE, stop).status).toBe('open');
    desk.book([[195000, 500]], [[195010, 500]]);
    expect(desk.order(BOB, resting).status).toBe('filled');
    expect(desk.order(ALICE, stop).status).toBe('open');
    desk.wait(3_000);
    expect(desk.order(ALICE, stop).status).toBe('filled');
    expect(desk.venue.fills(ALICE).at(-1)).toMatchObject({ px: 195000 });
  });

  it('does not fire a trigger placed in it that is already true', () => {
    const desk = gapped();
    desk.gap();
    const stop = desk.oid(ALICE, trigger('sl', 'sell', '2085', '0.01'));
    desk.wait(10_000);
    expect(desk.order(ALICE, stop).status).toBe('open');
  });

  it('lets orders of ours that came to cross in it match at its end, the later one taking', () => {
    const desk = gapped();
    desk.gap();
    const early = desk.oid(BOB, limit('sell', '2081', '0.01'));
    desk.oid(ALICE, limit('buy', '2082', '0.01'));
    expect(desk.order(BOB, early).status).toBe('open');
    desk.book([[208000, 500]], [[208500, 500]]);
    expect(desk.order(BOB, early).status).toBe('filled');
    expect(desk.venue.fills(ALICE).at(-1)).toMatchObject({ px: 208100, crossed: true });
  });
});

describe('the mark', () => {
  it('is the median of best bid, best ask and last print, every 3 s', () => {
    const desk = openDesk();
    desk.book([[208000, 500]], [[208020, 500]]);
    expect(desk.venue.assetMarket(1).mark).toBe(208010_000);
    desk.print('buy', 208020, 5);
    expect(desk.venue.assetMarket(1).mark).toBe(208010_000);
    desk.wait(3_000);
    expect(desk.venue.assetMarket(1)).toMatchObject({ mark: 208020_000, oracle: 208020_000, lastPrint: 208020 });
    desk.print('sell', 1, 5);
    desk.wait(3_000);
    expect(desk.venue.assetMarket(1).mark).toBe(208000_000);
  });

  it('is the recorded one where a recording states it', () => {
    const desk = openDesk();
    desk.book([[208000, 500]], [[208020, 500]]);
    const said = { mark: 207_123_456 as never, oracle: 207_000_001 as never, fundingRateE10: 99 };
    desk.venue.market({ kind: 'mark', coin: 'ETH', atMs: desk.now(), ...said });
    desk.wait(9_000);
    expect(desk.venue.assetMarket(1)).toMatchObject(said);
  });

  it('comes from our own book where a coin has no recorded market', () => {
    const desk = openDesk();
    desk.place(ALICE, [limit('sell', '2010', '0.01')]);
    desk.place(BOB, [limit('buy', '2000', '0.01')]);
    desk.wait(3_000);
    expect(desk.venue.assetMarket(1).mark).toBe(200500_000);
  });
});
