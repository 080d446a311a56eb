/** Whether the venue would liquidate a position before its stop fires: sizing rules it out, but a wallet can be emptied from outside. */
import { type AccountView, FINE_PER_TICK, type FineTicks } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';
import { isStop, type TradeSight } from './sight.ts';

/** Said once for a trade, and again when it was well in between. */
const SAID = 'the stop lies beyond liquidation';

export interface LiquidationWatch {
  /**
   * Looks at an account state for open trades whose every armed stop lies beyond the liquidation price, and raises an alert for each.
   * True when there is one.
   */
  look(account: AccountView): boolean;
  /**
   * Where the venue would liquidate what a trade holds, by the newest account state; null where it names no price or speaks of
   * another position than the trade's: one before its last fill, or one that others have a part in.
   */
  priceOf(held: Pick<TradeSight, 'trade' | 'direction' | 'openSz' | 'fills'>): FineTicks | null;
}

export function createLiquidationWatch(deps: LoopDeps): LiquidationWatch {
  const told = new Set<string>();
  let newest: AccountView | null = null;

  /** The armed stop that fires first, in ticks; null where none rests or the venue names no price. */
  const firstStop = (tradeId: string, direction: 'long' | 'short'): number | null => {
    const triggers = deps.ledger.orders(tradeId).flatMap((order) => {
      const { kind } = order.intent;
      return isStop(order) && order.state === 'resting' && kind.type === 'stop-market' ? [kind.triggerPx] : [];
    });
    if (triggers.length === 0) return null;
    return direction === 'long' ? Math.max(...triggers) : Math.min(...triggers);
  };

  return {
    look(account) {
      newest = account;
      let danger = false;
      for (const { tradeId, coin, direction } of deps.ledger.activeTrades(deps.settings.id)) {
        const liquidationPx = account.positions.find((position) => position.coin === coin)?.liquidationPx ?? null;
        const stopPx = direction === null || liquidationPx === null ? null : firstStop(tradeId, direction);
        if (direction === null || liquidationPx === null || stopPx === null) continue;
        const isBeyond = direction === 'long' ? stopPx * FINE_PER_TICK <= liquidationPx : stopPx * FINE_PER_TICK >= liquidationPx;
        danger ||= isBeyond;
        if (!isBeyond) {
          if (told.delete(tradeId)) deps.report({ kind: 'over', phrase: SAID, detail: { coin } });
        } else if (!told.has(tradeId)) {
          told.add(tradeId);
          const detail = {
            coin,
            stopPx,
            liquidationPx: liquidationPx / FINE_PER_TICK,
            remedy: 'it is brought inside; to keep it where it was, pay money in or close a part',
          };
          deps.ledger.record({ bot: deps.settings.id, tradeId, atMs: deps.clock.now(), event: SAID, detail });
          deps.log.warn(SAID, detail);
          deps.report({ kind: 'alert', phrase: SAID, detail });
        }
      }
      return danger;
    },
    priceOf({ trade, direction, openSz, fills }) {
      const position = newest?.positions.find(({ coin }) => coin === trade.coin);
      if (newest === null || position === undefined || openSz === 0) return null;
      const isOurs = position.szi === (direction === 'long' ? openSz : -openSz);
      return isOurs && newest.timeMs >= (fills.lastFillMs ?? 0) ? position.liquidationPx : null;
    },
  };
}
