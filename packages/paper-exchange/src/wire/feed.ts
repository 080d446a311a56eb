import {
  FINE_PER_TICK,
  type FineTicks,
  fineTicks,
  type Instrument,
  type Level,
  lots,
  mulDiv,
  priceDecimals,
  ticks,
} from '@hyperfleet/trading';
import type { MarketEvent, Print } from '../market/event.ts';
import type { AssetMarket, Venue, VenueFill } from '../matching/contract.ts';
import { fundingTimeMs } from '../matching/funding.ts';
import { impactNotional, impactPx, premiumE10 } from '../matching/premium.ts';
import { type Candles, createCandles } from './candles.ts';
import { finePxText, midText, pxText, rateText, szText, usdText, withDecimal } from './decimal-text.ts';

/** Public trades kept of a coin; the first message of a `trades` subscription tells them. */
const TRADES_KEPT = 100;
/** Trade ids remembered to leave what a reconnect repeats out of candles and volumes. */
const TIDS_KEPT = 20_000;
const FUNDING_KEPT = 500;

export interface LevelRow {
  readonly px: string;
  readonly sz: string;
  readonly n: number;
}

export interface TradeRow {
  readonly coin: string;
  readonly side: 'A' | 'B';
  readonly px: string;
  readonly sz: string;
  readonly time: number;
  readonly hash: string;
  readonly tid: number;
  readonly users: readonly [string, string];
}

export interface BookRow {
  readonly coin: string;
  readonly time: number;
  readonly levels: readonly [readonly LevelRow[], readonly LevelRow[]];
  readonly spread?: string;
  readonly fast?: true;
}

export interface BboRow {
  readonly coin: string;
  readonly time: number;
  readonly bbo: readonly [LevelRow | null, LevelRow | null];
}

interface AssetCtx {
  readonly funding: string;
  readonly openInterest: string;
  readonly prevDayPx: string;
  readonly dayNtlVlm: string;
  readonly premium: string | null;
  readonly oraclePx: string;
  readonly markPx: string;
  readonly midPx: string | null;
  readonly impactPxs: readonly [string, string] | null;
  readonly dayBaseVlm: string;
}

interface FundingRow {
  readonly coin: string;
  readonly fundingRate: string;
  readonly premium: string;
  readonly time: number;
}

interface CoinFeed {
  readonly instrument: Instrument;
  readonly candles: Candles;
  trades: TradeRow[];
  tids: Set<number>;
  book: Extract<MarketEvent, { kind: 'book' }> | null;
  bbo: Extract<MarketEvent, { kind: 'bbo' }> | null;
  funding: FundingRow[];
  /** Signed positions of our accounts, for open interest. */
  readonly szi: Map<string, number>;
  longs: number;
  shorts: number;
  /** What the market tells of everybody there, in lots; null where it tells nothing. */
  told: number | null;
}

/** What the public side of the exchange knows: market data as wire rows. Bounded. */
export interface Feed {
  take(event: MarketEvent): void;
  fill(fill: VenueFill): void;
  hour(atMs: number): void;
  coins(): readonly string[];
  instrument(coin: string): Instrument | null;
  trades(coin: string): readonly TradeRow[];
  /** Takes the trades of accounts here with each other out of fills and keeps them as public trades. */
  matches(fills: readonly VenueFill[]): readonly TradeRow[];
  /** Mark and mid of every coin that has a mark. */
  marks(): readonly { readonly coin: string; readonly markPx: string; readonly midPx: string | null }[];
  /** Whether the market has sent a book of the coin; where it has not, the book is that of our own accounts. */
  hasRecordedBook(coin: string): boolean;
  /** The book as last recorded, or null before the first. Aggregated when `figures` is given. */
  recordedBook(coin: string, figures: Figures | null): BookRow | null;
  /** The book as it can be traded now. Null for an unknown coin. */
  book(coin: string, figures: Figures | null): BookRow | null;
  bbo(coin: string): BboRow | null;
  ctx(coin: string, nowMs: number): AssetCtx | null;
  /** Lots that are long, as many as are short. */
  openInterest(coin: string): number;
  /** Whether a market has been seen for the coin, so that it has a mark. */
  hasMark(coin: string): boolean;
  mids(): Readonly<Record<string, string>>;
  candles(coin: string): Candles | null;
  funding(coin: string): readonly FundingRow[];
}

