import { ticks } from '@hyperfleet/trading';
import type { MarketEvent, Print } from '../market/event.ts';
import type { BboEvent, CoinMarket } from './coin-market.ts';
import { beginTransaction, type Core } from './core.ts';
import { countExchange } from './fees.ts';
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
  if (isNew) {
    market.matchFromMs = event.exchangeTimeMs;
    market.bbo = null;
  }
  market.recorded = true;
  market.inGap = false;
  market.anonymous.bids.replace(event.bids);
  market.anonymous.asks.replace(event.asks);
  if (market.bbo !== null && market.bbo.exchangeTimeMs > event.exchangeTimeMs) overrideTops(market, market.bbo);
  afterBook(core, market);
  if (wasGap) uncrossOwn(core, market);
  if (market.mark === null) refreshMark(core, market);
}

/** A best bid and offer counts only when it is newer than all that is known: one of the snapshot's own time is in it already. */
function takeBbo(core: Core, market: CoinMarket, event: BboEvent): void {
  if (!market.recorded || market.inGap) return;
  if (event.exchangeTimeMs <= Math.max(market.bookTimeMs, market.bbo?.exchangeTimeMs ?? 0)) return;
  market.bbo = event;
  overrideTops(market, event);
  afterBook(core, market);
}

function overrideTops(market: CoinMarket, { bid, ask }: BboEvent): void {
  market.anonymous.bids.overrideTop(bid);
  market.anonymous.asks.overrideTop(ask);
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
    countExchange(core, print.px * print.sz);
    if (print.exchangeTimeMs >= market.lastPrintMs) {
      market.lastPrint = ticks(print.px);
      market.lastPrintMs = print.exchangeTimeMs;
      core.restless.add(market);
    }
    // History of before the market start, or of a gap, trades with nobody.
    if (!market.recorded || market.inGap || print.exchangeTimeMs < market.matchFromMs) continue;
    beginTransaction(core);
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
      takeBbo(core, market, event);
      return;
    case 'prints':
      takePrints(core, market, event.prints);
      return;
    case 'gap':
      market.inGap = true;
      return;
    case 'mark':
      if (event.fundingRateE10 !== null) {
        market.fundingRateE10 = event.fundingRateE10;
        market.fundingIsRecorded = true;
        core.premiumCoins.delete(market);
      }
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
