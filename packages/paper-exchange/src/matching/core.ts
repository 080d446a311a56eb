import type { Instrument } from '@hyperfleet/trading';
import { type Account, createAccount, type Holding, holdingOf } from './account.ts';
import { type CoinMarket, createCoinMarket } from './coin-market.ts';
import type { Address, MarginedInstrument, NakedInterval, StatusWord, VenueEvent, VenueSettings } from './contract.ts';
import type { ExchangeVolume } from './fee-record.ts';
import { OrderRecord, snapshot } from './order-record.ts';
import type { NewOrder } from './order-terms.ts';
import { Recent } from './recent.ts';

/** Ids start where the venue's own are of a believable size; they only ever go up, so equal inputs give equal ids. */
const FIRST_OID = 77_738_308;
/** Trade ids are below 2^50 on the venue (PROTOCOL §7). */
const FIRST_TID = 100_000_000_000_001;
/** Naked intervals remembered. */
const NAKED_KEPT = 10_000;

/** The whole state of the venue. Every module of this folder is a set of functions over it. */
export interface Core {
  readonly settings: VenueSettings;
  readonly instruments: readonly Instrument[];
  readonly byAsset: ReadonlyMap<number, CoinMarket>;
  readonly byCoin: ReadonlyMap<string, CoinMarket>;
  readonly accounts: Map<Address, Account>;
  /** The counterparty of every fill against the recorded market, and of funding. */
  readonly house: { cash: number; readonly szi: Map<number, number> };
  /** Notional traded by everyone, by day. */
  readonly exchangeVolume: ExchangeVolume;
  /** What fills have paid to builders and they have not taken out. */
  readonly builderRewards: Map<Address, number>;
  /** The master of each sub-account. */
  readonly masters: Map<Address, Address>;
  /** Market time; −1 before the first input. */
  nowMs: number;
  nextMarkMs: number;
  nextFundingMs: number;
  /** Accounts with a scheduled cancel. */
  readonly scheduled: Set<Account>;
  /** Coins whose mark can have moved since the last refresh. */
  readonly restless: Set<CoinMarket>;
  /** Coins whose funding rate follows from their premium. */
  readonly premiumCoins: Set<CoinMarket>;
  nextOid: number;
  nextTid: number;
  nextHash: number;
  /** The hash of the transaction that runs and the number it is made from; '' as long as nothing in it has traded. */
  hash: string;
  hashNth: number;
  nextLid: number;
  events: VenueEvent[];
  /** Triggers armed in this step whose condition has yet to be looked at. */
  armed: OrderRecord[];
  /** Accounts to tell of, and holdings whose protection may have changed, at the end of the step. */
  readonly touchedAccounts: Account[];
  readonly touchedHoldings: Holding[];
  readonly totals: { deposits: number; fees: number; accepted: number; rejected: number; fills: number; duplicateCloids: number };
  readonly naked: { readonly open: Set<Holding>; readonly closed: Recent<NakedInterval>; maxMs: number };
  /** Times at which a fired stop stops counting as protection, in order. */
  nakedDeadlines: { readonly atMs: number; readonly holding: Holding }[];
}

