import type { Address } from '@hyperfleet/paper-exchange';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';
import { openOrderView } from '../support/venue-words.ts';

const USER: Address = '0x1111111111111111111111111111111111111111';
const long = {
  symbol: 'BTCUSDT',
  direction: 'LONG',
  signal_type: 'entry',
  entry_1: 99_000,
  stop_loss: 97_000,
  target_1: 101_000,
  target_2: 103_000,
};

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

async function hold(bid: string, ask: string, ms: number): Promise<void> {
  world.book('BTC', bid, ask);
  await world.hold(ms);
}

describe('what is not ours', () => {
  it('keeps the coin closed for entries, and neither an exit nor CLOSE_ALL touches it', async () => {
    world.placeByHand('BTC', 'buy', '90000', '0.01');
    world.streamEvent({ kind: 'connected' });
    await hold('100000', '100010', 3_000);
    const id = world.signal(long);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', 4_000);
    expect(world.row(id)).toMatchObject({ status: 'expired' });
    const later = world.signal({ ...long, entry_1: 99_100 });
    await hold('100000', '100010', 4_000);
    expect(world.row(later)).toMatchObject({ status: 'failed', notes: expect.stringContaining('foreign') });
    expect(world.row(exit)).toMatchObject({
      status: 'no_op',
      notes:
        'no order and no position of ours on BTC, but an order stands there that the ledger does not know; CLOSE_ALL --foreign closes it',
    });
    world.queue.insertControl('ALL', 'CLOSE_ALL');
    await hold('100000', '100010', 4_000);
    expect(world.venue.openOrders(USER)).toHaveLength(1);
  });

  it('is named by an exit that finds nothing but a position of another hand', async () => {
    world.placeByHand('BTC', 'buy', '100010', '0.01');
    world.streamEvent({ kind: 'connected' });
    await hold('100000', '100010', 3_000);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', 4_000);
    expect(world.row(exit)).toMatchObject({
      status: 'no_op',
      notes: expect.stringContaining('but a position stands there that the ledger does not know'),
    });
    expect(world.venue.account(USER).positions).toHaveLength(1);
  });

  it('is shown when it fills, and no trade of ours takes it in', async () => {
    world.placeByHand('BTC', 'buy', '100010', '0.01');
    await hold('100000', '100010', 3_000);
    const foreign = world.reports.filter((report) => report.kind === 'alert' && report.phrase === 'foreign fill');
    expect(foreign).toMatchObject([{ detail: { coin: 'BTC', side: 'buy', sz: 1_000 } }]);
    expect(world.ledger.fillsOf('Sentient')).toMatchObject([{ tradeId: null, role: null }]);
    expect(world.ledger.activeTrades('Sentient')).toEqual([]);
  });

  it('goes when an operator says so by name', async () => {
    world.placeByHand('BTC', 'buy', '100010', '0.01');
    world.placeByHand('BTC', 'buy', '90000', '0.01');
    world.streamEvent({ kind: 'connected' });
    await hold('100000', '100010', 3_000);
    expect(world.venue.account(USER).positions).toHaveLength(1);
    world.queue.insertControl('Sentient', 'CLOSE_ALL --FOREIGN');
    await hold('100000', '100010', 5_000);
    expect(world.venue.account(USER).positions).toHaveLength(0);
    expect(world.venue.openOrders(USER)).toHaveLength(0);
  });

  it('ends a trade that somebody closed by hand, with its money right', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 5_000);
    const size = world.venue.account(USER).positions[0]?.szi ?? 0;
    world.placeByHand('BTC', 'sell', '99000', (size / 100_000).toFixed(5), { reduceOnly: true });
    await hold('100000', '100010', 6_000);
    expect(world.row(id).status).toBe('closed');
    expect(world.venue.openOrders(USER)).toHaveLength(0);
    expect(world.ledger.timeline(world.ledger.allTrades()[0]?.tradeId ?? '').map((event) => event.event)).toContain('closed from outside');
  });
});

