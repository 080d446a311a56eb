/** Orders whose answers are lost, late, wrong or a refusal: real sockets, the real adapter, faults set at the venue (docs/FAILURES.md). */
import type { FaultRule } from '@hyperfleet/paper-exchange';
import { InfoClient } from '@nktkas/hyperliquid';
import { afterEach, describe, expect, it } from 'vitest';
import { directTransport } from '../support/direct-transport.ts';
import { closeFleetUnbroken } from '../support/unbroken.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const entry = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 102_000 };
const now = { ...entry, entry_1: 100_500 };

let fleet: WiredFleet;
afterEach(() => closeFleetUnbroken(fleet));

const status = (id: number) => fleet.row(id).status;
const events = (): readonly string[] =>
  fleet.ledger.allTrades().flatMap((trade) => fleet.ledger.timeline(trade.tradeId).map(({ event }) => event));
/** Orders of a role that the ledger ever meant to send. */
const intents = (role: string) =>
  fleet.ledger.allTrades().flatMap((trade) => fleet.ledger.orders(trade.tradeId).filter((order) => order.intent.role === role));

describe('an entry whose answer says nothing', () => {
  it.each<readonly [string, FaultRule]>([
    ['is lost after it was applied', { kind: 'drop-response', how: 'silence', action: 'order' }],
    ['is cut off after it was applied', { kind: 'drop-response', how: 'reset', action: 'order' }],
    ['breaks off half way', { kind: 'truncate-response', action: 'order' }],
    ['is a 502 after it was applied', { kind: 'status', status: 502, when: 'after', action: 'order' }],
    ['is a page of a proxy', { kind: 'nonsense', answer: 'html', action: 'order' }],
    ['is an empty object', { kind: 'nonsense', answer: 'empty-object', action: 'order' }],
    ['is of the wrong types', { kind: 'nonsense', answer: 'wrong-types', action: 'order' }],
  ])('and %s is found at the venue and not sent again', async (_, rule) => {
    fleet = await openWiredFleet({ timeoutMs: 400 });
    const bot = fleet.bot('Sentient');
    fleet.fault(rule);
    const id = fleet.signal('Sentient', now);
    await fleet.until('the entry is known to have filled', () => status(id) === 'filled');
    await fleet.until('it is covered', () => bot.stopped('BTC') >= bot.held('BTC'));
    expect(bot.held('BTC')).toBe(fleet.ledger.allTrades()[0]?.plan?.sz);
    expect(intents('entry')).toHaveLength(1);
  });

  it.each<readonly [string, FaultRule]>([
    ['never came there, and nobody said so', { kind: 'drop-request', how: 'silence', action: 'order' }],
    ['is a 503 before it was applied', { kind: 'status', status: 503, when: 'before', action: 'order' }],
  ])('and %s is taken up again only when it can no longer arrive', async (_, rule) => {
    fleet = await openWiredFleet({ timeoutMs: 400 });
    const bot = fleet.bot('Sentient');
    fleet.fault(rule);
    const id = fleet.signal('Sentient', now);
    await fleet.until('the entry has filled', () => status(id) === 'filled');
    const [first, second] = intents('entry');
    expect(first).toMatchObject({ state: 'dead', reason: 'never reached the venue' });
    expect(second?.recordedAtMs).toBeGreaterThan(first?.expiresAfterMs ?? 0);
    expect(intents('entry')).toHaveLength(2);
    expect(bot.held('BTC')).toBe(second?.intent.sz);
  });

  it('is not given up while the venue does not list it yet', async () => {
    fleet = await openWiredFleet({ timeoutMs: 400 });
    const bot = fleet.bot('Sentient');
    fleet.fault({ kind: 'drop-response', how: 'reset', action: 'order' });
    fleet.fault({ kind: 'lag', ms: 2_500, forMs: 30_000 });
    for (const channel of ['orderUpdates', 'userFills'] as const)
      fleet.fault({ kind: 'lose-message', channel, user: bot.account, forMs: 10_000 });
    const id = fleet.signal('Sentient', entry);
    await fleet.until('the entry is known to rest', () => status(id) === 'sent');
    expect(intents('entry')).toHaveLength(1);
    expect(fleet.venue.openOrders(bot.account).filter((order) => !order.reduceOnly)).toHaveLength(1);
  });
});

