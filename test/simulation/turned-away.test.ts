/** Requests turned away for what passes, and orders that somebody else ends: what belongs at the venue stands again. */
import type { OrderIntent, PlaceRequest } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const USER = '0x1111111111111111111111111111111111111111';
const long = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };
const HALT_MS = 4_000;

/** From the first request with such an order on, such requests are turned away for a while. */
function turnAway(reason: string, isMeant: (order: OrderIntent) => boolean): void {
  const { place } = world.link.exchange;
  let untilMs: number | null = null;
  Object.assign(world.link.exchange, {
    place: async (request: Parameters<typeof place>[0] & PlaceRequest) => {
      if (!request.orders.some(isMeant)) return await place(request);
      untilMs ??= world.clock.now() + HALT_MS;
      if (world.clock.now() >= untilMs) return await place(request);
      await new Promise<void>((resolve) => world.clock.after(100, resolve));
      return { kind: 'refused', reason, retry: 'later' };
    },
  });
}

const takeProfits = () => world.venue.openOrders(USER).filter(({ reduceOnly, tpsl }) => reduceOnly && tpsl === null);
const trade = () => world.ledger.allTrades()[0];
const triesOf = (role: string) => world.ledger.orders(trade()?.tradeId ?? '').filter(({ intent }) => intent.role === role);
const alerts = () => world.reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : []));

describe.each(['Trading is halted', 'Too many cumulative requests sent (10437 > 10436) for cumulative volume traded $437.92.'])(
  '%s',
  (reason) => {
    it('costs no take-profit: they stand once it is over', async () => {
      turnAway(reason, ({ role }) => role.startsWith('tp'));
      world.signal({ ...long, target_1: 102_000, target_2: 104_000 });
      await world.hold(30_000, 250);
      expect(takeProfits()).toHaveLength(2);
      expect(triesOf('tp1').length).toBeGreaterThan(4);
    });

    it('ends no position: the stop of a part fill stands once it is over', async () => {
      turnAway(reason, ({ role }) => role === 'own-stop');
      const id = world.signal({ ...long, entry_1: 99_000, target_1: 102_000 });
      await world.hold(3_500, 250);
      world.print('BTC', 'sell', '98999', '0.01');
      await world.hold(15_000, 250);
      expect(triesOf('own-stop').length).toBeGreaterThan(3);
      expect(alerts()).toEqual(['stop turned away, tried on']);
      expect(trade()?.exitClaimedBy).toBeNull();
      expect(world.armedLots()).toBeGreaterThan(0);
      expect(world.row(id).status).toBe('filled');
    });

    it('ends no exit: the close goes once it is over, and a person is told meanwhile', async () => {
      turnAway(reason, ({ role }) => role === 'close');
      world.signal(long);
      await world.hold(3_000, 250);
      const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
      await world.hold(15_000, 250);
      expect(triesOf('close').length).toBeGreaterThan(3);
      expect(alerts()).toEqual(['close turned away, tried on']);
      expect(world.row(exit).status).toBe('executed');
      expect(world.venue.account(USER).positions).toEqual([]);
    });

    it('ends no move to breakeven: the stop is there once it is over', async () => {
      turnAway(reason, ({ role }) => role === 'breakeven');
      world.signal({ ...long, target_1: 102_000, target_2: 104_000 });
      await world.hold(3_000, 250);
      world.book('BTC', '102100', '102110');
      await world.hold(15_000, 250);
      expect(triesOf('breakeven').length).toBeGreaterThan(3);
      expect(trade()?.breakeven).toBe('done');
    });
  },
);

describe('an order that somebody else cancels', () => {
  const cancel = (isMeant: (order: ReturnType<typeof world.venue.openOrders>[number]) => boolean): void => {
    const cancels = world.venue.openOrders(USER).flatMap((order) => (isMeant(order) ? [{ asset: 0, oid: order.oid }] : []));
    expect(cancels).toHaveLength(1);
    world.venue.execute(USER, { type: 'cancel', cancels }, world.clock.now());
    world.link.pump();
  };

  it('is placed again and told, where it is a stop', async () => {
    world.signal({ ...long, target_1: 102_000 });
    await world.hold(4_000, 250);
    cancel(({ tpsl }) => tpsl === 'sl');
    await world.hold(3_000, 250);
    expect(world.armedLots()).toBe(world.venue.account(USER).positions[0]?.szi);
    expect(alerts()).toEqual(['stop ended from outside']);
  });

  it('is placed again, where it is a take-profit, until it has been ended three times', async () => {
    world.signal({ ...long, target_1: 102_000 });
    await world.hold(4_000, 250);
    cancel(({ tpsl }) => tpsl === null);
    await world.hold(3_000, 250);
    expect(takeProfits()).toHaveLength(1);
    expect(alerts()).toEqual([]);
    cancel(({ tpsl }) => tpsl === null);
    await world.hold(3_000, 250);
    expect(takeProfits()).toHaveLength(1);
    expect(alerts()).toEqual(['take-profit refused, last try']);
    cancel(({ tpsl }) => tpsl === null);
    await world.hold(10_000, 250);
    expect(takeProfits()).toHaveLength(0);
    expect(trade()?.phase).toBe('open');
  });
});
