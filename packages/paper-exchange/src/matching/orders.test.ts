import { describe, expect, it } from 'vitest';
import { ALICE, BOB, limit, openDesk, trigger, words } from './testing/desk.ts';

const err = (text: string) => ({ error: text });

describe('static validation', () => {
  it.each([
    ['Order has invalid size.', limit('buy', '2000', '0.00001')],
    ['Order has zero size.', limit('buy', '2000', '0')],
    ['Order has invalid price.', limit('buy', '2000.123', '1')],
    ['Order has invalid price.', limit('buy', '0', '1')],
    ['Order price cannot be more than 95% away from the reference price', limit('buy', '90', '1')],
    ['Order value too large. Max is $30000000.', limit('buy', '2100', '20000', { tif: 'Ioc' })],
  ])('refuses the whole batch with one error: %s', (text, bad) => {
    const desk = openDesk();
    desk.book([[208000, 10]], [[208020, 10]]);
    desk.events();
    expect(desk.place(ALICE, [limit('buy', '2000', '0.01'), bad])).toEqual([err(text)]);
    expect(desk.venue.openOrders(ALICE)).toEqual([]);
    expect(desk.events()).toEqual([]);
  });

  it('knows an 80 % band too: 0.2 × reference < px ≤ 5 × reference', () => {
    const desk = openDesk({ priceBand: 0.8 });
    desk.book([[100000, 10]], [[100000 + 10, 10]]);
    const far = [err('Order price cannot be more than 80% away from the reference price')];
    expect(desk.place(ALICE, [limit('buy', '200', '0.1')])).toEqual(far);
    expect(desk.place(ALICE, [limit('buy', '201', '0.1')])).toMatchObject([{ resting: {} }]);
    expect(desk.place(ALICE, [limit('sell', '5001', '0.01')])).toEqual(far);
    expect(desk.place(ALICE, [limit('sell', '5000', '0.01')])).toMatchObject([{ resting: {} }]);
  });

  it.each([
    ['Orders are empty.', [], 'na'],
    ['Unexpected number of trigger orders', [limit('buy', '2000', '1')], 'normalTpsl'],
    ['Main order cannot be trigger order.', [trigger('sl', 'sell', '1900', '1'), trigger('sl', 'sell', '1900', '1')], 'normalTpsl'],
    ['Unexpected number of trigger orders', [limit('buy', '2000', '1')], 'positionTpsl'],
  ] as const)('refuses a grouping that is put together wrongly: %s', (text, orders, grouping) => {
    expect(openDesk().place(ALICE, [...orders], grouping)).toEqual([err(text)]);
  });
});

describe('engine errors', () => {
  const cases = [
    ['Price must be divisible by tick size. asset=1', limit('buy', '2000.01', '1'), 'tickRejected'],
    ['Order must have minimum value of $10. asset=1', limit('buy', '2000', '0.0049'), 'minTradeNtlRejected'],
    ['Insufficient margin to place order. asset=1', limit('buy', '2000', '101'), 'perpMarginRejected'],
    ['Reduce only order would increase position. asset=1', limit('sell', '2500', '1', { r: true }), 'reduceOnlyRejected'],
    ['Reduce only order would increase position. asset=1', trigger('sl', 'sell', '1900', '1'), 'reduceOnlyRejected'],
    [
      'Order could not immediately match against any resting orders. asset=1',
      limit('buy', '2000', '1', { tif: 'Ioc' }),
      'iocCancelRejected',
    ],
    [
      'Post only order would have immediately matched, bbo was 2080.0@2080.2. asset=1',
      limit('buy', '2080.2', '1', { tif: 'Alo' }),
      'badAloPxRejected',
    ],
    ['Invalid TP/SL price. asset=1', trigger('sl', 'buy', '2200', '1', { p: '2199', r: false }), 'badTriggerPxRejected'],
  ] as const;
  it.each(cases)('says "%s", and the refused order has an oid and a record', (text, order, status) => {
    const desk = openDesk();
    desk.book([[208000, 1000]], [[208020, 1000]]);
    desk.events();
    expect(desk.place(ALICE, [order])).toEqual([err(text)]);
    expect(words(desk.events(), ALICE)).toEqual([status]);
    const [row] = desk.venue.historicalOrders(ALICE);
    expect(row).toMatchObject({ status, order: { status } });
    expect(desk.order(ALICE, row?.order.oid ?? 0).status).toBe(status);
  });

  it('finds no liquidity for a market order on an empty book', () => {
    const desk = openDesk();
    expect(desk.place(ALICE, [limit('buy', '2000', '1', { tif: 'FrontendMarket' })])).toEqual([
      err('No liquidity available for market order. asset=1'),
    ]);
  });

  it('goes on with a batch after one of its orders failed', () => {
    const desk = openDesk();
    const statuses = desk.place(ALICE, [limit('buy', '2000', '0.1'), limit('sell', '2000', '1', { r: true }), limit('buy', '1990', '0.1')]);
    expect(statuses).toMatchObject([{ resting: {} }, { error: expect.any(String) }, { resting: {} }]);
    expect(desk.venue.audit()).toMatchObject({ accepted: 2, rejected: 1 });
  });

  it('takes more than $10 only from opening orders: what closes the whole position may be smaller', () => {
    const desk = openDesk();
    desk.book([[208000, 1000]], [[208020, 1000]]);
    desk.place(ALICE, [limit('buy', '2100', '0.0050', { tif: 'Ioc' })]);
    desk.book([[150000, 1000]], [[150010, 1000]]);
    expect(desk.place(ALICE, [limit('sell', '1400', '0.004', { tif: 'Ioc', r: true })])).toEqual([
      err('Order must have minimum value of $10. asset=1'),
    ]);
    expect(desk.place(ALICE, [limit('sell', '1400', '0.005', { tif: 'Ioc', r: true })])).toMatchObject([{ filled: { totalSz: '0.005' } }]);
  });
});

