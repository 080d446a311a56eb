import type { Clock } from '@hyperfleet/trading';
import PQueue from 'p-queue';
import { jitteredBackoff, type RequestBudget } from './budget.ts';
import type { ClockSkew } from './clock-skew.ts';
import { type VenueReadCode, VenueReadError } from './errors.ts';
import { isObject, type Parsed, preview } from './from-wire/fields.ts';
import { isGatewayRefusal } from './gateway.ts';
import { openHttp, type Posted } from './http.ts';
import { openWay } from './way.ts';
import { infoWeight, rowsWeight } from './weights.ts';

/** An /info request: its type and parameters. */
interface InfoRequest {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

export interface InfoOptions {
  /** Base URL of the venue. */
  readonly url: string;
  readonly clock: Clock;
  /**
   * What budgets and waits are counted by, where it is not `clock`: of the same speed, but never standing, since a market that
   * waits for its bots would else keep them from asking.
   */
  readonly pace?: Clock;
  readonly budget: RequestBudget;
  /** Wall time a single try may take. */
  readonly timeoutMs: number;
  /** Requests under way at once; the others queue. */
  readonly concurrency: number;
  /** Tries of one read before it throws, at least 1. */
  readonly attempts: number;
  /** Told of every answer that says what time it is at the venue. */
  readonly skew?: ClockSkew;
}

/** Asks the venue and reads the answer. Throws `VenueReadError`. */
export interface Info {
  ask<T>(request: InfoRequest, read: (reply: unknown) => Parsed<T>): Promise<T>;
  /** Whether nothing is asked here just now because the last answers made no sense; other askers are not kept from it. */
  isShut(): boolean;
  close(): void;
}

/** When every place is taken: look again after this much market time. */
const CROWDED_MS = 50;
const BACKOFF_MS = 250;
const BACKOFF_MAX_MS = 8_000;
/**
 * The venue's /info with a queue, the shared budget and retries: 429, 5xx, timeouts, broken connections and unreadable
 * answers are asked again after a wait drawn from [0, 250 ms × 2^try], at most 8 s, of market time.
 */
export function openInfo(options: InfoOptions): Info {
  const { clock, budget, attempts, pace = clock } = options;
  const http = openHttp({ url: options.url, timeoutMs: options.timeoutMs, maxSockets: options.concurrency });
  const queue = new PQueue({ concurrency: options.concurrency });
  const way = openWay(budget.breakers.info);

  /** What became of a question, for the way. A refusal is an answer too; one that cannot be read is none. */
  function judge(error: unknown): void {
    const code = error instanceof VenueReadError ? error.code : null;
    if (error === null || code === 'VENUE_REFUSED' || code === 'VENUE_RATE_LIMITED') way.heard('answered', pace.now());
    else way.heard(code === 'VENUE_UNREADABLE' || code === 'VENUE_CUT' ? 'senseless' : 'failed', pace.now());
  }

  async function attempt<T>(request: InfoRequest, read: (reply: unknown) => Parsed<T>): Promise<T> {
    const weight = infoWeight(request.type);
    const { shutMs } = way.admit(pace.now());
    if (shutMs > 0)
      throw new VenueReadError('VENUE_SHUT', `${request.type} is not asked: the last reads all failed, next try in ${shutMs} ms`);
    const place = await room(weight);
    const sentMs = clock.now();
    const posted = await http.post('/info', JSON.stringify(request)).finally(() => place.leave());
    if (posted.kind === 'replied' && posted.status === 429) budget.limited(pace.now());
    try {
      const value = understood(posted, request, { sentMs, read });
      judge(null);
      return value;
    } catch (error) {
      judge(error);
      throw error;
    }
  }

  /** The answer as its reader has it. Throws `VenueReadError` for one that is none. */
  function understood<T>(posted: Posted, request: InfoRequest, how: { sentMs: number; read: (reply: unknown) => Parsed<T> }): T {
    const { sentMs, read } = how;
    const reply = jsonOf(posted, request.type);
    if (isObject(reply) && typeof reply.time === 'number') options.skew?.sample({ sentMs, receivedMs: clock.now(), venueMs: reply.time });
    const rows = Array.isArray(reply) ? rowsWeight(request.type, reply.length) : 0;
    if (rows > 0) budget.charge(rows, pace.now());
    const value = read(reply);
    if (!value.ok) throw new VenueReadError('VENUE_UNREADABLE', `the venue's answer to ${request.type} is unreadable: ${value.problem}`);
    return value.value;
  }

  /** Waits for weight and for a place among the requests under way. */
  async function room(weight: number): Promise<{ leave(): void }> {
    for (;;) {
      const waitMs = budget.acquire(weight, 'read', pace.now());
      if (waitMs > 0) await marketWait(pace, waitMs);
      else break;
    }
    for (;;) {
      const place = budget.posts.enter('read', 2 * options.timeoutMs);
      if (place !== null) return place;
      await marketWait(pace, CROWDED_MS);
    }
  }

  async function withRetries<T>(request: InfoRequest, read: (reply: unknown) => Parsed<T>): Promise<T> {
    let last: unknown = null;
    for (let tried = 1; ; tried += 1) {
      try {
        return await attempt(request, read);
      } catch (error) {
        // The way was shut by what this very question met: that says more than that it is shut.
        if (last !== null && error instanceof VenueReadError && error.code === 'VENUE_SHUT') throw last;
        last = error;
        if (!(error instanceof VenueReadError) || error.retry === 'never' || error.code === 'VENUE_SHUT' || tried >= attempts) throw error;
        if (!budget.retries.take(pace.now())) throw error;
        await marketWait(pace, jitteredBackoff(tried - 1, BACKOFF_MS, BACKOFF_MAX_MS));
      }
    }
  }

  return {
    ask: (request, read) => queue.add(() => withRetries(request, read)),
    isShut: () => way.isShut(pace.now()),
    close: () => http.close(),
  };
}

function marketWait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

function jsonOf(posted: Posted, type: string): unknown {
  const fail = (code: VenueReadCode, what: string, cause?: unknown) => {
    throw new VenueReadError(code, `the venue did not answer ${type}: ${what}`, cause === undefined ? undefined : { cause });
  };
  if (posted.kind === 'not-sent') return fail('VENUE_UNREACHABLE', posted.reason);
  if (posted.kind === 'lost') return fail(posted.cause === 'timeout' ? 'VENUE_TIMEOUT' : 'VENUE_CUT', posted.reason);
  const { status, contentType, body } = posted;
  if (status === 429) return fail('VENUE_RATE_LIMITED', 'HTTP 429, its rate limit is reached');
  if (status >= 500 || isGatewayRefusal(status)) return fail('VENUE_DOWN', `HTTP ${status} ${preview(body)}`);
  if (status >= 400) return fail('VENUE_REFUSED', `HTTP ${status} ${preview(body)}`);
  if (status !== 200 || !contentType.includes('application/json')) {
    return fail('VENUE_UNREADABLE', `HTTP ${status} of type ${contentType || 'none'}: ${preview(body)}`);
  }
  try {
    return JSON.parse(body);
  } catch (error) {
    return fail('VENUE_UNREADABLE', `no JSON: ${preview(body)}`, error);
  }
}
