/** Situations by their hash: at what cost each was reached, and of which it is known that all goes well when it goes on calmly. */
import { createTable } from './table.ts';

export interface Seen {
  /** How a situation stands to what was reached: new, reached at a higher cost, which is lowered, or known. */
  reach(hash: number, cost: number): 'new' | 'cheaper' | 'known';
  /** Whether it is known that all goes well from there. */
  holds(hash: number): boolean;
  /** Takes it for known; whether it was before. */
  hold(hash: number): boolean;
}

/** The low bits have the cost and one, 0 where it was not reached. */
const COST = 0xff;
const HOLDS = 0x100;

export function createSeen(): Seen {
  const table = createTable();
  return {
    reach(hash, cost) {
      const place = table.placeOf(hash);
      const there = table.at(place);
      const before = there & COST;
      if (before !== 0 && before <= cost + 1) return 'known';
      table.put(place, hash, (there & HOLDS) | (cost + 1));
      return before === 0 ? 'new' : 'cheaper';
    },
    holds: (hash) => (table.at(table.placeOf(hash)) & HOLDS) !== 0,
    hold(hash) {
      const place = table.placeOf(hash);
      const there = table.at(place);
      if ((there & HOLDS) !== 0) return true;
      table.put(place, hash, there | HOLDS);
      return false;
    },
  };
}
