/** One request whose answer said what time it was at the venue. Times in ms; sent and received by our clock. */
interface ClockSample {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly venueMs: number;
}

/** How far our clock is off the venue's. */
export interface ClockSkew {
  sample(sample: ClockSample): void;
  /** Ours minus the venue's, as far as it is certain: above zero our clock is ahead. 0 when it may be right, null before any sample. */
  ms(): number | null;
}

const KEPT = 8;

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/**
 * The venue looked at its clock between our sending and our receiving, so a sample says that ours is ahead by something from
 * sent − venue to received − venue. What all the newest samples agree on is certain, however slow the answers were; samples
 * that contradict each other mean that a clock was set, and the older ones are dropped.
 */
export function createClockSkew(): ClockSkew {
  let kept: readonly Bounds[] = [];
  let agreed: Bounds | null = null;
  return {
    sample({ sentMs, receivedMs, venueMs }) {
      const bounds = { least: sentMs - venueMs, most: Math.max(sentMs, receivedMs) - venueMs };
      kept = [...kept, bounds].slice(-KEPT);
      agreed = meet(kept);
      if (agreed !== null) return;
      kept = [bounds];
      agreed = bounds;
    },
    ms() {
      if (agreed === null) return null;
      return agreed.least > 0 ? agreed.least : Math.min(agreed.most, 0);
    },
  };
}

function meet(all: readonly Bounds[]): Bounds | null {
  const least = Math.max(...all.map((one) => one.least));
  const most = Math.min(...all.map((one) => one.most));
  return least > most ? null : { least, most };
}
