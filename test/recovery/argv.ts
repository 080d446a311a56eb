/** What `npm run recovery` is asked. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Point } from './killing/run.ts';
import type { Way } from './killing/way.ts';

export const WAYS: readonly Way[] = ['process', 'thread', 'machine'];

export const USAGE = `npm run recovery -- [N | all] [--seed S] [--parallel P]     N points drawn at random (12), or every one
npm run recovery -- all --part I/N                         the I-th of N parts of them all, to go through them one part after another
npm run recovery -- --at THREAD:MOMENT:WAY                 one point again; a way is one of ${WAYS.join(', ')}

--points N and --points all say the same as N and all.`;

/** A run mostly waits for its market: a core carries two. */
const RUNS_A_CORE = 2;

export interface Asked {
  readonly points: number | 'all' | Point;
  readonly seed: number;
  /** Which part of all of them; `1` of `1` is the whole. */
  readonly part: { readonly number: number; readonly of: number };
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

function partOf(text: string | undefined, points: Asked['points']): Asked['part'] {
  if (text === undefined) return { number: 1, of: 1 };
  if (points !== 'all') throw new RangeError(`--part ${text}: only all of the points come in parts, say all --part ${text}`);
  const [, number = 0, of = 0] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (number < 1 || number > of) throw new RangeError(`--part is ${text}: give I/N, I from 1 to N`);
  return { number, of };
}

/** Reads the command line. Throws an error that names the argument, what it is and what it may be. */
export function parseAsked(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      points: { type: 'string' },
      seed: { type: 'string' },
      at: { type: 'string' },
      parallel: { type: 'string' },
      part: { type: 'string' },
    },
  });
  const said = [...positionals, ...(values.points === undefined ? [] : [values.points])];
  if (said.length > 1) throw new RangeError(`${said.join(' and ')}: give one number of points, or all`);
  const [count = '12'] = said;
  const points = values.at !== undefined ? pointOf(values.at) : count === 'all' ? 'all' : whole('the number of points', count, 1);
  return {
    points,
    seed: whole('--seed', values.seed ?? '1', 0),
    part: partOf(values.part, points),
    parallel: whole('--parallel', values.parallel ?? String(RUNS_A_CORE * availableParallelism()), 1),
  };
}
