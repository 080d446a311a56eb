/** Points of a trade's life from which its situations are walked, each reached by what calmly happens before it. */
import { calmEvent, eventsOf, happen } from './events.ts';
import { isQuiet } from './promises.ts';
import type { Beginning } from './walk.ts';
import type { World } from './world.ts';

const NO_TROUBLE = { interventions: 0 };

async function rest(world: World): Promise<void> {
  while (!isQuiet(world)) {
    await happen(world, calmEvent(world));
  }
}

/** One thing done from outside, and all that calmly follows from it. */
async function after(world: World, label: string): Promise<void> {
  const event = eventsOf(world, NO_TROUBLE).find((candidate) => candidate.label === label);
  if (event === undefined) throw new Error(`"${label}" cannot happen here`);
  await happen(world, event);
  await rest(world);
}

const STORY = ['entry signal', 'first part of the entry fills', 'rest of the entry fills', 'market to the first target'] as const;

const NAMES = [
  'nothing asked yet',
  'the entry rests',
  'half the entry has filled',
  'the ladder stands',
  'the stop is at breakeven',
] as const;

/** From nothing asked of the bot to a trade whose stop has moved; from the second on somebody's order by hand stands beside it. */
export const BEGINNINGS: readonly Beginning[] = NAMES.map((name, index) => ({
  name,
  async story(world) {
    await rest(world);
    for (const [done, label] of STORY.slice(0, index).entries()) {
      await after(world, label);
      if (done !== 0) continue;
      world.placeByHand('BTC');
      await rest(world);
    }
  },
}));
