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
  /** Set for a clock that stands until it is opened: one BigInt64, the base in place of `monotonicBaseNs`, 0 while it stands. */
  readonly gate?: SharedArrayBuffer;
}

/** setTimeout counts in 31 bits and turns anything longer into 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A mapping that stands at `marketNowMs` at this very moment, and for `standMs` of wall time. */
export function mapClock(marketNowMs: number, speed: number, standMs = 0): ClockMapping {
  return { marketBaseMs: marketNowMs, monotonicBaseNs: process.hrtime.bigint() + BigInt(Math.round(standMs * 1e6)), speed };
}

/** A clock of which all threads hold the mapping already and which starts for all of them at once. */
export interface GatedClock {
  readonly mapping: ClockMapping;
  /** Lets it run from now; later calls change nothing. Returns the mapping for processes that share no memory with us. */
  open(): ClockMapping;
}

/** A clock that stands at `marketNowMs` until it is opened. */
export function gateClock(marketNowMs: number, speed: number): GatedClock {
  const gate = new SharedArrayBuffer(8);
  const base = new BigInt64Array(gate);
  return {
    mapping: { marketBaseMs: marketNowMs, monotonicBaseNs: 0n, speed, gate },
    open() {
      Atomics.compareExchange(base, 0, 0n, process.hrtime.bigint());
      Atomics.notify(base, 0);
      return { marketBaseMs: marketNowMs, monotonicBaseNs: Atomics.load(base, 0), speed };
    },
  };
}

/** Whether a clock of this mapping runs: one with a gate stands until it is opened. */
export function isOpen({ gate }: ClockMapping): boolean {
  return gate === undefined || Atomics.load(new BigInt64Array(gate), 0) !== 0n;
}

/** Says once when a clock with this gate has been opened; every thread that waits is told by the one that opens it. */
async function whenOpened(base: BigInt64Array<SharedArrayBuffer>): Promise<void> {
  await Atomics.waitAsync(base, 0, 0n).value;
}

/**
 * The replay's clock: market time runs `speed` times as fast as the wall. A task never runs before its time, however the
 * timers of the machine round.
 */
export function createReplayClock({ marketBaseMs, monotonicBaseNs, speed, gate }: ClockMapping): Clock {
  const shared = gate === undefined ? null : new BigInt64Array(gate);
  let opened: Promise<void> | null = null;
  const baseNs = (): bigint => (shared === null ? monotonicBaseNs : Atomics.load(shared, 0));
  const stands = (): boolean => shared !== null && baseNs() === 0n;
  const exact = (): number =>
    stands() ? marketBaseMs : marketBaseMs + Math.max(0, Number(process.hrtime.bigint() - baseNs()) / 1e6) * speed;
  return {
    now: () => Math.floor(exact()),
    after(delayMs, task) {
      const dueMs = exact() + delayMs;
      let timer: NodeJS.Timeout | undefined;
      let isCancelled = false;
      const wait = (): void => {
        if (isCancelled) return;
        const leftMs = (dueMs - exact()) / speed;
        timer = setTimeout(() => (exact() < dueMs ? wait() : task()), Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(leftMs))));
      };
      if (shared !== null && stands()) {
        opened ??= whenOpened(shared);
        // Waiting for another thread keeps none alive; a timer does.
        timer = setTimeout(wait, LONGEST_TIMER_MS);
        void opened.then(() => {
          clearTimeout(timer);
          wait();
        });
      } else wait();
      return () => {
        isCancelled = true;
        clearTimeout(timer);
      };
    },
  };
}
