/**
 * `npm run recovery -- [N | all [--part I/N]] [--seed S]`: runs the fleet on a short market, ends it at one side effect after another,
 * begins it again and judges what the venue's journal says. Last line: `N passed, N failed`.
 */
import { createChance } from '@hyperfleet/paper-exchange';
import { readOrExplain } from '../support/usage.ts';
import { type Asked, parseAsked, USAGE, WAYS } from './argv.ts';
import { countMoments, type Outcome, tryMoment } from './killing/run.ts';
import type { Way } from './killing/way.ts';

/** One moment of a thread, and the ways to end it there. */
interface Place {
  readonly thread: string;
  readonly moment: number;
  readonly ways: readonly Way[];
}

/** Every moment of every thread in every way that makes sense for it: the main thread cannot end alone. */
async function allPlaces(): Promise<readonly Place[]> {
  const moments = await countMoments();
  for (const [thread, effects] of moments) console.log(`${String(effects.length).padStart(6)} moments of ${thread}`);
  return [...moments].flatMap(([thread, effects]) => {
    const ways = WAYS.filter((way) => way !== 'thread' || thread !== 'main');
    return effects.map((_, moment): Place => ({ thread, moment, ways }));
  });
}

function drawn(all: readonly Place[], count: number, seed: number): readonly Place[] {
  const chance = createChance(seed);
  const left = all.flatMap(({ ways, ...place }) => ways.map((way): Place => ({ ...place, ways: [way] })));
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(chance(left.length), 1)).flat();
}

const pointsOf = (places: readonly Place[]): number => places.reduce((sum, { ways }) => sum + ways.length, 0);

async function chosen({ points: asked, seed, part }: Asked): Promise<readonly Place[]> {
  if (typeof asked === 'object') return [{ thread: asked.thread, moment: asked.moment, ways: [asked.way] }];
  const all = await allPlaces();
  const places = asked === 'all' ? all.filter(({ moment }) => moment % part.of === part.number - 1) : drawn(all, asked, seed);
  console.log(`${pointsOf(all)} points, ${pointsOf(places)} of them now`);
  return places;
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
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      for (const outcome of await tryMoment(place.thread, place.moment, place.ways)) {
        if (outcome.faults.length === 0) passed += 1;
        else failed += 1;
        tell(outcome);
      }
    }
  };
  await Promise.all(Array.from({ length: asked.parallel }, lane));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

const asked = readOrExplain(USAGE, () => parseAsked(process.argv.slice(2)));
process.exitCode = (await run(asked)) ? 0 : 1;
