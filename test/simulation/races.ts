/** Races: for each trade, an exit, a take-profit, breakeven, a stop, CLOSE_ALL and restarts drawn into the same few seconds. */
import type { Direction } from '@hyperfleet/trading';
import type { Chance } from './chance.ts';
import { HALVES } from './pair.ts';
import { control, postEntry, postExit } from './script.ts';
import type { SimBot, World } from './world.ts';

/** A round gives its trade this long to be over by itself before it is told to go, ms. */
const ROUND_MS = 9_000;
const TARGET = 0.002;
const STOP = -0.004;

type Runner = 'exit' | 'target' | 'both targets' | 'back to entry' | 'stop' | 'close all' | 'restart' | 'process';
const RUNNERS: readonly Runner[] = ['exit', 'exit', 'target', 'target', 'both targets', 'back to entry', 'stop', 'close all', 'restart'];

/** Runs rounds on every coin of every bot for so much market time. Returns how many were started. */
export async function race(world: World, ms: number): Promise<number> {
  const chance = world.chance.fork('races');
  const untilMs = world.executor.now() + ms;
  let rounds = 0;
  const nextRound = (bot: SimBot, coin: string): void => {
    if (world.executor.now() >= untilMs) return;
    const busy = world
      .ledger()
      .activeTrades(bot.id)
      .some((trade) => trade.coin === coin);
    if (busy || world.ledger().botState(bot.id).paused) {
      world.executor.after(500, () => nextRound(bot, coin));
      return;
    }
    rounds += 1;
    start(world, bot, coin, chance);
    world.executor.after(ROUND_MS, () => {
      // What is left when the time is over is told to go with all the rest.
      if (world.executor.now() >= untilMs) return;
      postExit(world, bot, coin);
      // Unnoticed it waits for the next look at the queue, and what is decided meanwhile is decided without it.
      if (chance.happens(0.4)) bot.pair.wake();
    });
    world.executor.after(ROUND_MS + chance.int(200, 1_500), () => nextRound(bot, coin));
  };
  for (const bot of world.bots) for (const coin of world.coins) world.executor.after(chance.int(0, 3_000), () => nextRound(bot, coin));
  while (world.executor.now() < untilMs && world.watch.broken === null) await world.run(1_000);
  return rounds;
}

function start(world: World, bot: SimBot, coin: string, chance: Chance): void {
  const direction: Direction = chance.happens(0.5) ? 'long' : 'short';
  const shape = { direction, entry: chance.pick([0.001, 0.001, -0.0004]), stop: STOP, targets: [TARGET, 2 * TARGET, 3 * TARGET] };
  postEntry(world, bot, coin, chance, shape);
  bot.pair.wake();
  const from = chance.happens(0.2) ? 0 : chance.int(300, 3_500);
  for (let drawn = chance.int(2, 5); drawn > 0; drawn -= 1) {
    const runner = chance.happens(0.01) ? 'process' : chance.pick(RUNNERS);
    world.executor.after(from + chance.int(0, 900), () => go(world, bot, { coin, sign: direction === 'long' ? 1 : -1 }, runner, chance));
  }
}

function go(world: World, bot: SimBot, trade: { coin: string; sign: 1 | -1 }, runner: Runner, chance: Chance): void {
  const { coin, sign } = trade;
  world.journal.note(`race ${bot.id} ${coin} ${runner}`);
  switch (runner) {
    case 'exit':
      postExit(world, bot, coin);
      bot.pair.wake();
      return;
    case 'target':
      world.market.jump(coin, sign * TARGET * 1.1);
      return;
    case 'both targets':
      world.market.jump(coin, sign * TARGET * 2.1);
      return;
    case 'back to entry':
      world.market.jump(coin, -sign * TARGET * 1.2);
      return;
    case 'stop':
      world.market.jump(coin, sign * STOP * 1.1);
      return;
    case 'close all':
      control(world, bot.id, 'CLOSE_ALL');
      world.executor.after(chance.int(500, 4_000), () => control(world, bot.id, 'RESUME'));
      return;
    case 'restart':
      bot.pair.kill(chance.pick(HALVES), 'restart');
      return;
    case 'process':
      world.restart(chance.happens(0.3));
      return;
    default:
      runner satisfies never;
  }
}
