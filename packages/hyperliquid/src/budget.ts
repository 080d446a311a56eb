import { BREAKER_WORDS, type Breaker, openBreaker } from './breaker.ts';
import { CONNECT_WORDS, type Connects, openConnects } from './connects.ts';
import { openPosts, POST_WORDS, type Posts } from './posts.ts';
import type { RequestClass } from './request-class.ts';
import { openRetryBudget, type RetryBudget } from './retry-budget.ts';

/** The ways to the venue, each with a circuit breaker of its own. */
type Endpoint = 'info' | 'exchange' | 'stream';

/**
 * What one IP may ask of the venue, shared by every thread of the machine: its weight (PROTOCOL §10), what a 429 forbids for a
 * while, how many requests may be under way, how many tries may be repeated, and which ways are shut because they fail.
 */
export interface RequestBudget {
  /**
   * Takes `weight` if the class may, and returns 0; else takes nothing and returns how many ms of market time until it
   * could. Throws a RangeError for a weight no class could ever get.
   */
  acquire(weight: number, priority: RequestClass, nowMs: number): number;
  /** Takes weight that is owed already: rows of an answer are counted after it came. */
  charge(weight: number, nowMs: number): void;
  /** The venue counts more than we do: the budget is empty from now. */
  drain(nowMs: number): void;
  /** The venue said 429: the budget is empty, and each class waits a while drawn by lot, exits and stops the shortest. */
  limited(nowMs: number): void;
  /** Market time of the last 429; 0 when there was none. */
  limitedAtMs(): number;
  /** Requests under way. */
  readonly posts: Posts;
  /** New connections of the last minute. */
  readonly connects: Connects;
  readonly retries: RetryBudget;
  readonly breakers: Readonly<Record<Endpoint, Breaker>>;
}

/** REST weight an IP may spend in a minute (PROTOCOL §10). */
const CAPACITY = 1200;
const MICROS_PER_WEIGHT = 60_000_000n / BigInt(CAPACITY);
const FULL_MICROS = BigInt(CAPACITY) * MICROS_PER_WEIGHT;
/** Where in the shared words each thing lies. */
const WORDS = { weight: 0, limitedAt: 1, strikes: 2, waits: 3, retries: 8, breakers: 9, posts: 9 + 3 * BREAKER_WORDS } as const;
const CONNECTS_AT = WORDS.posts + POST_WORDS;
const BYTES = (CONNECTS_AT + CONNECT_WORDS) * BigInt64Array.BYTES_PER_ELEMENT;

/** Order of the classes in the shared words. */
const CLASSES: readonly RequestClass[] = ['exit', 'cancel', 'protect', 'entry', 'read'];

/** After a 429: first and longest wait of each class in ms of market time. What protects comes back first. */
const BACKOFF: Readonly<Record<RequestClass, readonly [firstMs: number, mostMs: number]>> = {
  exit: [250, 2_000],
  cancel: [250, 2_000],
  protect: [250, 2_000],
  entry: [2_000, 30_000],
  read: [1_000, 15_000],
};
/** A 429 this long after the one before counts as the first. */
const CALM_MS = 60_000;

/**
 * The level each class must leave behind. The last 300 are a reserve of exits, cancels and stops: 300 actions, or 15 s
 * of refill. Exits may take all of it, so that closing is never queued behind protecting.
 */
const FLOOR: Readonly<Record<RequestClass, number>> = { exit: 0, cancel: 40, protect: 80, entry: 300, read: 340 };

/** Memory for one IP's budget: made once, handed to every thread. */
export function createRequestBudget(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

/** Full jitter: a whole number of ms drawn evenly from [0, base × 2^failures], capped. Spreads a fleet that failed together. */
export function jitteredBackoff(failures: number, baseMs: number, maxMs: number): number {
  return Math.floor(Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(failures, 20)));
}

