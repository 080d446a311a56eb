/** What other programs, the owner and the operator do to a world, second by second. */
import type { Direction } from '@hyperfleet/trading';
import type { Chance } from './chance.ts';
import { HALVES } from './pair.ts';
import type { SimBot, World } from './world.ts';

/** How busy each second is, probabilities a bot. */
export interface Business {
  readonly entries: number;
  readonly exits: number;
  readonly rubbish: number;
  readonly controls: number;
  readonly hand: number;
  readonly margin: number;
  /** That somebody takes a part of an entry that rests. */
  readonly parts: number;
}

/** Nothing but signals, as fast as a bot can act on them. */
export const CROWDED: Business = { entries: 0.6, exits: 0.15, rubbish: 0, controls: 0, hand: 0, margin: 0, parts: 0 };
export const MIXED: Business = { entries: 0.035, exits: 0.01, rubbish: 0.01, controls: 0.006, hand: 0.004, margin: 0.0004, parts: 0.05 };

/** Now and then a row comes to stand in the file so much after the time it carries. */
const SLOW_WRITER = 0.1;
const SLOW_MS = 8_000;

/** Now and then a stop stands so far away that liquidation comes before it once the owner has taken all he may. */
const WIDE = 0.25;

const RUBBISH: readonly Readonly<Record<string, string | number | null>>[] = [
  { symbol: 'NOPEUSDT', direction: 'long', signal_type: 'entry', entry_1: 5 },
  { symbol: 'BTC', direction: 'sideways', signal_type: 'entry', entry_1: 100_000 },
  { symbol: 'ETH', direction: 'LONG', signal_type: 'entry', entry_1: null },
  { symbol: 'SOL', direction: 'short', signal_type: 'entry', entry_1: '-1', stop_loss: 'NaN' },
  { symbol: 'BTC/USDT', direction: 'bullish', signal_type: 'entry', entry_1: '1e99', stop_loss: 1 },
  { symbol: '', direction: null, signal_type: 'exit' },
  { symbol: 'ETH', direction: 'long', signal_type: 'entry', entry_1: 4_000, created_at: 'yesterday' },
  { symbol: 'SOL', direction: 'long', signal_type: 'entry', entry_1: 200, created_at: '2025-09-04 18:00:00' },
];

/** Where an entry stands about the market: parts of the price, away from it on the trade's own side. */
export interface EntryShape {
  readonly direction: Direction;
  readonly entry: number;
  /** Null leaves the stop to the bot. */
  readonly stop: number | null;
  readonly targets: readonly number[];
}

function drawShape(chance: Chance): EntryShape {
  const away = chance.pick([0.0015, 0.003, 0.003, 0.006]);
  return {
    direction: chance.happens(0.5) ? 'long' : 'short',
    entry: (chance.next() - 0.6) * 0.003,
    stop: chance.happens(0.9) ? -(chance.happens(WIDE) ? 0.085 + chance.next() * 0.014 : 2 * away) : null,
    targets: Array.from({ length: chance.int(0, 5) }, (_, i) => away * (i + 1)),
  };
}

/** Inserts an entry whose prices stand about the market as it is now. */
export function postEntry(world: World, bot: SimBot, coin: string, chance: Chance, shape: EntryShape = drawShape(chance)): void {
  const { market, executor, posted } = world;
  const instrument = world.venue.instruments.find((candidate) => candidate.coin === coin);
  if (instrument === undefined) throw new Error(`no coin ${coin}`);
  const { direction } = shape;
  const sign = direction === 'long' ? 1 : -1;
  const mid = market.mid(coin);
  const at = (part: number): number => {
    const px = Math.round((mid * (1 + sign * part)) / market.step(coin)) * market.step(coin);
    return px / 10 ** (6 - instrument.szDecimals);
  };
  const atMs = executor.now() - (chance.happens(SLOW_WRITER) ? chance.int(1, SLOW_MS) : 0);
  const row: Record<string, string | number | null> = {
    symbol: chance.pick([coin, `${coin}USDT`, `${coin.toLowerCase()}/usdt`, `${coin}-PERP`]),
    direction: direction === 'long' ? chance.pick(['long', 'LONG', 'buy']) : chance.pick(['short', 'Short', 'sell']),
    signal_type: 'entry',
    bot_name: bot.id,
    created_at: new Date(atMs).toISOString(),
    entry_1: at(shape.entry),
    ...(shape.stop === null ? {} : { stop_loss: at(shape.stop) }),
  };
  for (const [index, target] of shape.targets.entries()) row[`target_${index + 1}`] = at(target);
  posted.insert(world.queue(), { bot: bot.id, coin, kind: 'entry', direction, atMs }, row);
}

