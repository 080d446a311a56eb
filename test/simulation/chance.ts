/** Seeded chance: everything a simulation leaves to luck comes from here, so that a seed tells the same story again. */

export interface Chance {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [from, to], both included. */
  int(from: number, to: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** A generator of its own for one concern, so that drawing more in one place moves nothing in another. */
  fork(label: string): Chance;
}

/** FNV-1a, to give each concern of a seed its own beginning. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Mulberry32: small, fast, and the same on every machine. Any whole number is a seed. */
export function createChance(seed: number): Chance {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    happens: (probability) => next() < probability,
    pick(items) {
      const item = items[int(0, items.length - 1)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    fork: (label) => createChance(Math.imul(seed, 0x9e3779b1) ^ hashOf(label)),
  };
}
