/** Makes a recording from a collector's CSV files: `orderbooks_X.csv`, `prices_X.csv` (best bid and offer) and `trades_X.csv` for each coin X. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Instrument, type Level, lots, parseDecimal, readDecimal, ticks } from '@hyperfleet/trading';
import { type CsvRow, readCsv } from './csv-rows.ts';
import type { Print } from './event.ts';
import type { RecordedEvent } from './event-code.ts';
import { instrumentsOf, type SeenCoin } from './instruments.ts';
import { createRecordingWriter, type Gap, type RecordingHeader } from './recording.ts';

/** The venue publishes a book about every 0.54 s, 99 in 100 within 0.77 s; ten missed ones are a feed that is gone. */
const GAP_MS = 5_000;
const LEVELS = 20;
const FILE = /^(orderbooks|prices|trades)_(.+?)\.csv(\.gz)?$/;

/** What the import did with the rows. */
export interface ImportSummary {
  readonly header: RecordingHeader;
  /** Rows that said nothing usable, by reason, with the first place of each. */
  readonly skipped: ReadonlyMap<string, { readonly count: number; readonly first: string }>;
  /** Rows whose time of receipt was before the row above: taken as received with it. */
  readonly outOfOrder: number;
  /** Coins without an order book file, whose books were made from best bid and offer, one level a side. */
  readonly booksFromBbo: readonly string[];
}

interface CoinFiles {
  readonly coin: string;
  readonly orderbooks?: string;
  readonly prices?: string;
  readonly trades?: string;
}

/** An event with its full time of receipt in ms, fraction included, which orders it among the other files' events. */
interface Received {
  readonly at: number;
  readonly event: RecordedEvent;
}

