import { FINE_PER_TICK, fineTicks, lots, microUsd, mulDiv, parseDecimal, parsePrice, parseSize, ticks } from '@hyperfleet/trading';
import type { Address, MarginedInstrument, Venue, VenueFill } from '../contract.ts';
import { fundingTimeMs } from '../funding.ts';
import { createVenue } from '../venue.ts';

/** A line of an account's own records: a fill or an hour's funding, all numbers as the venue wrote them. */
export interface AccountRow {
  readonly kind: 'fill' | 'funding';
  readonly timeMs: number;
  readonly coin: string;
  readonly side: 'buy' | 'sell';
  readonly px: string;
  readonly sz: string;
  readonly startPosition: string;
  readonly dir: string;
  readonly closedPnl: string;
  readonly fee: string;
  readonly crossed: boolean;
  readonly usdc: string;
  readonly szi: string;
  readonly fundingRate: string;
}

/** A number of the records and ours, in whole units of 10^−6 dollars or lots. */
export interface Compared {
  readonly row: AccountRow;
  readonly what: 'startPosition' | 'dir' | 'closedPnl' | 'fee' | 'funding' | 'szi';
  readonly theirs: number | string;
  readonly ours: number | string;
}

export interface AccountReplay {
  readonly venue: Venue;
  /** Every number compared, in order. */
  readonly compared: readonly Compared[];
  /** Hours and coins at which the venue paid funding, and at which the records have a payment; sorted. */
  readonly hours: { readonly ours: readonly string[]; readonly theirs: readonly string[] };
  /** How far the oracle price read from each payment lies from the coin's latest fill, as a part of it. */
  readonly oracleDistances: readonly number[];
}

const USER: Address = `0x${'a'.repeat(40)}`;
const HOUR_MS = 3_600_000;
const FAR_LOTS = 1_000_000_000;
const micro = (text: string): number => {
  const value = parseDecimal(text, 6);
  if (value === null) throw new RangeError(`"${text}" is no amount of micro-dollars`);
  return value;
};

/** Instruments for the coins of the rows, with as many decimals of size as the rows show and `known` says. */
function instrumentsOf(rows: readonly AccountRow[], known: (coin: string) => number | null): MarginedInstrument[] {
  const decimals = new Map<string, number>();
  for (const { coin, sz } of rows) {
    const seen = sz.replace(/\.?0+$/, '').split('.')[1]?.length ?? 0;
    decimals.set(coin, known(coin) ?? Math.max(seen, decimals.get(coin) ?? 0));
  }
  return [...decimals].map(([coin, szDecimals], assetId) => ({
    coin,
    assetId,
    szDecimals,
    maxLeverage: 40,
    onlyIsolated: false,
    isDelisted: false,
  }));
}

export interface ReplayOptions {
  /** Base rates of the dex the rows are of, in parts per million. */
  readonly takerFeePpm: number;
  readonly makerFeePpm: number;
  /** From this market time on the account pays 4 % less: it has come by a referral. */
  readonly referredAtMs: number;
  /** Decimals of size of a coin where known. */
  readonly szDecimals: (coin: string) => number | null;
}

/**
 * Does an account's fills again, each in a market of its own making at the recorded price and size, as taker or as maker,
 * and lets each recorded hour pay funding at the recorded rate. Fees, closing profits, positions and payments are then the
 * venue's own and are compared with the records.
 */
