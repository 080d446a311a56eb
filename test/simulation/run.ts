/** Runs one seed to its end. */
import { createChance } from './chance.ts';
import { brokenAtRest, isAtRest } from './rest.ts';
import { type Business, control, MIXED, postExit, second } from './script.ts';
import type { Climate, RequestFault } from './weather.ts';
import { openWorld, type World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  /** The first promise that did not hold; null when all did. */
  readonly broken: string | null;
  readonly hash: string;
  /** Market time it took, ms. */
  readonly ms: number;
  readonly signals: number;
  readonly fills: number;
  readonly entries: number;
  readonly unknown: number;
  readonly faults: ReadonlyMap<RequestFault, number>;
  readonly tail: readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  /** Market time, ms, the coming to rest included where it takes no longer than usual. */
  readonly ms: number;
  readonly climate?: Climate;
  /** What happens in it besides the weather; signals, controls and the owner's hand by default. */
  readonly live?: (world: World, ms: number) => Promise<void>;
  readonly print?: ((line: string) => void) | null;
}

/** What a run keeps for coming to rest, and the longest that may take, ms. */
const REST_MS = 15_000;
const REST_MS_MAX = 240_000;
/** After all is done: does it stay so? */
const STILL_MS = 5_000;
const TAIL = 80;

/** One in eight seeds has no bad weather at all: there the promises have no excuse. */
const climateOf = (seed: number): Climate => (createChance(seed).fork('climate').happens(0.125) ? 'fair' : 'mixed');

/** Lives through a seed: trouble first, then none, until nothing is left to do; and holds it to every promise. */
export async function runSeed(options: RunOptions): Promise<Outcome> {
  const { seed, ms } = options;
  const world = openWorld({ seed, climate: options.climate ?? climateOf(seed), print: options.print ?? null });
  try {
    await (options.live ?? ((here, forMs) => live(here, forMs, MIXED)))(world, Math.max(30_000, ms - REST_MS));
    if (world.watch.broken === null) await comeToRest(world);
    return outcomeOf(world);
  } finally {
    world.close();
  }
}

/** Lives through so much time, busy to this degree. */
export async function live(world: World, ms: number, business: Business): Promise<void> {
  const chance = world.chance.fork('script');
  for (let at = 0; at < ms && world.watch.broken === null; at += 1_000) {
    second(world, business, chance);
    await world.run(1_000);
  }
}

/** Nothing goes wrong any more; every coin is told to be left, and the world must come to rest. */
async function comeToRest(world: World): Promise<void> {
  const { watch, weather, bots } = world;
  weather.clear();
  world.journal.note('calm');
  for (const bot of bots) bot.hand.cancelAll();
  await world.run(3_000);
  control(world, 'ALL', 'RESUME');
  for (const bot of bots) for (const coin of world.coins) postExit(world, bot, coin);
  // Asked for each time: a restart that was under way still opens both anew.
  const view = () => ({ venue: world.venue, ledger: world.ledger(), queue: world.queue(), posted: world.posted });
  for (let waited = 0; waited < REST_MS_MAX; waited += 1_000) {
    if (!(await world.run(1_000))) return;
    if (bots.every(({ pair }) => pair.isReady) && isAtRest(view(), bots)) break;
  }
  if (!(await world.run(STILL_MS))) return;
  const at = view();
  if (!isAtRest(at, bots)) watch.break('the world comes to rest', describeUnrest(world));
  for (const sentence of brokenAtRest(at, bots, world.deposits)) watch.break('at rest', sentence);
}

function describeUnrest(world: World): string {
  const ledger = world.ledger();
  return world.bots
    .map((bot) => {
      const trades = ledger.activeTrades(bot.id).map((trade) => `${trade.kind} ${trade.coin} ${trade.phase} ${trade.tradeId}`);
      const orders = ledger.liveOrders(bot.id).map((order) => `${order.intent.role} ${order.state}`);
      const rests = world.venue.openOrders(bot.user).filter((order) => order.cloid !== null);
      const rows = `pending ${world.queue().countPending(bot.id)}, processing ${world.queue().processing(bot.id).length}`;
      const shown = `behind ${ledger.unprojected(bot.id, 10).length}, resting ${rests.length}, ready ${bot.pair.isReady}`;
      return `${bot.id}: trades [${trades.join('; ')}], orders [${orders.join('; ')}], ${rows}, ${shown}`;
    })
    .join(' | ');
}

function outcomeOf(world: World): Outcome {
  const { watch, journal } = world;
  journal.note(`end ${watch.broken ?? 'all promises held'}`);
  return {
    seed: world.seed,
    broken: watch.broken,
    hash: journal.hash(),
    ms: world.executor.now() - world.startMs,
    signals: world.posted.count,
    fills: world.venue.audit().fills,
    entries: watch.counts.entries,
    unknown: watch.counts.unknown,
    faults: world.faults,
    tail: journal.tail(TAIL),
  };
}
