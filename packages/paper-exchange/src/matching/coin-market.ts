import { FINE_PER_TICK, type FineTicks, fineTicks, type Ticks } from '@hyperfleet/trading';
import type { MarketEvent } from '../market/event.ts';
import type { Holding } from './account.ts';
import type { MarginedInstrument, VenueSettings } from './contract.ts';
import { PriceLadder } from './ladder.ts';
import { LiquiditySide } from './liquidity.ts';
import { type TierTerms, tierTerms } from './margin-tiers.ts';

export type BboEvent = Extract<MarketEvent, { kind: 'bbo' }>;

/** Premiums of an hour so far, in 10^−10 of the oracle. */
interface PremiumSamples {
  sum: number;
  count: number;
}

/** One coin: the recorded market, our own orders, the triggers, and the mark. */
export interface CoinMarket {
  readonly instrument: MarginedInstrument;
  readonly tiers: readonly TierTerms[];
  /** Open interest in micro-dollars from which on nothing may add to it; Infinity without a cap. */
  readonly interestCap: number;
  /** Micro-dollars by which it may grow in a minute; Infinity without a bound. */
  readonly interestGrowth: number;
  /** The minute last looked at for that, and the lots of open interest its first order found. */
  interestMinute: number;
  interestBefore: number;
  readonly anonymous: { readonly bids: LiquiditySide; readonly asks: LiquiditySide };
  readonly own: { readonly bids: PriceLadder; readonly asks: PriceLadder };
  /** Armed triggers: `below` fire when the mark falls to their price (highest first), `above` when it rises to it. */
  /** Resting orders fill by prints alone (`VenueSettings.fillsByPrintsOnly`). */
  readonly printsOnly: boolean;
  readonly triggers: { readonly below: PriceLadder; readonly above: PriceLadder };
  /** Accounts with a position here. */
  readonly holders: Set<Holding>;
  /** Whether a recorded book was ever seen. Without one, the coin is a local book of our own accounts. */
  recorded: boolean;
  inGap: boolean;
  /** Exchange time of the first book since the start or the last gap: older prints are history and match nothing. */
  matchFromMs: number;
  bookTimeMs: number;
  /** The newest best bid and offer; one newer than a snapshot stands over its top. */
  bbo: BboEvent | null;
  lastPrint: Ticks | null;
  lastPrintMs: number;
  mark: FineTicks | null;
  oracle: FineTicks | null;
  /** A message of the market stated a funding rate, so none is computed. */
  fundingIsRecorded: boolean;
  /** The recording states marks itself, so none is computed. */
  markIsRecorded: boolean;
  /** The hour's rate: recorded, of the settings, or what the premiums so far make it. */
  fundingRateE10: number;
  readonly premiums: PremiumSamples;
  readonly seenTids: TidMemory;
}

/** How many trade ids are remembered a coin. A reconnect repeats a few dozen prints. */
const TIDS_KEPT = 8192;

/** Trade ids seen lately, bounded. */
class TidMemory {
  readonly #seen = new Set<number>();

  /** True the first time a tid is shown. */
  isNew(tid: number): boolean {
    if (this.#seen.has(tid)) return false;
    this.#seen.add(tid);
    if (this.#seen.size > TIDS_KEPT) {
      // A Set keeps insertion order: its first value is the oldest.
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}

/** A coin nobody has traded yet. */
export function createCoinMarket(instrument: MarginedInstrument, settings: VenueSettings): CoinMarket {
  return {
    printsOnly: settings.fillsByPrintsOnly,
    instrument,
    tiers: tierTerms(instrument),
    interestCap: (settings.openInterestCapsUsd[instrument.coin] ?? Number.POSITIVE_INFINITY) * 1_000_000,
    interestGrowth: (settings.openInterestGrowthUsd[instrument.coin] ?? Number.POSITIVE_INFINITY) * 1_000_000,
    interestMinute: -1,
    interestBefore: 0,
    anonymous: { bids: new LiquiditySide('highest'), asks: new LiquiditySide('lowest') },
    own: { bids: new PriceLadder('highest'), asks: new PriceLadder('lowest') },
    triggers: { below: new PriceLadder('highest'), above: new PriceLadder('lowest') },
    holders: new Set(),
    recorded: false,
    inGap: false,
    matchFromMs: 0,
    bookTimeMs: 0,
    bbo: null,
    lastPrint: null,
    lastPrintMs: 0,
    mark: null,
    oracle: null,
    fundingIsRecorded: false,
    markIsRecorded: false,
    fundingRateE10: settings.fundingRateE10,
    premiums: { sum: 0, count: 0 },
    seenTids: new TidMemory(),
  };
}

/** The side an order of this sign takes from, and the side it rests on. */
export const anonymousAgainst = (market: CoinMarket, sign: 1 | -1): LiquiditySide =>
  sign === 1 ? market.anonymous.asks : market.anonymous.bids;
export const anonymousBeside = (market: CoinMarket, sign: 1 | -1): LiquiditySide =>
  sign === 1 ? market.anonymous.bids : market.anonymous.asks;
export const ownAgainst = (market: CoinMarket, sign: 1 | -1): PriceLadder => (sign === 1 ? market.own.asks : market.own.bids);
export const ownBeside = (market: CoinMarket, sign: 1 | -1): PriceLadder => (sign === 1 ? market.own.bids : market.own.asks);

/**
 * The best recorded price an order of this sign may take. Where prints alone fill resting orders, recorded lots that stand
 * across one of ours are spoken for by it until a print tells what became of them.
 */
export function anonymousBest(market: CoinMarket, sign: 1 | -1): number | null {
  const claimed = market.printsOnly ? (ownBeside(market, sign).best()?.px ?? null) : null;
  return anonymousAgainst(market, sign).bestPx(claimed);
}

/** The newest exchange time at which the recorded depth is known. */
export const depthTimeMs = (market: CoinMarket): number => Math.max(market.bookTimeMs, market.bbo?.exchangeTimeMs ?? 0);

/** The best price an order of this sign could trade at now, ours or recorded; null in a gap or without liquidity. */
export function bestAgainst(market: CoinMarket, sign: 1 | -1): number | null {
  if (market.inGap) return null;
  const own = ownAgainst(market, sign).best()?.px ?? null;
  const anonymous = anonymousBest(market, sign);
  if (own === null) return anonymous;
  if (anonymous === null) return own;
  return sign === 1 ? Math.min(own, anonymous) : Math.max(own, anonymous);
}

/** The mark, or where there is none yet a price to value by. In fine ticks. */
export const valuationPx = (market: CoinMarket, entryPx: Ticks): FineTicks => market.mark ?? fineTicks(entryPx * FINE_PER_TICK);
