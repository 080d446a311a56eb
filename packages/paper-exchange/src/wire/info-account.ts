import { FINE_PER_TICK, mulDiv } from '@hyperfleet/trading';
import type { Venue, VenueFill, VenueOrder } from '../matching/contract.ts';
import type { AgentBook } from './agents.ts';
import type { Bank } from './bank.ts';
import { finePxText, szText, usdText } from './decimal-text.ts';
import type { Feed } from './feed.ts';
import { feesRow } from './fees-row.ts';
import { type Address, address, array, boolean, integer, type JsonObject, optional, string } from './fields.ts';
import { readOid } from './order-form.ts';
import type { Portfolios } from './portfolio.ts';
import { referral } from './referral-row.ts';
import { aggregateFills, basicOrderRow, clearinghouseRow, fillRow, fullOrderRow, fundingDeltaRow, ledgerRow, type Row } from './rows.ts';

/** What /info reads. */
export interface InfoSources {
  readonly venue: Venue;
  readonly bank: Bank;
  readonly agents: AgentBook;
  readonly feed: Feed;
  readonly portfolios: Portfolios;
}

export type InfoReader = (sources: InfoSources, request: JsonObject, nowMs: number) => unknown;

/** Rows of one answer at most (PROTOCOL §8). */
const ROWS_MAX = 2_000;
const FUNDING_ROWS_MAX = 500;

const UNKNOWN = { szDecimals: 0 };
const instrumentOf =
  ({ feed }: InfoSources) =>
  (coin: string) =>
    feed.instrument(coin) ?? UNKNOWN;

/** The instrument of a coin, for formatting its numbers. */
export const formatOf = instrumentOf;

/** clearinghouseState of an account; zeros for one nobody has heard of. */
export function clearinghouseState(sources: InfoSources, user: Address, nowMs: number): Row {
  return clearinghouseRow(sources.venue.account(user), instrumentOf(sources), nowMs);
}

/** spotClearinghouseState: USDC alone, as nothing else can be held here. */
export function spotState(sources: InfoSources, user: Address): Row {
  const usdc = sources.bank.spotUsdc(user);
  return { balances: usdc === 0 ? [] : [{ coin: 'USDC', token: 0, total: usdText(usdc), hold: '0.0', entryNtl: '0.0' }] };
}

/** One order in full with its children that the venue still knows. */
export function orderRow(sources: InfoSources, order: VenueOrder): Row {
  const instrument = instrumentOf(sources)(order.coin);
  const children = order.children.flatMap((oid) => {
    const child = sources.venue.order(order.user, oid);
    return child === null || !isLive(child) ? [] : [fullOrderRow(child, instrument, [])];
  });
  return fullOrderRow(order, instrument, children);
}

const isLive = (order: VenueOrder): boolean => order.status === 'open' || order.status === 'triggered';

/** frontendOpenOrders: newest oid first. */
export const frontendOrders = (sources: InfoSources, user: Address): readonly Row[] =>
  sources.venue.openOrders(user).map((order) => orderRow(sources, order));

/** historicalOrders: newest first, at most 2000. */
export function historicalOrders(sources: InfoSources, user: Address): readonly Row[] {
  return sources.venue
    .historicalOrders(user)
    .slice(0, ROWS_MAX)
    .map(({ order, status, statusTimestampMs }) => ({ order: orderRow(sources, order), status, statusTimestamp: statusTimestampMs }));
}

/** Rows of fills in the order given. */
export function fillRows(sources: InfoSources, fills: readonly VenueFill[], aggregate: boolean): readonly Row[] {
  if (aggregate) return aggregateFills(fills, instrumentOf(sources));
  return fills.map((fill) => fillRow(fill, instrumentOf(sources)(fill.coin)));
}

interface Range {
  readonly user: Address;
  readonly startMs: number;
  readonly endMs: number;
}

function range(request: JsonObject): Range {
  return { ...rangeSince(request), startMs: integer(request, 'startTime') };
}

/** A range that begins with the first row when the request names no start: ccxt sends none for funding, nktkas may leave it out. */
function rangeSince(request: JsonObject): Range {
  return {
    user: address(request, 'user'),
    startMs: optional(request, 'startTime', integer) ?? 0,
    endMs: optional(request, 'endTime', integer) ?? Number.MAX_SAFE_INTEGER,
  };
}

const within = ({ startMs, endMs }: Range, timeMs: number): boolean => timeMs >= startMs && timeMs <= endMs;

function userFillsByTime(sources: InfoSources, request: JsonObject): unknown {
  const window = range(request);
  const aggregate = optional(request, 'aggregateByTime', boolean) === true;
  const reversed = optional(request, 'reversed', boolean) === true;
  const fills = sources.venue.fills(window.user, window.startMs).filter((fill) => within(window, fill.timeMs));
  const rows = fillRows(sources, fills, aggregate);
  return reversed ? rows.slice(-ROWS_MAX).reverse() : rows.slice(0, ROWS_MAX);
}

/** activeAssetData of an account and coin; null for an unknown coin. */
export function activeAssetData({ venue, feed }: InfoSources, user: Address, coin: string): Row | null {
  const instrument = feed.instrument(coin);
  if (instrument === null) return null;
  const { mark } = venue.assetMarket(instrument.assetId);
  const account = venue.account(user);
  const { leverage, isCross } = venue.leverage(user, instrument.assetId);
  const position = account.positions.find((held) => held.asset === instrument.assetId);
  // Closing frees the position's margin and lets as much again be opened the other way.
  const free = (closes: boolean): number => account.withdrawable + (closes ? 2 * (position?.marginUsed ?? 0) : 0);
  const available = [free((position?.szi ?? 0) < 0), free((position?.szi ?? 0) > 0)] as const;
  const size = (usd: number): string =>
    szText(mark === null || mark === 0 ? 0 : mulDiv(usd * leverage, FINE_PER_TICK, mark, 'truncate'), instrument);
  return {
    user,
    coin,
    leverage: isCross
      ? { type: 'cross', value: leverage }
      : { type: 'isolated', value: leverage, rawUsd: usdText(position?.isolatedMargin ?? 0) },
    maxTradeSzs: available.map(size),
    availableToTrade: available.map(usdText),
    markPx: mark === null ? '0.0' : finePxText(mark, instrument),
  };
}

