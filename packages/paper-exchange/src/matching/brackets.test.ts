import { describe, expect, it } from 'vitest';
import { ALICE, BOB, type Desk, limit, openDesk, trigger, words } from './testing/desk.ts';

/** A market around 2080 with depth on both sides. */
const around = (desk: Desk, px = 208000): void => desk.book([[px, 100_000]], [[px + 20, 100_000]]);

/** The oids of Alice's open triggers, oldest first. */
const triggers = (desk: Desk): number[] =>
  desk.venue
    .openOrders(ALICE)
    .filter((order) => order.isTrigger)
    .map((order) => order.oid)
    .reverse();

/** Moves the market and lets the next mark see it. */
function moveTo(desk: Desk, px: number): void {
  around(desk, px);
  desk.print('sell', px, 1);
  desk.wait(3_000);
}

describe('a parent and its children (normalTpsl)', () => {
  const bracket = (tif: 'Ioc' | 'Gtc', px: string) => [
    limit('buy', px, '0.1', { tif, c: '0xe1' }),
    trigger('sl', 'sell', '2000', '0.1', { c: '0x51' }),
    trigger('tp', 'sell', '2200', '0.1', { c: '0x71' }),
  ];

  it('arms the children in the step in which the parent fills wholly, so nothing was naked', () => {
    const desk = openDesk();
    around(desk);
    expect(desk.place(ALICE, bracket('Ioc', '2090'), 'normalTpsl')).toMatchObject([
      { filled: { totalSz: '0.1' } },
      'waitingForTrigger',
      'waitingForTrigger',
    ]);
    expect(desk.order(ALICE, '0x51')).toMatchObject({ status: 'open', waitingForFill: false, isPositionTpsl: false });
    desk.wait(10_000);
    expect(desk.venue.audit()).toMatchObject({ nakedMsMax: 0, naked: [] });
  });

  it('lets children wait while the parent rests, even when it is filled in part', () => {
    const desk = openDesk();
    around(desk);
    expect(desk.place(ALICE, bracket('Gtc', '2070'), 'normalTpsl')).toMatchObject([
      { resting: { cloid: '0xe1' } },
      'waitingForFill',
      'waitingForFill',
    ]);
    const parent = desk.order(ALICE, '0xe1');
    expect(parent.children).toEqual([desk.order(ALICE, '0x51').oid, desk.order(ALICE, '0x71').oid]);
    expect(parent.children[0]).toBe(parent.oid + 1);
    desk.print('sell', 206900, 400);
    expect(desk.szi(ALICE)).toBe(400);
    expect(desk.order(ALICE, '0x51').waitingForFill).toBe(true);
    moveTo(desk, 199000);
    expect(desk.order(ALICE, '0x51').status).not.toBe('open');
    expect(desk.order(ALICE, '0xe1').status).toBe('filled');
  });

  it('never fires a waiting child', () => {
    const desk = openDesk();
    around(desk);
    desk.place(ALICE, [limit('buy', '1900', '0.1'), trigger('sl', 'sell', '2070', '0.1', { c: '0x51' })], 'normalTpsl');
    moveTo(desk, 200000);
    expect(desk.order(ALICE, '0x51')).toMatchObject({ status: 'open', waitingForFill: true });
  });

  it('cancels the children of a parent that is cancelled, even one filled in part', () => {
    const desk = openDesk();
    around(desk);
    desk.place(ALICE, bracket('Gtc', '2070'), 'normalTpsl');
    desk.print('sell', 206900, 400);
    desk.do(ALICE, { type: 'cancelByCloid', cancels: [{ asset: 1, cloid: '0xe1' }] });
    expect([desk.order(ALICE, '0x51').status, desk.order(ALICE, '0x71').status]).toEqual(['canceled', 'canceled']);
    expect(desk.szi(ALICE)).toBe(400);
  });

  it('arms them all the same when margin ended a parent that had filled in part', () => {
    const desk = openDesk({}, 1_000);
    around(desk);
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 25 });
    desk.place(ALICE, [limit('buy', '2070', '10'), trigger('sl', 'sell', '2000', '10', { c: '0x51' })], 'normalTpsl');
    desk.print('sell', 206900, 50_000);
    expect(desk.szi(ALICE)).toBe(50_000);
    desk.mark(203000);
    desk.print('sell', 206900, 1_000);
    expect(desk.szi(ALICE)).toBe(50_000);
    expect(desk.venue.historicalOrders(ALICE).map((row) => row.status)).toContain('marginCanceled');
    expect(desk.order(ALICE, '0x51')).toMatchObject({ status: 'open', waitingForFill: false, sz: 100_000 });
  });

  it('takes its children with it when the parent is refused', () => {
    const desk = openDesk();
    around(desk);
    const none = { error: 'Order could not immediately match against any resting orders. asset=1' };
    expect(desk.place(ALICE, bracket('Ioc', '2000'), 'normalTpsl')).toEqual([none, none, none]);
    expect(desk.venue.openOrders(ALICE)).toEqual([]);
  });

  it('refuses a child with an impossible price and goes on with the parent', () => {
    const desk = openDesk();
    around(desk);
    const bad = trigger('sl', 'sell', '2000', '0.1', { p: '2001' });
    expect(desk.place(ALICE, [limit('buy', '2090', '0.1', { tif: 'Ioc' }), bad], 'normalTpsl')).toMatchObject([
      { filled: {} },
      { error: 'Invalid TP/SL price. asset=1' },
    ]);
  });

  it('cancels the sibling when one child fills', () => {
    const desk = openDesk();
    around(desk);
    desk.place(ALICE, bracket('Ioc', '2090'), 'normalTpsl');
    desk.events();
    moveTo(desk, 220100);
    expect(desk.szi(ALICE)).toBe(0);
    expect([desk.order(ALICE, '0x71').status, desk.order(ALICE, '0x51').status]).toEqual(['filled', 'siblingFilledCanceled']);
    const told = desk.events();
    expect(words(told, ALICE)).toEqual(['triggered', 'filled', 'siblingFilledCanceled']);
    expect(told.some((event) => event.kind === 'nonUserCancel')).toBe(true);
  });
});

