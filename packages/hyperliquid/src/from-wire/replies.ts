/** Readers of /exchange replies (PROTOCOL §3, §4). */
import type { Answer, CancelOutcome, Instrument, Lots, OrderOutcome } from '@hyperfleet/trading';
import { lots } from '@hyperfleet/trading';
import { arrayAt, averagePriceAt, cloidAt, isObject, objectAt, parsed, preview, sizeAt, textAt, unreadable, wholeAt } from './fields.ts';

/** What is needed of a sent order to read its status. */
export interface SentOrder {
  readonly cloid: string;
  readonly sz: Lots;
  readonly instrument: Instrument;
}

type Retry = 'now' | 'later' | 'never';

/** `{status:"err"}` texts that are worth another try, with a new nonce and expiry (PROTOCOL §2.4, §4). The rest is final. */
const RETRY: readonly (readonly [RegExp, Retry])[] = [
  [/^Invalid nonce: nonce too (low|high)/i, 'now'],
  [/^Action already expired/i, 'now'],
  [/^Too many cumulative requests/i, 'later'],
  [/^Trading is halted/i, 'later'],
  [/too many pending|rate limit/i, 'later'],
  [/User has pending agent removal/i, 'later'],
];

/**
 * Texts that do not prove the action left no trace. We never send a nonce twice, so a duplicate can be an echo of this
 * very request by something between us and the venue; an unexpected error names no cause.
 */
const UNSURE = /^(Invalid nonce: duplicate nonce|Unexpected error)/i;

/** Errors of the matching engine end so and belong to one order; errors of pre-validation do not (PROTOCOL §3). */
const ENGINE_ERROR = / asset=\d+$/;
const GONE = /^Order was never placed, already canceled, or filled/i;

/**
 * One outcome for each order sent, in order. Fewer statuses than orders: the missing are `unknown`, unless the only
 * one is an error of pre-validation, which speaks for the whole request. A reply of no known shape is `unknown` whole.
 */
export function parsePlaceReply(body: unknown, sent: readonly SentOrder[]): Answer<readonly OrderOutcome[]> {
  const statuses = statusesOf(body, 'order', sent.length);
  if (statuses.kind !== 'answered') return statuses;
  const rows = statuses.value;
  const only = rows.length === 1 ? errorText(rows[0]) : null;
  if (sent.length > 1 && only !== null && !ENGINE_ERROR.test(only)) return { kind: 'refused', reason: only, retry: retryOf(only) };
  const outcomes = sent.map((order, index): OrderOutcome => {
    if (index >= rows.length) return { kind: 'unknown', reason: `the venue answered ${rows.length} of ${sent.length} orders` };
    const outcome = parsed(() => orderOutcome(rows[index], order, `statuses[${index}]`));
    return outcome.ok ? outcome.value : { kind: 'unknown', reason: outcome.problem };
  });
  return { kind: 'answered', value: outcomes };
}

/** One outcome for each cancel sent, in order. A mixed or unreadable answer is `unknown` whole: read the open orders. */
export function parseCancelReply(body: unknown, sent: number): Answer<readonly CancelOutcome[]> {
  const statuses = statusesOf(body, 'cancel', sent);
  if (statuses.kind !== 'answered') return statuses;
  const rows = statuses.value;
  const only = rows.length === 1 ? errorText(rows[0]) : null;
  if (only !== null && !GONE.test(only) && (sent === 1 || !ENGINE_ERROR.test(only))) {
    return { kind: 'refused', reason: only, retry: retryOf(only) };
  }
  if (rows.length < sent) return { kind: 'unknown', reason: `the venue answered ${rows.length} of ${sent} cancels` };
  const outcomes: CancelOutcome[] = [];
  for (const [index, row] of rows.entries()) {
    const error = errorText(row);
    if (row === 'success') outcomes.push({ kind: 'canceled' });
    else if (error !== null && GONE.test(error)) outcomes.push({ kind: 'gone', reason: error });
    else return { kind: 'unknown', reason: `statuses[${index}] is ${preview(row)}, expected "success" or an error of a finished order` };
  }
  return { kind: 'answered', value: outcomes };
}

