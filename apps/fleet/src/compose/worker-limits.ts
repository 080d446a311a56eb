/** Patience with workers, wall time. Two busy cores are slow: these end what hangs, they time nothing. */
export const WORKER_LIMITS = { readyTimeoutMs: 60_000, beatTimeoutMs: 15_000 } as const;

/** How long a worker may take to finish the step in hand: a request's own timeout and a little. */
export const DRAIN_MS = 12_000;

/** How long a question to a worker may take. */
export const CALL_MS = 10_000;
