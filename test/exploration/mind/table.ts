/** Numbers kept under hashes of 53 bits, none of them 0: open addressing, doubled when six tenths are taken. */
export interface Table {
  /** Where a hash is kept, or would be; good until the next `put`. */
  placeOf(hash: number): number;
  /** What is kept at a place, 0 where nothing is. */
  at(place: number): number;
  /** Keeps a number of 32 bits under a hash, at its place. */
  put(place: number, hash: number, value: number): void;
}

/** A place is three words side by side, since each look at memory costs more than all the rest: the low and high half of a hash, the value. */
const WORDS = 3;
const HALF = 4_294_967_296;

export function createTable(): Table {
  let words = new Uint32Array(WORDS << 16);
  let mask = (1 << 16) - 1;
  let size = 0;

  /** The first word of a hash's place, or of the free one where it belongs. */
  const placeOf = (low: number, high: number): number => {
    for (let slot = (low ^ high) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if (words[at] === low && words[at + 1] === high) return at;
      if (words[at] === 0 && words[at + 1] === 0) return at;
    }
  };

  const double = (): void => {
    const old = words;
    words = new Uint32Array(old.length * 2);
    mask = mask * 2 + 1;
    for (let from = 0; from < old.length; from += WORDS) {
      const [low, high] = [old[from] ?? 0, old[from + 1] ?? 0];
      if (low === 0 && high === 0) continue;
      const to = placeOf(low, high);
      words[to] = low;
      words[to + 1] = high;
      words[to + 2] = old[from + 2] ?? 0;
    }
  };

  return {
    placeOf: (hash) => placeOf(hash >>> 0, Math.floor(hash / HALF)),
    at: (place) => words[place + 2] ?? 0,
    put(place, hash, value) {
      const isNew = words[place] === 0 && words[place + 1] === 0;
      words[place] = hash >>> 0;
      words[place + 1] = Math.floor(hash / HALF);
      words[place + 2] = value;
      if (!isNew) return;
      size += 1;
      if (size * WORDS > words.length * 0.6) double();
    },
  };
}
