/** A worker that can die between any two things it does, and hang between any two it hears. */
import { StoreError, type StoreErrorCode } from '@hyperfleet/store';
import type { Clock } from '@hyperfleet/trading';
import type { Hang } from '../support/hang.ts';
import type { Chance } from './chance.ts';
import type { Weather } from './weather.ts';

export type Half = 'signal' | 'fill-monitor';

/** Thrown into whatever a dead worker still tries to do. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';
}

export interface Life {
  readonly bot: string;
  readonly half: Half;
  alive: boolean;
  readonly hang: Hang;
  /** Ends it here; nothing it does from now on has an effect. */
  die(why: string): void;
}

/** The worker's clock: timers of a dead worker never run, those of one that hangs wait, and an error in one is the worker's end. */
export function clockOf(clock: Clock, life: Life, onThrown: (error: unknown) => void): Clock {
  const awake = life.hang.clockOf(clock);
  return {
    now: clock.now,
    after: (delayMs, task) =>
      awake.after(delayMs, () => {
        if (!life.alive) return;
        try {
          task();
        } catch (error) {
          onThrown(error);
        }
      }),
  };
}

/** Writes of the two stores: where a disk can refuse and a crash has a before and an after. */
const WRITES: ReadonlySet<string> = new Set([
  'insertTrade',
  'changeTrade',
  'recordIntents',
  'applyOrderNews',
  'recordFills',
  'assignFill',
  'leaveFills',
  'recordFunding',
  'recordBookings',
  'setDifferences',
  'setBotState',
  'recordControl',
  'record',
  'reserveNonces',
  'projectAgain',
  'markProjected',
  'claimExits',
  'claimEntry',
  'claimRow',
  'release',
  'project',
  'markControlExecuted',
]);

const REFUSALS: readonly StoreErrorCode[] = ['disk-full', 'io', 'locked'];

export interface DiskEvents {
  /** The worker is about to write: another thread may come in between what it has read and this. */
  writing(method: string, args: readonly unknown[]): void;
  /** A write was refused. */
  refused(method: string): void;
  /** A write of the worker is committed. */
  written(method: string, args: readonly unknown[], result: unknown): void;
}

/**
 * A store as a worker of the simulation sees it: a write may be refused whole (full, failing or locked disk), and the worker may
 * die just before or just after any of them. Reads always work.
 */
export function onDisk<T extends object>(store: T, life: Life, luck: { chance: Chance; weather: Weather }, events: DiskEvents): T {
  const { chance, weather } = luck;
  const wrapped = new Map<string | symbol, unknown>();
  const mayDie = (why: string): void => {
    if (life.alive && weather.strikes('crash')) life.die(why);
    if (!life.alive) throw new WorkerDied(why);
  };
  const wrap =
    (key: string, method: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      if (!life.alive) throw new WorkerDied(key);
      if (!WRITES.has(key)) return method(...args);
      mayDie(`before ${key}`);
      events.writing(key, args);
      if (weather.strikes('disk')) {
        events.refused(key);
        throw new StoreError(chance.pick(REFUSALS), `${key} was refused by the disk`);
      }
      const result = method(...args);
      events.written(key, args, result);
      mayDie(`after ${key}`);
      return result;
    };
  return new Proxy(store, {
    get(target, key) {
      const known = wrapped.get(key);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      const made = wrap(key, (...args) => Reflect.apply(value, target, args) as unknown);
      wrapped.set(key, made);
      return made;
    },
  });
}
