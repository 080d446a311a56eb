/** A short market and the rows that are traded on it: entries, part fills, a first target, breakeven, exits and control commands. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRecordingWriter, createScriptedMarket, type MarketEvent, type WrittenLevel } from '@hyperfleet/paper-exchange';
import type { Instrument } from '@hyperfleet/trading';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const ETH: Instrument = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
const START_MS = 1_757_015_216_000;
/** Long after the last row: what a crash delayed has time to end. Nobody waits for it when all is done before. */
const END_S = 600;

/** What the market does, by the second. Between two steps the last books are told again every half second. */
const STEPS: readonly {
  readonly atS: number;
  readonly btc?: number;
  readonly eth?: number;
  readonly print?: readonly [string, 'buy' | 'sell', string, string];
}[] = [
  { atS: 0, btc: 100_000, eth: 4_000 },
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

/** Five levels from a price outward, a dollar apart. */
const side = (px: number, sign: 1 | -1, sz: string): readonly WrittenLevel[] =>
  [1, 2, 3, 4, 5].map((step): WrittenLevel => [String(px + sign * step), sz]);

/** Writes the market and the rows into a directory, and returns where. */
export function writeScenario(dir: string): { readonly market: string; readonly signals: string } {
  const market = join(dir, 'scenario.hfr');
  const script = createScriptedMarket([BTC, ETH], START_MS);
  const writer = createRecordingWriter(market, [BTC, ETH]);
  const add = (event: MarketEvent): void => {
    if (event.kind !== 'gap' && event.kind !== 'mark') writer.add(event);
  };
  let btc = 100_000;
  let eth = 4_000;
  for (let half = 0; half <= END_S * 2; half += 1) {
    for (const step of STEPS.filter(({ atS }) => atS * 2 === half)) {
      btc = step.btc ?? btc;
      eth = step.eth ?? eth;
      if (step.print !== undefined) add(script.print(step.print[0], step.print[1], step.print[2], { sz: step.print[3] }));
    }
    add(script.book('BTC', side(btc, -1, '2'), side(btc, 1, '2')));
    add(script.book('ETH', side(eth, -1, '40'), side(eth, 1, '40')));
    script.wait(500);
  }
  writer.finish({ source: 'scenario', marketStartMs: START_MS, endMs: START_MS + END_S * 1_000, gaps: [] });
  const signals = join(dir, 'scenario.json');
  writeFileSync(signals, JSON.stringify(ROWS));
  return { market, signals };
}
