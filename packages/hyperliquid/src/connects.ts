/** New WebSocket connections an IP may make a minute (PROTOCOL §10). */
const CONNECTS_MAX = 30;
/** Words of shared memory they take: one a connection. */
export const CONNECT_WORDS = CONNECTS_MAX;

const WINDOW_MS = 60_000;
/** A connection whose maker died under way is counted for so long. */
const LEASE_MS = 600_000;

/** New connections of this IP, over all threads: a fleet that starts, or has lost its venue, must not come all at once. */
export interface Connects {
  /** Leave to make one, or the ms until it may be asked for again. */
  enter(nowMs: number): Leave | { readonly kind: 'wait'; readonly waitMs: number };
}

interface Leave {
  readonly kind: 'go';
  /** To be told when the connection is open or has failed. */
  settled(nowMs: number): void;
}

/**
 * Opens the count at `first`. Each word is the ms at which one connection stops to count; 0 in fresh memory. The venue's minute
 * begins when a connection arrives there, which is after we asked for it and before it is settled, open or refused: so ours
 * begins when it is settled.
 */
export function openConnects(words: BigInt64Array, first: number): Connects {
  return {
    enter(nowMs) {
      const now = Math.floor(nowMs);
      const until = BigInt(now + LEASE_MS);
      let waitMs = LEASE_MS;
      for (let index = first; index < first + CONNECTS_MAX; index += 1) {
        const held = Atomics.load(words, index);
        const leftMs = Number(held) - now;
        // A clock set back would leave a wait of hours; none is longer than a lease.
        if (leftMs > 0 && leftMs <= LEASE_MS) waitMs = Math.min(waitMs, leftMs);
        else if (Atomics.compareExchange(words, index, held, until) === held) {
          const settled = (atMs: number): void => {
            Atomics.compareExchange(words, index, until, BigInt(Math.ceil(atMs) + WINDOW_MS));
          };
          return { kind: 'go', settled };
        }
      }
      // Some are under way and will be settled long before their lease is over.
      return { kind: 'wait', waitMs: Math.min(waitMs, WINDOW_MS) };
    },
  };
}
