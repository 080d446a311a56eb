import type { OrderRecord } from './order-record.ts';

/** All orders at one price, oldest first, as an intrusive list. */
export interface PriceLevel {
  readonly px: number;
  head: OrderRecord | null;
  /** Lots of all its orders. */
  sz: number;
  tail: OrderRecord | null;
  /** Recorded depth at this price when it was last seen, less what printed since; null while it was never visible. */
  seenSz: number | null;
}

/**
 * Orders by price, and by arrival within a price. The levels are a sorted array with the best at its end, so that the
 * work at the touch neither moves memory nor allocates; an order leaves in constant time through its own links.
 */
export class PriceLadder {
  readonly #levels: PriceLevel[] = [];
  readonly #byPx = new Map<number, PriceLevel>();
  readonly #sign: 1 | -1;

  /** `best`: whether the highest or the lowest price comes first. */
  constructor(best: 'highest' | 'lowest') {
    this.#sign = best === 'highest' ? 1 : -1;
  }

  /** The best level, or null when there is no order. */
  best(): PriceLevel | null {
    // Index −1 of an empty list is no index: looking it up as a name takes 100 ns.
    const count = this.#levels.length;
    return count === 0 ? null : (this.#levels[count - 1] ?? null);
  }

  at(px: number): PriceLevel | null {
    return this.#byPx.get(px) ?? null;
  }

  /** Calls `visit` from the best level on until it answers false. `visit` must not add or remove orders. */
  walk(visit: (level: PriceLevel) => boolean): void {
    for (let i = this.#levels.length - 1; i >= 0; i--) {
      const level = this.#levels[i];
      if (level === undefined || !visit(level)) return;
    }
  }

  /** Appends an order at a price and returns the level it joined. */
  add(order: OrderRecord, px: number): PriceLevel {
    const level = this.#byPx.get(px) ?? this.#insert(px);
    order.level = level;
    level.sz += order.sz;
    order.prev = level.tail;
    order.next = null;
    if (level.tail === null) level.head = order;
    else level.tail.next = order;
    level.tail = order;
    return level;
  }

  /** Takes an order out; the level goes with its last order. */
  remove(order: OrderRecord): void {
    const level = order.level;
    if (level === null) return;
    level.sz -= order.sz;
    if (order.prev === null) level.head = order.next;
    else order.prev.next = order.next;
    if (order.next === null) level.tail = order.prev;
    else order.next.prev = order.prev;
    order.prev = null;
    order.next = null;
    order.level = null;
    if (level.head === null) {
      this.#byPx.delete(level.px);
      this.#levels.splice(this.#position(level.px), 1);
    }
  }

  #insert(px: number): PriceLevel {
    const level: PriceLevel = { px, sz: 0, head: null, tail: null, seenSz: null };
    this.#byPx.set(px, level);
    this.#levels.splice(this.#position(px), 0, level);
    return level;
  }

  /** Index of the first level that is not worse than `px`. */
  #position(px: number): number {
    let low = 0;
    let high = this.#levels.length;
    const key = px * this.#sign;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const level = this.#levels[middle];
      if (level !== undefined && level.px * this.#sign < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