/** An empty venue. Throws when two instruments share an asset id or a coin. */
export function createCore(instruments: readonly MarginedInstrument[], settings: VenueSettings): Core {
  const byAsset = new Map<number, CoinMarket>();
  const byCoin = new Map<string, CoinMarket>();
  for (const instrument of instruments) {
    if (byAsset.has(instrument.assetId)) throw new Error(`asset id ${instrument.assetId} is listed twice: give each instrument its own`);
    if (byCoin.has(instrument.coin)) throw new Error(`coin ${instrument.coin} is listed twice: list each instrument once`);
    const market = createCoinMarket(instrument, settings);
    byAsset.set(instrument.assetId, market);
    byCoin.set(instrument.coin, market);
  }
  return {
    settings,
    instruments,
    byAsset,
    byCoin,
    accounts: new Map(),
    house: { cash: 0, szi: new Map() },
    exchangeVolume: [],
    builderRewards: new Map(),
    masters: new Map(),
    nowMs: -1,
    nextMarkMs: 0,
    nextFundingMs: 0,
    scheduled: new Set(),
    restless: new Set(),
    premiumCoins: new Set(),
    nextOid: FIRST_OID,
    nextTid: FIRST_TID,
    nextHash: 1,
    hash: '',
    hashNth: 0,
    nextLid: 1,
    events: [],
    armed: [],
    touchedAccounts: [],
    touchedHoldings: [],
    totals: { deposits: 0, fees: 0, accepted: 0, rejected: 0, fills: 0, duplicateCloids: 0 },
    naked: { open: new Set(), closed: new Recent(NAKED_KEPT), maxMs: 0 },
    nakedDeadlines: [],
  };
}

/** The account, made when it is not there. */
export function accountOf(core: Core, user: Address): Account {
  const known = core.accounts.get(user);
  if (known !== undefined) return known;
  const account = createAccount(user, core);
  core.accounts.set(user, account);
  const master = core.masters.get(user);
  if (master !== undefined) account.fees = accountOf(core, master).fees;
  return account;
}

/** The oid to be given again. Its former holder is known by its cloid no more: one oid has one order. */
function forgetReused(account: Account): number {
  const oid = account.reusedOid ?? 0;
  account.reusedOid = null;
  const cloid = account.ended.find(oid)?.cloid ?? null;
  if (cloid !== null && account.byCloid.get(cloid) === oid) account.byCloid.delete(cloid);
  return oid;
}

/** Gives an order its oid and a record; it is in no book yet. Counts a cloid that a live order of the account carries too. */
export function createOrder(core: Core, terms: NewOrder): OrderRecord {
  const { account, market, cloid } = terms;
  // Position TP/SL of one action find each other by counting (PROTOCOL §3).
  const isCounted = account.reusedOid === null || terms.isPositionTpsl;
  const order = new OrderRecord(
    terms,
    holdingOf(account, market),
    isCounted ? core : { nextOid: forgetReused(account), nowMs: core.nowMs },
  );
  if (isCounted) core.nextOid += 1;
  if (cloid !== null) {
    const holder = account.byCloid.get(cloid);
    if (holder !== undefined && account.open.get(holder) !== null) core.totals.duplicateCloids += 1;
    account.byCloid.set(cloid, order.oid);
  }
  return order;
}

/** Gives an order a status, tells it and writes it into the account's history. */
export function setStatus(core: Core, order: OrderRecord, status: StatusWord): void {
  order.status = status;
  order.statusTimestampMs = core.nowMs;
  order.account.history.push(order);
  const event = { kind: 'order', order: snapshot(order), status, timeMs: core.nowMs } as const;
  // Most actions tell one thing: a list of one takes a tenth of the room of a list that something was pushed to.
  if (core.events.length === 0) core.events = [event];
  else core.events.push(event);
}

/** Tells `open` once; an order that fills at once yields open and filled (PROTOCOL §9). */
export function announce(core: Core, order: OrderRecord): void {
  if (order.announced) return;
  order.announced = true;
  setStatus(core, order, 'open');
}

/** Marks an account to be told of when the step ends. */
export function touchAccount(core: Core, account: Account): void {
  if (account.touched) return;
  account.touched = true;
  core.touchedAccounts.push(account);
}

/** Marks a holding whose protection may have changed, to be looked at when the step ends. */
export function touchHolding(core: Core, holding: Holding): void {
  if (holding.touched) return;
  holding.touched = true;
  core.touchedHoldings.push(holding);
}

/** From here on a new transaction runs: what trades in it has one hash, and another than what traded before (PROTOCOL §7). */
export const beginTransaction = (core: Core): void => {
  core.hash = '';
};
