import { FINE_PER_TICK, type FineTicks, type Lots, type Side, type Ticks } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import type { CoinMarket } from './coin-market.ts';
import type { BuilderTerms, StatusWord, VenueOrder, VenueTif } from './contract.ts';
import type { PriceLevel } from './ladder.ts';

/** Where an order is inside the core; the venue's status words are for the outside. */
type Phase = 'new' | 'waiting' | 'armed' | 'resting' | 'done';

export interface TriggerTerms {
  readonly px: Ticks;
  readonly isMarket: boolean;
  readonly tpsl: 'tp' | 'sl';
  /** Fires when the mark is at or above, or at or below `px` (PROTOCOL §6). */
  readonly firesWhen: 'above' | 'below';
}

/** Whether the mark is where a trigger fires. */
export function isReached(trigger: TriggerTerms, mark: FineTicks): boolean {
  const px = trigger.px * FINE_PER_TICK;
  return trigger.firesWhen === 'below' ? mark <= px : mark >= px;
}

/** An order as the core works on it. What leaves the core is a `VenueOrder` snapshot. */
export interface OrderRecord {
  readonly account: Account;
  readonly holding: Holding;
  readonly market: CoinMarket;
  readonly oid: number;
  readonly cloid: string | null;
  readonly side: Side;
  readonly sign: 1 | -1;
  readonly px: Ticks;
  sz: Lots;
  origSz: Lots;
  readonly timestampMs: number;
  readonly reduceOnly: boolean;
  readonly trigger: TriggerTerms | null;
  readonly isPositionTpsl: boolean;
  /** Came with size 0: closes the whole position, whatever it is when the trigger fires. */
  readonly tracksPosition: boolean;
  readonly tif: VenueTif | null;
  readonly builder: BuilderTerms | null;
  /** Its yes-or-no terms, as histories keep them. */
  readonly termBits: number;
  phase: Phase;
  /** Orders that wait for this one to fill wholly. */
  children: readonly OrderRecord[];
  /** The group of which one fill cancels the others; holds this order too. */
  siblings: readonly OrderRecord[];
  status: StatusWord;
  statusTimestampMs: number;
  /** Market time at which a trigger fired; null before. */
  firedAtMs: number | null;
  /** Whether `open` has been told. */
  announced: boolean;
  /** Σ px × sz of this order's fills, for the average price of the reply. */
  filledNtl: number;
  /** Recorded lots that stand before this order at its price; null while that depth is not visible. */
  queueAhead: number | null;
  /** Exchange time of the depth it was queued by: older prints are part of that depth's past. */
  queuedAtMs: number;
  level: PriceLevel | null;
  prev: OrderRecord | null;
  next: OrderRecord | null;
  /** Its number among the orders that its account ever had open. */
  listedNth: number;
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
