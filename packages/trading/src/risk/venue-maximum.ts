import type { Instrument } from '../instrument.ts';
import { divideSum, type Lots, lots, type MicroUsd, microUsd, type Ticks } from '../units.ts';

const USD = 1_000_000;

/**
 * The largest notional one order may have: for a market order (IOC) $30M, $5M, $2M or $500k by the coin's maximum
 * leverage; ten times that for a resting limit order (PROTOCOL §5).
 */
export function venueMaximum(instrument: Pick<Instrument, 'maxLeverage'>, tif: 'gtc' | 'ioc'): MicroUsd {
  const { maxLeverage } = instrument;
  const market = maxLeverage >= 25 ? 30_000_000 : maxLeverage >= 20 ? 5_000_000 : maxLeverage >= 10 ? 2_000_000 : 500_000;
  return microUsd(market * USD * (tif === 'ioc' ? 1 : 10));
}

/** The largest size one order may have at a limit price. */
export function mostLots(instrument: Pick<Instrument, 'maxLeverage'>, tif: 'gtc' | 'ioc', px: Ticks): Lots {
  return lots(divideSum([[venueMaximum(instrument, tif)]], [px], { rounding: 'floor' }));
}
