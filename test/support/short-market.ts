/** A market of minutes, written as a recording: two coins, their books every half second, and what is to happen in it. */
import { createRecordingWriter, createScriptedMarket, type MarketEvent, type WrittenLevel } from '@hyperfleet/paper-exchange';
import type { Instrument } from '@hyperfleet/trading';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const ETH: Instrument = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
const START_MS = 1_757_015_216_000;

/** What comes at a second of it: new mids, dollars, and a print: coin, side of the taker, price, size. */
export interface MarketStep {
  readonly atS: number;
  readonly btc?: number;
  readonly eth?: number;
  readonly print?: readonly [string, 'buy' | 'sell', string, string];
}

/** Five levels from a price outward, a dollar apart. */
const side = (px: number, sign: 1 | -1, sz: string): readonly WrittenLevel[] =>
  [1, 2, 3, 4, 5].map((step): WrittenLevel => [String(px + sign * step), sz]);

/** Writes such a market, `endS` seconds long. It begins at BTC 100,000 and ETH 4,000. */
export function writeShortMarket(path: string, steps: readonly MarketStep[], endS: number): void {
  const script = createScriptedMarket([BTC, ETH], START_MS);
  const writer = createRecordingWriter(path, [BTC, ETH]);
  const add = (event: MarketEvent): void => {
    if (event.kind !== 'gap' && event.kind !== 'mark') writer.add(event);
  };
  let btc = 100_000;
  let eth = 4_000;
  for (let half = 0; half <= endS * 2; half += 1) {
    for (const step of steps.filter(({ atS }) => atS * 2 === half)) {
      btc = step.btc ?? btc;
      eth = step.eth ?? eth;
      if (step.print !== undefined) add(script.print(step.print[0], step.print[1], step.print[2], { sz: step.print[3] }));
    }
    add(script.book('BTC', side(btc, -1, '2'), side(btc, 1, '2')));
    add(script.book('ETH', side(eth, -1, '40'), side(eth, 1, '40')));
    script.wait(500);
  }
  writer.finish({ source: 'scenario', marketStartMs: START_MS, endMs: START_MS + endS * 1_000, gaps: [] });
}
