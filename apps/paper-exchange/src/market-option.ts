/** The forms of --market, and the market each of them opens. */
import { bundledRecordingPath, openCandles, openRecording, type RecordedMarket, toldMarket } from '@hyperfleet/paper-exchange';

const FORMS = 'give a recording, candles:FILE,FILE… with files named like BTC_1m.csv, or scripted:COIN,COIN…';

/** A market to trade on and how it fills. */
export interface OpenedMarket {
  readonly market: RecordedMarket;
  /** The venue's setting of that name: whether the market tells its trades. */
  readonly fillsByPrintsOnly: boolean;
}

/** What stands behind the colon of a form, separated by commas. */
const listOf = (asked: string, form: string): readonly string[] =>
  asked
    .slice(form.length)
    .split(',')
    .filter((part) => part !== '');

/** Opens what --market asks for: the bundled recording where nothing is asked. Throws an Error naming what is wrong and the remedy. */
export async function openMarket(asked: string | undefined): Promise<OpenedMarket> {
  if (asked === undefined) return { market: openRecording(bundledRecordingPath), fillsByPrintsOnly: true };
  if (asked.startsWith('candles:')) {
    const paths = listOf(asked, 'candles:');
    if (paths.length === 0) throw new Error(`--market ${asked}: names no file; ${FORMS}`);
    return { market: await openCandles(paths), fillsByPrintsOnly: true };
  }
  if (asked.startsWith('scripted:')) {
    const coins = listOf(asked, 'scripted:');
    if (coins.length === 0) throw new Error(`--market ${asked}: names no coin; ${FORMS}`);
    // A step that moves the book says nothing of trades, and is to fill what it crosses.
    return { market: toldMarket(coins), fillsByPrintsOnly: false };
  }
  return { market: openRecording(asked), fillsByPrintsOnly: true };
}
