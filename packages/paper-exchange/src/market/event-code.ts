/**
 * Market events as bytes. Each is coded against the one before it of its coin: times and prices as differences, and a book
 * level's size only where it changed since the last snapshot, which is what makes a recording small.
 */
import { type Level, lots, ticks } from '@hyperfleet/trading';
import type { MarketEvent, Print } from './event.ts';
import type { ByteReader, ByteWriter } from './varint.ts';

const KIND = { book: 0, bbo: 1, prints: 2 } as const;
/** What a recording holds; gaps are stated in its header and marks are not recorded. */
export type RecordedEvent = Extract<MarketEvent, { kind: 'book' | 'bbo' | 'prints' }>;

interface CoinState {
  exchangeTimeMs: number;
  px: number;
  bids: Map<number, number>;
  asks: Map<number, number>;
}

/** What both ends remember while they go through the events in order; reset at each chunk. */
export interface CodeState {
  atMs: number;
  readonly coins: CoinState[];
}

export const freshState = (coins: number): CodeState => ({
  atMs: 0,
  coins: Array.from({ length: coins }, () => ({ exchangeTimeMs: 0, px: 0, bids: new Map(), asks: new Map() })),
});

function stateOf(state: CodeState, index: number): CoinState {
  const found = state.coins[index];
  if (found === undefined) throw new RangeError(`coin number ${index} of ${state.coins.length}`);
  return found;
}

/** Appends one event; `index` is the coin's place in the header. */
export function writeEvent(out: ByteWriter, state: CodeState, index: number, event: RecordedEvent): void {
  const coin = stateOf(state, index);
  out.unsigned(index * 3 + KIND[event.kind]);
  out.unsigned(event.atMs - state.atMs);
  state.atMs = event.atMs;
  switch (event.kind) {
    case 'book':
      writeTime(out, coin, event.exchangeTimeMs);
      coin.bids = writeSide(out, coin, coin.bids, event.bids);
      coin.asks = writeSide(out, coin, coin.asks, event.asks);
      return;
    case 'bbo':
      writeTime(out, coin, event.exchangeTimeMs);
      for (const level of [event.bid, event.ask]) {
        out.unsigned(level === null ? 0 : level.sz);
        if (level !== null) writePx(out, coin, level.px);
      }
      return;
    case 'prints':
      out.unsigned(event.prints.length);
      for (const print of event.prints) writePrint(out, coin, print);
      return;
    default:
      assertNever(event);
  }
}

function writeTime(out: ByteWriter, coin: CoinState, timeMs: number): void {
  out.signed(timeMs - coin.exchangeTimeMs);
  coin.exchangeTimeMs = timeMs;
}

function writePx(out: ByteWriter, coin: CoinState, px: number): void {
  out.signed(px - coin.px);
  coin.px = px;
}

function writePrint(out: ByteWriter, coin: CoinState, print: Print): void {
  writeTime(out, coin, print.exchangeTimeMs);
  writePx(out, coin, print.px);
  out.unsigned(print.sz * 2 + (print.side === 'buy' ? 1 : 0));
  out.unsigned(print.tid);
}

/** A size is written as 0 where the price had the same size in the last snapshot; real sizes are above zero. */
function writeSide(out: ByteWriter, coin: CoinState, before: ReadonlyMap<number, number>, levels: readonly Level[]): Map<number, number> {
  const now = new Map<number, number>();
  out.unsigned(levels.length);
  for (const { px, sz } of levels) {
    writePx(out, coin, px);
    out.unsigned(before.get(px) === sz ? 0 : sz);
    now.set(px, sz);
  }
  return now;
}

/** Reads the next event. Throws a RangeError where the bytes make none. */
export function readEvent(bytes: ByteReader, state: CodeState, coins: readonly string[]): RecordedEvent {
  const head = bytes.unsigned();
  const index = Math.floor(head / 3);
  const coin = stateOf(state, index);
  const name = coins[index] ?? '';
  state.atMs += bytes.unsigned();
  const { atMs } = state;
  switch (head % 3) {
    case KIND.book: {
      const exchangeTimeMs = readTime(bytes, coin);
      const bids = readSide(bytes, coin, coin.bids);
      coin.bids = new Map(bids.map((level) => [level.px, level.sz]));
      const asks = readSide(bytes, coin, coin.asks);
      coin.asks = new Map(asks.map((level) => [level.px, level.sz]));
      return { kind: 'book', coin: name, atMs, exchangeTimeMs, bids, asks };
    }
    case KIND.bbo: {
      const exchangeTimeMs = readTime(bytes, coin);
      const level = (): Level | null => {
        const sz = bytes.unsigned();
        return sz === 0 ? null : { px: readPx(bytes, coin), sz: lots(sz) };
      };
      const bid = level();
      return { kind: 'bbo', coin: name, atMs, exchangeTimeMs, bid, ask: level() };
    }
    default: {
      const prints: Print[] = [];
      for (let left = bytes.unsigned(); left > 0; left -= 1) prints.push(readPrint(bytes, coin));
      return { kind: 'prints', coin: name, atMs, prints };
    }
  }
}

function readTime(bytes: ByteReader, coin: CoinState): number {
  coin.exchangeTimeMs += bytes.signed();
  return coin.exchangeTimeMs;
}

function readPx(bytes: ByteReader, coin: CoinState): Level['px'] {
  coin.px += bytes.signed();
  return ticks(coin.px);
}

function readPrint(bytes: ByteReader, coin: CoinState): Print {
  const exchangeTimeMs = readTime(bytes, coin);
  const px = readPx(bytes, coin);
  const sized = bytes.unsigned();
  return { side: sized % 2 === 1 ? 'buy' : 'sell', px, sz: lots(Math.floor(sized / 2)), tid: bytes.unsigned(), exchangeTimeMs };
}

function readSide(bytes: ByteReader, coin: CoinState, before: ReadonlyMap<number, number>): Level[] {
  const levels: Level[] = [];
  for (let left = bytes.unsigned(); left > 0; left -= 1) {
    const px = readPx(bytes, coin);
    const sz = bytes.unsigned();
    levels.push({ px, sz: lots(sz === 0 ? (before.get(px) ?? 0) : sz) });
  }
  return levels;
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}
