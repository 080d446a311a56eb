import { fineTicks, type Level, lots, type Market, type MarketView, ticks } from '@hyperfleet/trading';
import { openBookMemory, SLOT } from './layout.ts';

/** A reader is disturbed only when two updates fall into one read of about a microsecond; four tries are already generous. */
const TRIES_MAX = 8;

export interface MarketReader extends Market {
  /** How often a coin has been published: changes when anything of it does. */
  sequence(coin: string): number;
  /** How often the feed has been connected anew since the memory was made: what was measured before is not continued. */
  generation(coin: string): number;
  /**
   * Waits until a coin is published beyond the `sequence` seen; other work of the thread goes on, and the wait alone does not
   * keep a thread alive. True when it was, false after `timeoutMs` of wall time or for a coin that is not held.
   */
  changed(coin: string, seen: number, timeoutMs: number): Promise<boolean>;
  /** Times a read found no quiet moment in all its tries and gave null. */
  readonly missed: () => number;
}

/** Opens the memory for reading, from any thread; any number of readers do not disturb each other or the writer. */
export function openMarketReader(buffer: SharedArrayBuffer): MarketReader {
  const memory = openBookMemory(buffer);
  const places = new Map(memory.coins.map((coin, index) => [coin, index]));
  const copy = new Float64Array(SLOT.length);
  let missed = 0;
  return {
    view(coin) {
      const place = places.get(coin);
      if (place === undefined || Atomics.load(memory.sequences, place) === 0) return null;
      for (let tries = 0; tries < TRIES_MAX; tries += 1) if (copySlot(memory, place, copy)) return viewOf(coin, copy);
      missed += 1;
      return null;
    },
    sequence: (coin) => {
      const place = places.get(coin);
      return place === undefined ? 0 : Atomics.load(memory.sequences, place);
    },
    generation(coin) {
      const place = places.get(coin);
      if (place === undefined) return 0;
      for (let tries = 0; tries < TRIES_MAX; tries += 1) if (copySlot(memory, place, copy)) return copy[SLOT.generation] ?? 0;
      missed += 1;
      return 0;
    },
    async changed(coin, seen, timeoutMs) {
      const place = places.get(coin);
      if (place === undefined) return false;
      const waiting = Atomics.waitAsync(memory.sequences, place, seen, timeoutMs);
      return (waiting.async ? await waiting.value : waiting.value) !== 'timed-out';
    },
    missed: () => missed,
  };
}

/**
 * Copies the published slot of a coin. False when the writer published meanwhile and the copy may be torn: then look again.
 * Allocates nothing.
 */
export function copySlot(memory: { sequences: Int32Array; slots: Float64Array }, place: number, into: Float64Array): boolean {
  const { sequences, slots } = memory;
  const before = Atomics.load(sequences, place);
  const from = (place * 2 + (before & 1)) * SLOT.length;
  for (let i = 0; i <= SLOT.sequenceEnd; i += 1) into[i] = slots[from + i] ?? 0;
  // The writer reuses this slot only after publishing the other one, so an unmoved number means an untouched slot.
  return Atomics.load(sequences, place) === before && into[SLOT.sequence] === before && into[SLOT.sequenceEnd] === before;
}

function viewOf(coin: string, slot: Float64Array): MarketView {
  const at = (place: number): number => slot[place] ?? 0;
  const known = (place: number): number | null => (Number.isNaN(at(place)) ? null : at(place));
  const side = (from: number, count: number): Level[] =>
    Array.from({ length: count }, (_, i) => ({ px: ticks(at(from + i * 2)), sz: lots(at(from + i * 2 + 1)) }));
  const bids = side(SLOT.bids, at(SLOT.bidCount));
  const asks = side(SLOT.asks, at(SLOT.askCount));
  const lastPrint = known(SLOT.lastPrint);
  const mark = known(SLOT.mark);
  return {
    coin,
    bids,
    asks,
    bid: bids[0] ?? null,
    ask: asks[0] ?? null,
    lastPrint: lastPrint === null ? null : ticks(lastPrint),
    mark: mark === null ? null : fineTicks(mark),
    fundingRateE10: known(SLOT.fundingRateE10),
    exchangeTimeMs: at(SLOT.exchangeTimeMs),
    receivedAtMs: at(SLOT.receivedAtMs),
  };
}
