import { closable } from './account.ts';
import { anonymousAgainst, anonymousBest, ownAgainst } from './coin-market.ts';
import type { Core } from './core.ts';
import { type LiquidationNote, match } from './fills.ts';
import type { PriceLevel } from './ladder.ts';
import { cancelByVenue } from './lifecycle.ts';
import { freeMargin } from './margin.ts';
import { isAtInterestCap } from './open-interest.ts';
import type { OrderRecord } from './order-record.ts';

/** What an order may still take: all of it, or for reduce-only what the position leaves, so that it never flips. */
function wanted(order: OrderRecord): number {
  return order.reduceOnly ? Math.min(order.sz, closable(order.holding, order.sign)) : order.sz;
}

/**
 * Whether a resting order may be matched now by `taker` (null: the recorded market). If not, it is cancelled with the
 * venue's reason: own account, nothing left to reduce, or no margin any more (PROTOCOL §6).
 */
export function mayMatch(core: Core, maker: OrderRecord, taker: OrderRecord | null): boolean {
  if (taker !== null && taker.account === maker.account) {
    cancelByVenue(core, maker, 'selfTradeCanceled');
    return false;
  }
  if (maker.reduceOnly) {
    if (closable(maker.holding, maker.sign) > 0) return true;
    cancelByVenue(core, maker, 'reduceOnlyCanceled');
    return false;
  }
  if (isAtInterestCap(core, maker.market) && maker.sz > closable(maker.holding, maker.sign)) {
    cancelByVenue(core, maker, 'openInterestCapCanceled');
    return false;
  }
  // What this order needs is part of what is reserved, so the account can carry it exactly when nothing is overdrawn.
  const opens = maker.sz > closable(maker.holding, maker.sign);
  if (opens && freeMargin(maker.account) < 0) {
    cancelByVenue(core, maker, 'marginCanceled');
    return false;
  }
  return true;
}

/** The most a resting order can be filled for at once. */
export const fillable = (maker: OrderRecord): number => wanted(maker);

interface Taking {
  readonly taker: OrderRecord;
  readonly liquidation: LiquidationNote | null;
}

/**
 * Matches an order against the other side up to its limit, best price first, ours and recorded liquidity in one queue:
 * at an equal price the recorded lots that stood before our order trade first. Nothing matches in a gap.
 * Lessens `taker.sz`; whatever is left is the caller's to rest or drop.
 */
export function take(core: Core, taker: OrderRecord, liquidation: LiquidationNote | null = null): void {
  const { market, sign } = taker;
  if (market.inGap) return;
  const anonymous = anonymousAgainst(market, sign);
  const own = ownAgainst(market, sign);
  while (wanted(taker) > 0) {
    const level = own.best();
    const anonymousPx = anonymousBest(market, sign);
    if (level !== null && (anonymousPx === null || level.px * sign <= anonymousPx * sign)) {
      if (level.px * sign > taker.px * sign) return;
      takeOwn(core, { taker, liquidation }, level);
    } else {
      if (anonymousPx === null || anonymousPx * sign > taker.px * sign) return;
      takeAnonymous(core, { taker, liquidation }, anonymousPx, anonymous.leftAt(anonymousPx));
    }
  }
}

/** One step at a price where an order of ours is first among ours: the recorded lots before it, else itself. */
function takeOwn(core: Core, { taker, liquidation }: Taking, level: PriceLevel): void {
  const maker = level.head;
  if (maker === null) throw new Error(`price level ${level.px} is empty`);
  const before = Math.min(maker.queueAhead ?? Number.MAX_SAFE_INTEGER, anonymousAgainst(taker.market, taker.sign).leftAt(level.px));
  if (before > 0) {
    takeAnonymous(core, { taker, liquidation }, level.px, before);
    return;
  }
  if (!mayMatch(core, maker, taker)) return;
  match(core, { taker, maker, px: level.px, sz: Math.min(wanted(taker), fillable(maker)), liquidation });
}

function takeAnonymous(core: Core, { taker, liquidation }: Taking, px: number, available: number): void {
  const sz = Math.min(wanted(taker), available);
  anonymousAgainst(taker.market, taker.sign).take(px, sz, 'taker');
  const level = ownAgainst(taker.market, taker.sign).at(px);
  if (level !== null) advanceQueue(level, sz);
  match(core, { taker, maker: null, px, sz, liquidation });
}

/** Recorded lots at this price traded: all our orders here come nearer to the front. */
function advanceQueue(level: PriceLevel, traded: number): void {
  for (let order = level.head; order !== null; order = order.next) {
    if (order.queueAhead !== null) order.queueAhead = Math.max(0, order.queueAhead - traded);
  }
}
