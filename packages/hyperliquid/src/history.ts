import { VenueReadError } from './errors.ts';
import type { Page } from './from-wire/account.ts';

/** Asks for one page of rows between two times, both inclusive; `newestFirst` asks from the other end. */
type AskPage<T> = (range: { readonly startMs: number; readonly endMs: number | null; readonly newestFirst: boolean }) => Promise<Page<T>>;

export interface HistoryReader<T> {
  /** What the rows are, for errors. */
  readonly name: string;
  readonly ask: AskPage<T>;
  readonly timeMs: (row: T) => number;
  /** Identity of a row. */
  readonly key: (row: T) => string;
  /** A page of fewer rows is the last: the smallest page limit the venue was seen to use. */
  readonly shortPage: number;
  /** Whether `newestFirst` works; without it one crowded millisecond cannot be read past a page. */
  readonly hasNewestFirst: boolean;
}

/** The venue keeps 10 000 rows (PROTOCOL §8); far more pages than that is a venue that repeats itself. */
const MAX_PAGES = 200;

/**
 * Every row from `startMs` on, oldest first, each once. The next page starts at the last time seen, inclusive, since a
 * page may end between two rows of one millisecond; rows seen twice are dropped. A millisecond that fills a page by
 * itself is read from both ends; where the ends do not meet, rows would be lost, and it throws VENUE_HISTORY_TOO_DENSE.
 */
export async function readHistory<T>(startMs: number, reader: HistoryReader<T>): Promise<readonly T[]> {
  const { timeMs, key, shortPage } = reader;
  const rows = new Map<string, T>();
  const keep = (page: readonly T[]) => {
    for (const row of page) if (timeMs(row) >= startMs && !rows.has(key(row))) rows.set(key(row), row);
  };
  let fromMs = startMs;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = oldestFirst(await reader.ask({ startMs: fromMs, endMs: null, newestFirst: false }));
    keep(page.rows);
    if (page.lastMs === null || page.size < shortPage) return [...rows.values()].sort((a, b) => timeMs(a) - timeMs(b));
    if (page.lastMs > fromMs) {
      fromMs = page.lastMs;
    } else {
      keep(await farEnd(fromMs, page, reader));
      fromMs += 1;
    }
  }
  throw new VenueReadError('VENUE_HISTORY_TOO_DENSE', `the venue gave ${MAX_PAGES} pages of ${reader.name} and no end`);
}

/** The other end of a millisecond that filled a page, oldest first. */
async function farEnd<T>(atMs: number, page: Page<T>, reader: HistoryReader<T>): Promise<readonly T[]> {
  if (reader.hasNewestFirst) {
    const end = await reader.ask({ startMs: atMs, endMs: atMs, newestFirst: true });
    const seen = new Set(page.rows.map(reader.key));
    if (end.size < reader.shortPage || end.rows.some((row) => seen.has(reader.key(row)))) return end.rows.toReversed();
  }
  throw new VenueReadError('VENUE_HISTORY_TOO_DENSE', `there are more ${reader.name} at ${atMs} than two pages of the venue hold`);
}

/** Recordings of 2023 list pages newest first, today's oldest first (PROTOCOL §8). */
function oldestFirst<T>(page: Page<T>): Page<T> {
  const { firstMs, lastMs, rows } = page;
  if (firstMs === null || lastMs === null || firstMs <= lastMs) return page;
  return { ...page, rows: rows.toReversed(), firstMs: lastMs, lastMs: firstMs };
}
