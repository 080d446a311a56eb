/** Where a bot's nonces come from: unique over threads, restarts and steps of the clock. */
import type { Ledger } from '@hyperfleet/trading';

/** Nonces are reserved on disk this far ahead, ms: one write a minute, and a restart begins at most this far in the future. */
const RESERVE_MS = 60_000;

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
    const nonce = cell.next(from.now());
    if (nonce > reserved) {
      ledger.reserveNonces(bot, nonce + RESERVE_MS);
      reserved = nonce + RESERVE_MS;
    }
    return nonce;
  };
}
