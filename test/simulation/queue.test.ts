/** Rows that have to wait, and which other rows wait for them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const onBtc = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };
const onEth = { ...onBtc, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900 };

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

describe('an exit that the venue keeps from ending for long', () => {
  /** Signals of a position, of the exit from it, and of an entry on its coin that came after the exit. */
  async function stuckExit() {
    const held = world.signal(onBtc);
    await world.hold(3_000);
    world.link.onRequest = (kind, orders) => (kind === 'place' && orders.some(({ role }) => role === 'close') ? 'rejected' : null);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await world.hold(12_000);
    const newer = world.signal(onBtc);
    await world.hold(5_000);
    expect(world.row(exit).status).toBe('processing');
    return { held, exit, newer };
  }

  it('holds an entry of its coin that came after it back, and lets it go when it is over', async () => {
    const { held, exit, newer } = await stuckExit();
    expect(world.row(newer).status).toBe('processing');
    world.link.onRequest = () => null;
    await world.hold(10_000);
    expect([held, exit, newer].map((id) => world.row(id).status)).toEqual(['closed', 'executed', 'filled']);
  });

  it('lets entries of other coins pass the one it holds back, and not a second one of its coin', async () => {
    const { newer } = await stuckExit();
    const second = world.signal(onBtc);
    const eth = world.signal(onEth);
    await world.hold(4_000);
    expect([newer, second, eth].map((id) => world.row(id).status)).toEqual(['processing', 'pending', 'filled']);
    world.link.onRequest = () => null;
    await world.hold(10_000);
    expect(world.row(newer).status).toBe('filled');
    expect(world.row(second)).toMatchObject({ status: 'failed', notes: `a trade on BTC is already on (signal ${newer})` });
  });

  it('lets it go also where nobody has told of the account since the close', async () => {
    const { newer } = await stuckExit();
    world.link.streaming = false;
    world.link.onRequest = () => null;
    await world.hold(20_000);
    expect(world.row(newer).status).toBe('filled');
  });

  it('makes void, once it is followed by another, an entry that came between the two', async () => {
    const { newer } = await stuckExit();
    const second = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await world.hold(5_000);
    expect(world.row(newer)).toMatchObject({ status: 'expired', notes: `cancelled before it was sent, by exit signal ${second}` });
  });
});

describe('an entry that waits for its coin', () => {
  it('keeps nobody waiting for its book, and is judged when its own wait is over', async () => {
    await world.hold(3_000);
    // Books of BTC come no more.
    const ethGoesOn = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 1_000) {
        world.book('ETH', '4000', '4001');
        await world.advance(1_000);
      }
    };
    await ethGoesOn(6_000);
    const btc = world.signal(onBtc);
    const eth = world.signal(onEth);
    await ethGoesOn(3_000);
    expect([btc, eth].map((id) => world.row(id).status)).toEqual(['processing', 'filled']);
    await ethGoesOn(5_000);
    expect(world.row(btc)).toMatchObject({ status: 'failed', notes: expect.stringContaining('the book of BTC is') });
  });

  it('keeps nobody waiting for its leverage', async () => {
    await world.hold(1_000);
    const { setCrossLeverage } = world.link.exchange;
    Object.assign(world.link.exchange, {
      setCrossLeverage: async (coin: string, leverage: number, nonce: number) =>
        coin === 'BTC' ? { kind: 'refused', reason: 'HTTP 429', retry: 'later' } : await setCrossLeverage(coin, leverage, nonce),
    });
    await world.restart();
    const btc = world.signal(onBtc);
    const eth = world.signal(onEth);
    await world.hold(4_000);
    expect([btc, eth].map((id) => world.row(id).status)).toEqual(['processing', 'filled']);
    Object.assign(world.link.exchange, { setCrossLeverage });
    await world.hold(4_000);
    expect(world.row(btc).status).toBe('filled');
  });

  it('goes by itself: of two whose books come at once, the fate of one is known before the other is sent', async () => {
    await world.hold(3_000);
    await world.advance(6_000);
    const both = [world.signal(onBtc), world.signal(onEth)];
    await world.advance(3_000);
    expect(both.map((id) => world.row(id).status)).toEqual(['processing', 'processing']);
    // The first answer is lost, and nothing else tells of the order.
    world.link.streaming = false;
    const sentAtMs: number[] = [];
    world.link.onRequest = (kind, orders) => {
      if (kind !== 'place' || !orders.some(({ role }) => role === 'entry')) return null;
      return sentAtMs.push(world.clock.now()) === 1 ? 'lost-after' : null;
    };
    await world.hold(3_000);
    expect(both.map((id) => world.row(id).status)).toEqual(['filled', 'filled']);
    const [first = 0, second = 0] = sentAtMs;
    // After 200 ms nothing is heard, and it takes as long again to ask.
    expect(second - first).toBeGreaterThanOrEqual(400);
  });
});
