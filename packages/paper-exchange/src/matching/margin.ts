import { FINE_PER_TICK, type FineTicks, fineTicks, type MicroUsd, microUsd, mulDiv, priceDecimals } from '@hyperfleet/trading';
import { type Account, type Holding, restingOf } from './account.ts';
import { valuationPx } from './coin-market.ts';
import { maintenanceOf } from './margin-tiers.ts';

/** szi × mark in micro-dollars, signed, rounded down. */
export const signedValue = (holding: Holding): number =>
  mulDiv(holding.szi, valuationPx(holding.market, holding.entryPx), FINE_PER_TICK, 'floor');

/** |szi| × mark in micro-dollars, rounded down. */
export const positionValue = (holding: Holding): number =>
  mulDiv(Math.abs(holding.szi), valuationPx(holding.market, holding.entryPx), FINE_PER_TICK, 'floor');

/** Initial margin of the position: value ÷ leverage, truncated: of 14 recorded positions all agree (PROTOCOL §7). */
export const initialMargin = (holding: Holding): number => mulDiv(positionValue(holding), 1, holding.leverage, 'truncate');

/** Maintenance margin by the tier of the position's value (PROTOCOL §7). */
export const maintenanceMargin = (holding: Holding): number => maintenanceOf(holding.market.tiers, positionValue(holding));

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
  for (const holding of account.positions) {
    if (!holding.isCross) continue;
    const value = positionValue(holding);
    free += (holding.szi > 0 ? value : signedValue(holding)) - mulDiv(value, 1, holding.leverage, 'truncate');
  }
  return free;
}

/** Margin a side's resting orders hold: the part that cannot be closing, at limit price ÷ leverage (PROTOCOL §6). */
function reserveOfSide(lots: number, ntl: number, holding: Holding, sign: 1 | -1): number {
  const closing = holding.szi * sign < 0 ? Math.abs(holding.szi) : 0;
  if (lots <= closing) return 0;
  const opening = closing === 0 ? ntl : mulDiv(ntl, lots - closing, lots, 'ceil');
  return mulDiv(opening, 1, holding.leverage, 'ceil');
}

/** Re-computes what the resting orders of one side reserve; call after they changed. A buy is of sign 1. */
export function updateReserveOf(holding: Holding, sign: 1 | -1): void {
  const resting = restingOf(holding, sign);
  const reserved = reserveOfSide(resting.lots, resting.ntl, holding, sign);
  holding.account.reserved += reserved - resting.reserved;
  resting.reserved = reserved;
}

/** Re-computes what the resting orders of a holding reserve; call after its position or leverage changed. */
export function updateReserve(holding: Holding): void {
  updateReserveOf(holding, 1);
  updateReserveOf(holding, -1);
}

/** Whether the account can carry one more order of this sign, size (lots) and price (ticks): its added reserve must be free. */
export function canAfford(holding: Holding, sign: 1 | -1, sz: number, px: number): boolean {
  const now = restingOf(holding, sign);
  const added = reserveOfSide(now.lots + sz, now.ntl + sz * px, holding, sign) - now.reserved;
  return added <= 0 || added <= freeMargin(holding.account);
}

/**
 * The liquidation price as a ratio of ticks, or null when flat or when no price above zero liquidates. The price is the one
 * at which equity meets maintenance in the margin tier of the value at that price; with one tier that is the published px −
 * side × available ÷ |szi| ÷ (1 − l × side), l = 1 ÷ (2 × max leverage) (PROTOCOL §7).
 */
function liquidationRatio(holding: Holding): { readonly ticks: bigint; readonly per: bigint } | null {
  if (holding.szi === 0) return null;
  // Equity less szi × px, and what other positions need: neither moves with this coin's price.
  let still = (holding.isCross ? holding.account.cash : holding.isolatedRaw) + 0;
  if (holding.isCross) {
    for (const other of holding.account.positions) {
      if (other.isCross && other !== holding) still += signedValue(other) - maintenanceMargin(other);
    }
  }
  const { tiers } = holding.market;
  const size = BigInt(Math.abs(holding.szi));
  for (let n = tiers.length - 1; n >= 0; n--) {
    const tier = tiers[n];
    if (tier === undefined) continue;
    const twice = BigInt(2 * tier.maxLeverage);
    // still + szi × px = size × px ÷ twice − deduction
    let ticks = -(BigInt(still) + BigInt(tier.deduction)) * twice;
    let per = BigInt(holding.szi) * twice - size;
    if (per < 0n) [ticks, per] = [-ticks, -per];
    // The highest tier whose own lower bound the value at that price reaches is the one it lies in.
    if (ticks > 0n && (n === 0 || ticks * size >= BigInt(tier.lowerBound) * per)) return { ticks, per };
  }
  return null;
}

/** The liquidation price in thousandths of a tick, rounded down (PROTOCOL §7); null when there is none. */
export function liquidationPx(holding: Holding): FineTicks | null {
  const ratio = liquidationRatio(holding);
  if (ratio === null) return null;
  const fine = (ratio.ticks * BigInt(FINE_PER_TICK)) / ratio.per;
  return fine > BigInt(Number.MAX_SAFE_INTEGER) || fine <= 0n ? null : fineTicks(Number(fine));
}

const DECIMALS = 10;

/** The liquidation price as the venue shows it: rounded to ten decimals, without zeros after the first (PROTOCOL §5). */
export function liquidationPxText(holding: Holding): string | null {
  const ratio = liquidationRatio(holding);
  if (ratio === null) return null;
  const scale = 10n ** BigInt(DECIMALS - priceDecimals(holding.market.instrument));
  const value = (2n * ratio.ticks * scale + ratio.per) / (2n * ratio.per);
  const digits = value.toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${digits.slice(0, -DECIMALS)}.${fraction === '' ? '0' : fraction}`;
}

/** Value less what was paid for the position, in micro-dollars, rounded down; a short was paid for with a sale (PROTOCOL §7). */
export const unrealizedPnl = (holding: Holding): MicroUsd =>
  microUsd(signedValue(holding) - Math.sign(holding.szi) * holding.entryCost + 0);
