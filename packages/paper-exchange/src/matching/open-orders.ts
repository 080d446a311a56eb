import type { OrderRecord } from './order-record.ts';

/** Places a table has at first; a power of two, and never more than half of them taken. */
const FIRST_PLACES = 16;
/** 2^32 ÷ the golden ratio: spreads oids that follow one another over the table. */
const SPREAD = 0x9e3779b1;

/**
 * The live orders of one account by oid: a table with open addressing. A `Map` grows a new table every few hundred orders, and each old one, itself long
 * lived, kept the orders it still named from being collected young: 290 bytes of every action were carried over by the
 * collector, a third of the core's time.
 */
export class OpenOrders {
  #table: (OrderRecord | null)[] = new Array<OrderRecord | null>(FIRST_PLACES).fill(null);
  #shift = 32 - Math.log2(FIRST_PLACES);
  #size = 0;
  #added = 0;

  get size(): number {
    return this.#size;
  }

  get(oid: number): OrderRecord | null {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = this.#home(oid); ; at = (at + 1) & mask) {
      const order = table[at];
      if (order === null || order === undefined) return null;
      if (order.oid === oid) return order;
    }
  }

  /** Lists an order last; one that is listed keeps its place. */
  add(order: OrderRecord): void {
    if (this.get(order.oid) !== null) return;
    if ((this.#size + 1) * 2 > this.#table.length) this.#grow();
    this.#put(order);
    this.#size += 1;
    this.#added += 1;
    order.listedNth = this.#added;
  }

  /** Takes an order off the list, if it is on it. */
  remove(order: OrderRecord): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = this.#home(order.oid);
    for (; table[at] !== order; at = (at + 1) & mask) if (table[at] === null) return;
    // What stands behind moves up, as far as its own home allows, so that no search ends at the hole.
    for (let next = (at + 1) & mask; ; next = (next + 1) & mask) {
      const moved = table[next];
      if (moved === null || moved === undefined) break;
      if (((next - this.#home(moved.oid)) & mask) < ((next - at) & mask)) continue;
      table[at] = moved;
      at = next;
    }
    table[at] = null;
    this.#size -= 1;
  }

  /** A copy in the order in which they were listed. Sorted when asked: links between the orders cost every cancel two more misses. */
  list(): OrderRecord[] {
    const orders: OrderRecord[] = [];
    for (const order of this.#table) if (order !== null) orders.push(order);
    return orders.sort((a, b) => a.listedNth - b.listedNth);
  }

  #home(oid: number): number {
    return Math.imul(oid, SPREAD) >>> this.#shift;
  }

  #put(order: OrderRecord): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = this.#home(order.oid);
    while (table[at] !== null) at = (at + 1) & mask;
    table[at] = order;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Array<OrderRecord | null>(old.length * 2).fill(null);
    this.#shift -= 1;
    for (const order of old) if (order !== null) this.#put(order);
    // Long lived and soon dead: it must not keep young orders alive.
    old.fill(null);
  }
}
