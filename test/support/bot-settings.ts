import type { BotSettings } from '@hyperfleet/bot';
import { microUsd } from '@hyperfleet/trading';

/** A bot as most tests have it: 2 % at risk, at most 5×, a 5 s life for what it sends, a look at its books every minute. */
export const sampleSettings = (
  bot: Pick<BotSettings, 'id' | 'accountAddress'> & Partial<Omit<BotSettings, 'limits'>>,
  limits: Partial<BotSettings['limits']> = {},
): BotSettings => ({
  limits: {
    riskPerTradePpm: 20_000,
    maxLeverage: 5,
    maxTotalLeverage: null,
    defaultStopDistancePpm: 50_000,
    maxStopDistancePpm: 100_000,
    stopSlippagePpm: 100_000,
    staleEntryPpm: 20_000,
    onStaleEntry: 'rest',
    marketSlippagePpm: 10_000,
    takerPpm: 450,
    minNotional: microUsd(10_000_000),
    maxConcurrentPositions: 3,
    allowedDirections: 'both',
    ...limits,
  },
  maxSignalAgeMs: 900_000,
  entryLifeMs: 86_400_000,
  pollIntervalMs: 2_000,
  staleBookMs: 5_000,
  breakeven: true,
  expiresAfterMs: 5_000,
  reconcileIntervalMs: 60_000,
  ...bot,
});
