/** How long answers take, ms of market time. */
export interface RoundTrip {
  took(ms: number): void;
  /** The slower of the moving average and the slowest of the last few; null before the first answer. */
  ms(): number | null;
}

/** Weight of the newest in the moving average. */
const NEWEST = 0.2;
/** A slow answer is remembered for so many after it. */
const REMEMBERED = 32;

/** Measures one way to the venue. */
export function createRoundTrip(): RoundTrip {
  let average: number | null = null;
  const recent: number[] = [];
  return {
    took(ms) {
      average = average === null ? ms : average + NEWEST * (ms - average);
      recent.push(ms);
      if (recent.length > REMEMBERED) recent.shift();
    },
    ms: () => (average === null ? null : Math.ceil(Math.max(average, ...recent))),
  };
}
