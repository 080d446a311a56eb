/** Where a bot's nonces come from: unique over threads, restarts and steps of the clock. */
import type { Ledger } from '@hyperfleet/trading';

/** Nonces are reserved on disk this far ahead of the clock, ms: one write a minute. */
const RESERVE_MS = 60_000;
/**
 * Nonces that are ahead of the clock, after a restart or a step back, are reserved in parts of this many ms. A worker takes longer to
 * start than that, so restarts never carry nonces further ahead than one minute: a day ahead the venue takes none (PROTOCOL §2.4).
 */
const PART_MS = 100;

/**
 * Gives nonces from a cell that all threads of a signer share, and keeps the mark in the ledger above every one given, so that
 * a process that starts again with its clock set back uses none twice (PROTOCOL §2.4). Throws the ledger's operational errors.
 */
export function createNonceSource(from: {
  readonly cell: { next(nowMs: number): number; raiseTo(used: number): void };
  readonly ledger: Pick<Ledger, 'highestNonce' | 'reserveNonces'>;
  readonly bot: string;
  readonly now: () => number;
}): () => number {
  const { cell, ledger, bot } = from;
  cell.raiseTo(ledger.highestNonce(bot));
  let reserved = 0;
  return () => {
    const nowMs = from.now();
    const nonce = cell.next(nowMs);
    if (nonce > reserved) {
      const upTo = Math.max(nowMs + RESERVE_MS, nonce + PART_MS);
      ledger.reserveNonces(bot, upTo);
      reserved = upTo;
    }
    return nonce;
  };
}