/** The reply of actions that only say ok, such as updateLeverage. */
export function parseDefaultReply(body: unknown): Answer<null> {
  const refusal = refusalOf(body);
  if (refusal !== null) return refusal;
  const reply = parsed(() => {
    const response = okResponse(body);
    if (response.type !== 'default') unreadable('response.type', response.type, '"default"');
    return null;
  });
  return reply.ok ? { kind: 'answered', value: null } : { kind: 'unknown', reason: reply.problem };
}

function statusesOf(body: unknown, type: 'order' | 'cancel', sent: number): Answer<readonly unknown[]> {
  const refusal = refusalOf(body);
  if (refusal !== null) return refusal;
  const rows = parsed(() => {
    const response = okResponse(body);
    if (response.type !== type) unreadable('response.type', response.type, `"${type}"`);
    const list = arrayAt(objectAt(response.data, 'response.data').statuses, 'response.data.statuses');
    if (list.length === 0 || list.length > sent) unreadable('response.data.statuses', list, `1 to ${sent} statuses`);
    return list;
  });
  return rows.ok ? { kind: 'answered', value: rows.value } : { kind: 'unknown', reason: rows.problem };
}

function okResponse(body: unknown) {
  const reply = objectAt(body, 'reply');
  if (reply.status !== 'ok') unreadable('status', reply.status, '"ok" or "err"');
  return objectAt(reply.response, 'response');
}

/** `{status:"err"}`: nothing of the request was applied, except where the text leaves that open. */
function refusalOf(body: unknown): Answer<never> | null {
  if (!isObject(body) || body.status !== 'err') return null;
  const reason = typeof body.response === 'string' ? body.response : null;
  if (reason === null) return { kind: 'unknown', reason: `response is ${preview(body.response)}, expected the text of an error` };
  if (UNSURE.test(reason)) return { kind: 'unknown', reason };
  return { kind: 'refused', reason, retry: retryOf(reason) };
}

/** Whether what `{status:"err"}` or a pre-validation error says is worth another try. */
export function retryOf(reason: string): Retry {
  return RETRY.find(([pattern]) => pattern.test(reason))?.[1] ?? 'never';
}

function errorText(status: unknown): string | null {
  if (!isObject(status)) return null;
  const error = status.error;
  return typeof error === 'string' ? error : null;
}

function orderOutcome(status: unknown, order: SentOrder, field: string): OrderOutcome {
  if (status === 'waitingForFill') return { kind: 'waiting', armed: false };
  if (status === 'waitingForTrigger') return { kind: 'waiting', armed: true };
  const fields = objectAt(status, field);
  if ('error' in fields) return { kind: 'rejected', reason: textAt(fields.error, `${field}.error`) };
  if ('resting' in fields) {
    const resting = objectAt(fields.resting, `${field}.resting`);
    checkCloid(resting.cloid, order, `${field}.resting.cloid`);
    return { kind: 'resting', oid: oidAt(resting.oid, `${field}.resting.oid`) };
  }
  const filled = objectAt(fields.filled, `${field}.filled`);
  checkCloid(filled.cloid, order, `${field}.filled.cloid`);
  const filledSz = sizeAt(filled.totalSz, `${field}.filled.totalSz`, order.instrument);
  // A size of ours is what may fill at most; "0" stands for the whole position on some grouped orders, which we never send.
  if (filledSz <= 0 || filledSz > order.sz) unreadable(`${field}.filled.totalSz`, filled.totalSz, 'a size above zero, not above the order');
  return {
    kind: 'filled',
    oid: oidAt(filled.oid, `${field}.filled.oid`),
    filledSz: lots(filledSz),
    avgPx: averagePriceAt(filled.avgPx, `${field}.filled.avgPx`, order.instrument),
  };
}

/** An oid is never zero. */
function oidAt(value: unknown, field: string): number {
  const oid = wholeAt(value, field);
  return oid === 0 ? unreadable(field, value, 'an order id') : oid;
}

/** The echo, where there is one, must be of the order in this place: else the rows are not in our order. */
function checkCloid(value: unknown, order: SentOrder, field: string): void {
  const cloid = cloidAt(value, field);
  if (cloid !== null && cloid !== order.cloid.toLowerCase()) unreadable(field, value, order.cloid);
}
