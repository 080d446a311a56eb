/** What a bot's worker makes of how far its clock is off the venue's. */
import { type ClockSkew, type VenueAccountReads, VenueReadError } from '@hyperfleet/hyperliquid';

/** Less than this, wall time, is a busy machine's and not a clock's. */
const MATTERS_WALL_MS = 250;

/** Our clock less the venue's, market ms, where it is off enough to matter; else 0. */
export function skewThatMatters(skew: ClockSkew, speed: number): number {
  const ms = skew.ms() ?? 0;
  return Math.abs(ms) > MATTERS_WALL_MS * speed ? ms : 0;
}

/** Any answer that tells the venue's time tells how far ours is off. One that cannot be had is asked for by the next action's end. */
export function lookAtClock(reads: VenueAccountReads, onBug: (error: unknown) => void): void {
  reads.account().catch((error: unknown) => {
    if (!(error instanceof VenueReadError)) onBug(error);
  });
}
