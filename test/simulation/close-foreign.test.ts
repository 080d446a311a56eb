/** CLOSE_ALL --foreign where the venue cannot be asked, takes nothing, or is not heard: it is carried out when nothing is left, and nothing goes twice. */
import type { Address } from '@hyperfleet/paper-exchange';
import type { OrderIntent } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const USER: Address = '0x1111111111111111111111111111111111111111';
const LONG = { symbol: 'BTC', signal_type: 'entry', entry_1: 100_500, stop_loss: 98_000, target_1: 110_000 };

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const held = (coin: string): number => world.venue.account(USER).positions.find((position) => position.coin === coin)?.szi ?? 0;
const buyByHand = (coin = 'BTC', px = '100500', sz = '0.01'): void => world.placeByHand(coin, 'buy', px, sz, { tif: 'Ioc' });
const closeAll = (): string => world.queue.insertControl('Sentient', 'CLOSE_ALL --foreign').key;
const outcome = (key: string): string | undefined => world.ledger.controlOutcomes(key).get('Sentient');
const closesRecorded = () => world.ledger.ordersOf('Sentient').filter(({ intent }) => intent.role === 'close');
const isClose = (orders: readonly OrderIntent[]): boolean => orders.some(({ role }) => role === 'close');

it('goes on when the venue can be asked again, and ends no worker', async () => {
  buyByHand();
  const { openOrders } = world.link.reads;
  let fails = 3;
  Object.assign(world.link.reads, {
    async openOrders() {
      fails -= 1;
      if (fails >= 0) throw Object.assign(new Error('the venue did not answer'), { code: 'VENUE_DOWN', retry: 'later' });
      return await openOrders();
    },
  });
  const key = closeAll();
  await world.hold(10_000, 250);
  expect(held('BTC')).toBe(0);
  expect(outcome(key)).toMatch(/, closed 1 position\(s\) and cancelled 0 order\(s\) that were not ours, paused$/);
});

it.each(['refused', 'rejected'] as const)(
  'sends another close where one was %s, and says that it is done only when it is',
  async (fault) => {
    buyByHand();
    let faults = 2;
    world.link.onRequest = (kind, orders) => {
      if (kind !== 'place' || !isClose(orders) || faults === 0) return null;
      expect(outcome(key)).toBeUndefined();
      faults -= 1;
      return fault;
    };
    const key = closeAll();
    await world.hold(10_000, 250);
    expect(held('BTC')).toBe(0);
    expect(closesRecorded()).toHaveLength(3);
    expect(outcome(key)).toMatch(/, closed 1 position\(s\) and cancelled 0 order\(s\) that were not ours, paused$/);
    expect(world.queue.controls('Sentient')).toEqual([]);
  },
);

describe('a close whose answer is lost', () => {
  it.each([
    ['before it arrived', 'lost-before', 2],
    ['after it arrived', 'lost-after', 1],
  ] as const)('%s is followed by no other before its fate is known, a restart between them included', async (_, fault, closes) => {
    buyByHand();
    buyByHand('ETH', '4020', '0.1');
    world.placeByHand('BTC', 'buy', '90000', '0.01');
    world.placeByHand('ETH', 'buy', '3000', '0.1');
    let faults = 1;
    world.link.onRequest = (kind, orders) => {
      if (kind !== 'place' || !orders.some(({ role, coin }) => role === 'close' && coin === 'BTC') || faults === 0) return null;
      faults -= 1;
      return fault;
    };
    const key = closeAll();
    for (let i = 0; i < 40 && faults > 0; i += 1) await world.hold(250, 250);
    await world.restart();
    expect(outcome(key)).toBeUndefined();
    await world.hold(20_000, 250);
    expect([held('BTC'), held('ETH'), world.venue.openOrders(USER).length]).toEqual([0, 0, 0]);
    const [first, second, ...more] = closesRecorded().filter(({ intent }) => intent.coin === 'BTC');
    expect([first, second].filter((order) => order !== undefined)).toHaveLength(closes);
    expect(more).toEqual([]);
    if (second !== undefined) expect(second.recordedAtMs).toBeGreaterThan(first?.expiresAfterMs ?? 0);
    expect(world.venue.fills(USER).filter(({ side }) => side === 'sell')).toHaveLength(2);
    expect(outcome(key)).toMatch(/, closed 2 position\(s\) and cancelled 2 order\(s\) that were not ours, paused$/);
  });
});

