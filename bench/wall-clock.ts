import type { Clock } from '@hyperfleet/trading';

/** Market time is wall time. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
