/** Situations by their hash: at what cost each was reached, and of which it is known that all goes well when it goes on calmly. */
import { createTable } from './table.ts';

export interface Seen {
  /** How a situation stands to what was reached: new, reached at a higher cost, which is lowered, or known. */
  reach(hash: number, cost: number): 'new' | 'cheaper' | 'known';
  holds(hash: number): boolean;
  hold(hash: number): void;
}

/** The low bits have the cost and one, 0 where it was not reached. */
const COST = 0xff;
const HOLDS = 0x100;

export function createSeen(): Seen {
  const table = createTable();
  return {
    reach(hash, cost) {
      const there = table.get(hash);
      const before = there & COST;
      if (before !== 0 && before <= cost + 1) return 'known';
      table.set(hash, (there & HOLDS) | (cost + 1));
      return before === 0 ? 'new' : 'cheaper';
    },
    holds: (hash) => (table.get(hash) & HOLDS) !== 0,
    hold(hash) {
      table.set(hash, table.get(hash) | HOLDS);
    },
  };
}