describe('the life of an order', () => {
  it('yields open and filled for one that fills at once, at an average truncated to the tick', () => {
    const desk = openDesk();
    desk.book(
      [[208000, 1000]],
      [
        [208020, 100],
        [208030, 200],
      ],
    );
    desk.events();
    expect(desk.place(ALICE, [limit('buy', '2090', '0.03', { tif: 'Ioc', c: '0xAB' })])).toEqual([
      { filled: { totalSz: '0.03', avgPx: '2080.26', oid: expect.any(Number), cloid: '0xab' } },
    ]);
    const events = desk.events();
    expect(words(events, ALICE)).toEqual(['open', 'filled']);
    expect(events.flatMap((event) => (event.kind === 'fill' ? [[event.fill.px, event.fill.sz, event.fill.crossed]] : []))).toEqual([
      [208020, 100, true],
      [208030, 200, true],
    ]);
  });

  it('ends an Ioc with any fill as filled with the remainder in sz, and rests that of a Gtc under the same oid', () => {
    const desk = openDesk();
    desk.book([[208000, 1000]], [[208020, 100]]);
    const ioc = desk.oid(ALICE, limit('buy', '2090', '0.03', { tif: 'Ioc' }));
    expect(desk.order(ALICE, ioc)).toMatchObject({ status: 'filled', sz: 200, origSz: 300 });
    desk.book([[208000, 1000]], [[208020, 100]]);
    const [status] = desk.place(ALICE, [limit('buy', '2080.2', '0.03')]);
    expect(status).toMatchObject({ filled: { totalSz: '0.01' } });
    expect(desk.venue.openOrders(ALICE)).toMatchObject([{ status: 'open', sz: 200, origSz: 300 }]);
  });

  it('cancels by oid and by cloid, once, and only on its own asset', () => {
    const desk = openDesk();
    const gone = err('Order was never placed, already canceled, or filled. asset=1');
    const oid = desk.oid(ALICE, limit('buy', '2000', '0.1', { c: '0xAa' }));
    const statuses = (reply: ReturnType<typeof desk.do>) =>
      reply.status === 'ok' && reply.response.type !== 'default' ? reply.response.data.statuses : [];
    expect(statuses(desk.do(BOB, { type: 'cancel', cancels: [{ asset: 1, oid }] }))).toEqual([gone]);
    expect(statuses(desk.do(ALICE, { type: 'cancel', cancels: [{ asset: 0, oid }] }))).toEqual([
      err('Order was never placed, already canceled, or filled. asset=0'),
    ]);
    expect(statuses(desk.do(ALICE, { type: 'cancelByCloid', cancels: [{ asset: 1, cloid: '0xaA' }] }))).toEqual(['success']);
    expect(statuses(desk.do(ALICE, { type: 'cancel', cancels: [{ asset: 1, oid }] }))).toEqual([gone]);
    expect(desk.order(ALICE, oid).status).toBe('canceled');
  });

  it('looks the latest order of a cloid up, and counts only a second live one', () => {
    const desk = openDesk();
    const first = desk.oid(ALICE, limit('buy', '2000', '0.1', { c: '0xaa' }));
    desk.do(ALICE, { type: 'cancel', cancels: [{ asset: 1, oid: first }] });
    const second = desk.oid(ALICE, limit('buy', '2000', '0.1', { c: '0xaa' }));
    expect(desk.venue.audit().duplicateCloids).toBe(0);
    const third = desk.oid(ALICE, limit('buy', '2001', '0.1', { c: '0xaa' }));
    expect(desk.venue.audit().duplicateCloids).toBe(1);
    expect(desk.order(ALICE, '0xAA').oid).toBe(third);
    expect(second).toBeLessThan(third);
  });

  it('cancels the resting order of a self trade and lets the taker go on to others', () => {
    const desk = openDesk();
    const own = desk.oid(ALICE, limit('sell', '2000', '0.1'));
    desk.place(BOB, [limit('sell', '2001', '0.1')]);
    expect(desk.place(ALICE, [limit('buy', '2002', '0.1', { tif: 'Ioc' })])).toMatchObject([{ filled: { avgPx: '2001.0' } }]);
    expect(desk.order(ALICE, own).status).toBe('selfTradeCanceled');
    expect(desk.venue.fills(ALICE)).toHaveLength(1);
  });

  it('matches by price, then time', () => {
    const desk = openDesk();
    const late = limit('sell', '2001', '0.1');
    const first = desk.oid(ALICE, late);
    const second = desk.oid(BOB, late);
    const better = desk.oid(BOB, limit('sell', '2000', '0.1'));
    desk.place('0x00000000000000000000000000000000000000c4', [limit('buy', '2001', '0.25')]);
    const fills = [...desk.venue.fills(ALICE), ...desk.venue.fills(BOB)].sort((a, b) => a.tid - b.tid);
    expect(fills.map((fill) => [fill.oid, fill.sz])).toEqual([
      [better, 1000],
      [first, 1000],
      [second, 500],
    ]);
  });

  it('forgets ended orders beyond its bound, never live ones', () => {
    const desk = openDesk({ maxOrdersKept: 10, maxFillsKept: 5 });
    const live = desk.oid(ALICE, limit('buy', '1500', '0.01'));
    const oids = Array.from({ length: 30 }, () => {
      const oid = desk.oid(ALICE, limit('buy', '2000', '0.01'));
      desk.do(ALICE, { type: 'cancel', cancels: [{ asset: 1, oid }] });
      return oid;
    });
    expect(desk.venue.order(ALICE, oids[0] ?? 0)).toBeNull();
    expect(desk.venue.order(ALICE, oids[29] ?? 0)).not.toBeNull();
    expect(desk.order(ALICE, live).status).toBe('open');
    expect(desk.venue.historicalOrders(ALICE)).toHaveLength(10);
  });
});

