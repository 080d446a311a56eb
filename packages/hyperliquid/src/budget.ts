/** What a request is for, most urgent first. */
export type RequestClass = 'exit' | 'cancel' | 'protect' | 'entry' | 'read';

/** The weight an IP may spend, shared by every thread of the machine (PROTOCOL §10). */
export interface RequestBudget {
  /**
   * Takes `weight` if the class may, and returns 0; else takes nothing and returns how many ms of market time until it
   * could. Throws a RangeError for a weight no class could ever get.
   */
  acquire(weight: number, priority: RequestClass, nowMs: number): number;
  /** Takes weight that is owed already: rows of an answer are counted after it came. */
  charge(weight: number, nowMs: number): void;
  /** The venue said 429: it counts more than we do, so the budget is empty from now. */
  drain(nowMs: number): void;
}

/** REST weight an IP may spend in a minute (PROTOCOL §10). */
const CAPACITY = 1200;
const MICROS_PER_WEIGHT = 60_000_000n / BigInt(CAPACITY);
const FULL_MICROS = BigInt(CAPACITY) * MICROS_PER_WEIGHT;
const BYTES = BigInt64Array.BYTES_PER_ELEMENT;

/**
 * The level each class must leave behind. The last 300 are a reserve of exits, cancels and stops: 300 actions, or 15 s
 * of refill. Exits may take all of it, so that closing is never queued behind protecting.
 */
const FLOOR: Readonly<Record<RequestClass, number>> = { exit: 0, cancel: 40, protect: 80, entry: 300, read: 340 };

/** Memory for one IP's budget: made once, handed to every thread. */
export function createRequestBudget(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

/** Weight of an /exchange action with this many orders or cancels: 1 + ⌊n / 40⌋ (PROTOCOL §10). */
export function exchangeWeight(requests: number): number {
  return 1 + Math.floor(requests / 40);
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
    let fullAt = Atomics.load(cell, 0);
    for (;;) {
      // A clock set back would leave a debt of hours; no debt is greater than an empty bucket's.
      const debt = atMostEmpty(fullAt > now ? fullAt - now : 0n);
      const next = choose(debt) ?? debt;
      const seen = Atomics.compareExchange(cell, 0, fullAt, now + atMostEmpty(next));
      if (seen === fullAt) return;
      fullAt = seen;
    }
  }

  return {
    acquire(weight, priority, nowMs) {
      const cost = BigInt(weight) * MICROS_PER_WEIGHT;
      const room = BigInt(CAPACITY - FLOOR[priority]) * MICROS_PER_WEIGHT;
      if (weight <= 0 || cost > room)
        throw new RangeError(`weight ${weight} is not from 1 to ${CAPACITY - FLOOR[priority]}, all a ${priority} may take`);
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
    drain(nowMs) {
      move(nowMs, () => FULL_MICROS);
    },
  };
}

function atMostEmpty(debt: bigint): bigint {
  return debt > FULL_MICROS ? FULL_MICROS : debt;
}
