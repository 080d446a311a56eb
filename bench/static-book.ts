import { type Instrument, type Level, lots, ticks } from '@hyperfleet/trading';

const MID = 1_000_000;

/** The instrument the benches trade: prices in tenths of a dollar. */
export const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };

/** Twenty levels of one side around $100,000, a dollar apart, ten coins each. */
export const levels = (sign: 1 | -1): Level[] =>
  Array.from({ length: 20 }, (_, i) => ({ px: ticks(MID + sign * 10 * (i + 1)), sz: lots(1_000_000) }));
