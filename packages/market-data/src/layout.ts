/**
 * Books in shared memory. One block a coin: a sequence number and two slots. The writer fills the idle slot and then raises
 * the sequence, whose lowest bit names the slot to read; so a reader is disturbed only when the writer publishes twice while
 * it reads once, and the slot of a writer killed in the middle is simply never published.
 *
 * buffer = Int32 head | names (UTF-8, fixed width) | Int32 sequence a coin | Float64 slots, two a coin
 */
export const LEVELS = 20;
const MAGIC = 0x48464252;
const VERSION = 1;
const HEAD_INTS = 4;
const NAME_BYTES = 32;

/** Doubles in a slot, by place. Prices and sizes are whole ticks and lots, exact below 2^53. `NONE` stands for "not known". */
export const SLOT = {
  sequence: 0,
  exchangeTimeMs: 1,
  receivedAtMs: 2,
  bidCount: 3,
  askCount: 4,
  lastPrint: 5,
  mark: 6,
  fundingRateE10: 7,
  lastPrintMs: 8,
  /** The venue's time of the snapshot the levels below the top are from. */
  bookTimeMs: 9,
  /** Connections of the feed, counted. */
  generation: 10,
  bids: 11,
  asks: 11 + LEVELS * 2,
  /** The sequence once more: a slot whose ends differ was read while it was being written. */
  sequenceEnd: 11 + LEVELS * 4,
  length: 96,
} as const;

export const NONE = Number.NaN;

/** The views over one buffer. */
export interface BookMemory {
  readonly buffer: SharedArrayBuffer;
  readonly coins: readonly string[];
  /** One Int32 a coin: times published, wrapping. */
  readonly sequences: Int32Array;
  /** Slot s of coin c starts at `(c * 2 + s) * SLOT.length`. */
  readonly slots: Float64Array;
}

const align8 = (bytes: number): number => Math.ceil(bytes / 8) * 8;

function offsets(count: number): { readonly names: number; readonly sequences: number; readonly slots: number; readonly end: number } {
  const names = HEAD_INTS * 4;
  const sequences = align8(names + count * NAME_BYTES);
  const slots = align8(sequences + count * 4);
  return { names, sequences, slots, end: slots + count * 2 * SLOT.length * 8 };
}

/** Makes the memory for these coins, empty. About 1.6 kB a coin. Throws when a name does not fit 32 bytes or comes twice. */
export function createBookMemory(coins: readonly string[]): BookMemory {
  if (new Set(coins).size !== coins.length) throw new RangeError('a coin is named twice');
  const at = offsets(coins.length);
  const buffer = new SharedArrayBuffer(at.end);
  const head = new Int32Array(buffer, 0, HEAD_INTS);
  head.set([MAGIC, VERSION, coins.length, 0]);
  const names = new Uint8Array(buffer, at.names, coins.length * NAME_BYTES);
  for (const [index, coin] of coins.entries()) {
    const bytes = new TextEncoder().encode(coin);
    if (bytes.length === 0 || bytes.length > NAME_BYTES) throw new RangeError(`coin name "${coin}" is not 1 to ${NAME_BYTES} bytes long`);
    names.set(bytes, index * NAME_BYTES);
  }
  return openBookMemory(buffer);
}

/** Opens memory another thread made. Throws when the buffer is something else. */
export function openBookMemory(buffer: SharedArrayBuffer): BookMemory {
  const head = new Int32Array(buffer, 0, HEAD_INTS);
  const count = head[2] ?? 0;
  const at = offsets(count);
  if (head[0] !== MAGIC || head[1] !== VERSION || buffer.byteLength !== at.end) {
    throw new RangeError('this shared memory holds no books of this version; give it the buffer of createBookMemory');
  }
  const coins = Array.from({ length: count }, (_, index) => {
    // TextDecoder refuses shared memory, so the name is copied out first.
    const bytes = new Uint8Array(buffer, at.names + index * NAME_BYTES, NAME_BYTES).slice();
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(bytes.subarray(0, end === -1 ? NAME_BYTES : end));
  });
  return {
    buffer,
    coins,
    sequences: new Int32Array(buffer, at.sequences, count),
    slots: new Float64Array(buffer, at.slots, count * 2 * SLOT.length),
  };
}
