/** A market that moves by itself: random walks with jumps, thin books and silences, or slices of a recorded one. */
import type { MarketEvent, Venue } from '@hyperfleet/paper-exchange';
import { type Clock, fineTicks, type Instrument, type Level, lots, type MarketView, type Side, ticks } from '@hyperfleet/trading';
import type { Chance } from './chance.ts';
import type { Weather } from './weather.ts';

export interface SimMarket {
  /** What the bots see of a coin: the newest book that reached them. */
  view(coin: string): MarketView | null;
  /** Mid price now, ticks. */
  mid(coin: string): number;
  /** Smallest price move of the coin at about its price, ticks. */
  step(coin: string): number;
  /** Moves a coin's price at once by this part of it. */
  jump(coin: string, part: number): void;
  /** Somebody trades so many lots with what rests on a side of the book down to a price, and with nothing behind it. */
  takeFrom(coin: string, resting: { readonly side: Side; readonly px: number; readonly sz: number }): void;
}

export interface MarketOptions {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly weather: Weather;
  /** Standard deviation of a tick's move, parts of the price. */
  readonly restlessness: number;
  /** Something has happened at the venue. */
  readonly onMoved: () => void;
  /** From now on for `ms` this coin cannot be traded as usual. */
  readonly onTrouble: (coin: string, what: string, ms: number) => void;
}

const LEVELS = 6;
/** Two coins' worth in dollars a level, and of a thin book. */
const LEVEL_USD = 150_000;
const THIN_USD = 400;

interface CoinState {
  readonly instrument: Instrument;
  readonly step: number;
  mid: number;
  thinUntilMs: number;
  gapUntilMs: number;
  /** The bots' feed of it stands still until then. */
  staleUntilMs: number;
  view: MarketView | null;
}

/** Where each coin starts, dollars. */
const START_USD: Readonly<Record<string, number>> = { BTC: 100_000, ETH: 4_000, SOL: 200 };

/** The smallest step the venue takes at this price: five significant figures (PROTOCOL §4). */
function stepAt(px: number): number {
  return 10 ** Math.max(0, Math.floor(Math.log10(px)) + 1 - 5);
}

/** Starts a random market of the venue's coins. */
export function startMarket(options: MarketOptions): SimMarket {
  const { venue, clock, chance, weather } = options;
  const coins = new Map<string, CoinState>();
  for (const instrument of venue.instruments) {
    const px = (START_USD[instrument.coin] ?? 100) * 10 ** (6 - instrument.szDecimals);
    const quiet = { thinUntilMs: 0, gapUntilMs: 0, staleUntilMs: 0, view: null };
    coins.set(instrument.coin, { instrument, step: stepAt(px * 0.5), mid: px, ...quiet });
  }
  const of = (coin: string): CoinState => {
    const state = coins.get(coin);
    if (state === undefined) throw new RangeError(`the market has no coin ${coin}`);
    return state;
  };
  let tid = 1;

  const feed = (event: MarketEvent): void => {
    venue.market(event);
    options.onMoved();
  };
  const levelsOf = (state: CoinState, sign: 1 | -1): Level[] => {
    const usd = clock.now() < state.thinUntilMs ? THIN_USD : LEVEL_USD;
    const sz = Math.max(1, Math.round((usd * 1e6) / state.mid));
    const best = Math.round(state.mid / state.step) * state.step + (sign === 1 ? state.step : 0);
    return Array.from({ length: LEVELS }, (_, i) => ({
      px: ticks(best + sign * i * state.step),
      sz: lots(Math.max(1, Math.round(sz * (0.4 + chance.next())))),
    }));
  };
  const print = (coin: string, side: Side, px: number, sz: number): void => {
    const atMs = clock.now();
    feed({ kind: 'prints', coin, atMs, prints: [{ side, px: ticks(px), sz: lots(sz), tid: tid++, exchangeTimeMs: atMs }] });
  };
  const tell = (state: CoinState): void => {
    const { coin } = state.instrument;
    const atMs = clock.now();
    feed({ kind: 'book', coin, atMs, exchangeTimeMs: atMs, bids: levelsOf(state, -1), asks: levelsOf(state, 1) });
    if (chance.happens(0.6)) {
      const side: Side = chance.happens(0.5) ? 'buy' : 'sell';
      const px = Math.round(state.mid / state.step) * state.step + chance.int(-1, 2) * state.step;
      print(coin, side, px, Math.max(1, Math.round((chance.next() * 20_000 * 1e6) / state.mid)));
    }
    if (atMs >= state.staleUntilMs) state.view = viewOf(venue, state.instrument);
  };
  const disturb = (state: CoinState): void => {
    const { coin } = state.instrument;
    const ms = chance.int(1_000, 8_000);
    switch (chance.pick(['jump', 'jump', 'thin', 'gap', 'stale'] as const)) {
      case 'jump':
        state.mid *= 1 + (chance.happens(0.5) ? 1 : -1) * (0.003 + chance.next() * 0.02);
        return;
      case 'thin':
        state.thinUntilMs = clock.now() + ms;
        options.onTrouble(coin, 'thin', ms);
        return;
      case 'gap':
        state.gapUntilMs = clock.now() + ms;
        state.mid *= 1 + (chance.next() - 0.5) * 0.03;
        feed({ kind: 'gap', coin, atMs: clock.now(), untilMs: state.gapUntilMs });
        options.onTrouble(coin, 'gap', ms);
        return;
      case 'stale':
        state.staleUntilMs = clock.now() + ms;
        options.onTrouble(coin, 'stale', ms);
        return;
    }
  };
  const tick = (state: CoinState): void => {
    // Sum of three: near enough to a bell, and bounded.
    const move = (chance.next() + chance.next() + chance.next() - 1.5) * 2 * options.restlessness;
    state.mid = Math.max(state.step * 1_000, state.mid * (1 + move));
    if (clock.now() >= state.gapUntilMs) tell(state);
    if (weather.strikes('market')) disturb(state);
    clock.after(chance.int(500, 1_100), () => tick(state));
  };
  for (const state of coins.values()) tick(state);
  return {
    view: (coin) => coins.get(coin)?.view ?? null,
    mid: (coin) => of(coin).mid,
    step: (coin) => of(coin).step,
    jump(coin, part) {
      const state = of(coin);
      state.mid *= 1 + part;
      if (clock.now() >= state.gapUntilMs) tell(state);
    },
    takeFrom(coin, { side, px, sz }) {
      const state = of(coin);
      if (clock.now() < state.gapUntilMs) return;
      if (side === 'buy') print(coin, 'sell', px - state.step, sz);
      else print(coin, 'buy', px + state.step, sz);
    },
  };
}

/** A coin as its feed tells it now. */
function viewOf(venue: Venue, instrument: Instrument): MarketView {
  const state = venue.assetMarket(instrument.assetId);
  return {
    coin: instrument.coin,
    bids: state.bids,
    asks: state.asks,
    bid: state.bids[0] ?? null,
    ask: state.asks[0] ?? null,
    lastPrint: state.lastPrint,
    mark: state.mark === null ? null : fineTicks(state.mark),
    fundingRateE10: state.fundingRateE10,
    exchangeTimeMs: state.bookTimeMs,
    receivedAtMs: venue.nowMs,
  };
}