describe('how long an order lives', () => {
  it('is three of the round trips measured, where answers are that slow', async () => {
    fleet = await openWiredFleet();
    fleet.fault({ kind: 'delay-response', ms: 3_000, action: 'order' });
    fleet.signal('Sentient', now);
    await fleet.until('the entry is recorded', () => intents('entry').length === 1);
    // The stream tells of it at once; what is measured is the answer.
    await fleet.pass(4_000);
    fleet.signal('Sentient', { ...now, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900, target_1: 4_200 });
    await fleet.until('the next entry is recorded', () => intents('entry').length === 2);
    const lives = intents('entry').map(({ expiresAfterMs, recordedAtMs }) => expiresAfterMs - recordedAtMs);
    expect(lives[0]).toBe(5_000);
    expect(lives[1]).toBeGreaterThanOrEqual(9_000);
  });

  it('is held to by the venue: what comes later is refused, at five times its requests', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    const info = new InfoClient({ transport: directTransport(fleet.exchange) });
    const used = async (): Promise<number> => (await info.userRateLimit({ user: bot.account })).nRequestsUsed;
    const [before, counted] = [await used(), bot.address.count().used];
    fleet.fault({ kind: 'delay-request', ms: 5_200, action: 'order' });
    const id = fleet.signal('Sentient', now);
    await fleet.until('it has come too late', () => status(id) === 'failed');
    expect(fleet.row(id).notes).toContain('Action already expired');
    // An entry and its stop are two requests.
    expect(await used()).toBe(before + 5 * 2);
    expect(bot.address.count().used).toBe(counted + 5 * 2);
  });
});

describe('a stop that is refused', () => {
  it('as the entry’s child is placed as an order of its own from the first fill', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    fleet.fault({ kind: 'reject-child', error: 'Invalid TP/SL price.', tpsl: 'sl' });
    const id = fleet.signal('Sentient', now);
    await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.held('BTC') > 0);
    await fleet.until('it is covered', () => bot.stopped('BTC') >= bot.held('BTC'));
    expect(intents('own-stop').length).toBeGreaterThan(0);
    // One reaction.
    expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(500);
  });

  it('again and again ends the position after three tries, with an alert', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', entry);
    await fleet.until('the entry rests', () => status(id) === 'sent');
    fleet.fault({ kind: 'reject-order', error: 'Too many open orders.', coin: 'BTC', count: 3 });
    fleet.print('BTC', 'sell', '98999', '0.01');
    await fleet.until('the trade is over', () => status(id) === 'closed');
    expect(intents('own-stop').filter(({ state }) => state === 'rejected')).toHaveLength(3);
    expect(bot.held('BTC')).toBe(0);
    expect(fleet.venue.openOrders(bot.account)).toEqual([]);
    expect(bot.alerts()).toContain('no stop could be placed');
    expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(2_000);
  });
});

describe('a close whose answer says nothing', () => {
  it('and is lost after it was applied is found at the venue, with no other one beside it', async () => {
    fleet = await openWiredFleet({ timeoutMs: 400 });
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', now);
    await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.stopped('BTC') >= bot.held('BTC'));
    fleet.fault({ kind: 'drop-response', how: 'silence', action: 'order' });
    fleet.fault({ kind: 'lag', ms: 2_500, forMs: 5_000 });
    for (const channel of ['orderUpdates', 'userFills'] as const)
      fleet.fault({ kind: 'lose-message', channel, user: bot.account, forMs: 5_000 });
    const exit = fleet.signal('Sentient', { symbol: 'BTC', signal_type: 'exit' });
    await fleet.until('the exit is done', () => status(exit) === 'executed' && status(id) === 'closed');
    expect(intents('close').map(({ state }) => state)).toEqual(['filled']);
    expect(bot.held('BTC')).toBe(0);
  });

  it('and never came there is sent again only when it can no longer arrive', async () => {
    fleet = await openWiredFleet({ timeoutMs: 400 });
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', now);
    await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.stopped('BTC') >= bot.held('BTC'));
    fleet.fault({ kind: 'drop-request', how: 'silence', action: 'order' });
    fleet.signal('Sentient', { symbol: 'BTC', signal_type: 'exit' });
    await fleet.until('the trade is over', () => status(id) === 'closed');
    const [first, second] = intents('close');
    expect(first).toMatchObject({ state: 'dead', reason: 'never reached the venue' });
    expect(second?.recordedAtMs).toBeGreaterThan(first?.expiresAfterMs ?? 0);
    expect(intents('close')).toHaveLength(2);
  });
});

