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
    await world.hold(3_000);
    expect(lost).toBe(true);
    world.queue.insertControl('Sentient', 'PAUSE');
    await world.hold(15_000);
    expect(world.ledger.botState('Sentient').paused).toBe(true);
    expect(world.link.sent).toEqual([]);
    world.queue.insertControl('Sentient', 'RESUME');
    await world.hold(5_000);
    expect(world.link.sent.map(({ role, attempt }) => `${role}#${attempt}`)).toEqual(['entry#1', 'stop#1']);
    expect(world.row(id).status).toBe('sent');
  } finally {
    await world.close();
  }
});
