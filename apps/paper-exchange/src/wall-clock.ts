import type { Clock } from '@hyperfleet/trading';

/** The longest delay a timer takes. */
const TIMER_MS_MAX = 2_147_483_647;

/** Market time that begins at `startMs` now and runs at `speed` times the wall clock, never backwards. */
export function wallClock(startMs: number, speed: number): Clock {
  const originMs = performance.now();
  return {
    now: () => Math.floor(startMs + (performance.now() - originMs) * speed),
    after(delayMs, task) {
      const timer = setTimeout(task, Math.min(TIMER_MS_MAX, Math.max(0, delayMs / speed)));
      return () => clearTimeout(timer);
    },
  };
}
