import { FINE_PER_TICK } from '@hyperfleet/trading';
import type { Holding } from './account.ts';
import type { NakedInterval } from './contract.ts';
import type { Core } from './core.ts';
import { liquidationPx } from './margin.ts';
import type { OrderRecord } from './order-record.ts';

/** How long a fired stop counts for what it left unfilled. */
const FIRED_COUNTS_MS = 1000;

/**
 * Lots of a position that armed reduce-only stops protect: on the losing side of the mark and with a trigger before the
 * liquidation price. A stop that fired counts for its unfilled lots for one second. Take-profits and limits never count.
 */
function protectedLots(core: Core, holding: Holding): number {
  const size = Math.abs(holding.szi);
  const side = holding.szi > 0 ? 1 : -1;
  const { mark } = holding.market;
  let liquidation: number | null | undefined;
  let covered = 0;
  for (const order of holding.triggers) {
    if (order.phase !== 'armed' || !order.reduceOnly || order.trigger?.tpsl !== 'sl' || order.sign === side) continue;
    const px = order.trigger.px * FINE_PER_TICK;
    if (mark !== null && px * side >= mark * side) continue;
    if (liquidation === undefined) liquidation = liquidationPx(holding);
    if (liquidation !== null && px * side <= liquidation * side) continue;
    covered += order.tracksPosition ? size : order.sz;
    if (covered >= size) return covered;
  }
  return covered + firedLots(core, holding, side);
}

function firedLots(core: Core, holding: Holding, side: 1 | -1): number {
  if (holding.fired.length === 0) return 0;
  holding.fired = holding.fired.filter((order) => stillCounts(core, order));
  return holding.fired.reduce((sum, order) => (order.sign === side ? sum : sum + order.sz), 0);
}

const stillCounts = (core: Core, order: OrderRecord): boolean =>
  order.firedAtMs !== null && core.nowMs < order.firedAtMs + FIRED_COUNTS_MS && order.sz > 0 && order.status !== 'canceled';

/** Opens or closes the naked interval of a holding as it stands at the end of a step. */
function judge(core: Core, holding: Holding): void {
  const naked = holding.szi !== 0 && protectedLots(core, holding) < Math.abs(holding.szi);
  if (naked) {
    if (holding.nakedSinceMs !== null) return;
    holding.nakedSinceMs = core.nowMs;
    core.naked.open.add(holding);
    holding.account.naked.add(holding);
  } else if (holding.nakedSinceMs !== null) {
    const fromMs = holding.nakedSinceMs;
    holding.nakedSinceMs = null;
    core.naked.open.delete(holding);
    holding.account.naked.delete(holding);
    if (core.nowMs > fromMs) {
      core.naked.closed.push({ user: holding.account.user, coin: holding.market.instrument.coin, fromMs, toMs: core.nowMs });
      core.naked.maxMs = Math.max(core.naked.maxMs, core.nowMs - fromMs);
    }
  }
}

/**
 * Judges protection after a step, for holdings the step concerned. What a step passes through is not seen: an entry that
 * fills and arms its stop in one step was naked for 0 ms.
 */
export function judgeTouched(core: Core): void {
  if (core.touchedHoldings.length === 0) return;
  for (const holding of core.touchedHoldings) {
    holding.touched = false;
    judge(core, holding);
  }
  core.touchedHoldings.length = 0;
}

/** Naked intervals, those that last and those that ended, and the longest so far. In market milliseconds. */
export function nakedReport(core: Core): { readonly intervals: readonly NakedInterval[]; readonly maxMs: number } {
  let maxMs = core.naked.maxMs;
  const intervals = core.naked.closed.list();
  for (const holding of core.naked.open) {
    if (holding.nakedSinceMs === null) continue;
    maxMs = Math.max(maxMs, core.nowMs - holding.nakedSinceMs);
    intervals.push({ user: holding.account.user, coin: holding.market.instrument.coin, fromMs: holding.nakedSinceMs, toMs: null });
  }
  return { intervals, maxMs };
}
