/** Readers of public market data and of the venue's meta (PROTOCOL §8, §9). */
import {
  type FineTicks,
  type Instrument,
  type Instruments,
  type Level,
  type Lots,
  lots,
  parseDecimal,
  type Side,
  type Ticks,
} from '@hyperfleet/trading';
import {
  arrayAt,
  type Fields,
  finePriceAt,
  flagAt,
  objectAt,
  type Parsed,
  parsed,
  priceAt,
  rateAt,
  sideAt,
  sizeAt,
  textAt,
  unreadable,
  wholeAt,
} from './fields.ts';

/** Both sides of a book, best first. */
export interface BookMessage {
  readonly coin: string;
  readonly exchangeTimeMs: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** The best level of each side, null where a side is empty. */
export interface BboMessage {
  readonly coin: string;
  readonly exchangeTimeMs: number;
  readonly bid: Level | null;
  readonly ask: Level | null;
}

/** One public trade; `side` is the aggressor's. */
export interface PublicTrade {
  readonly side: Side;
  readonly px: Ticks;
  readonly sz: Lots;
  readonly tid: number;
  readonly exchangeTimeMs: number;
}

/** Public trades of one coin that came in one message, oldest first. */
export interface PrintsMessage {
  readonly coin: string;
  readonly prints: readonly PublicTrade[];
}

/** Mark and oracle price and the hourly funding rate in 10^−10. */
export interface MarkMessage {
  readonly coin: string;
  readonly mark: FineTicks;
  readonly oracle: FineTicks;
  readonly fundingRateE10: number;
  /** Lots held long by everybody; null where the venue tells none that can be read, which keeps no mark from being used. */
  readonly openInterest: Lots | null;
}

const MAX_SZ_DECIMALS = 6;

/** meta: every perpetual of the main dex by coin; the asset id is the place in the list (PROTOCOL §8). */
export function parseInstruments(meta: unknown): Parsed<Instruments> {
  return parsed(() => {
    const universe = arrayAt(objectAt(meta, 'meta').universe, 'universe');
    if (universe.length === 0) unreadable('universe', universe, 'at least one coin');
    const instruments = new Map<string, Instrument>();
    for (const [assetId, value] of universe.entries()) {
      const instrument = instrumentOf(objectAt(value, `universe[${assetId}]`), assetId);
      if (instruments.has(instrument.coin)) unreadable(`universe[${assetId}].name`, instrument.coin, 'a name not seen before');
      instruments.set(instrument.coin, instrument);
    }
    return instruments;
  });
}

function instrumentOf(row: Fields, assetId: number): Instrument {
  const at = `universe[${assetId}]`;
  const szDecimals = wholeAt(row.szDecimals, `${at}.szDecimals`);
  if (szDecimals > MAX_SZ_DECIMALS) unreadable(`${at}.szDecimals`, szDecimals, `at most ${MAX_SZ_DECIMALS}`);
  const maxLeverage = wholeAt(row.maxLeverage, `${at}.maxLeverage`);
  if (maxLeverage < 1) unreadable(`${at}.maxLeverage`, maxLeverage, 'at least 1');
  return {
    coin: textAt(row.name, `${at}.name`),
    assetId,
    szDecimals,
    maxLeverage,
    onlyIsolated: optionalFlag(row.onlyIsolated, `${at}.onlyIsolated`),
    isDelisted: optionalFlag(row.isDelisted, `${at}.isDelisted`),
  };
}

function optionalFlag(value: unknown, field: string): boolean {
  return value === undefined || value === null ? false : flagAt(value, field);
}

/** The l2Book channel. Levels out of order are garbage: a book read wrong way round would trade at the worst price. */
export function parseBook(data: unknown, instruments: Instruments): Parsed<BookMessage> {
  return parsed(() => {
    const fields = objectAt(data, 'l2Book');
    const instrument = instrumentAt(fields.coin, 'l2Book.coin', instruments);
    const [bids, asks] = arrayAt(fields.levels, 'levels');
    return {
      coin: instrument.coin,
      exchangeTimeMs: wholeAt(fields.time, 'time'),
      bids: side(bids, 'levels[0]', { instrument, falling: true }),
      asks: side(asks, 'levels[1]', { instrument, falling: false }),
    };
  });
}

function side(
  value: unknown,
  field: string,
  { instrument, falling }: { readonly instrument: Instrument; readonly falling: boolean },
): readonly Level[] {
  const levels = arrayAt(value, field).map((row, index) => level(row, `${field}[${index}]`, instrument));
  for (let index = 1; index < levels.length; index += 1) {
    const better = levels[index - 1]?.px ?? 0;
    const worse = levels[index]?.px ?? 0;
    if (falling ? worse >= better : worse <= better)
      unreadable(`${field}[${index}].px`, worse, `a price ${falling ? 'below' : 'above'} the level before`);
  }
  return levels;
}

function level(value: unknown, field: string, instrument: Instrument): Level {
  const row = objectAt(value, field);
  return { px: priceAt(row.px, `${field}.px`, instrument), sz: sizeAt(row.sz, `${field}.sz`, instrument) };
}

/** The bbo channel; a side of a dead market is null. */
export function parseBbo(data: unknown, instruments: Instruments): Parsed<BboMessage> {
  return parsed(() => {
    const fields = objectAt(data, 'bbo');
    const instrument = instrumentAt(fields.coin, 'bbo.coin', instruments);
    const [bid, ask] = arrayAt(fields.bbo, 'bbo');
    return {
      coin: instrument.coin,
      exchangeTimeMs: wholeAt(fields.time, 'time'),
      bid: bid === null ? null : level(bid, 'bbo[0]', instrument),
      ask: ask === null ? null : level(ask, 'bbo[1]', instrument),
    };
  });
}

/** The trades channel: trades of one coin. Sorted by time, since the first message may list them newest first. */
export function parsePrints(data: unknown, instruments: Instruments): Parsed<PrintsMessage> {
  return parsed(() => {
    const rows = arrayAt(data, 'trades').map((row, index) => objectAt(row, `trades[${index}]`));
    const instrument = instrumentAt(rows[0]?.coin, 'trades[0].coin', instruments);
    const prints = rows.map((row, index) => {
      const at = `trades[${index}]`;
      if (row.coin !== instrument.coin) unreadable(`${at}.coin`, row.coin, instrument.coin);
      return {
        side: sideAt(row.side, `${at}.side`),
        px: priceAt(row.px, `${at}.px`, instrument),
        sz: sizeAt(row.sz, `${at}.sz`, instrument),
        tid: wholeAt(row.tid, `${at}.tid`),
        exchangeTimeMs: wholeAt(row.time, `${at}.time`),
      };
    });
    return { coin: instrument.coin, prints: prints.toSorted((a, b) => a.exchangeTimeMs - b.exchangeTimeMs) };
  });
}

/** The activeAssetCtx channel. */
export function parseMark(data: unknown, instruments: Instruments): Parsed<MarkMessage> {
  return parsed(() => {
    const fields = objectAt(data, 'activeAssetCtx');
    const instrument = instrumentAt(fields.coin, 'activeAssetCtx.coin', instruments);
    const ctx = objectAt(fields.ctx, 'ctx');
    return {
      coin: instrument.coin,
      mark: finePriceAt(ctx.markPx, 'ctx.markPx', instrument),
      oracle: finePriceAt(ctx.oraclePx, 'ctx.oraclePx', instrument),
      fundingRateE10: rateAt(ctx.funding, 'ctx.funding', 10),
      openInterest: openInterestOf(ctx.openInterest, instrument),
    };
  });
}

/** A sum the venue made in binary floats ("605822.2557999999", PROTOCOL §5): cut to whole lots. */
function openInterestOf(value: unknown, { szDecimals }: Instrument): Lots | null {
  const held = typeof value === 'string' ? parseDecimal(value, szDecimals, 'truncate') : null;
  return held === null || held < 0 ? null : lots(held);
}

function instrumentAt(value: unknown, field: string, instruments: Instruments): Instrument {
  return instruments.get(textAt(value, field)) ?? unreadable(field, value, "a coin of the venue's meta");
}
