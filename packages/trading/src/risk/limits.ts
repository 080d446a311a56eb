import type { MicroUsd } from '../units.ts';

/** A bot's limits as the plan needs them; rates and distances in parts per million. */
export interface EntryLimits {
  readonly riskPerTradePpm: number;
  readonly maxLeverage: number;
  /** All positions and resting entries together, as a multiple of equity; null for no such limit. */
  readonly maxTotalLeverage: number | null;
  readonly defaultStopDistancePpm: number;
  readonly maxStopDistancePpm: number;
  readonly stopSlippagePpm: number;
  readonly staleEntryPpm: number;
  readonly onStaleEntry: 'rest' | 'market' | 'refuse';
  readonly marketSlippagePpm: number;
  readonly takerPpm: number;
  readonly minNotional: MicroUsd;
  readonly maxConcurrentPositions: number;
  readonly allowedDirections: 'both' | 'long' | 'short';
}

/** What an account has, as far as a size depends on it. */
export interface AccountForSizing {
  readonly equity: MicroUsd;
  /** Equity less margin used, less margin reserved by resting entries. */
  readonly freeMargin: MicroUsd;
  /** Notional of all positions and resting entries. */
  readonly exposure: MicroUsd;
  /** Open trades plus resting entries of this bot. */
  readonly openTrades: number;
}
