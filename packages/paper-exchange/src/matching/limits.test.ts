import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maintenanceOf, notionalLimit, tierTerms } from './margin-tiers.ts';
import { ALICE, BOB, CAROL, type Desk, ETH, limit, openDesk, trigger } from './testing/desk.ts';
import { createVenue } from './venue.ts';

/** The margin table of testnet's ETH, id 53 of its recorded meta. */
const TIERS = [
  { lowerBoundUsd: 0, maxLeverage: 25 },
  { lowerBoundUsd: 20_000, maxLeverage: 10 },
  { lowerBoundUsd: 50_000, maxLeverage: 5 },
];
const TIERED = { ...ETH, marginTable: { tiers: TIERS } };
const tiered = (settings = {}, usd = 100_000): Desk => openDesk(settings, usd, TIERED);
const text = (status: unknown): string =>
  typeof status === 'object' && status !== null && 'error' in status ? String(status.error) : JSON.stringify(status);
const first = (desk: Desk, order: Parameters<Desk['place']>[1][number], user = ALICE): string => text(desk.place(user, [order])[0]);

describe('margin tiers (PROTOCOL §7)', () => {
  const terms = tierTerms(TIERED);

  it('meet without a step: the deduction makes maintenance continuous and equal to the sum over the tiers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000_000_000 }), (notional) => {
        const parts = [
          Math.min(notional, 20_000e6) / 50,
          Math.min(Math.max(0, notional - 20_000e6), 30_000e6) / 20,
          Math.max(0, notional - 50_000e6) / 10,
        ];
        const sum = parts.reduce((a, b) => a + b, 0);
        expect(Math.abs(maintenanceOf(terms, notional) - sum)).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('allow a notional as large as the leverage has tiers for', () => {
    expect(notionalLimit(terms, 25)).toBe(20_000e6);
    expect(notionalLimit(terms, 10)).toBe(50_000e6);
    expect(notionalLimit(terms, 5)).toBe(Number.POSITIVE_INFINITY);
  });

  it('are refused when they do not follow each other', () => {
    const venue = (tiers: typeof TIERS) => () => createVenue({ instruments: [{ ...ETH, marginTable: { tiers } }] });
    expect(venue([{ lowerBoundUsd: 0, maxLeverage: 20 }])).toThrow(/margin tiers of ETH: 20x from \$0/);
    expect(venue([...TIERS, { lowerBoundUsd: 60_000, maxLeverage: 5 }])).toThrow(/5x from \$60000/);
  });

  it('refuse an order that would make the position larger than its leverage allows, and no order that lessens it', () => {
    const desk = tiered();
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 25 });
    desk.mark(200_000);
    const refused = 'Order would cause position to exceed margin tier limit at current leverage asset=1';
    expect(first(desk, limit('buy', '2000', '10.1'))).toBe(refused);
    expect(desk.venue.historicalOrders(ALICE)[0]?.status).toBe('perpMaxPositionRejected');
    desk.place(BOB, [limit('sell', '2000', '9')]);
    desk.place(ALICE, [limit('buy', '2000', '9')]);
    expect(first(desk, limit('buy', '2000', '1.1'))).toBe(refused);
    expect(first(desk, limit('sell', '2100', '5'))).toContain('resting');
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 10 });
    expect(first(desk, limit('buy', '2000', '1.1'))).toContain('resting');
  });

  it('liquidate where equity meets the maintenance of the tier the value has at that price', () => {
    const desk = tiered({ takerFeePpm: 0, makerFeePpm: 0, feeTiers: [], makerTiers: [] }, 20_000);
    for (const user of [ALICE, BOB, CAROL]) desk.do(user, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 5 });
    for (const user of [BOB, CAROL]) desk.place(user, [limit('sell', '2000', '25')]);
    desk.place(ALICE, [limit('buy', '2000', '49')]);
    desk.mark(200_000);
    const [position] = desk.venue.account(ALICE).positions;
    // 98,000 of value: equity 20,000 + 49 (px − 2000) = 49 px ÷ 10 − (400 of the first and 2,100 … ) of the table.
    const px = Number(position?.liquidationPxText);
    const value = 49 * px;
    const equity = 20_000 + 49 * (px - 2000);
    expect(Math.abs(equity - maintenanceOf(tierTerms(TIERED), Math.round(value * 1e6)) / 1e6)).toBeLessThan(0.001);
    expect((position?.liquidationPx ?? 0) / 100_000).toBeCloseTo(px, 4);
    expect(desk.venue.account(ALICE).crossMaintenanceMarginUsed).toBe(maintenanceOf(tierTerms(TIERED), 98_000e6));
  });
});

