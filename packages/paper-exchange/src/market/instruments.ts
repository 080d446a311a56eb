/** The instruments of a recording's coins, and the universe they are traded in. */
import type { Instrument } from '@hyperfleet/trading';
import { type Listing, MAINNET_PERPS, oneTier } from './universe.ts';

const LEAST_LEVERAGE = 3;
/** Names the list that gives assets their ids. */
export const UNIVERSE_NAME = `mainnet's ${MAINNET_PERPS.length} assets`;

const byName = new Map(MAINNET_PERPS.map((listing) => [listing.coin, listing]));

/** Whether mainnet lists this coin. */
export const isKnownCoin = (coin: string): boolean => byName.has(coin);

/** A coin of a recording to be made, with the most decimals seen in its sizes and prices. */
export interface SeenCoin {
  readonly coin: string;
  readonly sizeDecimals: number;
  readonly priceDecimals: number;
}

/**
 * Instruments for the coins of a recording. A coin mainnet does not list gets the decimals its data shows and the least
 * leverage; one it lists keeps mainnet's unless its sizes are finer, which can only mean that the venue has refined it since.
 * Either is bounded so that the coin's prices fit (at most 6 − szDecimals decimals, PROTOCOL §5). Asset ids are mainnet's;
 * others follow in the order given.
 */
export function instrumentsOf(coins: readonly SeenCoin[]): Instrument[] {
  let nextId = MAINNET_PERPS.length;
  return coins.map(({ coin, sizeDecimals, priceDecimals }) => {
    const listing = byName.get(coin);
    const szDecimals = Math.max(0, Math.min(Math.max(listing?.szDecimals ?? 0, sizeDecimals), 6 - priceDecimals));
    return {
      coin,
      assetId: listing?.assetId ?? nextId++,
      szDecimals,
      maxLeverage: listing?.maxLeverage ?? LEAST_LEVERAGE,
      onlyIsolated: listing?.onlyIsolated ?? false,
      // It was recorded, so it was traded then.
      isDelisted: false,
    };
  });
}

/**
 * The universe a recording is traded in: mainnet's assets in their order, then the recording's that mainnet does not list, in
 * the order given. A recorded coin stands at mainnet's id, whatever id its recording carries, with the decimals and leverage of
 * its recording. An asset without a market has an empty book.
 */
export function universeOf(instruments: readonly Instrument[]): Listing[] {
  const recorded = new Map(instruments.map((instrument) => [instrument.coin, instrument]));
  const listed = MAINNET_PERPS.map((listing) => {
    const own = recorded.get(listing.coin);
    return own === undefined ? listing : placed(own, listing.assetId, listing);
  });
  const others = instruments.filter(({ coin }) => !byName.has(coin));
  return [...listed, ...others.map((own, index) => placed(own, listed.length + index, null))];
}

function placed(own: Instrument, assetId: number, listing: Listing | null): Listing {
  return {
    ...own,
    assetId,
    marginMode: listing?.marginMode ?? null,
    marginTable: listing?.maxLeverage === own.maxLeverage ? listing.marginTable : oneTier(own.maxLeverage),
  };
}
