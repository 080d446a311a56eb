/** Books that must agree with the venue's whatever it does: funding over hours, orders left behind (docs/FAILURES.md). */
import type { Address } from '@hyperfleet/paper-exchange';
import { afterEach, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const USER: Address = '0x1111111111111111111111111111111111111111';
const long = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };

let world: World;
afterEach(() => closeUnbroken(world));

/** Market time in long strides, for hours in which nothing but funding happens. */
async function hours(count: number): Promise<void> {
  for (let minute = 0; minute < count * 60; minute += 1) {
    await world.clock.advance(60_000);
    world.venue.advance(world.clock.now());
    world.touchBooks();
    world.link.pump();
  }
}

const cash = (): number =>
  world.ledger.allTrades().reduce((sum, { tradeId, direction }) => {
    const { entryCost, exitCost, fees, funding } = world.ledger.fillSums(tradeId);
    return sum + (direction === 'short' ? entryCost - exitCost : exitCost - entryCost) - fees + funding;
  }, 0);

it('funding of every hour is booked once, a restart between them included, and equity is explained to the micro-dollar', async () => {
  world = await openWorld();
  const id = world.signal(long);
  await world.hold(5_000);
  expect(world.row(id).status).toBe('filled');
  await hours(2);
  await world.restart();
  await hours(2);
  await world.hold(10_000);
  const paid = world.venue.fundings(USER);
  expect(paid.length).toBeGreaterThanOrEqual(4);
  const tradeId = world.ledger.allTrades()[0]?.tradeId ?? '';
  expect(world.ledger.fillSums(tradeId).funding).toBe(paid.reduce((sum, { usd }) => sum + usd, 0));
  world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await world.hold(8_000);
  expect(world.row(id).status).toBe('closed');
  expect(world.venue.account(USER).accountValue - 10_000_000_000).toBe(cash());
});

it('an order of ours that outlived its trade is cancelled at the next comparison, before it meets another position', async () => {
  world = await openWorld({ reconcileIntervalMs: 10_000 });
  const id = world.signal({ ...long, target_1: 101_000, target_2: 103_000 });
  await world.hold(6_000);
  const leg = world.venue.openOrders(USER).find((order) => order.tpsl === null);
  world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await world.hold(8_000);
  expect(world.row(id).status).toBe('closed');
  // The venue shows the leg again, as if its cancel had never been: same client id, resting.
  const order = { asset: 0, side: 'sell', px: '103000', sz: '0.001', reduceOnly: false, cloid: leg?.cloid ?? null } as const;
  world.venue.execute(
    USER,
    { type: 'order', orders: [{ ...order, type: { kind: 'limit', tif: 'Gtc' } }], grouping: 'na' },
    world.clock.now(),
  );
  expect(world.venue.openOrders(USER)).toHaveLength(1);
  await world.hold(12_000);
  expect(world.venue.openOrders(USER)).toEqual([]);
});
