import type { MarketView } from '../book.ts';

/** Reads the newest market of a coin from shared memory: no IO, no request. */
export interface Market {
  /** The newest whole view, or null when nothing has been received for this coin. */
  view(coin: string): MarketView | null;
}
