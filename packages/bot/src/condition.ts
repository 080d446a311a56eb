/** What the guard of a bot tells of itself, and what follows from it for entries. Pure. */
import { type Health, mayEnter } from './health.ts';

/** How much the fleet must care whether this bot hears its fills at once, most first. */
export type Risk = 'position' | 'order' | 'wish' | 'none';

/** How a bot stands at a moment. Times in ms of market time. */
export interface Condition {
  readonly health: Health;
  /** How it learns of its fills: told by the venue, or by asking again and again. */
  readonly hearing: 'stream' | 'poll';
  /** Longest time a fill may stand without a stop: until it is heard of, and one reaction. */
  readonly nakedBoundMs: number;
  /** False before an answer has come by which a reaction is measured: the bound is then what hearing alone takes. */
  readonly isBoundMeasured: boolean;
  /** Our clock less the venue's, ms of wall time; null before it is known. */
  readonly skewMs: number | null;
  /** When the approval of the key ends; null when it is the account's own, or unnamed. */
  readonly keyUntilMs: number | null;
}

/** A clock this far off is worth a word, and one this far off forbids entries: nonces and ends of life are times. */
export const SKEW_ALARM_MS = 250;
const SKEW_MS_MAX = 2_000;
/** A key whose approval ends sooner may no longer be there when its trade is to be closed. */
const KEY_MS_MIN = 86_400_000;
/** An entry may rest only where a fill is followed by its stop within this. */
const NAKED_BOUND_MS_MAX = 5_000;

/** A length of time in the largest unit that says it plainly. */
export function plainly(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  const [size, unit] = units.find(([each]) => Math.round((10 * Math.abs(ms)) / each) >= 10) ?? [1, 'ms'];
  return `${Math.round((10 * Math.abs(ms)) / size) / 10} ${unit}`;
}

/** How our clock is wrong, and what to do. */
export const skewText = (skewMs: number): string =>
  `this machine's clock is ${plainly(skewMs)} ${skewMs > 0 ? 'ahead of' : 'behind'} the venue's: set it by a time server`;

/** What is wrong with our clock; null while it is near enough, or not known. */
export const clockTrouble = (skewMs: number | null): string | null =>
  skewMs !== null && Math.abs(skewMs) > SKEW_ALARM_MS ? skewText(skewMs) : null;

/** Why no entry may be sent as things stand; null when none speaks against it. */
export function entryRefusal({ health, skewMs, keyUntilMs }: Condition, nowMs: number): string | null {
  if (skewMs !== null && Math.abs(skewMs) > SKEW_MS_MAX) return skewText(skewMs);
  if (keyUntilMs !== null && keyUntilMs - nowMs < KEY_MS_MIN) {
    const left = keyUntilMs > nowMs ? `ends in ${plainly(keyUntilMs - nowMs)}` : 'has ended';
    return `the approval of this bot's key ${left}: approve a new one; until then it only exits`;
  }
  if (!mayEnter(health.state)) return `the bot is ${health.state} (${health.reasons.join('; ')}): it only protects and exits`;
  return null;
}

/** Why an entry that may rest must not; null when a fill of it would be covered soon enough. */
export function restingRefusal({ hearing, nakedBoundMs }: Condition): string | null {
  if (hearing === 'stream' || nakedBoundMs <= NAKED_BOUND_MS_MAX) return null;
  const bound = `a fill could stand without a stop for ${plainly(nakedBoundMs)}, more than ${plainly(NAKED_BOUND_MS_MAX)}`;
  return `the bot has no place on a stream and asks instead: ${bound}; no entry may rest`;
}
