/**
 * What the matching core takes in and gives out. The core is pure: it reads no clock, no disk, no socket and draws no
 * random number, so the same inputs in the same order give the same outputs, ids included.
 */
import type { FineTicks, Instrument, Level, Lots, MicroUsd, Side, Ticks } from '@hyperfleet/trading';
import type { MarketEvent } from '../market/event.ts';

/** Lower-case 0x address. */
export type Address = `0x${string}`;

export type VenueTif = 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket';
/** With what the venue itself places to liquidate, which nobody can ask for (PROTOCOL §3). */
export type ShownTif = VenueTif | 'LiquidationMarket';

/** One order of an action, parsed: numbers are exact, the asset is resolved to its instrument. */
export interface OrderInput {
  readonly asset: number;
  readonly side: Side;
  /** Decimal string as canonicalised; the core validates tick and size rules itself with the venue's error texts. */
  readonly px: string;
  readonly sz: string;
  readonly reduceOnly: boolean;
  readonly type:
    | { readonly kind: 'limit'; readonly tif: VenueTif }
    | { readonly kind: 'trigger'; readonly isMarket: boolean; readonly triggerPx: string; readonly tpsl: 'tp' | 'sl' };
  readonly cloid: string | null;
  /** A refusal imposed from outside, in the venue's words: the order is refused with it at its turn. */
  readonly imposed?: string;
}

/** Who brought the order and what it takes for that: tenths of a basis point of notional (PROTOCOL §3). */
export interface BuilderTerms {
  readonly address: Address;
  readonly fee: number;
}

export type VenueAction =
  | {
      readonly type: 'order';
      readonly orders: readonly OrderInput[];
      readonly grouping: 'na' | 'normalTpsl' | 'positionTpsl';
      /** Approved before; charged on every fill of these orders. */
      readonly builder?: BuilderTerms | null;
    }
  | { readonly type: 'cancel'; readonly cancels: readonly { readonly asset: number; readonly oid: number; readonly imposed?: string }[] }
  | {
      readonly type: 'cancelByCloid';
      readonly cancels: readonly { readonly asset: number; readonly cloid: string; readonly imposed?: string }[];
    }
  | { readonly type: 'modify'; readonly oid: number | string; readonly order: OrderInput; readonly alwaysPlace: boolean }
  | {
      readonly type: 'batchModify';
      readonly modifies: readonly { readonly oid: number | string; readonly order: OrderInput }[];
      readonly alwaysPlace: boolean;
    }
  | { readonly type: 'updateLeverage'; readonly asset: number; readonly isCross: boolean; readonly leverage: number }
  | { readonly type: 'updateIsolatedMargin'; readonly asset: number; readonly isBuy: boolean; readonly ntli: number }
  /** Raises an isolated position's margin until its value is `leverage` times it; a decimal text. */
  | { readonly type: 'topUpIsolatedOnlyMargin'; readonly asset: number; readonly leverage: string }
  | { readonly type: 'scheduleCancel'; readonly timeMs: number | null }
  | { readonly type: 'noop' };

/** Per-order status exactly as the wire has it (PROTOCOL §3). */
export type OrderStatusReply =
  | { readonly resting: { readonly oid: number; readonly cloid?: string } }
  | { readonly filled: { readonly totalSz: string; readonly avgPx: string; readonly oid: number; readonly cloid?: string } }
  | { readonly error: string }
  | 'waitingForFill'
  | 'waitingForTrigger'
  | 'success';

/** The body of an /exchange reply, ready to be sent. */
export type ActionReply =
  | {
      readonly status: 'ok';
      readonly response:
        | { readonly type: 'order' | 'cancel'; readonly data: { readonly statuses: readonly OrderStatusReply[] } }
        | { readonly type: 'default' };
    }
  | { readonly status: 'err'; readonly response: string };

/** The venue's word for an order's state (PROTOCOL §6), e.g. `open`, `siblingFilledCanceled`, `perpMarginRejected`. */
export type StatusWord = string;

export interface VenueOrder {
  readonly user: Address;
  readonly coin: string;
  readonly asset: number;
  readonly oid: number;
  readonly cloid: string | null;
  readonly side: Side;
  readonly px: Ticks;
  /** Unfilled. */
  readonly sz: Lots;
  readonly origSz: Lots;
  readonly timestampMs: number;
  readonly reduceOnly: boolean;
  readonly isTrigger: boolean;
  readonly triggerPx: Ticks | null;
  readonly tpsl: 'tp' | 'sl' | null;
  readonly isMarket: boolean;
  readonly isPositionTpsl: boolean;
  readonly tif: ShownTif | null;
  /** A child of a normalTpsl whose parent has not wholly filled: not armed. */
  readonly waitingForFill: boolean;
  /** Children's oids, for a parent. */
  readonly children: readonly number[];
  readonly status: StatusWord;
  readonly statusTimestampMs: number;
}

