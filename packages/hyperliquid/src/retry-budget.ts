/** Repeated tries of the whole fleet in reserve, and how fast they come back: one in two seconds of market time. */
const RETRIES_MAX = 30;
const REFILL_MS = 2_000;

/** How many tries may be repeated, over all threads: a venue in trouble must not be asked more for being in trouble. */
export interface RetryBudget {
  /** Takes one repeated try; false when the fleet has used up its share. */
  take(nowMs: number): boolean;
}

/** Opens the budget in the word at `index`: the market time, ms, at which it will be full again. */
export function openRetryBudget(words: BigInt64Array, index: number): RetryBudget {
  const most = RETRIES_MAX * REFILL_MS;
  return {
    take(nowMs) {
      const now = Math.floor(nowMs);
      let fullAt = Atomics.load(words, index);
      for (;;) {
        const debt = Math.min(Math.max(0, Number(fullAt) - now), most);
        if (debt + REFILL_MS > most) return false;
        const seen = Atomics.compareExchange(words, index, fullAt, BigInt(now + debt + REFILL_MS));
        if (seen === fullAt) return true;
        fullAt = seen;
      }
    },
  };
}
