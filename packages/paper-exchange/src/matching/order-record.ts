import { FINE_PER_TICK, type FineTicks, type Lots, type Side, type Ticks } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import type { CoinMarket } from './coin-market.ts';
import type { BuilderTerms, ShownTif, StatusWord, VenueOrder } from './contract.ts';
import type { PriceLevel } from './ladder.ts';
import { type NewOrder, TERM, type TriggerTerms, termBits, tifOf } from './order-terms.ts';

/** Where an order is inside the core; the venue's status words are for the outside. */
type Phase = 'new' | 'waiting' | 'armed' | 'resting' | 'done';

/** Whether the mark is where a trigger fires. */
export function isReached(trigger: TriggerTerms, mark: FineTicks): boolean {
  const px = trigger.px * FINE_PER_TICK;
  return trigger.firesWhen === 'below' ? mark <= px : mark >= px;
}

/** What only few orders have. */
interface Special {
  readonly trigger: TriggerTerms | null;
  readonly builder: BuilderTerms | null;
  children: readonly OrderRecord[];
  siblings: readonly OrderRecord[];
  firedAtMs: number | null;
}

const NO_ORDERS: readonly OrderRecord[] = [];
const plain = (trigger: TriggerTerms | null, builder: BuilderTerms | null): Special => ({
  trigger,
  builder,
  children: NO_ORDERS,
  siblings: NO_ORDERS,
  firedAtMs: null,
});
const PLAIN = plain(null, null);

/**
 * An order as the core works on it. What leaves the core is a `VenueOrder` snapshot. A cancel finds an order that nothing has
 * touched for thousands of others, so what an order takes of the cache is what a cancel costs: yes-or-no terms are bits, what
 * few orders have stands apart, and times are whole milliseconds since the account's first, which need no box of their own as
 * numbers past 2^31 do. So it is 3 lines of cache where it was 9.
 */
export class OrderRecord {
  readonly holding: Holding;
  readonly oid: number;
  readonly sign: 1 | -1;
  readonly px: Ticks;
  sz: Lots;
  origSz: Lots;
  phase: Phase = 'new';
  /** Its yes-or-no terms and its tif, as histories keep them. */
  readonly #termBits: number;
  status: StatusWord = 'open';
  readonly #placedMs: number;
  #statusMs: number;
  readonly cloid: string | null;
  #special: Special;
  /** Whether `open` has been told. */
  announced = false;
  level: PriceLevel | null = null;
  prev: OrderRecord | null = null;
  next: OrderRecord | null = null;
  /** Its number among the orders that its account ever had open. */
  listedNth = 0;
  /** Recorded lots that stand before this order at its price; null while that depth is not visible. */
  queueAhead: number | null = null;
  /** Exchange time of the depth it was queued by: older prints are part of that depth's past. Null before it was queued. */
  queuedAtMs: number | null = null;
  #filledNtl: number | null = null;

  /** Takes the next oid; counting on is the caller's. */
  constructor(terms: NewOrder, holding: Holding, { nextOid, nowMs }: { readonly nextOid: number; readonly nowMs: number }) {
    this.holding = holding;
    this.oid = nextOid;
    this.sign = terms.side === 'buy' ? 1 : -1;
    this.px = terms.px;
    this.sz = terms.sz;
    this.origSz = terms.sz;
    this.#termBits = termBits(terms);
    this.#placedMs = nowMs - holding.account.sinceMs;
    this.#statusMs = this.#placedMs;
    this.cloid = terms.cloid;
    const builder = terms.builder ?? null;
    this.#special = terms.trigger === null && builder === null ? PLAIN : plain(terms.trigger, builder);
  }

  get account(): Account {
    return this.holding.account;
  }

  get market(): CoinMarket {
    return this.holding.market;
  }

  get side(): Side {
    return this.sign === 1 ? 'buy' : 'sell';
  }

  get reduceOnly(): boolean {
    return (this.#termBits & TERM.reduceOnly) !== 0;
  }

  get isPositionTpsl(): boolean {
    return (this.#termBits & TERM.positionTpsl) !== 0;
  }

  /** Came with size 0: closes the whole position, whatever it is when the trigger fires. */
  get tracksPosition(): boolean {
    return (this.#termBits & TERM.tracksPosition) !== 0;
  }

  get tif(): ShownTif | null {
    return tifOf(this.#termBits);
  }

  /** Terms as bits, and whether it waits for its parent now. */
  get termBits(): number {
    return this.phase === 'waiting' ? this.#termBits | TERM.waiting : this.#termBits;
  }

  get timestampMs(): number {
    return this.holding.account.sinceMs + this.#placedMs;
  }

  get statusTimestampMs(): number {
    return this.holding.account.sinceMs + this.#statusMs;
  }

  set statusTimestampMs(timeMs: number) {
    this.#statusMs = timeMs - this.holding.account.sinceMs;
  }

  /** Σ px × sz of this order's fills, for the average price of the reply. */
  get filledNtl(): number {
    return this.#filledNtl ?? 0;
  }

  set filledNtl(ntl: number) {
    this.#filledNtl = ntl;
  }

  get trigger(): TriggerTerms | null {
    return this.#special.trigger;
  }

  get builder(): BuilderTerms | null {
    return this.#special.builder;
  }

  /** Orders that wait for this one to fill wholly. */
  get children(): readonly OrderRecord[] {
    return this.#special.children;
  }

  set children(orders: readonly OrderRecord[]) {
    this.#ownSpecial().children = orders;
  }

  /** The group of which one fill cancels the others; holds this order too. */
  get siblings(): readonly OrderRecord[] {
    return this.#special.siblings;
  }

  set siblings(orders: readonly OrderRecord[]) {
    this.#ownSpecial().siblings = orders;
  }

  /** Market time at which a trigger fired; null before. */
  get firedAtMs(): number | null {
    return this.#special.firedAtMs;
  }

  set firedAtMs(timeMs: number | null) {
    this.#ownSpecial().firedAtMs = timeMs;
  }

  #ownSpecial(): Special {
    if (this.#special === PLAIN) this.#special = plain(null, null);
    return this.#special;
  }
}

/** The order as the outside may keep it. */
export function snapshot(order: OrderRecord): VenueOrder {
  return {
    user: order.account.user,
    coin: order.market.instrument.coin,
    asset: order.market.instrument.assetId,
    oid: order.oid,
    cloid: order.cloid,
    side: order.side,
    px: order.px,
    sz: order.sz,
    origSz: order.origSz,
    timestampMs: order.timestampMs,
    reduceOnly: order.reduceOnly,
    isTrigger: order.trigger !== null,
    triggerPx: order.trigger === null ? null : order.trigger.px,
    tpsl: order.trigger === null ? null : order.trigger.tpsl,
    isMarket: order.trigger?.isMarket ?? false,
    isPositionTpsl: order.isPositionTpsl,
    tif: order.tif,
    waitingForFill: order.phase === 'waiting',
    children: childrenOf(order),
    status: order.status,
    statusTimestampMs: order.statusTimestampMs,
  };
}

/** The oids of an order's children. */
export const childrenOf = (order: OrderRecord): readonly number[] =>
  order.children.length === 0 ? NO_CHILDREN : order.children.map((child) => child.oid);

export const NO_CHILDREN: readonly number[] = [];
