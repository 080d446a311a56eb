/**
 * `npm run explore [-- --depth N] [-- --seconds S]`: walks the situations of one bracket, says how many there are and how deep it went, and
 * ends with 1 and the shortest path when a promise is broken. The mind alone and the real loops are walked side by side, by a process each;
 * `--mind` walks only the one, `--loops` only the other.
 * `--mutant NAME` plants a bug first, to see it found.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { readOrExplain } from '../support/usage.ts';
import { MUTANTS, plant } from './mutants.ts';
import { sideBySide } from './side-by-side.ts';
import type { Sum } from './tour.ts';

const USAGE = `npm run explore -- [--depth N] [--seconds S] [--whole] [--mind | --loops] [--from 0-4] [--interventions N | any] [--waits] [--mutant NAME]

--depth          events after a beginning, at most (1000)
--seconds        of a core, for each of the two walks (280, and what the mind needs besides to be walked to depth 14)
--whole          with --seconds: what the mind needs besides to be walked to depth 14 all the same
--mind, --loops  only the one walk, not both side by side
--from           one walk alone: from which beginning, 0 to 4
--interventions  one walk alone: with how many things intervening
--waits          of the mind: the world outside waits while a request is under way
--mutant         a bug that is planted first: ${Object.keys(MUTANTS).join(', ')}`;

function wholeNumber(name: string, text: string | undefined, least: number, most = 100_000): number {
  const value = Number(text ?? least);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} is ${text}: give a whole number from ${least} to ${most}`);
}

const { values, depth, seconds, isWhole, from, interventions } = readOrExplain(USAGE, () => {
  const { values } = parseArgs({
    options: {
      /** Events after a beginning, at most. */
      depth: { type: 'string', default: '1000' },
      /** Of a core, for each of the two: five minutes in all with what starting and collecting garbage take besides. */
      seconds: { type: 'string' },
      whole: { type: 'boolean' },
      /** One walk alone: from which beginning, 0 to 4, and with how many things intervening, or `any`. */
      from: { type: 'string' },
      interventions: { type: 'string' },
      /** Of the mind: the world outside waits while a request is under way. */
      waits: { type: 'boolean', default: false },
      mind: { type: 'boolean', default: false },
      loops: { type: 'boolean', default: false },
      mutant: { type: 'string' },
    },
  });
  if (values.mutant !== undefined && !plant(values.mutant))
    throw new RangeError(`--mutant is ${values.mutant}: there are ${Object.keys(MUTANTS).join(', ')}`);
  return {
    values,
    depth: wholeNumber('depth', values.depth, 1),
    seconds: wholeNumber('seconds', values.seconds ?? '280', 1),
    isWhole: values.whole ?? values.seconds === undefined,
    from: wholeNumber('from', values.from, 0, 4),
    interventions: values.interventions === 'any' ? Number.POSITIVE_INFINITY : wholeNumber('interventions', values.interventions, 0),
  };
});
const isOne = values.from !== undefined || values.interventions !== undefined;
const say = (line: string): void => console.log(line);

async function walkMind(): Promise<Sum | null> {
  const { mindLeg, MIND_LEGS, walkMinds } = await import('./mind/leg.ts');
  const { coreSeconds } = await import('./tour.ts');
  return walkMinds({ legs: isOne ? [mindLeg(interventions, values.waits)] : MIND_LEGS, depth, seconds, isWhole, coreSeconds, say });
}

async function walkLoops(): Promise<Sum | null> {
  const { LEGS, tour } = await import('./tour.ts');
  const legs = isOne ? [{ from, interventions, until: 1 }] : LEGS;
  return await tour({ legs, depth, seconds, say });
}

/** With one core only they share the time. */
async function walkBoth(): Promise<Sum | null> {
  const each = availableParallelism() > 1 ? seconds : Math.max(1, Math.floor(seconds / 2));
  const common = ['--depth', String(depth), '--seconds', String(each), ...(values.mutant === undefined ? [] : ['--mutant', values.mutant])];
  return await sideBySide(import.meta.filename, [
    ['--mind', ...common, ...(isWhole ? ['--whole'] : [])],
    ['--loops', ...common],
  ]);
}

// What is walked is loaded only now, so that a planted bug is in it.
const sum = values.mind ? await walkMind() : values.loops || isOne ? await walkLoops() : await walkBoth();
if (sum === null) process.exitCode = 1;
else if (process.send !== undefined) process.send(sum);
else {
  const took = (performance.now() / 1_000).toFixed(0);
  say(`${sum.states} states, ${sum.transitions} transitions, depth ${sum.depth}, ${took} s: no promise broken`);
}
