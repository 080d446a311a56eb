import { expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { createChance } from './chance.ts';

const USER = '0x1111111111111111111111111111111111111111' as const;
const COINS = { BTC: { px: 100_000, tick: 10 }, ETH: { px: 4_000, tick: 1 } } as const;
type Coin = keyof typeof COINS;

/** A reaction: the longest a fill may stand without a stop while answers get lost and workers restart. */
const NAKED_MS_MAX = 12_000;

async function live(world: World, random: () => number, steps: number): Promise<void> {
  const mids: Record<Coin, number> = { BTC: COINS.BTC.px, ETH: COINS.ETH.px };
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  world.link.onRequest = () => (random() < 0.08 ? pick(['lost-before', 'lost-after', 'refused'] as const) : null);
  for (let step = 0; step < steps; step += 1) {
    for (const coin of ['BTC', 'ETH'] as const) {
      const { tick } = COINS[coin];
      mids[coin] = Math.round((mids[coin] * (1 + (random() - 0.5) * 0.004)) / tick) * tick;
      world.book(coin, String(mids[coin]), String(mids[coin] + tick), '2');
      if (random() < 0.5)
        world.print(
          coin,
          pick(['buy', 'sell'] as const),
          String(mids[coin] - (random() < 0.5 ? tick : 0)),
          (random() * 0.05 + 0.001).toFixed(4),
        );
    }
    const coin = pick(['BTC', 'ETH'] as const);
    const mid = mids[coin];
    if (random() < 0.12) {
      const long = random() < 0.5;
      const at = (part: number): number => Math.round((mid * (1 + (long ? part : -part))) / COINS[coin].tick) * COINS[coin].tick;
      world.signal({
        symbol: `${coin}USDT`,
        direction: long ? 'long' : 'short',
        signal_type: 'entry',
        entry_1: at((random() - 0.6) * 0.003),
        stop_loss: at(-0.006),
        target_1: at(0.003),
        target_2: at(0.005),
        ...(random() < 0.5 ? { target_3: at(0.008) } : {}),
      });
    }
    if (random() < 0.03) world.signal({ symbol: coin, signal_type: 'exit' });
    if (random() < 0.02) await world.restart();
    world.link.streaming = random() > 0.03;
    await world.advance(1_000);
    if (!world.link.streaming) {
      world.link.streaming = true;
      world.streamEvent({ kind: 'connected' });
    }
  }
}

it.each([1, 2, 3, 4, 5, 6, 117, 138])(
  'keeps its promises through three minutes of faults, restarts and random signals (seed %i)',
  async (seed) => {
    const world = await openWorld({ reconcileIntervalMs: 10_000 });
    const random = createChance(seed).next;
    try {
      await live(world, random, 180);
      world.link.onRequest = () => null;
      for (const coin of ['BTC', 'ETH']) world.signal({ symbol: coin, signal_type: 'exit' });
      await world.hold(30_000);
      const audit = world.venue.audit();
      expect(audit.duplicateCloids).toBe(0);
      expect(audit.conservationErrorUsd).toBe(0);
      expect(world.venue.openOrders(USER)).toEqual([]);
      expect(world.venue.account(USER).positions).toEqual([]);
      expect(world.ledger.activeTrades('Sentient')).toEqual([]);
      expect(audit.nakedMsMax).toBeLessThanOrEqual(NAKED_MS_MAX);
      // Our books and the venue's agree to the micro-dollar.
      let cash = 0;
      for (const trade of world.ledger.allTrades()) {
        const { entryCost, exitCost, fees, funding } = world.ledger.fillSums(trade.tradeId);
        cash += (trade.direction === 'short' ? entryCost - exitCost : exitCost - entryCost) - fees + funding;
      }
      expect(world.venue.account(USER).accountValue - 10_000_000_000).toBe(cash);
      // The stop moves to breakeven at most once in a trade's life, whatever is lost, repeated or restarted.
      const moves = world.ledger
        .allTrades()
        .map((trade) => world.ledger.timeline(trade.tradeId).filter((event) => event.event === 'breakeven').length);
      expect(Math.max(...moves)).toBeLessThanOrEqual(1);
      // Every row has come to an end that other programs know.
      const ended = ['closed', 'expired', 'failed', 'executed', 'no_op'];
      expect(world.queue.allRows().filter((row) => !ended.includes(String(row.status)))).toEqual([]);
      expect(world.venue.fills(USER).length).toBeGreaterThan(5);
    } finally {
      await world.close();
    }
  },
);