it('that had begun and is found again by a start more than five minutes later ends our trades, leaves the rest, and says so', async () => {
  const id = world.signal(LONG);
  await world.hold(4_000, 250);
  buyByHand('ETH', '4020', '0.1');
  world.placeByHand('BTC', 'buy', '90000', '0.01');
  world.link.onRequest = (kind, orders) => (kind === 'place' && isClose(orders) ? 'refused' : null);
  const key = closeAll();
  await world.hold(3_000, 250);
  const { controls } = world.queue;
  const createdAtText = new Date(world.clock.now() - 301_000).toISOString();
  Object.assign(world.queue, { controls: (bot: string) => controls(bot).map((row) => ({ ...row, createdAtText })) });
  await world.restart();
  world.link.onRequest = () => null;
  expect(outcome(key)).toBeUndefined();
  await world.hold(10_000, 250);
  expect(world.row(id).status).toBe('closed');
  expect([held('BTC'), held('ETH')]).toEqual([0, 1_000]);
  expect(outcome(key)).toBe(
    'closed 1 position(s), cancelled 0 entry order(s), closed 0 position(s) and cancelled 1 order(s) that were not ours; what is left of those is stale and left alone, paused',
  );
});

it('said twice closes once', async () => {
  buyByHand();
  const [first, second] = [closeAll(), closeAll()];
  await world.hold(6_000, 250);
  expect(held('BTC')).toBe(0);
  expect(closesRecorded()).toHaveLength(1);
  expect(outcome(first)).toMatch(/closed 1 position\(s\) and cancelled 0 order\(s\) that were not ours/);
  expect(outcome(second)).toMatch(/closed 0 position\(s\) and cancelled 0 order\(s\) that were not ours/);
});

it('closes what somebody added to a position of ours after ours has been closed, each booked where it belongs', async () => {
  const id = world.signal(LONG);
  await world.hold(4_000, 250);
  const ours = held('BTC');
  buyByHand();
  await world.hold(1_000, 250);
  const key = closeAll();
  await world.hold(10_000, 250);
  expect(held('BTC')).toBe(0);
  const [trade] = world.ledger.allTrades();
  expect(world.row(id).status).toBe('closed');
  expect(world.ledger.fillSums(trade?.tradeId ?? '')).toMatchObject({ entrySz: ours, exitSz: ours });
  expect(outcome(key)).toBe(
    'closed 1 position(s), cancelled 0 entry order(s), closed 1 position(s) and cancelled 0 order(s) that were not ours, paused',
  );
});

it('leaves alone what comes onto the coin of a trade that was begun after it', async () => {
  buyByHand('ETH', '4020', '0.1');
  let isShut = true;
  world.link.onRequest = (kind, orders) => (kind === 'place' && isShut && orders.some(({ coin }) => coin === 'ETH') ? 'refused' : null);
  const key = closeAll();
  await world.hold(2_000, 250);
  world.queue.insertControl('Sentient', 'RESUME');
  const id = world.signal(LONG);
  await world.hold(4_000, 250);
  expect(world.row(id).status).toBe('filled');
  const ours = held('BTC');
  buyByHand();
  isShut = false;
  await world.hold(30_000, 250);
  expect([held('ETH'), held('BTC')]).toEqual([0, ours + 1_000]);
  expect(outcome(key)).toMatch(/closed 1 position\(s\) and cancelled 0 order\(s\) that were not ours/);
});
