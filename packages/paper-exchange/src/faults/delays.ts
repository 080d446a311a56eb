import type { Clock } from '@hyperfleet/trading';

/** Things to be done later in market time, all given up together. */
export interface Delays {
  /** Runs a task after `ms`; at once for 0. */
  later(ms: number, task: () => void): void;
  /** Does all that waits now. */
  release(): void;
  stop(): void;
}

/** Creates the delays of a clock. */
export function createDelays(clock: Clock): Delays {
  /** What waits, with how to keep it from being done by the clock. */
  const waiting = new Map<() => void, () => void>();
  return {
    later(ms, task) {
      if (ms <= 0) {
        task();
        return;
      }
      const run = (): void => {
        if (waiting.delete(run)) task();
      };
      waiting.set(run, clock.after(ms, run));
    },
    release() {
      for (const [run, cancel] of [...waiting]) {
        cancel();
        run();
      }
    },
    stop() {
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
