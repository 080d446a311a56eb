/** The one bracket that is walked: its bot, its signal, and where its market can stand. */
import type { Address } from '@hyperfleet/paper-exchange';
import type { Instrument } from '@hyperfleet/trading';
import { sampleSettings } from '../support/bot-settings.ts';

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

export const SETTINGS = sampleSettings({ id: BOT, accountAddress: USER });

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
