import { readFileSync } from 'node:fs';
import { FINE_PER_TICK, fineTicks, formatPrice, formatSize, lots, microUsd, parseDecimal, roundPrice, ticks } from '@hyperfleet/trading';
import { describe, expect, it } from 'vitest';
import type { Address, MarginedInstrument, Venue } from '../matching/contract.ts';
import { createVenue } from '../matching/venue.ts';
import { clearinghouseRow } from './rows.ts';

/** Recorded account states: every field of a clearinghouseState is computed anew from what was bought, paid in and marked. */
const states = JSON.parse(readFileSync(new URL('../../../../test/fixtures/accounts/states.json', import.meta.url), 'utf8'));

const USER: Address = `0x${'a'.repeat(40)}`;
const START_MS = 1_754_000_000_000;
const micro = (text: string): number => parseDecimal(text, 6) ?? Number.NaN;

interface Bought {
  readonly instrument: MarginedInstrument;
  readonly leverage: number;
  readonly isCross: boolean;
  /** Lots at a price in ticks, as takers; below zero sold. */
  readonly parts: readonly (readonly [px: number, sz: number])[];
  /** In ticks. */
  readonly mark: number;
}

const coin = (name: string, szDecimals: number, maxLeverage: number, assetId = 0): MarginedInstrument => ({
  coin: name,
  assetId,
  szDecimals,
  maxLeverage,
  onlyIsolated: false,
  isDelisted: false,
});

/** A venue at which the account has done just this; `paidIn` and fees in micro-dollars and parts per million. */
function accountWith(bought: readonly Bought[], { paidIn, takerFeePpm }: { readonly paidIn: number; readonly takerFeePpm: number }): Venue {
  const venue = createVenue({ instruments: bought.map(({ instrument }) => instrument), settings: { takerFeePpm } });
  venue.fund(USER, microUsd(paidIn), START_MS);
  let atMs = START_MS;
  for (const { instrument, leverage, isCross, parts } of bought) {
    venue.execute(USER, { type: 'updateLeverage', asset: instrument.assetId, isCross, leverage }, atMs);
    for (const [px, sz] of parts) {
      atMs += 1;
      const level = [{ px: ticks(px), sz: lots(Math.abs(sz)) }];
      const [bids, asks] = sz > 0 ? [[], level] : [level, []];
      venue.market({ kind: 'book', coin: instrument.coin, atMs, exchangeTimeMs: atMs, bids, asks });
      // The limit may be any valid price beyond; what trades is the level. Orders of less than $10 are refused: more is asked for.
      const [side, limit] =
        sz > 0
          ? (['buy', roundPrice(ticks(px), 'up', instrument)] as const)
          : (['sell', roundPrice(ticks(px), 'down', instrument)] as const);
      const asked = Math.max(Math.abs(sz), Math.ceil(10_000_001 / limit));
      const type = { kind: 'limit', tif: 'Ioc' } as const;
      const order = {
        asset: instrument.assetId,
        side,
        px: formatPrice(limit, instrument),
        sz: formatSize(lots(asked), instrument),
        reduceOnly: false,
        type,
        cloid: null,
      };
      const reply = JSON.stringify(venue.execute(USER, { type: 'order', orders: [order], grouping: 'na' }, atMs));
      expect(reply).toContain('filled');
    }
  }
  for (const { instrument, mark } of bought) {
    const fine = fineTicks(mark * FINE_PER_TICK);
    venue.market({ kind: 'mark', coin: instrument.coin, atMs: atMs + 1, mark: fine, oracle: fine, fundingRateE10: null });
  }
  return venue;
}

/** The row of the account with the recorded funding and time in it: neither follows from what was bought. */
function rowOf(
  venue: Venue,
  recorded: { readonly assetPositions: readonly { readonly position: { readonly cumFunding: unknown } }[]; readonly time: number },
): unknown {
  const instruments = new Map(venue.instruments.map((instrument) => [instrument.coin, instrument]));
  const row = clearinghouseRow(venue.account(USER), (name) => instruments.get(name) ?? { szDecimals: 0 }, recorded.time);
  const copy = JSON.parse(JSON.stringify(row));
  for (const [n, { position }] of recorded.assetPositions.entries()) copy.assetPositions[n].position.cumFunding = position.cumFunding;
  return copy;
}

