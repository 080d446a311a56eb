/** `npm run sim`: lives through seeds and holds them to the promises. Exit 0 only when every one of them held. */
import { createHash } from 'node:crypto';
import { readOrExplain } from '../support/usage.ts';
import { type Asked, parseAsked, USAGE } from './argv.ts';
import { MUTATIONS } from './mutations/list.ts';
import { openWorkshop } from './mutations/workshop.ts';
import { type Outcome, runSeed } from './run.ts';
import { isAbandoned, isDuplicate, soak } from './soak.ts';

const HOUR_MS = 3_600_000;
/** A long run says how far it is about this often, seeds. */
const TELL_EVERY = 50;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tellBroken(outcome: Outcome, hours: number): void {
  say(`SEED ${outcome.seed} BROKE A PROMISE after ${(outcome.ms / 1000).toFixed(3)} s of market time`);
  say(`  ${outcome.broken}`);
  for (const line of outcome.tail) say(`    ${line}`);
  say(`  again: npm run sim -- --seed ${outcome.seed} --hours ${hours} --trace`);
}

/** Seconds of processor time this process has taken. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function runSeeds(asked: Extract<Asked, { what: 'seeds' }>): Promise<boolean> {
  const hash = createHash('sha256');
  const startedMs = performance.now();
  const startedCpu = cpuSeconds();
  const sums = { ms: 0, signals: 0, fills: 0, entries: 0, unknown: 0, broken: 0 };
  for (let index = 0; index < asked.seeds; index += 1) {
    const outcome = await runSeed({ seed: asked.seed + index, ms: asked.hours * HOUR_MS, print: asked.trace ? say : null });
    hash.update(`${outcome.seed} ${outcome.hash}\n`);
    for (const key of ['ms', 'signals', 'fills', 'entries', 'unknown'] as const) sums[key] += outcome[key];
    if (outcome.broken !== null) {
      sums.broken += 1;
      tellBroken(outcome, asked.hours);
      if (asked.first) break;
    }
    if ((index + 1) % TELL_EVERY === 0)
      say(`${index + 1} seeds, ${sums.broken} broken, ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  }
  const took = (performance.now() - startedMs) / 1000;
  const cpu = cpuSeconds() - startedCpu;
  say(
    `${asked.seeds} seeds, ${sums.broken} with a broken promise; ${sums.signals} signals, ${sums.entries} entries, ${sums.fills} fills, ${sums.unknown} unknown outcomes`,
  );
  say(
    `${(sums.ms / HOUR_MS).toFixed(2)} h of market time in ${took.toFixed(1)} s: ${Math.round(sums.ms / 1000 / took)}× real time (${Math.round(sums.ms / 1000 / cpu)}× of processor time)`,
  );
  say(`journal ${hash.digest('hex')}`);
  return sums.broken === 0;
}

async function runMutations(only: string | null): Promise<boolean> {
  const workshop = openWorkshop();
  let caught = 0;
  let missed = 0;
  try {
    if (!(await workshop.tryUnchanged())) throw new Error('the simulation breaks promises without any mutation: mend that first');
    for (const mutation of MUTATIONS) {
      if (only !== null && !mutation.name.includes(only)) continue;
      const verdict = await workshop.try(mutation);
      if (verdict.caught) caught += 1;
      else missed += 1;
      say(`${verdict.caught ? 'caught' : 'MISSED'}  ${mutation.name}: ${verdict.by}`);
    }
  } finally {
    workshop.close();
  }
  say(`${caught} caught, ${missed} missed`);
  return missed === 0 && caught > 0;
}

/** A soak says how far it is about this often, worlds. */
const WORLDS_A_LINE = 10;

async function runSoak(asked: Extract<Asked, { what: 'unknown' | 'races' }>): Promise<boolean> {
  const startedMs = performance.now();
  const startedCpu = cpuSeconds();
  let worlds = 0;
  const soaked = await soak({
    ...asked,
    endAtFirst: asked.first,
    onWorld(outcome, countSoFar) {
      worlds += 1;
      if (outcome.broken !== null) {
        say(`SEED ${outcome.seed} BROKE A PROMISE of --${asked.what}: ${outcome.broken}`);
        for (const line of outcome.tail) say(`    ${line}`);
      }
      if (worlds % WORLDS_A_LINE === 0) say(`${countSoFar} of ${asked.count}, ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    },
  });
  const took = (performance.now() - startedMs) / 1000;
  for (const [fault, times] of [...soaked.faults].sort()) say(`  ${fault.padEnd(16)} ${times}`);
  const named = asked.what === 'unknown' ? 'unknown outcomes' : 'races';
  say(
    `${soaked.seeds} worlds, ${(soaked.ms / HOUR_MS).toFixed(1)} h of market time, ${soaked.entries} entries, ${took.toFixed(0)} s (${(cpuSeconds() - startedCpu).toFixed(0)} s of processor time)`,
  );
  const { broken } = soaked;
  say(
    `${soaked.count} ${named}: ${broken.filter(isDuplicate).length} duplicates, ${broken.filter(isAbandoned).length} abandoned, ${broken.length} worlds with a broken promise`,
  );
  return broken.length === 0;
}

async function run(asked: Asked): Promise<boolean> {
  switch (asked.what) {
    case 'seeds':
      return await runSeeds(asked);
    case 'mutations':
      return await runMutations(asked.only);
    case 'unknown':
    case 'races':
      return await runSoak(asked);
    default:
      return asked satisfies never;
  }
}

const asked = readOrExplain(USAGE, () => parseAsked(process.argv.slice(2)));
process.exitCode = (await run(asked)) ? 0 : 1;
