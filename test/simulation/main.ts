/** `npm run sim`: lives through seeds and holds them to the promises. Exit 0 only when every one of them held. */
import { createHash } from 'node:crypto';
import { type Asked, parseAsked, USAGE } from './argv.ts';
import { type Outcome, runSeed } from './run.ts';

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

function parse(): Asked | null {
  try {
    return parseAsked(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say(USAGE);
    return null;
  }
}

const asked = parse();
if (asked === null) process.exitCode = 2;
else if (asked.what === 'seeds') process.exitCode = (await runSeeds(asked)) ? 0 : 1;