describe('an entry that fills in parts faster than the venue answers', () => {
  it('is held whole by the first stop, so that the time without one is one reaction', async () => {
    world.signal(long);
    await hold('100000', '100010', 4_000);
    const before = world.venue.audit().nakedMsMax;
    for (let part = 0; part < 12; part += 1) {
      world.print('BTC', 'sell', '98999', '0.002');
      await world.advance(100);
    }
    const held = world.venue.account(USER).positions[0]?.szi ?? 0;
    expect(held).toBeGreaterThan(2_000);
    await hold('100000', '100010', 3_000);
    expect(before).toBe(0);
    // The link takes 100 ms each way: the fill is told at once, the stop arrives 100 ms later.
    expect(world.venue.audit().nakedMsMax).toBeLessThanOrEqual(100);
    expect(world.link.sent.filter((order) => order.role === 'own-stop')).toHaveLength(1);
    expect(world.armedLots()).toBeGreaterThanOrEqual(held);
  });
});

describe('a stop that will not stand', () => {
  it('is tried three times, and then the position is closed', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    // From here every stand-alone stop is refused; closes pass.
    let tried = 0;
    world.link.onRequest = (kind, orders) => {
      if (kind !== 'place' || !orders.some((order) => order.role === 'own-stop')) return null;
      tried += 1;
      return 'rejected';
    };
    world.print('BTC', 'sell', '98999', '0.01');
    await hold('100000', '100010', 10_000);
    expect(world.venue.account(USER).positions).toHaveLength(0);
    expect(tried).toBe(3);
    expect(world.row(id).status).toBe('closed');
    expect(String(world.row(id).notes)).toContain('no stop could be placed');
    expect(world.reports.filter((report) => report.kind === 'alert').map((report) => report.phrase)).toContain('no stop could be placed');
    expect(world.venue.openOrders(USER)).toHaveLength(0);
  });

  it('is sent again at once under a new id when its answer is lost, and the spare goes', async () => {
    world.signal(long);
    await hold('100000', '100010', 4_000);
    let lost = 0;
    world.link.onRequest = (kind, orders) => {
      if (kind !== 'place' || lost > 0 || !orders.some((order) => order.role === 'own-stop')) return null;
      lost += 1;
      // The stream would tell of it before the answer is missed.
      world.link.streaming = false;
      return 'lost-after';
    };
    world.print('BTC', 'sell', '98999', '0.01');
    await hold('100000', '100010', 3_000);
    world.link.streaming = true;
    world.streamEvent({ kind: 'connected' });
    await hold('100000', '100010', 9_000);
    expect(lost).toBe(1);
    expect(world.link.sent.filter((order) => order.role === 'own-stop').length).toBe(2);
    expect(world.armedLots()).toBe(world.ledger.allTrades()[0]?.plan?.sz);
  });
});

describe('an exit that comes when the entry has just filled and nobody has heard of it', () => {
  it('leaves the armed stop where it is until the position is closed', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    world.link.streaming = false;
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    world.book('BTC', '98980', '98990');
    expect(world.venue.account(USER).positions).toHaveLength(1);
    await hold('98980', '98990', 12_000);
    expect(world.venue.account(USER).positions).toHaveLength(0);
    expect(world.venue.openOrders(USER)).toHaveLength(0);
    expect(world.row(id).status).toBe('closed');
    expect(world.row(exit).status).toBe('executed');
    expect(world.venue.audit().nakedMsMax).toBe(0);
  });
});

describe('a trade of which the venue still lists an order it calls cancelled', () => {
  it('is not settled until the list is without it', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 5_000);
    const { openOrders } = world.link.reads;
    const stop = world.venue.openOrders(USER).find((order) => order.tpsl === 'sl');
    if (stop === undefined) throw new Error('no stop stands');
    const before = openOrderView(stop);
    let isBehind = true;
    Object.assign(world.link.reads, {
      openOrders: async () => {
        const really = await openOrders();
        return isBehind && really.every(({ oid }) => oid !== stop.oid) ? [...really, before] : really;
      },
    });
    world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', 10_000);
    expect(world.venue.account(USER).positions).toEqual([]);
    expect(world.venue.openOrders(USER)).toEqual([]);
    expect(world.row(id).status).toBe('filled');
    isBehind = false;
    await hold('100000', '100010', 2_000);
    expect(world.row(id).status).toBe('closed');
  });
});

