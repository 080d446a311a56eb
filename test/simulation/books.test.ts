/** The venue's money and sizes beside our books while a bot runs: what is explained is booked, what is not is told and in the way. */
import { lots, microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';

const USER = '0x1111111111111111111111111111111111111111';
const SIGNAL = { symbol: 'BTC', signal_type: 'entry', entry_1: 100_010, stop_loss: 98_000, target_1: 103_000 };

let world: World;
const alerts = () => world.reports.flatMap((report) => (report.kind === 'alert' ? [report] : []));
const overs = () => world.reports.flatMap((report) => (report.kind === 'over' ? [report] : []));
const alertsOf = (phrase: string) => alerts().filter((alert) => alert.phrase === phrase);
const books = () => world.ledger.books(USER, world.clock.now());
const acknowledge = (): void => {
  world.queue.insertControl('Sentient', 'ACKNOWLEDGE');
};

/** Somebody else sells some of the position while the stream says nothing. Returns the trade ids. */
const closeUntold = (sz: string): ReadonlySet<number> => {
  const known = new Set(world.venue.fills(USER).map(({ tid }) => tid));
  world.link.streaming = false;
  world.placeByHand('BTC', 'sell', '99000', sz, { tif: 'Ioc', reduceOnly: true });
  world.link.streaming = true;
  return new Set(world.venue.fills(USER).flatMap(({ tid }) => (known.has(tid) ? [] : [tid])));
};

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

describe('the books of an account', () => {
  it('begin with what it held and follow every fill to the micro-dollar', async () => {
    world.signal(SIGNAL);
    await world.hold(10_000);
    expect(books()?.held.get('BTC')).toBeGreaterThan(0);
    expect(books()?.cash).toBe(world.venue.account(USER).totalRawUsd);
    world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await world.hold(190_000);
    expect(books()).toMatchObject({ cash: world.venue.account(USER).totalRawUsd, held: new Map() });
    expect(world.ledger.botState('Sentient').equityStart).toBe(10_000_000_000);
    expect(alerts()).toEqual([]);
  });

  it('name a wallet emptied from outside as a withdrawal of that amount at that time, and explain it', async () => {
    await world.hold(5_000);
    const atMs = world.clock.now();
    expect(world.venue.withdraw(USER, microUsd(9_999_000_000), atMs)).toBe(true);
    world.link.transfers.push({ key: 'w1', timeMs: atMs, usd: microUsd(-9_999_000_000), words: 'withdrawal' });
    await world.hold(70_000);
    const at = new Date(atMs).toISOString();
    expect(alerts()).toEqual([
      { kind: 'alert', phrase: 'money was taken out from outside', detail: { what: 'withdrawal', usd: '9999', at } },
    ]);
    expect(world.ledger.bookingsOf('Sentient').map(({ kind, usd }) => [kind, usd])).toEqual([
      ['opening', 10_000_000_000],
      ['transfer', -9_999_000_000],
    ]);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    const id = world.signal(SIGNAL);
    await world.hold(10_000);
    expect(world.row(id).status).toBe('failed');
    expect(String(world.row(id).notes)).not.toContain('differs from our books');
  });

  it('tell money that went without a word within two looks, refuse entries with the amount, and go on when it is acknowledged', async () => {
    await world.hold(5_000);
    expect(world.venue.withdraw(USER, microUsd(1_000_000), world.clock.now())).toBe(true);
    await world.hold(55_000);
    expect(alerts()).toEqual([]);
    await world.hold(10_000);
    expect(alertsOf('difference')).toHaveLength(1);
    expect(alertsOf('difference')[0]?.detail).toMatchObject({ what: 'cash', amount: '-1 USD' });
    const refused = world.signal(SIGNAL);
    await world.hold(10_000);
    expect(world.row(refused)).toMatchObject({ status: 'failed' });
    expect(String(world.row(refused).notes)).toMatch(/differs from our books by -1 USD since .*ACKNOWLEDGE/);

    acknowledge();
    await world.hold(3_000);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    const taken = world.signal({ ...SIGNAL, created_at: new Date(world.clock.now()).toISOString() });
    await world.hold(140_000);
    expect(world.row(taken).status).toBe('filled');
    expect(books()?.cash).toBe(world.venue.account(USER).totalRawUsd);
    expect(alerts()).toHaveLength(1);
    expect(overs()).toMatchObject([{ phrase: 'difference', detail: { amount: '-1 USD', by: 'an operator' } }]);
  });

  it('count what is listed late once: it replaces what an operator took as it is, whatever else went on', async () => {
    await world.hold(5_000);
    const atMs = world.clock.now();
    expect(world.venue.withdraw(USER, microUsd(1_000_000), atMs)).toBe(true);
    await world.hold(70_000);
    expect(world.ledger.differences('Sentient')).toMatchObject([{ coin: null, amount: -1_000_000 }]);
    // A second payment leaves after the last look at the account, so it is no part of what is acknowledged.
    const laterMs = world.clock.now();
    expect(world.venue.withdraw(USER, microUsd(300_000), laterMs)).toBe(true);
    acknowledge();
    await world.hold(3_000);
    expect(world.ledger.bookingsOf('Sentient').map(({ kind, usd }) => [kind, usd])).toContainEqual(['acknowledged', -1_000_000]);
    world.link.transfers.push({ key: 'w1', timeMs: atMs, usd: microUsd(-1_000_000), words: 'withdrawal' });
    world.link.transfers.push({ key: 'w2', timeMs: laterMs, usd: microUsd(-300_000), words: 'withdrawal' });
    await world.hold(130_000);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    expect(books()?.cash).toBe(world.venue.account(USER).totalRawUsd);
    const sumOf = (wanted: string): number =>
      world.ledger.bookingsOf('Sentient').reduce((sum, { kind, usd }) => sum + (kind === wanted ? usd : 0), 0);
    expect(sumOf('transfer')).toBe(-1_300_000);
    expect(sumOf('acknowledged')).toBe(0);
    expect(alertsOf('difference')).toHaveLength(1);
    expect(alertsOf('money was taken out from outside')).toHaveLength(2);
  });

  it('take a difference back when its explanation is listed late, and keep it through a restart', async () => {
    await world.hold(5_000);
    const atMs = world.clock.now();
    world.venue.fund(USER, microUsd(2_500_000), atMs);
    await world.hold(70_000);
    expect(world.ledger.differences('Sentient')).toMatchObject([{ coin: null, amount: 2_500_000 }]);
    await world.restart();
    await world.hold(5_000);
    expect(world.ledger.differences('Sentient')).toHaveLength(1);
    expect(alertsOf('difference')).toHaveLength(1);
    world.link.transfers.push({ key: 'd1', timeMs: atMs, usd: microUsd(2_500_000), words: 'deposit' });
    await world.hold(660_000);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    expect(alertsOf('difference')).toHaveLength(1);
    expect(overs()).toMatchObject([{ phrase: 'difference', detail: { what: 'cash', amount: '2.5 USD' } }]);
  });

  it('do not take a fill nobody was told of for a difference, once it is read', async () => {
    world.signal(SIGNAL);
    await world.hold(10_000);
    closeUntold('0.001');
    await world.hold(200_000);
    expect(alertsOf('difference')).toEqual([]);
    expect(alertsOf('closed from outside')).toHaveLength(1);
    expect(books()?.cash).toBe(world.venue.account(USER).totalRawUsd);
  });
});

describe('a position that fills do not explain', () => {
  /** The venue forgets fills in everything it tells. */
  const closeAndForget = (sz: string): void => {
    const lost = closeUntold(sz);
    const { fillsSince } = world.link.reads;
    Object.assign(world.link.reads, { fillsSince: async (from: number) => (await fillsSince(from)).filter(({ tid }) => !lost.has(tid)) });
  };

  it('is told with its rule where the venue holds less, and the trade goes on with its stop', async () => {
    const id = world.signal(SIGNAL);
    await world.hold(10_000);
    closeAndForget('0.001');
    await world.hold(70_000);
    const told = alertsOf('difference').map(({ detail }) => detail);
    expect(told).toMatchObject([
      { what: 'cash' },
      { what: 'position', amount: '-0.001 BTC', rule: 'venue holds less: reduce-only orders are capped by it' },
    ]);
    expect(world.row(id).status).toBe('filled');
    const stops = world.venue.openOrders(USER).filter(({ isTrigger }) => isTrigger);
    expect(stops.length).toBeGreaterThan(0);
    acknowledge();
    await world.hold(130_000);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    expect(alertsOf('difference')).toHaveLength(2);
  });

  it('is taken back from what was acknowledged when its fills are listed late', async () => {
    const { fillsSince } = world.link.reads;
    world.signal(SIGNAL);
    await world.hold(10_000);
    closeAndForget('0.001');
    await world.hold(70_000);
    acknowledge();
    await world.hold(70_000);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    Object.assign(world.link.reads, { fillsSince });
    world.streamEvent({ kind: 'connected' });
    await world.hold(70_000);
    expect(world.ledger.differences('Sentient')).toEqual([]);
    const left = world.venue.account(USER).positions.find(({ coin }) => coin === 'BTC')?.szi;
    expect(books()).toMatchObject({ cash: world.venue.account(USER).totalRawUsd, held: new Map([['BTC', left]]) });
    expect(alertsOf('difference')).toHaveLength(2);
  });

  it('ends the trade where the venue holds nothing of it', async () => {
    const id = world.signal(SIGNAL);
    await world.hold(10_000);
    const [held] = world.venue.account(USER).positions;
    closeAndForget(String((held?.szi ?? lots(0)) / 100_000));
    await world.hold(90_000);
    expect(world.venue.account(USER).positions).toEqual([]);
    expect(alertsOf('difference').map(({ detail }) => detail.what)).toContain('position');
    expect(world.row(id).status).toBe('closed');
    expect(world.venue.openOrders(USER)).toEqual([]);
  });
});
