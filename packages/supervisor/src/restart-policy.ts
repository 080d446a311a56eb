/** How a worker that ended unasked is started again. Times in ms of wall time. */
export interface RestartPolicy {
  /** Wait before the first restart; doubled by each further one inside the window. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Part of the wait that is drawn by lot, 0 to 1, so that siblings do not all come back at once. */
  readonly jitter: number;
  /** Restarts allowed inside the window; one more halts the worker. */
  readonly budget: number;
  readonly windowMs: number;
}

/** Remembers when a worker was restarted and says what to do next. */
export interface RestartCounter {
  /** Notes an unasked end at `nowMs`: how long to wait before the restart, or null when the budget is spent. */
  next(nowMs: number): number | null;
  /** Restarts granted so far, over the whole life. */
  readonly granted: number;
}

/**
 * Exponential backoff with jitter and a budget in a sliding window. `chance` gives a number in [0, 1).
 * Throws a RangeError naming the field when the policy makes no sense.
 */
export function createRestartCounter(policy: RestartPolicy, chance: () => number = Math.random): RestartCounter {
  checkPolicy(policy);
  let recent: number[] = [];
  let granted = 0;
  return {
    next(nowMs) {
      recent = recent.filter((at) => nowMs - at < policy.windowMs);
      if (recent.length >= policy.budget) return null;
      const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** recent.length);
      recent.push(nowMs);
      granted += 1;
      return Math.round(full * (1 - policy.jitter * chance()));
    },
    get granted() {
      return granted;
    },
  };
}

function checkPolicy(policy: RestartPolicy): void {
  const { jitter, budget } = policy;
  for (const field of ['firstDelayMs', 'maxDelayMs', 'windowMs'] as const) {
    if (!(policy[field] >= 0)) throw new RangeError(`restart ${field} is ${policy[field]}: it must be 0 ms or more`);
  }
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`restart jitter is ${jitter}: it must be from 0 to 1`);
  if (!Number.isInteger(budget) || budget < 0) throw new RangeError(`restart budget is ${budget}: it must be a whole number, 0 or more`);
}
