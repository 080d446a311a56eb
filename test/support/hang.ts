/** A worker that hangs: its thread does nothing, and all that comes to it waits until it goes on, in the order in which it came. */
import type { Clock } from '@hyperfleet/trading';

export interface Hang {
  readonly isHung: boolean;
  hang(): void;
  /** Goes on with what has waited. */
  goOn(): void;
  /** At once, or when it goes on. */
  whenAwake(task: () => void): void;
  /** A clock whose timers fire only while it is awake. */
  clockOf(clock: Clock): Clock;
  /** Ports whose answers are heard only while it is awake. */
  portsOf<T extends object>(ports: T): T;
}

export function createHang(): Hang {
  let isHung = false;
  const waiting: (() => void)[] = [];
  const whenAwake = (task: () => void): void => {
    if (isHung) waiting.push(task);
    else task();
  };
  return {
    get isHung() {
      return isHung;
    },
    hang() {
      isHung = true;
    },
    goOn() {
      isHung = false;
      for (const task of waiting.splice(0)) whenAwake(task);
    },
    whenAwake,
    clockOf: (clock) => ({
      now: clock.now,
      after: (delayMs, task) => {
        let isCancelled = false;
        const cancel = clock.after(delayMs, () => whenAwake(() => isCancelled || task()));
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    }),
    portsOf: (ports) =>
      new Proxy(ports, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) =>
            new Promise((resolve, reject) => {
              Promise.resolve(Reflect.apply(value, target, args)).then(
                (answer) => whenAwake(() => resolve(answer)),
                (error: unknown) => whenAwake(() => reject(error)),
              );
            });
        },
      }),
  };
}