export interface VenueFill {
  readonly user: Address;
  readonly coin: string;
  readonly asset: number;
  readonly px: Ticks;
  readonly sz: Lots;
  readonly side: Side;
  readonly timeMs: number;
  readonly startPosition: Lots;
  readonly dir: string;
  readonly closedPnl: MicroUsd;
  readonly oid: number;
  readonly cloid: string | null;
  readonly crossed: boolean;
  /** All that was charged, a builder's part included; below zero is a rebate. */
  readonly fee: MicroUsd;
  /** The part of `fee` that went to the builder; null for an order without one. */
  readonly builderFee: MicroUsd | null;
  readonly tid: number;
  readonly hash: string;
  readonly liquidation: { readonly liquidatedUser: Address; readonly markPx: FineTicks; readonly method: 'market' | 'backstop' } | null;
}

/** What the core tells the world, in the order it happened. The wire layer turns these into channel messages. */
export type VenueEvent =
  | { readonly kind: 'order'; readonly order: VenueOrder; readonly status: StatusWord; readonly timeMs: number }
  | { readonly kind: 'fill'; readonly fill: VenueFill }
  | { readonly kind: 'nonUserCancel'; readonly user: Address; readonly coin: string; readonly oid: number }
  | {
      readonly kind: 'funding';
      readonly user: Address;
      readonly coin: string;
      readonly timeMs: number;
      readonly usd: MicroUsd;
      readonly szi: Lots;
      readonly fundingRateE10: number;
    }
  /** An account fell below its maintenance margin and is being closed; told before the fills (PROTOCOL §9). */
  | {
      readonly kind: 'liquidation';
      readonly user: Address;
      readonly timeMs: number;
      readonly lid: number;
      readonly liquidator: Address;
      readonly liquidatedNtlPos: MicroUsd;
      readonly liquidatedAccountValue: MicroUsd;
      /** Whether the cross part of the account fell short, or one isolated position. */
      readonly isCross: boolean;
      /** What is given up to liquidation, as it stood before. */
      readonly positions: readonly { readonly coin: string; readonly szi: Lots }[];
    }
  | { readonly kind: 'ledger'; readonly user: Address; readonly timeMs: number; readonly usd: MicroUsd; readonly type: 'deposit' }
  /** Mark and oracle were refreshed (about every 3 s). */
  | { readonly kind: 'mark'; readonly coin: string; readonly timeMs: number }
  /** The account's positions or balance changed: streams of clearinghouseState push. */
  | { readonly kind: 'account'; readonly user: Address };

/** From this notional on a position may have at most this leverage (PROTOCOL §7). Dollars are whole. */
export interface MarginTier {
  readonly lowerBoundUsd: number;
  readonly maxLeverage: number;
}

/** An instrument with what `meta` states of its margin, where that is known. */
export interface MarginedInstrument extends Instrument {
  /** One tier of its maximum leverage where left out. */
  readonly marginTable?: { readonly tiers: readonly MarginTier[] };
  /** `strictIsolated`: margin can be added to a position and not taken out. */
  readonly marginMode?: 'strictIsolated' | 'noCross' | null;
}

export interface VenuePosition {
  readonly coin: string;
  readonly asset: number;
  /** Signed. */
  readonly szi: Lots;
  /** What was paid for it, by size, truncated to whole ticks (PROTOCOL §7). */
  readonly entryPx: Ticks;
  readonly leverage: number;
  readonly isCross: boolean;
  readonly isolatedMargin: MicroUsd | null;
  readonly positionValue: MicroUsd;
  /** szi × mark, signed and rounded down: what the account value counts of it. */
  readonly value: MicroUsd;
  /** By what was paid, not by the truncated `entryPx` (PROTOCOL §7). */
  readonly unrealizedPnl: MicroUsd;
  readonly marginUsed: MicroUsd;
  readonly liquidationPx: FineTicks | null;
  /** The same to the ten decimals the venue shows; null as above. */
  readonly liquidationPxText: string | null;
  readonly maxLeverage: number;
  readonly fundingAllTime: MicroUsd;
  readonly fundingSinceOpen: MicroUsd;
  readonly fundingSinceChange: MicroUsd;
}

export interface VenueAccount {
  readonly accountValue: MicroUsd;
  readonly totalNtlPos: MicroUsd;
  /** Cash less cost of positions: accountValue − Σ szi × mark. */
  readonly totalRawUsd: MicroUsd;
  readonly totalMarginUsed: MicroUsd;
  readonly crossMaintenanceMarginUsed: MicroUsd;
  readonly withdrawable: MicroUsd;
  readonly positions: readonly VenuePosition[];
}

