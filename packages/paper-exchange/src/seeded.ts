/** Whole numbers from 0 to `below` − 1, the same sequence for the same seed on every machine. */
export type Chance = (below: number) => number;

/** A small generator (mulberry32) for what must look random and be the same every time. Never for keys. `seed`: any whole number. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