describe('open orders (PROTOCOL §10)', () => {
  it('past the base are earned by volume, and are neither reduce-only nor triggers', () => {
    const desk = openDesk({ maxOpenOrders: 5, openOrderVolumeUsd: 10_000, openOrderCap: 7 }, 1_000_000);
    desk.place(BOB, [limit('sell', '2000', '1')]);
    desk.place(ALICE, [limit('buy', '2000', '1')]);
    for (let n = 0; n < 5; n++) desk.oid(ALICE, limit('buy', String(1900 + n), '0.1'));
    expect(first(desk, limit('buy', '1800', '0.1'))).toBe('Too many open orders. asset=1');
    expect(desk.venue.historicalOrders(ALICE)[0]?.status).toBe('tooManyOpenOrdersRejected');
    for (let n = 0; n < 7; n++) {
      desk.place(BOB, [limit('sell', '2000', '2')]);
      desk.place(ALICE, [limit('buy', '2000', '2', { tif: 'Ioc' })]);
    }
    expect(first(desk, limit('sell', '2100', '0.1', { r: true }))).toBe('Too many open orders. asset=1');
    expect(first(desk, trigger('sl', 'sell', '1700', '0.1'))).toBe('Too many open orders. asset=1');
    expect(first(desk, limit('buy', '1800', '0.1'))).toContain('resting');
    expect(first(desk, limit('buy', '1801', '0.1'))).toContain('resting');
    expect(first(desk, limit('buy', '1802', '0.1'))).toBe('Too many open orders. asset=1');
  });
});

describe('open interest caps (PROTOCOL §4)', () => {
  it('take no order that adds, refuse a flip by its own word, and let positions close', () => {
    const desk = openDesk({ openInterestCapsUsd: { ETH: 2_000 } });
    desk.mark(200_000);
    desk.place(BOB, [limit('sell', '2000', '1')]);
    const waiting = desk.oid(CAROL, limit('sell', '2001', '1'));
    desk.place(ALICE, [limit('buy', '2000', '1')]);
    const capped = 'Order would increase open interest while open interest is capped asset=1';
    expect(first(desk, limit('buy', '1990', '0.1'))).toBe(capped);
    expect(desk.venue.historicalOrders(ALICE)[0]?.status).toBe('positionIncreaseAtOpenInterestCapRejected');
    expect(first(desk, limit('sell', '2100', '1.5'))).toBe(capped);
    expect(desk.venue.historicalOrders(ALICE)[0]?.status).toBe('positionFlipAtOpenInterestCapRejected');
    desk.place(BOB, [limit('buy', '2001', '0.1', { r: true })]);
    expect(desk.order(CAROL, waiting).status).toBe('openInterestCapCanceled');
    expect(first(desk, limit('sell', '1990', '1', { r: true }))).toContain('filled');
  });
});