describe('position TP/SL', () => {
  const open = (desk: Desk, sz = '0.1'): void => {
    around(desk);
    desk.place(ALICE, [limit('buy', '2090', sz, { tif: 'Ioc' })]);
  };

  it('closes the whole position, whatever it has become', () => {
    const desk = openDesk();
    open(desk);
    expect(desk.place(ALICE, [trigger('sl', 'sell', '2000', '0', { c: '0x51' })], 'positionTpsl')).toEqual(['waitingForTrigger']);
    desk.place(ALICE, [limit('buy', '2090', '0.3', { tif: 'Ioc' })]);
    expect(desk.order(ALICE, '0x51')).toMatchObject({ isPositionTpsl: true, sz: 0 });
    moveTo(desk, 199000);
    expect(desk.szi(ALICE)).toBe(0);
    expect(desk.order(ALICE, '0x51')).toMatchObject({ status: 'filled', origSz: 4000 });
  });

  it('ends when the position closes or turns', () => {
    const desk = openDesk();
    open(desk);
    desk.place(ALICE, [trigger('sl', 'sell', '2000', '0'), trigger('tp', 'sell', '2200', '0.05')], 'positionTpsl');
    desk.place(ALICE, [limit('sell', '2000', '0.2', { tif: 'Ioc' })]);
    expect(desk.szi(ALICE)).toBe(-1000);
    expect(triggers(desk)).toEqual([]);
  });

  it('is refused without a position', () => {
    const desk = openDesk();
    around(desk);
    expect(desk.place(ALICE, [trigger('sl', 'sell', '2000', '0')], 'positionTpsl')).toEqual([
      { error: 'Reduce only order would increase position. asset=1' },
    ]);
  });
});

describe('stand-alone triggers', () => {
  const long = (desk: Desk): void => {
    around(desk);
    desk.place(ALICE, [limit('buy', '2090', '0.1', { tif: 'Ioc' })]);
  };

  it('fires by the mark, not between its refreshes', () => {
    const desk = openDesk();
    long(desk);
    const oid = desk.oid(ALICE, trigger('sl', 'sell', '2050', '0.1'));
    desk.wait(3_000);
    around(desk, 204000);
    desk.print('sell', 204000, 1);
    expect(desk.order(ALICE, oid).status).toBe('open');
    desk.wait(3_000);
    expect(desk.order(ALICE, oid).status).toBe('filled');
  });

  it('fires at once when its condition is already true', () => {
    const desk = openDesk();
    long(desk);
    const [status] = desk.place(ALICE, [trigger('sl', 'sell', '2085', '0.1')]);
    expect(status).toMatchObject({ resting: { oid: expect.any(Number) } });
    expect(desk.szi(ALICE)).toBe(0);
  });

  it.each([
    ['sell', 'sl', 204000, true],
    ['sell', 'sl', 206000, false],
    ['sell', 'tp', 212000, true],
    ['sell', 'tp', 209000, false],
    ['buy', 'sl', 212000, true],
    ['buy', 'sl', 209000, false],
    ['buy', 'tp', 204000, true],
    ['buy', 'tp', 206000, false],
  ] as const)('%s %s at a mark of %i: fires %s', (side, tpsl, px, fires) => {
    const desk = openDesk();
    around(desk);
    const below = (tpsl === 'sl') === (side === 'sell');
    const oid = desk.oid(ALICE, trigger(tpsl, side, below ? '2050' : '2100', '0.1', { r: false }));
    moveTo(desk, px);
    expect(desk.venue.historicalOrders(ALICE).some((row) => row.order.oid === oid && row.status === 'triggered')).toBe(fires);
  });

  it('rests a limit trigger as a Gtc at its price, under the same oid', () => {
    const desk = openDesk();
    long(desk);
    const oid = desk.oid(ALICE, trigger('tp', 'sell', '2100', '0.1', { isMarket: false, p: '2150' }));
    moveTo(desk, 210100);
    expect(desk.order(ALICE, oid)).toMatchObject({ status: 'open', isTrigger: true });
    desk.print('buy', 215100, 1000);
    expect(desk.order(ALICE, oid).status).toBe('filled');
    expect(desk.venue.fills(ALICE).at(-1)).toMatchObject({ px: 215000, crossed: false });
  });

  it('ends a market stop bounded by its price as filled with a remainder, or refused when nothing is within', () => {
    const desk = openDesk();
    long(desk);
    const oid = desk.oid(ALICE, trigger('sl', 'sell', '2050', '0.1', { p: '2040' }));
    desk.book(
      [
        [204000, 300],
        [200000, 9000],
      ],
      [[204020, 9000]],
    );
    desk.print('sell', 204000, 1);
    desk.wait(3_000);
    expect(desk.order(ALICE, oid)).toMatchObject({ status: 'filled', sz: 700 });
    const next = desk.oid(ALICE, trigger('sl', 'sell', '2050', '0.07', { p: '2045' }));
    expect(desk.order(ALICE, next).status).toBe('iocCancelRejected');
    expect(desk.szi(ALICE)).toBe(700);
  });

  it('is capped at the position when it fires, and cancelled when there is none', () => {
    const desk = openDesk();
    long(desk);
    const stop = desk.oid(ALICE, trigger('sl', 'sell', '2050', '0.5'));
    const lower = desk.oid(ALICE, trigger('sl', 'sell', '2045', '0.1'));
    moveTo(desk, 204000);
    expect(desk.szi(ALICE)).toBe(0);
    expect([desk.order(ALICE, stop).status, desk.order(ALICE, lower).status]).toEqual(['filled', 'reduceOnlyCanceled']);
  });
});

