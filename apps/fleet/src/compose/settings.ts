import type { BotSettings } from '@hyperfleet/bot';
import type { BotConfig, Fleet } from '@hyperfleet/config';
import { microUsd } from '@hyperfleet/trading';

/** The venue takes no smaller order (PROTOCOL §5). */
const MIN_NOTIONAL = microUsd(10_000_000);
/** How long a lost answer stays unknown at least, in market time. */
const EXPIRES_AFTER_MS = 5_000;

/**
 * Pauses of a busy machine last as long in wall time whatever the speed, and so ever longer in market time. Below these
 * wall times a limit in market time would only measure the machine.
 */
const WALL_FLOOR_MS = { expiresAfter: 1_000, staleBook: 500, poll: 50, reconcile: 2_000 } as const;

/** A bot of the configuration as its workers take it, at this speed. */
export function settingsOf(
  bot: BotConfig,
  fleet: Pick<Fleet, 'speed' | 'staleBookMs' | 'pollIntervalMs' | 'reconcileIntervalMs'>,
  venue: { readonly accountAddress: string; readonly signerAddress: string; readonly takerPpm: number },
): BotSettings {
  const { speed } = fleet;
  return {
    id: bot.id,
    accountAddress: venue.accountAddress,
    signerAddress: venue.signerAddress,
    limits: { ...bot.limits, takerPpm: venue.takerPpm, minNotional: MIN_NOTIONAL },
    maxSignalAgeMs: bot.maxSignalAgeMs,
    entryLifeMs: bot.entryLifeMs,
    pollIntervalMs: Math.max(fleet.pollIntervalMs, WALL_FLOOR_MS.poll * speed),
    staleBookMs: Math.max(fleet.staleBookMs, WALL_FLOOR_MS.staleBook * speed),
    breakeven: bot.breakeven,
    expiresAfterMs: Math.max(EXPIRES_AFTER_MS, WALL_FLOOR_MS.expiresAfter * speed),
    reconcileIntervalMs: Math.max(fleet.reconcileIntervalMs, WALL_FLOOR_MS.reconcile * speed),
  };
}
