import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

const long = {
  symbol: 'BTCUSDT',
  direction: 'LONG',
  signal_type: 'entry',
  entry_1: 99_000,
  stop_loss: 97_000,
  target_1: 101_000,
  target_2: 103_000,
};

/** Keeps the book alive while time passes. */
async function hold(bid: string, ask: string, ms: number): Promise<void> {
  world.book('BTC', bid, ask);
  await world.hold(ms);
}

describe('one bot against the matching core', () => {
  it('takes a row from pending through sent, filled and breakeven to closed', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    expect(world.row(id).status).toBe('sent');
    await hold('98980', '98990', 4_000);
    expect(world.row(id).status).toBe('filled');
    expect(world.venue.audit().nakedMsMax).toBe(0);
    await hold('101010', '101020', 6_000);
    expect(world.row(id).sl_moved_to_be).toBe(1);
    const stops = world.venue.openOrders(userOf()).filter((order) => order.tpsl === 'sl');
    expect(stops).toHaveLength(1);
    await hold('98000', '98010', 8_000);
    expect(world.row(id).status).toBe('closed');
    expect(world.venue.openOrders(userOf())).toHaveLength(0);
  });

  it('stops out, and the take-profits do not outlive the position', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 4_000);
    expect(world.row(id).status).toBe('filled');
    await hold('96900', '96910', 8_000);
    expect(world.row(id).status).toBe('closed');
    expect(Number(world.row(id).pnl_percent_actual)).toBeLessThan(0);
    expect(world.venue.openOrders(userOf())).toHaveLength(0);
  });

  it('cancels a resting entry at an exit and calls the entry expired and the exit executed', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', 9_000);
    expect(world.row(id).status).toBe('expired');
    expect(world.row(exit).status).toBe('executed');
    expect(world.venue.openOrders(userOf())).toHaveLength(0);
  });

  it('closes an open position at an exit and leaves nothing', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    await hold('100000', '100010', 6_000);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', 8_000);
    expect(world.row(id).status).toBe('closed');
    expect(world.row(exit).status).toBe('executed');
    expect(world.venue.openOrders(userOf())).toHaveLength(0);
    expect(world.venue.account(userOf()).positions).toHaveLength(0);
  });

  it('answers an exit that finds nothing with no_op', async () => {
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', 4_000);
    expect(world.row(exit).status).toBe('no_op');
  });

  it('guards a part-filled entry with one stop of its own that holds all that may still fill', async () => {
    const id = world.signal(long);
    await hold('100000', '100010', 4_000);
    world.print('BTC', 'sell', '98999', '0.01');
    await world.advance(1_500);
    expect(world.row(id).status).toBe('filled');
    const armed = (): number =>
      world.venue
        .openOrders(userOf())
        .filter((order) => order.tpsl === 'sl' && !order.waitingForFill)
        .reduce((sum, order) => sum + order.sz, 0);
    const whole = world.ledger.allTrades()[0]?.plan?.sz;
    expect(armed()).toBe(whole);
    world.print('BTC', 'sell', '98999', '0.02');
    await world.advance(2_000);
    expect(armed()).toBe(whole);
    await hold('98980', '98990', 4_000);
    const size = world.venue.account(userOf()).positions[0]?.szi;
    expect(armed()).toBe(size);
  });

  it.each(['lost-before', 'lost-after'] as const)('never sends a %s entry twice, and finds out what became of it', async (fault) => {
    let lost = false;
    world.link.onRequest = (kind) => {
      if (kind !== 'place' || lost) return null;
      lost = true;
      return fault;
    };
    const id = world.signal(long);
    for (let i = 0; i < 14; i += 1) {
      world.book('BTC', '100000', '100010');
      await world.advance(1_000);
    }
    expect(lost).toBe(true);
    expect(world.row(id).status).toBe('sent');
    expect(world.venue.openOrders(userOf()).filter((order) => !order.isTrigger)).toHaveLength(1);
  });

  it('takes a restart at any moment of a trade as if nothing had happened', async () => {
    const id = world.signal({ ...long, entry_1: 100_500 });
    for (let i = 0; i < 8; i += 1) {
      world.book('BTC', '100000', '100010');
      await world.advance(300);
      await world.restart();
    }
    await hold('101010', '101020', 8_000);
    expect(world.row(id).sl_moved_to_be).toBe(1);
    expect(world.link.sent.filter((order) => order.role === 'entry')).toHaveLength(1);
  });
});

const userOf = () => '0x1111111111111111111111111111111111111111' as const;
