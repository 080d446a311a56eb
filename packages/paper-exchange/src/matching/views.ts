import { type Level, lots, microUsd, ticks } from '@hyperfleet/trading';
import type { Account, Holding } from './account.ts';
import { type CoinMarket, depthTimeMs } from './coin-market.ts';
import type { AssetMarket, VenueAccount, VenueAudit, VenuePosition } from './contract.ts';
import type { Core } from './core.ts';
import {
  crossState,
  initialMargin,
  isolatedEquity,
  liquidationPx,
  liquidationPxText,
  positionValue,
  signedValue,
  unrealizedPnl,
} from './margin.ts';
import { nakedReport } from './naked.ts';

function viewPosition(holding: Holding): VenuePosition {
  const { instrument } = holding.market;
  return {
    coin: instrument.coin,
    asset: instrument.assetId,
    szi: holding.szi,
    entryPx: holding.entryPx,
    leverage: holding.leverage,
    isCross: holding.isCross,
    isolatedMargin: holding.isCross ? null : microUsd(isolatedEquity(holding)),
    positionValue: microUsd(positionValue(holding)),
    value: microUsd(signedValue(holding)),
    unrealizedPnl: unrealizedPnl(holding),
    marginUsed: microUsd(holding.isCross ? initialMargin(holding) : isolatedEquity(holding)),
    liquidationPx: liquidationPx(holding),
    liquidationPxText: liquidationPxText(holding),
    maxLeverage: instrument.maxLeverage,
    fundingAllTime: microUsd(holding.fundingAllTime),
    fundingSinceOpen: microUsd(holding.fundingSinceOpen),
    fundingSinceChange: microUsd(holding.fundingSinceChange),
  };
}

const EMPTY: VenueAccount = {
  accountValue: microUsd(0),
  totalNtlPos: microUsd(0),
  totalRawUsd: microUsd(0),
  totalMarginUsed: microUsd(0),
  crossMaintenanceMarginUsed: microUsd(0),
  withdrawable: microUsd(0),
  positions: [],
};

/**
 * An account at the present marks (PROTOCOL §7): accountValue = totalRawUsd + Σ szi × mark, withdrawable = accountValue −
 * max(margin used, 10 % of notional) of the cross part, never below zero: a recorded account with one isolated position could
 * withdraw all its cross value. Zeros for an account that does not exist.
 */
export function viewAccount(account: Account | undefined): VenueAccount {
  if (account === undefined) return EMPTY;
  const holdings = [...account.positions].sort((a, b) => a.market.instrument.assetId - b.market.instrument.assetId);
  const positions = holdings.map(viewPosition);
  let raw = account.cash;
  const cross = { value: account.cash, notional: 0, used: 0 };
  let isolated = 0;
  let notional = 0;
  let used = 0;
  for (const [n, holding] of holdings.entries()) {
    const position = positions[n];
    if (position === undefined) continue;
    notional += position.positionValue;
    used += position.marginUsed;
    if (holding.isCross) {
      cross.value += signedValue(holding);
      cross.notional += position.positionValue;
      cross.used += position.marginUsed;
    } else {
      raw += holding.isolatedRaw;
      isolated += isolatedEquity(holding);
    }
  }
  return {
    accountValue: microUsd(cross.value + isolated),
    totalNtlPos: microUsd(notional),
    totalRawUsd: microUsd(raw),
    totalMarginUsed: microUsd(used),
    crossMaintenanceMarginUsed: microUsd(crossState(account).maintenance),
    withdrawable: microUsd(Math.max(0, cross.value - Math.max(cross.used, Math.ceil(cross.notional / 10)))),
    positions,
  };
}

/** The market of a coin as it can be traded: recorded liquidity less what was taken, and our own orders. */
export function viewMarket(market: CoinMarket): AssetMarket {
  return {
    instrument: market.instrument,
    bids: mergedLevels(market, 1),
    asks: mergedLevels(market, -1),
    bookTimeMs: depthTimeMs(market),
    mark: market.mark,
    oracle: market.oracle,
    lastPrint: market.lastPrint,
    fundingRateE10: market.fundingRateE10,
    inGap: market.inGap,
  };
}

/** What can be traded with on one side, ours and recorded together, best first. */
export function mergedLevels(market: CoinMarket, sign: 1 | -1): Level[] {
  const anonymous = sign === 1 ? market.anonymous.bids : market.anonymous.asks;
  if (market.own.bids.best() === null && market.own.asks.best() === null) return anonymous.list();
  const sizes = new Map<number, number>();
  // Recorded lots across one of our orders are that order's until a print tells (the venue never shows a crossed book).
  const claimed = market.printsOnly ? ((sign === 1 ? market.own.asks : market.own.bids).best()?.px ?? null) : null;
  for (const level of anonymous.list()) if (claimed === null || level.px * sign < claimed * sign) sizes.set(level.px, level.sz);
  (sign === 1 ? market.own.bids : market.own.asks).walk((level) => {
    sizes.set(level.px, (sizes.get(level.px) ?? 0) + level.sz);
    return true;
  });
  return [...sizes].sort(([a], [b]) => (b - a) * sign).map(([px, sz]) => ({ px: ticks(px), sz: lots(sz) }));
}

/**
 * Money made or lost: paid in − (what accounts and the house hold at cost of their positions + fees), plus the value of any
 * position that has no other side. Zero when nothing was made or lost.
 */
function conservationError(core: Core): number {
  let held = core.house.cash + core.totals.fees;
  for (const owed of core.builderRewards.values()) held += owed;
  const sides = new Map(core.house.szi);
  for (const account of core.accounts.values()) {
    held += account.cash;
    for (const holding of account.holdings.values()) {
      held += holding.isolatedRaw;
      const asset = holding.market.instrument.assetId;
      if (holding.szi !== 0) sides.set(asset, (sides.get(asset) ?? 0) + holding.szi);
    }
  }
  let error = core.totals.deposits - held;
  for (const [asset, szi] of sides) if (szi !== 0) error += szi * Math.max(1, Math.floor((core.byAsset.get(asset)?.mark ?? 0) / 1000));
  return error;
}

/** What the venue knows of its own correctness, from its own journal. */
export function viewAudit(core: Core): VenueAudit {
  const { intervals, maxMs } = nakedReport(core);
  return {
    accepted: core.totals.accepted,
    rejected: core.totals.rejected,
    fills: core.totals.fills,
    duplicateCloids: core.totals.duplicateCloids,
    nakedMsMax: maxMs,
    naked: intervals,
    conservationErrorUsd: microUsd(conservationError(core)),
  };
}