describe('on a book that has gone stale', () => {
  it('an entry is refused with the age of the book, and an exit goes out with wider bounds', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 5_000);
    expect(world.row(id).status).toBe('filled');
    // No book is told from here on; the last one still stands at the venue.
    await world.advance(6_000);
    const entry = world.signal({ ...long, symbol: 'ETH', entry_1: 4_100, stop_loss: 3_900, target_1: 4_300, target_2: null });
    await world.advance(8_000);
    expect(world.row(entry)).toMatchObject({
      status: 'failed',
      notes: expect.stringMatching(/the book of ETH is \d+\.\d s old; an entry needs a fresh one/),
    });
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await world.advance(8_000);
    expect(world.row(exit).status).toBe('executed');
    expect(world.venue.account(USER).positions).toEqual([]);
    const close = world.link.sent.find((order) => order.role === 'close');
    // Twice the 1 % that a fresh book allows.
    expect(close?.px).toBe(980_000);
  });
});

describe('a position larger than the book', () => {
  it('is closed level by level without slowing down while each close takes something', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 6_000);
    expect(world.venue.account(USER).positions[0]?.szi).toBe(5_714);
    world.signal({ symbol: 'BTC', signal_type: 'exit' });
    // Twenty levels of 0.0002 are 0.004 coins a snapshot: fifteen hold it all, and they come every half second.
    for (let i = 0; i < 30; i += 1) {
      world.book('BTC', '100000', '100010', '0.0002');
      await world.advance(500);
    }
    expect(world.row(id).status).toBe('closed');
  });
});

describe('an entry that fills in crumbs below the least notional', () => {
  it('keeps its position and its stop, however often the venue finds a stop too small for what is held by then', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    for (let i = 0; i < 60; i += 1) {
      world.print('BTC', 'sell', '98999', '0.00001');
      await world.advance(50);
    }
    await hold('100000', '100010', 4_000);
    expect(world.row(id).status).toBe('filled');
    expect(world.armedLots()).toBeGreaterThanOrEqual(60);
    expect(world.venue.account(USER).positions[0]?.szi).toBe(60);
  });
});

describe('the remainder of an entry', () => {
  it('goes when the mark touches the first target, with its stop standing before', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    world.print('BTC', 'sell', '98999', '0.01');
    await hold('101010', '101020', 8_000);
    expect(world.row(id).status).toBe('filled');
    const orders = world.venue.openOrders(USER);
    expect(orders.filter((order) => !order.reduceOnly)).toHaveLength(0);
    expect(world.armedLots()).toBeGreaterThanOrEqual(world.venue.account(USER).positions[0]?.szi ?? 0);
    expect(world.venue.account(USER).positions[0]?.szi).toBeGreaterThan(0);
  });

  it('goes after 24 hours, and an entry of which nothing filled is expired then', async () => {
    await world.close();
    world = await openWorld({ entryLifeMs: 20_000 });
    const id = world.signal(long);
    await hold('100000', '100010', 15_000);
    expect(world.row(id).status).toBe('sent');
    await hold('100000', '100010', 12_000);
    expect(world.row(id)).toMatchObject({ status: 'expired', notes: expect.stringContaining('24 h') });
    expect(world.venue.openOrders(USER)).toHaveLength(0);
  });
});

describe('controls', () => {
  it('hold entries back while paused and let exits through', async () => {
    const open = world.signal({ ...long, symbol: 'ETH', entry_1: 4_010, stop_loss: 3_900, target_1: 4_200, target_2: 4_300 });
    await hold('100000', '100010', 4_000);
    world.queue.insertControl('sentient', 'pause');
    await hold('100000', '100010', 3_000);
    const held = world.signal(long);
    const exit = world.signal({ symbol: 'ETH', signal_type: 'exit' });
    await hold('100000', '100010', 6_000);
    expect(world.row(held).status).toBe('pending');
    expect(world.row(exit).status).toBe('executed');
    expect(world.row(open).status).toBe('closed');
    const control = world.queue.insertControl('ALL', 'RESUME');
    await hold('100000', '100010', 4_000);
    expect(world.row(held).status).toBe('sent');
    expect(world.ledger.controlOutcomes(control.key).get('Sentient')).toBe('active');
  });

  it('close everything, say what was closed, and stay paused', async () => {
    world.signal({ ...long, entry_1: 100_500 });
    world.signal({ ...long, symbol: 'ETH', entry_1: 3_900, stop_loss: 3_800, target_1: 4_200, target_2: 4_300 });
    await hold('100000', '100010', 6_000);
    const control = world.queue.insertControl('Sentient', 'CLOSE_ALL');
    await hold('100000', '100010', 8_000);
    expect(world.venue.openOrders(USER)).toHaveLength(0);
    expect(world.venue.account(USER).positions).toHaveLength(0);
    expect(world.ledger.controlOutcomes(control.key).get('Sentient')).toBe('closed 1 position(s), cancelled 1 entry order(s), paused');
    expect(world.ledger.botState('Sentient').paused).toBe(true);
  });
});

