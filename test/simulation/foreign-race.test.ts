import { expect, it } from 'vitest';
import { openWorld } from '../support/one-bot.ts';

it('does not take a position for foreign because its trade ended while the venue was being asked', async () => {
  const seen: unknown[] = [];
  for (let offset = 0; offset < 2_400; offset += 200) {
    const world = await openWorld();
    const hold = (ms: number): Promise<void> => world.hold(ms, 50);
    world.signal({ symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 });
    await hold(4_000);
    // The take-profits of the other coin are lost, so that a reconcile has to ask for each of them.
    world.link.onRequest = (kind, orders) => (kind === 'place' && orders.some(({ role }) => role.startsWith('tp')) ? 'lost-before' : null);
    const { orderByCloid } = world.link.reads;
    Object.assign(world.link.reads, {
      orderByCloid: async (...asked: Parameters<typeof orderByCloid>) => {
        await new Promise<void>((resolve) => world.clock.after(1_000, resolve));
        return await orderByCloid(...asked);
      },
    });
    const targets = { target_1: 4_100, target_2: 4_200, target_3: 4_300, target_4: 4_400, target_5: 4_500 };
    world.signal({ symbol: 'ETH', direction: 'long', signal_type: 'entry', entry_1: 4_010, stop_loss: 3_900, ...targets });
    await hold(2_600);
    world.streamEvent({ kind: 'connected' });
    await hold(offset);
    world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold(10_000);
    seen.push(...world.reports.filter((report) => report.kind === 'alert' && report.phrase.startsWith('foreign')));
    expect(world.bugs).toEqual([]);
    await world.close();
  }
  expect(seen).toEqual([]);
});
