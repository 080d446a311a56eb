import { lots, ticks } from '@hyperfleet/trading';
import type { Address, StatusWord, VenueOrder } from './contract.ts';
import { childrenOf, NO_CHILDREN, type OrderRecord } from './order-record.ts';
import { TERM, tifOf } from './order-terms.ts';
import { RowRing } from './row-ring.ts';

/** Numbers of one row: oid, asset, px, sz, origSz, timestampMs, triggerPx, statusTimestampMs, status word, terms. */
const WIDTH = 10;
const [ASSET, PX, SZ, ORIG_SZ, PLACED_MS, TRIGGER_PX, STATUS_MS, STATUS, TERMS] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Status words by number: a few dozen in all, each of which the core's own code has written. */
const words: StatusWord[] = [];
const numberOf = new Map<StatusWord, number>();

function wordNumber(word: StatusWord): number {
  const known = numberOf.get(word);
  if (known !== undefined) return known;
  numberOf.set(word, words.length);
  return words.push(word) - 1;
}

/** The coin of each asset. */
export type Coins = ReadonlyMap<number, { readonly instrument: { readonly coin: string } }>;

/**
 * The last `limit` states that orders of one account were in. Kept as objects, 10,000 states and 10,000 orders of each
 * account were the collector's to carry: 38 % of the time of the core, and 290 bytes a state against 80.
 */
export class OrderRows {
  readonly #user: Address;
  readonly #coins: Coins;
  readonly #rows: RowRing;
  readonly #onDropped: ((oid: number, cloid: string) => void) | null;
  /** By row, of those that have one. */
  readonly #cloids = new Map<number, string>();
  readonly #children = new Map<number, readonly number[]>();

  /** `onDropped` is told of each row with a cloid that is written over. */
  constructor(
    { user, coins, limit }: { readonly user: Address; readonly coins: Coins; readonly limit: number },
    onDropped: ((oid: number, cloid: string) => void) | null = null,
  ) {
    this.#user = user;
    this.#coins = coins;
    this.#rows = new RowRing(WIDTH, limit);
    this.#onDropped = onDropped;
  }

  /** Writes down the order as it is now, over the oldest row when all places are taken. */
  push(order: OrderRecord): void {
    const { next: row, numbers } = this.#rows;
    const at = row * WIDTH;
    if (this.#rows.isFull) this.#drop(row, numbers[at] ?? 0);
    numbers[at] = order.oid;
    numbers[at + ASSET] = order.market.instrument.assetId;
    numbers[at + PX] = order.px;
    numbers[at + SZ] = order.sz;
    numbers[at + ORIG_SZ] = order.origSz;
    numbers[at + PLACED_MS] = order.timestampMs;
    numbers[at + TRIGGER_PX] = order.trigger === null ? 0 : order.trigger.px;
    numbers[at + STATUS_MS] = order.statusTimestampMs;
    numbers[at + STATUS] = wordNumber(order.status);
    numbers[at + TERMS] = order.termBits;
    if (order.cloid !== null) this.#cloids.set(row, order.cloid);
    if (order.children.length > 0) this.#children.set(row, childrenOf(order));
    this.#rows.push();
  }

  /** The latest row of an order, or null. Looks through all rows, newest first: 7 µs where there are 10,000 and none is it. */
  find(oid: number): VenueOrder | null {
    const row = this.#rows.newestWith(oid);
    return row < 0 ? null : this.#read(row);
  }

  /** All rows, newest first. */
  newestFirst(): VenueOrder[] {
    return [...this.#rows.newestFirst()].map((row) => this.#read(row));
  }

  #drop(row: number, oid: number): void {
    if (this.#children.size > 0) this.#children.delete(row);
    if (this.#cloids.size === 0) return;
    const cloid = this.#cloids.get(row);
    if (cloid === undefined) return;
    this.#cloids.delete(row);
    this.#onDropped?.(oid, cloid);
  }

  #read(row: number): VenueOrder {
    const { numbers } = this.#rows;
    const number = (column: number): number => numbers[row * WIDTH + column] ?? 0;
    const asset = number(ASSET);
    const bits = number(TERMS);
    const isTrigger = (bits & TERM.trigger) !== 0;
    return {
      user: this.#user,
      coin: this.#coins.get(asset)?.instrument.coin ?? '',
      asset,
      oid: number(0),
      cloid: this.#cloids.get(row) ?? null,
      side: (bits & TERM.buy) !== 0 ? 'buy' : 'sell',
      px: ticks(number(PX)),
      sz: lots(number(SZ)),
      origSz: lots(number(ORIG_SZ)),
      timestampMs: number(PLACED_MS),
      reduceOnly: (bits & TERM.reduceOnly) !== 0,
      isTrigger,
      triggerPx: isTrigger ? ticks(number(TRIGGER_PX)) : null,
      tpsl: isTrigger ? ((bits & TERM.stop) !== 0 ? 'sl' : 'tp') : null,
      isMarket: (bits & TERM.market) !== 0,
      isPositionTpsl: (bits & TERM.positionTpsl) !== 0,
      tif: tifOf(bits),
      waitingForFill: (bits & TERM.waiting) !== 0,
      children: this.#children.get(row) ?? NO_CHILDREN,
      status: words[number(STATUS)] ?? '',
      statusTimestampMs: number(STATUS_MS),
    };
  }
}
