import type { RequestClass } from './request-class.ts';

/** Posts of one IP the venue lets be under way at once (PROTOCOL §10). */
const POSTS_MAX = 100;
/** Words of shared memory they take: one a post. */
export const POST_WORDS = POSTS_MAX;

/** What each class must leave free, so that a crowd of reads never keeps a stop from going out. */
const LEAVES: Readonly<Record<RequestClass, number>> = { exit: 0, cancel: 5, protect: 10, entry: 30, read: 40 };

/** Requests of this IP that are under way, over all threads. */
export interface Posts {
  /** Takes a place until `leave`, or for `leaseMs` of wall time at most; null when the class must leave what is free. */
  enter(priority: RequestClass, leaseMs: number): { leave(): void } | null;
  /** How many are under way. */
  underWay(): number;
}

const monotonicMs = (): bigint => process.hrtime.bigint() / 1_000_000n;

/**
 * Opens the places at `first`. Each word is the end of a lease in ms of the machine's monotonic clock, which all threads share:
 * a thread that dies with a request under way gives its place back by the lease alone.
 */
export function openPosts(words: BigInt64Array, first: number): Posts {
  function free(nowMs: bigint): number {
    let count = 0;
    for (let index = 0; index < POSTS_MAX; index += 1) if (Atomics.load(words, first + index) <= nowMs) count += 1;
    return count;
  }
  return {
    enter(priority, leaseMs) {
      const nowMs = monotonicMs();
      if (free(nowMs) <= LEAVES[priority]) return null;
      const until = nowMs + BigInt(Math.ceil(leaseMs));
      for (let index = first; index < first + POSTS_MAX; index += 1) {
        const held = Atomics.load(words, index);
        if (held > nowMs || Atomics.compareExchange(words, index, held, until) !== held) continue;
        return { leave: () => void Atomics.compareExchange(words, index, until, 0n) };
      }
      return null;
    },
    underWay: () => POSTS_MAX - free(monotonicMs()),
  };
}
