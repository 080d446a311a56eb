/**
 * `npm run explore [-- --depth N] [-- --seconds S]`: walks the situations of one bracket, says how many there are and how deep it went, and
 * ends with 1 and the shortest path when a promise is broken. The mind alone is walked first, in two fifths of the time; `--mind` walks only it,
 * `--loops` only the loops.
 * `--mutant NAME` plants a bug first, to see it found.
 */
import { parseArgs } from 'node:util';
import { MUTANTS, plant } from './mutants.ts';

const { values } = parseArgs({
  options: {
    /** Events after a beginning, at most. */
    depth: { type: 'string', default: '1000' },
    /** Of one core, for all walks together. */
    seconds: { type: 'string', default: '300' },
    /** One walk alone: from which beginning, 0 to 4, and with how many things intervening, or `any`. */
    from: { type: 'string' },
    interventions: { type: 'string' },
    mind: { type: 'boolean', default: false },
    loops: { type: 'boolean', default: false },
    mutant: { type: 'string' },
  },
});

function wholeNumber(name: 'depth' | 'seconds' | 'from' | 'interventions', least: number, most = 100_000): number {
  const value = Number(values[name] ?? least);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  console.error(`--${name} is ${values[name]}: give a whole number from ${least} to ${most}`);
  process.exit(2);
}

const depth = wholeNumber('depth', 1);
const seconds = wholeNumber('seconds', 1);
if (values.mutant !== undefined && !plant(values.mutant)) {
  console.error(`no mutant ${values.mutant}; there are ${Object.keys(MUTANTS).join(', ')}`);
  process.exit(2);
}
// Loaded only now, so that a planted bug is in what is loaded.
const { coreSeconds, LEGS, tour } = await import('./tour.ts');
const { MIND_LEGS, mindLeg, walkMinds } = await import('./mind/leg.ts');
const say = (line: string): void => console.log(line);
const interventions = values.interventions === 'any' ? Number.POSITIVE_INFINITY : wholeNumber('interventions', 0);
const isOne = values.from !== undefined || values.interventions !== undefined;
const MIND_SHARE = 0.4;
const startedAt = coreSeconds();
const mindLegs = values.mind && isOne ? [mindLeg(interventions)] : MIND_LEGS;
const walksMind = values.mind || !(isOne || values.loops);
const walksLoops = !values.mind;
const before = walksMind
  ? walkMinds({ legs: mindLegs, depth, seconds: seconds * (walksLoops ? MIND_SHARE : 1), coreSeconds, say })
  : { states: 0, transitions: 0, depth: 0 };
const legs = isOne ? [{ from: wholeNumber('from', 0, 4), interventions, until: 1 }] : LEGS;
if (before === null) process.exitCode = 1;
else if (walksLoops)
  process.exitCode = (await tour({ legs, depth, seconds: seconds * (walksMind ? 1 - MIND_SHARE : 1), say, before, startedAt })) ? 0 : 1;
