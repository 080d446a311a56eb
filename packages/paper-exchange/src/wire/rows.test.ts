import { readFileSync } from 'node:fs';
import { lots, microUsd, ticks } from '@hyperfleet/trading';
import { describe, expect, test } from 'vitest';
import type { VenueAccount, VenueFill } from '../matching/contract.ts';
import { aggregateFills, clearinghouseRow, fillRow } from './rows.ts';

const BTC = { szDecimals: 5 };
const recorded = JSON.parse(readFileSync(new URL('../../../../test/fixtures/venue/account.json', import.meta.url), 'utf8'));

describe('rows of an account', () => {
  test('a recorded account in whole numbers becomes the recorded bytes again', () => {
    const account: VenueAccount = {
      accountValue: microUsd(179_007_426),
      totalNtlPos: microUsd(47_662_350),
      totalRawUsd: microUsd(131_345_076),
      totalMarginUsed: microUsd(2_383_117),
      crossMaintenanceMarginUsed: microUsd(595_779),
      withdrawable: microUsd(174_241_191),
      positions: [
        {
          coin: 'BTC',
          asset: 0,
          szi: lots(61),
          entryPx: ticks(827_718),
          leverage: 20,
          isCross: true,
          isolatedMargin: null,
          positionValue: microUsd(47_662_350),
          value: microUsd(47_662_350),
          unrealizedPnl: microUsd(-2_828_480),
          marginUsed: microUsd(2_383_117),
          liquidationPx: null,
          liquidationPxText: null,
          maxLeverage: 40,
          fundingAllTime: microUsd(4_156),
          fundingSinceOpen: microUsd(4_156),
          fundingSinceChange: microUsd(-221),
        },
      ],
    };
    expect(JSON.stringify(clearinghouseRow(account, () => BTC, 1770118781558))).toBe(JSON.stringify(recorded.clearinghouseState));
  });
});

describe('rows of fills', () => {
  const fill: VenueFill = {
    user: `0x${'1'.repeat(40)}`,
    coin: 'BTC',
    asset: 0,
    px: ticks(816_230),
    sz: lots(31),
    side: 'buy',
    timeMs: 1769869597418,
    startPosition: lots(30),
    dir: 'Open Long',
    closedPnl: microUsd(0),
    oid: 307033892448,
    cloid: '0x508000013026000ff97db8b00001787b',
    crossed: false,
    fee: microUsd(3_643),
    builderFee: null,
    tid: 736187409879903,
    hash: '0xaa83fdbee40c4a98abfd043469198e0211d200a47f0f696a4e4ca911a3002483',
    liquidation: null,
  };

  test('a recorded fill in whole numbers becomes the recorded bytes again', () => {
    const theirs = recorded.userFills.find((row: { oid: number }) => row.oid === fill.oid);
    if (theirs !== undefined) expect(JSON.stringify(fillRow(fill, BTC))).toBe(JSON.stringify(theirs));
    expect(Object.keys(fillRow(fill, BTC))).toEqual(Object.keys(recorded.userFills[1]));
  });

  test('fills of one order at one time are summed, with the average price in full', () => {
    const parts: VenueFill[] = [fill, { ...fill, px: ticks(816_240), sz: lots(62), fee: microUsd(7_287), tid: 2 }, { ...fill, oid: 9 }];
    const rows = aggregateFills(parts, () => BTC);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ px: '81623.6666666666', sz: '0.00093', fee: '0.01093', startPosition: '0.0003', tid: fill.tid });
  });
});
