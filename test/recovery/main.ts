/**
 * `npm run recovery -- [--points all | N] [--seed S] [--at THREAD:MOMENT:WAY]`, or `all` or N alone: runs the fleet on a short market, ends it at one
 * side effect after another, begins it again and judges what the venue's journal says. Last line: `N passed, N failed`.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { createChance } from '@hyperfleet/paper-exchange';
import { countMoments, type Outcome, type Point, tryPoint } from './killing/run.ts';
import type { Way } from './killing/way.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    points: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    at: { type: 'string' },
    parallel: { type: 'string', default: String(availableParallelism()) },
  },
});

const WAYS: readonly Way[] = ['process', 'thread', 'machine'];

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} ${text}: give a whole number above zero`);
  return value;
}

/** Every moment of every thread in every way that makes sense for it: the main thread cannot end alone. */
async function allPoints(): Promise<readonly Point[]> {
  const moments = await countMoments();
  for (const [thread, effects] of moments) console.log(`${String(effects.length).padStart(6)} moments of ${thread}`);
  return [...moments].flatMap(([thread, effects]) =>
    effects.flatMap((_, moment) =>
      WAYS.filter((way) => way !== 'thread' || thread !== 'main').map((way): Point => ({ thread, moment, way })),
    ),
  );
}

function drawn(all: readonly Point[], count: number, seed: number): readonly Point[] {
  const chance = createChance(seed);
  const left = [...all];
  return Array.from({ length: Math.min(count, all.length) }, () => left.splice(chance(left.length), 1)).flat();
}

function parsePoint(text: string): Point {
  const [thread, moment, way] = text.split(':');
  const known = WAYS.find((each) => each === way);
  if (thread === undefined || known === undefined)
    throw new RangeError(`--at ${text}: give THREAD:MOMENT:WAY, way one of ${WAYS.join(', ')}`);
  return { thread, moment: Number(moment), way: known };
}

async function chosen(): Promise<readonly Point[]> {
  if (values.at !== undefined) return [parsePoint(values.at)];
  const asked = positionals[0] ?? values.points;
  const all = await allPoints();
  const points = asked === 'all' ? all : drawn(all, whole('points', asked), Number(values.seed));
  console.log(`${all.length} points, ${points.length} of them now`);
  return points;
}

function tell({ point, struck, faults, nakedMs }: Outcome): void {
  const name = `${point.thread}:${point.moment}:${point.way}`;
  const where = struck ?? 'the run was over before';
  if (faults.length === 0) console.log(`ok      ${name.padEnd(36)} ${where}; naked at most ${nakedMs} ms`);
  else
    console.log(
      `FAILED  ${name.padEnd(36)} ${where}\n        ${faults.join('\n        ')}\n        again: npm run recovery -- --at '${name}'`,
    );
}

const queue = [...(await chosen())];
let passed = 0;
let failed = 0;
async function lane(): Promise<void> {
  for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
    const outcome = await tryPoint(point);
    if (outcome.faults.length === 0) passed += 1;
    else failed += 1;
    tell(outcome);
  }
}
await Promise.all(Array.from({ length: whole('parallel', values.parallel) }, lane));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
