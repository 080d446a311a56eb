import type { OrderInput, VenueTif } from '../matching/contract.ts';
import { boolean, cloid, decimal, integer, isAbsent, type JsonObject, object, optional, Unfit, word } from './fields.ts';

/** An order of a request: its canonical form for the hash and what the matching core takes (PROTOCOL §2.1, §3). */
export interface OrderForm {
  readonly canonical: JsonObject;
  readonly input: OrderInput;
}

const TIFS: readonly VenueTif[] = ['Gtc', 'Ioc', 'Alo', 'FrontendMarket'];
const MAX_ASSET = 0xffff_ffff;

interface TypeForm {
  readonly canonical: JsonObject;
  readonly type: OrderInput['type'];
}

function readType(from: JsonObject): TypeForm {
  const keys = Object.keys(from);
  if (keys.length !== 1) throw new Unfit('t: expected limit or trigger');
  if (!isAbsent(from, 'limit')) {
    const tif = word(object(from.limit, 't.limit'), 'tif', TIFS);
    return { canonical: { limit: { tif } }, type: { kind: 'limit', tif } };
  }
  const trigger = object(from.trigger, 't.trigger');
  const isMarket = boolean(trigger, 'isMarket');
  const triggerPx = decimal(trigger, 'triggerPx');
  const tpsl = word(trigger, 'tpsl', ['tp', 'sl']);
  return { canonical: { trigger: { isMarket, triggerPx, tpsl } }, type: { kind: 'trigger', isMarket, triggerPx, tpsl } };
}

/** Reads one order `{a, b, p, s, r, t, c?}`. Throws `Unfit`. */
export function readOrder(value: unknown): OrderForm {
  const from = object(value, 'order');
  const a = integer(from, 'a', 0, MAX_ASSET);
  const b = boolean(from, 'b');
  const p = decimal(from, 'p');
  const s = decimal(from, 's');
  const r = boolean(from, 'r');
  const t = readType(object(from.t, 't'));
  const c = optional(from, 'c', cloid);
  return {
    canonical: { a, b, p, s, r, t: t.canonical, ...(c === null ? {} : { c }) },
    input: { asset: a, side: b ? 'buy' : 'sell', px: p, sz: s, reduceOnly: r, type: t.type, cloid: c },
  };
}

/** An order's id: a number, or a client order id as text (PROTOCOL §3 modify). Throws `Unfit`. */
export function readOid(from: JsonObject): number | string {
  return typeof from.oid === 'string' ? cloid(from, 'oid') : integer(from, 'oid');
}

/** An asset id field. Throws `Unfit`. */
export const asset = (from: JsonObject, key: string): number => integer(from, key, 0, MAX_ASSET);