/** nSigFigs 2–5 and, with 5, mantissa 1, 2 or 5 (PROTOCOL §8). */
export interface Figures {
  readonly nSigFigs: number;
  readonly mantissa: number;
}

const ZERO_HASH = `0x${'0'.repeat(64)}`;
const NOBODY = `0x${'0'.repeat(40)}`;

/** A public trade as the wire has it. A recording names neither the users nor the transaction: both are zero. */
export function tradeRow(print: Print, instrument: Instrument): TradeRow {
  return {
    coin: instrument.coin,
    side: print.side === 'buy' ? 'B' : 'A',
    px: pxText(print.px, instrument),
    sz: szText(print.sz, instrument),
    time: print.exchangeTimeMs,
    hash: ZERO_HASH,
    tid: print.tid,
    users: [NOBODY, NOBODY],
  };
}

/** A level as the wire has it. A recording does not keep the number of orders: one is stated. */
const levelRow = (level: Level, instrument: Instrument): LevelRow => ({
  px: pxText(level.px, instrument),
  sz: szText(level.sz, instrument),
  n: 1,
});

export const bboRow = (event: Extract<MarketEvent, { kind: 'bbo' }>, instrument: Instrument): BboRow => ({
  coin: event.coin,
  time: event.exchangeTimeMs,
  bbo: [event.bid === null ? null : levelRow(event.bid, instrument), event.ask === null ? null : levelRow(event.ask, instrument)],
});

const LEVELS_SHOWN = 20;

/** Sums levels into steps of so many significant figures: bids are rounded down, asks up, away from the middle. */
function aggregate(levels: readonly Level[], side: 'bid' | 'ask', figures: Figures): { px: number; sz: number; n: number }[] {
  const out: { px: number; sz: number; n: number }[] = [];
  for (const level of levels) {
    const digits = String(level.px).length;
    const step = Math.max(1, 10 ** Math.max(0, digits - figures.nSigFigs) * (digits > figures.nSigFigs ? figures.mantissa : 1));
    const px = side === 'bid' ? Math.floor(level.px / step) * step : Math.ceil(level.px / step) * step;
    const last = out.at(-1);
    if (last?.px === px) {
      last.sz += level.sz;
      last.n += 1;
    } else out.push({ px, sz: level.sz, n: 1 });
  }
  return out;
}

/** A book as the wire has it: at most 20 levels a side. */
export function bookRow(
  book: { readonly bids: readonly Level[]; readonly asks: readonly Level[]; readonly timeMs: number },
  instrument: Instrument,
  figures: Figures | null,
): BookRow {
  const { coin } = instrument;
  if (figures === null) {
    const rows = (levels: readonly Level[]) => levels.slice(0, LEVELS_SHOWN).map((level) => levelRow(level, instrument));
    return { coin, time: book.timeMs, levels: [rows(book.bids), rows(book.asks)] };
  }
  const bids = aggregate(book.bids, 'bid', figures);
  const asks = aggregate(book.asks, 'ask', figures);
  const decimals = priceDecimals(instrument);
  const rows = (levels: typeof bids) =>
    levels.slice(0, LEVELS_SHOWN).map(({ px, sz, n }) => ({ px: withDecimal(px, decimals), sz: szText(sz, instrument), n }));
  const spread = (asks[0]?.px ?? 0) - (bids[0]?.px ?? 0);
  return { coin, time: book.timeMs, levels: [rows(bids), rows(asks)], spread: withDecimal(Math.max(0, spread), decimals) };
}

