/** A short market and the rows that are traded on it: entries, part fills, a first target, breakeven, exits and control commands. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MarketStep, writeShortMarket } from '../../support/short-market.ts';

/** Long after the last row: what a crash delayed has time to end. Nobody waits for it when all is done before. */
const END_S = 600;

/** What the market does, by the second. */
const STEPS: readonly MarketStep[] = [
  { atS: 5, print: ['BTC', 'sell', '99890', '0.03'] },
  { atS: 8, print: ['BTC', 'sell', '99890', '0.5'] },
  { atS: 12, btc: 100_500 },
  { atS: 13, print: ['BTC', 'buy', '100510', '0.05'] },
  { atS: 18, eth: 4_009, print: ['ETH', 'buy', '4011', '0.4'] },
  { atS: 20, print: ['ETH', 'buy', '4011', '9'] },
  { atS: 30, btc: 100_000 },
  { atS: 34, btc: 97_900, print: ['BTC', 'sell', '97900', '1'] },
  { atS: 36, btc: 97_800 },
];

/** Rows as the fleet's feeder takes them; `atMs` is market time since the start. */
const ROWS: readonly object[] = [
  {
    atMs: 1_000,
    row: {
      symbol: 'BTC',
      direction: 'long',
      signal_type: 'entry',
      bot_name: 'One',
      entry_1: 99_900,
      stop_loss: 98_000,
      target_1: 100_500,
      target_2: 101_500,
    },
  },
  {
    atMs: 1_200,
    row: {
      symbol: 'ETH',
      direction: 'short',
      signal_type: 'entry',
      bot_name: 'Two',
      entry_1: 4_010,
      stop_loss: 4_100,
      target_1: 3_900,
      target_2: 3_850,
    },
  },
  { atMs: 16_000, row: { symbol: 'BTC', signal_type: 'exit', bot_name: 'One' } },
  { atMs: 24_000, control: { bot_id: 'Two', command: 'CLOSE_ALL' } },
  { atMs: 27_000, control: { bot_id: 'Two', command: 'RESUME' } },
  { atMs: 31_000, row: { symbol: 'BTC', direction: 'long', signal_type: 'entry', bot_name: 'Two', entry_1: 100_100, stop_loss: 98_000 } },
  { atMs: 33_000, row: { symbol: 'ETH', direction: 'long', signal_type: 'entry', bot_name: 'One', entry_1: 3_900, stop_loss: 3_800 } },
  { atMs: 38_000, control: { bot_id: 'One', command: 'PAUSE' } },
  { atMs: 40_000, row: { symbol: 'ETH', signal_type: 'exit', bot_name: 'One' } },
  // Whatever a crash made late is ended here.
  { atMs: 52_000, control: { bot_id: 'ALL', command: 'CLOSE_ALL' } },
];

/** How many of the rows are entries, a bot and coin: the venue may take as many opening orders of each, and no more. */
export const ENTRIES: ReadonlyMap<string, number> = new Map([
  ['One BTC', 1],
  ['Two ETH', 1],
  ['Two BTC', 1],
  ['One ETH', 1],
]);

/** Writes the market and the rows into a directory, and returns where. */
export function writeScenario(dir: string): { readonly market: string; readonly signals: string } {
  const market = join(dir, 'scenario.hfr');
  writeShortMarket(market, STEPS, END_S);
  const signals = join(dir, 'scenario.json');
  writeFileSync(signals, JSON.stringify(ROWS));
  return { market, signals };
}
