import { type Instrument, type Lots, type MicroUsd, type Ticks, ticks, ZERO_LOTS, ZERO_USD } from '@hyperfleet/trading';
import type { CoinMarket } from './coin-market.ts';
import type { Address, VenueEvent, VenueSettings } from './contract.ts';

import { createFeeRecord, type FeeRecord } from './fee-record.ts';
import { FillRows } from './fill-rows.ts';

import { OpenOrders } from './open-orders.ts';

import type { OrderRecord } from './order-record.ts';
import { type Coins, OrderRows } from './order-rows.ts';
import { Recent } from './recent.ts';

/** Resting orders of one side: their lots and notional, and the margin they hold. */
interface RestingSide {
  lots: number;
  ntl: number;
  reserved: number;
}

/** One account on one coin: its position, its leverage, and what of its orders concerns both. */
export interface Holding {
  readonly account: Account;
  readonly market: CoinMarket;
  szi: Lots;
  /** ⌊entryCost ÷ |szi|⌋: the average entry in whole ticks (PROTOCOL §7); 0 when flat. */
  entryPx: Ticks;
  /** What the size still held cost. */
  entryCost: MicroUsd;
  leverage: number;
  isCross: boolean;
  /** Isolated only: margin less cost of the position, so that its value is this + szi × mark. In micro-dollars. */
  isolatedRaw: number;
  fundingAllTime: number;
  fundingSinceOpen: number;
  fundingSinceChange: number;
  /** Resting orders that may open, by side. */
  readonly resting: { readonly buy: RestingSide; readonly sell: RestingSide };
  /** Resting reduce-only orders, oldest first. */
  readonly reduceOnly: Set<OrderRecord>;
  /** Waiting and armed triggers. */
  readonly triggers: Set<OrderRecord>;
  /** Reduce-only stops that fired within the last second, for the naked measure. */
  fired: OrderRecord[];
  nakedSinceMs: number | null;
  /** Whether its protection is looked at when the step ends. */
  touched: boolean;
}

type Funding = Extract<VenueEvent, { kind: 'funding' }>;
type LedgerEntry = Extract<VenueEvent, { kind: 'ledger' }>;

export interface Account {
  readonly user: Address;
  /** Market time at which it came to be. */
  readonly sinceMs: number;
  /** Cross cash less the cost of cross positions (totalRawUsd), in micro-dollars. */
  cash: number;
  /** Margin held by resting orders, over all coins. */
  reserved: number;
  volume: number;
  /** Rates and daily volume; shared with the master or the sub-accounts. */
  fees: FeeRecord;
  readonly holdings: Map<number, Holding>;
  /** The holding last asked for. */
  latest: Holding | null;
  /** Holdings with a position. */
  readonly positions: Set<Holding>;
  /** Holdings that are naked. */
  readonly naked: Set<Holding>;
  /** Whether it is told of when the step ends. */
  touched: boolean;
  /** Live orders. */
  readonly open: OpenOrders;
  /** The oid of the latest order of each cloid (PROTOCOL §6). */
  readonly byCloid: Map<string, number>;
  /** The oid of an ended order that the next one is given again. */
  reusedOid: number | null;
  /** Orders as they ended. */
  readonly ended: OrderRows;
  /** Every state that orders were in. */
  readonly history: OrderRows;
  readonly fills: FillRows;
  readonly fundings: Recent<Funding>;
  readonly ledger: Recent<LedgerEntry>;
  scheduledCancelMs: number | null;
  /** End of the cooldown after a part of a position was liquidated (PROTOCOL §7). */
  liquidatedUntilMs: number;
  /** Scheduled cancels that ran on `day`, of which 10 a UTC day are allowed (PROTOCOL §3). */
  scheduleUse: { day: number; count: number };
}

/** An account with nothing in it. The bounds are how many records are remembered. */
export function createAccount(
  user: Address,
  { byAsset: coins, settings: { maxOrdersKept, maxFillsKept }, nowMs }: { byAsset: Coins; settings: VenueSettings; nowMs: number },
): Account {
  const byCloid = new Map<string, number>();
  const orders = { user, coins, limit: maxOrdersKept };
  return {
    user,
    sinceMs: nowMs,
    cash: 0,
    reserved: 0,
    volume: 0,
    fees: createFeeRecord(),
    holdings: new Map(),
    latest: null,
    positions: new Set(),
    naked: new Set(),
    touched: false,
    open: new OpenOrders(),
    byCloid,
    reusedOid: null,
    ended: new OrderRows(orders, (oid, cloid) => {
      if (byCloid.get(cloid) === oid) byCloid.delete(cloid);
    }),
    history: new OrderRows(orders),
    fills: new FillRows({ user, coins, limit: maxFillsKept }),
    fundings: new Recent(maxFillsKept),
    ledger: new Recent(maxFillsKept),
    scheduledCancelMs: null,
    liquidatedUntilMs: 0,
    scheduleUse: { day: 0, count: 0 },
  };
}

/** Leverage until it is set: cross min(20, max), isolated where the coin demands it (PROTOCOL §3). */
export const defaultLeverage = (instrument: Instrument): { readonly leverage: number; readonly isCross: boolean } => ({
  leverage: Math.min(20, instrument.maxLeverage),
  isCross: !instrument.onlyIsolated,
});

/** The account's holding of a coin, made on first use. */
export function holdingOf(account: Account, market: CoinMarket): Holding {
  // An order asks five times for the same holding.
  if (account.latest?.market === market) return account.latest;
  const known = account.holdings.get(market.instrument.assetId);
  if (known !== undefined) {
    account.latest = known;
    return known;
  }
  const holding: Holding = {
    account,
    market,
    szi: ZERO_LOTS,
    entryPx: ticks(0),
    entryCost: ZERO_USD,
    ...defaultLeverage(market.instrument),
    isolatedRaw: 0,
    fundingAllTime: 0,
    fundingSinceOpen: 0,
    fundingSinceChange: 0,
    resting: { buy: { lots: 0, ntl: 0, reserved: 0 }, sell: { lots: 0, ntl: 0, reserved: 0 } },
    reduceOnly: new Set(),
    triggers: new Set(),
    fired: [],
    nakedSinceMs: null,
    touched: false,
  };
  account.holdings.set(market.instrument.assetId, holding);
  return holding;
}

/** The resting orders of a sign. Each by its own name: looked up under a name that came as a value they took a hundredth of an order's time. */
export const restingOf = ({ resting }: Holding, sign: 1 | -1): RestingSide => (sign === 1 ? resting.buy : resting.sell);

/** Lots that an order of this sign could close of the position. */
export const closable = (holding: Holding, sign: 1 | -1): number => (holding.szi * sign < 0 ? Math.abs(holding.szi) : 0);
