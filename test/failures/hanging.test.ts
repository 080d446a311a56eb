/** A fill monitor whose thread hangs: the bot's other worker keeps what is held under a stop until it is back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const USER = '0x1111111111111111111111111111111111111111';
const resting = {
  symbol: 'BTC',
  direction: 'long',
  signal_type: 'entry',
  entry_1: 99_000,
  stop_loss: 97_000,
  target_1: 101_000,
  target_2: 103_000,
};
/** What a supervisor gives a silent thread before it begins it anew is longer. */
const HANG_MS = 15_000;
/** Three silent seconds and two looks, the account asked for, and a stop placed in a few round trips. */
const STOOD_IN_MS = 7_000;

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

async function hold(bid: string, ask: string, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    world.book('BTC', bid, ask);
    world.book('ETH', '4000', '4001');
    await world.advance(Math.min(500, left));
  }
}
const held = (): number => world.venue.account(USER).positions.find(({ coin }) => coin === 'BTC')?.szi ?? 0;
const alerts = (): readonly string[] => world.reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : []));

describe('a fill monitor that hangs', () => {
  it.each([0, 250, 500, 750])(
    'is missed after four to five seconds of silence, by one who looks %i ms after its beats',
    async (afterMs) => {
      await world.advance(2_000 + afterMs);
      world.restartSignal();
      await world.advance(5_000);
      world.guard.hang();
      while (!alerts().includes('fill monitor silent')) await world.advance(50);
      const silentMs = world.clock.now() - world.guardHeardMs;
      expect(silentMs).toBeGreaterThan(4_000);
      expect(silentMs).toBeLessThanOrEqual(5_000);
    },
  );

  it('is stood in for: a part fill has its stop within seconds, and the trade goes on when it wakes', async () => {
    const id = world.signal(resting);
    await hold('100000', '100010', 3_000);
    world.guard.hang();
    world.print('BTC', 'sell', '98990', '0.02');
    await hold('100000', '100010', HANG_MS);
    expect(held()).toBeGreaterThan(0);
    expect(world.armedLots()).toBeGreaterThanOrEqual(held());
    expect(world.venue.audit().nakedMsMax).toBeLessThanOrEqual(STOOD_IN_MS);
    expect(alerts()).toEqual(['fill monitor silent']);
    world.guard.goOn();
    await hold('100000', '100010', 3_000);
    expect(world.armedLots()).toBeGreaterThanOrEqual(held());
    // The first target, the rest of the entry taken back, breakeven, and out.
    await hold('101100', '101110', 5_000);
    await hold('98000', '98010', 5_000);
    expect(world.row(id).status).toBe('closed');
    expect(held()).toBe(0);
    expect(world.venue.openOrders(USER)).toEqual([]);
  });

  it('is stood in for by a signal worker that begins anew while it hangs, and waits for nothing it would have to say', async () => {
    world.signal(resting);
    await hold('100000', '100010', 3_000);
    world.guard.hang();
    world.restartSignal();
    world.print('BTC', 'sell', '98990', '0.02');
    await hold('100000', '100010', HANG_MS);
    expect(held()).toBeGreaterThan(0);
    expect(world.armedLots()).toBeGreaterThanOrEqual(held());
    expect(world.venue.audit().nakedMsMax).toBeLessThanOrEqual(STOOD_IN_MS);
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', HANG_MS);
    expect(world.row(exit).status).toBe('executed');
    expect(held()).toBe(0);
    world.guard.goOn();
    await hold('100000', '100010', 3_000);
    expect(world.venue.openOrders(USER)).toEqual([]);
  });

  it('lets no entry go meanwhile, and an exit is carried out', async () => {
    const id = world.signal({ ...resting, entry_1: 100_500 });
    await hold('100000', '100010', 4_000);
    expect(world.row(id).status).toBe('filled');
    world.guard.hang();
    await hold('100000', '100010', 6_000);
    const next = world.signal({ symbol: 'ETH', direction: 'long', signal_type: 'entry', entry_1: 4_010, stop_loss: 3_900 });
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold('100000', '100010', HANG_MS);
    expect(world.row(exit).status).toBe('executed');
    expect(held()).toBe(0);
    expect(world.venue.openOrders(USER)).toEqual([]);
    expect(world.row(next).status).toBe('processing');
    world.guard.goOn();
    await hold('100000', '100010', 5_000);
    expect(world.row(next).status).toBe('filled');
  });

  it('is stood in for until what the stand-in reads has been heard, when the bot is told to leave', async () => {
    world.signal(resting);
    await hold('100000', '100010', 3_000);
    world.guard.hang();
    world.print('BTC', 'sell', '98990', '0.02');
    const { reads } = world.link;
    const { openOrders } = reads;
    const waiting: (() => void)[] = [];
    Object.assign(reads, { openOrders: () => new Promise((hear) => waiting.push(() => hear(openOrders()))) });
    await hold('100000', '100010', HANG_MS);
    expect(waiting).toHaveLength(1);
    let hasLeft = false;
    const leaving = world.leave().then(() => {
      hasLeft = true;
    });
    await hold('100000', '100010', 1_000);
    expect(hasLeft).toBe(false);
    for (const hear of waiting) hear();
    await hold('100000', '100010', 1_000);
    await leaving;
    expect(world.ledger.liveOrders('Sentient').some(({ intent }) => intent.role === 'own-stop')).toBe(true);
  });

  it('is heard while it only waits for the venue: nobody stands in for a guard that is slow', async () => {
    world.signal({ ...resting, entry_1: 100_500 });
    await hold('100000', '100010', 4_000);
    Object.assign(world.link.reads, { account: () => new Promise(() => undefined) });
    world.streamEvent({ kind: 'connected' });
    await hold('100000', '100010', HANG_MS);
    expect(alerts()).toEqual([]);
  });
});