function userRole({ venue, agents, bank }: InfoSources, user: Address, nowMs: number): Row {
  const agent = agents.find(user, nowMs);
  if (agent !== null) return { role: 'agent', data: { user: agent.master } };
  const sub = bank.subAccount(user);
  if (sub !== null) return { role: 'subAccount', data: { master: sub.master } };
  return { role: venue.exists(user) ? 'user' : 'missing' };
}

function userRateLimit({ venue, bank }: InfoSources, user: Address): Row {
  // What was reserved is used first (PROTOCOL §8).
  const beyondReserve = bank.requestsUsed(user) - bank.requestsReserved(user);
  return {
    cumVlm: usdText(venue.volume(user)),
    nRequestsUsed: Math.max(0, beyondReserve),
    nRequestsCap: bank.requestsAllowed(user),
    nRequestsSurplus: Math.max(0, -beyondReserve),
  };
}

function subAccounts(sources: InfoSources, user: Address, nowMs: number): unknown {
  const subs = sources.bank.subAccountsOf(user);
  if (subs.length === 0) return null;
  return subs.map((sub) => ({
    name: sub.name,
    subAccountUser: sub.address,
    master: sub.master,
    clearinghouseState: clearinghouseState(sources, sub.address, nowMs),
    spotState: spotState(sources, sub.address),
  }));
}

/** Sub-accounts with their state in each perp dex, of which there is one. */
function subAccountsByDex(sources: InfoSources, user: Address, nowMs: number): unknown {
  const subs = sources.bank.subAccountsOf(user);
  if (subs.length === 0) return null;
  return subs.map((sub) => ({
    name: sub.name,
    subAccountUser: sub.address,
    master: sub.master,
    dexToClearinghouseState: [['', clearinghouseState(sources, sub.address, nowMs)]],
    spotState: spotState(sources, sub.address),
  }));
}

function orderStatus(sources: InfoSources, request: JsonObject): unknown {
  const order = sources.venue.order(address(request, 'user'), readOid(request));
  if (order === null) return { status: 'unknownOid' };
  return { status: 'order', order: { order: orderRow(sources, order), status: order.status, statusTimestamp: order.statusTimestampMs } };
}

/** Readers that need nothing but the user. */
const byUser =
  (read: (sources: InfoSources, user: Address, nowMs: number) => unknown): InfoReader =>
  (sources, request, nowMs) =>
    read(sources, address(request, 'user'), nowMs);

/** /info requests about an account (PROTOCOL §8). An agent's address has nothing of its own: its answers are empty. */
export const ACCOUNT_READERS: Readonly<Record<string, InfoReader>> = {
  clearinghouseState: byUser(clearinghouseState),
  batchClearinghouseStates: (sources, request, nowMs) =>
    array(request, 'users').map((user) => clearinghouseState(sources, address({ user }, 'user'), nowMs)),
  spotClearinghouseState: byUser(spotState),
  openOrders: byUser((sources, user) =>
    sources.venue.openOrders(user).map((order) => basicOrderRow(order, instrumentOf(sources)(order.coin))),
  ),
  frontendOpenOrders: byUser(frontendOrders),
  orderStatus,
  historicalOrders: byUser(historicalOrders),
  userFills: (sources, request) => {
    const aggregate = optional(request, 'aggregateByTime', boolean) === true;
    return fillRows(sources, sources.venue.fills(address(request, 'user')), aggregate)
      .slice(-ROWS_MAX)
      .reverse();
  },
  userFillsByTime,
  userRateLimit: byUser(userRateLimit),
  userFunding: (sources, request) => {
    const window = rangeSince(request);
    return sources.venue
      .fundings(window.user)
      .filter((event) => within(window, event.timeMs))
      .slice(0, FUNDING_ROWS_MAX)
      .map((event) => fundingDeltaRow(event, instrumentOf(sources)(event.coin)));
  },
  userNonFundingLedgerUpdates: (sources, request) => {
    const window = rangeSince(request);
    return sources.bank
      .ledger(window.user)
      .filter((row) => within(window, row.timeMs))
      .map((row) => ledgerRow(row, instrumentOf(sources)));
  },
  extraAgents: byUser(({ agents }, user, nowMs) =>
    agents
      .of(user, nowMs)
      .filter((agent) => agent.name !== '')
      .map((agent) => ({ name: agent.name, address: agent.address, validUntil: agent.validUntilMs })),
  ),
  userRole: byUser(userRole),
  userFees: byUser(({ venue }, user) => feesRow(venue, user)),
  subAccounts: byUser(subAccounts),
  subAccounts2: byUser(subAccountsByDex),
  maxBuilderFee: ({ bank }, request) => bank.maxBuilderFee(address(request, 'user'), address(request, 'builder')),
  approvedBuilders: byUser(({ bank }, user) => bank.approvedBuilders(user)),
  referral: byUser(({ venue, bank }, user) => referral(venue, bank, user)),
  activeAssetData: (sources, request) => activeAssetData(sources, address(request, 'user'), string(request, 'coin')),
  portfolio: byUser(({ portfolios }, user, nowMs) => portfolios.row(user, nowMs)),
};
