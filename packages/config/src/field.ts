import { type MicroUsd, microUsd, parseDecimal } from '@hyperfleet/trading';
import { nearName } from './near-name.ts';
import { type ConfigProblem, looksSecret, problem } from './problem.ts';

/** How one option is read: its value made whole, or what to write instead. */
export interface Field<T> {
  /** Undefined where the option must be given. */
  readonly fallback: T | undefined;
  readonly read: (value: unknown) => { readonly value: T } | { readonly remedy: string };
}

const ok = <T>(value: T): { value: T } => ({ value });

/** Puts a default in place of an absent option. */
export const withDefault = <T>(field: Field<T>, fallback: T): Field<T> => ({ ...field, fallback });

interface Bounds {
  readonly above?: number;
  readonly least?: number;
  readonly most: number;
}

const inBounds = (value: number, { above, least, most }: Bounds): boolean =>
  value <= most && (above === undefined || value > above) && (least === undefined || value >= least);

const tellBounds = ({ above, least, most }: Bounds): string =>
  `${above === undefined ? `from ${least ?? 0} to` : `above ${above} and at most`} ${most}`;

/** A plain number. */
export const number = (bounds: Bounds): Field<number> => ({
  fallback: undefined,
  read: (value) => (typeof value === 'number' && inBounds(value, bounds) ? ok(value) : { remedy: `write a number ${tellBounds(bounds)}` }),
});

/** A whole number. */
export const integer = (bounds: Bounds): Field<number> => ({
  fallback: undefined,
  read: (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && inBounds(value, bounds)
      ? ok(value)
      : { remedy: `write a whole number ${tellBounds(bounds)}` },
});

/** A part of the whole, like 0.02 for two percent; kept exactly, in parts per million. */
export const fraction = (bounds: Bounds): Field<number> => ({
  fallback: undefined,
  read: (value) => {
    const remedy = `write a fraction ${tellBounds(bounds)}, like 0.02 for 2 %`;
    if (typeof value !== 'number' || !inBounds(value, bounds)) return { remedy };
    const ppm = parseDecimal(String(value), 6);
    return ppm === null ? { remedy: `${remedy}, with at most six decimals` } : ok(ppm);
  },
});

/** Dollars, kept in micro-dollars. */
export const dollars = (bounds: Bounds): Field<MicroUsd> => ({
  fallback: undefined,
  read: (value) => {
    const remedy = `write an amount in dollars ${tellBounds(bounds)}, with at most six decimals`;
    if (typeof value !== 'number' || !inBounds(value, bounds)) return { remedy };
    const micro = parseDecimal(String(value), 6);
    return micro === null ? { remedy } : ok(microUsd(micro));
  },
});

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time: milliseconds, or text like '15m', '24h', '1h30m'. Kept in milliseconds. */
export const duration = (bounds: { readonly leastMs: number; readonly mostMs: number }): Field<number> => ({
  fallback: undefined,
  read: (value) => {
    const ms = typeof value === 'string' ? parseDuration(value) : value;
    if (typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= bounds.leastMs && ms <= bounds.mostMs) return ok(ms);
    return { remedy: `write a time from ${tellMs(bounds.leastMs)} to ${tellMs(bounds.mostMs)}, like '15m' or 900000 (milliseconds)` };
  },
});

function parseDuration(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trimStart()) return null;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN), 0);
}

function tellMs(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((each) => ms >= (UNIT_MS[each] ?? 1) && ms % (UNIT_MS[each] ?? 1) === 0);
  return unit === undefined ? `${ms}ms` : `${ms / (UNIT_MS[unit] ?? 1)}${unit}`;
}

/** One of a few words. */
export const word = <const W extends string>(words: readonly W[]): Field<W> => ({
  fallback: undefined,
  read: (value) => {
    const found = words.find((each) => each === value);
    if (found !== undefined) return ok(found);
    const near = typeof value === 'string' ? nearName(value, words) : null;
    const list = words.map((each) => `'${each}'`).join(' or ');
    return { remedy: near === null ? `write ${list}` : `did you mean '${near}'? Write ${list}` };
  },
});

export const truth: Field<boolean> = {
  fallback: undefined,
  read: (value) => (typeof value === 'boolean' ? ok(value) : { remedy: 'write true or false, without quotes' }),
};

/** A path of a file or a directory. */
export const path: Field<string> = {
  fallback: undefined,
  read: (value) => (typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? ok(value) : { remedy: 'write a path' }),
};

/** The NAME of an environment variable that holds a secret or an address; never what it holds. */
export const environmentName: Field<string> = {
  fallback: undefined,
  read: (value) => {
    if (typeof value === 'string' && looksSecret(value)) {
      return { remedy: 'a key must never stand in a file; put it in an environment variable, write that name here, and use a new key' };
    }
    if (typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value)) return ok(value);
    return { remedy: 'write the name of an environment variable, like HYPERFLEET_KEY_1' };
  },
};

/** Accepts null as well. */
export const orNull = <T>(field: Field<T>): Field<T | null> => ({
  fallback: field.fallback,
  read: (value) => {
    if (value === null) return ok(null);
    const read = field.read(value);
    return 'remedy' in read && read.remedy.startsWith('write') ? { remedy: `${read.remedy}, or null` } : read;
  },
});

/** A set of options by name, and what they become. */
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Resolved<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What was read; absent where the value was refused, so that later rules skip what is reported already. */
export interface FieldsRead<F extends Fields> {
  readonly values: Partial<Resolved<F>>;
  /** Set when everything was read. */
  readonly whole: Resolved<F> | null;
}

/**
 * Reads every option of a record, noting every problem. `extra` are names read elsewhere. A name that is not known is answered
 * with the nearest that is.
 */
export function readFields<F extends Fields>(
  record: Readonly<Record<string, unknown>>,
  fields: F,
  where: { readonly prefix: string; readonly extra: readonly string[]; readonly problems: ConfigProblem[] },
): FieldsRead<F> {
  const known = [...Object.keys(fields), ...where.extra];
  for (const name of Object.keys(record)) {
    if (known.includes(name)) continue;
    const near = nearName(name, known);
    const remedy = near === null ? `there is no such option; the options are ${known.join(', ')}` : `did you mean ${near}?`;
    where.problems.push(problem(`${where.prefix}${name}`, record[name], remedy));
  }
  const values: Record<string, unknown> = {};
  let isWhole = true;
  for (const [name, field] of Object.entries(fields)) {
    const given = record[name];
    const read = given === undefined && field.fallback !== undefined ? ok(field.fallback) : field.read(given);
    if ('value' in read) values[name] = read.value;
    else {
      isWhole = false;
      where.problems.push(problem(`${where.prefix}${name}`, given, read.remedy));
    }
  }
  const resolved = values as Resolved<F>;
  return { values: resolved, whole: isWhole ? resolved : null };
}
