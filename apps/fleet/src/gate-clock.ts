import type { Clock } from '@hyperfleet/trading';
import { type ClockMapping, createReplayClock, isOpen } from './clock.ts';

/** A clock that stands until it is told to go, and again when it is told to stop. */
export interface GateClock extends Clock {
  /** Runs by this mapping from now on. Once; later calls change nothing. */
  go(mapping: ClockMapping): void;
  /** Whether it stands at this moment. */
  stands(): boolean;
  /** Stands still at the present time, for good; what is due later is never run. */
  freeze(): void;
}

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
  cancel: (() => void) | null;
}

/** A gate clock that stands at `standingMs`. It never reads less than that. */
export function createGateClock(standingMs: number): GateClock {
  const tasks = new Set<Task>();
  let standing = standingMs;
  let running: Clock | null = null;
  let runsBy: ClockMapping | null = null;
  let isFrozen = false;

  const now = (): number => Math.max(standing, running?.now() ?? standing);
  const arm = (task: Task, on: Clock): void => {
    task.cancel = on.after(Math.max(0, task.dueMs - on.now()), () => {
      tasks.delete(task);
      task.run();
    });
  };

  return {
    now,
    after(delayMs, run) {
      const task: Task = { dueMs: now() + delayMs, run, cancel: null };
      if (isFrozen) return () => undefined;
      tasks.add(task);
      if (running !== null) arm(task, running);
      return () => {
        tasks.delete(task);
        task.cancel?.();
      };
    },
    go(mapping) {
      if (isFrozen || running !== null) return;
      running = createReplayClock(mapping);
      runsBy = mapping;
      for (const task of tasks) arm(task, running);
    },
    stands: () => running === null || runsBy === null || !isOpen(runsBy),
    freeze() {
      standing = now();
      running = null;
      isFrozen = true;
      for (const task of tasks) task.cancel?.();
      tasks.clear();
    },
  };
}
