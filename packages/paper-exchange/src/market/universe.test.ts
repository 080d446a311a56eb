import { describe, expect, it } from 'vitest';
import { Unfit } from '../wire/fields.ts';
import { instrumentsOf, universeOf } from './instruments.ts';
import { listingsOf, MAINNET_MARGIN_TABLES, MAINNET_PERPS } from './universe.ts';

/** Names and szDecimals of the mainnet meta of July 2023, in its order. */
const FIRST_OF_2023 = `BTC 5 ETH 4 ATOM 2 MATIC 1 DYDX 1 SOL 2 AVAX 2 BNB 3 APE 1 OP 1 LTC 2 ARB 1 DOGE 0 INJ 1 SUI 1 kPEPE 0
  CRV 1 LDO 1 LINK 1 STX 1 RNDR 1 CFX 0 FTM 0 GMX 2 SNX 1 XRP 0 BCH 3 APT 2`;

describe('what mainnet lists', () => {
  it('is over 200 perpetuals, each once and at its asset id, the first as they were in 2023', () => {
    expect(MAINNET_PERPS).toHaveLength(234);
    expect(new Set(MAINNET_PERPS.map(({ coin }) => coin)).size).toBe(234);
    expect(MAINNET_PERPS.every((listing, place) => listing.assetId === place)).toBe(true);
    const first = MAINNET_PERPS.slice(0, 28).flatMap(({ coin, szDecimals }) => [coin, String(szDecimals)]);
    expect(first).toEqual(FIRST_OF_2023.split(/\s+/));
    expect(MAINNET_PERPS.filter(({ isDelisted }) => isDelisted)).toHaveLength(56);
  });

  it('has margin tables that begin at zero with the leverage of their assets', () => {
    expect([...MAINNET_MARGIN_TABLES.keys()]).toEqual([50, 51, 52, 53, 54, 55, 56]);
    for (const { coin, maxLeverage, marginTable } of MAINNET_PERPS) {
      expect(marginTable.tiers[0], coin).toEqual({ lowerBoundUsd: 0, maxLeverage });
      expect(marginTable.id < 50 ? marginTable.id : MAINNET_MARGIN_TABLES.get(marginTable.id)?.id, coin).toBe(marginTable.id);
    }
  });
});

describe('the universe of a recording', () => {
  const made = instrumentsOf([
    { coin: 'WLFI', sizeDecimals: 0, priceDecimals: 5 },
    { coin: 'MKR', sizeDecimals: 4, priceDecimals: 1 },
    { coin: 'NEWCOIN', sizeDecimals: 3, priceDecimals: 2 },
  ]);

  it('has the recorded coins at the ids of mainnet, whatever the recording says, and others after them', () => {
    const universe = universeOf(made.map((instrument) => ({ ...instrument, assetId: 28 })));
    expect(universe).toHaveLength(235);
    expect(universe.every((listing, place) => listing.assetId === place)).toBe(true);
    expect(universe[204]).toMatchObject({ coin: 'WLFI', szDecimals: 0, maxLeverage: 5 });
    expect(universe[28]).toMatchObject({ coin: 'AAVE' });
    expect(universe[234]).toMatchObject({ coin: 'NEWCOIN', szDecimals: 3, maxLeverage: 3, marginTable: { id: 3 } });
  });

  it('lists a coin that was recorded as traded, although it is delisted by now', () => {
    expect(MAINNET_PERPS.find(({ coin }) => coin === 'MKR')?.isDelisted).toBe(true);
    expect(universeOf(made)[30]).toMatchObject({ coin: 'MKR', isDelisted: false });
  });
});

describe('reading a recorded meta', () => {
  const row = { szDecimals: 5, name: 'BTC', maxLeverage: 40, marginTableId: 56 };
  const tables = [[56, { description: 'tiered 40x', marginTiers: [{ lowerBound: '0.0', maxLeverage: 40 }] }]];

  it('gives each asset its place as its id, its margin table and its mode', () => {
    const strict = {
      szDecimals: 0,
      name: 'X',
      maxLeverage: 3,
      marginTableId: 3,
      onlyIsolated: true,
      isDelisted: true,
      marginMode: 'strictIsolated',
    };
    expect(listingsOf({ universe: [row, strict], marginTables: tables })).toEqual([
      {
        coin: 'BTC',
        assetId: 0,
        szDecimals: 5,
        maxLeverage: 40,
        onlyIsolated: false,
        isDelisted: false,
        marginMode: null,
        marginTable: { id: 56, description: 'tiered 40x', tiers: [{ lowerBoundUsd: 0, maxLeverage: 40 }] },
      },
      {
        coin: 'X',
        assetId: 1,
        szDecimals: 0,
        maxLeverage: 3,
        onlyIsolated: true,
        isDelisted: true,
        marginMode: 'strictIsolated',
        marginTable: { id: 3, description: '', tiers: [{ lowerBoundUsd: 0, maxLeverage: 3 }] },
      },
    ]);
  });

  it('says which field does not fit', () => {
    expect(() => listingsOf({ universe: [{ ...row, szDecimals: '5' }], marginTables: [] })).toThrow(Unfit);
    expect(() => listingsOf({ universe: [{ ...row, szDecimals: '5' }], marginTables: [] })).toThrow('szDecimals');
    expect(() => listingsOf({ universe: [row], marginTables: [[56]] })).toThrow('margin table 56');
  });
});
