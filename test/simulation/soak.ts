/** Long runs that count one thing: unknown outcomes, or races. */
import { race } from './races.ts';
import { live, type Outcome, runSeed } from './run.ts';
import { CROWDED } from './script.ts';
import type { RequestFault } from './weather.ts';

export interface Soaked {
  /** Races started, or requests whose outcome was unknown, answered twice or answered in part. */
  readonly count: number;
  readonly seeds: number;
  readonly faults: ReadonlyMap<RequestFault, number>;
  readonly entries: number;
  readonly ms: number;
  readonly broken: readonly Outcome[];
}

/** One world of a soak, market time. */
const WORLD_MS = 900_000;

export interface SoakOptions {
  readonly what: 'unknown' | 'races';
  readonly seed: number;
  readonly count: number;
  /** Market time of one world, ms; the next has the next seed. */
  readonly worldMs?: number;
  /** End with the first broken promise. */
  readonly endAtFirst?: boolean;
  readonly onWorld: (outcome: Outcome, countSoFar: number) => void;
}

/** Lives through worlds, each with the next seed, until so many have been counted. */
export async function soak({ what, seed, count, worldMs, endAtFirst, onWorld }: SoakOptions): Promise<Soaked> {
  const faults = new Map<RequestFault, number>();
  const broken: Outcome[] = [];
  const sums = { count: 0, seeds: 0, entries: 0, ms: 0 };
  while (sums.count < count && !(endAtFirst === true && broken.length > 0)) {
    let races = 0;
    const outcome = await runSeed({
      seed: seed + sums.seeds,
      ms: worldMs ?? WORLD_MS,
      climate: what === 'unknown' ? 'unknown-outcomes' : 'races',
      live:
        what === 'unknown'
          ? (world, ms) => live(world, ms, CROWDED)
          : async (world, ms) => {
              races = await race(world, ms);
            },
    });
    // A child that was rejected was answered for.
    const met = [...outcome.faults].reduce((sum, [fault, of]) => (fault === 'child-rejected' ? sum : sum + of), 0);
    for (const [fault, times] of outcome.faults) faults.set(fault, (faults.get(fault) ?? 0) + times);
    sums.seeds += 1;
    sums.count += what === 'unknown' ? met : races;
    sums.entries += outcome.entries;
    sums.ms += outcome.ms;
    if (outcome.broken !== null) broken.push(outcome);
    onWorld(outcome, sums.count);
  }
  return { ...sums, faults, broken };
}

/** Whether a broken promise is of doing something twice. */
export const isDuplicate = ({ broken }: Outcome): boolean =>
  /at most once|sent twice|carry one client order id|more is bought/.test(broken ?? '');
/** Whether it is of leaving something undecided. */
export const isAbandoned = ({ broken }: Outcome): boolean =>
  /in doubt|comes to rest|settled or visibly refused|on its way/.test(broken ?? '');
