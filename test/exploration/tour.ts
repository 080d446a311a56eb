/** The walks of one run, each with its share of the time, and the words for what they found. */
import { BEGINNINGS } from './beginnings.ts';
import { explore, type Found } from './search.ts';
import type { Broken } from './walk.ts';

/** What walks have found together: the deepest level that one of them has walked whole. */
export interface Sum {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
}

/** Seconds this process has had a core for: what a walk costs, however many others want the machine. */
export function coreSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** Asking for the time at every situation would be a tenth of it. */
const LOOK_EVERY = 32;

/** Of the calm steps after a path the last ones are told. */
const FOLLOWED_TOLD = 20;

/** One walk of a run: where it begins, and how often something may intervene. */
export interface Leg {
  /** Which of the beginnings. */
  readonly from: number;
  readonly interventions: number;
  /** Until which part of the whole time it may go on. */
  readonly until: number;
  /** Deep enough; what is left of its time is for the walks after it. */
  readonly depth?: number;
}

/**
 * First what happens when nothing intervenes; then one thing intervening anywhere, fourteen events deep; two; anything any number of
 * times; and the same from later points.
 */
export const LEGS: readonly Leg[] = [
  { from: 0, interventions: 0, until: 0.05 },
  { from: 0, interventions: 1, until: 0.85, depth: 14 },
  { from: 0, interventions: 2, until: 0.92 },
  { from: 0, interventions: Number.POSITIVE_INFINITY, until: 0.95 },
  { from: 1, interventions: 2, until: 0.96 },
  { from: 2, interventions: 2, until: 0.97 },
  { from: 3, interventions: 2, until: 0.98 },
  { from: 4, interventions: 2, until: 0.99 },
  { from: 3, interventions: Number.POSITIVE_INFINITY, until: 1 },
];

const times = (count: number): string =>
  Number.isFinite(count)
    ? (['nothing intervenes', 'one thing intervenes', 'two things intervene'][count] ?? `${count} intervene`)
    : 'anything intervenes any number of times';

function tellFound(say: (line: string) => void, leg: Leg, found: Found): void {
  const end = found.isComplete ? `all there are, at depth ${found.depth}` : `depth ${found.depth}`;
  const name = BEGINNINGS[leg.from]?.name ?? '';
  say(`from "${name}", ${times(leg.interventions)}: ${found.states} states, ${found.transitions} transitions, ${end}`);
}

function tellBroken(say: (line: string) => void, broken: Broken): void {
  say(`BROKEN: ${broken.what}`);
  say(`shortest path from "${broken.beginning}":`);
  for (const [index, label] of broken.path.entries()) say(`  ${index + 1}. ${label}`);
  const { followed } = broken;
  const left = followed.length - FOLLOWED_TOLD;
  if (left > 0) say(`     then, calmly: ${left} steps`);
  for (const label of followed.slice(-FOLLOWED_TOLD)) say(`     then, calmly: ${label}`);
}

/** Goes through the legs in `seconds` of one core and tells of each. What was found of all together, or null when a promise was broken. */
export async function tour(args: {
  readonly legs: readonly Leg[];
  readonly depth: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}): Promise<Sum | null> {
  const { legs, depth, seconds, say } = args;
  const startedAt = coreSeconds();
  let [states, transitions, deepest] = [0, 0, 0];
  for (const leg of legs) {
    const beginning = BEGINNINGS[leg.from];
    if (beginning === undefined) throw new Error(`no beginning ${leg.from}`);
    let looks = 0;
    let late = false;
    const isOver = (): boolean => {
      looks += 1;
      if (looks % LOOK_EVERY === 0) late ||= coreSeconds() - startedAt > seconds * leg.until;
      return late;
    };
    const found = await explore({
      beginning,
      bounds: { interventions: leg.interventions },
      depth: Math.min(depth, leg.depth ?? depth),
      isOver,
    });
    states += found.states;
    transitions += found.transitions;
    if (leg.interventions > 0 || legs.length === 1) deepest = Math.max(deepest, found.depth);
    tellFound(say, leg, found);
    if (found.broken === null) continue;
    tellBroken(say, found.broken);
    return null;
  }
  return { states, transitions, depth: deepest };
}
