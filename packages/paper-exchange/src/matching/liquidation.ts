import { FINE_PER_TICK, lots, microUsd, mulDiv, ticks } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import { type CoinMarket, valuationPx } from './coin-market.ts';
import type { Address } from './contract.ts';
import { beginTransaction, type Core, createOrder } from './core.ts';
import { type LiquidationNote, match } from './fills.ts';
import { cancelByVenue, finish } from './lifecycle.ts';
import { crossState, isolatedEquity, maintenanceMargin, positionValue } from './margin.ts';
import type { OrderRecord } from './order-record.ts';
import { take } from './taking.ts';

/** Above this notional only a fifth is sold at once (PROTOCOL §7). In micro-dollars. */
const PARTIAL_ABOVE = 100_000_000_000;
const COOLDOWN_MS = 30_000;
/** Who takes over what no book does: the house, which has no address of its own. */
const LIQUIDATOR: Address = `0x${'0'.repeat(40)}`;

/** Liquidates every holder of this coin whose equity is below maintenance at the present mark (PROTOCOL §7). */
export function liquidateHolders(core: Core, market: CoinMarket): void {
  if (market.inGap) return;
  for (const holding of [...market.holders]) {
    if (holding.szi === 0) continue;
    if (holding.isCross) liquidateCross(core, holding.account);
    else liquidateIsolated(core, holding);
  }
}

interface Shortfall {
  readonly equity: number;
  readonly maintenance: number;
  readonly notional: number;
}

const isBelow = ({ equity, maintenance }: Shortfall): boolean => equity < maintenance;
/** Below two thirds of maintenance the liquidator takes over. */
const isForBackstop = ({ equity, maintenance }: Shortfall): boolean => equity * 3 < maintenance * 2;

function crossShortfall(account: Account): Shortfall {
  const { equity, maintenance } = crossState(account);
  let notional = 0;
  for (const holding of account.positions) if (holding.isCross) notional += positionValue(holding);
  return { equity, maintenance, notional };
}

const isolatedShortfall = (holding: Holding): Shortfall => ({
  equity: isolatedEquity(holding),
  maintenance: maintenanceMargin(holding),
  notional: positionValue(holding),
});

/** Tells of the cross part of an account or of its one isolated position, as it stands before anything is closed. */
function tellLiquidation(core: Core, account: Account, { equity, notional }: Shortfall, isolated: Holding | null): void {
  const concerned = isolated === null ? [...account.positions].filter((holding) => holding.isCross) : [isolated];
  core.events.push({
    kind: 'liquidation',
    user: account.user,
    timeMs: core.nowMs,
    lid: core.nextLid,
    liquidator: LIQUIDATOR,
    liquidatedNtlPos: microUsd(notional),
    liquidatedAccountValue: microUsd(equity),
    isCross: isolated === null,
    positions: concerned.map(({ market, szi }) => ({ coin: market.instrument.coin, szi: lots(szi) })),
  });
  core.nextLid += 1;
}

/** Cancels the orders that hold on to what is being liquidated, one by one with its own status (PROTOCOL §6). */
function cancelOrders(core: Core, account: Account, concerns: (order: OrderRecord) => boolean): void {
  for (const order of account.open.list()) if (concerns(order)) cancelByVenue(core, order, 'liquidatedCanceled');
}

/** Closes cross positions, largest first, until the account is above maintenance; its open orders go first. */
function liquidateCross(core: Core, account: Account): void {
  if (!isBelow(crossShortfall(account))) return;
  beginTransaction(core);
  cancelOrders(core, account, (order) => order.holding.isCross);
  const state = crossShortfall(account);
  const positions = [...account.positions].filter((held) => held.isCross && !held.market.inGap);
  positions.sort((a, b) => positionValue(b) - positionValue(a));
  if (isForBackstop(state)) {
    tellLiquidation(core, account, state, null);
    for (const holding of positions) takeOver(core, holding, state);
    return;
  }
  sellThroughBook(core, account, { state, positions, isolated: null, isEnough: () => !isBelow(crossShortfall(account)) });
}

