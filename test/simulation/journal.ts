/** What happened in a run, line by line: hashed whole, and the newest lines kept for a failing seed. */
import { createHash } from 'node:crypto';
import type { Clock } from '@hyperfleet/trading';

const KEPT = 4_000;

export interface Journal {
  note(line: string): void;
  /** SHA-256 of all lines so far, hex. */
  hash(): string;
  /** The newest lines, at most `count`. */
  tail(count: number): readonly string[];
}

/** Starts a journal; `print` sees each line as well. */
export function createJournal(clock: Clock, startMs: number, print: ((line: string) => void) | null): Journal {
  const hash = createHash('sha256');
  let lines: string[] = [];
  return {
    note(line) {
      const whole = `${((clock.now() - startMs) / 1000).toFixed(3)} ${line}`;
      hash.update(whole).update('\n');
      lines.push(whole);
      if (lines.length > 2 * KEPT) lines = lines.slice(-KEPT);
      print?.(whole);
    },
    hash: () => hash.copy().digest('hex'),
    tail: (count) => lines.slice(-count),
  };
}
