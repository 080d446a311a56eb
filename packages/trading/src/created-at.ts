const STAMP = /^(\d{4})-(\d{2})-(\d{2})[T ]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?$/i;
const EPOCH = /^\d{9,14}(?:\.\d{1,9})?$/;

/** Below this a bare number is no epoch time we would believe: 1973 in seconds. Keeps years and Julian days out. */
const EARLIEST_EPOCH_S = 1e8;
/** From here on a bare number counts milliseconds: as seconds it would be the year 5138. */
const EARLIEST_EPOCH_MS = 1e11;
const LATEST_MS = 8.64e15;
const FUTURE_TOLERANCE_MS = 5 * 60_000;

export interface CreatedAt {
  /** Milliseconds since the epoch, UTC. */
  readonly ms: number;
  /** False when the writer kept whole seconds only, so that the row may be almost a second younger than it says. */
  readonly hasFraction: boolean;
}

/**
 * Reads a `created_at` as any writer leaves it: `YYYY-MM-DD HH:MM[:SS[.fff]]` in UTC, ISO 8601 with `T`, `Z` or an offset,
 * or an epoch number in seconds or milliseconds. Null when it is none of these or names no real date.
 */
export function parseCreatedAt(value: unknown): CreatedAt | null {
  if (typeof value === 'bigint') return fromEpoch(Number(value));
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (EPOCH.test(text)) return fromEpoch(Number(text));
  const match = STAMP.exec(text);
  return match === null ? null : fromStamp(match);
}

function fromEpoch(value: number): CreatedAt | null {
  if (!Number.isFinite(value) || value < EARLIEST_EPOCH_S) return null;
  if (value >= EARLIEST_EPOCH_MS) return value > LATEST_MS ? null : { ms: Math.floor(value), hasFraction: true };
  return { ms: Math.floor(value * 1000), hasFraction: !Number.isInteger(value) };
}

function fromStamp(match: RegExpExecArray): CreatedAt | null {
  const part = (index: number): number => Number(match[index] ?? '0');
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (hour > 23 || minute > 59 || second > 59 || part(10) > 14 || part(11) > 59) return null;
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  // Date.UTC carries 31 February over into March; such a date was never written by a clock.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const fraction = match[7];
  const fractionMs = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  const offsetMs = (match[9] === '-' ? -1 : 1) * (part(10) * 60 + part(11)) * 60_000;
  const ms = midnight + ((hour * 60 + minute) * 60 + second) * 1000 + fractionMs - offsetMs;
  return { ms, hasFraction: fraction !== undefined };
}

export type AgeVerdict = 'fresh' | 'expired' | 'future';

/**
 * Whether an entry is young enough to act on; both times in ms on the market clock. More than 5 minutes ahead of the
 * clock is `future`: some clock is wrong, and an age counted from it would mean nothing.
 */
export function judgeAge(createdAtMs: number, nowMs: number, maxSignalAgeMs: number): AgeVerdict {
  if (createdAtMs - nowMs > FUTURE_TOLERANCE_MS) return 'future';
  return nowMs - createdAtMs > maxSignalAgeMs ? 'expired' : 'fresh';
}
