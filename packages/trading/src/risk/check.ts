import { isDerivedCloid } from '../ids.ts';
import { type Instrument, isValidPrice } from '../instrument.ts';
import { type OrderIntent, type OrderRole, opposite } from '../order.ts';
import type { PlaceRequest } from '../ports/exchange.ts';
import { divideSum, type Lots, type MicroUsd, microUsd, notional } from '../units.ts';
import type { Approved } from './approval.ts';
import { mostLots, venueMaximum } from './venue-maximum.ts';
import { atPrice, dollars, ofSize } from './wording.ts';

/** Refused by us, before anything was sent. */
export interface Denied {
  readonly kind: 'denied';
  readonly reason: string;
}

/** Whether a check's answer is a denial. */
export const isDenied = (x: unknown): x is Denied => typeof x === 'object' && x !== null && 'kind' in x && x.kind === 'denied';

type Verdict = Approved<PlaceRequest> | Denied;

function settle(request: PlaceRequest, fault: string | null): Verdict {
  return fault === null ? (request as Approved<PlaceRequest>) : { kind: 'denied', reason: fault };
}

/**
 * Approves an entry with its stop: exactly two orders in one `normalTpsl` (PROTOCOL §3), the entry a limit order (gtc or
 * ioc) of a size within leverage, venue maximum and minimum notional, the stop reduce-only, of the same size, on the losing side.
 */
export function approveEntry(
  request: PlaceRequest,
  see: { readonly instrument: Instrument; readonly equity: MicroUsd; readonly maxLeverage: number; readonly minNotional: MicroUsd },
): Verdict {
  return settle(request, faultOfRequest(request, see.instrument) ?? faultOfEntry(request, see));
}

/**
 * Approves stops and take-profits: every order reduce-only, grouping `na`, one side, no take-profit and not all of them
 * together larger than the position, stop limits on the side of their trigger that lets them fill. A stop may be as large as
 * the position can still become while its entry fills, `stillFilling` more: reduce-only caps it when it fires (PROTOCOL §6).
 */
export function approveProtection(
  request: PlaceRequest,
  see: { readonly instrument: Instrument; readonly positionAbs: Lots; readonly stillFilling?: Lots },
): Verdict {
  return settle(request, faultOfRequest(request, see.instrument) ?? faultOfProtection(request, see));
}

/**
 * Approves a close: one reduce-only IOC not larger than the position, alone or with one stop on its side that holds what it leaves. The stop
 * may be as large as in `approveProtection`.
 */
export function approveClose(
  request: PlaceRequest,
  see: { readonly instrument: Instrument; readonly positionAbs: Lots; readonly stillFilling?: Lots },
): Verdict {
  return settle(request, faultOfRequest(request, see.instrument) ?? faultOfClose(request, see));
}

/** What is wrong with any request, whatever it is for. */
function faultOfRequest(request: PlaceRequest, instrument: Instrument): string | null {
  if (request.orders.length === 0) return 'the request holds no order';
  if (!Number.isSafeInteger(request.nonce) || request.nonce <= 0) return `nonce ${request.nonce} is no whole number above zero`;
  if (!Number.isSafeInteger(request.expiresAfterMs) || request.expiresAfterMs <= 0)
    return `expiresAfter ${request.expiresAfterMs} is no time`;
  const cloids = new Set(request.orders.map((order) => order.cloid));
  if (cloids.size !== request.orders.length) return 'two orders of the request share a client order id';
  for (const order of request.orders) {
    const fault = faultOfOrder(order, instrument);
    if (fault !== null) return `${order.role} ${order.cloid}: ${fault}`;
  }
  return null;
}

function faultOfOrder(order: OrderIntent, instrument: Instrument): string | null {
  if (order.coin !== instrument.coin) return `is for ${order.coin}, checked against ${instrument.coin}`;
  if (!isDerivedCloid(order.cloid)) return 'its client order id is not 0x and 32 lower-case hex digits with the high half above zero';
  if (!Number.isSafeInteger(order.sz) || order.sz <= 0) return `size ${order.sz} lots is not above zero`;
  if (!isValidPrice(order.px, instrument)) return `price ${order.px} ticks is not valid at the venue`;
  const { kind } = order;
  switch (kind.type) {
    case 'limit':
      return null;
    case 'stop-market': {
      if (!order.reduceOnly) return 'a stop must be reduce-only';
      if (!isValidPrice(kind.triggerPx, instrument)) return `trigger ${kind.triggerPx} ticks is not valid at the venue`;
      const canFill = order.side === 'sell' ? order.px <= kind.triggerPx : order.px >= kind.triggerPx;
      if (canFill) return null;
      const limit = `limit ${atPrice(order.px, instrument)}`;
      return `${limit} is on the wrong side of trigger ${atPrice(kind.triggerPx, instrument)} for a ${order.side} stop`;
    }
    default: {
      const never: never = kind;
      return never;
    }
  }
}