it('a close that finds nothing left to reduce is verified and settled, not tried again', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', now);
  await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.stopped('BTC') >= bot.held('BTC'));
  fleet.fault({ kind: 'delay-request', ms: 1_500, action: 'order', user: bot.account });
  fleet.signal('Sentient', { symbol: 'BTC', signal_type: 'exit' });
  await fleet.until('the close is on its way', () => intents('close').length === 1);
  // The stop takes it all while the close is under way.
  fleet.price('BTC', '96500');
  await fleet.until('the trade is over', () => status(id) === 'closed');
  expect(intents('close')).toMatchObject([
    { state: 'rejected', reason: expect.stringContaining('Reduce only order would increase position') },
  ]);
  expect(bot.held('BTC')).toBe(0);
  expect(fleet.venue.openOrders(bot.account)).toEqual([]);
});

it('a close that finds nothing left to reduce, while the venue does not tell yet what took it, is not tried again and its fills are booked when they are told', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', now);
  await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.stopped('BTC') >= bot.held('BTC'));
  fleet.fault({ kind: 'delay-request', ms: 1_500, action: 'order', user: bot.account });
  fleet.fault({ kind: 'lose-message', channel: 'userFills', user: bot.account, forMs: 20_000 });
  fleet.fault({ kind: 'lag', ms: 20_000, info: 'userFillsByTime', user: bot.account, forMs: 20_000 });
  fleet.signal('Sentient', { symbol: 'BTC', signal_type: 'exit' });
  await fleet.until('the close is on its way', () => intents('close').length === 1);
  fleet.price('BTC', '96500');
  await fleet.until('the trade is over', () => status(id) === 'closed');
  const sums = () => fleet.ledger.fillSums(fleet.ledger.allTrades()[0]?.tradeId ?? '');
  expect(sums().exitSz).toBe(0);
  expect(intents('close')).toMatchObject([
    { state: 'rejected', reason: expect.stringContaining('Reduce only order would increase position') },
  ]);
  expect(bot.alerts()).toContain('difference');
  await fleet.until('its fills are booked', () => sums().exitSz === sums().entrySz, 90_000);
  expect(intents('close')).toHaveLength(1);
  expect(fleet.venue.openOrders(bot.account)).toEqual([]);
});

it('while the venue takes only what rests, entries are refused in its words, and an exit is tried until it goes, its stop standing', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', now);
  await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.stopped('BTC') >= bot.held('BTC'));
  fleet.fault({ kind: 'post-only', forMs: 20_000 });
  const refused = fleet.signal('Sentient', { ...now, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900, target_1: 4_200 });
  const exit = fleet.signal('Sentient', { symbol: 'BTC', signal_type: 'exit' });
  await fleet.pass(10_000);
  expect(status(id)).toBe('filled');
  expect(bot.stopped('BTC')).toBeGreaterThanOrEqual(bot.held('BTC'));
  await fleet.until('the exit is done', () => status(exit) === 'executed' && bot.held('BTC') === 0, 40_000);
  expect(status(refused)).toBe('failed');
  expect(fleet.row(refused).notes).toMatch(/post-only/i);
  // Each try waits longer than the last.
  expect(intents('close').length).toBeLessThan(12);
});

it('what the venue ends by itself is noticed: a stop cancelled for margin is placed anew, a position it deleveraged is settled', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', { ...now, target_1: null });
  await fleet.until('the entry has filled', () => status(id) === 'filled' && bot.stopped('BTC') >= bot.held('BTC'));
  const stop = fleet.venue.openOrders(bot.account).find((order) => order.tpsl === 'sl');
  fleet.fault({ kind: 'cancel-order', user: bot.account, order: stop?.oid ?? 0, status: 'marginCanceled' });
  expect(bot.stopped('BTC')).toBe(0);
  await fleet.until('a stop stands again', () => bot.stopped('BTC') >= bot.held('BTC'), 10_000);
  fleet.fault({ kind: 'deleverage', user: bot.account, coin: 'BTC' });
  await fleet.until('the trade is over', () => status(id) === 'closed');
  expect(events()).toContain('closed from outside');
  expect(fleet.venue.openOrders(bot.account)).toEqual([]);
});
