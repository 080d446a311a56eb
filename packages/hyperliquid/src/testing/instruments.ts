import type { Clock, Instrument, Instruments } from '@hyperfleet/trading';

const instrument = (coin: string, assetId: number, szDecimals: number, maxLeverage: number): [string, Instrument] => [
  coin,
  { coin, assetId, szDecimals, maxLeverage, onlyIsolated: false, isDelisted: false },
];

/** A few coins as the mainnet's meta lists them. */
export const INSTRUMENTS: Instruments = new Map([
  instrument('BTC', 0, 5, 40),
  instrument('ETH', 1, 4, 25),
  instrument('SOL', 5, 2, 20),
  instrument('INJ', 13, 1, 10),
  instrument('USUAL', 159, 1, 3),
]);

/** The wall clock, for tests that wait on real sockets. */
export const WALL: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
