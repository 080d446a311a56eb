/** What `npm run recovery` is asked. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Point } from './killing/run.ts';
import type { Way } from './killing/way.ts';

export const WAYS: readonly Way[] = ['process', 'thread', 'machine'];

export const USAGE = `npm run recovery -- [N | all] [--seed S] [--parallel P]     N points drawn at random (12), or every one
npm run recovery -- --at THREAD:MOMENT:WAY                 one point again; a way is one of ${WAYS.join(', ')}

--points N and --points all say the same as N and all.`;

export interface Asked {
  readonly points: number | 'all' | Point;
  readonly seed: number;
  readonly parallel: number;
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${name} is ${text}: give a whole number, ${least} or more`);
  return value;
}

function pointOf(text: string): Point {
  const [thread = '', moment = '', way] = text.split(':');
  const known = WAYS.find((each) => each === way);
  if (thread === '' || known === undefined) throw new RangeError(`--at is ${text}: give THREAD:MOMENT:WAY, way one of ${WAYS.join(', ')}`);
  return { thread, moment: whole('the moment of --at', moment, 0), way: known };
}

/** Reads the command line. Throws an error that names the argument, what it is and what it may be. */
export function parseAsked(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { points: { type: 'string' }, seed: { type: 'string' }, at: { type: 'string' }, parallel: { type: 'string' } },
  });
  const said = [...positionals, ...(values.points === undefined ? [] : [values.points])];
  if (said.length > 1) throw new RangeError(`${said.join(' and ')}: give one number of points, or all`);
  const [points = '12'] = said;
  return {
    points: values.at !== undefined ? pointOf(values.at) : points === 'all' ? 'all' : whole('the number of points', points, 1),
    seed: whole('--seed', values.seed ?? '1', 0),
    parallel: whole('--parallel', values.parallel ?? String(availableParallelism()), 1),
  };
}