function midOf(market: AssetMarket): string | null {
  const [bid, ask] = [market.bids[0], market.asks[0]];
  return bid === undefined || ask === undefined ? null : midText(bid.px, ask.px, market.instrument);
}

/** What accounts here are long against the market counts as short there, and the other way round. */
const interest = ({ longs, shorts }: CoinFeed): number => Math.max(longs, shorts);

/** Creates the public feed over a venue's instruments. */
export function createFeed(venue: Venue): Feed {
  const byCoin = new Map<string, CoinFeed>(
    venue.instruments.map((instrument) => [
      instrument.coin,
      {
        instrument,
        candles: createCandles(instrument),
        trades: [],
        tids: new Set(),
        book: null,
        bbo: null,
        funding: [],
        szi: new Map(),
        longs: 0,
        shorts: 0,
        told: null,
      },
    ]),
  );

  /** Lots that others hold: as the market told them, else what is stated of a coin with a mark. */
  function outside({ told }: CoinFeed, mark: FineTicks | null): number {
    if (told !== null || mark === null) return told ?? 0;
    return mulDiv(venue.settings.outsideInterestUsd * 1e6, FINE_PER_TICK, mark, 'floor');
  }

  function keep(feed: CoinFeed, row: TradeRow, print: Print): void {
    feed.trades.push(row);
    feed.candles.add(print);
    if (feed.trades.length > 2 * TRADES_KEPT) feed.trades = feed.trades.slice(-TRADES_KEPT);
  }

  function takePrints(feed: CoinFeed, prints: readonly Print[]): void {
    for (const print of prints) {
      if (feed.tids.has(print.tid)) continue;
      feed.tids.add(print.tid);
      keep(feed, tradeRow(print, feed.instrument), print);
    }
    if (feed.tids.size > TIDS_KEPT) feed.tids = new Set([...feed.tids].slice(-TIDS_KEPT / 2));
  }

  function context(feed: CoinFeed, nowMs: number): AssetCtx {
    const { instrument } = feed;
    const market = venue.assetMarket(instrument.assetId);
    const size = impactNotional(instrument.coin);
    const [bid, ask] = [impactPx(market.bids, size), impactPx(market.asks, size)];
    const impact = bid === null || ask === null ? null : ([bid, ask] as const);
    const fine = (value: number): string => finePxText(fineTicks(value), instrument);
    const day = feed.candles.day(nowMs);
    const mark = market.mark ?? 0;
    return {
      funding: rateText(market.fundingRateE10),
      openInterest: szText(lots(interest(feed) + outside(feed, market.mark)), instrument),
      prevDayPx: day.openPx === null ? fine(mark) : pxText(ticks(day.openPx), instrument),
      dayNtlVlm: usdText(day.microUsd),
      premium: market.oracle === null || impact === null ? null : rateText(premiumE10(market.oracle, impact[0], impact[1])),
      oraclePx: fine(market.oracle ?? 0),
      markPx: fine(mark),
      midPx: midOf(market),
      impactPxs: impact === null ? null : [fine(impact[0]), fine(impact[1])],
      dayBaseVlm: szText(day.lots, instrument),
    };
  }

  return {
    take(event) {
      const feed = byCoin.get(event.coin);
      if (feed === undefined) return;
      if (event.kind === 'prints') takePrints(feed, event.prints);
      if (event.kind === 'book') feed.book = event;
      if (event.kind === 'bbo') feed.bbo = event;
      if (event.kind === 'mark' && event.openInterest !== undefined) feed.told = event.openInterest;
    },
    fill(fill) {
      const feed = byCoin.get(fill.coin);
      if (feed === undefined) return;
      const before = feed.szi.get(fill.user) ?? 0;
      const after = before + (fill.side === 'buy' ? fill.sz : -fill.sz);
      if (after === 0) feed.szi.delete(fill.user);
      else feed.szi.set(fill.user, after);
      feed.longs += Math.max(after, 0) - Math.max(before, 0);
      feed.shorts += Math.max(-after, 0) - Math.max(-before, 0);
    },
    hour(atMs) {
      for (const feed of byCoin.values()) {
        const market = venue.assetMarket(feed.instrument.assetId);
        if (market.mark === null) continue;
        const { coin } = feed.instrument;
        const rate = rateText(market.fundingRateE10);
        feed.funding.push({ coin, fundingRate: rate, premium: context(feed, atMs).premium ?? '0.0', time: fundingTimeMs(atMs) });
        if (feed.funding.length > 2 * FUNDING_KEPT) feed.funding = feed.funding.slice(-FUNDING_KEPT);
      }
    },
    matches(fills) {
      const takers = new Map(fills.filter(({ crossed }) => crossed).map((fill) => [fill.tid, fill]));
      return fills.flatMap((maker) => {
        const [feed, taker] = [byCoin.get(maker.coin), takers.get(maker.tid)];
        if (maker.crossed || feed === undefined || taker === undefined) return [];
        const { side, px, sz, tid, timeMs } = { ...maker, side: taker.side };
        const print: Print = { side, px, sz, tid, exchangeTimeMs: timeMs };
        const users = side === 'buy' ? ([taker.user, maker.user] as const) : ([maker.user, taker.user] as const);
        const row: TradeRow = { ...tradeRow(print, feed.instrument), hash: maker.hash, users };
        keep(feed, row, print);
        return [row];
      });
    },
    marks: () =>
      [...byCoin.values()].flatMap(({ instrument }) => {
        const market = venue.assetMarket(instrument.assetId);
        return market.mark === null ? [] : [{ coin: instrument.coin, markPx: finePxText(market.mark, instrument), midPx: midOf(market) }];
      }),
    hasRecordedBook: (coin) => (byCoin.get(coin)?.book ?? null) !== null,
    coins: () => [...byCoin.keys()],
    instrument: (coin) => byCoin.get(coin)?.instrument ?? null,
    trades: (coin) => (byCoin.get(coin)?.trades ?? []).slice(-TRADES_KEPT),
    recordedBook(coin, figures) {
      const feed = byCoin.get(coin);
      if (feed === undefined || feed.book === null) return null;
      const { bids, asks, exchangeTimeMs } = feed.book;
      return bookRow({ bids, asks, timeMs: exchangeTimeMs }, feed.instrument, figures);
    },
    book(coin, figures) {
      const feed = byCoin.get(coin);
      if (feed === undefined) return null;
      const { bids, asks, bookTimeMs } = venue.assetMarket(feed.instrument.assetId);
      return bookRow({ bids, asks, timeMs: Math.max(0, bookTimeMs) || venue.nowMs }, feed.instrument, figures);
    },
    bbo(coin) {
      const feed = byCoin.get(coin);
      return feed === undefined || feed.bbo === null ? null : bboRow(feed.bbo, feed.instrument);
    },
    hasMark(coin) {
      const instrument = this.instrument(coin);
      return instrument !== null && venue.assetMarket(instrument.assetId).mark !== null;
    },
    openInterest(coin) {
      const feed = byCoin.get(coin);
      return feed === undefined ? 0 : interest(feed);
    },
    ctx(coin, nowMs) {
      const feed = byCoin.get(coin);
      return feed === undefined ? null : context(feed, nowMs);
    },
    mids() {
      const mids: Record<string, string> = {};
      for (const { instrument } of byCoin.values()) {
        const market = venue.assetMarket(instrument.assetId);
        const mid = midOf(market) ?? (market.mark === null ? null : finePxText(market.mark, instrument));
        if (mid !== null) mids[instrument.coin] = mid;
      }
      return mids;
    },
    candles: (coin) => byCoin.get(coin)?.candles ?? null,
    funding: (coin) => byCoin.get(coin)?.funding ?? [],
  };
}
