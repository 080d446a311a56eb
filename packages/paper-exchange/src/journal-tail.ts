import type { JournalEntry, JournalPage } from './journal-entry.ts';

/** Inputs kept in memory. */
const KEPT = 10_000;

/** The latest accepted inputs, so that they can be looked at with and without a file. */
export interface JournalTail {
  /** How many inputs there were. */
  readonly length: number;
  push(entry: JournalEntry): void;
  /** Inputs after number `after`; null when some of those are no longer in memory. */
  page(after: number, limit: number): JournalPage | null;
  /** What there is from the oldest on. */
  oldest(limit: number): JournalPage;
}

/** Creates an empty tail. It tells the latest 10,000 inputs and holds at most twice as many. */
export function createJournalTail(): JournalTail {
  let kept: JournalEntry[] = [];
  let length = 0;
  /** Number of the input before the first kept. */
  const base = (): number => length - kept.length;
  const oldestKept = (): number => Math.max(base(), length - KEPT);
  const from = (after: number, limit: number): JournalPage => {
    const start = after - base();
    const entries = kept.slice(start, start + limit).map((entry, at) => ({ seq: after + at + 1, ...entry }));
    return { entries, next: after + entries.length, last: length, first: oldestKept() + 1 };
  };
  return {
    get length() {
      return length;
    },
    push(entry) {
      kept.push(entry);
      length += 1;
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
    },
    page(after, limit) {
      if (after >= length) return { entries: [], next: length, last: length, first: oldestKept() + 1 };
      return after >= oldestKept() ? from(after, limit) : null;
    },
    oldest: (limit) => from(oldestKept(), limit),
  };
}
