import { microUsd, parseDecimal } from '@hyperfleet/trading';
import { FaultRefusal } from '../faults/parse.ts';
import type { WireFaults } from '../faults/wire-faults.ts';
import type { InProcessExchange } from '../in-process.ts';
import { readStep, StepRefusal } from '../market/step.ts';
import { isRecord, parseAddress } from '../wire/fields.ts';
import type { AuditReport } from './audit.ts';

/** A control request: its body, read, and what stands behind the question mark. */
export interface ControlRequest {
  readonly body: unknown;
  readonly query: URLSearchParams;
}

export type ControlRoute = (request: ControlRequest) => unknown;

/** A control request that cannot be done: HTTP 422. The message names the field, the value and the remedy. */
class ControlRefusal extends RangeError {
  override readonly name = 'ControlRefusal';
}

/** Whether an error says that a control request asked for what cannot be. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof ControlRefusal || error instanceof FaultRefusal || error instanceof StepRefusal;

export interface ControlOptions {
  readonly exchange: InProcessExchange;
  readonly faults: WireFaults;
  readonly audit: () => AuditReport;
}

/** Paid out in all at most, a billion USDC: so no sum of balances ever leaves the whole numbers it is counted in. */
const PAID_MICRO_USD_MAX = 1e15;
const PAGE = 1_000;
const PAGE_MAX = 10_000;

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 80);

function refuse(key: string, value: unknown, remedy: string): never {
  throw new ControlRefusal(value === undefined ? `${key} is missing: ${remedy}` : `${key} ${shown(value)}: ${remedy}`);
}

function whole(query: URLSearchParams, key: string, [otherwise, max]: readonly [number, number]): number {
  const text = query.get(key);
  if (text === null) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) refuse(key, text, `give a whole number from 0 to ${max}`);
  return value;
}

/** Pays USDC in, a billion of them at most over the server's life. */
function createFunding({ exchange }: ControlOptions): ControlRoute {
  let paid = 0;
  return ({ body }) => {
    const from = isRecord(body) ? body : refuse('body', body, 'give {"user","usd"}');
    const user = parseAddress(from.user) ?? refuse('user', from.user, 'give an address, 0x and 40 hex digits');
    const written = typeof from.usd === 'number' ? String(from.usd) : from.usd;
    const usd = typeof written === 'string' ? parseDecimal(written, 6) : null;
    if (usd === null || usd <= 0) return refuse('usd', from.usd, 'give an amount above zero with at most 6 decimals, e.g. "10000"');
    if (usd > PAID_MICRO_USD_MAX - paid) refuse('usd', from.usd, `give at most what is left to pay, ${(PAID_MICRO_USD_MAX - paid) / 1e6}`);
    paid += usd;
    exchange.fund(user, microUsd(usd));
    return { user, accountValue: exchange.venue.account(user).accountValue };
  };
}

function clear(faults: WireFaults, what: unknown): unknown {
  if (what === true) return { cleared: faults.clear() };
  if (typeof what !== 'number' || !Number.isSafeInteger(what)) refuse('clear', what, 'give true for all rules, or the id of one');
  const cleared = faults.clear(what);
  if (cleared === 0) refuse('clear', what, 'there is no rule of this id; GET /paper/fault lists them');
  return { cleared };
}

/** The routes under /paper/, by method and path. Each runs within a task of the exchange. */
export function controlRoutes(options: ControlOptions): Readonly<Record<string, ControlRoute>> {
  const { exchange, faults, audit } = options;
  const list = () => exchange.faults.list(exchange.nowMs);
  return {
    'POST /paper/fund': createFunding(options),
    'POST /paper/market': ({ body }) => {
      const step = readStep(body);
      exchange.tellMarket(step);
      return { step, atMs: exchange.nowMs };
    },
    'GET /paper/journal': ({ query }) =>
      exchange.inputs(whole(query, 'after', [0, Number.MAX_SAFE_INTEGER]), Math.max(1, whole(query, 'limit', [PAGE, PAGE_MAX]))),
    'GET /paper/audit': audit,
    'GET /paper/fault': () => ({ faults: list() }),
    'POST /paper/fault': ({ body }) => {
      if (isRecord(body) && body.clear !== undefined) return clear(faults, body.clear);
      const id = faults.add(body);
      return list().find((fault) => fault.id === id);
    },
    'DELETE /paper/fault': ({ query }) => clear(faults, query.has('id') ? whole(query, 'id', [0, Number.MAX_SAFE_INTEGER]) : true),
  };
}