/** Reads a directory of CSV files and writes the recording. Throws an Error naming file, column and remedy. Streams. */
export async function importCsv(from: string, to: string, source: string): Promise<ImportSummary> {
  const files = listFiles(from);
  const notes = createNotes();
  const seen: SeenCoin[] = [];
  for (const item of files) seen.push(await decimalsSeen(item));
  const instruments = instrumentsOf(seen);
  const writer = createRecordingWriter(to, instruments);
  try {
    const streams = files.flatMap((item, index) => {
      const instrument = instruments[index];
      return instrument === undefined ? [] : streamsOf(item, instrument, notes);
    });
    const clock = createReceipts(notes);
    for await (const received of merge(streams)) for (const event of clock.take(received)) writer.add(event);
    const times = clock.finish();
    if (times === null) throw new Error(`${from}: no usable row of a book in any file; nothing to replay`);
    const header = writer.finish({ source, ...times });
    return {
      header,
      skipped: notes.skipped,
      outOfOrder: notes.outOfOrder(),
      booksFromBbo: files.filter((item) => item.orderbooks === undefined).map((item) => item.coin),
    };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

function listFiles(from: string): CoinFiles[] {
  if (!existsSync(from))
    throw new Error(`${from} does not exist; name the directory that holds orderbooks_X.csv, prices_X.csv and trades_X.csv`);
  const byCoin = new Map<string, { coin: string; orderbooks?: string; prices?: string; trades?: string }>();
  for (const name of readdirSync(from).sort()) {
    const match = FILE.exec(name);
    const kind = match?.[1] as 'orderbooks' | 'prices' | 'trades' | undefined;
    const coin = match?.[2];
    if (kind === undefined || coin === undefined) continue;
    const files = byCoin.get(coin) ?? { coin };
    if (files[kind] !== undefined) throw new Error(`${from} holds both ${files[kind]} and ${name}; keep one of them`);
    files[kind] = join(from, name);
    byCoin.set(coin, files);
  }
  if (byCoin.size === 0) throw new Error(`${from} holds no orderbooks_X.csv, prices_X.csv or trades_X.csv (also .gz)`);
  for (const files of byCoin.values()) {
    if (files.orderbooks === undefined && files.prices === undefined) {
      throw new Error(`${from}: ${files.coin} has trades only; add orderbooks_${files.coin}.csv or prices_${files.coin}.csv`);
    }
  }
  return [...byCoin.values()];
}

interface Notes {
  skip(reason: string, file: string, line: number): void;
  late(): void;
  readonly skipped: ReadonlyMap<string, { readonly count: number; readonly first: string }>;
  outOfOrder(): number;
}

function createNotes(): Notes {
  const skipped = new Map<string, { count: number; first: string }>();
  let late = 0;
  return {
    skipped,
    skip(reason, file, line) {
      const known = skipped.get(reason);
      if (known === undefined) skipped.set(reason, { count: 1, first: `${file}, line ${line}` });
      else known.count += 1;
    },
    late: () => {
      late += 1;
    },
    outOfOrder: () => late,
  };
}

/** The most decimals seen in sizes and in prices of the first rows of a coin, for coins the table does not know. */
async function decimalsSeen(files: CoinFiles): Promise<SeenCoin> {
  const rows: { path: string; px: string; sz: string }[] = [];
  if (files.trades !== undefined) rows.push({ path: files.trades, px: 'price', sz: 'size' });
  if (files.prices !== undefined) rows.push({ path: files.prices, px: 'price', sz: 'size' });
  if (files.orderbooks !== undefined) rows.push({ path: files.orderbooks, px: 'bid_price_0', sz: 'bid_size_0' });
  const seen = { coin: files.coin, sizeDecimals: 0, priceDecimals: 0 };
  for (const { path, px, sz } of rows) {
    let left = 5_000;
    for await (const row of readCsv(path, [px, sz])) {
      seen.sizeDecimals = Math.max(seen.sizeDecimals, decimalsOf(row.at(sz)));
      seen.priceDecimals = Math.max(seen.priceDecimals, decimalsOf(row.at(px)));
      left -= 1;
      if (left === 0) break;
    }
  }
  return seen;
}

const decimalsOf = (text: string | undefined): number => (plainOf(text).trim().split('.')[1] ?? '').replace(/0+$/, '').length;

function streamsOf(files: CoinFiles, instrument: Instrument, notes: Notes): AsyncGenerator<Received>[] {
  const streams: AsyncGenerator<Received>[] = [];
  if (files.orderbooks !== undefined) streams.push(readBooks(files.orderbooks, instrument, notes));
  if (files.prices !== undefined) streams.push(readBbos(files.prices, instrument, notes, files.orderbooks === undefined));
  if (files.trades !== undefined) streams.push(readPrints(files.trades, instrument, notes));
  return streams;
}

/** Receipt in ms with its fraction, and the exchange's time in ms; null when either is no time. */
function timesOf(row: CsvRow): { at: number; exchangeTimeMs: number } | null {
  const at = Number(row.at('timestamp')) * 1_000;
  const exchangeTimeMs = Math.round(Number(row.at('exchange_timestamp')));
  return at > 0 && exchangeTimeMs > 0 && Number.isSafeInteger(Math.floor(at)) && Number.isSafeInteger(exchangeTimeMs)
    ? { at, exchangeTimeMs }
    : null;
}

/** Collectors write small sizes as 1e-05; a plain decimal of the same value, or what is no number as it stands. */
function plainOf(text: string | undefined): string {
  const read = readDecimal(text);
  return read.kind === 'decimal' ? read.text : (text ?? '');
}

function levelOf(pxText: string | undefined, szText: string | undefined, instrument: Instrument): Level | null {
  const px = parseDecimal(plainOf(pxText), 6 - instrument.szDecimals);
  const sz = parseDecimal(plainOf(szText), instrument.szDecimals);
  return px === null || sz === null || px <= 0 || sz <= 0 ? null : { px: ticks(px), sz: lots(sz) };
}

async function* readBooks(path: string, instrument: Instrument, notes: Notes): AsyncGenerator<Received> {
  const needed = ['timestamp', 'exchange_timestamp', 'bid_price_0', 'bid_size_0', 'ask_price_0', 'ask_size_0'];
  for await (const row of readCsv(path, needed)) {
    const times = timesOf(row);
    const bids = sideOf(row, 'bid', instrument);
    const asks = sideOf(row, 'ask', instrument);
    const bid = bids?.[0];
    const ask = asks?.[0];
    if (times === null) notes.skip('no time', path, row.line);
    else if (bids === null || asks === null) notes.skip('a level that is no price and size, or out of order', path, row.line);
    else if (bid !== undefined && ask !== undefined && bid.px >= ask.px) notes.skip('crossed book', path, row.line);
    else if (bids.length === 0 && asks.length === 0) notes.skip('empty book', path, row.line);
    else yield { at: times.at, event: { kind: 'book', coin: instrument.coin, atMs: 0, exchangeTimeMs: times.exchangeTimeMs, bids, asks } };
  }
}

/** One side, best first, down to the first blank level. Null when a level is nonsense. */
function sideOf(row: CsvRow, side: 'bid' | 'ask', instrument: Instrument): Level[] | null {
  const levels: Level[] = [];
  for (let i = 0; i < LEVELS; i += 1) {
    const px = row.at(`${side}_price_${i}`);
    if (px === undefined || px.trim() === '') break;
    const level = levelOf(px, row.at(`${side}_size_${i}`), instrument);
    const before = levels.at(-1);
    if (level === null || (before !== undefined && (side === 'bid' ? level.px >= before.px : level.px <= before.px))) return null;
    levels.push(level);
  }
  return levels;
}

/** Bid and ask stand in two rows of one message; where only one side came, the other is as it was. */
async function* readBbos(path: string, instrument: Instrument, notes: Notes, asBooks: boolean): AsyncGenerator<Received> {
  let sides: { bid: Level | null; ask: Level | null } = { bid: null, ask: null };
  let open: { at: number; exchangeTimeMs: number } | null = null;
  const told = (message: { at: number; exchangeTimeMs: number }): Received => {
    const { bid, ask } = sides;
    const { at, exchangeTimeMs } = message;
    const head = { coin: instrument.coin, atMs: 0, exchangeTimeMs };
    if (!asBooks) return { at, event: { kind: 'bbo', ...head, bid, ask } };
    return { at, event: { kind: 'book', ...head, bids: bid === null ? [] : [bid], asks: ask === null ? [] : [ask] } };
  };
  const usable = (): boolean => !(sides.bid !== null && sides.ask !== null && sides.bid.px >= sides.ask.px);
  for await (const row of readCsv(path, ['timestamp', 'exchange_timestamp', 'price', 'size', 'side'])) {
    const times = timesOf(row);
    const level = levelOf(row.at('price'), row.at('size'), instrument);
    const side = row.at('side')?.trim().toLowerCase();
    if (times === null || level === null || (side !== 'bid' && side !== 'ask')) {
      notes.skip(times === null ? 'no time' : level === null ? 'no price and size' : 'side is neither bid nor ask', path, row.line);
      continue;
    }
    if (open !== null && (open.at !== times.at || open.exchangeTimeMs !== times.exchangeTimeMs)) {
      if (usable()) yield told(open);
      else notes.skip('crossed best bid and offer', path, row.line - 1);
    }
    sides = { ...sides, [side]: level };
    open = times;
  }
  if (open !== null && usable()) yield told(open);
}

async function* readPrints(path: string, instrument: Instrument, notes: Notes): AsyncGenerator<Received> {
  let at = Number.NaN;
  let prints: Print[] = [];
  const told = (): Received => ({ at, event: { kind: 'prints', coin: instrument.coin, atMs: 0, prints } });
  for await (const row of readCsv(path, ['timestamp', 'exchange_timestamp', 'price', 'size', 'side', 'trade_id'])) {
    const times = timesOf(row);
    const level = levelOf(row.at('price'), row.at('size'), instrument);
    const side = row.at('side')?.trim().toLowerCase();
    const tid = Number(row.at('trade_id'));
    if (times === null || level === null || (side !== 'buy' && side !== 'sell') || !Number.isSafeInteger(tid) || tid < 0) {
      notes.skip(times === null ? 'no time' : level === null ? 'no price and size' : 'no side or trade id', path, row.line);
      continue;
    }
    // What was received at one instant came in one message.
    if (times.at !== at && prints.length > 0) {
      yield told();
      prints = [];
    }
    at = times.at;
    prints.push({ side, ...level, tid, exchangeTimeMs: times.exchangeTimeMs });
  }
  if (prints.length > 0) yield told();
}

/** Joins streams, each in order, by time of receipt; at one instant in the order of the streams. */
async function* merge(streams: readonly AsyncGenerator<Received>[]): AsyncGenerator<Received> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let best = -1;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      const leader = heads[best];
      if (leader === undefined || leader.done === true || head.value.at < leader.value.at) best = index;
    }
    const head = heads[best];
    const stream = streams[best];
    if (head === undefined || head.done === true || stream === undefined) return;
    yield head.value;
    heads[best] = await stream.next();
  }
}

