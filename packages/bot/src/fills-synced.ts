/** When a trade's fills were read, and how long nothing new has come of it. */

/** A read of the fills may be this far behind what the venue has already answered or streamed. */
const FILLS_LAG_MS = 2_000;

export interface FillsRead {
  /** The trade's version after the reads. */
  readonly version: number;
  /** When the first and the newest read that found it at this version were asked for, market ms. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface FillsSynced {
  of(tradeId: string): FillsRead | null;
  /** A read asked for at `askedMs` has been recorded; the trade now stands at `version`. */
  note(tradeId: string, version: number, askedMs: number): void;
  all(): readonly (readonly [string, FillsRead])[];
}

/** What one loop remembers of its reads. */
export function createFillsSynced(): FillsSynced {
  const reads = new Map<string, FillsRead>();
  return {
    of: (tradeId) => reads.get(tradeId) ?? null,
    note(tradeId, version, askedMs) {
      const before = reads.get(tradeId);
      const firstMs = before?.version === version ? before.firstMs : askedMs;
      reads.set(tradeId, { version, firstMs, lastMs: askedMs });
    },
    all: () => [...reads],
  };
}

/** Whether reads of this trade at this version lie far enough apart that a fill would have shown in one of them. */
export const outlastsLag = (read: FillsRead | null, version: number): boolean =>
  read !== null && read.version === version && read.lastMs - read.firstMs >= FILLS_LAG_MS;
