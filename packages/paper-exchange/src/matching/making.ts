import { mulDiv } from '@hyperfleet/trading';
import type { Print } from '../market/event.ts';
import { anonymousAgainst, anonymousBeside, type CoinMarket, depthTimeMs, ownBeside } from './coin-market.ts';
import type { Core } from './core.ts';
import { countExchange } from './fees.ts';
import { match } from './fills.ts';
import type { PriceLevel } from './ladder.ts';
import { joinBook, leaveBook, trimReduceOnly } from './lifecycle.ts';
import type { OrderRecord } from './order-record.ts';
import { fillable, mayMatch, take } from './taking.ts';

/**
 * When our resting orders fill from the recorded market:
 * - a print beyond their price fills them (whoever traded there would have met them first);
 * - a print at their price by the other side's aggressor fills them once the recorded lots before them have traded;
 * - a book whose other side crosses their price fills them for the crossing size, unless prints alone are to fill.
 * A print that the venue executed before the depth an order was queued by has nothing to do with that order.
 * All at their own price, in price-time order, and a print's volume is handed out once.
 */

/** Hands one print's volume to our resting orders. */
export function handOutPrint(core: Core, market: CoinMarket, print: Print): void {
  let left: number = print.sz;
  const isTold = print.exchangeTimeMs < depthTimeMs(market);
  for (const sign of [1, -1] as const) {
    const beyond: PriceLevel[] = [];
    ownBeside(market, sign).walk((level) => {
      if (level.px * sign > print.px * sign) beyond.push(level);
      return level.px * sign > print.px * sign;
    });
    for (const level of beyond) if (left > 0) left -= fillLevel(core, level, { print, volume: left, queue: 'none' });
  }
  const sign = print.side === 'sell' ? 1 : -1;
  const level = ownBeside(market, sign).at(print.px);
  if (level !== null && left > 0) fillLevel(core, level, { print, volume: left, queue: isTold ? 'told' : 'moves' });
  if (!isTold) forgetTraded(market, print);
}

/** The recorded depth at the print's price is lower by it, which is a trade and no cancellation. */
function forgetTraded(market: CoinMarket, print: Print): void {
  const level = ownBeside(market, print.side === 'sell' ? 1 : -1).at(print.px);
  if (level !== null && level.seenSz !== null) level.seenSz = Math.max(0, level.seenSz - print.sz);
}

interface Handout {
  readonly print: Print;
  /** Lots of the print still to be handed out. */
  readonly volume: number;
  /**
   * Whether the recorded lots before an order trade first: not when the print went beyond its price; `told` when the depth is
   * newer than the print and so has counted it already.
   */
  readonly queue: 'none' | 'moves' | 'told';
}

/** Fills the orders of a level out of a print's volume, in time order. Returns the lots our orders took. */
function fillLevel(core: Core, level: PriceLevel, { print, volume, queue }: Handout): number {
  let left = volume;
  let taken = 0;
  let passed = 0;
  for (const order of ordersOf(level)) {
    if (order.phase !== 'resting' || (order.queuedAtMs ?? 0) > print.exchangeTimeMs) continue;
    if (queue !== 'none') {
      const before = order.queueAhead === null ? left : Math.max(0, order.queueAhead - passed);
      const traded = Math.min(left, before);
      passed += traded;
      left -= traded;
      if (order.queueAhead !== null && queue === 'moves') order.queueAhead = Math.max(0, order.queueAhead - passed);
    }
    if (left === 0) {
      if (queue !== 'none') continue;
      break;
    }
    if (!mayMatch(core, order, null)) continue;
    const sz = Math.min(left, fillable(order));
    match(core, { taker: null, maker: order, px: level.px, sz });
    left -= sz;
    taken += sz;
  }
  return taken;
}

function ordersOf(level: PriceLevel): OrderRecord[] {
  const orders: OrderRecord[] = [];
  for (let order = level.head; order !== null; order = order.next) orders.push(order);
  return orders;
}

/** Fills our resting orders that the recorded other side now crosses, up to the crossing size. */
export function fillCrossed(core: Core, market: CoinMarket): void {
  if (market.printsOnly) return;
  for (const sign of [1, -1] as const) {
    const ladder = ownBeside(market, sign);
    const against = anonymousAgainst(market, sign);
    for (;;) {
      const order = ladder.best()?.head ?? null;
      const px = against.bestPx();
      if (order === null || px === null || order.px * sign < px * sign) break;
      if (!mayMatch(core, order, null)) continue;
      const sz = Math.min(against.leftAt(px), fillable(order));
      against.take(px, sz, 'crossing');
      countExchange(core, order.px * sz);
      match(core, { taker: null, maker: order, px: order.px, sz });
    }
  }
}

/** Our orders may have come to cross one another in a gap, when nothing matches: the later one takes. */
export function uncrossOwn(core: Core, market: CoinMarket): void {
  for (;;) {
    const bid = market.own.bids.best()?.head ?? null;
    const ask = market.own.asks.best()?.head ?? null;
    if (bid === null || ask === null || bid.px < ask.px) return;
    const later = bid.oid > ask.oid ? bid : ask;
    leaveBook(later);
    later.phase = 'new';
    take(core, later);
    if (later.sz > 0) {
      later.phase = 'resting';
      joinBook(later);
      if (later.reduceOnly) trimReduceOnly(core, later.holding);
    }
  }
}

/**
 * Re-reads the depth before our orders from a newer book. Where the size at a price fell by more than what printed there,
 * orders left: those before us and those behind us in proportion. Where it grew, the new ones stand behind us.
 */
export function followQueues(market: CoinMarket, sign: 1 | -1): void {
  const beside = anonymousBeside(market, sign);
  ownBeside(market, sign).walk((level) => {
    const depth = beside.rawAt(level.px);
    if (depth === null) return false;
    const seen = level.seenSz;
    for (let order = level.head; order !== null; order = order.next) {
      if (order.queueAhead === null) order.queueAhead = depth;
      else if (seen !== null && depth < seen) order.queueAhead = mulDiv(order.queueAhead, depth, seen, 'ceil');
      if (order.queueAhead > depth) order.queueAhead = depth;
    }
    level.seenSz = depth;
    return true;
  });
}
