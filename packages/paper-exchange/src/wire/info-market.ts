import { FINE_PER_TICK, type Instrument, mulDiv } from '@hyperfleet/trading';
import { FIRST_TABLE_ID, isListing, type Listing, MAINNET_MARGIN_TABLES, type MarginTable, oneTier } from '../market/universe.ts';
import { rateText, usdText, withDecimal } from './decimal-text.ts';
import type { Figures } from './feed.ts';
import { integer, type JsonObject, object, optional, string, Unfit } from './fields.ts';
import type { InfoReader, InfoSources } from './info-account.ts';
import type { Row } from './rows.ts';
import { spotCtx } from './spot.ts';

const HOUR_MS = 3_600_000;
const FUNDING_ROWS_MAX = 500;

/** An answer the venue gives as HTTP 500 with body `null`, e.g. unsupported nSigFigs (PROTOCOL §1). */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

const listed = (instrument: Instrument): Listing =>
  isListing(instrument) ? instrument : { ...instrument, marginMode: null, marginTable: oneTier(instrument.maxLeverage) };

const universeRow = (listing: Listing): Row => ({
  szDecimals: listing.szDecimals,
  name: listing.coin,
  maxLeverage: listing.maxLeverage,
  marginTableId: listing.marginTable.id,
  ...(listing.onlyIsolated ? { onlyIsolated: true } : {}),
  ...(listing.isDelisted ? { isDelisted: true } : {}),
  ...(listing.marginMode === null ? {} : { marginMode: listing.marginMode }),
});

/** Stands at an index of the universe where the market has no instrument: an asset id is its index in it. */
const vacantRow = (assetId: number): Row => ({
  szDecimals: 0,
  name: `VACANT${assetId}`,
  maxLeverage: 3,
  marginTableId: 3,
  isDelisted: true,
});

function bySlot({ venue }: InfoSources): readonly (Instrument | null)[] {
  const slots: (Instrument | null)[] = [];
  for (const instrument of venue.instruments) {
    while (slots.length <= instrument.assetId) slots.push(null);
    slots[instrument.assetId] = instrument;
  }
  return slots;
}

const tableRow = ({ description, tiers }: MarginTable): Row => ({
  description,
  marginTiers: tiers.map(({ lowerBoundUsd, maxLeverage }) => ({ lowerBound: withDecimal(lowerBoundUsd, 0), maxLeverage })),
});

/** The tables with an id of their own, mainnet's and the instruments', lowest id first. */
function marginTables({ venue }: InfoSources): ReadonlyMap<number, MarginTable> {
  const tables = new Map(MAINNET_MARGIN_TABLES);
  for (const { marginTable } of venue.instruments.map(listed)) {
    if (marginTable.id >= FIRST_TABLE_ID) tables.set(marginTable.id, marginTable);
  }
  return new Map([...tables].sort(([a], [b]) => a - b));
}

/** meta of the main dex (PROTOCOL §8). */
export function meta(sources: InfoSources): Row {
  return {
    universe: bySlot(sources).map((instrument, assetId) => (instrument === null ? vacantRow(assetId) : universeRow(listed(instrument)))),
    marginTables: [...marginTables(sources)].map(([id, table]) => [id, tableRow(table)]),
    collateralToken: 0,
  };
}

/** A table by its id; one of a single tier where the id is below 50 (PROTOCOL §7). */
function marginTable(sources: InfoSources, request: JsonObject): unknown {
  const id = integer(request, 'id', 1);
  const table = id < FIRST_TABLE_ID ? oneTier(id) : marginTables(sources).get(id);
  if (table === undefined) throw new NoAnswer(`margin table ${id} is unknown`);
  return tableRow(table);
}

const VACANT_CTX = {
  funding: '0.0',
  openInterest: '0.0',
  prevDayPx: '0.0',
  dayNtlVlm: '0.0',
  premium: null,
  oraclePx: '0.0',
  markPx: '0.0',
  midPx: null,
  impactPxs: null,
  dayBaseVlm: '0.0',
};

/** Contexts in the order of the universe. */
export const assetCtxs = (sources: InfoSources, nowMs: number): readonly unknown[] =>
  bySlot(sources).map((instrument) => (instrument === null ? VACANT_CTX : sources.feed.ctx(instrument.coin, nowMs)));

