/** What other programs have written to the signals file, as their writers know it: the truth rows are held against. */
import type { SignalQueueHandle } from '@hyperfleet/store';
import type { Direction, SignalRow } from '@hyperfleet/trading';

interface PostedSignal {
  /** In the order of writing, from 1. */
  readonly number: number;
  /** Written into the row's raw_message, so that a copy of it anywhere tells which signal it was. */
  readonly key: string;
  readonly bot: string;
  readonly coin: string;
  readonly kind: 'entry' | 'exit' | 'rubbish' | 'not ours';
  readonly direction: Direction | null;
  /** When its writer says it was written; one that is slow writes it down some seconds later. */
  readonly atMs: number;
}

export interface Posted {
  insert(
    queue: SignalQueueHandle,
    signal: Omit<PostedSignal, 'key' | 'number'>,
    row: Readonly<Record<string, string | number | null>>,
  ): void;
  keyOf(row: SignalRow | null): string | null;
  directionOf(row: SignalRow | null): Direction | null;
  find(key: string): PostedSignal | null;
  readonly count: number;
}

export function createPosted(): Posted {
  const signals = new Map<string, PostedSignal>();
  const keyOf = (row: SignalRow | null): string | null => {
    const key = row?.raw_message;
    return typeof key === 'string' && signals.has(key) ? key : null;
  };
  return {
    insert(queue, signal, row) {
      const number = signals.size + 1;
      const key = `signal ${number}`;
      signals.set(key, { ...signal, key, number });
      queue.insertRow({ ...row, raw_message: key });
    },
    keyOf,
    directionOf: (row) => signals.get(keyOf(row) ?? '')?.direction ?? null,
    find: (key) => signals.get(key) ?? null,
    get count() {
      return signals.size;
    },
  };
}
