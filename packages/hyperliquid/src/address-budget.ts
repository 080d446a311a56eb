import type { RequestClass } from './request-class.ts';

/** What one address may send to /exchange over its life, shared by the threads that act for it (PROTOCOL §10). */
export interface AddressBudget {
  /**
   * Counts `requests` and returns 0 when the class may send them; else counts nothing and returns the ms of market time until
   * it may, Infinity when only trading frees any.
   */
  acquire(requests: number, priority: RequestClass, nowMs: number): number;
  /** Counts what is owed beyond: an action that came too late costs five times its requests. */
  charge(requests: number): void;
  /** What the venue counts: userRateLimit, or the figures in its refusal. */
  reconcile(count: AddressCount): void;
  count(): AddressCount;
}

export interface AddressCount {
  readonly used: number;
  readonly allowed: number;
}

/** Before anything was traded, and one more for each dollar traded since. */
const ALLOWED_AT_FIRST = 10_000;
/** Once it is spent, one action in so long. */
const TRICKLE_MS = 10_000;
const EXTRA_CANCELS = 100_000;
/** What entries and leverage changes leave to exits and stops. */
const RESERVE = 300;

const WORDS = { used: 0, allowed: 1, trickledAt: 2, cancelledAt: 3 } as const;
const BYTES = 4 * BigInt64Array.BYTES_PER_ELEMENT;

/** Memory for one address: made once, handed to both threads of its bot. */
export function createAddressBudget(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

/** What of an address's requests is left for entries; never below zero. */
export const leftForEntries = ({ used, allowed }: AddressCount): number => Math.max(0, allowed - RESERVE - used);

/**
 * Opens a budget made by `createAddressBudget`. Entries stop at a reserve; exits and stops spend all of it and then one action
 * in 10 s; cancels go on to min(limit + 100,000, 2 × limit). Throws a RangeError when the memory has another size.
 */
export function openAddressBudget(buffer: SharedArrayBuffer): AddressBudget {
  if (buffer.byteLength !== BYTES) {
    throw new RangeError(`an address budget has ${BYTES} bytes, got ${buffer.byteLength}: pass memory made by createAddressBudget`);
  }
  const words = new BigInt64Array(buffer);
  const count = (): AddressCount => ({
    used: Number(Atomics.load(words, WORDS.used)),
    // 0 in fresh memory: not told yet.
    allowed: Number(Atomics.load(words, WORDS.allowed)) || ALLOWED_AT_FIRST,
  });
  const add = (requests: number): void => void Atomics.add(words, WORDS.used, BigInt(requests));

  function limitOf(priority: RequestClass, allowed: number): number {
    switch (priority) {
      case 'cancel':
        return Math.min(allowed + EXTRA_CANCELS, 2 * allowed);
      case 'exit':
      case 'protect':
        return allowed;
      case 'entry':
      case 'read':
        return allowed - RESERVE;
      default:
        return priority satisfies never;
    }
  }

  function takeUpTo(limit: number, requests: number): boolean {
    for (let used = Atomics.load(words, WORDS.used); ; ) {
      if (Number(used) + requests > limit) return false;
      const seen = Atomics.compareExchange(words, WORDS.used, used, used + BigInt(requests));
      if (seen === used) return true;
      used = seen;
    }
  }

  /** One action each 10 s when all is spent; cancels have a trickle of their own. */
  function trickle(word: number, requests: number, nowMs: number): number {
    const last = Atomics.load(words, word);
    const sinceMs = nowMs - Number(last);
    if (sinceMs >= 0 && sinceMs < TRICKLE_MS) return TRICKLE_MS - sinceMs;
    if (Atomics.compareExchange(words, word, last, BigInt(Math.floor(nowMs))) !== last) return TRICKLE_MS;
    add(requests);
    return 0;
  }

  return {
    acquire(requests, priority, nowMs) {
      if (takeUpTo(limitOf(priority, count().allowed), requests)) return 0;
      if (priority === 'entry' || priority === 'read') return Number.POSITIVE_INFINITY;
      return trickle(priority === 'cancel' ? WORDS.cancelledAt : WORDS.trickledAt, requests, nowMs);
    },
    charge: add,
    reconcile({ used, allowed }) {
      Atomics.store(words, WORDS.used, BigInt(used));
      Atomics.store(words, WORDS.allowed, BigInt(allowed));
    },
    count,
  };
}
