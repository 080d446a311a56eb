import { parseCreatedAt } from './created-at.ts';
import { readDecimal } from './decimal-text.ts';
import type { Direction } from './order.ts';

/** One row of the table `signals` as `SELECT *` gives it; a column the file does not have is an absent key. */
export type SignalRow = Readonly<Record<string, unknown>>;

export type ParsedSignal =
  | {
      readonly kind: 'entry';
      readonly coinText: string;
      readonly direction: Direction;
      /** Plain decimal above zero, as are the stop and the targets; not yet rounded to a tick. */
      readonly entryPx: string;
      readonly stopPx: string | null;
      /** In column order, absent ones left out. */
      readonly targets: readonly string[];
      readonly spot: boolean;
      readonly createdAtMs: number;
      readonly createdAtHasFraction: boolean;
    }
  | { readonly kind: 'exit'; readonly coinText: string; readonly createdAtMs: number }
  /** Neither an entry nor an exit: the row stays untouched. */
  | { readonly kind: 'not-ours' }
  /** Ends as `failed` with this reason, which names the column and its value. */
  | { readonly kind: 'malformed'; readonly reason: string };

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const DIRECTIONS: ReadonlyMap<string, Direction> = new Map([
  ['long', 'long'],
  ['bullish', 'long'],
  ['buy', 'long'],
  ['short', 'short'],
  ['bearish', 'short'],
  ['sell', 'short'],
]);

const TARGET_COLUMNS = ['target_1', 'target_2', 'target_3', 'target_4', 'target_5'] as const;

/**
 * The time of an exit whose created_at cannot be read. Getting out is never refused for a badly written time; but no entry
 * still pending may be called older than such an exit, so it is taken to be from before them all.
 */
const BEFORE_ALL_MS = 0;

/**
 * Reads a row of the queue. Coerces what is plain (numbers as text, capitals, blanks around a word) and refuses the rest
 * with a reason a person understands; never throws and never guesses a direction or a price.
 */
export function parseSignal(row: SignalRow): ParsedSignal {
  const type = word(row.signal_type);
  if (type !== 'entry' && type !== 'exit') return { kind: 'not-ours' };
  const coinText = typeof row.symbol === 'string' ? row.symbol.trim() : '';
  if (coinText === '') return malformed(`symbol is ${show(row.symbol)}: write the coin, for example BTC`);
  // What follows stands in logs, on terminals and in tables of ours, as long and as strange as its writer made it.
  if (coinText.length > LONGEST_SHOWN || UNPRINTABLE.test(coinText)) {
    return malformed(`symbol is ${show(coinText)}, which is no coin: write its name alone, for example BTC`);
  }
  const createdAt = parseCreatedAt(row.created_at);
  if (type === 'exit') return { kind: 'exit', coinText, createdAtMs: createdAt?.ms ?? BEFORE_ALL_MS };
  if (createdAt === null) {
    return malformed(`created_at is ${show(row.created_at)}, which is no time: write UTC as YYYY-MM-DD HH:MM:SS`);
  }
  const direction = DIRECTIONS.get(word(row.direction));
  if (direction === undefined) return malformed(`direction is ${show(row.direction)}: write long or short`);
  const prices = readPrices(row);
  if (!prices.ok) return malformed(prices.reason);
  return {
    kind: 'entry',
    coinText,
    direction,
    ...prices.value,
    spot: word(row.market_type) === 'spot',
    createdAtMs: createdAt.ms,
    createdAtHasFraction: createdAt.hasFraction,
  };
}

interface Prices {
  readonly entryPx: string;
  readonly stopPx: string | null;
  readonly targets: readonly string[];
}

function readPrices(row: SignalRow): Read<Prices> {
  const entry = readPrice(row, 'entry_1');
  if (!entry.ok) return entry;
  if (entry.value === null) return { ok: false, reason: `entry_1 is ${show(row.entry_1)}: an entry needs a price above zero` };
  const stop = readPrice(row, 'stop_loss');
  if (!stop.ok) return stop;
  const targets: string[] = [];
  for (const column of TARGET_COLUMNS) {
    const target = readPrice(row, column);
    if (!target.ok) return target;
    if (target.value !== null) targets.push(target.value);
  }
  return { ok: true, value: { entryPx: entry.value, stopPx: stop.value, targets } };
}

/** A price above zero as a plain decimal, null where none is given. */
function readPrice(row: SignalRow, column: string): Read<string | null> {
  const value = row[column];
  const read = readDecimal(value);
  switch (read.kind) {
    case 'absent':
      return { ok: true, value: null };
    case 'unreadable':
      return {
        ok: false,
        reason: `${column} is ${show(value)}, which is no price: write a plain decimal such as 65000.5, or leave it empty`,
      };
    case 'decimal':
      if (read.sign > 0) return { ok: true, value: read.text };
      return { ok: false, reason: `${column} is ${show(value)}: a price must be above zero` };
    default: {
      const never: never = read;
      return never;
    }
  }
}

const malformed = (reason: string): ParsedSignal => ({ kind: 'malformed', reason });

const word = (value: unknown): string => (typeof value === 'string' ? value.trim().toLowerCase() : '');

const LONGEST_SHOWN = 40;
const UNPRINTABLE = /[\p{Cc}\p{Cf}]/u;

/** A column's value as a person may read it in a reason: text in quotes, long text cut, control characters gone. */
function show(value: unknown): string {
  if (value === undefined || value === null) return 'empty';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'binary data';
  const text = value.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
  return text.trim() === '' ? 'blank' : `"${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text}"`;
}
