/** The walks of the mind alone, each with its share of the time, and the words for what they found. */
import type { Sum } from '../tour.ts';
import { BEGINNINGS, type MindBeginning, type MindFound, walkMind } from './walk.ts';

interface MindLeg {
  readonly from: MindBeginning;
  readonly interventions: number;
  readonly worldWaits?: boolean;
  /** Until which part of the time for all of them it may go on. */
  readonly until: number;
  /** Deep enough; what is left of its time is for the walks after it. */
  readonly depth: number;
}

const FAR = 1_000;

const [SIGNAL, HALF, LADDER, BREAKEVEN] = BEGINNINGS;
const ANY = Number.POSITIVE_INFINITY;

/**
 * From the signal on anything any number of times, fourteen deep, while the world outside waits for what is under way; then whatever
 * intervenes at any moment, twice, fourteen deep; then any number of times, from there and from later points.
 */
export const MIND_LEGS: readonly MindLeg[] = [
  { from: SIGNAL, interventions: ANY, worldWaits: true, until: 0.86, depth: 14 },
  { from: SIGNAL, interventions: 2, until: 0.98, depth: 14 },
  { from: HALF, interventions: ANY, until: 0.985, depth: FAR },
  { from: LADDER, interventions: ANY, until: 0.99, depth: FAR },
  { from: BREAKEVEN, interventions: ANY, until: 0.995, depth: FAR },
  { from: SIGNAL, interventions: ANY, until: 1, depth: FAR },
];

/** One walk alone, from the signal on. */
export const mindLeg = (interventions: number, worldWaits: boolean): MindLeg => ({
  from: SIGNAL,
  interventions,
  worldWaits,
  until: 1,
  depth: FAR,
});

const NUMBERS = ['nothing intervenes', 'one thing intervenes', 'two things intervene', 'three things intervene'] as const;
const times = (count: number): string => (Number.isFinite(count) ? (NUMBERS[count] ?? `${count} things intervene`) : 'anything intervenes');

/** Of the calm steps after a path the last ones are told. */
const FOLLOWED_TOLD = 20;
/** Asking for the time at every situation would be a tenth of it. */
const LOOK_EVERY = 4_096;

function tellBroken(say: (line: string) => void, from: MindBeginning, { what, path, followed }: NonNullable<MindFound['broken']>): void {
  say(`BROKEN: ${what}`);
  say(`shortest path of the mind alone from "${from.name}":`);
  for (const [index, label] of path.entries()) say(`  ${index + 1}. ${label}`);
  for (const label of followed.slice(-FOLLOWED_TOLD)) say(`     then, calmly: ${label}`);
}

/** Walks the mind alone. What was found of all legs together, or null when a promise was broken. */
export function walkMinds(args: {
  readonly legs: readonly MindLeg[];
  readonly depth: number;
  readonly seconds: number;
  /** Whether walks that are to end at a depth go on to it, however slow the machine is. */
  readonly isWhole: boolean;
  /** Seconds this process has had a core for. */
  readonly coreSeconds: () => number;
  readonly say: (line: string) => void;
}): Sum | null {
  const { legs, seconds, isWhole, coreSeconds, say } = args;
  const startedAt = coreSeconds();
  let [states, transitions, deepest] = [0, 0, 0];
  for (const { from, interventions, worldWaits = false, until, depth } of legs) {
    let looks = 0;
    let late = false;
    const isOver = (): boolean => {
      if (isWhole && depth < FAR) return false;
      looks += 1;
      if (looks % LOOK_EVERY === 0) late ||= coreSeconds() - startedAt > seconds * until;
      return late;
    };
    const found = walkMind({ from, depth: Math.min(depth, args.depth), interventions, worldWaits, isOver });
    states += found.states;
    transitions += found.transitions;
    deepest = Math.max(deepest, found.depth);
    const end = found.isComplete ? `all there are, at depth ${found.depth}` : `depth ${found.depth}`;
    const where = from === SIGNAL ? '' : ` from "${from.name}"`;
    const outside = worldWaits ? ', the world outside waits for answers' : '';
    say(`the mind alone${where}, ${times(interventions)}${outside}: ${found.states} states, ${found.transitions} transitions, ${end}`);
    if (found.broken === null) continue;
    tellBroken(say, from, found.broken);
    return null;
  }
  return { states, transitions, depth: deepest };
}
