import { address, object, string, Unfit } from './fields.ts';
import { ACCOUNT_READERS, type InfoReader, type InfoSources } from './info-account.ts';
import { ELSEWHERE_READERS } from './info-elsewhere.ts';
import { MARKET_READERS } from './info-market.ts';
import { TOKEN_READERS } from './info-tokens.ts';
import { webData2 } from './web-data.ts';

const READERS: Readonly<Record<string, InfoReader>> = {
  ...MARKET_READERS,
  ...ACCOUNT_READERS,
  ...ELSEWHERE_READERS,
  ...TOKEN_READERS,
  webData2: (sources, request, nowMs) => webData2(sources, address(request, 'user'), nowMs),
};

/** Every info request there is (PROTOCOL §8). */
export const INFO_TYPES: readonly string[] = Object.keys(READERS);

/**
 * Answers a /info body at `nowMs` of market time. Throws `Unfit` (422) for an unknown type or a field that does not fit and
 * `NoAnswer` (500, body null) where the venue has none (PROTOCOL §1, §8).
 */
export function readInfo(sources: InfoSources, body: unknown, nowMs: number): unknown {
  const request = object(body, 'body');
  const type = string(request, 'type');
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) throw new Unfit(`type: unknown ${type.slice(0, 40)}`);
  // Only the main dex exists here; python sends "" and null for it.
  if (typeof request.dex === 'string' && request.dex !== '') throw new Unfit(`dex: unknown ${request.dex.slice(0, 40)}`);
  return read(sources, request, nowMs);
}
