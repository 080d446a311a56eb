import type { Instrument } from '@hyperfleet/trading';
import { type CoinFiles, listFiles } from './coin-files.ts';
import { decimalsSeen } from './decimals-seen.ts';
import { type FeedFile, type Received, readBbos, readBooks, readPrints } from './feed-messages.ts';
import { createGapWatch } from './gap-watch.ts';
import { createNotes, type ImportNotes } from './import-notes.ts';
import { instrumentsOf, isKnownCoin, type SeenCoin } from './instruments.ts';
import { createRecordingWriter, type RecordingHeader, type RecordingWriter } from './recording.ts';

/** What the import did with the rows. */
export interface ImportSummary {
  readonly header: RecordingHeader;
  /** Rows that said nothing usable, by reason, with the first place of each. */
  readonly skipped: ReadonlyMap<string, { readonly count: number; readonly first: string }>;
  /** Rows received before rows above them: by up to 2 s, put in their place. */
  readonly sortedRows: number;
  /** The same by more than 2 s: taken as received with the row above. */
  readonly lateRows: number;
  /** Coins without an order book file, whose books were made from best bid and offer, one level a side. */
  readonly booksFromBbo: readonly string[];
  /** Coins the table of instruments does not know: their szDecimals are what their numbers show, their leverage is the least. */
  readonly unknownCoins: readonly string[];
}

/** Reads a directory of CSV files and writes the recording. Throws an Error naming file, column and remedy. Streams. */
export async function importCsv(from: string, to: string, source: string): Promise<ImportSummary> {
  const files = listFiles(from);
  const notes = createNotes();
  const seen: SeenCoin[] = [];
  for (const item of files) seen.push(await decimalsSeen(item, isKnownCoin(item.coin)));
  const instruments = instrumentsOf(seen);
  const booksFromBbo = files.filter((item) => item.orderbooks === undefined).map((item) => item.coin);
  const streams = files.flatMap((item, index) => {
    const instrument = instruments[index];
    return instrument === undefined ? [] : streamsOf(item, instrument, notes);
  });
  const writer = createRecordingWriter(to, instruments);
  try {
    const heads = await openHeads(streams);
    const firstBooks = heads.filter(({ received }) => received.event.kind === 'book').map(({ received }) => Math.floor(received.at));
    if (firstBooks.length === 0) throw new Error(`${from}: no usable row of a book in any file, nothing to replay${reasons(notes)}`);
    const marketStartMs = Math.min(...firstBooks);
    const rest = await record(heads, { writer, marketStartMs, booksFromBbo });
    return {
      header: writer.finish({ source, marketStartMs, ...rest }),
      skipped: notes.skipped,
      sortedRows: notes.sortedRows,
      lateRows: notes.lateRows,
      booksFromBbo,
      unknownCoins: files.map((item) => item.coin).filter((coin) => !isKnownCoin(coin)),
    };
  } catch (error) {
    writer.abandon();
    throw error;
  } finally {
    for (const stream of streams) await stream.return();
  }
}

function reasons({ skipped }: ImportNotes): string {
  return [...skipped].map(([reason, { count, first }]) => `; ${count} row(s) skipped: ${reason} (first: ${first})`).join('');
}

type Stream = AsyncGenerator<Received, void, undefined>;

function streamsOf(files: CoinFiles, instrument: Instrument, notes: ImportNotes): Stream[] {
  const feed = (path: string): FeedFile => ({ path, instrument, notes });
  const streams: Stream[] = [];
  if (files.orderbooks !== undefined) streams.push(readBooks(feed(files.orderbooks)));
  if (files.prices !== undefined) streams.push(readBbos(feed(files.prices), files.orderbooks === undefined));
  if (files.trades !== undefined) streams.push(readPrints(feed(files.trades)));
  return streams;
}

/** A stream with its next message. */
interface Head {
  readonly received: Received;
  readonly stream: Stream;
  /** At one instant streams are taken in this order. */
  readonly rank: number;
}

/** The first message of every stream that has one, earliest first. */
async function openHeads(streams: readonly Stream[]): Promise<Head[]> {
  const heads: Head[] = [];
  for (const [rank, stream] of streams.entries()) {
    const step = await stream.next();
    if (step.done !== true) insert(heads, { received: step.value, stream, rank });
  }
  return heads;
}

function insert(heads: Head[], head: Head): void {
  const isBefore = (other: Head): boolean =>
    other.received.at < head.received.at || (other.received.at === head.received.at && other.rank < head.rank);
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = heads[middle];
    if (other !== undefined && isBefore(other)) low = middle + 1;
    else high = middle;
  }
  heads.splice(low, 0, head);
}

/** Writes the messages of all streams in order of receipt. What came before the market's start is history at that instant. */
async function record(
  heads: Head[],
  into: { readonly writer: RecordingWriter; readonly marketStartMs: number; readonly booksFromBbo: readonly string[] },
): Promise<Pick<RecordingHeader, 'endMs' | 'gaps'>> {
  const watch = createGapWatch(new Set(into.booksFromBbo));
  let endMs = into.marketStartMs;
  for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
    const { received, stream, rank } = head;
    endMs = Math.max(endMs, Math.floor(received.at));
    const event = { ...received.event, atMs: endMs };
    into.writer.add(event);
    watch.see(event);
    const step = await stream.next();
    if (step.done !== true) insert(heads, { received: step.value, stream, rank });
  }
  return { endMs, gaps: watch.finish(endMs) };
}
