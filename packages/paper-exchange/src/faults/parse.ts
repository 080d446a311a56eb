import { VENUE_CANCELS } from '../matching/intervening.ts';
import { type Address, isRecord, parseAddress } from '../wire/fields.ts';
import {
  type EffectOf,
  type Fault,
  type FaultKind,
  type FaultStatus,
  STRIKES_ON,
  type WholeBounds,
  type WholeEffect,
  type WholeScope,
} from './rule.ts';

/** A rule, or another request to a control route, that cannot be taken. The message names the field, the value and the remedy. */
export class FaultRefusal extends RangeError {
  override readonly name = 'FaultRefusal';
}

/** What scopes may name. */
export interface FaultNames {
  readonly actions: readonly string[];
  readonly infos: readonly string[];
  readonly channels: readonly string[];
  readonly coins: readonly string[];
}

type From = Readonly<Record<string, unknown>>;

const KINDS = Object.keys(STRIKES_ON);
const isKind = (value: unknown): value is FaultKind => typeof value === 'string' && Object.hasOwn(STRIKES_ON, value);

const COUNT_MAX = 1_000_000_000;
/** A day: longer faults are two faults. */
const DELAY_MS_MAX = 86_400_000;
const OFFSET_MS_MAX = 10 * 365 * DELAY_MS_MAX;
const TEXT_CHARS_MAX = 1_000;
/** Info requests whose answers can lag. */
export const LAGGING_INFOS = [
  'orderStatus',
  'openOrders',
  'frontendOpenOrders',
  'historicalOrders',
  'userFills',
  'userFillsByTime',
] as const;

const STATUSES = [429, 500, 502, 503, 504] as const;
const NONSENSE = ['html', 'empty-object', 'empty-array', 'null', 'text', 'empty', 'wrong-types'] as const;
const LOSSES = ['reset', 'silence'] as const;
const TPSL = ['tp', 'sl'] as const;
const MOMENTS = ['message', 'now'] as const;

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 80);
const isGiven = (from: From, key: string): boolean => from[key] !== undefined && from[key] !== null;

function refuse(key: string, value: unknown, remedy: string): never {
  throw new FaultRefusal(value === undefined ? `${key} is missing: ${remedy}` : `${key} ${shown(value)}: ${remedy}`);
}

