const MINUTE_MS = 60_000;

/** How much may still be spent: refilled evenly, never more than a minute's worth at once. */
export interface TokenBucket {
  /** Takes `weight` when there is so much; else takes nothing and returns false. */
  take(weight: number, perMinute: number, nowMs: number): boolean;
  /** Takes `weight` that is owed already, as far as the bucket goes. */
  charge(weight: number, perMinute: number, nowMs: number): void;
  /** Whether it is full, so that it may be forgotten. */
  isFull(nowMs: number): boolean;
}

/**
 * A bucket of the venue's weights. It keeps one number, the µs at which it will be full again, so that at 1200 a minute
 * every sum is whole and a client that counts the same way comes to the same end.
 */
export function createTokenBucket(): TokenBucket {
  let fullAtMicros = 0;
  const owed = (nowMs: number): number => Math.max(0, fullAtMicros - nowMs * 1_000);
  const cost = (weight: number, perMinute: number): number => (weight * MINUTE_MS * 1_000) / perMinute;
  const owe = (micros: number, nowMs: number): void => {
    fullAtMicros = nowMs * 1_000 + Math.min(micros, MINUTE_MS * 1_000);
  };
  return {
    take(weight, perMinute, nowMs) {
      const after = owed(nowMs) + cost(weight, perMinute);
      if (after > MINUTE_MS * 1_000) return false;
      owe(after, nowMs);
      return true;
    },
    charge(weight, perMinute, nowMs) {
      owe(owed(nowMs) + cost(weight, perMinute), nowMs);
    },
    isFull: (nowMs) => owed(nowMs) === 0,
  };
}

/** How often something may happen in any 60 s. */
export interface MinuteWindow {
  /** Counts one more when fewer than `limit` happened in the last 60 s; else counts nothing and returns false. */
  take(limit: number, nowMs: number): boolean;
  isEmpty(nowMs: number): boolean;
}

/** An exact sliding window. Memory: one number for each event of the last minute, at most `limit`. */
export function createMinuteWindow(): MinuteWindow {
  let times: number[] = [];
  let first = 0;
  const forget = (nowMs: number): void => {
    while (first < times.length && (times[first] ?? 0) <= nowMs - MINUTE_MS) first += 1;
    if (first > 1_024 && first > times.length / 2) {
      times = times.slice(first);
      first = 0;
    }
  };
  return {
    take(limit, nowMs) {
      forget(nowMs);
      if (times.length - first >= limit) return false;
      times.push(nowMs);
      return true;
    },
    isEmpty(nowMs) {
      forget(nowMs);
      return first === times.length;
    },
  };
}
