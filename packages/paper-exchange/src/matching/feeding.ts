import { type Level, ticks } from '@hyperfleet/trading';
import type { MarketEvent, Print } from '../market/event.ts';
import type { CoinMarket } from './coin-market.ts';
import type { Core } from './core.ts';
import { fillCrossed, followQueues, handOutPrint, uncrossOwn } from './making.ts';
import { applyMark, refreshMark } from './marking.ts';
import { settleArmed } from './triggers.ts';

type BookEvent = Extract<MarketEvent, { kind: 'book' }>;

function takeBook(core: Core, market: CoinMarket, event: BookEvent): void {
  const isNew = !market.recorded || market.inGap;
  // A snapshot no newer than the last says nothing new, and would bring back what was taken.
  if (!isNew && event.exchangeTimeMs <= market.bookTimeMs) return;
  const wasGap = market.inGap;
  market.bookTimeMs = event.exchangeTimeMs;
  if (isNew) market.matchFromMs = event.exchangeTimeMs;
  market.recorded = true;
  market.inGap = false;
  market.anonymous.bids.replace(event.bids);
  market.anonymous.asks.replace(event.asks);
  afterBook(core, market);
  if (wasGap) uncrossOwn(core, market);
  if (market.mark === null) refreshMark(core, market);
}

function takeBbo(core: Core, market: CoinMarket, atMs: number, sides: { bid: Level | null; ask: Level | null }): void {
  if (!market.recorded || market.inGap || atMs <= market.bookTimeMs) return;
  market.bookTimeMs = atMs;
  market.anonymous.bids.overrideTop(sides.bid);
  market.anonymous.asks.overrideTop(sides.ask);
  afterBook(core, market);
}

function afterBook(core: Core, market: CoinMarket): void {
  followQueues(market, 1);
  followQueues(market, -1);
  fillCrossed(core, market);
  settleArmed(core);
  core.restless.add(market);
}

function takePrints(core: Core, market: CoinMarket, prints: readonly Print[]): void {
  for (const print of prints) {
    if (!market.seenTids.isNew(print.tid)) continue;
    if (print.exchangeTimeMs >= market.lastPrintMs) {
      market.lastPrint = ticks(print.px);
      market.lastPrintMs = print.exchangeTimeMs;
      core.restless.add(market);
    }
    // History of before the market start, or of a gap, trades with nobody.
    if (!market.recorded || market.inGap || print.exchangeTimeMs < market.matchFromMs) continue;
    handOutPrint(core, market, print);
    settleArmed(core);
  }
}

/**
 * Takes one message of the recorded market. Throws when its coin is not among the instruments.
 * After a `gap` nothing of the coin matches and no trigger fires until its next book, which is the new market.
 */
export function takeMarketEvent(core: Core, event: MarketEvent): void {
  const market = core.byCoin.get(event.coin);
  if (market === undefined)
    throw new Error(`market event for coin ${event.coin}, which is not among the instruments: add it to the universe`);
  switch (event.kind) {
    case 'book':
      takeBook(core, market, event);
      return;
    case 'bbo':
      takeBbo(core, market, event.exchangeTimeMs, event);
      return;
    case 'prints':
      takePrints(core, market, event.prints);
      return;
    case 'gap':
      market.inGap = true;
      return;
    case 'mark':
      if (event.fundingRateE10 !== null) market.fundingRateE10 = event.fundingRateE10;
      if (market.inGap) return;
      market.markIsRecorded = true;
      applyMark(core, market, event.mark, event.oracle);
      return;
    default:
      assertNever(event);
  }
}

function assertNever(event: never): never {
  throw new Error(`unexpected market event ${JSON.stringify(event)}`);
}
