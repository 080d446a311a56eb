import type { Clock } from '@hyperfleet/trading';

/** A clock that stands still until a test moves it. Timers run in time order, ties in the order they were set. */
export interface VirtualClock extends Clock {
  /** Runs every timer due up to `ms` from now, letting promises settle after each. */
  advance(ms: number): Promise<void>;
}

/** A test that fires more in one stretch is going round in a circle. */
const TIMERS_MAX = 10_000;

/** Lets everything that is ready to run do so: promise chains and immediates, a few layers deep. */
export async function settleTasks(): Promise<void> {
  for (let i = 0; i < 6; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  let order = 0;
  let timers: { readonly atMs: number; readonly order: number; readonly task: () => void }[] = [];
  return {
    now: () => nowMs,
    after(delayMs, task) {
      const timer = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), order: order++, task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settleTasks();
      for (let fired = 0; ; fired += 1) {
        if (fired > TIMERS_MAX) throw new Error(`more than ${TIMERS_MAX} timers fell due within ${ms} ms`);
        timers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
        const next = timers[0];
        if (next === undefined || next.atMs > untilMs) break;
        timers.shift();
        nowMs = Math.max(nowMs, next.atMs);
        next.task();
        await settleTasks();
      }
      nowMs = untilMs;
      await settleTasks();
    },
  };
}
