/** Positions larger than the venue takes in one market order. */
import type { Address } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const USER: Address = '0x1111111111111111111111111111111111111111';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

describe('an account rich enough for more than the venue takes in one market order, $30M on BTC', () => {
  it('enters with what its stop may hold, and is out of it in two closes when it is worth more', async () => {
    const deep = async (bid: string, ask: string): Promise<void> => {
      for (let i = 0; i < 8; i += 1) {
        world.book('BTC', bid, ask, '1000');
        await world.advance(1_000);
      }
    };
    await deep('100000', '100010');
    world.venue.fund(USER, microUsd(1e14), world.clock.now());
    world.link.transfers.push({ key: 'd1', timeMs: world.clock.now(), usd: microUsd(1e14), words: 'deposit' });
    for (let i = 0; i < 10; i += 1) await deep('100000', '100010');
    const id = world.signal({ symbol: 'BTC', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 });
    await deep('100000', '100010');
    expect(world.row(id)).toMatchObject({ status: 'filled', notes: expect.stringContaining('set by venue maximum') });
    expect(world.armedLots()).toBe(world.venue.account(USER).positions[0]?.szi);
    await deep('105000', '105010');
    world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await deep('105000', '105010');
    expect(world.row(id).status).toBe('closed');
    expect(world.link.sent.filter(({ role }) => role === 'close')).toHaveLength(2);
  });
});
