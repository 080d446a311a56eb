/** Rows of a collector's files as the messages they were received in. */
import { type Instrument, type Level, lots, parseDecimal, readDecimal, ticks } from '@hyperfleet/trading';
import type { CsvRow } from './csv-rows.ts';
import type { Print } from './event.ts';
import type { RecordedEvent } from './event-code.ts';
import type { ImportNotes } from './import-notes.ts';
import { type TimedRow, timedRows } from './timed-rows.ts';

/** Levels a side in an order book file. */
export const CSV_LEVELS = 20;

/** A message with its full time of receipt in ms, fraction included, which orders it among the other files' messages. */
export interface Received {
  readonly at: number;
  /** Its `atMs` is not set yet. */
  readonly event: RecordedEvent;
}

/** Where a coin's messages are, and what its numbers mean. */
export interface FeedFile {
  readonly path: string;
  readonly instrument: Instrument;
  readonly notes: ImportNotes;
}

/** Collectors write small sizes as 1e-05; a plain decimal of the same value, or what is no number as it stands. */
export function plainOf(text: string | undefined): string {
  const read = readDecimal(text);
  return read.kind === 'decimal' ? read.text : (text ?? '');
}

function levelOf(pxText: string | undefined, szText: string | undefined, instrument: Instrument): Level | null {
  const px = parseDecimal(plainOf(pxText), 6 - instrument.szDecimals);
  const sz = parseDecimal(plainOf(szText), instrument.szDecimals);
  return px === null || sz === null || px <= 0 || sz <= 0 ? null : { px: ticks(px), sz: lots(sz) };
}

/** Snapshots of the order book, one a row. */
export async function* readBooks({ path, instrument, notes }: FeedFile): AsyncGenerator<Received, void, undefined> {
  for await (const { row, at, exchangeTimeMs } of timedRows(path, ['bid_price_0', 'bid_size_0', 'ask_price_0', 'ask_size_0'], notes)) {
    const bids = sideOf(row, 'bid', instrument);
    const asks = sideOf(row, 'ask', instrument);
    const bid = bids?.[0];
    const ask = asks?.[0];
    if (bids === null || asks === null) notes.skip('a level that is no price and size, or out of order', path, row.line);
    else if (bid !== undefined && ask !== undefined && bid.px >= ask.px) notes.skip('crossed book', path, row.line);
    else if (bid === undefined && ask === undefined) notes.skip('empty book', path, row.line);
    else yield { at, event: { kind: 'book', coin: instrument.coin, atMs: 0, exchangeTimeMs, bids, asks } };
  }
}

/** Blank, zero or NaN: how collectors fill the levels a thin book does not have. */
const isPadding = (text: string | undefined): boolean => text === undefined || !(Number(text) > 0 || Number(text) < 0);

/** One side, best first, down to the first level that is not there. Null when a level is nonsense. */
function sideOf(row: CsvRow, side: 'bid' | 'ask', instrument: Instrument): Level[] | null {
  const levels: Level[] = [];
  let ended = false;
  for (let i = 0; i < CSV_LEVELS; i += 1) {
    const px = row.at(`${side}_price_${i}`);
    const sz = row.at(`${side}_size_${i}`);
    if (isPadding(px) && isPadding(sz)) {
      ended = true;
      continue;
    }
    const level = levelOf(px, sz, instrument);
    const before = levels.at(-1);
    if (ended || level === null) return null;
    if (before !== undefined && (side === 'bid' ? level.px >= before.px : level.px <= before.px)) return null;
    levels.push(level);
  }
  return levels;
}

/**
 * Best bid and offer. Bid and ask stand in two rows of one message; where only one side came, the other is as it was.
 * With `asBooks` each message is a book of one level a side, for a coin of which no order book was recorded.
 */
export async function* readBbos({ path, instrument, notes }: FeedFile, asBooks: boolean): AsyncGenerator<Received, void, undefined> {
  let sides: { bid: Level | null; ask: Level | null } = { bid: null, ask: null };
  let open: TimedRow | null = null;
  const told = ({ at, exchangeTimeMs, row }: TimedRow): Received | null => {
    const { bid, ask } = sides;
    if (bid !== null && ask !== null && bid.px >= ask.px) {
      notes.skip('crossed best bid and offer', path, row.line);
      return null;
    }
    const head = { coin: instrument.coin, atMs: 0, exchangeTimeMs };
    if (!asBooks) return { at, event: { kind: 'bbo', ...head, bid, ask } };
    return { at, event: { kind: 'book', ...head, bids: bid === null ? [] : [bid], asks: ask === null ? [] : [ask] } };
  };
  for await (const timed of timedRows(path, ['price', 'size', 'side'], notes)) {
    const { row } = timed;
    const level = levelOf(row.at('price'), row.at('size'), instrument);
    const side = row.at('side')?.trim().toLowerCase();
    if (level === null || (side !== 'bid' && side !== 'ask')) {
      notes.skip(level === null ? 'no price and size' : 'side is neither bid nor ask', path, row.line);
      continue;
    }
    if (open !== null && (open.at !== timed.at || open.exchangeTimeMs !== timed.exchangeTimeMs)) {
      const received = told(open);
      if (received !== null) yield received;
    }
    sides = { ...sides, [side]: level };
    open = timed;
  }
  const last = open === null ? null : told(open);
  if (last !== null) yield last;
}

/** Public trades; what was received at one instant came in one message. */
export async function* readPrints({ path, instrument, notes }: FeedFile): AsyncGenerator<Received, void, undefined> {
  let at = Number.NaN;
  let prints: Print[] = [];
  const told = (): Received => ({ at, event: { kind: 'prints', coin: instrument.coin, atMs: 0, prints } });
  for await (const timed of timedRows(path, ['price', 'size', 'side', 'trade_id'], notes)) {
    const { row } = timed;
    const level = levelOf(row.at('price'), row.at('size'), instrument);
    const side = row.at('side')?.trim().toLowerCase();
    const tidText = row.at('trade_id')?.trim() ?? '';
    const tid = Number(tidText);
    if (level === null || (side !== 'buy' && side !== 'sell') || tidText === '' || !Number.isSafeInteger(tid) || tid < 0) {
      notes.skip(level === null ? 'no price and size' : 'no side or trade id', path, row.line);
      continue;
    }
    if (timed.at !== at && prints.length > 0) {
      yield told();
      prints = [];
    }
    at = timed.at;
    prints.push({ side, ...level, tid, exchangeTimeMs: timed.exchangeTimeMs });
  }
  if (prints.length > 0) yield told();
}
