/** What faults make of an answer's content. Pure: values in, values out. */
import { isRecord } from '../wire/fields.ts';
import type { LAGGING_INFOS } from './parse.ts';
import type { FaultStatus, Nonsense } from './rule.ts';

const CLOCK_FIELDS: ReadonlySet<string> = new Set(['time', 'serverTime']);

/**
 * The value with what it says of the present moment moved by `ms`. Rows of lists keep their times: what has happened is told with
 * one time however often it is asked for, while the fault lasts and after it.
 */
export function shiftTimes(value: unknown, ms: number): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, CLOCK_FIELDS.has(key) && typeof item === 'number' ? item + ms : shiftTimes(item, ms)]),
  );
}

/** The value with each number a text, each text a number, each truth a text. */
function mistype(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mistype);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mistype(item)]));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value.length : value;
}

/** Nonsense in place of a value: JSON to be written, or text as it stands. */
export function nonsenseFor(answer: Nonsense, value: unknown): { readonly json: unknown } | { readonly raw: string } {
  switch (answer) {
    case 'html':
      return { raw: '<html><head><title>Hyperliquid</title></head><body><h1>It works!</h1></body></html>' };
    case 'text':
      return { raw: 'upstream connect error or disconnect/reset before headers' };
    case 'empty':
      return { raw: '' };
    case 'empty-object':
      return { json: {} };
    case 'empty-array':
      return { json: [] };
    case 'null':
      return { json: null };
    case 'wrong-types':
      return { json: mistype(value) };
    default:
      return answer satisfies never;
  }
}

const GATEWAY_TEXTS: Readonly<Record<number, string>> = {
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** Body of a status, as the venue (429 and 500: `null`, PROTOCOL §1) or the proxy before it writes it. */
export function statusBody(status: FaultStatus): { readonly type: string; readonly body: string } {
  const words = GATEWAY_TEXTS[status];
  if (words === undefined) return { type: 'application/json', body: 'null' };
  return { type: 'text/html', body: `<html><head><title>${status} ${words}</title></head><body><h1>${status} ${words}</h1></body></html>` };
}

type LaggingInfo = (typeof LAGGING_INFOS)[number];

/** When each row of an answer came to be; null for a row without a time. */
const TIME_OF: Readonly<Record<LaggingInfo, (row: Readonly<Record<string, unknown>>) => unknown>> = {
  orderStatus: (row) => (isRecord(row.order) && isRecord(row.order.order) ? row.order.order.timestamp : null),
  openOrders: (row) => row.timestamp,
  frontendOpenOrders: (row) => row.timestamp,
  historicalOrders: (row) => row.statusTimestamp,
  userFills: (row) => row.time,
  userFillsByTime: (row) => row.time,
};

const isLagging = (type: string): type is LaggingInfo => Object.hasOwn(TIME_OF, type);

/** An answer as it was when nothing after `untilMs` was known yet; the answer itself where that makes no difference. */
export function withoutLatest(type: string, answer: unknown, untilMs: number): unknown {
  if (!isLagging(type)) return answer;
  const isLate = (row: unknown): boolean => {
    const timeMs = isRecord(row) ? TIME_OF[type](row) : null;
    return typeof timeMs === 'number' && timeMs > untilMs;
  };
  if (type === 'orderStatus') return isLate(answer) ? { status: 'unknownOid' } : answer;
  if (!Array.isArray(answer) || !answer.some(isLate)) return answer;
  return answer.filter((row: unknown) => !isLate(row));
}
