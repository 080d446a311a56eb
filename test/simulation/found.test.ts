/** What seeds have found, each told again by itself. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const long = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000, target_1: 103_000 };

it('sends no entry in a pause that came after its row was claimed', async () => {
  await world.advance(6_000);
  const id = world.signal(long);
  await world.advance(2_500);
  expect(world.row(id).status).toBe('processing');
  world.queue.insertControl('Sentient', 'PAUSE');
  await world.advance(2_000);
  await world.hold(6_000);
  expect(world.link.sent).toEqual([]);
  world.queue.insertControl('Sentient', 'RESUME');
  await world.hold(6_000);
  expect(world.row(id).status).toBe('filled');
});

it('refuses an entry on a coin the owner has bought since the last reconcile', async () => {
  await world.hold(3_000);
  world.placeByHand('BTC', 'buy', '100500', '0.01', { tif: 'Ioc' });
  const id = world.signal(long);
  await world.hold(10_000);
  expect(world.row(id).status).toBe('failed');
  expect(String(world.row(id).notes)).toContain('BTC is foreign');
  expect(world.link.sent).toEqual([]);
});

it('refuses an entry where the open orders could not be read for long: the owner may have come onto its coin since', async () => {
  await world.hold(3_000);
  const { openOrders } = world.link.reads;
  let readable = false;
  Object.assign(world.link.reads, {
    openOrders: async () => {
      if (!readable) throw Object.assign(new Error('HTTP 502'), { code: 'VENUE_REFUSED', retry: 'later' });
      return await openOrders();
    },
  });
  await world.hold(100_000);
  const unseen = world.signal(long);
  await world.hold(10_000);
  expect(world.row(unseen)).toMatchObject({ status: 'failed', notes: expect.stringContaining('an entry needs a newer look') });
  expect(world.link.sent).toEqual([]);
  readable = true;
  await world.hold(15_000);
  const seen = world.signal(long);
  await world.hold(6_000);
  expect(world.row(seen).status).toBe('filled');
});

it('looks at the wallet for itself before an entry where the last comparison was long ago, and refuses where it sees another hand', async () => {
  await world.hold(3_000);
  const { fillsSince } = world.link.reads;
  // A comparison reads the fills first, and comes to nothing.
  Object.assign(world.link.reads, {
    fillsSince: async () => {
      throw Object.assign(new Error('HTTP 502'), { code: 'VENUE_REFUSED', retry: 'later' });
    },
  });
  await world.hold(100_000);
  const id = world.signal(long);
  await world.hold(3_000);
  expect(world.link.sent.map(({ role }) => role)).toContain('entry');
  world.placeByHand('ETH', 'buy', '3000', '0.01');
  await world.hold(100_000);
  const other = world.signal({ ...long, symbol: 'ETH', entry_1: 4_010, stop_loss: 3_900, target_1: 4_200 });
  await world.hold(8_000);
  expect(world.row(other)).toMatchObject({ status: 'failed', notes: expect.stringContaining('ETH is foreign') });
  Object.assign(world.link.reads, { fillsSince });
  await world.hold(20_000);
  expect(world.row(id).status).toBe('filled');
});

it('leaves nothing in doubt of a bracket that never arrived: its stop is asked after with its entry', async () => {
  world.link.onRequest = (kind) => (kind === 'place' ? 'lost-before' : null);
  const id = world.signal(long);
  await world.hold(3_000);
  world.book('BTC', '96000', '96010');
  await world.hold(9_000);
  expect(world.row(id)).toMatchObject({ status: 'failed', notes: expect.stringContaining('already passed the stop') });
  expect(world.ledger.orders(world.ledger.allTrades()[0]?.tradeId ?? '').map(({ state }) => state)).toEqual(['dead', 'dead']);
});

it('gives a filled entry a stop at once where the venue lists no child and has said nothing of it', async () => {
  world.link.onRequest = (kind, orders) => (kind === 'place' && orders.some(({ role }) => role === 'stop') ? 'child-lost' : null);
  const id = world.signal(long);
  await world.hold(12_000);
  expect(world.row(id).status).toBe('filled');
  // 100 ms until the answer, reads of the open orders and of the child, 100 ms until the stop arrives.
  expect(world.venue.audit().nakedMsMax).toBeLessThanOrEqual(1_000);
  const orders = world.ledger.orders(world.ledger.allTrades()[0]?.tradeId ?? '');
  expect(orders.filter(({ intent }) => intent.role === 'own-stop').map(({ state }) => state)).toEqual(['resting']);
  expect(orders.find(({ intent }) => intent.role === 'stop')?.state).toBe('dead');
});

it('sends no entry that an exit made void before a restart, though its row comes to be seen only after', async () => {
  await world.hold(3_000);
  const createdBefore = new Date(world.clock.now()).toISOString();
  await world.hold(2_000);
  const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await world.hold(3_000);
  expect(world.row(exit).status).toBe('no_op');
  await world.restart();
  const late = world.signal({ ...long, created_at: createdBefore });
  await world.hold(6_000);
  expect(world.row(late)).toMatchObject({ status: 'expired', notes: `an exit of BTC (signal ${exit}) came after it` });
  expect(world.link.sent).toEqual([]);
});
