/** The forms of --market, and the market each of them opens. */
import { bundledRecordingPath, openCandles, openRecording, type RecordedMarket } from '@hyperfleet/paper-exchange';

const FORMS = 'give a recording, or candles:FILE,FILE… with files named like BTC_1m.csv';

/** A market to trade on and how it fills. */
export interface OpenedMarket {
  readonly market: RecordedMarket;
  /** The venue's setting of that name: whether the market tells its trades. */
  readonly fillsByPrintsOnly: boolean;
}

/** Opens what --market asks for: the bundled recording where nothing is asked. Throws an Error naming what is wrong and the remedy. */
export async function openMarket(asked: string | undefined): Promise<OpenedMarket> {
  if (asked === undefined) return { market: openRecording(bundledRecordingPath), fillsByPrintsOnly: true };
  if (asked.startsWith('candles:')) {
    const paths = asked
      .slice('candles:'.length)
      .split(',')
      .filter((path) => path !== '');
    if (paths.length === 0) throw new Error(`--market ${asked}: names no file; ${FORMS}`);
    return { market: await openCandles(paths), fillsByPrintsOnly: true };
  }
  return { market: openRecording(asked), fillsByPrintsOnly: true };
}
