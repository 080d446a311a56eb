/** The matching core's words as a bot's ports have them, and back: what the wire adapter does over a socket, without one. */
import type { OrderInput, Venue, VenueFill, VenueOrder } from '@hyperfleet/paper-exchange';
import {
  type AccountView,
  type Cloid,
  type Fill,
  formatPrice,
  formatSize,
  type Instrument,
  lots,
  type OpenOrder,
  type OrderIntent,
  type OrderOutcome,
  type OrderUpdate,
  parsePrice,
  parseSize,
  ticks,
} from '@hyperfleet/trading';

/** The venue's status word, folded to what a bot acts on. */
export function foldedStatus(word: string): OrderUpdate['status'] {
  if (word === 'open' || word === 'triggered' || word === 'filled') return word;
  return word.endsWith('Rejected') || word === 'rejected' ? 'rejected' : 'canceled';
}

/** An intent as an order of an action. */
export function orderInput(order: OrderIntent, instrument: Instrument): OrderInput {
  return {
    asset: instrument.assetId,
    side: order.side,
    px: formatPrice(order.px, instrument),
    sz: formatSize(order.sz, instrument),
    reduceOnly: order.reduceOnly,
    cloid: order.cloid,
    type:
      order.kind.type === 'limit'
        ? { kind: 'limit', tif: order.kind.tif === 'gtc' ? 'Gtc' : order.kind.tif === 'ioc' ? 'Ioc' : 'Alo' }
        : { kind: 'trigger', isMarket: true, triggerPx: formatPrice(order.kind.triggerPx, instrument), tpsl: 'sl' },
  };
}

/** What a status of a reply says of one order. */
export function orderOutcome(status: unknown, instrument: Instrument): OrderOutcome {
  if (status === 'waitingForFill') return { kind: 'waiting', armed: false };
  if (status === 'waitingForTrigger') return { kind: 'waiting', armed: true };
  if (typeof status !== 'object' || status === null) return { kind: 'unknown', reason: String(status) };
  if ('resting' in status) return { kind: 'resting', oid: (status.resting as { oid: number }).oid };
  if ('error' in status) return { kind: 'rejected', reason: String(status.error) };
  const filled = (status as { filled: { oid: number; totalSz: string; avgPx: string } }).filled;
  return {
    kind: 'filled',
    oid: filled.oid,
    filledSz: parseSize(filled.totalSz, instrument) ?? lots(0),
    avgPx: parsePrice(filled.avgPx, instrument) ?? ticks(0),
  };
}

/** An account as it stands at the venue now. */
export function accountView(venue: Venue, user: VenueOrder['user'], timeMs: number): AccountView {
  const state = venue.account(user);
  return {
    equity: state.accountValue,
    cash: state.totalRawUsd,
    marginUsed: state.totalMarginUsed,
    withdrawable: state.withdrawable,
    timeMs,
    positions: state.positions.map(({ coin, szi, entryPx, liquidationPx, unrealizedPnl, marginUsed, leverage, isCross }) => ({
      coin,
      szi,
      entryPx,
      liquidationPx,
      unrealizedPnl,
      marginUsed,
      leverage,
      isCross,
    })),
  };
}

export function openOrderView(order: VenueOrder): OpenOrder {
  return {
    coin: order.coin,
    oid: order.oid,
    cloid: order.cloid as Cloid | null,
    side: order.side,
    px: order.px,
    sz: order.sz,
    origSz: order.origSz,
    reduceOnly: order.reduceOnly,
    triggerPx: order.triggerPx,
    isStop: order.tpsl === 'sl',
    waitingForParent: order.waitingForFill,
    timeMs: order.timestampMs,
  };
}

export function fillView(fill: VenueFill): Fill {
  return {
    coin: fill.coin,
    oid: fill.oid,
    tid: fill.tid,
    cloid: fill.cloid as Cloid | null,
    timeMs: fill.timeMs,
    side: fill.side,
    px: fill.px,
    sz: fill.sz,
    fee: fill.fee,
    closedPnl: fill.closedPnl,
    startPosition: fill.startPosition,
    dir: fill.dir,
    crossed: fill.crossed,
    liquidation: fill.liquidation !== null,
  };
}

export function orderUpdate(order: VenueOrder, word: string, timeMs: number): OrderUpdate {
  const { coin, oid, sz, origSz } = order;
  return { coin, oid, cloid: order.cloid as Cloid | null, status: foldedStatus(word), word, sz, origSz, timeMs };
}