describe('open interest caps, and its growth (PROTOCOL §4)', () => {
  it('let nothing rest further than 1 % from the oracle, on either side, and let what is sold at once be sold', () => {
    const desk = openDesk({ openInterestCapsUsd: { ETH: 2_000 } });
    desk.mark(200_000);
    const far = desk.oid(CAROL, limit('buy', '1900', '1'));
    desk.place(BOB, [limit('sell', '2000', '1')]);
    desk.place(ALICE, [limit('buy', '2000', '1')]);
    expect(first(desk, limit('sell', '1979.9', '1', { r: true }))).toBe(
      'Order rejected due to price more aggressive than oracle while at open interest cap asset=1',
    );
    expect(desk.venue.historicalOrders(ALICE)[0]?.status).toBe('tooAggressiveAtOpenInterestCapRejected');
    expect(first(desk, limit('sell', '2020.1', '1', { r: true }))).toBe('Order price too far from oracle asset=1');
    expect(desk.venue.historicalOrders(ALICE)[0]?.status).toBe('oracleRejected');
    expect(desk.order(CAROL, far).status, 'it rested before').toBe('open');
    for (const px of ['1980', '2020']) expect(first(desk, limit('sell', px, '0.1', { r: true }))).toContain('resting');
    expect(first(desk, trigger('sl', 'sell', '1800', '1'))).toContain('resting');
    expect(first(desk, limit('buy', '2020.1', '1', { r: true }), BOB)).toContain('more aggressive than oracle');
    expect(first(desk, limit('buy', '1979.9', '1', { r: true }), BOB)).toContain('too far from oracle');
    expect(first(desk, limit('sell', '1800', '1', { tif: 'Ioc', r: true }))).toContain('Order could not immediately match');
  });

  it('may be kept from growing too quickly: so many dollars a minute, and what closes makes room', () => {
    const desk = openDesk({ openInterestGrowthUsd: { ETH: 4_000 } });
    desk.mark(200_000);
    desk.wait(60_000 - (desk.now() % 60_000));
    const tooQuick = 'Order would increase open interest too quickly asset=1';
    expect(first(desk, limit('sell', '2000', '2.1'), BOB)).toBe(tooQuick);
    expect(desk.venue.historicalOrders(BOB)[0]?.status).toBe('openInterestIncreaseRejected');
    desk.place(BOB, [limit('sell', '2000', '2')]);
    desk.place(ALICE, [limit('buy', '2000', '2')]);
    expect(first(desk, limit('buy', '1990', '0.1'))).toBe(tooQuick);
    expect(first(desk, limit('sell', '1990', '0.5'), CAROL)).toBe(tooQuick);
    expect(first(desk, limit('sell', '2100', '1', { r: true }))).toContain('resting');
    desk.wait(60_000);
    expect(first(desk, limit('buy', '1990', '0.1'))).toContain('resting');
  });
});

describe('what is not known of the venue is a setting (PROTOCOL §11)', () => {
  it('a trigger that is true when it comes fires, or is refused', () => {
    const firing = openDesk();
    firing.book([[199_900, 100_000]], [[200_000, 100_000]]);
    firing.place(ALICE, [limit('buy', '2000', '1', { tif: 'Ioc' })]);
    firing.mark(200_000);
    expect(first(firing, trigger('sl', 'sell', '2010', '1', { p: '1900' }))).toContain('resting');
    expect(firing.szi(ALICE)).toBe(0);
    const refusing = openDesk({ satisfiedTrigger: 'refused' });
    refusing.book([[199_900, 100_000]], [[200_000, 100_000]]);
    refusing.place(ALICE, [limit('buy', '2000', '1', { tif: 'Ioc' })]);
    refusing.mark(200_000);
    expect(first(refusing, trigger('sl', 'sell', '2010', '1', { p: '1900' }))).toBe('Invalid TP/SL price. asset=1');
    expect(first(refusing, trigger('sl', 'sell', '1990', '1', { p: '1900' }))).toContain('resting');
  });

  it('a reduce-only order below $10 closes the whole position, or any part, or is refused', () => {
    const answers = (['whole-position', 'all', 'none'] as const).map((smallReduceOnly) => {
      const desk = openDesk({ smallReduceOnly });
      desk.book([[199_900, 100_000]], [[200_000, 100_000]]);
      desk.place(ALICE, [limit('buy', '2000', '0.006', { tif: 'Ioc' })]);
      desk.place(ALICE, [limit('sell', '1999', '0.002', { tif: 'Ioc' })]);
      const part = first(desk, limit('sell', '2100', '0.001', { r: true }));
      desk.place(BOB, [limit('buy', '1999', '0.0051')]);
      desk.place(ALICE, [limit('sell', '1999', '0.0051', { r: true, tif: 'Ioc' })]);
      return [part, desk.szi(ALICE)];
    });
    const small = 'Order must have minimum value of $10. asset=1';
    expect(answers.map(([part]) => part)).toEqual([small, expect.stringContaining('resting'), small]);
  });

  it('a second live order of a cloid is counted, or refused', () => {
    const c = `0x${'1'.repeat(32)}`;
    const taking = openDesk();
    expect(first(taking, limit('buy', '1900', '1', { c }))).toContain('resting');
    expect(first(taking, limit('buy', '1901', '1', { c }))).toContain('resting');
    expect(taking.venue.audit().duplicateCloids).toBe(1);
    const refusing = openDesk({ duplicateCloid: 'refused' });
    const oid = refusing.oid(ALICE, limit('buy', '1900', '1', { c }));
    expect(first(refusing, limit('buy', '1901', '1', { c }))).toContain('client order id of an open order');
    refusing.do(ALICE, { type: 'cancel', cancels: [{ asset: 1, oid }] });
    expect(first(refusing, limit('buy', '1901', '1', { c }))).toContain('resting');
  });

  it('a failed modify answers with text, or with a status as it was recorded once', () => {
    const reply = (modifyError: 'text' | 'status') => {
      const desk = openDesk({ modifyError });
      const oid = desk.oid(ALICE, limit('buy', '1900', '1'));
      return desk.do(ALICE, { type: 'modify', oid, order: limit('buy', '1900', '1', { tif: 'Ioc' }), alwaysPlace: false });
    };
    expect(reply('text')).toEqual({ status: 'err', response: 'Attempted to modify to invalid new order' });
    const statuses = [{ error: 'Attempted to modify to invalid new order' }];
    expect(reply('status')).toEqual({ status: 'ok', response: { type: 'order', data: { statuses } } });
  });

  it('the band around the reference price is 95 or 80 per cent', () => {
    const answer = (priceBand: 0.95 | 0.8, px: string) => {
      const desk = openDesk({ priceBand });
      desk.mark(200_000);
      return first(desk, limit('sell', px, '0.1'));
    };
    expect(answer(0.95, '399')).toContain('resting');
    expect(answer(0.8, '401')).toContain('resting');
    expect(answer(0.8, '400')).toBe('Order price cannot be more than 80% away from the reference price');
    expect(answer(0.8, '10000')).toContain('resting');
    expect(answer(0.8, '10001')).toContain('80% away');
    expect(answer(0.95, '100')).toContain('95% away');
  });
});