function whole(from: From, key: string, min: number, max: number): number {
  const value = from[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
    refuse(key, value, `give a whole number from ${min} to ${max}`);
  return value;
}

const wholeOr = <T>(from: From, key: string, [min, max]: readonly [number, number], otherwise: T): number | T =>
  isGiven(from, key) ? whole(from, key, min, max) : otherwise;

function oneOf<T extends string | number>(from: From, key: string, words: readonly T[]): T {
  const found = words.find((word) => word === from[key]);
  return found ?? refuse(key, from[key], `give one of ${words.join(', ')}`);
}

const oneOfOr = <T extends string, D>(from: From, key: string, words: readonly T[], otherwise: D): T | D =>
  isGiven(from, key) ? oneOf(from, key, words) : otherwise;

function text(from: From, key: string): string {
  const value = from[key];
  if (typeof value !== 'string' || value === '' || value.length > TEXT_CHARS_MAX)
    refuse(key, value, `give a text of 1 to ${TEXT_CHARS_MAX} characters, e.g. "Insufficient margin to place order."`);
  return value;
}

function address(from: From, key: string): Address {
  return parseAddress(from[key]) ?? refuse(key, from[key], 'give an address, 0x and 40 hex digits');
}

function orderId(from: From): number | string {
  const { order } = from;
  if (typeof order === 'number' && Number.isSafeInteger(order) && order >= 0) return order;
  if (typeof order === 'string' && /^0x[0-9a-fA-F]{32}$/.test(order)) return order.toLowerCase();
  return refuse('order', order, 'give an oid, or a cloid of 0x and 32 hex digits');
}

function decimalOr(from: From, key: string): string | null {
  if (!isGiven(from, key)) return null;
  const value = from[key];
  if (typeof value !== 'string' || !/^\d{1,15}(\.\d{1,15})?$/.test(value) || !/[1-9]/.test(value))
    refuse(key, value, 'give a decimal above zero, e.g. "65000.5"');
  return value;
}

const ms = (from: From): number => whole(from, 'ms', 1, DELAY_MS_MAX);
const nth = (from: From): number | null => wholeOr(from, 'nth', [1, 1_000], null);

const LIMIT_FIELDS = [
  'ipWeightPerMinute',
  'addressRequests',
  'wsConnections',
  'wsSubscriptions',
  'wsUsers',
  'wsMessagesPerMinute',
  'wsPostsInFlight',
] as const;

function readLimits(from: From): EffectOf<'limits'> {
  if (!LIMIT_FIELDS.some((key) => isGiven(from, key))) refuse('limits', from, `give one or more of ${LIMIT_FIELDS.join(', ')}`);
  const figure = (key: (typeof LIMIT_FIELDS)[number]): number | null => wholeOr(from, key, [0, COUNT_MAX], null);
  return {
    kind: 'limits',
    ipWeightPerMinute: figure('ipWeightPerMinute'),
    addressRequests: figure('addressRequests'),
    wsConnections: figure('wsConnections'),
    wsSubscriptions: figure('wsSubscriptions'),
    wsUsers: figure('wsUsers'),
    wsMessagesPerMinute: figure('wsMessagesPerMinute'),
    wsPostsInFlight: figure('wsPostsInFlight'),
  };
}

/** Kinds with fields of their own, and which; the others have none. */
const FIELDS: Readonly<Partial<Record<FaultKind, readonly string[]>>> = {
  'delay-request': ['ms'],
  'delay-response': ['ms'],
  'drop-request': ['how'],
  'drop-response': ['how'],
  status: ['status', 'when'],
  'truncate-response': ['bytes'],
  nonsense: ['answer'],
  'duplicate-message': ['copies'],
  'reorder-message': ['behind'],
  'delay-message': ['ms'],
  silence: ['until'],
  cut: ['at'],
  'half-open': ['at'],
  lag: ['ms'],
  'clock-offset': ['ms'],
  'reject-order': ['error', 'nth'],
  'reject-child': ['error', 'nth', 'tpsl'],
  'reject-cancel': ['error', 'nth'],
  'reject-action': ['error'],
  'expire-agent': ['agent'],
  'cancel-order': ['user', 'order', 'status'],
  deleverage: ['user', 'coin', 'px', 'sz'],
  'reuse-oid': ['user', 'order'],
  'pause-market': ['coin', 'ms'],
  limits: [...LIMIT_FIELDS, 'forMs'],
};

const BOUND_FIELDS = ['count', 'after', 'probability', 'seed', 'forMs'];

/** Fields of a scope by what a kind strikes on. Orders alone are struck over either transport alike. */
function scopeFields(kind: FaultKind): readonly string[] {
  const on = STRIKES_ON[kind];
  if (on.length === 0) return [];
  const names = on.map((what) => (what === 'message' ? 'channel' : what));
  const isTransport = !on.includes('message') && kind !== 'lag' && kind !== 'post-only' && !kind.startsWith('reject-');
  return ['user', 'coin', ...names, ...(isTransport ? ['via'] : [])];
}

function fieldsOf(kind: FaultKind): readonly string[] {
  const bounds = STRIKES_ON[kind].length === 0 ? [] : BOUND_FIELDS;
  return [...new Set([...(FIELDS[kind] ?? []), ...scopeFields(kind), ...bounds])];
}

function readEffect(kind: FaultKind, from: From, { coins }: FaultNames): WholeEffect {
  switch (kind) {
    case 'delay-request':
    case 'delay-response':
    case 'delay-message':
    case 'lag':
      return { kind, ms: ms(from) };
    case 'drop-request':
    case 'drop-response':
      return { kind, how: oneOfOr(from, 'how', LOSSES, 'reset') };
    case 'status':
      return { kind, status: oneOf<FaultStatus>(from, 'status', STATUSES), when: oneOfOr(from, 'when', ['before', 'after'], 'before') };
    case 'truncate-response':
      return { kind, bytes: wholeOr(from, 'bytes', [0, 1 << 24], null) };
    case 'nonsense':
      return { kind, answer: oneOf(from, 'answer', NONSENSE) };
    case 'duplicate-message':
      return { kind, copies: wholeOr(from, 'copies', [2, 100], 2) };
    case 'reorder-message':
      return { kind, behind: wholeOr(from, 'behind', [1, 1_000], 1) };
    case 'silence':
      return { kind, until: oneOfOr(from, 'until', ['resubscribe', 'reconnect', 'clear'], 'reconnect') };
    case 'cut':
    case 'half-open':
      return { kind, at: oneOfOr(from, 'at', MOMENTS, 'message') };
    case 'clock-offset':
      return { kind, ms: whole(from, 'ms', -OFFSET_MS_MAX, OFFSET_MS_MAX) };
    case 'reject-order':
    case 'reject-cancel':
      return { kind, error: text(from, 'error'), nth: nth(from) };
    case 'reject-child':
      return { kind, error: text(from, 'error'), nth: nth(from) ?? 1, tpsl: oneOfOr(from, 'tpsl', TPSL, null) };
    case 'reject-action':
      return { kind, error: text(from, 'error') };
    case 'duplicate-response':
    case 'lose-message':
    case 'post-only':
      return { kind };
    case 'expire-agent':
      return { kind, agent: address(from, 'agent') };
    case 'cancel-order':
      return { kind, user: address(from, 'user'), order: orderId(from), status: oneOf(from, 'status', VENUE_CANCELS) };
    case 'deleverage':
      return { kind, user: address(from, 'user'), coin: oneOf(from, 'coin', coins), px: decimalOr(from, 'px'), sz: decimalOr(from, 'sz') };
    case 'reuse-oid':
      return { kind, user: address(from, 'user'), order: orderId(from) };
    case 'pause-market':
      return { kind, coin: oneOf(from, 'coin', coins), ms: ms(from) };
    case 'limits':
      return readLimits(from);
    default:
      return kind satisfies never;
  }
}

function readName(from: From, key: string, names: readonly string[]): string | null {
  if (!isGiven(from, key)) return null;
  const value = from[key];
  if (typeof value !== 'string' || !names.includes(value)) refuse(key, value, `give one of ${names.join(', ')}`);
  return value;
}

function readScope(kind: FaultKind, from: From, names: FaultNames): WholeScope {
  const told = ['action', 'info', 'channel'].filter((key) => isGiven(from, key));
  if (told.length > 1) refuse(told[1] ?? '', from[told[1] ?? ''], `a rule names one of ${told.join(' and ')}: make two rules`);
  const via = oneOfOr(from, 'via', ['http', 'ws'], null);
  if (kind === 'duplicate-response' && via === 'http') refuse('via', via, 'HTTP has one answer to a request: give "ws", or leave it out');
  // What strikes at once has fields of its own and no scope.
  const strikesLater = STRIKES_ON[kind].length > 0;
  const infos = kind === 'lag' ? LAGGING_INFOS : names.infos;
  return {
    user: strikesLater && isGiven(from, 'user') ? address(from, 'user') : null,
    via,
    action: readName(from, 'action', names.actions),
    info: readName(from, 'info', infos),
    channel: readName(from, 'channel', names.channels),
    coin: strikesLater ? readName(from, 'coin', names.coins) : null,
  };
}

function readBounds(from: From): WholeBounds {
  const probability = from.probability ?? 1;
  if (typeof probability !== 'number' || !(probability > 0 && probability <= 1))
    refuse('probability', probability, 'give a number above 0, at most 1');
  const forMs = wholeOr(from, 'forMs', [1, 10 * 365 * DELAY_MS_MAX], null);
  return {
    count: wholeOr(from, 'count', [1, COUNT_MAX], forMs === null ? 1 : null),
    after: wholeOr(from, 'after', [0, COUNT_MAX], 0),
    probability,
    seed: wholeOr(from, 'seed', [0, 0xffff_ffff], 0),
    forMs,
  };
}

/** Checks a rule and fills its defaults in. Throws `FaultRefusal`. */
export function parseFault(value: unknown, names: FaultNames): Fault {
  if (!isRecord(value)) refuse('rule', value, 'give an object such as {"kind":"drop-response","action":"order"}');
  const { kind } = value;
  if (!isKind(kind)) return refuse('kind', kind, `give one of ${KINDS.join(', ')}`);
  const fields = fieldsOf(kind);
  const odd = Object.keys(value).find((key) => key !== 'kind' && !fields.includes(key));
  if (odd !== undefined) refuse(odd, value[odd], `${kind} has no such field; it has ${fields.join(', ') || 'none'}`);
  return { effect: readEffect(kind, value, names), scope: readScope(kind, value, names), bounds: readBounds(value) };
}
