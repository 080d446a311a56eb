import { applyFill, type FineTicks, lots, type MicroUsd, microUsd, mulDiv, notional, ticks } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import type { CoinMarket } from './coin-market.ts';
import type { Address, BuilderTerms, VenueFill } from './contract.ts';
import { announce, type Core, touchAccount, touchHolding } from './core.ts';
import { builderFee, countExchange, takeFee } from './fees.ts';
import { hashOf } from './fill-rows.ts';
import { cancelSiblings, endPositionTpsl, finish, reduceSize, trimReduceOnly } from './lifecycle.ts';
import { updateReserve } from './margin.ts';
import type { OrderRecord } from './order-record.ts';

export interface LiquidationNote {
  readonly liquidatedUser: Address;
  readonly markPx: FineTicks;
  readonly method: 'market' | 'backstop';
}

/** What the two sides of a match have in common. */
interface MatchTerms {
  readonly px: number;
  readonly sz: number;
  readonly tid: number;
  /** The number its transaction hash is made from. */
  readonly nth: number;
  readonly hash: string;
  readonly liquidation: LiquidationNote | null;
  /** Set where the venue names the fill otherwise than by what it does to the position. */
  readonly dir: string | null;
}

/** Moves margin between cash and an isolated position as a fill opens or closes it; the value left behind stays in proportion. */
function moveIsolatedMargin(holding: Holding, startSz: number, px: number): void {
  const account = holding.account;
  const now = Math.abs(holding.szi);
  const flipped = startSz !== 0 && holding.szi !== 0 && startSz > 0 !== holding.szi > 0;
  const was = flipped ? 0 : Math.abs(startSz);
  if (holding.szi === 0 || flipped) {
    const released = holding.isolatedRaw + holding.szi * px;
    account.cash += released;
    holding.isolatedRaw -= released;
  }
  if (now > was) {
    const margin = mulDiv((now - was) * px, 1, holding.leverage, 'truncate');
    account.cash -= margin;
    holding.isolatedRaw += margin;
  } else if (now > 0) {
    const worth = holding.isolatedRaw + Math.sign(startSz) * now * px;
    const released = Math.max(0, mulDiv(worth, was - now, was, 'floor'));
    account.cash += released;
    holding.isolatedRaw -= released;
  }
}

function payBuilder(core: Core, { address, fee }: BuilderTerms, ntl: number): MicroUsd {
  const paid = builderFee(ntl, fee);
  core.builderRewards.set(address, (core.builderRewards.get(address) ?? 0) + paid);
  return paid;
}

/** Moves money and position of one account for its side of a match and returns what the fill says. */
function settleSide(core: Core, order: OrderRecord, terms: MatchTerms, crossed: boolean): VenueFill {
  const { account, holding, market, sign } = order;
  const start = holding.szi;
  const px = ticks(terms.px);
  const sz = lots(terms.sz);
  const ntl = notional(px, sz);
  // What a liquidator takes over costs its former owner no fee: of 182 recorded backstop fills none has one.
  const venueFee = terms.liquidation?.method === 'backstop' ? 0 : takeFee(core, account, { ntl, crossed });
  const toBuilder = order.builder === null ? null : payBuilder(core, order.builder, ntl);
  const fee = microUsd(venueFee + (toBuilder ?? 0));
  const applied = applyFill({ szi: start, avgEntry: holding.entryPx, entryCost: holding.entryCost }, { side: order.side, px, sz });
  holding.szi = applied.position.szi;
  holding.entryPx = applied.position.avgEntry;
  holding.entryCost = applied.position.entryCost;
  core.totals.fees += venueFee;
  if (holding.isCross) account.cash -= sign * ntl + fee;
  else {
    // The fee comes out of the position's own margin: so a recorded isolated account has it, to the micro-dollar.
    holding.isolatedRaw -= sign * ntl + fee;
    moveIsolatedMargin(holding, start, px);
  }
  account.volume += ntl;
  followPosition(account, holding, start);
  return {
    user: account.user,
    coin: market.instrument.coin,
    asset: market.instrument.assetId,
    px,
    sz,
    side: order.side,
    timeMs: core.nowMs,
    startPosition: start,
    dir: terms.dir ?? applied.dir,
    closedPnl: applied.closedPnl,
    oid: order.oid,
    cloid: order.cloid,
    crossed,
    fee,
    builderFee: toBuilder,
    tid: terms.tid,
    hash: terms.hash,
    liquidation: terms.liquidation,
  };
}

