/** Readers of one account's state, as /info and the account's channels state it (PROTOCOL §7, §8, §9). */
import {
  type AccountView,
  type Fill,
  type FundingPayment,
  type Instrument,
  type Instruments,
  type MicroUsd,
  microUsd,
  type OpenOrder,
  type OrderUpdate,
  type PositionView,
  type VenueOrderState,
  ZERO_USD,
} from '@hyperfleet/trading';
import type { Address } from '../signer.ts';
import {
  addressAt,
  arrayAt,
  averagePositionAt,
  averagePriceAt,
  cloidAt,
  type Fields,
  finePriceAt,
  flagAt,
  isObject,
  objectAt,
  type Parsed,
  parsed,
  positionAt,
  priceAt,
  rateAt,
  sideAt,
  sizeAt,
  textAt,
  unreadable,
  usdAt,
  wholeAt,
} from './fields.ts';

/**
 * Rows of coins outside the main dex's meta (spot "@107", "PURR/USDC", HIP-3 "xyz:SILVER", outcomes "+10") are left
 * out: nothing we trade, in units we cannot read. Everything else must be readable.
 */
function ofOurCoins<T>(
  rows: readonly unknown[],
  field: string,
  instruments: Instruments,
  read: (row: Fields, at: string, instrument: Instrument) => T,
): T[] {
  const values: T[] = [];
  for (const [index, value] of rows.entries()) {
    const at = `${field}[${index}]`;
    const row = objectAt(value, at);
    const instrument = instruments.get(textAt(row.coin, `${at}.coin`));
    if (instrument !== undefined) values.push(read(row, at, instrument));
  }
  return values;
}

/** clearinghouseState (PROTOCOL §8): equity of a standard account. Of an account with spot collateral only the positions mean anything. */
export function parseAccount(state: unknown, instruments: Instruments): Parsed<AccountView> {
  return parsed(() => {
    const fields = objectAt(state, 'clearinghouseState');
    const summary = objectAt(fields.marginSummary, 'marginSummary');
    const rows = arrayAt(fields.assetPositions, 'assetPositions').map((row, index) => objectAt(row, `assetPositions[${index}]`).position);
    return {
      equity: usdAt(summary.accountValue, 'marginSummary.accountValue'),
      cash: usdAt(summary.totalRawUsd, 'marginSummary.totalRawUsd'),
      marginUsed: usdAt(summary.totalMarginUsed, 'marginSummary.totalMarginUsed'),
      withdrawable: usdAt(fields.withdrawable, 'withdrawable'),
      positions: ofOurCoins(rows, 'position', instruments, position),
      timeMs: wholeAt(fields.time, 'time'),
    };
  });
}

function position(row: Fields, at: string, instrument: Instrument): PositionView {
  const leverage = objectAt(row.leverage, `${at}.leverage`);
  const type = leverage.type;
  if (type !== 'cross' && type !== 'isolated') return unreadable(`${at}.leverage.type`, type, '"cross" or "isolated"');
  return {
    coin: instrument.coin,
    szi: positionAt(row.szi, `${at}.szi`, instrument),
    entryPx: averagePriceAt(row.entryPx, `${at}.entryPx`, instrument),
    liquidationPx: row.liquidationPx === null ? null : finePriceAt(row.liquidationPx, `${at}.liquidationPx`, instrument),
    unrealizedPnl: usdAt(row.unrealizedPnl, `${at}.unrealizedPnl`),
    marginUsed: usdAt(row.marginUsed, `${at}.marginUsed`),
    leverage: wholeAt(leverage.value, `${at}.leverage.value`),
    isCross: type === 'cross',
  };
}

/** USDC in spotClearinghouseState: all of it, and what is not held by open orders or margin. */
export interface SpotCash {
  readonly total: MicroUsd;
  readonly free: MicroUsd;
}

/** The USDC row of spotClearinghouseState, zero where there is none. */
export function parseSpotCash(state: unknown): Parsed<SpotCash> {
  return parsed(() => {
    const balances = arrayAt(objectAt(state, 'spotClearinghouseState').balances, 'balances');
    const usdc = balances.map((row, index) => objectAt(row, `balances[${index}]`)).find((row) => row.coin === 'USDC');
    if (usdc === undefined) return { total: ZERO_USD, free: ZERO_USD };
    const total = usdAt(usdc.total, 'balances.USDC.total');
    return { total, free: microUsd(total - usdAt(usdc.hold, 'balances.USDC.hold')) };
  });
}

/**
 * The account where all collateral is in the spot state (unified account, portfolio margin): equity is all USDC plus
 * the profit not yet realised, and what is free is the USDC not held. What positions cost is in neither figure, so cash
 * is known only of a flat account: all of its USDC.
 */
