/** Rows in order of receipt: what a collector wrote a little out of order is put right in a small window. */
import { type CsvRow, readCsv } from './csv-rows.ts';
import type { ImportNotes } from './import-notes.ts';

/** Rows this far out of order are sorted; the window bounds what is held. */
const WINDOW_MS = 2_000;
const DAY_MS = 86_400_000;
/** Trades a venue tells again on subscribing may be old, for a coin nobody trades very old. */
const OLDEST_MS = 30 * DAY_MS;
/** The year 2100: beyond it microseconds are no longer whole in a double. */
const LATEST_MS = 4_102_444_800_000;

export interface TimedRow {
  readonly row: CsvRow;
  /** Time of receipt in ms with its fraction, to the microsecond. */
  readonly at: number;
  readonly exchangeTimeMs: number;
}

/** The rows of a file that have their times, in order of receipt, rows of one instant in file order. */
export async function* timedRows(path: string, needed: readonly string[], notes: ImportNotes): AsyncGenerator<TimedRow, void, undefined> {
  const held: TimedRow[] = [];
  let newest = 0;
  let given = 0;
  for await (const row of readCsv(path, ['timestamp', 'exchange_timestamp', ...needed])) {
    const timed = row.isWhole ? timesOf(row) : 'not as many fields as the header';
    if (typeof timed === 'string') {
      notes.skip(timed, path, row.line);
      continue;
    }
    if (timed.at < given) {
      notes.late();
      yield { ...timed, at: given };
      continue;
    }
    if (timed.at < newest) notes.sorted();
    newest = Math.max(newest, timed.at);
    insert(held, timed);
    while ((held[0]?.at ?? newest) < newest - WINDOW_MS) {
      const first = held.shift();
      if (first === undefined) break;
      given = first.at;
      yield first;
    }
  }
  yield* held;
}

/** Into its place, behind what was received at the same instant. */
function insert(held: TimedRow[], timed: TimedRow): void {
  let place = held.length;
  while (place > 0 && (held[place - 1]?.at ?? 0) > timed.at) place -= 1;
  held.splice(place, 0, timed);
}

/** `timestamp` is seconds with a fraction, `exchange_timestamp` whole ms; the reason where they are not. */
function timesOf(row: CsvRow): TimedRow | string {
  const seconds = Number(row.at('timestamp'));
  const exchangeTimeMs = Math.round(Number(row.at('exchange_timestamp')));
  if (!(seconds > 0) || !(exchangeTimeMs > 0)) return 'no time';
  const at = Math.round(seconds * 1e6) / 1_000;
  if (!(at >= exchangeTimeMs - DAY_MS && at <= exchangeTimeMs + OLDEST_MS)) {
    return 'time of receipt (seconds) and time of the exchange (ms) do not belong together';
  }
  if (!Number.isSafeInteger(exchangeTimeMs) || at > LATEST_MS) return 'no time';
  return { row, at, exchangeTimeMs };
}
