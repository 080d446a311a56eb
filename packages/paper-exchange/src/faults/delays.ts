import type { Clock } from '@hyperfleet/trading';

/** Things to be done later in market time, all given up together. */
export interface Delays {
  /** Runs a task after `ms`; at once for 0. */
  later(ms: number, task: () => void): void;
  stop(): void;
}

/** Creates the delays of a clock. */
export function createDelays(clock: Clock): Delays {
  const waiting = new Set<() => void>();
  return {
    later(ms, task) {
      if (ms <= 0) {
        task();
        return;
      }
      const cancel = clock.after(ms, () => {
        waiting.delete(cancel);
        task();
      });
      waiting.add(cancel);
    },
    stop() {
      for (const cancel of waiting) cancel();
      waiting.clear();
    },
  };
}