export function withSpotCollateral(account: AccountView, cash: SpotCash): AccountView {
  const unrealized = account.positions.reduce((sum, { unrealizedPnl }) => sum + unrealizedPnl, 0);
  const known = account.positions.length === 0 ? cash.total : null;
  return { ...account, equity: microUsd(cash.total + unrealized), cash: known, withdrawable: microUsd(Math.max(0, cash.free)) };
}

/** frontendOpenOrders: resting orders, triggers, and children of parents that are still open, which wait for them. */
export function parseOpenOrders(rows: unknown, instruments: Instruments): Parsed<readonly OpenOrder[]> {
  return parsed(() => {
    const top = arrayAt(rows, 'frontendOpenOrders');
    const nested = top.flatMap((row, index) => childrenOf(row, `frontendOpenOrders[${index}]`));
    const waiting = new Set(nested.map((row, index) => wholeAt(objectAt(row, `children[${index}]`).oid, `children[${index}].oid`)));
    const orders = new Map<number, OpenOrder>();
    for (const order of ofOurCoins([...top, ...nested], 'frontendOpenOrders', instruments, openOrder)) {
      orders.set(order.oid, { ...order, waitingForParent: waiting.has(order.oid) });
    }
    return [...orders.values()];
  });
}

function childrenOf(row: unknown, at: string): readonly unknown[] {
  const { children } = objectAt(row, at);
  return children === undefined ? [] : arrayAt(children, `${at}.children`);
}

function openOrder(row: Fields, at: string, instrument: Instrument): OpenOrder {
  const isTrigger = flagAt(row.isTrigger, `${at}.isTrigger`);
  return {
    coin: instrument.coin,
    oid: wholeAt(row.oid, `${at}.oid`),
    cloid: cloidAt(row.cloid, `${at}.cloid`),
    side: sideAt(row.side, `${at}.side`),
    px: priceAt(row.limitPx, `${at}.limitPx`, instrument),
    sz: sizeAt(row.sz, `${at}.sz`, instrument),
    origSz: sizeAt(row.origSz, `${at}.origSz`, instrument),
    reduceOnly: flagAt(row.reduceOnly, `${at}.reduceOnly`),
    triggerPx: isTrigger ? priceAt(row.triggerPx, `${at}.triggerPx`, instrument) : null,
    isStop: isTrigger && textAt(row.orderType, `${at}.orderType`).startsWith('Stop'),
    waitingForParent: false,
    timeMs: wholeAt(row.timestamp, `${at}.timestamp`),
  };
}

type OrderStatus = OrderUpdate['status'];

/** Folds the venue's words for an order's state to the five a bot acts on (PROTOCOL §6). Stops at a word of no known form. */
function statusAt(value: unknown, field: string): { readonly status: OrderStatus; readonly word: string } {
  const word = textAt(value, field);
  if (word === 'open' || word === 'triggered' || word === 'filled' || word === 'canceled' || word === 'rejected')
    return { status: word, word };
  if (word === 'scheduledCancel' || word === 'internalCancel' || word.endsWith('Canceled')) return { status: 'canceled', word };
  if (word.endsWith('Rejected')) return { status: 'rejected', word };
  return unreadable(field, value, 'a known order status');
}

/** orderStatus for an order of one coin. */
export function parseOrderStatus(reply: unknown, instrument: Instrument): Parsed<VenueOrderState> {
  return parsed((): VenueOrderState => {
    const fields = objectAt(reply, 'orderStatus');
    if (fields.status === 'unknownOid') return { kind: 'unknown-oid' };
    if (fields.status !== 'order') unreadable('status', fields.status, '"order" or "unknownOid"');
    const row = objectAt(fields.order, 'order');
    const order = objectAt(row.order, 'order.order');
    if (order.coin !== instrument.coin) unreadable('order.order.coin', order.coin, instrument.coin);
    return {
      kind: 'known',
      oid: wholeAt(order.oid, 'order.order.oid'),
      ...statusAt(row.status, 'order.status'),
      sz: sizeAt(order.sz, 'order.order.sz', instrument),
      origSz: sizeAt(order.origSz, 'order.order.origSz', instrument),
      timeMs: wholeAt(row.statusTimestamp, 'order.statusTimestamp'),
    };
  });
}

/** The orderUpdates channel's rows. */
export function parseOrderUpdates(data: unknown, instruments: Instruments): Parsed<readonly OrderUpdate[]> {
  return parsed(() => {
    const rows = arrayAt(data, 'orderUpdates').map((value, index) => {
      const row = objectAt(value, `orderUpdates[${index}]`);
      return { ...objectAt(row.order, `orderUpdates[${index}].order`), status: row.status, statusTimestamp: row.statusTimestamp };
    });
    return ofOurCoins(rows, 'orderUpdates', instruments, (row, at, instrument) => ({
      coin: instrument.coin,
      oid: wholeAt(row.oid, `${at}.oid`),
      cloid: cloidAt(row.cloid, `${at}.cloid`),
      ...statusAt(row.status, `${at}.status`),
      sz: sizeAt(row.sz, `${at}.sz`, instrument),
      origSz: sizeAt(row.origSz, `${at}.origSz`, instrument),
      timeMs: wholeAt(row.statusTimestamp, `${at}.statusTimestamp`),
    }));
  });
}