describe('an isolated position', () => {
  it('of a strictly isolated coin keeps its margin', () => {
    const desk = openDesk({}, 1_000, { ...ETH, marginMode: 'strictIsolated', onlyIsolated: true });
    desk.book([[199_900, 100_000]], [[200_000, 100_000]]);
    desk.place(ALICE, [limit('buy', '2000', '0.1', { tif: 'Ioc' })]);
    const move = (ntli: number) => desk.do(ALICE, { type: 'updateIsolatedMargin', asset: 1, isBuy: true, ntli });
    expect(move(50_000_000)).toMatchObject({ status: 'ok' });
    expect(move(-1_000_000)).toEqual({ status: 'err', response: 'Cannot remove margin from this position.' });
    expect(desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: true, leverage: 5 }).status).toBe('err');
  });

  it('is topped up to a leverage, and left alone where it has as much', () => {
    const desk = openDesk({}, 1_000);
    const topUp = (leverage: string) => desk.do(ALICE, { type: 'topUpIsolatedOnlyMargin', asset: 1, leverage });
    expect(topUp('5')).toEqual({ status: 'err', response: 'Position does not use isolated margin.' });
    desk.do(ALICE, { type: 'updateLeverage', asset: 1, isCross: false, leverage: 10 });
    desk.book([[199_900, 100_000]], [[200_000, 100_000]]);
    desk.place(ALICE, [limit('buy', '2000', '1', { tif: 'Ioc' })]);
    desk.mark(200_000);
    expect(topUp('5')).toMatchObject({ status: 'ok' });
    expect(desk.venue.account(ALICE).positions[0]?.isolatedMargin).toBe(400_000_000);
    expect(topUp('8')).toMatchObject({ status: 'ok' });
    expect(desk.venue.account(ALICE).positions[0]?.isolatedMargin).toBe(400_000_000);
    expect(topUp('1')).toMatchObject({ status: 'err' });
    expect(topUp('0')).toEqual({ status: 'err', response: 'Invalid leverage value' });
    expect(desk.venue.audit().conservationErrorUsd).toBe(0);
  });
});