/**
 * Opens a budget made by `createRequestBudget`. A token bucket kept in one word: the market time, in µs, at which it
 * will be full again. A spent weight moves that time on by its refill time, so one compare-exchange is the whole step.
 */
export function openRequestBudget(buffer: SharedArrayBuffer): RequestBudget {
  if (buffer.byteLength !== BYTES) {
    throw new RangeError(`a request budget has ${BYTES} bytes, got ${buffer.byteLength}: pass memory made by createRequestBudget`);
  }
  const cell = new BigInt64Array(buffer);

  /** Moves the time of fullness to `choose(debt)`, the µs of refill still owed at `now`; null leaves it. */
  function move(nowMs: number, choose: (debt: bigint) => bigint | null): void {
    const now = BigInt(Math.floor(nowMs)) * 1000n;
    let fullAt = Atomics.load(cell, WORDS.weight);
    for (;;) {
      // A clock set back would leave a debt of hours; no debt is greater than an empty bucket's.
      const debt = atMostEmpty(fullAt > now ? fullAt - now : 0n);
      const next = choose(debt) ?? debt;
      const seen = Atomics.compareExchange(cell, WORDS.weight, fullAt, now + atMostEmpty(next));
      if (seen === fullAt) return;
      fullAt = seen;
    }
  }

  /** How long the class must still wait for what a 429 drew. A clock set back leaves at most the longest such wait. */
  function backoffLeft(priority: RequestClass, nowMs: number): number {
    const left = Number(Atomics.load(cell, WORDS.waits + CLASSES.indexOf(priority))) - nowMs;
    return Math.max(0, Math.min(left, BACKOFF[priority][1]));
  }

  const drain = (nowMs: number): void => move(nowMs, () => FULL_MICROS);
  const breakerAt = (index: number): Breaker => openBreaker(cell, WORDS.breakers + index * BREAKER_WORDS);

  return {
    acquire(weight, priority, nowMs) {
      const cost = BigInt(weight) * MICROS_PER_WEIGHT;
      const room = BigInt(CAPACITY - FLOOR[priority]) * MICROS_PER_WEIGHT;
      if (weight <= 0 || cost > room)
        throw new RangeError(`weight ${weight} is not from 1 to ${CAPACITY - FLOOR[priority]}, all a ${priority} may take`);
      const heldMs = backoffLeft(priority, nowMs);
      if (heldMs > 0) return heldMs;
      let over = 0n;
      move(nowMs, (debt) => {
        over = debt + cost - room;
        return over > 0n ? null : debt + cost;
      });
      return over > 0n ? Number((over + 999n) / 1000n) : 0;
    },
    charge(weight, nowMs) {
      move(nowMs, (debt) => debt + BigInt(weight) * MICROS_PER_WEIGHT);
    },
    drain,
    limited(nowMs) {
      drain(nowMs);
      const last = Number(Atomics.exchange(cell, WORDS.limitedAt, BigInt(Math.floor(nowMs))));
      if (nowMs - last > CALM_MS || nowMs < last) Atomics.store(cell, WORDS.strikes, 0n);
      const strikes = Number(Atomics.add(cell, WORDS.strikes, 1n));
      for (const [index, priority] of CLASSES.entries()) {
        const [firstMs, mostMs] = BACKOFF[priority];
        Atomics.store(cell, WORDS.waits + index, BigInt(Math.floor(nowMs) + jitteredBackoff(strikes, firstMs, mostMs)));
      }
    },
    limitedAtMs: () => Number(Atomics.load(cell, WORDS.limitedAt)),
    posts: openPosts(cell, WORDS.posts),
    connects: openConnects(cell, CONNECTS_AT),
    retries: openRetryBudget(cell, WORDS.retries),
    breakers: { info: breakerAt(0), exchange: breakerAt(1), stream: breakerAt(2) },
  };
}

function atMostEmpty(debt: bigint): bigint {
  return debt > FULL_MICROS ? FULL_MICROS : debt;
}
