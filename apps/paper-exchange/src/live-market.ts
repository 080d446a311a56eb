/** The live market: books, best prices, trades and marks of the real venue, told to the exchange as they come. */
import { openMarketFeed } from '@hyperfleet/hyperliquid';
import { type Clock, formatDecimal, formatPrice, formatSize, type Instrument, type Level, priceDecimals } from '@hyperfleet/trading';

/** How long the venue is waited for, wall time: it pushes books and marks several times a second. */
const TIMES = { timeoutMs: 10_000, pingIntervalMs: 20_000, silenceMs: 30_000 } as const;

export interface LiveMarketOptions {
  /** Base URL of the venue that is followed. */
  readonly url: string;
  readonly clock: Clock;
  readonly instruments: readonly Instrument[];
  /** Takes each step (`PaperExchange.step`). */
  tell(step: unknown): void;
  /** Hears that the feed came, went, fell silent or said what nobody can read. */
  onTrouble(text: string): void;
}

/**
 * Follows the public feed of a venue (PROTOCOL §9) and tells each message as a step of the market. What the feed missed while it
 * was away is not made up: the books stand until it speaks again. Throws a RangeError for no instruments.
 */
export function followLiveMarket({ url, clock, instruments, tell, onTrouble }: LiveMarketOptions): { close(): Promise<void> } {
  const byCoin = new Map(instruments.map((instrument) => [instrument.coin, instrument]));
  const of = (coin: string): Instrument => {
    const found = byCoin.get(coin);
    if (found === undefined) throw new RangeError(`coin ${coin} is not among those followed`);
    return found;
  };
  const written = (level: Level, instrument: Instrument): [string, string] => [
    formatPrice(level.px, instrument),
    formatSize(level.sz, instrument),
  ];
  const best = (level: Level | null, instrument: Instrument) => (level === null ? null : written(level, instrument));

  /** Exchange time of each coin's first book of this connection: trades told from before it are history and meet nobody. */
  const firstBookMs = new Map<string, number>();
  const say = (step: unknown): void => {
    try {
      tell(step);
    } catch (error) {
      // A step that the exchange refuses is the venue's oddity, and no reason to stop following it.
      if (!(error instanceof RangeError)) throw error;
      onTrouble(error.message);
    }
  };

  return openMarketFeed({
    url,
    clock,
    coins: [...byCoin.keys()],
    instruments: byCoin,
    ...TIMES,
    onBook({ coin, exchangeTimeMs, bids, asks }) {
      if (!firstBookMs.has(coin)) firstBookMs.set(coin, exchangeTimeMs);
      const instrument = of(coin);
      const side = (levels: readonly Level[]) => levels.map((level) => written(level, instrument));
      say({ coin, bids: side(bids), asks: side(asks) });
    },
    onBbo({ coin, bid, ask }) {
      say({ coin, bid: best(bid, of(coin)), ask: best(ask, of(coin)) });
    },
    onPrints({ coin, prints }) {
      for (const { side, px, sz, exchangeTimeMs } of prints) {
        if (exchangeTimeMs < (firstBookMs.get(coin) ?? Number.POSITIVE_INFINITY)) continue;
        const [pxText, szText] = written({ px, sz }, of(coin));
        say({ coin, print: { side, px: pxText, sz: szText } });
      }
    },
    onMark({ coin, mark, oracle, fundingRateE10, openInterest }) {
      const decimals = priceDecimals(of(coin)) + 3;
      const held = openInterest === null ? {} : { openInterest: formatSize(openInterest, of(coin)) };
      say({ coin, mark: formatDecimal(mark, decimals), oracle: formatDecimal(oracle, decimals), fundingRateE10, ...held });
    },
    onState(state) {
      switch (state.kind) {
        case 'connected':
          onTrouble(`following ${url}`);
          return;
        case 'disconnected':
          firstBookMs.clear();
          onTrouble(`${url} is lost, its books stand still: ${state.reason}`);
          return;
        case 'silent':
          onTrouble(`${url} says nothing of ${state.channel} ${state.coin ?? ''}`);
          return;
        case 'unreadable':
          onTrouble(`${url} said what cannot be read: ${state.problem}`);
          return;
        default:
          state satisfies never;
      }
    },
  });
}
