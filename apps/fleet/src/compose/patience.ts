import { StoreError } from '@hyperfleet/store';

/** How long another program's lock on the signals database is waited for at a start, wall time, and how often it is tried. */
export const LOCK_PATIENCE = { limitMs: 45_000, everyMs: 250 } as const;

/** How long to be patient, wall time, whom to tell, and what ends it early. */
export interface Patience {
  readonly limitMs: number;
  readonly everyMs: number;
  /** Resolves when somebody asks the fleet to stop: then it is not waited for any longer. */
  readonly asked: Promise<string>;
  /** Said once, when the waiting begins. */
  tell(line: string): void;
}

/** Opens what another program may hold just now. Rejects with the StoreError of the last try. */
export async function openPatiently<T>(open: () => T, { limitMs, everyMs, asked, tell }: Patience): Promise<T> {
  const untilMs = performance.now() + limitMs;
  const hasEnded = asked.then(() => true);
  for (let told = false; ; told = true) {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof StoreError) || error.retry !== 'later' || performance.now() >= untilMs) throw error;
      if (!told) tell(`${error.message}; waiting for it, ${limitMs / 1_000} s at most`);
      const next = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => next.resolve(false), everyMs);
      if (!(await Promise.race([next.promise, hasEnded]))) continue;
      clearTimeout(timer);
      throw error;
    }
  }
}
