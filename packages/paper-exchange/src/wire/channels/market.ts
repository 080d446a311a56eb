import { intervalMs } from '../candles.ts';
import { type BboRow, type BookRow, bboRow, bookRow, type Figures, tradeRow } from '../feed.ts';
import { boolean, type JsonObject, optional, string } from '../fields.ts';
import { NoAnswer, readFigures } from '../info-market.ts';
import type { Channel, Occasion, Opened } from './channel.ts';
import { BadSubscription, ofCoin, readCoin, SILENCE } from './channel.ts';

/** Levels a side with `fast: true` (PROTOCOL §9). */
const FAST_LEVELS = 5;

/** Five levels a side, and said to be so, where the book was asked for fast [recorded on the testnet]. */
function shown(row: BookRow, isFast: boolean): BookRow {
  const [bids, asks] = row.levels;
  return isFast ? { ...row, levels: [bids.slice(0, FAST_LEVELS), asks.slice(0, FAST_LEVELS)], fast: true } : row;
}

function figuresOf(from: JsonObject): Figures | null {
  try {
    return readFigures(from);
  } catch (cause) {
    if (cause instanceof NoAnswer) throw new BadSubscription(cause.message, { cause });
    throw cause;
  }
}

/** The whole book each time the market sends one; aggregated, or five levels of it, when asked. */
const l2Book: Channel = {
  open(from, sources) {
    const { feed } = sources;
    const coin = readCoin(from, sources);
    const figures = figuresOf(from);
    const isFast = optional(from, 'fast', boolean) === true;
    return {
      about: { coin },
      key: `${coin} ${figures?.nSigFigs ?? ''} ${figures?.mantissa ?? ''} ${isFast}`,
      echo: { ...from, nSigFigs: from.nSigFigs ?? null, mantissa: from.mantissa ?? null },
      snapshot() {
        const row = feed.hasRecordedBook(coin) ? feed.recordedBook(coin, figures) : feed.book(coin, figures);
        return row === null ? null : shown(row, isFast);
      },
      push(occasion) {
        const own = occasion.kind === 'own-book' ? feed.book(coin, figures) : null;
        if (own !== null) return [shown(own, isFast)];
        const event = marketEvent(occasion);
        const instrument = feed.instrument(coin);
        if (event?.kind !== 'book' || instrument === null) return SILENCE;
        return [shown(bookRow({ bids: event.bids, asks: event.asks, timeMs: event.exchangeTimeMs }, instrument, figures), isFast)];
      },
    };
  },
};

const marketEvent = (occasion: Occasion) => (occasion.kind === 'market' ? occasion.event : null);

/** The best of each side; a repetition of what was told last is no change and is not told. */
const bbo = ofCoin((coin, { feed, venue }) => {
  let told = '';
  const fresh = (row: BboRow): readonly unknown[] => {
    const sides = JSON.stringify(row.bbo);
    if (sides === told) return SILENCE;
    told = sides;
    return [row];
  };
  const own = (): BboRow => {
    const book = feed.book(coin, null);
    return { coin, time: book?.time ?? venue.nowMs, bbo: [book?.levels[0][0] ?? null, book?.levels[1][0] ?? null] };
  };
  return {
    snapshot: () => fresh(feed.bbo(coin) ?? own())[0] ?? null,
    push(occasion) {
      if (occasion.kind === 'own-book') return fresh(own());
      const event = marketEvent(occasion);
      const instrument = feed.instrument(coin);
      // A market that sends books alone still has a best bid and offer.
      if (event?.kind === 'book' && feed.bbo(coin) === null) return fresh(own());
      return event?.kind === 'bbo' && instrument !== null ? fresh(bboRow(event, instrument)) : SILENCE;
    },
  };
});

const trades = ofCoin((coin, { feed }) => ({
  snapshot() {
    const recent = feed.trades(coin);
    return recent.length === 0 ? null : recent;
  },
  push(occasion) {
    if (occasion.kind === 'own-trades') return [occasion.trades];
    const event = marketEvent(occasion);
    const instrument = feed.instrument(coin);
    if (event?.kind !== 'prints' || event.prints.length === 0 || instrument === null) return SILENCE;
    return [event.prints.map((print) => tradeRow(print, instrument))];
  },
}));

const candle: Channel = {
  open(from, sources): Opened {
    const { feed, venue } = sources;
    const coin = readCoin(from, sources);
    const interval = string(from, 'interval');
    if (intervalMs(interval) === null) throw new BadSubscription(`unknown interval ${interval}`);
    const newest = () => feed.candles(coin)?.rows(interval, venue.nowMs, Number.MAX_SAFE_INTEGER)?.at(-1) ?? null;
    return {
      about: { coin },
      key: `${coin} ${interval}`,
      echo: from,
      snapshot: newest,
      push(occasion) {
        const event = marketEvent(occasion);
        if (occasion.kind !== 'own-trades' && (event?.kind !== 'prints' || event.prints.length === 0)) return SILENCE;
        const row = newest();
        return row === null ? SILENCE : [row];
      },
    };
  },
};

/** Channels that tell the market of one coin as it comes (PROTOCOL §9). */
export const MARKET_CHANNELS = { l2Book, bbo, trades, candle } as const;
