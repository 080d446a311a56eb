/** Rows that have to wait, and which other rows wait for them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const onBtc = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

async function hold(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    world.touchBooks();
    await world.advance(Math.min(1_000, left));
  }
}

describe('an exit that the venue keeps from ending for long', () => {
  /** Signals of a position, of the exit from it, and of an entry on its coin that came after the exit. */
  async function stuckExit() {
    const held = world.signal(onBtc);
    await hold(3_000);
    world.link.onRequest = (kind, orders) => (kind === 'place' && orders.some(({ role }) => role === 'close') ? 'rejected' : null);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold(12_000);
    const newer = world.signal(onBtc);
    await hold(5_000);
    expect(world.row(exit).status).toBe('processing');
    return { held, exit, newer };
  }

  it('holds an entry of its coin that came after it back, and lets it go when it is over', async () => {
    const { held, exit, newer } = await stuckExit();
    expect(world.row(newer).status).toBe('processing');
    world.link.onRequest = () => null;
    await hold(10_000);
    expect([held, exit, newer].map((id) => world.row(id).status)).toEqual(['closed', 'executed', 'filled']);
  });

  it('makes void, once it is followed by another, an entry that came between the two', async () => {
    const { newer } = await stuckExit();
    const second = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold(5_000);
    expect(world.row(newer)).toMatchObject({ status: 'expired', notes: `cancelled before it was sent, by exit signal ${second}` });
  });
});