describe('a CLOSE_ALL in the moment in which the other worker writes to the trade', () => {
  it('takes it all the same', async () => {
    world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 6_000);
    const { changeTrade } = world.ledger;
    let interfered = 0;
    Object.assign(world.ledger, {
      changeTrade(...[tradeId, version, patch, events]: Parameters<typeof changeTrade>) {
        if (patch.exitClaimedBy === 'CLOSE_ALL' && interfered < 2) {
          interfered += 1;
          changeTrade(tradeId, version, { notes: [`written meanwhile ${interfered}`] }, []);
        }
        return changeTrade(tradeId, version, patch, events);
      },
    });
    const control = world.queue.insertControl('Sentient', 'CLOSE_ALL');
    await hold('100000', '100010', 8_000);
    expect(interfered).toBe(2);
    expect(world.venue.openOrders(USER)).toHaveLength(0);
    expect(world.venue.account(USER).positions).toHaveLength(0);
    expect(world.ledger.controlOutcomes(control.key).get('Sentient')).toBe('closed 1 position(s), cancelled 0 entry order(s), paused');
  });
});

describe('a RESUME after a CLOSE_ALL that is still closing', () => {
  it('stays the last word when the bot dies meanwhile, and what is opened after it stays open', async () => {
    world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 6_000);
    const closing = world.queue.insertControl('Sentient', 'CLOSE_ALL');
    world.queue.insertControl('Sentient', 'RESUME');
    world.link.onRequest = () => 'lost-before';
    for (let tries = 0; tries < 100 && world.ledger.controlOutcomes(closing.key).size === 0; tries += 1) {
      await world.advance(100);
      if (!world.ledger.botState('Sentient').paused && world.ledger.activeTrades('Sentient').some((trade) => trade.exitClaimedBy !== null))
        break;
    }
    expect(world.ledger.activeTrades('Sentient')).toHaveLength(1);
    world.link.onRequest = () => null;
    await world.restart();
    expect(world.ledger.botState('Sentient').paused).toBe(false);
    const later = world.signal({ ...long, symbol: 'ETH', entry_1: 4_010, stop_loss: 3_900, target_1: 4_200, target_2: 4_300 });
    await hold('100000', '100010', 12_000);
    expect(world.ledger.controlOutcomes(closing.key).get('Sentient')).toBe('closed 1 position(s), cancelled 0 entry order(s), paused');
    expect(world.ledger.botState('Sentient').paused).toBe(false);
    expect(world.row(later).status).toBe('filled');
  });
});

describe('signals that must not trade', () => {
  it.each([
    ['a second one on the same coin', { ...long, entry_1: 98_000 }, 'failed', /already on/],
    ['spot', { ...long, symbol: 'ETH', market_type: 'spot' }, 'failed', /spot/],
    ['an unknown coin', { ...long, symbol: 'NOPEUSDT' }, 'failed', /NOPE/],
    ['a direction nobody knows', { ...long, symbol: 'ETH', direction: 'sideways' }, 'failed', /sideways/],
    ['one too old', { ...long, symbol: 'ETH', created_at: '2025-09-04 18:00:00' }, 'expired', /old/],
    ['one from the future', { ...long, symbol: 'ETH', created_at: '2025-09-04T23:00:00Z' }, 'failed', /future/],
    ['a price off by ten', { ...long, symbol: 'ETH', entry_1: 99_000 }, 'failed', /./],
  ])('%s', async (_, row, status, reason) => {
    world.signal(long);
    await hold('100000', '100010', 3_000);
    const before = world.link.sent.length;
    const id = world.signal(row);
    await hold('100000', '100010', 3_000);
    expect(world.row(id).status).toBe(status);
    expect(String(world.row(id).notes)).toMatch(reason);
    expect(world.link.sent.length).toBe(before);
  });
});