interface Receipts {
  /** The event with its place in time; what came before the first book is held back to be history at its instant. */
  take(received: Received): RecordedEvent[];
  /** Null when no book came at all. */
  finish(): { readonly marketStartMs: number; readonly endMs: number; readonly gaps: readonly Gap[] } | null;
}

function createReceipts(notes: Notes): Receipts {
  let marketStartMs: number | null = null;
  let lastMs = 0;
  let history: RecordedEvent[] = [];
  const lastOfCoin = new Map<string, number>();
  const silent = new Map<string, number>();
  const gaps: Gap[] = [];

  const watch = (event: RecordedEvent): void => {
    if (event.kind === 'prints') return;
    const before = lastOfCoin.get(event.coin);
    if (before !== undefined && event.atMs - before > GAP_MS && !silent.has(event.coin)) silent.set(event.coin, before);
    const fromMs = silent.get(event.coin);
    if (fromMs !== undefined && event.kind === 'book') {
      gaps.push({ coin: event.coin, fromMs, untilMs: event.atMs });
      silent.delete(event.coin);
    }
    lastOfCoin.set(event.coin, event.atMs);
  };

  return {
    take({ at, event }) {
      const receivedMs = Math.floor(at);
      if (receivedMs < lastMs) notes.late();
      lastMs = Math.max(lastMs, receivedMs);
      if (marketStartMs === null && event.kind !== 'book') {
        history.push(event);
        return [];
      }
      marketStartMs ??= lastMs;
      const ready = [...history, event].map((item): RecordedEvent => ({ ...item, atMs: lastMs }));
      history = [];
      watch({ ...event, atMs: lastMs });
      return ready;
    },
    finish: () => (marketStartMs === null ? null : { marketStartMs, endMs: lastMs, gaps: gaps.sort((a, b) => a.fromMs - b.fromMs) }),
  };
}