describe('reduce-only orders', () => {
  const long = (desk: Desk): void => {
    around(desk);
    desk.place(ALICE, [limit('buy', '2090', '0.1', { tif: 'Ioc' })]);
  };

  it('are capped at the position without a word', () => {
    const desk = openDesk();
    long(desk);
    expect(desk.place(ALICE, [limit('sell', '2000', '0.3', { tif: 'Ioc', r: true })])).toMatchObject([{ filled: { totalSz: '0.1' } }]);
    expect(desk.szi(ALICE)).toBe(0);
  });

  it('are cancelled oldest first when they rest for more than the position', () => {
    const desk = openDesk();
    long(desk);
    const first = desk.oid(ALICE, limit('sell', '2500', '0.1', { r: true }));
    const second = desk.oid(ALICE, limit('sell', '2510', '0.1', { r: true }));
    expect([desk.order(ALICE, first).status, desk.order(ALICE, second).status]).toEqual(['reduceOnlyCanceled', 'open']);
    expect(desk.do(ALICE, { type: 'modify', oid: first, order: limit('sell', '2520', '0.1', { r: true }), alwaysPlace: false })).toEqual({
      status: 'err',
      response: 'Cannot modify canceled or filled order',
    });
  });

  it('leave a ladder that sums to the position alone, and a stop does not count in that sum', () => {
    const desk = openDesk();
    long(desk);
    const legs = ['2200', '2300', '2400'].map((px, i) => desk.oid(ALICE, limit('sell', px, i === 2 ? '0.04' : '0.03', { r: true })));
    const stop = desk.oid(ALICE, trigger('sl', 'sell', '1990', '0.1'));
    desk.print('buy', 220100, 300);
    expect(legs.map((oid) => desk.order(ALICE, oid).status)).toEqual(['filled', 'open', 'open']);
    expect(desk.order(ALICE, stop).status).toBe('open');
    expect(desk.szi(ALICE)).toBe(700);
  });

  it('go when the position closes another way', () => {
    const desk = openDesk();
    long(desk);
    const leg = desk.oid(ALICE, limit('sell', '2200', '0.1', { r: true }));
    desk.place(ALICE, [limit('sell', '2000', '0.1', { tif: 'Ioc', r: true })]);
    expect(desk.order(ALICE, leg).status).toBe('reduceOnlyCanceled');
  });

  it('go too when the position shrinks below them, so that they never flip it', () => {
    const desk = openDesk();
    desk.place(BOB, [limit('sell', '2000', '0.1')]);
    desk.place(ALICE, [limit('buy', '2000', '0.1')]);
    const leg = desk.oid(ALICE, limit('sell', '2100', '0.1', { r: true }));
    desk.place(ALICE, [limit('sell', '2090', '0.04')]);
    desk.place(BOB, [limit('buy', '2100', '1')]);
    expect(desk.szi(ALICE)).toBe(600);
    expect(desk.order(ALICE, leg).status).toBe('reduceOnlyCanceled');
  });
});
