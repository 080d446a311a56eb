import type { MarketEvent } from '@hyperfleet/paper-exchange';
import { judge } from './prints-oracle.ts';
import { layProbes, type Probe, type ProbeOptions } from './probes.ts';

/** One coin and distance: counts of probes, and waits in ms of market time from placing to fill. */
export interface Row {
  readonly coin: string;
  readonly distance: number;
  readonly probes: number;
  /** Prints could have met it, had nobody stood before it. */
  readonly possible: number;
  /** Prints must have met it, had everybody before it stayed. */
  readonly certain: number;
  readonly filled: number;
  /** Possible by prints, but not given: the queue before it had not traded. */
  readonly withheld: number;
  /** Filled before, or without, a print that could have met it. Must be 0. */
  readonly invented: number;
  /** Must have been filled and was not. Must be 0. */
  readonly refused: number;
  readonly medianWaitMs: number | null;
  readonly medianPossibleWaitMs: number | null;
}

export interface StudyOptions extends ProbeOptions {
  readonly events: readonly MarketEvent[];
}

/** Lays passive probes into a market and holds each fill against what the prints alone allow. */
export function studyFills(options: StudyOptions): Row[] {
  const { instruments, events, distances } = options;
  const probes = layProbes(options);
  const verdicts = judge(probes, events);
  return instruments.flatMap(({ coin }) =>
    distances.map((distance): Row => {
      const mine = probes.filter((probe) => probe.coin === coin && probe.distance === distance);
      const judged = mine.flatMap((probe) => {
        const verdict = verdicts.get(probe);
        return verdict === undefined ? [] : [{ probe, verdict }];
      });
      const filled = judged.filter(({ probe }) => probe.filledBy !== null);
      const reached = (probe: Probe, place: number | null): boolean =>
        place !== null && (probe.filledBy === null || place <= probe.filledBy);
      return {
        coin,
        distance,
        probes: mine.length,
        possible: judged.filter(({ verdict }) => verdict.possibleBy !== null).length,
        certain: judged.filter(({ verdict }) => verdict.certainBy !== null).length,
        filled: filled.length,
        withheld: judged.filter(({ probe, verdict }) => verdict.possibleBy !== null && probe.filledBy === null).length,
        invented: filled.filter(({ probe, verdict }) => !reached(probe, verdict.possibleBy)).length,
        refused: judged.filter(({ probe, verdict }) => verdict.certainBy !== null && probe.filledBy === null).length,
        medianWaitMs: median(filled.map(({ probe }) => (probe.filledMs ?? 0) - probe.bornMs)),
        medianPossibleWaitMs: median(
          judged.flatMap(({ probe, verdict }) => (verdict.possibleMs === null ? [] : [verdict.possibleMs - probe.bornMs])),
        ),
      };
    }),
  );
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? null;
}
