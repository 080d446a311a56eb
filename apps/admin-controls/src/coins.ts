import type { LedgerHandle } from '@hyperfleet/store';
import { formatDecimal, type Instrument, parseDecimal } from '@hyperfleet/trading';

/** Prices and sizes of a coin as decimals; raw ticks and lots where the ledger never learnt the coin's decimals. */
export interface CoinWords {
  px(coin: string, ticks: number): string;
  sz(coin: string, lots: number): string;
  /** Ticks of a decimal price, cut to whole ticks; null where the decimals are not known. */
  ticks(coin: string, px: string): number | null;
}

/** Reads the decimals the ledger remembers of each coin. */
export function coinWords(ledger: LedgerHandle): CoinWords {
  const decimals = new Map<string, Pick<Instrument, 'szDecimals'>>(ledger.coins().map((coin) => [coin.coin, coin]));
  const of = (coin: string): number | null => decimals.get(coin)?.szDecimals ?? null;
  return {
    px: (coin, ticks) => {
      const known = of(coin);
      return known === null ? `${ticks} ticks` : formatDecimal(ticks, 6 - known);
    },
    sz: (coin, lots) => {
      const known = of(coin);
      return known === null ? `${lots} lots` : formatDecimal(lots, known);
    },
    ticks: (coin, px) => {
      const known = of(coin);
      return known === null ? null : parseDecimal(px, 6 - known, 'truncate');
    },
  };
}
