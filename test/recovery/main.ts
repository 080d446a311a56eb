/**
 * `npm run recovery -- [N | all] [--seed S]`: runs the fleet on a short market, ends it at one side effect after another,
 * begins it again and judges what the venue's journal says. Last line: `N passed, N failed`.
 */
import { createChance } from '@hyperfleet/paper-exchange';
import { type Asked, parseAsked, USAGE, WAYS } from './argv.ts';
import { countMoments, type Outcome, type Point, tryPoint } from './killing/run.ts';

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

async function chosen({ points: asked, seed }: Asked): Promise<readonly Point[]> {
  if (typeof asked === 'object') return [asked];
  const all = await allPoints();
  const points = asked === 'all' ? all : drawn(all, asked, seed);
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

async function run(asked: Asked): Promise<boolean> {
  const queue = [...(await chosen(asked))];
  let passed = 0;
  let failed = 0;
  const lane = async (): Promise<void> => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      const outcome = await tryPoint(point);
      if (outcome.faults.length === 0) passed += 1;
      else failed += 1;
      tell(outcome);
    }
  };
  await Promise.all(Array.from({ length: asked.parallel }, lane));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

function parse(): Asked | null {
  try {
    return parseAsked(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return null;
  }
}

const asked = parse();
if (asked === null) process.exitCode = 2;
else process.exitCode = (await run(asked)) ? 0 : 1;
