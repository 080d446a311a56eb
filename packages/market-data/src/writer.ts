import type { FineTicks, Level, Ticks } from '@hyperfleet/trading';
import { LEVELS, NONE, openBookMemory, SLOT } from './layout.ts';

/** Writes what the feed says. One writer at a time; a new one takes over from a dead one where it stopped. */
export interface BookWriter {
  readonly coins: readonly string[];
  /** A full snapshot, best level first; levels beyond 20 a side are dropped. Times in ms: the venue's, and ours at receipt. */
  book(coin: string, update: { readonly bids: readonly Level[]; readonly asks: readonly Level[] } & Stamp): void;
  /** Best bid and offer, newer than the snapshot: replaces the top of the book. */
  bbo(coin: string, update: { readonly bid: Level | null; readonly ask: Level | null } & Stamp): void;
  /** The price of the newest public trade; an older one than known (a replay after a reconnect) changes nothing. */
  print(coin: string, px: Ticks, exchangeTimeMs: number): void;
  /** Mark price and hourly funding rate in 10^−10. */
  mark(coin: string, mark: FineTicks, fundingRateE10: number | null): void;
}

interface Stamp {
  readonly exchangeTimeMs: number;
  readonly receivedAtMs: number;
}

/** What the writer knows of a coin; shared memory holds copies. */
interface State {
  bids: readonly Level[];
  asks: readonly Level[];
  exchangeTimeMs: number;
  receivedAtMs: number;
  lastPrint: number;
  lastPrintMs: number;
  mark: number;
  fundingRateE10: number;
}

/** Opens the memory for writing. Updates for a coin it does not hold are refused with a RangeError. */
export function openBookWriter(buffer: SharedArrayBuffer): BookWriter {
  const { coins, sequences, slots } = openBookMemory(buffer);
  const places = new Map(coins.map((coin, index) => [coin, index]));
  const states = coins.map(
    (): State => ({
      bids: [],
      asks: [],
      exchangeTimeMs: 0,
      receivedAtMs: 0,
      lastPrint: NONE,
      lastPrintMs: Number.NEGATIVE_INFINITY,
      mark: NONE,
      fundingRateE10: NONE,
    }),
  );

  const at = (coin: string): { readonly place: number; readonly state: State } => {
    const place = places.get(coin);
    const state = place === undefined ? undefined : states[place];
    if (place === undefined || state === undefined) throw new RangeError(`the book memory holds no coin ${coin}`);
    return { place, state };
  };

  const publish = (place: number, state: State): void => {
    const next = (Atomics.load(sequences, place) + 1) | 0;
    const slot = (place * 2 + (next & 1)) * SLOT.length;
    slots[slot + SLOT.sequence] = next;
    slots[slot + SLOT.exchangeTimeMs] = state.exchangeTimeMs;
    slots[slot + SLOT.receivedAtMs] = state.receivedAtMs;
    slots[slot + SLOT.lastPrint] = state.lastPrint;
    slots[slot + SLOT.mark] = state.mark;
    slots[slot + SLOT.fundingRateE10] = state.fundingRateE10;
    slots[slot + SLOT.bidCount] = putLevels(slots, slot + SLOT.bids, state.bids);
    slots[slot + SLOT.askCount] = putLevels(slots, slot + SLOT.asks, state.asks);
    slots[slot + SLOT.sequenceEnd] = next;
    // Sequentially consistent: a reader that sees the new number sees the whole slot.
    Atomics.store(sequences, place, next);
  };

  return {
    coins,
    book(coin, { bids, asks, exchangeTimeMs, receivedAtMs }) {
      const { place, state } = at(coin);
      Object.assign(state, { bids: bids.slice(0, LEVELS), asks: asks.slice(0, LEVELS), exchangeTimeMs, receivedAtMs });
      publish(place, state);
    },
    bbo(coin, { bid, ask, exchangeTimeMs, receivedAtMs }) {
      const { place, state } = at(coin);
      if (exchangeTimeMs < state.exchangeTimeMs) return;
      state.bids = withTop(state.bids, bid, (a, b) => a - b);
      state.asks = withTop(state.asks, ask, (a, b) => b - a);
      state.exchangeTimeMs = exchangeTimeMs;
      state.receivedAtMs = receivedAtMs;
      publish(place, state);
    },
    print(coin, px, exchangeTimeMs) {
      const { place, state } = at(coin);
      if (exchangeTimeMs < state.lastPrintMs) return;
      state.lastPrint = px;
      state.lastPrintMs = exchangeTimeMs;
      publish(place, state);
    },
    mark(coin, mark, fundingRateE10) {
      const { place, state } = at(coin);
      state.mark = mark;
      state.fundingRateE10 = fundingRateE10 ?? NONE;
      publish(place, state);
    },
  };
}

function putLevels(slots: Float64Array, from: number, levels: readonly Level[]): number {
  let place = from;
  for (const level of levels) {
    slots[place] = level.px;
    slots[place + 1] = level.sz;
    place += 2;
  }
  return levels.length;
}

/** The side with a newer top: levels better than it are gone, its own size is replaced. `better` > 0 when a beats b. */
function withTop(side: readonly Level[], top: Level | null, better: (a: number, b: number) => number): readonly Level[] {
  if (top === null) return [];
  const rest = side.filter((level) => better(level.px, top.px) < 0);
  return [top, ...rest].slice(0, LEVELS);
}
