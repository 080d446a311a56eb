import { formatPrice, formatSize, type Instrument, lots, roundPrice, ticks } from '@hyperfleet/trading';
import type { Chance } from '../../seeded.ts';
import type { Address, OrderInput, Venue, VenueAction } from '../contract.ts';

function pick<T>(chance: Chance, from: readonly T[]): T {
  const found = from[chance(from.length)];
  if (found === undefined) throw new RangeError('there is nothing to pick from');
  return found;
}

/** What the actions are made from: whose turn it is, where prices are, which ids have been seen. */
export interface Situation {
  readonly venue: Venue;
  readonly chance: Chance;
  readonly user: Address;
  /** Where prices of a coin without a market are drawn around, in ticks. */
  readonly driftTicks: number;
}

function middle({ venue, driftTicks }: Situation, asset: number): number {
  const { bids, asks } = venue.assetMarket(asset);
  const [bid, ask] = [bids[0]?.px, asks[0]?.px];
  if (bid !== undefined && ask !== undefined && asset < 100) return Math.floor((bid + ask) / 2);
  return driftTicks;
}

const cloidOf = (chance: Chance): string => `0x${chance(400).toString(16).padStart(32, '0')}`;

/** A price up to 2 % from `around`, now and then not a valid one. */
function priceNear(situation: Situation, instrument: Instrument, around: number): string {
  const { chance } = situation;
  if (chance(60) === 0) return pick(chance, ['0', '-1', 'abc', '1e5', '', '123456.789', '0.0000001', '99999999']);
  const wide = chance(4) === 0 ? 2_000 : 60;
  const px = Math.max(1, Math.round(around * (1 + (chance(2 * wide + 1) - wide) / 100_000)));
  return formatPrice(chance(40) === 0 ? ticks(px) : roundPrice(ticks(px), 'up', instrument), instrument);
}

function sizeWorth(situation: Situation, instrument: Instrument, px: number): string {
  const { chance } = situation;
  if (chance(60) === 0) return pick(chance, ['0', '-0.1', 'x', '0.00000001', '900000000', '00.5', '.5']);
  const usd = chance(30) === 0 ? 5 + chance(6) : pick(chance, [12, 25, 60, 300, 2_000, 9_000]);
  return formatSize(lots(Math.max(1, Math.ceil((usd * 1_000_000) / Math.max(1, px)))), instrument);
}

function limitOrder(situation: Situation, instrument: Instrument): OrderInput {
  const { chance } = situation;
  const around = middle(situation, instrument.assetId);
  const tif = pick(chance, ['Gtc', 'Gtc', 'Gtc', 'Gtc', 'Alo', 'Ioc', 'Ioc', 'FrontendMarket'] as const);
  return {
    asset: chance(150) === 0 ? 77 : instrument.assetId,
    side: pick(chance, ['buy', 'sell'] as const),
    px: priceNear(situation, instrument, around),
    sz: sizeWorth(situation, instrument, around),
    reduceOnly: chance(8) === 0,
    type: { kind: 'limit', tif },
    cloid: chance(3) === 0 ? cloidOf(chance) : null,
  };
}

function triggerOrder(situation: Situation, instrument: Instrument, side: 'buy' | 'sell'): OrderInput {
  const { chance } = situation;
  const around = middle(situation, instrument.assetId);
  const triggerPx = priceNear(situation, instrument, around);
  const bound = Math.max(1, Math.round(around * (side === 'buy' ? 1.05 : 0.95)));
  const order = limitOrder(situation, instrument);
  return {
    ...order,
    asset: instrument.assetId,
    side,
    px: chance(6) === 0 ? order.px : formatPrice(roundPrice(ticks(bound), 'up', instrument), instrument),
    sz: chance(5) === 0 ? '0' : order.sz,
    reduceOnly: chance(12) !== 0,
    type: { kind: 'trigger', isMarket: chance(3) !== 0, triggerPx, tpsl: pick(chance, ['tp', 'sl'] as const) },
  };
}

function orderAction(situation: Situation, instrument: Instrument): VenueAction {
  const { chance } = situation;
  const roll = chance(100);
  if (roll < 70) return { type: 'order', orders: [limitOrder(situation, instrument)], grouping: 'na' };
  if (roll < 78) {
    const orders = Array.from({ length: chance(6) }, () => limitOrder(situation, instrument));
    return { type: 'order', orders, grouping: 'na' };
  }
  const side = pick(chance, ['buy', 'sell'] as const);
  if (roll < 84) return { type: 'order', orders: [triggerOrder(situation, instrument, side)], grouping: 'na' };
  const triggers = Array.from({ length: 1 + chance(2) }, () => triggerOrder(situation, instrument, side));
  if (roll < 90) return { type: 'order', orders: triggers, grouping: 'positionTpsl' };
  const parent = { ...limitOrder(situation, instrument), side: side === 'buy' ? 'sell' : 'buy' } as const;
  return { type: 'order', orders: [parent, ...triggers], grouping: 'normalTpsl' };
}

/** The id of an order that is open, or was, or never was. */
function someId({ venue, chance, user }: Situation): { readonly asset: number; readonly oid: number } {
  const open = venue.openOrders(user);
  const known = chance(8) === 0 ? venue.historicalOrders(user).map((row) => row.order) : open;
  if (known.length === 0 || chance(30) === 0) return { asset: 0, oid: 77_738_308 + chance(2_000) };
  const { asset, oid } = pick(chance, known);
  return { asset: chance(60) === 0 ? asset + 1 : asset, oid };
}

/** One action as a careless client might send it: mostly sensible, of every type, now and then wrong. */
export function randomAction(situation: Situation): VenueAction {
  const { chance, venue } = situation;
  const instrument = pick(chance, venue.instruments);
  const asset = instrument.assetId;
  const roll = chance(100);
  if (roll < 56) return orderAction(situation, instrument);
  if (roll < 76) return { type: 'cancel', cancels: Array.from({ length: 1 + chance(3) }, () => someId(situation)) };
  if (roll < 81) return { type: 'cancelByCloid', cancels: [{ asset, cloid: cloidOf(chance) }] };
  if (roll < 87) {
    const oid = chance(4) === 0 ? cloidOf(chance) : someId(situation).oid;
    return { type: 'modify', oid, order: limitOrder(situation, instrument), alwaysPlace: chance(2) === 0 };
  }
  if (roll < 91) {
    const modifies = Array.from({ length: 1 + chance(3) }, () => ({
      oid: someId(situation).oid,
      order: limitOrder(situation, instrument),
    }));
    return { type: 'batchModify', modifies, alwaysPlace: chance(2) === 0 };
  }
  if (roll < 94) return { type: 'updateLeverage', asset, isCross: chance(4) !== 0, leverage: chance(45) };
  if (roll < 97) return { type: 'updateIsolatedMargin', asset, isBuy: true, ntli: (chance(200) - 100) * 1_000_000 };
  if (roll < 99) return { type: 'scheduleCancel', timeMs: chance(3) === 0 ? null : venue.nowMs + 4_000 + chance(20_000) };
  return { type: 'noop' };
}
