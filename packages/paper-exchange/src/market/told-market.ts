import type { RecordedMarket } from '../market-source.ts';
import { universeOf } from './instruments.ts';

/**
 * A market of these coins without events of its own: it is told from outside, step by step (`PaperExchange.step`), at the time of
 * each telling, and never ends. Its times are moved to its exchange's start by `marketOf`. Throws a RangeError for a coin mainnet
 * does not list, or none.
 */
export function toldMarket(coins: readonly string[]): RecordedMarket {
  const listed = universeOf([]);
  const instruments = coins.map((coin) => {
    const found = listed.find((instrument) => instrument.coin === coin && !instrument.isDelisted);
    if (found === undefined)
      throw new RangeError(`coin "${coin}" is not traded on mainnet: give names as mainnet has them, e.g. BTC or kPEPE`);
    return found;
  });
  if (instruments.length === 0) throw new RangeError('no coin is named: give one or more, e.g. BTC,ETH');
  const header = { source: 'told step by step', instruments, marketStartMs: 0, endMs: Number.POSITIVE_INFINITY };
  return { header, events: () => [], isTold: true };
}
