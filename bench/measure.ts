/** One figure: what an operation of ours costs beside the bare thing it stands on, measured in turn in one run. Wall time. */
export interface Measure {
  readonly what: string;
  readonly nsPerOp: number;
  /** What the machine would take with nothing of ours around it; null where there is no such thing. */
  readonly bare: { readonly what: string; readonly nsPerOp: number } | null;
  /** A figure that is not a time, or what must be known to read this one; '' for nothing. */
  readonly note: string;
}

/** One bench: a name to ask for it by, and what it measures. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  run(): Promise<readonly Measure[]>;
}

/** Runs its operation so many times and returns the wall time taken, in ns. */
type Timed = (times: number) => number | Promise<number>;

const ROUNDS = 7;

/** The middle value; of an even number the upper one. Throws for none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share of the values lies. Throws for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new RangeError('there is no median of nothing');
  return value;
}

/** Times a synchronous step repeated; the step is handed the number of its repetition. */
export const timed =
  (step: (index: number) => unknown): Timed =>
  (times) => {
    const start = process.hrtime.bigint();
    for (let index = 0; index < times; index += 1) step(index);
    return Number(process.hrtime.bigint() - start);
  };

/**
 * Ours and the bare thing in turn, so that a busy moment of the machine falls on both; medians over the rounds, after one
 * round that only warms. `times` is how often each runs in a round.
 */
export async function compare(
  ours: { readonly what: string; readonly times: number; readonly run: Timed; readonly note?: () => string },
  bare: { readonly what: string; readonly times: number; readonly run: Timed },
  rounds = ROUNDS,
): Promise<Measure> {
  const oursNs: number[] = [];
  const bareNs: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const ourTime = (await ours.run(ours.times)) / ours.times;
    const bareTime = (await bare.run(bare.times)) / bare.times;
    if (round === 0) continue;
    oursNs.push(ourTime);
    bareNs.push(bareTime);
  }
  return {
    what: ours.what,
    nsPerOp: median(oursNs),
    bare: { what: bare.what, nsPerOp: median(bareNs) },
    note: ours.note?.() ?? '',
  };
}
