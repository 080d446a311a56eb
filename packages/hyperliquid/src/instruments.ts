import type { Instruments } from '@hyperfleet/trading';
import { parseInstruments } from './from-wire/market.ts';
import { type InfoOptions, openInfo } from './info.ts';

/**
 * The venue's perpetuals by coin, from one `meta` request (PROTOCOL §8). Ask once and share the map: it can be cloned to
 * threads. Throws `VenueReadError`.
 */
export async function fetchInstruments(options: Omit<InfoOptions, 'concurrency'>): Promise<Instruments> {
  const info = openInfo({ ...options, concurrency: 1 });
  try {
    return await info.ask({ type: 'meta' }, parseInstruments);
  } finally {
    info.close();
  }
}
