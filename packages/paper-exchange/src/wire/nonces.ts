const DAY_MS = 86_400_000;
/** The venue keeps this many of a signer's highest nonces (PROTOCOL §2.4). */
const KEPT = 100;
/** Captured bounds are this much tighter than the documented T−2 d and T+1 d (PROTOCOL §2.4). */
const MARGIN_MS = 120_000;

/** Used nonces of every signer. An agent has its own, apart from its master's (PROTOCOL §2.4). */
export interface NonceBook {
  /** The venue's error text when this nonce cannot be used at `nowMs`, or null when it can. Changes nothing. */
  refusal(signer: string, nonce: number, nowMs: number): string | null;
  /** Marks a nonce used. */
  use(signer: string, nonce: number): void;
}

/** Creates an empty book of nonces. Memory: at most 100 numbers a signer. */
export function createNonceBook(): NonceBook {
  /** Ascending. */
  const kept = new Map<string, number[]>();
  return {
    refusal(signer, nonce, nowMs) {
      const used = kept.get(signer) ?? [];
      if (used.includes(nonce)) return `Invalid nonce: duplicate nonce ${nonce}`;
      const oldest = used.length >= KEPT ? (used[0] ?? 0) : 0;
      const min = Math.max(oldest, nowMs - 2 * DAY_MS + MARGIN_MS);
      if (nonce < min) return `Invalid nonce: nonce too low ${nonce} < ${min}`;
      const max = nowMs + DAY_MS - MARGIN_MS;
      return nonce > max ? `Invalid nonce: nonce too high ${nonce} > ${max}` : null;
    },
    use(signer, nonce) {
      const used = kept.get(signer) ?? [];
      kept.set(signer, used);
      let at = used.length;
      while (at > 0 && (used[at - 1] ?? 0) > nonce) at -= 1;
      used.splice(at, 0, nonce);
      if (used.length > KEPT) used.shift();
    },
  };
}
