import { renameSync, writeFileSync } from 'node:fs';
import { FINE_PER_TICK, priceDecimals } from '@hyperfleet/trading';
import type { FleetView } from '../board/view.ts';

/**
 * Writes what the operator's tools want to know of a running fleet and cannot read in the databases: prices, equities, states.
 * Whole or not at all. Prices and money in dollars, sizes in coins, times in ms since the epoch.
 */
export function writeStatus(path: string, view: FleetView, addresses: ReadonlyMap<string, string>): void {
  const status = {
    pid: process.pid,
    writtenAtMs: Date.now(),
    mode: view.mode,
    marketMs: view.nowMs,
    marketStartMs: view.startMs,
    marketEndMs: view.endMs,
    speed: view.speed,
    marks: Object.fromEntries(
      view.marks.flatMap(({ instrument, mark }) =>
        mark === null ? [] : [[instrument.coin, mark / FINE_PER_TICK / 10 ** priceDecimals(instrument)]],
      ),
    ),
    bots: view.bots.map((bot) => ({
      id: bot.id,
      address: addresses.get(bot.id) ?? null,
      state: bot.state,
      equityUsd: bot.equity === null ? null : bot.equity / 1e6,
      equityStartUsd: bot.equityStart === null ? null : bot.equityStart / 1e6,
      last: bot.last === null ? null : { atMs: bot.last.atMs, text: bot.last.what.text },
      positions: bot.holdings
        .filter(({ resting }) => !resting)
        .map(({ instrument, szi, entryPx, mark, stopPx, unrealizedPnl, isBreakeven }) => ({
          coin: instrument.coin,
          size: szi / 10 ** instrument.szDecimals,
          entryPx: entryPx / 10 ** priceDecimals(instrument),
          markPx: mark === null ? null : mark / FINE_PER_TICK / 10 ** priceDecimals(instrument),
          stopPx: stopPx === null ? null : stopPx / 10 ** priceDecimals(instrument),
          isBreakeven,
          unrealizedUsd: unrealizedPnl === null ? null : unrealizedPnl / 1e6,
        })),
    })),
  };
  writeFileSync(`${path}.new`, `${JSON.stringify(status, null, 1)}\n`);
  renameSync(`${path}.new`, path);
}
