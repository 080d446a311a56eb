/**
 * The one clock of a simulation. Timers run in time order, ties in the order they were set; between two of them every promise
 * that can move does. This file is the simulation's only door to the real event loop.
 */
import type { Clock } from '@hyperfleet/trading';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  task: (() => void) | null;
}

export interface Executor extends Clock {
  /**
   * Runs every timer due up to this moment, `afterEach` after each once all promises have settled. Ends early, false, when
   * `afterEach` says so.
   */
  runUntil(untilMs: number, afterEach: () => boolean): Promise<boolean>;
  /** Lets every promise that can move do so. */
  settle(): Promise<void>;
}

/**
 * Lets every promise that can move do so. What a microtask hands to `nextTick` runs when no microtask is left, however long their chain
 * is; unlike an immediate it costs no turn of the event loop, and an hour settles a hundred thousand times.
 */
const settle = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));

/** A turn of the event loop: whoever else lives in this process is heard. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const before = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** A binary heap of timers, soonest first. */
function createTimers() {
  const heap: Timer[] = [];
  const at = (index: number): Timer => {
    const timer = heap[index];
    if (timer === undefined) throw new RangeError(`no timer at ${index}`);
    return timer;
  };
  const swap = (a: number, b: number): void => {
    const first = at(a);
    heap[a] = at(b);
    heap[b] = first;
  };
  return {
    soonest: (): Timer | undefined => heap[0],
    push(timer: Timer): void {
      let index = heap.push(timer) - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (!before(at(index), at(parent))) return;
        swap(index, parent);
        index = parent;
      }
    },
    pop(): void {
      swap(0, heap.length - 1);
      heap.pop();
      for (let index = 0; ; ) {
        let least = index;
        for (const child of [2 * index + 1, 2 * index + 2]) {
          if (child < heap.length && before(at(child), at(least))) least = child;
        }
        if (least === index) return;
        swap(index, least);
        index = least;
      }
    },
  };
}

/** A clock that stands at `startMs` until it is run. */
export function createExecutor(startMs: number): Executor {
  const timers = createTimers();
  let nowMs = startMs;
  let order = 0;
  return {
    now: () => nowMs,
    after(delayMs, task) {
      const timer: Timer = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), order: order++, task };
      timers.push(timer);
      return () => {
        timer.task = null;
      };
    },
    settle,
    async runUntil(untilMs, afterEach) {
      await breathe();
      await settle();
      for (;;) {
        const next = timers.soonest();
        if (next === undefined || next.atMs > untilMs) break;
        timers.pop();
        if (next.task === null) continue;
        nowMs = next.atMs;
        next.task();
        await settle();
        if (!afterEach()) return false;
      }
      nowMs = untilMs;
      return true;
    },
  };
}