function faultOfEntry(
  request: PlaceRequest,
  see: { readonly instrument: Instrument; readonly equity: MicroUsd; readonly maxLeverage: number; readonly minNotional: MicroUsd },
): string | null {
  const { instrument } = see;
  const [entry, stop, ...more] = request.orders;
  if (entry === undefined || stop === undefined || more.length > 0)
    return `an entry goes out with exactly one stop, not ${request.orders.length} orders`;
  if (request.grouping !== 'normalTpsl') return `an entry and its stop are grouped normalTpsl, not ${request.grouping}`;
  if (instrument.isDelisted) return `${instrument.coin} is delisted`;
  if (entry.role !== 'entry' || entry.reduceOnly || entry.kind.type !== 'limit')
    return 'the first order must be the entry: a limit order, not reduce-only';
  if (entry.kind.tif === 'alo') return 'an entry is gtc or ioc, not alo';
  if (stop.role !== 'stop' || stop.kind.type !== 'stop-market') return 'the second order must be the stop';
  if (stop.side !== opposite(entry.side)) return `the stop of a ${entry.side} must ${opposite(entry.side)}`;
  if (stop.sz !== entry.sz) return `the stop's size ${ofSize(stop.sz, instrument)} is not the entry's ${ofSize(entry.sz, instrument)}`;
  const { triggerPx } = stop.kind;
  if (entry.side === 'buy' ? triggerPx >= entry.px : triggerPx <= entry.px) {
    return `the stop ${atPrice(triggerPx, instrument)} is not on the losing side of the entry ${atPrice(entry.px, instrument)}`;
  }
  return faultOfNotional(entry, entry.kind.tif, see) ?? faultOfStopValue(stop, instrument);
}

/** A stop that is a market order is refused beyond the maximum of one, and its entry with it (PROTOCOL §3, §5). */
function faultOfStopValue({ px, sz }: OrderIntent, instrument: Instrument): string | null {
  if (sz <= mostLots(instrument, 'ioc', px)) return null;
  return `the stop's ${dollars(notional(px, sz))} is over the venue's maximum of ${dollars(venueMaximum(instrument, 'ioc'))} for a market order`;
}

function faultOfNotional(
  entry: OrderIntent,
  tif: 'gtc' | 'ioc',
  see: { readonly instrument: Instrument; readonly equity: MicroUsd; readonly maxLeverage: number; readonly minNotional: MicroUsd },
): string | null {
  if (!Number.isSafeInteger(entry.px * entry.sz)) return `${entry.px} ticks × ${entry.sz} lots is no order of this world`;
  const value = notional(entry.px, entry.sz);
  if (value < see.minNotional) return `the entry's ${dollars(value)} is under the venue's minimum of ${dollars(see.minNotional)}`;
  const maximum = venueMaximum(see.instrument, tif);
  if (value > maximum) return `the entry's ${dollars(value)} is over the venue's maximum of ${dollars(maximum)}`;
  const leverage = Math.min(see.maxLeverage, see.instrument.maxLeverage);
  const most = microUsd(
    divideSum([[see.equity, Math.round(leverage * 1_000_000)]], [1_000_000], { rounding: 'floor', atMost: Number.MAX_SAFE_INTEGER }),
  );
  return value > most ? `the entry's ${dollars(value)} is over ${leverage} times the equity of ${dollars(see.equity)}` : null;
}

const PROTECTION_ROLES: ReadonlySet<OrderRole> = new Set<OrderRole>(['stop', 'own-stop', 'breakeven', 'tp1', 'tp2', 'tp3', 'tp4', 'tp5']);

function faultOfProtection(
  request: PlaceRequest,
  see: { readonly instrument: Instrument; readonly positionAbs: Lots; readonly stillFilling?: Lots },
): string | null {
  const { instrument, positionAbs } = see;
  if (request.grouping !== 'na') return `protection is placed on its own (na), not ${request.grouping}`;
  const [first] = request.orders;
  let resting = 0;
  for (const order of request.orders) {
    const isTarget = order.role.startsWith('tp');
    if (!PROTECTION_ROLES.has(order.role)) return `${order.role} is no protection`;
    if (!order.reduceOnly) return `${order.role} must be reduce-only`;
    if (order.side !== first?.side) return 'the orders of one request protect one position and are on one side';
    if (isTarget !== (order.kind.type === 'limit')) return `${order.role} must be a ${isTarget ? 'limit order' : 'stop'}`;
    if (order.kind.type === 'limit' && order.kind.tif === 'ioc') return `${order.role} must rest, not ioc`;
    if (isTarget) resting += order.sz;
    if (order.sz > positionAbs + (isTarget ? 0 : (see.stillFilling ?? 0)))
      return `${order.role} of ${ofSize(order.sz, instrument)} is larger than the position of ${ofSize(positionAbs, instrument)}`;
  }
  // Resting reduce-only orders past the position make the venue cancel the older ones (PROTOCOL §6).
  return resting > positionAbs ? `take-profits of ${resting} lots are more than the position of ${ofSize(positionAbs, instrument)}` : null;
}

function faultOfClose(
  request: PlaceRequest,
  see: { readonly instrument: Instrument; readonly positionAbs: Lots; readonly stillFilling?: Lots },
): string | null {
  const [order, stop, ...more] = request.orders;
  if (order === undefined || more.length > 0) return `a close is one order, or one and a stop, not ${request.orders.length}`;
  if (request.grouping !== 'na') return `a close is placed on its own (na), not ${request.grouping}`;
  if (order.role !== 'close') return `${order.role} is no close`;
  if (!order.reduceOnly || order.kind.type !== 'limit' || order.kind.tif !== 'ioc') return 'a close must be a reduce-only ioc';
  if (order.sz > see.positionAbs) {
    return `a close of ${ofSize(order.sz, see.instrument)} is larger than the position of ${ofSize(see.positionAbs, see.instrument)}`;
  }
  if (stop === undefined) return null;
  if (stop.kind.type !== 'stop-market') return `beside a close goes a stop, not ${stop.role}`;
  if (stop.side !== order.side) return 'a close and the stop beside it are on one side';
  return faultOfProtection({ ...request, orders: [stop] }, see);
}