/** Reads nSigFigs and mantissa; null when the book is wanted as it is. Throws `NoAnswer` for what the venue does not support. */
export function readFigures(request: JsonObject): Figures | null {
  const nSigFigs = optional(request, 'nSigFigs', integer);
  const mantissa = optional(request, 'mantissa', integer);
  if (nSigFigs === null) return null;
  const allowed = mantissa === null || (nSigFigs === 5 && [1, 2, 5].includes(mantissa));
  if (nSigFigs < 2 || nSigFigs > 5 || !allowed) throw new NoAnswer(`unsupported nSigFigs ${nSigFigs} with mantissa ${mantissa}`);
  return { nSigFigs, mantissa: mantissa ?? 1 };
}

/** The book as it can be traded now; null for an unknown coin, and nothing in that of a spot pair. */
function l2Book({ feed }: InfoSources, request: JsonObject, nowMs: number): unknown {
  const coin = string(request, 'coin');
  const figures = readFigures(request);
  return spotCtx(coin) === null ? feed.book(coin, figures) : { coin, time: nowMs, levels: [[], []] };
}

/** Coins whose open interest has reached what it is capped at. */
export function perpsAtCap({ venue, feed }: InfoSources): readonly string[] {
  return Object.entries(venue.settings.openInterestCapsUsd).flatMap(([coin, capUsd]) => {
    const instrument = feed.instrument(coin);
    const mark = instrument === null ? null : venue.assetMarket(instrument.assetId).mark;
    if (mark === null) return [];
    return mulDiv(feed.openInterest(coin), mark, FINE_PER_TICK, 'floor') >= capUsd * 1e6 ? [coin] : [];
  });
}

function candleSnapshot({ feed }: InfoSources, request: JsonObject, nowMs: number): unknown {
  const req = object(request.req, 'req');
  const coin = string(req, 'coin');
  if (spotCtx(coin) !== null) return [];
  const candles = feed.candles(coin);
  const endMs = optional(req, 'endTime', integer) ?? nowMs;
  const rows = candles?.rows(string(req, 'interval'), integer(req, 'startTime'), endMs);
  if (rows === null) throw new Unfit('interval: expected 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 8h, 12h, 1d, 3d, 1w or 1M');
  if (rows === undefined) throw new NoAnswer('unknown coin');
  return rows;
}

function fundingHistory({ feed }: InfoSources, request: JsonObject): unknown {
  const startMs = integer(request, 'startTime');
  const endMs = optional(request, 'endTime', integer) ?? Number.MAX_SAFE_INTEGER;
  return feed
    .funding(string(request, 'coin'))
    .filter((row) => row.time >= startMs && row.time <= endMs)
    .slice(0, FUNDING_ROWS_MAX);
}

function predictedFundings({ venue, feed }: InfoSources, _request: JsonObject, nowMs: number): unknown {
  const nextFundingTime = nowMs - (nowMs % HOUR_MS) + HOUR_MS;
  return venue.instruments.map(({ coin, assetId }) => [
    coin,
    [
      ['BinPerp', null],
      ['HlPerp', { fundingRate: rateText(venue.assetMarket(assetId).fundingRateE10), nextFundingTime, fundingIntervalHours: 1 }],
      ['BybitPerp', null],
    ].filter(() => feed.instrument(coin) !== null),
  ]);
}

/** Largest market order in USD by maximum leverage (PROTOCOL §5). */
const maxMarketUsd = (maxLeverage: number): number =>
  maxLeverage >= 25 ? 30_000_000 : maxLeverage >= 20 ? 5_000_000 : maxLeverage >= 10 ? 2_000_000 : 500_000;

/** /info requests about the market (PROTOCOL §8). */
export const MARKET_READERS: Readonly<Record<string, InfoReader>> = {
  meta,
  allPerpMetas: (sources) => [meta(sources)],
  metaAndAssetCtxs: (sources, _request, nowMs) => [meta(sources), assetCtxs(sources, nowMs)],
  allMids: ({ feed }) => feed.mids(),
  l2Book,
  recentTrades: ({ feed }, request) => [...feed.trades(string(request, 'coin'))].reverse(),
  candleSnapshot,
  fundingHistory,
  predictedFundings,
  exchangeStatus: (_sources, _request, nowMs) => ({ time: nowMs, specialStatuses: null }),
  perpsAtOpenInterestCap: perpsAtCap,
  liquidatable: () => [],
  marginTable,
  maxMarketOrderNtls: ({ venue }) =>
    [...new Set(venue.instruments.map((instrument) => instrument.maxLeverage))].map((leverage) => [
      leverage,
      usdText(maxMarketUsd(leverage) * 1e6),
    ]),
};
