import { FINE_PER_TICK, lots, ticks } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import { bestAgainst, type CoinMarket, valuationPx } from './coin-market.ts';
import { type Core, createOrder } from './core.ts';
import { type LiquidationNote, match } from './fills.ts';
import { cancelByVenue, finish } from './lifecycle.ts';
import { crossState, isolatedEquity, maintenanceMargin, positionValue } from './margin.ts';
import type { OrderRecord } from './order-record.ts';
import { take } from './taking.ts';

/** Above this notional only a fifth is sold first, then nothing for 30 s (PROTOCOL §7). In micro-dollars. */
const PARTIAL_ABOVE = 100_000_000_000;
const PAUSE_MS = 30_000;

/** Liquidates every holder of this coin whose equity is below maintenance at the present mark (PROTOCOL §7). */
export function liquidateHolders(core: Core, market: CoinMarket): void {
  if (market.inGap) return;
  for (const holding of [...market.holders]) {
    if (holding.szi === 0) continue;
    if (holding.isCross) liquidateCross(core, holding.account);
    else if (isBelow(isolatedEquity(holding), maintenanceMargin(holding))) {
      const backstop = isolatedEquity(holding) * 3 < maintenanceMargin(holding) * 2;
      liquidatePosition(core, holding, backstop);
    }
  }
}

const isBelow = (equity: number, maintenance: number): boolean => equity < maintenance;

const crossIsBelow = (account: Account): boolean => {
  const { equity, maintenance } = crossState(account);
  return isBelow(equity, maintenance);
};

/** Closes cross positions, largest first, until the account is above maintenance; its open orders go first. */
function liquidateCross(core: Core, account: Account): void {
  if (!crossIsBelow(account)) return;
  for (const order of [...account.open.values()]) {
    if (order.holding.isCross) cancelByVenue(core, order, 'liquidatedCanceled');
  }
  const { equity, maintenance } = crossState(account);
  const backstop = equity * 3 < maintenance * 2;
  const positions = [...account.positions].filter((holding) => holding.isCross).sort((a, b) => positionValue(b) - positionValue(a));
  for (const holding of positions) {
    if (!crossIsBelow(account)) return;
    if (!holding.market.inGap) liquidatePosition(core, holding, backstop);
  }
}

const markTicks = (holding: Holding): number => Math.max(1, Math.floor(valuationPx(holding.market, holding.entryPx) / FINE_PER_TICK));

function liquidationOrder(core: Core, holding: Holding, sz: number): OrderRecord {
  const side = holding.szi > 0 ? 'sell' : 'buy';
  const mark = markTicks(holding);
  return createOrder(core, {
    account: holding.account,
    market: holding.market,
    side,
    // As far as any limit may be from the reference (PROTOCOL §4): it takes what there is.
    px: ticks(side === 'buy' ? mark * 5 : Math.max(1, Math.floor(mark / 5))),
    sz: lots(sz),
    reduceOnly: true,
    cloid: null,
    tif: 'Ioc',
    trigger: null,
    isPositionTpsl: false,
  });
}

/** A market order through the book; what finds no match, or an account too far below, goes to the house at the mark (backstop). */
function liquidatePosition(core: Core, holding: Holding, backstop: boolean): void {
  const size = Math.abs(holding.szi);
  const markPx = valuationPx(holding.market, holding.entryPx);
  const note = (method: LiquidationNote['method']): LiquidationNote => ({ liquidatedUser: holding.account.user, markPx, method });
  if (!backstop && bestAgainst(holding.market, holding.szi > 0 ? -1 : 1) !== null) {
    if (core.nowMs < holding.liquidationPauseUntilMs) {
      // The next refresh must look again though no price moves.
      core.restless.add(holding.market);
      return;
    }
    const partial = positionValue(holding) > PARTIAL_ABOVE;
    const order = liquidationOrder(core, holding, partial ? Math.ceil(size / 5) : size);
    order.announced = true;
    const wanted = order.sz;
    take(core, order, note('market'));
    if (order.sz < wanted) {
      if (order.phase !== 'done') finish(core, order, 'filled');
      if (partial) {
        holding.liquidationPauseUntilMs = core.nowMs + PAUSE_MS;
        core.restless.add(holding.market);
      }
      return;
    }
    finish(core, order, 'marketOrderNoLiquidityRejected');
  }
  if (holding.szi === 0) return;
  const order = liquidationOrder(core, holding, Math.abs(holding.szi));
  order.announced = true;
  const px = markTicks(holding);
  const dir = `Liquidated ${holding.isCross ? 'Cross' : 'Isolated'} ${holding.szi > 0 ? 'Long' : 'Short'}`;
  match(core, { taker: order, maker: null, px, sz: order.sz, liquidation: note('backstop'), takerDir: dir });
}
