/** `npm run explore [-- --depth N] [-- --seconds S]`: walks the situations of one bracket and says what was found. */
import { parseArgs } from 'node:util';
import { BEGINNINGS } from './beginnings.ts';
import { explore } from './search.ts';

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '300' },
    interventions: { type: 'string', default: '1' },
    from: { type: 'string' },
  },
});
/** Seconds this process has had a core for: what a walk costs, however many others want the machine. */
const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
};
const limit = Number(values.seconds);
const beginnings = values.from === undefined ? BEGINNINGS : BEGINNINGS.filter((_, index) => String(index) === values.from);
const found = await explore({
  beginnings,
  bounds: { interventions: Number(values.interventions) },
  depth: Number(values.depth),
  isOver: () => seconds() > limit,
  onLevel: (level) => console.log(JSON.stringify({ ...level, seconds: Number(seconds().toFixed(1)) })),
});
console.log(JSON.stringify({ ...found, broken: found.broken?.what ?? null }));
if (found.broken !== null) {
  console.log(`from: ${found.broken.beginning}`);
  for (const label of found.broken.path) console.log(`  ${label}`);
  for (const label of found.broken.then) console.log(`    then ${label}`);
  process.exitCode = 1;
}
