/** Orders and cancels in the words and the key order the venue hashes (PROTOCOL §2.1, §3). */
import {
  type Cloid,
  formatPrice,
  formatSize,
  type Grouping,
  type Instrument,
  type Instruments,
  isValidPrice,
  type OrderIntent,
  type Tif,
} from '@hyperfleet/trading';

type WireAction = Readonly<Record<string, unknown>>;

/** An action ready to be signed, or why the request cannot be put into one. */
export type ToWire = { readonly ok: true; readonly action: WireAction } | { readonly ok: false; readonly problem: string };

const WIRE_TIF: Readonly<Record<Tif, string>> = { gtc: 'Gtc', ioc: 'Ioc', alo: 'Alo' };
const CLOID = /^0x[0-9a-f]{32}$/;

class Unsendable extends Error {}

/**
 * The `order` action. A price or size the venue would refuse, an unknown coin, a cloid in a wrong form or used twice in
 * the request, or a grouping that does not fit its orders is a problem found before anything is sent.
 */
export function orderAction(orders: readonly OrderIntent[], grouping: Grouping, instruments: Instruments): ToWire {
  return build(() => {
    if (orders.length === 0) throw new Unsendable('orders is empty: place at least one order');
    if (new Set(orders.map((order) => order.cloid)).size < orders.length)
      throw new Unsendable('two orders have the same cloid: derive one for each');
    checkGrouping(orders, grouping);
    return { type: 'order', orders: orders.map((order) => wireOrder(order, instruments)), grouping };
  });
}

/** The `cancelByCloid` action. */
export function cancelByCloidAction(orders: readonly { readonly coin: string; readonly cloid: Cloid }[], instruments: Instruments): ToWire {
  return build(() => {
    if (orders.length === 0) throw new Unsendable('orders is empty: cancel at least one order');
    const cancels = orders.map(({ coin, cloid }) => ({ asset: instrumentOf(coin, instruments).assetId, cloid: checkedCloid(cloid) }));
    return { type: 'cancelByCloid', cancels };
  });
}

/** The `cancel` action, by the venue's own order ids. */
export function cancelAction(orders: readonly { readonly coin: string; readonly oid: number }[], instruments: Instruments): ToWire {
  return build(() => {
    if (orders.length === 0) throw new Unsendable('orders is empty: cancel at least one order');
    const cancels = orders.map(({ coin, oid }) => {
      if (!Number.isSafeInteger(oid) || oid <= 0) throw new Unsendable(`oid ${oid} is no order id of the venue`);
      return { a: instrumentOf(coin, instruments).assetId, o: oid };
    });
    return { type: 'cancel', cancels };
  });
}

/** The `updateLeverage` action for cross margin; 1 to the coin's maximum. */
export function crossLeverageAction(coin: string, leverage: number, instruments: Instruments): ToWire {
  return build(() => {
    const instrument = instrumentOf(coin, instruments);
    if (instrument.onlyIsolated) throw new Unsendable(`${coin} can only be held isolated: it has no cross leverage`);
    if (!Number.isInteger(leverage) || leverage < 1 || leverage > instrument.maxLeverage) {
      throw new Unsendable(`leverage ${leverage} of ${coin} is not a whole number from 1 to ${instrument.maxLeverage}`);
    }
    return { type: 'updateLeverage', asset: instrument.assetId, isCross: true, leverage };
  });
}

function build(make: () => WireAction): ToWire {
  try {
    return { ok: true, action: make() };
  } catch (error) {
    if (error instanceof Unsendable) return { ok: false, problem: error.message };
    throw error;
  }
}

function instrumentOf(coin: string, instruments: Instruments): Instrument {
  const instrument = instruments.get(coin);
  if (instrument === undefined) throw new Unsendable(`coin ${coin} is not in the venue's meta`);
  return instrument;
}

function checkedCloid(cloid: Cloid): Cloid {
  if (!CLOID.test(cloid)) throw new Unsendable(`cloid ${cloid} is not 0x and 32 lower-case hex digits`);
  return cloid;
}

/** normalTpsl: a limit order first, then reduce-only triggers (PROTOCOL §3). */
function checkGrouping(orders: readonly OrderIntent[], grouping: Grouping): void {
  if (grouping === 'na') return;
  const [parent, ...children] = orders;
  if (parent?.kind.type !== 'limit') throw new Unsendable('the first order of a normalTpsl must be a limit order');
  if (children.length === 0) throw new Unsendable('a normalTpsl needs at least one trigger after its first order');
  const odd = children.find(
    (child) => child.kind.type === 'limit' || !child.reduceOnly || child.coin !== parent.coin || child.side === parent.side,
  );
  if (odd !== undefined)
    throw new Unsendable(`order ${odd.cloid} of a normalTpsl is not a reduce-only trigger that closes its first order`);
}

function wireOrder(order: OrderIntent, instruments: Instruments): WireAction {
  const instrument = instrumentOf(order.coin, instruments);
  if (order.sz <= 0) throw new Unsendable(`sz ${order.sz} of ${order.coin} is not above zero`);
  checkPrice('px', order.px, instrument);
  return {
    a: instrument.assetId,
    b: order.side === 'buy',
    p: formatPrice(order.px, instrument),
    s: formatSize(order.sz, instrument),
    r: order.reduceOnly,
    t: wireType(order, instrument),
    c: checkedCloid(order.cloid),
  };
}

function wireType(order: OrderIntent, instrument: Instrument): WireAction {
  const { kind } = order;
  switch (kind.type) {
    case 'limit':
      return { limit: { tif: WIRE_TIF[kind.tif] } };
    case 'stop-market':
      checkPrice('triggerPx', kind.triggerPx, instrument);
      return { trigger: { isMarket: true, triggerPx: formatPrice(kind.triggerPx, instrument), tpsl: 'sl' } };
    default:
      return unsupported(kind);
  }
}

function unsupported(kind: never): never {
  throw new Error(`an order cannot be of kind ${JSON.stringify(kind)}`);
}

function checkPrice(field: string, px: OrderIntent['px'], instrument: Instrument): void {
  if (isValidPrice(px, instrument)) return;
  throw new Unsendable(
    `${field} ${px > 0 ? formatPrice(px, instrument) : px} of ${instrument.coin} is no valid price: above zero, at most 5 figures or whole dollars`,
  );
}
