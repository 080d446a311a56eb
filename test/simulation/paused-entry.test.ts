import { expect, it } from 'vitest';
import { openWorld } from '../support/one-bot.ts';

const ENTRY = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 101_000 };

it('does not send an entry again after PAUSE when its first sending never arrived, and takes it up after RESUME', async () => {
  const world = await openWorld();
  try {
    let lost = false;
    world.link.onRequest = (kind) => {
      if (kind !== 'place' || lost) return null;
      lost = true;
      return 'lost-before';
    };
    const id = world.signal(ENTRY);
    const hold = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        world.touchBooks();
        await world.advance(1_000);
      }
    };
    await hold(3);
    expect(lost).toBe(true);
    world.queue.insertControl('Sentient', 'PAUSE');
    await hold(15);
    expect(world.ledger.botState('Sentient').paused).toBe(true);
    expect(world.link.sent).toEqual([]);
    world.queue.insertControl('Sentient', 'RESUME');
    await hold(5);
    expect(world.link.sent.map(({ role, attempt }) => `${role}#${attempt}`)).toEqual(['entry#1', 'stop#1']);
    expect(world.row(id).status).toBe('sent');
  } finally {
    await world.close();
  }
});