export function replayAccount(rows: readonly AccountRow[], options: ReplayOptions): AccountReplay {
  const instruments = instrumentsOf(rows, options.szDecimals);
  const byCoin = new Map(instruments.map((instrument) => [instrument.coin, instrument]));
  const settings = { takerFeePpm: options.takerFeePpm, makerFeePpm: options.makerFeePpm, feeTiers: [], makerTiers: [], fundingRateE10: 0 };
  const venue = createVenue({ instruments, settings });
  const compared: Compared[] = [];
  const oracleDistances: number[] = [];
  const lastPx = new Map<string, number>();
  let isReferred = false;
  let tid = 0;
  let exchangeMs = 0;
  // What the account had is not in the records whole; enough that no order is refused for margin.
  venue.fund(USER, microUsd(1_000_000_000_000), rows[0]?.timeMs ?? 0);
  for (const instrument of instruments) {
    const action = { type: 'updateLeverage', asset: instrument.assetId, isCross: true, leverage: 40 } as const;
    venue.execute(USER, action, venue.nowMs);
  }

  function doFill(row: AccountRow, instrument: MarginedInstrument): VenueFill | undefined {
    const { coin, assetId } = instrument;
    const [px, sz] = [parsePrice(row.px, instrument), parseSize(row.sz, instrument)];
    if (px === null || sz === null) throw new RangeError(`${coin}: ${row.px} × ${row.sz} is finer than its ticks and lots`);
    // Fills of one moment come from several levels: each has a book of its own, newer than the last.
    exchangeMs = Math.max(exchangeMs + 1, row.timeMs);
    const head = { coin, atMs: row.timeMs, exchangeTimeMs: exchangeMs };
    const mark = fineTicks(px * FINE_PER_TICK);
    venue.market({ kind: 'mark', ...head, mark, oracle: mark, fundingRateE10: 0 });
    // A taker finds exactly what it took; a maker comes first at a price inside the book.
    const step = Math.max(1, Math.floor(px / 100));
    const [low, high] = [ticks(Math.max(1, px - step)), ticks(px + step)];
    const offered = row.side === 'buy' ? { bid: low, ask: row.crossed ? px : high } : { bid: row.crossed ? px : low, ask: high };
    const size = (at: number) => (row.crossed && at === px ? sz : lots(FAR_LOTS));
    const [bids, asks] = [[{ px: offered.bid, sz: size(offered.bid) }], [{ px: offered.ask, sz: size(offered.ask) }]];
    venue.market({ kind: 'book', ...head, bids, asks });
    // At least $10 is asked for; no more than the fill's size trades.
    const asked = Math.max(sz, Math.ceil(10_000_001 / px));
    const input = {
      asset: assetId,
      side: row.side,
      px: row.px,
      sz: String(asked / 10 ** instrument.szDecimals),
      reduceOnly: false,
      type: { kind: 'limit', tif: row.crossed ? 'Ioc' : 'Alo' },
      cloid: null,
    } as const;
    const before = venue.fills(USER).length;
    const reply = venue.execute(USER, { type: 'order', orders: [input], grouping: 'na' }, row.timeMs);
    if (!row.crossed) {
      tid += 1;
      const side = row.side === 'buy' ? 'sell' : 'buy';
      venue.market({ kind: 'prints', coin, atMs: row.timeMs, prints: [{ side, px, sz, tid, exchangeTimeMs: exchangeMs }] });
      for (const { oid } of venue.openOrders(USER)) venue.execute(USER, { type: 'cancel', cancels: [{ asset: assetId, oid }] }, row.timeMs);
    }
    const fills = venue.fills(USER).slice(before);
    if (fills.length !== 1) throw new Error(`${coin} at ${row.timeMs}: ${fills.length} fills, ${JSON.stringify(reply)}`);
    lastPx.set(coin, px);
    return fills[0];
  }

  function compareFill(row: AccountRow, fill: VenueFill, instrument: MarginedInstrument): void {
    compared.push({
      row,
      what: 'startPosition',
      theirs: parseSize(row.startPosition, instrument) ?? row.startPosition,
      ours: fill.startPosition,
    });
    compared.push({ row, what: 'dir', theirs: row.dir, ours: fill.dir });
    compared.push({ row, what: 'closedPnl', theirs: micro(row.closedPnl), ours: fill.closedPnl });
    compared.push({ row, what: 'fee', theirs: micro(row.fee), ours: fill.fee });
  }

  /** The oracle of a payment is not in the records: it is read from the payment, the size and the rate. */
  function tellOracle(row: AccountRow, instrument: MarginedInstrument, hourMs: number): void {
    const szi = parseSize(row.szi, instrument) ?? 0;
    const rate = parseDecimal(row.fundingRate, 10) ?? 0;
    const usd = micro(row.usdc);
    const value = rate === 0 ? 0 : mulDiv(Math.abs(usd) * 2 + 1, 10_000_000_000, 2 * Math.abs(rate), 'floor');
    const px = lastPx.get(instrument.coin) ?? 1;
    const oracle = rate === 0 || szi === 0 ? px * FINE_PER_TICK : mulDiv(value, FINE_PER_TICK, Math.abs(szi), 'floor');
    oracleDistances.push(Math.abs(oracle / FINE_PER_TICK / px - 1));
    const mark = fineTicks(px * FINE_PER_TICK);
    venue.market({
      kind: 'mark',
      coin: instrument.coin,
      atMs: hourMs - 1,
      mark,
      oracle: fineTicks(Math.max(1, oracle)),
      fundingRateE10: rate,
    });
  }

  function doHour(due: readonly AccountRow[]): void {
    const hourMs = Math.floor((due[0]?.timeMs ?? 0) / HOUR_MS) * HOUR_MS;
    for (const row of due) {
      const instrument = byCoin.get(row.coin);
      if (instrument !== undefined) tellOracle(row, instrument, hourMs);
    }
    const paidMs = fundingTimeMs(hourMs);
    venue.advance(paidMs);
    const payments = venue.fundings(USER).filter((event) => event.timeMs === paidMs);
    for (const row of due) {
      const ours = payments.find((event) => event.coin === row.coin);
      const instrument = byCoin.get(row.coin);
      if (instrument === undefined) continue;
      compared.push({ row, what: 'szi', theirs: parseSize(row.szi, instrument) ?? row.szi, ours: ours?.szi ?? 'none' });
      compared.push({ row, what: 'funding', theirs: micro(row.usdc), ours: ours?.usd ?? 'none' });
      venue.market({
        kind: 'mark',
        coin: row.coin,
        atMs: paidMs,
        mark: fineTicks((lastPx.get(row.coin) ?? 1) * FINE_PER_TICK),
        oracle: fineTicks((lastPx.get(row.coin) ?? 1) * FINE_PER_TICK),
        fundingRateE10: 0,
      });
    }
  }

  for (let at = 0; at < rows.length; ) {
    const row = rows[at];
    const instrument = row === undefined ? undefined : byCoin.get(row.coin);
    if (row === undefined || instrument === undefined) break;
    if (row.kind === 'funding') {
      let end = at;
      const hour = Math.floor(row.timeMs / HOUR_MS);
      while (rows[end]?.kind === 'funding' && Math.floor((rows[end]?.timeMs ?? 0) / HOUR_MS) === hour) end += 1;
      doHour(rows.slice(at, end));
      at = end;
      continue;
    }
    if (!isReferred && row.timeMs >= options.referredAtMs) {
      isReferred = true;
      venue.advance(row.timeMs);
      venue.setDiscounts(USER, { referralDiscountPpm: 40_000, stakingDiscountPpm: 0 });
    }
    const fill = doFill(row, instrument);
    if (fill !== undefined) compareFill(row, fill, instrument);
    venue.drain();
    at += 1;
  }
  // An hour may pass after the last fill.
  const endMs = rows.at(-1)?.timeMs ?? 0;
  venue.advance(Math.max(venue.nowMs, endMs));
  const hourOf = (timeMs: number, coin: string): string => `${Math.floor(timeMs / HOUR_MS)} ${coin}`;
  const hours = {
    ours: venue
      .fundings(USER)
      .map((event) => hourOf(event.timeMs, event.coin))
      .sort(),
    theirs: rows
      .filter(({ kind }) => kind === 'funding')
      .map((row) => hourOf(row.timeMs, row.coin))
      .sort(),
  };
  return { venue, compared, hours, oracleDistances };
}