describe('modify', () => {
  it('gives a new oid, loses the place, and turns a Gtc into an Alo', () => {
    const desk = openDesk();
    const oid = desk.oid(ALICE, limit('buy', '2000', '0.1'));
    expect(desk.do(ALICE, { type: 'modify', oid, order: limit('buy', '2001', '0.2'), alwaysPlace: false })).toEqual({
      status: 'ok',
      response: { type: 'default' },
    });
    expect(desk.order(ALICE, oid).status).toBe('canceled');
    expect(desk.venue.openOrders(ALICE)).toMatchObject([{ px: 200100, sz: 2000, tif: 'Alo' }]);
  });

  it('refuses what is gone, what is no resting limit, and loses the old order when the new one crosses', () => {
    const desk = openDesk();
    desk.place(BOB, [limit('sell', '2010', '0.1')]);
    const oid = desk.oid(ALICE, limit('buy', '2000', '0.1'));
    const modify = (order: ReturnType<typeof limit>, alwaysPlace = false) => desk.do(ALICE, { type: 'modify', oid, order, alwaysPlace });
    expect(modify(limit('buy', '2011', '0.1', { tif: 'Ioc' }))).toEqual({
      status: 'err',
      response: 'Attempted to modify to invalid new order',
    });
    expect(desk.order(ALICE, oid).status).toBe('open');
    expect(modify(limit('buy', '2010', '0.1'))).toEqual({
      status: 'err',
      response: 'Error placing new order during modify: Post only order would have immediately matched, bbo was 0.0@2010.0. asset=1',
    });
    expect(desk.order(ALICE, oid).status).toBe('canceled');
    expect(modify(limit('buy', '2000', '0.1'))).toEqual({ status: 'err', response: 'Cannot modify canceled or filled order' });
    expect(modify(limit('buy', '2010', '0.1'), true).status).toBe('ok');
    expect(desk.szi(ALICE)).toBe(1000);
  });

  it('does not work on triggers without always_place, and answers a batch by one status each', () => {
    const desk = openDesk();
    const stop = desk.oid(ALICE, trigger('sl', 'buy', '2200', '0.1', { r: false }));
    const resting = desk.oid(ALICE, limit('buy', '2000', '0.1', { c: '0xbb' }));
    const reply = desk.do(ALICE, {
      type: 'batchModify',
      modifies: [
        { oid: stop, order: limit('buy', '2000', '0.1') },
        { oid: '0xBB', order: limit('buy', '2002', '0.1', { c: '0xbb' }) },
      ],
      alwaysPlace: false,
    });
    expect(reply).toMatchObject({
      response: { type: 'order', data: { statuses: [err('Cannot modify canceled or filled order'), { resting: { cloid: '0xbb' } }] } },
    });
    expect(desk.order(ALICE, resting).status).toBe('canceled');
  });
});

