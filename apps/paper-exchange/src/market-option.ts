/** The forms of --market, and the market each of them opens. */
import { bundledRecordingPath, openCandles, openRecording, type RecordedMarket, toldMarket } from '@hyperfleet/paper-exchange';

const FORMS = 'give a recording, candles:FILE,FILE… with files named like BTC_1m.csv, scripted:COIN,COIN…, or live:COIN,COIN…[@URL]';

/** A market to trade on and how it fills. */
export interface OpenedMarket {
  readonly market: RecordedMarket;
  /** The venue's setting of that name: whether the market tells its trades. */
  readonly fillsByPrintsOnly: boolean;
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
  if (asked === undefined) return { market: openRecording(bundledRecordingPath), fillsByPrintsOnly: true, liveUrl: null };
  if (asked.startsWith('candles:')) {
    const paths = listOf(asked, 'candles:');
    if (paths.length === 0) throw new Error(`--market ${asked}: names no file; ${FORMS}`);
    return { market: await openCandles(paths), fillsByPrintsOnly: true, liveUrl: null };
  }
  if (asked.startsWith('scripted:')) {
    const coins = listOf(asked, 'scripted:');
    if (coins.length === 0) throw new Error(`--market ${asked}: names no coin; ${FORMS}`);
    // A step that moves the book says nothing of trades, and is to fill what it crosses.
    return { market: toldMarket(coins), fillsByPrintsOnly: false, liveUrl: null };
  }
  if (asked.startsWith('live:')) {
    const [names = '', liveUrl = MAINNET] = asked.split('@');
    const coins = listOf(names, 'live:');
    if (coins.length === 0) throw new Error(`--market ${asked}: names no coin; ${FORMS}`);
    if (!URL.canParse(liveUrl) || !/^https?:/.test(liveUrl)) throw new Error(`--market ${asked}: ${liveUrl} is no http(s) URL; ${FORMS}`);
    return { market: toldMarket(coins), fillsByPrintsOnly: true, liveUrl };
  }
  return { market: openRecording(asked), fillsByPrintsOnly: true, liveUrl: null };
}
