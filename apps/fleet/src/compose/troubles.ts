/** Files that cannot be used for a while: looked at again and again, and told of once. */
import { StoreError } from '@hyperfleet/store';

/** A trouble that has not shown for so long is over, ms of wall time: a lock that others hold now and then is one trouble. */
const OVER_MS = 10_000;

interface Trouble {
  /** Of SQLite's errors in our words (`disk-full`), or of the system's (`ENOSPC`). */
  readonly code: string;
  /** What it is, which file, and the remedy. */
  readonly reason: string;
}

interface TroubleOptions {
  /** Wall time in ms that never steps back. */
  readonly now: () => number;
  readonly onTrouble: (trouble: Trouble) => void;
  /** By its reason. */
  readonly onOver: (reason: string) => void;
}

/** What a file or a database may do to us at any time; null for a bug. */
function troubleOf(error: unknown): Trouble | null {
  if (error instanceof StoreError) return { code: error.code, reason: error.message };
  return error instanceof Error && 'syscall' in error && 'code' in error ? { code: String(error.code), reason: error.message } : null;
}

/** What a trouble keeps from being done, in words to stand behind its reason: nothing where it is not of a database. */
export function consequenceOf(reason: string, files: { readonly ledger: string; readonly signals: string }): string {
  if (reason.includes(files.ledger)) return '; entries, exits and new stops and targets wait meanwhile, what rests at the venue stands';
  return reason.includes(files.signals) ? '; entries and exits wait meanwhile, stops and targets are kept' : '';
}

/**
 * Wraps what is looked at every so often: a database that cannot be read just now, or a disk that is full, is tried again at the next
 * look. Whoever looks, each trouble is told once while it lasts, and once when it is over. A bug is thrown on.
 */
export function createCalm({ now, onTrouble, onOver }: TroubleOptions): (look: () => void) => () => void {
  const lastMs = new Map<string, number>();
  return (look) => () => {
    try {
      look();
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === null) throw error;
      if (!lastMs.has(trouble.reason)) onTrouble(trouble);
      // A damaged file does not mend itself, whatever can still be read of it.
      lastMs.set(trouble.reason, trouble.code === 'corrupt' ? Number.POSITIVE_INFINITY : now());
    }
    for (const [reason, atMs] of lastMs) {
      if (now() - atMs < OVER_MS) continue;
      lastMs.delete(reason);
      onOver(reason);
    }
  };
}
