/** Words of shared memory a breaker takes. */
export const BREAKER_WORDS = 4;

/** Failures in a row after which a way is shut. */
const FAILURES_MAX = 5;
/** First and longest time it stays shut, ms of market time; doubled by each probe that fails. */
const SHUT_MS = 1_000;
const SHUT_MS_MAX = 10_000;
/** A probe of which nothing is heard for so long, ms of market time, makes room for another. */
const PROBE_MS = 15_000;

type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Keeps a fleet from hammering what does not answer: after five failures in a row the way is shut for a while, then one
 * probe may go, and its success opens the way for all. What protects does not ask, and its outcome counts like any other.
 */
export interface Breaker {
  /** 0 when a request may go; else the ms of market time until it may be asked again. */
  admit(nowMs: number): number;
  succeeded(): void;
  failed(nowMs: number): void;
  state(nowMs: number): BreakerState;
}

/** Opens a breaker over four words from `first`: failures in a row, end of the shut time, times shut, end of a probe. */
export function openBreaker(words: BigInt64Array, first: number, chance: () => number = Math.random): Breaker {
  const [failures, shutUntil, shuts, probeUntil] = [first, first + 1, first + 2, first + 3];

  /** Half drawn by lot: a fleet that failed together comes back apart, and no wait is nothing. */
  const shutMs = (times: number): number => Math.round(Math.min(SHUT_MS_MAX, SHUT_MS * 2 ** Math.min(times, 10)) * (0.5 + 0.5 * chance()));

  function shut(nowMs: number): void {
    const times = Number(Atomics.add(words, shuts, 1n));
    Atomics.store(words, shutUntil, BigInt(Math.floor(nowMs) + shutMs(times)));
    Atomics.store(words, probeUntil, 0n);
  }

  return {
    admit(nowMs) {
      const until = Number(Atomics.load(words, shutUntil));
      if (until === 0) return 0;
      if (nowMs < until) return Math.min(until - nowMs, SHUT_MS_MAX);
      const probe = Atomics.load(words, probeUntil);
      if (nowMs < Number(probe)) return Math.min(Number(probe) - nowMs, PROBE_MS);
      const mine = Atomics.compareExchange(words, probeUntil, probe, BigInt(Math.floor(nowMs) + PROBE_MS)) === probe;
      return mine ? 0 : SHUT_MS;
    },
    succeeded() {
      if (Atomics.load(words, failures) !== 0n) Atomics.store(words, failures, 0n);
      if (Atomics.load(words, shutUntil) === 0n) return;
      for (const word of [shutUntil, shuts, probeUntil]) Atomics.store(words, word, 0n);
    },
    failed(nowMs) {
      const inRow = Number(Atomics.add(words, failures, 1n)) + 1;
      const isShut = Atomics.load(words, shutUntil) !== 0n;
      if (isShut ? Atomics.load(words, probeUntil) !== 0n : inRow >= FAILURES_MAX) shut(nowMs);
    },
    state(nowMs) {
      const until = Number(Atomics.load(words, shutUntil));
      if (until === 0) return 'closed';
      return nowMs < until ? 'open' : 'half-open';
    },
  };
}
