import { renameSync, writeFileSync } from 'node:fs';
import type { Condition } from '@hyperfleet/bot';
import { FINE_PER_TICK, formatDecimal, formatPrice, formatSize, lots, mulDiv, priceDecimals, type Ticks } from '@hyperfleet/trading';
import type { BotView, FleetView } from '../board/view.ts';

const USD_DECIMALS = 6;
/** Thousandths of a tick. */
const FINE_DECIMALS = String(FINE_PER_TICK).length - 1;

/**
 * Writes what the operator's tools want to know of a running fleet and cannot read in the databases: marks, equities, states.
 * Whole or not at all. Money, prices and sizes are exact decimal strings, times ms since the epoch.
 */
export function writeStatus(path: string, view: FleetView, addresses: ReadonlyMap<string, string>): void {
  const marks = view.marks.flatMap(({ instrument, mark }) =>
    mark === null ? [] : [[instrument.coin, formatDecimal(mark, priceDecimals(instrument) + FINE_DECIMALS)]],
  );
  const status = {
    pid: process.pid,
    atWallMs: Date.now(),
    mode: view.mode,
    marketMs: view.nowMs,
    marketStartMs: view.startMs,
    marketEndMs: view.endMs,
    speed: view.speed,
    marks: Object.fromEntries(marks),
    bots: view.bots.map((bot) => ({ ...botStatus(bot), address: addresses.get(bot.id) ?? null })),
  };
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(status, null, 1)}\n`);
    renameSync(`${path}.new`, path);
  } catch (error) {
    // The system's own words name no file where the disk is full.
    if (error instanceof Error && 'code' in error)
      error.message = `${path} cannot be written (${String(error.code)}): free some disk space, or give this user write access to its directory`;
    throw error;
  }
}

const usd = (value: number | null): string | null => (value === null ? null : formatDecimal(value, USD_DECIMALS));

function botStatus(bot: BotView): object {
  return {
    id: bot.id,
    state: bot.state,
    ...conditionStatus(bot.condition),
    equityUsd: cents(bot.equity),
    equityStartUsd: cents(bot.equityStart),
    differences: bot.differences,
    last: bot.last === null ? null : { atMs: bot.last.atMs, text: bot.last.what.text },
    positions: bot.holdings.flatMap(({ instrument, resting, szi, entryPx, stopPx, unrealizedPnl, isBreakeven }) => {
      if (resting) return [];
      const price = (px: Ticks | null): string | null => (px === null ? null : formatPrice(px, instrument));
      return [
        {
          coin: instrument.coin,
          side: szi > 0 ? 'long' : 'short',
          size: formatSize(lots(Math.abs(szi)), instrument),
          entryPx: price(entryPx),
          stopPx: price(stopPx),
          isBreakeven,
          unrealizedUsd: usd(unrealizedPnl),
        },
      ];
    }),
  };
}

/** How the bot stands: health with its reasons, how it hears of fills, and the longest a fill may be without a stop. */
function conditionStatus(condition: Condition | null): object {
  if (condition === null)
    return { health: null, healthReasons: [], hearing: null, nakedBoundMs: null, clockSkewMs: null, keyUntilMs: null };
  const { health, hearing, skewMs, keyUntilMs } = condition;
  const nakedBoundMs = condition.isBoundMeasured ? condition.nakedBoundMs : null;
  return { health: health.state, healthReasons: health.reasons, hearing, nakedBoundMs, clockSkewMs: skewMs, keyUntilMs };
}

/** Dollars and cents, rounded down as on the board. */
function cents(value: number | null): string | null {
  if (value === null) return null;
  const [whole = '0', fraction = ''] = formatDecimal(mulDiv(value, 1, 10_000, 'floor'), 2).split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}
