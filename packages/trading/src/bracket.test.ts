import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakevenPrice, marketLimitFor, splitLadder, stopLimitFor } from './bracket.ts';
import { type Instrument, isValidPrice, roundPrice } from './instrument.ts';
import type { Direction } from './order.ts';
import { lots, microUsd, type Ticks, ticks } from './units.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const TEN_DOLLARS = microUsd(10_000_000);
const direction = fc.constantFrom<Direction>('long', 'short');
const at = (...dollars: readonly number[]): Ticks[] => dollars.map((each) => ticks(each * 10));

describe('the take-profit ladder', () => {
  const split = (filled: number, targets: readonly Ticks[], side: Direction = 'long') =>
    splitLadder({ direction: side, filled: lots(filled), targets, minNotional: TEN_DOLLARS });

  test('is split equally and the last leg takes the remainder', () => {
    expect(split(1001, at(66_000, 67_000, 68_000))).toEqual([
      { index: 1, px: 660_000, sz: 333 },
      { index: 2, px: 670_000, sz: 333 },
      { index: 3, px: 680_000, sz: 335 },
    ]);
  });

  test('merges a leg under the minimum into the one nearer the entry', () => {
    // 0.0004 BTC over four targets is some $6.60 a leg.
    expect(split(40, at(66_000, 67_000, 68_000, 69_000))).toEqual([
      { index: 1, px: 660_000, sz: 20 },
      { index: 2, px: 680_000, sz: 20 },
    ]);
  });

  test('is one leg of everything at the first target where even the whole is under the minimum', () => {
    expect(split(3, at(66_000, 67_000))).toEqual([{ index: 1, px: 660_000, sz: 3 }]);
    expect(split(1, at(66_000, 67_000, 68_000, 69_000, 70_000))).toEqual([{ index: 1, px: 660_000, sz: 1 }]);
  });

  test('is empty without targets or without size', () => {
    expect(split(100, [])).toEqual([]);
    expect(split(0, at(66_000))).toEqual([]);
  });

  test('of more targets than a signal can have is a bug, said loudly', () => {
    expect(() => split(100, at(1, 2, 3, 4, 5, 6))).toThrow('a ladder has at most 5 targets, not 6');
  });

  test('always sums to what filled, keeps the order of its targets, and holds a small leg only when it is alone', () => {
    const targets = fc.uniqueArray(fc.integer({ min: 1, max: 2_000_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), targets, direction, (filled, prices, side) => {
        const sorted = prices.sort((a, b) => (side === 'long' ? a - b : b - a)).map(ticks);
        const legs = split(filled, sorted, side);
        expect(legs.reduce((sum, leg) => sum + leg.sz, 0)).toBe(filled);
        expect(legs.map((leg) => leg.index)).toEqual([1, 2, 3, 4, 5].slice(0, legs.length));
        expect(sorted.filter((px) => legs.some((leg) => leg.px === px))).toEqual(legs.map((leg) => leg.px));
        for (const leg of legs) {
          expect(leg.sz).toBeGreaterThan(0);
          if (legs.length > 1) expect(leg.px * leg.sz).toBeGreaterThanOrEqual(TEN_DOLLARS);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('breakeven', () => {
  const base = {
    direction: 'long',
    entryCost: microUsd(650_000 * 1000),
    entrySz: lots(1000),
    entryFeePpm: 450,
    takerPpm: 450,
    fundingPaid: microUsd(0),
    openSz: lots(500),
    instrument: BTC,
  } as const;

  test('is the average entry and both fees, rounded to a valid price away from loss', () => {
    // 65000 × 1.0009 = 65058.5, and above 10,000 only whole dollars are valid.
    expect(breakevenPrice(base)).toEqual({ price: 650_590, plainEntry: 650_000 });
    // 65000 × 0.9991 = 64941.5.
    expect(breakevenPrice({ ...base, direction: 'short' })).toEqual({ price: 649_410, plainEntry: 650_000 });
  });

  test('moves away from loss by the funding paid and towards it by the funding received, per unit still open', () => {
    // $1 paid on 0.005 BTC is $200 a coin.
    expect(breakevenPrice({ ...base, fundingPaid: microUsd(1_000_000) }).price).toBe(652_590);
    expect(breakevenPrice({ ...base, fundingPaid: microUsd(-1_000_000) }).price).toBe(648_590);
    expect(breakevenPrice({ ...base, direction: 'short', fundingPaid: microUsd(1_000_000) }).price).toBe(647_410);
  });

  test('never falls under the smallest price, however much funding was paid', () => {
    expect(breakevenPrice({ ...base, direction: 'short', fundingPaid: microUsd(9e14) }).price).toBe(1);
  });

  test('is never on the loss side of all it must cover, and the next valid price nearer the entry is', () => {
    fc.assert(
      fc.property(
        direction,
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1000, max: 100_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: -100_000, max: 100_000 }),
        (side, szDecimals, px, size, share, feePpm, fundingPpm) => {
          const openSz = Math.max(1, Math.floor((size * share) / 1_000_000));
          // A cost that divides into no whole ticks.
          const entryCost = px * size + Math.floor(size / 3);
          fc.pre(Number.isSafeInteger(entryCost));
          const fundingPaid = Math.trunc((px * openSz * fundingPpm) / 1_000_000);
          const instrument = { ...BTC, szDecimals };
          const args = {
            direction: side,
            entryCost: microUsd(entryCost),
            entrySz: lots(size),
            entryFeePpm: feePpm,
            takerPpm: 450,
            fundingPaid: microUsd(fundingPaid),
            openSz: lots(openSz),
            instrument,
          };
          const { price, plainEntry } = breakevenPrice(args);
          const sign = side === 'long' ? 1n : -1n;
          // (price − average) × open, less fees on the average and funding, over the common denominator.
          const left = (candidate: number): bigint => {
            const gain = sign * (BigInt(candidate) * BigInt(size) - BigInt(entryCost)) * BigInt(openSz) * 1_000_000n;
            return gain - BigInt(entryCost) * BigInt(openSz) * BigInt(feePpm + 450) - BigInt(fundingPaid) * BigInt(size) * 1_000_000n;
          };
          expect(isValidPrice(price, instrument)).toBe(true);
          expect(left(price)).toBeGreaterThanOrEqual(0n);
          const nearer =
            side === 'long' ? roundPrice(ticks(price - 1), 'down', instrument) : roundPrice(ticks(price + 1), 'up', instrument);
          expect(left(nearer)).toBeLessThan(0n);
          expect(sign * (BigInt(plainEntry) * BigInt(size) - BigInt(entryCost))).toBeGreaterThanOrEqual(0n);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('without a size there is nothing to break even on', () => {
    expect(() => breakevenPrice({ ...base, openSz: lots(0) })).toThrow(RangeError);
  });
});

describe('limits of orders that must fill', () => {
  test('a stop accepts ten percent beyond its trigger', () => {
    expect(stopLimitFor(ticks(640_000), 'sell', 100_000, BTC)).toBe(576_000);
    expect(stopLimitFor(ticks(640_000), 'buy', 100_000, BTC)).toBe(704_000);
  });

  test('a market order is bounded from the price it meets', () => {
    expect(marketLimitFor('buy', { px: ticks(650_000), sz: lots(1) }, 10_000, BTC)).toBe(656_500);
    expect(marketLimitFor('sell', { px: ticks(649_990), sz: lots(1) }, 10_000, BTC)).toBe(643_490);
  });

  test('are valid, outward of the trigger and above zero, for any trigger and slippage', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000_000_000 }),
        fc.integer({ min: 0, max: 999_999 }),
        fc.integer({ min: 0, max: 5 }),
        (px, ppm, szDecimals) => {
          const instrument = { ...BTC, szDecimals };
          const trigger = roundPrice(ticks(px), 'up', instrument);
          const [low, high] = [stopLimitFor(trigger, 'sell', ppm, instrument), stopLimitFor(trigger, 'buy', ppm, instrument)];
          expect(isValidPrice(low, instrument) && isValidPrice(high, instrument)).toBe(true);
          expect(low).toBeLessThanOrEqual(trigger);
          expect(high).toBeGreaterThanOrEqual(trigger);
          expect(BigInt(high) * 1_000_000n).toBeGreaterThanOrEqual(BigInt(trigger) * BigInt(1_000_000 + ppm));
        },
      ),
    );
  });
});
