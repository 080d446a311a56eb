import { describe, expect, it } from 'vitest';
import { ALICE, type Desk, limit, openDesk, trigger } from './testing/desk.ts';

const long = (desk: Desk): number => {
  desk.book([[208000, 100_000]], [[208020, 100_000]]);
  desk.place(ALICE, [limit('buy', '2090', '0.1', { tif: 'Ioc' })]);
  return desk.now();
};

/** The naked intervals as [from, to] relative to a time. */
const intervals = (desk: Desk, since: number) =>
  desk.venue.audit().naked.map(({ fromMs, toMs }) => [fromMs - since, toMs === null ? null : toMs - since]);

describe('naked time', () => {
  it('runs from the fill to the moment the stops cover the whole position', () => {
    const desk = openDesk();
    const since = long(desk);
    desk.wait(100);
    desk.oid(ALICE, trigger('sl', 'sell', '2000', '0.06'));
    desk.wait(50);
    expect(desk.venue.audit().nakedMsMax).toBe(150);
    desk.oid(ALICE, trigger('sl', 'sell', '1990', '0.04'));
    desk.wait(1_000);
    expect(intervals(desk, since)).toEqual([[0, 150]]);
    expect(desk.venue.audit().nakedMsMax).toBe(150);
  });

  it('is nothing where a stop comes within the same millisecond', () => {
    const desk = openDesk();
    const since = long(desk);
    desk.oid(ALICE, trigger('sl', 'sell', '2000', '0.1'));
    desk.wait(1_000);
    expect(intervals(desk, since)).toEqual([]);
  });

  it.each([
    ['a take-profit', trigger('tp', 'sell', '2200', '0.1')],
    ['a reduce-only limit', limit('sell', '2200', '0.1', { r: true })],
    ['a stop that is not reduce-only', trigger('sl', 'sell', '2000', '0.1', { r: false })],
    ['a stop on the other side', trigger('sl', 'buy', '2200', '0.1', { r: false })],
  ])('is not ended by %s', (_, order) => {
    const desk = openDesk();
    const since = long(desk);
    desk.oid(ALICE, order);
    desk.wait(500);
    expect(intervals(desk, since)).toEqual([[0, null]]);
  });

  it('is not ended by a stop beyond the liquidation price', () => {
    const desk = openDesk({}, 100);
    desk.book([[208000, 100_000]], [[208020, 100_000]]);
    desk.place(ALICE, [limit('buy', '2081', '0.9', { tif: 'Ioc' })]);
    const liquidation = (desk.venue.account(ALICE).positions[0]?.liquidationPx ?? 0) / 1000;
    expect(liquidation).toBeGreaterThan(200000);
    desk.oid(ALICE, trigger('sl', 'sell', '1990', '0.9'));
    desk.wait(500);
    expect(desk.venue.audit().nakedMsMax).toBe(500);
    desk.oid(ALICE, trigger('sl', 'sell', '2060', '0.9'));
    desk.wait(500);
    expect(desk.venue.audit().nakedMsMax).toBe(500);
  });

  it('begins again when the stop is cancelled, and ends when the position does', () => {
    const desk = openDesk();
    const since = long(desk);
    const stop = desk.oid(ALICE, trigger('sl', 'sell', '2000', '0.1'));
    desk.wait(100);
    desk.do(ALICE, { type: 'cancel', cancels: [{ asset: 1, oid: stop }] });
    desk.wait(30);
    desk.place(ALICE, [limit('sell', '2000', '0.1', { tif: 'Ioc', r: true })]);
    desk.wait(30);
    expect(intervals(desk, since)).toEqual([[100, 130]]);
  });

  it('counts a stop that fired for its unfilled size for one second', () => {
    const desk = openDesk();
    const since = long(desk);
    desk.oid(ALICE, trigger('sl', 'sell', '2050', '0.1', { p: '2040' }));
    desk.book([[204000, 300]], [[204020, 9000]]);
    desk.mark(204000);
    const fired = desk.now() - since;
    expect(desk.szi(ALICE)).toBe(700);
    desk.wait(5_000);
    expect(intervals(desk, since)).toEqual([[fired + 1_000, null]]);
  });

  it('sees a waiting child as no protection', () => {
    const desk = openDesk();
    desk.book([[208000, 100_000]], [[208020, 100_000]]);
    desk.place(ALICE, [limit('buy', '2070', '0.1'), trigger('sl', 'sell', '2000', '0.1')], 'normalTpsl');
    desk.print('sell', 206900, 400);
    const since = desk.now();
    desk.wait(250);
    desk.oid(ALICE, trigger('sl', 'sell', '2000', '0.04'));
    desk.wait(250);
    expect(intervals(desk, since)).toEqual([[0, 250]]);
  });
});