export interface AssetMarket {
  readonly instrument: Instrument;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly bookTimeMs: number;
  readonly mark: FineTicks | null;
  readonly oracle: FineTicks | null;
  readonly lastPrint: Ticks | null;
  readonly fundingRateE10: number;
  readonly inGap: boolean;
}

/** Market time without full protection, as SIGNALS "Naked" defines it, measured here and not by the fleet. */
export interface NakedInterval {
  readonly user: Address;
  readonly coin: string;
  readonly fromMs: number;
  /** null while it lasts. */
  readonly toMs: number | null;
}

export interface VenueAudit {
  readonly accepted: number;
  readonly rejected: number;
  readonly fills: number;
  /** Orders that came with the cloid of an order then live of the same user. */
  readonly duplicateCloids: number;
  readonly nakedMsMax: number;
  readonly naked: readonly NakedInterval[];
  /** USDC paid in − (balances + fees + the house account's side); 0 when nothing was made or lost. */
  readonly conservationErrorUsd: MicroUsd;
}

/** What is paid from more than this volume in fourteen days on, in dollars and parts per million (PROTOCOL §7). */
export interface FeeTier {
  readonly volumeUsd: number;
  readonly takerFeePpm: number;
  readonly makerFeePpm: number;
}

/** What a maker with more than this share of the venue's volume pays; below zero is a rebate. In parts per million. */
export interface MakerTier {
  readonly makerSharePpm: number;
  readonly makerFeePpm: number;
}

/** Off every fee that is not a rebate, in parts per million (PROTOCOL §7). */
export interface FeeDiscounts {
  readonly referralDiscountPpm: number;
  readonly stakingDiscountPpm: number;
}

/** What an account pays today. */
export interface VenueFees extends FeeDiscounts {
  /** In 10^−9 of notional, discounts applied. */
  readonly takerRateE9: number;
  readonly makerRateE9: number;
  /** Fifteen UTC days, today last: volume as taker and maker, and of the whole venue. Sub-accounts and master together. */
  readonly days: readonly {
    readonly dayMs: number;
    readonly takerUsd: MicroUsd;
    readonly makerUsd: MicroUsd;
    readonly exchangeUsd: MicroUsd;
  }[];
}

export interface VenueSettings {
  /** Parts per million of notional: 450 taker, 150 maker at base tier (PROTOCOL §7). */
  readonly takerFeePpm: number;
  readonly makerFeePpm: number;
  /** By volume and by maker share, lowest first; empty for the base rates always (PROTOCOL §7). */
  readonly feeTiers: readonly FeeTier[];
  readonly makerTiers: readonly MakerTier[];
  /** Off every fee that is not a rebate: 40000 for one who came by a referral, 50000 to 400000 by stake (PROTOCOL §7). */
  readonly referralDiscountPpm: number;
  readonly stakingDiscountPpm: number;
  /** Hourly rate used where a recording has none, in 10^−10: 0.0000125 = 125000. */
  readonly fundingRateE10: number;
  /** Where no rate is recorded: by the premium, drawn to `fundingRateE10` as the interest, or always that (PROTOCOL §7). */
  readonly fundingBy: 'premium' | 'setting';
  readonly markIntervalMs: number;
  /** What market liquidations do in the 30 s after a part of a position was sold: nothing, or the whole (PROTOCOL §7, §11). */
  readonly liquidationCooldown: 'pause' | 'whole';
  /** Band around the reference price in which a limit price is taken (PROTOCOL §4, §11). */
  readonly priceBand: 0.95 | 0.8;
  readonly maxFillsKept: number;
  readonly maxOrdersKept: number;
  /** Open orders of an account: this many, one more for each `openOrderVolumeUsd` it traded, at most `openOrderCap` (PROTOCOL §10). */
  readonly maxOpenOrders: number;
  readonly openOrderVolumeUsd: number;
  readonly openOrderCap: number;
  /** Open interest in dollars from which on a coin takes no order that adds to it; a coin without an entry has no cap (PROTOCOL §4). */
  readonly openInterestCapsUsd: Readonly<Record<string, number>>;
  /** Dollars by which the open interest of a coin may grow in a minute; a coin without an entry may grow at once (PROTOCOL §4, §11). */
  readonly openInterestGrowthUsd: Readonly<Record<string, number>>;
  /** Dollars of others' open interest told of each coin with a mark where the market tells none; no rule counts it (PROTOCOL §11). */
  readonly outsideInterestUsd: number;
  /** A trigger whose condition is true when it comes fires at once, or is refused (PROTOCOL §6, §11). */
  readonly satisfiedTrigger: 'fires' | 'refused';
  /** Reduce-only orders below $10: those that close the whole position, all, or none (PROTOCOL §5, §11). */
  readonly smallReduceOnly: 'whole-position' | 'all' | 'none';
  /** A second live order with one cloid is taken and counted, or refused (PROTOCOL §6, §11). */
  readonly duplicateCloid: 'taken' | 'refused';
  /** How a failed `modify` answers: as text of the request, or as one status (PROTOCOL §3, §11). */
  readonly modifyError: 'text' | 'status';
  /** Only public trades fill resting orders, as where a market tells them; else a book across an order's price fills it too. */
  readonly fillsByPrintsOnly: boolean;
  /** Dollars an account must have traded before it may have sub-accounts; 0 for none (PROTOCOL §3). */
  readonly subAccountVolumeUsd: number;
  /** Codes that `setReferrer` takes; all others are not registered (PROTOCOL §3). */
  readonly referralCodes: readonly string[];
  /** What a withdrawal costs, and what of a sending to an account that does not exist yet is kept, in micro-dollars (PROTOCOL §3). */
  readonly withdrawFee: number;
  readonly activationFee: number;
  /** Whether scheduleCancel needs $1M traded volume (PROTOCOL §3). */
  readonly scheduleCancelVolume: boolean;
}

