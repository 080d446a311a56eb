/** Patience with workers, wall time. Two busy cores are slow: these end what hangs, they time nothing. */
export const WORKER_LIMITS = { readyTimeoutMs: 60_000, beatTimeoutMs: 10_000, leaveTimeoutMs: 10_000 } as const;

/** Heap a bot's worker may grow to, ten times what it uses: one that leaks is ended and started again before it ends the others. */
export const BOT_MEMORY = { maxOldGenerationSizeMb: 256 } as const;

/**
 * REST weight a bot asks for at most until its workers are ready, rounded up: the look at its account (42, of an agent 102), a
 * reconcile for both (42) and one more where its stream comes late, orders in doubt, and counts.
 */
const BOOT_WEIGHT = 250;
/** Weight an IP gets back a second (PROTOCOL §10). */
const WEIGHT_PER_SECOND = 20;

/** How long a bot's worker may take until it is ready, wall time: it may have to wait until the IP's weight served all the others. */
export const botReadyMs = (bots: number, speed: number): number =>
  WORKER_LIMITS.readyTimeoutMs + Math.ceil((bots * BOOT_WEIGHT * 1_000) / (WEIGHT_PER_SECOND * speed));

/** How long a worker may take to finish the step in hand: a request's own timeout and a little. */
export const DRAIN_MS = 12_000;

/** How long a question to a worker may take. */
export const CALL_MS = 10_000;
