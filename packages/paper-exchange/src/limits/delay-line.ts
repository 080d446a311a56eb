import type { Clock } from '@hyperfleet/trading';

/** Things on their way: they arrive in the order they left, each after its delay. */
export interface DelayLine {
  push(arrive: () => void): void;
  /** Lets all that is on its way arrive now. */
  release(): void;
  /** Forgets what is on its way; later things are forgotten too. */
  close(): void;
}

/** A line on `clock`; `delayMs` is asked for each thing, and 0 lets it arrive at once, behind what left before it. */
export function createDelayLine(clock: Clock, delayMs: () => number): DelayLine {
  let waiting: { readonly dueMs: number; readonly arrive: () => void }[] = [];
  let cancelTimer: (() => void) | null = null;
  let closed = false;

  function arriveUntil(nowMs: number): void {
    const due = waiting.findIndex(({ dueMs }) => dueMs > nowMs);
    const arrived = due < 0 ? waiting : waiting.slice(0, due);
    waiting = due < 0 ? [] : waiting.slice(due);
    for (const { arrive } of arrived) arrive();
  }

  function sleep(): void {
    const next = waiting[0];
    if (cancelTimer !== null || next === undefined || closed) return;
    cancelTimer = clock.after(Math.max(0, next.dueMs - clock.now()), () => {
      cancelTimer = null;
      arriveUntil(clock.now());
      sleep();
    });
  }

  return {
    push(arrive) {
      if (closed) return;
      const delay = delayMs();
      if (delay === 0 && waiting.length === 0) {
        arrive();
        return;
      }
      waiting.push({ dueMs: Math.max(clock.now() + delay, waiting.at(-1)?.dueMs ?? 0), arrive });
      sleep();
    },
    release: () => arriveUntil(Number.POSITIVE_INFINITY),
    close() {
      closed = true;
      waiting = [];
      cancelTimer?.();
    },
  };
}