/** What the venue does to an account unasked. */
export type Intervention =
  /** Ends a live order, by oid or cloid, with a status of the venue's. */
  | { readonly kind: 'cancel'; readonly id: number | string; readonly status: StatusWord }
  /** Closes lots of a position (null: all) at a price (null: the mark): auto-deleveraging. */
  | { readonly kind: 'deleverage'; readonly asset: number; readonly px: Ticks | null; readonly sz: Lots | null }
  /** Gives the oid of an order that has ended, named by oid or cloid, to the account's next order as well. */
  | { readonly kind: 'reuse-oid'; readonly id: number | string };

export interface Venue {
  readonly settings: VenueSettings;
  readonly instruments: readonly Instrument[];
  /** Market time of the last input. */
  readonly nowMs: number;
  /** Moves time on: mark ticks, hourly funding, scheduled cancels. Never backwards. */
  advance(nowMs: number): void;
  /** Takes one market message at its `atMs` (advance is implied). */
  market(event: MarketEvent): void;
  /** Pays in USDC; the account comes to be. */
  fund(user: Address, usd: MicroUsd, nowMs: number): void;
  /** Pays out USDC that is withdrawable and held by no resting order; false, and nothing done, when less is. */
  withdraw(user: Address, usd: MicroUsd, nowMs: number): boolean;
  /** Does to an account what the venue does of its own accord. False, and nothing done, when there is nothing to do it to. */
  intervene(user: Address, intervention: Intervention, nowMs: number): boolean;
  /** Executes an authenticated action of an account. Static validation, then sequence (PROTOCOL §3). */
  execute(user: Address, action: VenueAction, nowMs: number): ActionReply;
  /** Events since the last call, in order. */
  drain(): readonly VenueEvent[];

  exists(user: Address): boolean;
  account(user: Address): VenueAccount;
  assetMarket(asset: number): AssetMarket;
  /** Lots held long in a coin; as many are held short. */
  openInterest(asset: number): Lots;
  /** Open orders, untriggered triggers and waiting children too; newest first. */
  openOrders(user: Address): readonly VenueOrder[];
  order(user: Address, id: number | string): VenueOrder | null;
  /** One row per state change, newest first, bounded. */
  historicalOrders(
    user: Address,
  ): readonly { readonly order: VenueOrder; readonly status: StatusWord; readonly statusTimestampMs: number }[];
  /** Oldest first, bounded; those from a time (ms) on where one is given. */
  fills(user: Address, sinceMs?: number): readonly VenueFill[];
  fundings(user: Address): readonly Extract<VenueEvent, { kind: 'funding' }>[];
  ledger(user: Address): readonly Extract<VenueEvent, { kind: 'ledger' }>[];
  /** 14-day style volume traded by the account. */
  volume(user: Address): MicroUsd;
  /** Rates an account pays today. */
  fees(user: Address): VenueFees;
  /** Gives an account, and those that share its tier, discounts in place of the settings'. */
  setDiscounts(user: Address, discounts: FeeDiscounts): void;
  /** From now on the two share one fee tier, from the sub-account's first deposit on (PROTOCOL §7). */
  linkSubAccount(sub: Address, master: Address): void;
  /** The margin tiers of an asset, lowest first, at least one. */
  marginTiers(asset: number): readonly MarginTier[];
  /** What fills have paid to a builder so far, less what it took out. */
  builderRewards(builder: Address): MicroUsd;
  /** Pays a builder's rewards out of the venue; 0 when there are none. */
  takeBuilderRewards(builder: Address): MicroUsd;
  leverage(user: Address, asset: number): { readonly leverage: number; readonly isCross: boolean };
  audit(): VenueAudit;
}
