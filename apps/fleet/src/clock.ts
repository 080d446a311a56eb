import type { Clock } from '@hyperfleet/trading';

/**
 * How market time follows the machine's monotonic clock, which all threads and processes of one machine share. Clonable:
 * whoever holds the same mapping reads the same time.
 */
export interface ClockMapping {
  /** Market time, ms since the epoch, at the base. */
  readonly marketBaseMs: number;
  /** `process.hrtime.bigint()` at the base; until then market time stands. */
  readonly monotonicBaseNs: bigint;
  /** Market milliseconds a wall millisecond. */
  readonly speed: number;
}

/** setTimeout counts in 31 bits and turns anything longer into 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A mapping that stands at `marketNowMs` at this very moment, and for `standMs` of wall time. */
export function mapClock(marketNowMs: number, speed: number, standMs = 0): ClockMapping {
  return { marketBaseMs: marketNowMs, monotonicBaseNs: process.hrtime.bigint() + BigInt(Math.round(standMs * 1e6)), speed };
}

/**
 * The replay's clock: market time runs `speed` times as fast as the wall. A task never runs before its time, however the
 * timers of the machine round.
 */
export function createReplayClock({ marketBaseMs, monotonicBaseNs, speed }: ClockMapping): Clock {
  const exact = (): number => marketBaseMs + Math.max(0, Number(process.hrtime.bigint() - monotonicBaseNs) / 1e6) * speed;
  return {
    now: () => Math.floor(exact()),
    after(delayMs, task) {
      const dueMs = exact() + delayMs;
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        const leftMs = (dueMs - exact()) / speed;
        timer = setTimeout(() => (exact() < dueMs ? wait() : task()), Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(leftMs))));
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}