function liquidateIsolated(core: Core, holding: Holding): void {
  const { account } = holding;
  const state = isolatedShortfall(holding);
  if (!isBelow(state)) return;
  beginTransaction(core);
  cancelOrders(core, account, (order) => order.holding === holding);
  if (isForBackstop(state)) {
    tellLiquidation(core, account, state, holding);
    takeOver(core, holding, state);
    return;
  }
  sellThroughBook(core, account, {
    state,
    positions: [holding],
    isolated: holding,
    isEnough: () => holding.szi === 0 || !isBelow(isolatedShortfall(holding)),
  });
}

interface Sale {
  readonly state: Shortfall;
  readonly positions: readonly Holding[];
  /** Null for the cross part of the account. */
  readonly isolated: Holding | null;
  isEnough(): boolean;
}

/**
 * Market orders for the positions, in turn until it is enough. Of a position above $100,000 a fifth at once; then a cooldown
 * of 30 s for the whole account, in which nothing is sold, or everything, as `liquidationCooldown` says (PROTOCOL §7, §11).
 */
function sellThroughBook(core: Core, account: Account, sale: Sale): void {
  const cools = core.nowMs < account.liquidatedUntilMs;
  // What stays below maintenance is looked at again at the next refresh though no price moves.
  for (const holding of sale.positions) core.restless.add(holding.market);
  if (cools && core.settings.liquidationCooldown === 'pause') return;
  let told = false;
  let partial = false;
  for (const holding of sale.positions) {
    if (sale.isEnough()) break;
    const size = Math.abs(holding.szi);
    const isLarge = !cools && positionValue(holding) > PARTIAL_ABOVE;
    const order = liquidationOrder(core, holding, isLarge ? Math.ceil(size / 5) : size);
    if (!told) tellLiquidation(core, account, sale.state, sale.isolated);
    told = true;
    const wanted = order.sz;
    take(core, order, note(holding, 'market'));
    if (order.phase !== 'done') finish(core, order, order.sz < wanted ? 'filled' : 'marketOrderNoLiquidityRejected');
    partial ||= isLarge && order.sz < wanted;
  }
  if (partial) account.liquidatedUntilMs = core.nowMs + COOLDOWN_MS;
}

const note = (holding: Holding, method: LiquidationNote['method']): LiquidationNote => ({
  liquidatedUser: holding.account.user,
  markPx: valuationPx(holding.market, holding.entryPx),
  method,
});

const markTicks = (holding: Holding): number => Math.max(1, Math.floor(valuationPx(holding.market, holding.entryPx) / FINE_PER_TICK));

function liquidationOrder(core: Core, holding: Holding, sz: number): OrderRecord {
  const side = holding.szi > 0 ? 'sell' : 'buy';
  const mark = markTicks(holding);
  const order = createOrder(core, {
    account: holding.account,
    market: holding.market,
    side,
    // As far as any limit may be from the reference (PROTOCOL §4): it takes what there is.
    px: ticks(side === 'buy' ? mark * 5 : Math.max(1, Math.floor(mark / 5))),
    sz: lots(sz),
    reduceOnly: true,
    cloid: null,
    tif: 'LiquidationMarket',
    trigger: null,
    isPositionTpsl: false,
  });
  order.announced = true;
  return order;
}

/**
 * The liquidator takes a position over at the price at which nothing is left of what stands behind it: mark less the same
 * part of itself that equity is of all the notional. So recorded backstop fills are priced, and they cost no fee (PROTOCOL
 * §7). The tick is rounded for the account, which keeps at most a tick a lot.
 */
function takeOver(core: Core, holding: Holding, { equity, notional }: Shortfall): void {
  if (holding.szi === 0) return;
  const side = holding.szi > 0 ? 1 : -1;
  const mark = valuationPx(holding.market, holding.entryPx);
  const given = notional === 0 ? 0 : mulDiv(mark, equity, notional, 'floor');
  const fine = mark - side * given;
  const px = Math.max(1, side === 1 ? Math.ceil(fine / FINE_PER_TICK) : Math.floor(fine / FINE_PER_TICK));
  const order = liquidationOrder(core, holding, Math.abs(holding.szi));
  const dir = `Liquidated ${holding.isCross ? 'Cross' : 'Isolated'} ${side === 1 ? 'Long' : 'Short'}`;
  match(core, { taker: null, maker: order, px, sz: order.sz, liquidation: note(holding, 'backstop'), dir });
}
