/** The one bracket that is walked: its bot, its signal, and where its market can stand. */
import type { BotSettings } from '@hyperfleet/bot';
import type { Address } from '@hyperfleet/paper-exchange';
import { type Instrument, microUsd } from '@hyperfleet/trading';

export const BOT = 'Sentient';
export const USER: Address = '0x1111111111111111111111111111111111111111';
export const DEPOSIT = 10_000_000_000;
export const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
export const ETH: Instrument = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
export const START_MS = 1_757_015_216_000;

/**
 * The one step time takes. Longer than every poll, tick and look-again of the bot, so that a step fires each once; two of them are past
 * `expiresAfter` and the patience after it, so that no other measure of time is needed.
 */
export const STEP_MS = 3_500;

export const SETTINGS: BotSettings = {
  id: BOT,
  accountAddress: USER,
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
  },
  maxSignalAgeMs: 900_000,
  entryLifeMs: 86_400_000,
  pollIntervalMs: 2_000,
  staleBookMs: 5_000,
  breakeven: true,
  expiresAfterMs: 5_000,
  reconcileIntervalMs: 60_000,
};

/** Where the market can stand: each a best bid in whole dollars. */
export const PLACES = { start: 100_000, 'first target': 101_010, 'second target': 103_010, stop: 96_900 } as const;
export type Place = keyof typeof PLACES;

export const ENTRY = {
  symbol: 'BTCUSDT',
  direction: 'LONG',
  signal_type: 'entry',
  entry_1: 99_000,
  stop_loss: 97_000,
  target_1: 101_000,
  target_2: 103_000,
};