export function postExit(world: World, bot: SimBot, coin: string): void {
  const row = { symbol: coin, signal_type: 'exit', bot_name: bot.id, created_at: new Date(world.executor.now()).toISOString() };
  world.posted.insert(world.queue(), { bot: bot.id, coin, kind: 'exit', direction: null, atMs: world.executor.now() }, row);
}

function postRubbish(world: World, bot: SimBot, chance: Chance): void {
  const setup = chance.happens(0.2);
  const row = setup ? { symbol: 'BTC', direction: 'long', signal_type: 'setup' } : chance.pick(RUBBISH);
  const created = { created_at: new Date(world.executor.now()).toISOString(), bot_name: bot.id };
  const kind = setup ? 'not ours' : 'rubbish';
  world.posted.insert(world.queue(), { bot: bot.id, coin: '', kind, direction: null, atMs: world.executor.now() }, { ...created, ...row });
}

/** Writes a control as an operator would. */
export function control(world: World, target: string, command: string): void {
  world.journal.note(`control ${target} ${command}`);
  world.queue().insertControl(target, command);
  for (const bot of world.bots) if (target === 'ALL' || target === bot.id) bot.pair.wake();
}

function act(world: World, bot: SimBot, chance: Chance): void {
  const coin = chance.pick(world.coins);
  const instrument = world.venue.instruments.find((candidate) => candidate.coin === coin);
  const usdLots = Math.max(1, Math.round((300 * 1e6) / world.market.mid(coin)));
  const step = world.market.step(coin);
  const px = Math.round(world.market.mid(coin) / step) * step;
  if (instrument === undefined) return;
  const held = world.venue.account(bot.user).positions.find((position) => position.coin === coin)?.szi ?? 0;
  const ours = new Set(
    world
      .ledger()
      .activeTrades(bot.id)
      .flatMap((trade) => (trade.kind === 'entry' ? [trade.coin] : [])),
  );
  switch (chance.pick(['rest', 'rest', 'cancel', 'cancel', 'open', 'sell', 'sell', 'cut'] as const)) {
    case 'rest':
      world.journal.note(`hand rests ${bot.id} ${coin}`);
      bot.hand.rest(coin, 'buy', Math.round((px * 0.8) / step) * step, usdLots);
      break;
    case 'cancel':
      world.journal.note(`hand cancels ${bot.id}`);
      bot.hand.cancelAll();
      break;
    case 'open':
      if (ours.has(coin)) return;
      world.journal.note(`hand buys ${bot.id} ${coin}`);
      bot.hand.take(coin, 'buy', { px: Math.round((px * 1.02) / step) * step, sz: usdLots, reduceOnly: false });
      break;
    case 'sell':
      for (const bought of bot.hand.coins) {
        const sz = bot.hand.net(bought);
        if (sz <= 0 || ours.has(bought) || bot.hand.isMuddled(bought)) continue;
        world.journal.note(`hand sells ${bot.id} ${bought}`);
        const least = world.market.step(bought);
        bot.hand.take(bought, 'sell', { px: Math.round((world.market.mid(bought) * 0.98) / least) * least, sz, reduceOnly: false });
      }
      break;
    case 'cut':
      if (held === 0 || bot.hand.net(coin) !== 0) return;
      world.journal.note(`hand cuts ${bot.id} ${coin}`);
      bot.hand.take(coin, held > 0 ? 'sell' : 'buy', {
        px: Math.round((px * (held > 0 ? 0.97 : 1.03)) / step) * step,
        sz: Math.max(1, Math.floor(Math.abs(held) / chance.int(1, 3))),
        reduceOnly: true,
      });
      break;
  }
}

