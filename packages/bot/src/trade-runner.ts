/** Drives each trade by itself: one step at a time, look again after each, back off when the venue cannot be asked. */
import type { Clock } from '@hyperfleet/trading';
import { backoffMs, lotOf } from './lot.ts';
import type { Log } from './settings.ts';
import type { Performed } from './step.ts';

const BACKOFF = { leastMs: 50, baseMs: 500, mostMs: 10_000 } as const;

/** No trade needs more steps in a row; one that does goes round in a circle, and would go round at the venue's cost. */
const STEPS_MAX = 500;

/** What a runner knows that the ledger does not: trade ids, and how often each has failed in a row. */
export interface RunnerMemory {
  /** Being driven now, and of those the ones to be looked at once more. */
  readonly running: readonly string[];
  readonly again: readonly string[];
  /** To be looked at after a while. */
  readonly later: readonly string[];
  /** Backing off: news does not wake them. */
  readonly held: readonly string[];
  readonly failures: readonly (readonly [string, number])[];
}

export interface TradeRunner {
  /** Looks at a trade soon; while it is being driven, once more after. */
  kick(tradeId: string): void;
  /** True while any trade is in hand. */
  busy(): boolean;
  /** All it keeps in memory, so that two situations can be told to be the same one. */
  memory(): RunnerMemory;
  /** Takes no new work and resolves when what is in hand is done. */
  drain(): Promise<void>;
}

/** An error that says of itself whether trying again makes sense; everything else is a bug. */
export function isOperational(error: unknown): error is Error & { readonly code: string; readonly retry: 'now' | 'later' | 'never' } {
  return error instanceof Error && 'code' in error && 'retry' in error && typeof error.retry === 'string';
}

/** `drive` does one step of a trade; a bug in it goes to `onBug` and is never swallowed. */
export function createTradeRunner(args: {
  readonly drive: (tradeId: string) => Promise<Performed>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onBug: (error: unknown) => void;
  /** Nothing more to do for this trade now. */
  readonly onRest?: (tradeId: string) => void;
}): TradeRunner {
  const { drive, clock, log, onBug, onRest } = args;
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const timers = new Map<string, () => void>();
  const failures = new Map<string, number>();
  const held = new Set<string>();
  let draining = false;

  const later = (tradeId: string, afterMs: number): void => {
    timers.get(tradeId)?.();
    timers.set(
      tradeId,
      clock.after(afterMs, () => {
        timers.delete(tradeId);
        held.delete(tradeId);
        kick(tradeId);
      }),
    );
  };

  const run = async (tradeId: string): Promise<void> => {
    for (let steps = 0; !draining; steps += 1) {
      if (steps > STEPS_MAX) throw new Error(`trade ${tradeId} does not come to rest after ${STEPS_MAX} steps`);
      again.delete(tradeId);
      try {
        const performed = await drive(tradeId);
        failures.delete(tradeId);
        held.delete(tradeId);
        if (performed.kind === 'again') continue;
        if (performed.kind === 'later') later(tradeId, performed.afterMs);
      } catch (error) {
        if (!isOperational(error)) throw error;
        const count = (failures.get(tradeId) ?? 0) + 1;
        failures.set(tradeId, count);
        const afterMs = backoffMs(lotOf(`${tradeId}:${count}`), count, BACKOFF);
        log.warn('venue could not be asked', { tradeId, code: error.code, reason: error.message, tryAgainMs: afterMs });
        // News does not shorten a back-off: the venue has just said it cannot be asked.
        held.add(tradeId);
        later(tradeId, afterMs);
        return;
      }
      if (!again.has(tradeId)) return;
    }
  };

  const kick = (tradeId: string): void => {
    if (draining || held.has(tradeId)) return;
    if (running.has(tradeId)) {
      again.add(tradeId);
      return;
    }
    const done = run(tradeId)
      .catch(onBug)
      .finally(() => {
        running.delete(tradeId);
        // A kick may have come between the last look and here.
        if (again.delete(tradeId)) kick(tradeId);
        else onRest?.(tradeId);
      });
    running.set(tradeId, done);
  };

  return {
    kick,
    busy: () => running.size > 0,
    memory: () => ({
      running: [...running.keys()],
      again: [...again],
      later: [...timers.keys()],
      held: [...held],
      failures: [...failures],
    }),
    async drain() {
      draining = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
      await Promise.all(running.values());
    },
  };
}
