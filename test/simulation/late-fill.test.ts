/** A fill just before an order's end that is told after it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';
import { fillView } from '../support/venue-words.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const USER = '0x1111111111111111111111111111111111111111';
const TOLD_AFTER_MS = 300;

/** As the first cancel leaves, the entry fills once more; the stream tells it when the cancel has been answered. */
function fillLate(sz: string): void {
  let isFilled = false;
  world.link.onRequest = (kind) => {
    if (kind !== 'cancel' || isFilled) return null;
    isFilled = true;
    world.link.streaming = false;
    world.print('BTC', 'sell', '98999', sz);
    world.link.streaming = true;
    world.clock.after(TOLD_AFTER_MS, () => {
      const fills = world.venue.fills(USER).slice(-1).map(fillView);
      world.streamEvent({ kind: 'fills', fills, isSnapshot: false });
    });
    return null;
  };
}

it('of an entry whose remainder is cancelled is held by stop and take-profits too', async () => {
  world.signal({ symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 102_000 });
  await world.hold(3_500, 250);
  world.print('BTC', 'sell', '98999', '0.03');
  await world.hold(2_000, 250);
  fillLate('0.02');
  // The mark touches the target, and the rest of the entry goes.
  world.book('BTC', '102100', '102110');
  await world.hold(1_000, 250);
  world.book('BTC', '101900', '101910');
  await world.hold(5_000, 250);
  expect(world.venue.account(USER).positions).toMatchObject([{ szi: 5_000 }]);
  const takeProfits = world.venue.openOrders(USER).filter(({ reduceOnly, tpsl }) => reduceOnly && tpsl === null);
  expect(takeProfits.reduce((sum, { sz }) => sum + sz, 0)).toBe(5_000);
  expect(world.armedLots()).toBeGreaterThanOrEqual(5_000);
  world.book('BTC', '102100', '102110');
  await world.hold(10_000, 250);
  expect(world.ledger.allTrades()).toMatchObject([{ phase: 'settled', status: 'closed' }]);
});
