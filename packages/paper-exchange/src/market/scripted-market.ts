import {
  fineTicks,
  type Instrument,
  type Level,
  type Lots,
  parseDecimal,
  parsePrice,
  parseSize,
  priceDecimals,
  type Ticks,
  ticks,
} from '@hyperfleet/trading';
import type { MarketEvent } from './event.ts';

/** A price and a size as decimal strings. */
export type WrittenLevel = readonly [px: string, sz: string];

/**
 * A market told step by step, for tests and demonstrations: the same events a recording gives, at times of one's choosing.
 * Every step returns its event, to be fed to a venue at once, and keeps it; as a whole it is a market like a recording
 * (`marketOf`). Prices and sizes are decimal strings; one finer than the coin's tick or lot throws a RangeError.
 */
export interface ScriptedMarket {
  readonly header: {
    readonly source: string;
    readonly instruments: readonly Instrument[];
    readonly marketStartMs: number;
    readonly endMs: number;
  };
  readonly nowMs: number;
  /** Lets `ms` of market time pass before the next step. */
  wait(ms: number): void;
  /** A snapshot, best level first. */
  book(coin: string, bids: readonly WrittenLevel[], asks: readonly WrittenLevel[]): MarketEvent;
  /** A snapshot around a price: five levels of `sz` a side, the best one tick from it, each a tick further. */
  price(coin: string, px: string, sz: string): MarketEvent;
  bbo(coin: string, bid: WrittenLevel | null, ask: WrittenLevel | null): MarketEvent;
  /** A public trade; `side` is the aggressor's. Its tid is one the script has not used, unless one is repeated on purpose. */
  print(coin: string, side: 'buy' | 'sell', px: string, options: { readonly sz: string; readonly tid?: number }): MarketEvent;
  /** Mark and oracle at a price with up to three decimals more than a tick has; funding in 10^−10 an hour. */
  mark(coin: string, px: string, fundingRateE10?: number): MarketEvent;
  /** The coin falls silent for `ms`, which then have passed; the next step should be its new book. */
  gap(coin: string, ms: number): MarketEvent;
  /** All steps so far, in order. */
  events(): Iterable<MarketEvent>;
}

const PRICE_LEVELS = 5;

/** Starts a script of these coins at `startMs`. */
export function createScriptedMarket(instruments: readonly Instrument[], startMs: number): ScriptedMarket {
  const byCoin = new Map(instruments.map((instrument) => [instrument.coin, instrument]));
  const told: MarketEvent[] = [];
  let nowMs = startMs;
  let lastTid = 0;

  const of = (coin: string): Instrument => {
    const instrument = byCoin.get(coin);
    if (instrument === undefined) throw new RangeError(`the script has no coin ${coin}; it has ${[...byCoin.keys()].join(', ')}`);
    return instrument;
  };
  const tell = (event: MarketEvent): MarketEvent => {
    told.push(event);
    return event;
  };
  const head = (coin: string) => ({ coin, atMs: nowMs, exchangeTimeMs: nowMs });

  return {
    get header() {
      return { source: 'script', instruments, marketStartMs: startMs, endMs: nowMs };
    },
    get nowMs() {
      return nowMs;
    },
    wait(ms) {
      if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`wait of ${ms} ms: time moves forward in whole ms`);
      nowMs += ms;
    },
    book: (coin, bids, asks) => tell({ kind: 'book', ...head(coin), bids: bids.map(levelIn(of(coin))), asks: asks.map(levelIn(of(coin))) }),
    price(coin, px, sz) {
      const middle = levelIn(of(coin))([px, sz]);
      const side = (direction: 1 | -1): Level[] =>
        Array.from({ length: PRICE_LEVELS }, (_, i) => ({ px: ticks(middle.px + direction * (i + 1)), sz: middle.sz }));
      return tell({ kind: 'book', ...head(coin), bids: side(-1), asks: side(1) });
    },
    bbo(coin, bid, ask) {
      const level = levelIn(of(coin));
      return tell({ kind: 'bbo', ...head(coin), bid: bid === null ? null : level(bid), ask: ask === null ? null : level(ask) });
    },
    print(coin, side, px, { sz, tid }) {
      lastTid = Math.max(lastTid + 1, tid ?? 0);
      const print = { side, ...levelIn(of(coin))([px, sz]), tid: tid ?? lastTid, exchangeTimeMs: nowMs };
      return tell({ kind: 'prints', coin, atMs: nowMs, prints: [print] });
    },
    mark(coin, px, fundingRateE10) {
      const fine = parseDecimal(px, priceDecimals(of(coin)) + 3);
      if (fine === null) throw new RangeError(`mark price "${px}" of ${coin} is finer than a thousandth of a tick`);
      return tell({
        kind: 'mark',
        coin,
        atMs: nowMs,
        mark: fineTicks(fine),
        oracle: fineTicks(fine),
        fundingRateE10: fundingRateE10 ?? null,
      });
    },
    gap(coin, ms) {
      const event: MarketEvent = { kind: 'gap', coin: of(coin).coin, atMs: nowMs, untilMs: nowMs + ms };
      nowMs += ms;
      return tell(event);
    },
    events: () => told,
  };
}

const levelIn =
  (instrument: Instrument) =>
  ([pxText, szText]: WrittenLevel): Level => {
    const px: Ticks | null = parsePrice(pxText, instrument);
    const sz: Lots | null = parseSize(szText, instrument);
    if (px === null || px <= 0) throw new RangeError(`price "${pxText}" of ${instrument.coin} is no whole number of ticks above zero`);
    if (sz === null || sz <= 0) throw new RangeError(`size "${szText}" of ${instrument.coin} is no whole number of lots above zero`);
    return { px, sz };
  };
