/**
 * `npm run explore [-- --depth N] [-- --seconds S]`: walks the situations of one bracket, says how many there are and how deep it went, and
 * ends with 1 and the shortest path when a promise is broken. `--mutant NAME` plants a bug first, to see it found.
 */
import { parseArgs } from 'node:util';
import { MUTANTS, plant } from './mutants.ts';

const { values } = parseArgs({
  options: {
    /** Events after a beginning, at most. */
    depth: { type: 'string', default: '1000' },
    /** Of one core, for all walks together. */
    seconds: { type: 'string', default: '300' },
    mutant: { type: 'string' },
  },
});

function wholeNumber(name: 'depth' | 'seconds', atLeast: number): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= atLeast) return value;
  console.error(`--${name} is ${values[name]}: give a whole number from ${atLeast} on`);
  process.exit(2);
}

const depth = wholeNumber('depth', 1);
const seconds = wholeNumber('seconds', 1);
if (values.mutant !== undefined && !plant(values.mutant)) {
  console.error(`no mutant ${values.mutant}; there are ${Object.keys(MUTANTS).join(', ')}`);
  process.exit(2);
}
// Loaded only now, so that a planted bug is in what is loaded.
const { tour } = await import('./tour.ts');
process.exitCode = (await tour({ depth, seconds, say: (line) => console.log(line) })) ? 0 : 1;