describe('other actions', () => {
  it('sets leverage within the bounds of the asset and not the mode of an open position', () => {
    const desk = openDesk();
    const set = (leverage: number, isCross = true) => desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross, leverage });
    expect(desk.venue.leverage(ALICE, 1)).toEqual({ leverage: 20, isCross: true });
    expect(set(26)).toEqual({ status: 'err', response: 'Invalid leverage value' });
    expect(set(0)).toEqual({ status: 'err', response: 'Invalid leverage value' });
    expect(set(25).status).toBe('ok');
    desk.place(BOB, [limit('sell', '2000', '1')]);
    desk.place(ALICE, [limit('buy', '2000', '1')]);
    expect(set(5).status).toBe('ok');
    expect(set(5, false)).toEqual({ status: 'err', response: 'Cannot switch leverage type with open position.' });
    expect(desk.do(ALICE, { type: 'updateIsolatedMargin', asset: 1, isBuy: true, ntli: 1_000_000 })).toEqual({
      status: 'err',
      response: 'Position does not use isolated margin.',
    });
  });

  it('asks $1M of volume for scheduleCancel, and without that rule cancels everything at its time', () => {
    const desk = openDesk();
    expect(desk.do(ALICE, { type: 'scheduleCancel', timeMs: null })).toEqual({
      status: 'err',
      response: 'Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $0.',
    });
    const free = openDesk({ scheduleCancelVolume: false });
    const oids = [free.oid(ALICE, limit('buy', '2000', '0.1')), free.oid(ALICE, trigger('sl', 'buy', '2200', '0.1', { r: false }))];
    expect(free.do(ALICE, { type: 'scheduleCancel', timeMs: free.now() + 4_999 }).status).toBe('err');
    expect(free.do(ALICE, { type: 'scheduleCancel', timeMs: free.now() + 5_000 }).status).toBe('ok');
    free.wait(4_999);
    expect(free.venue.openOrders(ALICE)).toHaveLength(2);
    free.wait(1);
    for (const oid of oids) expect(free.order(ALICE, oid).status).toBe('scheduledCancel');
  });

  it('does nothing for an account that never came to be', () => {
    const desk = openDesk();
    expect(desk.do('0x00000000000000000000000000000000000000ff', { type: 'noop' })).toEqual({
      status: 'err',
      response: 'User or API Wallet 0x00000000000000000000000000000000000000ff does not exist.',
    });
    expect(desk.do(ALICE, { type: 'noop' })).toEqual({ status: 'ok', response: { type: 'default' } });
  });
});
