/** What `npm run sim` is asked to do. */
import { parseArgs } from 'node:util';

export type Asked =
  | {
      readonly what: 'seeds';
      readonly seed: number;
      readonly seeds: number;
      readonly hours: number;
      readonly trace: boolean;
      /** End with the first broken promise. */
      readonly first: boolean;
    }
  | { readonly what: 'unknown' | 'races'; readonly seed: number; readonly count: number; readonly first: boolean }
  | { readonly what: 'mutations'; readonly only: string | null };

export const USAGE = `usage: npm run sim -- --seed N [--seeds COUNT] [--hours H] [--trace] [--first]
       npm run sim -- --unknown COUNT [--seed N]
       npm run sim -- --races COUNT [--seed N]
       npm run sim -- --mutations [--only NAME]`;

const number = (name: string, text: string | undefined, fallback: number | null, isValid: (value: number) => boolean): number => {
  if (text === undefined && fallback !== null) return fallback;
  const value = Number(text);
  if (text === undefined || text.trim() === '' || !isValid(value))
    throw new RangeError(`--${name} ${text ?? ''} is not a number that makes sense here`);
  return value;
};
const isSeed = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
const isHours = (value: number): boolean => value > 0 && value <= 10_000;

/** Reads the arguments. Throws with a sentence when one is missing, misspelt or makes no sense. */
export function parseAsked(args: readonly string[]): Asked {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: text,
      seeds: text,
      hours: text,
      unknown: text,
      races: text,
      only: text,
      mutations: { type: 'boolean' },
      trace: { type: 'boolean' },
      first: { type: 'boolean' },
    },
  });
  if (values.mutations === true) return { what: 'mutations', only: values.only ?? null };
  const first = values.first ?? false;
  const seed = number('seed', values.seed, 1, isSeed);
  if (values.unknown !== undefined) return { what: 'unknown', seed, count: number('unknown', values.unknown, null, isCount), first };
  if (values.races !== undefined) return { what: 'races', seed, count: number('races', values.races, null, isCount), first };
  return {
    what: 'seeds',
    seed,
    seeds: number('seeds', values.seeds, 1, isCount),
    hours: number('hours', values.hours, 0.1, isHours),
    trace: values.trace ?? false,
    first,
  };
}
