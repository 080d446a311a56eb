/** What a column may hold when it comes from a file: what JSON and SQLite both know. */
type Cell = string | number | null;

/** One row to be written into the signals database at its time. */
export interface FeedItem {
  /** Place in the file, from 0: how the row is named when something is wrong with it. */
  readonly index: number;
  /** Market time after the market's start, ms. */
  readonly atMs: number;
  readonly table: 'signals' | 'bot_controls';
  readonly row: Readonly<Record<string, Cell>>;
}

/** A signals file that cannot be used as a whole; the message names the row and the field. */
export class FeedFileError extends Error {
  override readonly name = 'FeedFileError';
}

/**
 * Reads a signals file: a list of `{"atMs": …, "row": {…columns of signals…}}`, or with `"control"` instead of `"row"` for a
 * row of bot_controls. Sorted by time, ties in file order. Whether the columns exist, the database says later.
 * Throws FeedFileError.
 */
export function parseFeed(text: string): readonly FeedItem[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new FeedFileError(`is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (!Array.isArray(list)) throw new FeedFileError('must be a list: [{"atMs": 30000, "row": {"symbol": "BTC", …}}, …]');
  const items = list.map((item: unknown, index) => parseItem(item, index));
  return items.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
}

function parseItem(item: unknown, index: number): FeedItem {
  const where = `row ${index + 1}`;
  if (!isRecord(item)) throw new FeedFileError(`${where} is no object: write {"atMs": 30000, "row": {…}}`);
  const { atMs, row, control } = item;
  if (typeof atMs !== 'number' || !Number.isFinite(atMs) || atMs < 0) {
    throw new FeedFileError(
      `${where}: atMs is ${JSON.stringify(atMs) ?? 'missing'}; write milliseconds after the market's start, 0 or more`,
    );
  }
  const strange = Object.keys(item).find((key) => !['atMs', 'row', 'control', 'comment'].includes(key));
  if (strange !== undefined)
    throw new FeedFileError(`${where}: "${strange}" means nothing here; there are atMs, row (or control) and comment`);
  if ((row === undefined) === (control === undefined)) throw new FeedFileError(`${where} must have either "row" or "control"`);
  const table = row === undefined ? 'bot_controls' : 'signals';
  const columns = row ?? control;
  if (!isRecord(columns)) throw new FeedFileError(`${where}: "${row === undefined ? 'control' : 'row'}" must be an object of columns`);
  return { index, atMs, table, row: parseCells(columns, where) };
}

function parseCells(columns: Readonly<Record<string, unknown>>, where: string): Record<string, Cell> {
  return Object.fromEntries(
    Object.entries(columns).map(([column, value]) => {
      if (value === null || typeof value === 'string' || typeof value === 'number') return [column, value];
      if (typeof value === 'boolean') return [column, value ? 1 : 0];
      throw new FeedFileError(
        `${where}: column "${column}" is ${JSON.stringify(value)}; a column holds text, a number, true, false or null`,
      );
    }),
  );
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
