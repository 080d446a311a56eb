/** An owner's limits as the tests of sizing need them. */
import type { EntryLimits } from '../risk/limits.ts';
import { microUsd } from '../units.ts';

/** 2 % at risk, no leverage, $10 at least, three trades at once. */
export const LIMITS: EntryLimits = {
  riskPerTradePpm: 20_000,
  maxLeverage: 1,
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
};