function followPosition(account: Account, holding: Holding, start: number): void {
  holding.fundingSinceChange = 0;
  if (start === 0 || (holding.szi !== 0 && start > 0 !== holding.szi > 0)) holding.fundingSinceOpen = 0;
  if (holding.szi === 0) {
    account.positions.delete(holding);
    holding.market.holders.delete(holding);
  } else if (start === 0) {
    account.positions.add(holding);
    holding.market.holders.add(holding);
  }
  updateReserve(holding);
}

function tell(core: Core, order: OrderRecord, fill: VenueFill, nth: number): void {
  order.account.fills.push(fill, nth);
  core.events.push({ kind: 'fill', fill });
  core.totals.fills += 1;
  touch(core, order.account);
}

/** Marks an account and the protection of all its positions for a look at the end of the step. */
export function touch(core: Core, account: Account): void {
  touchAccount(core, account);
  for (const holding of account.positions) touchHolding(core, holding);
  for (const holding of account.naked) touchHolding(core, holding);
}

/** What follows for one side after both are settled: its status, its siblings, its account's reduce-only orders. */
function follow(core: Core, order: OrderRecord): void {
  if (order.sz === 0 && order.phase !== 'done') finish(core, order, 'filled');
  cancelSiblings(core, order);
  trimReduceOnly(core, order.holding);
  endPositionTpsl(core, order.holding);
}

function moveHouse(core: Core, market: CoinMarket, signedSz: number, px: number): void {
  const asset = market.instrument.assetId;
  core.house.cash -= signedSz * px;
  core.house.szi.set(asset, (core.house.szi.get(asset) ?? 0) + signedSz);
}

export interface Match {
  /** The order that takes, or null when the recorded market does. */
  readonly taker: OrderRecord | null;
  /** The order that rested, or null when recorded liquidity did. */
  readonly maker: OrderRecord | null;
  readonly px: number;
  readonly sz: number;
  readonly liquidation?: LiquidationNote | null;
  /** Names the fill otherwise than by what it does to the position. */
  readonly dir?: string | null;
}

/**
 * One match at the maker's price: cash moves by the notional, fees are truncated to 6 decimals (PROTOCOL §7), and where one
 * side is recorded liquidity the house account stands in for it, so that every fill has two sides.
 */
export function match(core: Core, { taker, maker, px, sz, liquidation = null, dir = null }: Match): void {
  const market = (taker ?? maker)?.market;
  if (market === undefined) throw new Error('a match needs an order of ours on one side');
  if (core.hash === '') {
    core.hashNth = core.nextHash;
    core.hash = hashOf(core.hashNth);
    core.nextHash += 1;
  }
  const nth = core.hashNth;
  const terms: MatchTerms = { px, sz, tid: core.nextTid, nth, hash: core.hash, liquidation, dir };
  core.nextTid += 1;
  if (taker !== null && liquidation === null) announce(core, taker);
  // What the recorded market takes from us is part of its own prints, which are counted as they come.
  if (taker !== null) countExchange(core, px * sz);
  const taken = taker === null ? null : settle(core, taker, terms, true);
  const made = maker === null ? null : settle(core, maker, terms, false);
  if (taker === null && maker !== null) moveHouse(core, market, -maker.sign * sz, px);
  if (maker === null && taker !== null) moveHouse(core, market, -taker.sign * sz, px);
  if (!market.recorded) {
    market.lastPrint = ticks(px);
    core.restless.add(market);
  }
  if (taker !== null && taken !== null) tell(core, taker, taken, nth);
  if (maker !== null && made !== null) tell(core, maker, made, nth);
  if (taker !== null) follow(core, taker);
  if (maker !== null) follow(core, maker);
}

function settle(core: Core, order: OrderRecord, terms: MatchTerms, crossed: boolean): VenueFill {
  const fill = settleSide(core, order, terms, crossed);
  reduceSize(order, terms.sz);
  order.filledNtl += terms.px * terms.sz;
  return fill;
}
