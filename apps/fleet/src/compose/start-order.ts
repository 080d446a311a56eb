/** In which order bots come up. */
import type { BotPair } from './bot-pair.ts';
import { type StartedBot, startBot } from './bot-start.ts';
import type { Floor } from './floor.ts';

/** Wall time the others leave to bots that have something to guard. A bot whose account cannot be read must not hold up its siblings. */
const HEAD_START_MS = 20_000;

/**
 * Starts every bot of the house, those with an open trade first: all of a fleet share the request weight of one IP (PROTOCOL §10),
 * and a bot with nothing at the venue loses nothing by waiting until its siblings stand. Returns them in the order of the house.
 */
export function startBots(floor: Floor, headStartMs: number = HEAD_START_MS): BotPair[] {
  const { accounts, ledger } = floor.house;
  const guards = accounts.filter(({ id }) => ledger.activeTrades(id).length > 0);
  const first = new Map(guards.map((account) => [account.id, startBot(floor, account)]));
  const turn = first.size === 0 ? Promise.resolve() : standing([...first.values()], headStartMs);
  const bots = accounts.map((account) => first.get(account.id) ?? startBot(floor, account, turn));
  void Promise.allSettled(bots.map(({ ready }) => ready)).then(() => lookAgain(floor, bots));
  return bots;
}

/** Between the looks at two accounts, ms of market time: 42 of request weight each, beside the 1,000 a minute of regular reads. */
const LOOK_AGAIN_MS = 15_000;

/** What bots began without asking is asked once all of them stand, one after the other. Bots that end are not asked about. */
async function lookAgain({ house }: Pick<Floor, 'house'>, bots: readonly StartedBot[]): Promise<void> {
  for (const bot of bots) {
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_AGAIN_MS / house.plan.fleet.speed).unref());
    await bot.lookAgain();
  }
}

/** Until all of them stand or have been given up, at most so many ms. */
async function standing(bots: readonly BotPair[], atMostMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, atMostMs);
  await Promise.race([Promise.allSettled(bots.map(({ ready }) => ready)), late.promise]);
  clearTimeout(timer);
}
