import { FINE_PER_TICK, type FineTicks, fineTicks, type MicroUsd, microUsd, mulDiv, type Side } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import { valuationPx } from './coin-market.ts';

/** szi × mark in micro-dollars, signed, rounded down. */
export const signedValue = (holding: Holding): number =>
  mulDiv(holding.szi, valuationPx(holding.market, holding.entryPx), FINE_PER_TICK, 'floor');

/** |szi| × mark in micro-dollars, rounded down. */
export const positionValue = (holding: Holding): number =>
  mulDiv(Math.abs(holding.szi), valuationPx(holding.market, holding.entryPx), FINE_PER_TICK, 'floor');

/** Initial margin of the position: value ÷ leverage, rounded up (PROTOCOL §7). */
export const initialMargin = (holding: Holding): number => mulDiv(positionValue(holding), 1, holding.leverage, 'ceil');

/** Maintenance margin: value ÷ (2 × max leverage), truncated to 6 decimals (PROTOCOL §7). */
export const maintenanceMargin = (holding: Holding): number =>
  mulDiv(positionValue(holding), 1, 2 * holding.market.instrument.maxLeverage, 'truncate');

/** Value of an isolated position with its margin. */
export const isolatedEquity = (holding: Holding): number => holding.isolatedRaw + signedValue(holding);

export interface CrossState {
  /** Cash + Σ szi × mark over the cross positions. */
  readonly equity: number;
  readonly initial: number;
  readonly maintenance: number;
}

/** The cross part of an account at the present marks. In micro-dollars. */
export function crossState(account: Account): CrossState {
  let equity = account.cash;
  let initial = 0;
  let maintenance = 0;
  for (const holding of account.positions) {
    if (!holding.isCross) continue;
    equity += signedValue(holding);
    initial += initialMargin(holding);
    maintenance += maintenanceMargin(holding);
  }
  return { equity, initial, maintenance };
}

/** What is free for new exposure: cross equity less the margin of positions and of resting orders. Below zero after losses. */
export function freeMargin(account: Account): number {
  let free = account.cash - account.reserved;
  for (const holding of account.positions) if (holding.isCross) free += signedValue(holding) - initialMargin(holding);
  return free;
}

/** Margin a side's resting orders hold: the part that cannot be closing, at limit price ÷ leverage (PROTOCOL §6). */
function reserveOfSide(lots: number, ntl: number, holding: Holding, side: Side): number {
  const sign = side === 'buy' ? 1 : -1;
  const closing = holding.szi * sign < 0 ? Math.abs(holding.szi) : 0;
  if (lots <= closing) return 0;
  const opening = closing === 0 ? ntl : mulDiv(ntl, lots - closing, lots, 'ceil');
  return mulDiv(opening, 1, holding.leverage, 'ceil');
}

/** Re-computes what the resting orders of a holding reserve; call after its orders, position or leverage changed. */
export function updateReserve(holding: Holding): void {
  const { buy, sell } = holding.resting;
  const reserved = reserveOfSide(buy.lots, buy.ntl, holding, 'buy') + reserveOfSide(sell.lots, sell.ntl, holding, 'sell');
  holding.account.reserved += reserved - holding.reserved;
  holding.reserved = reserved;
}

/** Whether the account can carry one more order of this side, size (lots) and price (ticks): its added reserve must be free. */
export function canAfford(holding: Holding, side: Side, sz: number, px: number): boolean {
  const now = holding.resting[side];
  const added = reserveOfSide(now.lots + sz, now.ntl + sz * px, holding, side) - reserveOfSide(now.lots, now.ntl, holding, side);
  return added <= 0 || added <= freeMargin(holding.account);
}

/**
 * Liquidation price = px − side × available ÷ |szi| ÷ (1 − l × side), l = 1 ÷ (2 × max leverage), where available is equity
 * less maintenance (PROTOCOL §7). Null when flat or when no price above zero liquidates.
 */
export function liquidationPx(holding: Holding): FineTicks | null {
  if (holding.szi === 0) return null;
  const side = holding.szi > 0 ? 1 : -1;
  const twice = 2 * holding.market.instrument.maxLeverage;
  let available: number;
  if (holding.isCross) {
    const cross = crossState(holding.account);
    available = cross.equity - cross.maintenance;
  } else available = isolatedEquity(holding) - maintenanceMargin(holding);
  const distance = mulDiv(available, FINE_PER_TICK * twice, Math.abs(holding.szi) * (twice - side), 'floor');
  const px = valuationPx(holding.market, holding.entryPx) - side * distance;
  return px > 0 ? fineTicks(px) : null;
}

/** (mark − entry) × szi in micro-dollars, rounded down. */
export const unrealizedPnl = (holding: Holding): MicroUsd => microUsd(signedValue(holding) - holding.entryPx * holding.szi);