/** How much likelier the owner takes money out while the bot holds something. */
const NEEDY = 5;

/** The owner takes money out, now and then all that is free, and pays it in again later: entries lose their margin, liquidation comes near. */
function takeMoney(world: World, bot: SimBot, chance: Chance): void {
  const usd = bot.hand.takeOut(chance.happens(0.5) ? 1 : 0.5 + chance.next() * 0.45);
  if (usd === 0) return;
  const move = (what: string, by: number): void => {
    world.journal.note(`${what} ${bot.id} ${usd}`);
    world.deposits.set(bot.id, (world.deposits.get(bot.id) ?? 0) + by);
  };
  move('withdrawn', -usd);
  world.executor.after(chance.int(60_000, 300_000), () => {
    bot.hand.payIn(usd);
    move('paid in', usd);
  });
}

/** An entry that rests is filled in part, and the price turns away from it: what is held then, a child that waits for the rest does not protect. */
function fillPart(world: World, bot: SimBot, chance: Chance): void {
  const entries = world.venue.openOrders(bot.user).filter((order) => order.cloid !== null && !order.isTrigger && !order.reduceOnly);
  if (entries.length === 0) return;
  const { coin, side, px, sz } = chance.pick(entries);
  world.market.takeFrom(coin, { side, px, sz: Math.max(1, Math.floor(sz * (0.1 + chance.next() * 0.6))) });
  world.market.jump(coin, (side === 'buy' ? 1 : -1) * chance.next() * 0.002);
}

function actOn(world: World, bot: SimBot, business: Business, chance: Chance): void {
  const before = world.posted.count;
  if (chance.happens(business.entries)) postEntry(world, bot, chance.pick(world.coins), chance);
  if (chance.happens(business.exits)) postExit(world, bot, chance.pick(world.coins));
  if (chance.happens(business.rubbish)) postRubbish(world, bot, chance);
  if (chance.happens(business.controls)) {
    const command = chance.pick(['PAUSE', 'RESUME', 'RESUME', 'RESUME', 'CLOSE_ALL', 'nonsense'] as const);
    control(world, chance.happens(0.2) ? 'ALL' : bot.id, command);
    if (command === 'CLOSE_ALL' || command === 'PAUSE')
      world.executor.after(chance.int(2_000, 20_000), () => control(world, 'ALL', 'RESUME'));
  }
  if (chance.happens(business.hand)) act(world, bot, chance);
  const isHolding = world.venue.account(bot.user).positions.length > 0;
  if (chance.happens(business.margin * (isHolding ? NEEDY : 1))) takeMoney(world, bot, chance);
  if (chance.happens(business.parts)) fillPart(world, bot, chance);
  // The notice of a changed file comes within 20 ms in most cases; the bot's own poll is the backstop.
  if (world.posted.count > before && chance.happens(0.8)) bot.pair.wake();
}

/** One second of it, at the beginning of that second; some of it falls within. */
export function second(world: World, business: Business, chance: Chance): void {
  const { weather, executor } = world;
  for (const bot of world.bots) executor.after(chance.int(0, 999), () => actOn(world, bot, business, chance));
  for (const bot of world.bots) {
    if (!weather.strikes('crash')) continue;
    const half = chance.pick(HALVES);
    executor.after(chance.int(0, 999), () => bot.pair.kill(half, 'killed'));
  }
  if (chance.happens(0.015)) world.syncSignals();
  if (weather.rate('crash') > 0 && chance.happens(0.01)) executor.after(chance.int(0, 999), () => world.restart(chance.happens(0.5)));
  if (weather.strikes('clock')) world.stepClock(chance.pick([-3_600_000, -5_000, -250, 250, 5_000, 3_600_000]));
}
