/** The walks of the mind alone, each with its share of the time, and the words for what they found. */
import { type MindFound, walkMind } from './walk.ts';

interface MindLeg {
  readonly interventions: number;
  /** Until which part of the time for all of them it may go on. */
  readonly until: number;
  /** Deep enough; what is left of its time is for the walks after it. */
  readonly depth: number;
}

const FAR = 1_000;

/** Fourteen deep while two things intervene; then more of them, as deep as the time lasts; then any number. */
export const MIND_LEGS: readonly MindLeg[] = [
  { interventions: 2, until: 0.5, depth: 14 },
  { interventions: 3, until: 0.58, depth: FAR },
  { interventions: Number.POSITIVE_INFINITY, until: 1, depth: FAR },
];

const NUMBERS = ['nothing intervenes', 'one thing intervenes', 'two things intervene', 'three things intervene'] as const;
const times = (count: number): string => (Number.isFinite(count) ? (NUMBERS[count] ?? `${count} things intervene`) : 'anything intervenes');

/** Of the calm steps after a path the last ones are told. */
const FOLLOWED_TOLD = 20;
/** Asking for the time at every situation would be a tenth of it. */
const LOOK_EVERY = 256;

function tellBroken(say: (line: string) => void, { what, path, followed }: NonNullable<MindFound['broken']>): void {
  say(`BROKEN: ${what}`);
  say('shortest path of the mind alone from the entry signal:');
  for (const [index, label] of path.entries()) say(`  ${index + 1}. ${label}`);
  for (const label of followed.slice(-FOLLOWED_TOLD)) say(`     then, calmly: ${label}`);
}

/** Walks the mind alone. What was found of all legs together, or null when a promise was broken. */
export function walkMinds(args: {
  readonly legs: readonly MindLeg[];
  readonly depth: number;
  readonly seconds: number;
  /** Seconds this process has had a core for. */
  readonly coreSeconds: () => number;
  readonly say: (line: string) => void;
}): { readonly states: number; readonly transitions: number } | null {
  const { legs, seconds, coreSeconds, say } = args;
  const startedAt = coreSeconds();
  let [states, transitions] = [0, 0];
  for (const { interventions, until, depth } of legs) {
    let looks = 0;
    let late = false;
    const isOver = (): boolean => {
      looks += 1;
      if (looks % LOOK_EVERY === 0) late ||= coreSeconds() - startedAt > seconds * until;
      return late;
    };
    const found = walkMind({ depth: Math.min(depth, args.depth), interventions, isOver });
    states += found.states;
    transitions += found.transitions;
    const end = found.isComplete ? `all there are, at depth ${found.depth}` : `depth ${found.depth}`;
    say(`the mind alone, ${times(interventions)}: ${found.states} states, ${found.transitions} transitions, ${end}`);
    if (found.broken === null) continue;
    tellBroken(say, found.broken);
    return null;
  }
  return { states, transitions };
}
