/** The owner trades by hand beside a bot's trade, at any moment and in either direction, and the venue has one position for both. */
import type { FillRecord } from '@hyperfleet/trading';
import { expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';
import { type Chance, createChance } from './chance.ts';

const USER = '0x1111111111111111111111111111111111111111';
const LATENCY_MS = 200;
/** Three round trips: a fill is heard, what it makes spare is cancelled, and what that meets is known. */
const REACTION_MS = 3 * 2 * LATENCY_MS;

interface Story {
  readonly world: World;
  readonly chance: Chance;
  readonly isLong: boolean;
  /** Where the entry is asked for, dollars. */
  readonly entry: number;
  mid: number;
}

const out = ({ isLong }: Story): 'buy' | 'sell' => (isLong ? 'sell' : 'buy');
const into = ({ isLong }: Story): 'buy' | 'sell' => (isLong ? 'buy' : 'sell');
/** So many dollars better than the entry for the trade, worse below zero. */
const better = ({ isLong, entry }: Story, usd: number): number => entry + (isLong ? usd : -usd);

function goTo(story: Story, mid: number): void {
  story.mid = mid;
  story.world.book('BTC', String(mid - 5), String(mid + 5));
}

function tradeByHand(story: Story): void {
  const side = story.chance.happens(0.7) ? into(story) : out(story);
  const px = side === 'buy' ? story.mid + 200 : story.mid - 200;
  story.world.placeByHand('BTC', side, String(px), story.chance.pick(['0.01', '0.03', '0.1', '0.2']), { tif: 'Ioc' });
}

const DEEDS: readonly ((story: Story) => void | Promise<void>)[] = [
  (story) => goTo(story, better(story, story.chance.pick([-2_600, -2_100, -1_000, -50, 300, 1_100, 1_500, 2_100, 3_100]))),
  tradeByHand,
  tradeByHand,
  (story) => story.world.print('BTC', out(story), String(better(story, -1)), story.chance.pick(['0.01', '0.03', '0.1'])),
  ({ world }) => world.restart(),
  () => undefined,
];

/** One entry, what happens to it and beside it, an exit, and a while after. */
async function live(seed: number): Promise<World> {
  const chance = createChance(seed);
  const world = await openWorld({}, LATENCY_MS);
  const isLong = chance.happens(0.5);
  const story: Story = { world, chance, isLong, entry: 100_000 + (isLong ? 1 : -1) * chance.pick([20, -100, -500]), mid: 100_000 };
  goTo(story, 100_000);
  const at = (usd: number): number => better(story, usd);
  const second = chance.happens(0.6) ? { target_2: at(2_000) } : {};
  const direction = isLong ? 'long' : 'short';
  world.signal({ symbol: 'BTC', direction, signal_type: 'entry', entry_1: at(0), stop_loss: at(-2_000), target_1: at(1_000), ...second });
  await world.hold(chance.int(200, 4_000), 100);
  for (let deeds = chance.int(3, 14); deeds > 0; deeds -= 1) {
    await chance.pick(DEEDS)(story);
    await world.hold(chance.happens(0.5) ? chance.int(1, 600) : chance.int(1, 5_000), 100);
  }
  world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await world.hold(60_000, 1_000);
  return world;
}

/** Of an order of ours that took something of theirs: how long before or after it the nearest other one took something out, ms. */
function nearestMs(fill: FillRecord, fills: readonly FillRecord[]): number {
  const others = fills.filter(({ role, oid }) => role !== null && role !== 'entry' && oid !== fill.oid);
  return Math.min(...others.map(({ timeMs }) => Math.abs(timeMs - fill.timeMs)));
}

it.each([1, 2, 3, 4, 5, 6])(
  'every trade ends, and of his is taken only what two orders of ours did within one reaction (%i)',
  async (block) => {
    for (let seed = block * 1_000; seed < block * 1_000 + 15; seed += 1) {
      const world = await live(seed);
      const alerts = world.reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : []));
      const fills = world.ledger.fillsOf('Sentient');
      const [trade] = world.ledger.allTrades();
      const { entrySz, exitSz } = world.ledger.fillSums(trade?.tradeId ?? '');
      const where = `seed ${seed}`;
      expect(world.ledger.activeTrades('Sentient'), where).toEqual([]);
      expect(world.venue.openOrders(USER), where).toEqual([]);
      expect(exitSz, where).toBeLessThanOrEqual(entrySz);
      // Less was taken out than came in only where the two met as opposite positions, which is told.
      expect(exitSz < entrySz, where).toBe(alerts.includes('difference'));
      const ofTheirs = fills.filter(({ role, sz, tradeSz }) => role !== null && tradeSz < sz);
      expect(ofTheirs.length, where).toBe(alerts.filter((phrase) => phrase === 'closed what others held').length);
      for (const fill of ofTheirs) expect(nearestMs(fill, fills), where).toBeLessThanOrEqual(REACTION_MS);
      await closeUnbroken(world);
    }
  },
);
