/** The forms of --market, and the market each of them opens. */
import {
  bundledRecordingPath,
  openCandles,
  openRecording,
  outsideMarketSettings,
  type RecordedMarket,
  toldMarket,
  type VenueSettings,
} from '@hyperfleet/paper-exchange';

const FORMS = 'give a recording, candles:FILE,FILE… with files named like BTC_1m.csv, scripted:COIN,COIN…, or live:COIN,COIN…[@URL]';

/** A market to trade on, and what of the venue follows from it. */
export interface OpenedMarket {
  readonly market: RecordedMarket;
  /** The venue's settings for such a market. */
  readonly settings: Partial<VenueSettings>;
  /** Base URL of the venue whose market this follows, or null. */
  readonly liveUrl: string | null;
}

const MAINNET = 'https://api.hyperliquid.xyz';

/** What stands behind the colon of a form, separated by commas. */
const listOf = (asked: string, form: string): readonly string[] =>
  asked
    .slice(form.length)
    .split(',')
    .filter((part) => part !== '');

/** Opens what --market asks for: the bundled recording where nothing is asked. Throws an Error naming what is wrong and the remedy. */
export async function openMarket(asked: string | undefined): Promise<OpenedMarket> {
  if (asked === undefined) return { market: openRecording(bundledRecordingPath), settings: outsideMarketSettings, liveUrl: null };
  if (asked.startsWith('candles:')) {
    const paths = listOf(asked, 'candles:');
    if (paths.length === 0) throw new Error(`--market ${asked}: names no file; ${FORMS}`);
    return { market: await openCandles(paths), settings: outsideMarketSettings, liveUrl: null };
  }
  if (asked.startsWith('scripted:')) {
    const coins = listOf(asked, 'scripted:');
    if (coins.length === 0) throw new Error(`--market ${asked}: names no coin; ${FORMS}`);
    // A step that moves the book says nothing of trades, and is to fill what it crosses.
    return { market: toldMarket(coins), settings: {}, liveUrl: null };
  }
  if (asked.startsWith('live:')) {
    const [names = '', liveUrl = MAINNET] = asked.split('@');
    const coins = listOf(names, 'live:');
    if (coins.length === 0) throw new Error(`--market ${asked}: names no coin; ${FORMS}`);
    if (!URL.canParse(liveUrl) || !/^https?:/.test(liveUrl)) throw new Error(`--market ${asked}: ${liveUrl} is no http(s) URL; ${FORMS}`);
    return { market: toldMarket(coins), settings: outsideMarketSettings, liveUrl };
  }
  return { market: openRecording(asked), settings: outsideMarketSettings, liveUrl: null };
}