/** Rows of userFills, userFillsByTime and the userFills channel, in the order they came. */
export function parseFills(rows: unknown, account: Address, instruments: Instruments): Parsed<readonly Fill[]> {
  return parsed(() =>
    ofOurCoins(arrayAt(rows, 'fills'), 'fills', instruments, (row, at, instrument) => fill(row, at, { instrument, account })),
  );
}

function fill(row: Fields, at: string, { instrument, account }: { readonly instrument: Instrument; readonly account: Address }): Fill {
  const token = row.feeToken ?? 'USDC';
  if (token !== 'USDC') unreadable(`${at}.feeToken`, token, '"USDC"');
  const dir = textAt(row.dir, `${at}.dir`);
  return {
    coin: instrument.coin,
    oid: wholeAt(row.oid, `${at}.oid`),
    tid: wholeAt(row.tid, `${at}.tid`),
    cloid: cloidAt(row.cloid, `${at}.cloid`),
    timeMs: wholeAt(row.time, `${at}.time`),
    side: sideAt(row.side, `${at}.side`),
    px: priceAt(row.px, `${at}.px`, instrument),
    sz: sizeAt(row.sz, `${at}.sz`, instrument),
    fee: usdAt(row.fee, `${at}.fee`),
    closedPnl: usdAt(row.closedPnl, `${at}.closedPnl`),
    startPosition: positionAt(row.startPosition, `${at}.startPosition`, instrument),
    dir,
    crossed: flagAt(row.crossed, `${at}.crossed`),
    liquidation: dir.startsWith('Liquidated') || isOwnLiquidation(row.liquidation, `${at}.liquidation`, account),
  };
}

/** The maker who takes over from a liquidated account carries the same object: it names whose liquidation it was (PROTOCOL §7). */
function isOwnLiquidation(value: unknown, at: string, account: Address): boolean {
  if (value === undefined || value === null) return false;
  const { liquidatedUser } = objectAt(value, at);
  return liquidatedUser === undefined || liquidatedUser === null || addressAt(liquidatedUser, `${at}.liquidatedUser`) === account;
}

/** Rows of userFunding. `usd` below zero was paid (PROTOCOL §8). */
export function parseFundings(rows: unknown, instruments: Instruments): Parsed<readonly FundingPayment[]> {
  return parsed(() => {
    const deltas = arrayAt(rows, 'userFunding').map((value, index) => {
      const row = objectAt(value, `userFunding[${index}]`);
      const delta = objectAt(row.delta, `userFunding[${index}].delta`);
      if (delta.type !== 'funding') unreadable(`userFunding[${index}].delta.type`, delta.type, '"funding"');
      return { ...delta, time: row.time };
    });
    return ofOurCoins<FundingPayment>(deltas, 'userFunding', instruments, (row, at, instrument) => ({
      coin: instrument.coin,
      timeMs: wholeAt(row.time, `${at}.time`),
      usd: usdAt(row.usdc, `${at}.usdc`),
      szi: averagePositionAt(row.szi, `${at}.szi`, instrument),
    }));
  });
}

/** The account's own rates from userFees, in parts per million of notional. */
export function parseFeeRates(reply: unknown): Parsed<{ readonly takerPpm: number; readonly makerPpm: number }> {
  return parsed(() => {
    const fees = objectAt(reply, 'userFees');
    return { takerPpm: rateAt(fees.userCrossRate, 'userCrossRate', 6), makerPpm: rateAt(fees.userAddRate, 'userAddRate', 6) };
  });
}

/** What of a user channel's message is checked before its rows: whose it is, and whether it repeats history. */
export function parseUserHeader(data: unknown): Parsed<{ readonly user: Address; readonly isSnapshot: boolean; readonly fields: Fields }> {
  return parsed(() => {
    const fields = isObject(data) ? data : unreadable('data', data, 'an object');
    return { user: addressAt(fields.user, 'user'), isSnapshot: fields.isSnapshot === true, fields };
  });
}

/** One page of a history: the rows of our coins, and the measure of the whole page as it came. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** Rows of all coins: what tells a full page from the last. */
  readonly size: number;
  /** Times of the first and the last row as they came, null for an empty page. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

/** Adds the measure of the reply to its rows, which `rows` has read. */
export function pageOf<T>(reply: unknown, rows: Parsed<readonly T[]>): Parsed<Page<T>> {
  if (!rows.ok) return rows;
  return parsed(() => {
    const all = arrayAt(reply, 'page');
    const timeOf = (index: number) => (all.length === 0 ? null : wholeAt(objectAt(all.at(index), 'row').time, 'row.time'));
    return { rows: rows.value, size: all.length, firstMs: timeOf(0), lastMs: timeOf(-1) };
  });
}