describe('a recorded account state computed anew (PROTOCOL §7)', () => {
  it('cross, 2026: every field, profit by what was paid and not by the entry shown', () => {
    // 61 lots for 50.49083: 52 at 82772 and 9 at 82771 dollars. The entry shown, 82771.8, would make it 50.490798.
    const recorded = states['cross 2026'];
    const btc = { instrument: coin('BTC', 5, 40), leverage: 20, isCross: true, mark: 781_350 };
    const parts = [
      [827_720, 52],
      [827_710, 9],
    ] as const;
    const paidIn = micro(recorded.marginSummary.totalRawUsd) + 50_490_830;
    const venue = accountWith([{ ...btc, parts }], { paidIn, takerFeePpm: 0 });
    expect(JSON.stringify(rowOf(venue, recorded))).toBe(JSON.stringify(recorded));
  });

  it('isolated, 2025: the fee of 0.034046 came out of the position’s own margin, and all that is cross can be withdrawn', () => {
    const recorded = states['isolated 2025'];
    const hype = { instrument: coin('HYPE', 2, 10), leverage: 10, isCross: false, mark: 378_260, parts: [[378_290, 200]] } as const;
    const paidIn = micro(recorded.crossMarginSummary.accountValue) + 7_565_800;
    const venue = accountWith([hype], { paidIn, takerFeePpm: 450 });
    expect(JSON.stringify(rowOf(venue, recorded))).toBe(JSON.stringify(recorded));
  });

  it('a position on testnet, 2026: return on equity is rounded, not cut', () => {
    const recorded = states['position on testnet 2026'];
    const btc = { instrument: coin('BTC', 5, 40), leverage: 5, isCross: true, mark: 794_420 };
    // 15 lots for 11.91739: average 79449.26.
    const parts = [
      [794_490, 11],
      [794_500, 4],
    ] as const;
    const venue = accountWith([{ ...btc, parts }], { paidIn: 100_000_000, takerFeePpm: 450 });
    const row = JSON.parse(JSON.stringify(clearinghouseRow(venue.account(USER), () => btc.instrument, 0)));
    expect(row.assetPositions[0].position).toEqual(recorded);
  });

  it('twelve positions, 2023: values, margins, totals and raw dollars; returns and liquidation prices followed other rules then', () => {
    const recorded = states['twelve positions 2023'];
    type Old = { coin: string; entryPx: string; szi: string; positionValue: string; marginUsed: string; unrealizedPnl: string };
    const positions: Old[] = recorded.assetPositions.map((row: { position: Old }) => row.position);
    const decimals: Readonly<Record<string, number>> = {
      BTC: 5,
      ETH: 4,
      ATOM: 2,
      MATIC: 1,
      DYDX: 1,
      SOL: 2,
      AVAX: 2,
      BNB: 3,
      APE: 1,
      OP: 1,
      LTC: 2,
      ARB: 1,
    };
    let cost = 0;
    const bought = positions.map((position, assetId): Bought => {
      const szDecimals = decimals[position.coin] ?? 0;
      const sz = parseDecimal(position.szi, szDecimals) ?? 0;
      const mark = micro(position.positionValue) / Math.abs(sz);
      const paid = Math.sign(sz) * micro(position.positionValue) - micro(position.unrealizedPnl);
      cost += paid;
      const parts = [[Math.abs(paid / sz), sz]] as const;
      return { instrument: coin(position.coin, szDecimals, 50, assetId), leverage: 20, isCross: true, mark, parts };
    });
    const venue = accountWith(bought, { paidIn: micro(recorded.marginSummary.totalRawUsd) + cost, takerFeePpm: 0 });
    const account = venue.account(USER);
    for (const [n, position] of positions.entries()) {
      const ours = account.positions[n];
      expect([ours?.positionValue, ours?.marginUsed, ours?.unrealizedPnl]).toEqual(
        [position.positionValue, position.marginUsed, position.unrealizedPnl].map(micro),
      );
    }
    const { marginSummary } = recorded;
    expect(account.accountValue).toBe(micro(marginSummary.accountValue));
    expect(account.totalNtlPos).toBe(micro(marginSummary.totalNtlPos));
    expect(account.totalRawUsd).toBe(micro(marginSummary.totalRawUsd));
    expect(account.totalMarginUsed).toBe(micro(marginSummary.totalMarginUsed));
  });
});
