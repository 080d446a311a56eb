/** What mainnet lists, in its order, and the reading of any recorded `meta` (PROTOCOL §8). The facts stand in `universe/`. */
import { readFileSync } from 'node:fs';
import type { Instrument } from '@hyperfleet/trading';
import { array, boolean, integer, type JsonObject, object, optional, string } from '../wire/fields.ts';

/** From this notional on, in whole dollars, a position may have at most this leverage. */
interface MarginTier {
  readonly lowerBoundUsd: number;
  readonly maxLeverage: number;
}

/** A named list of margin tiers, lowest bound first. */
export interface MarginTable {
  readonly id: number;
  readonly description: string;
  readonly tiers: readonly MarginTier[];
}

/** A perpetual with everything `meta` states of it. */
export interface Listing extends Instrument {
  readonly marginTable: MarginTable;
  /** Null where meta states none: cross and isolated are both allowed and margin may be taken out. */
  readonly marginMode: 'strictIsolated' | 'noCross' | null;
}

/** Whether an instrument is one of these: a venue may also be made of bare instruments. */
export const isListing = (instrument: Instrument): instrument is Listing => 'marginTable' in instrument;

/** Tables with an id below this are one tier of that leverage (PROTOCOL §7). */
export const FIRST_TABLE_ID = 50;

/** The table of one tier that an id below 50 means. */
export const oneTier = (maxLeverage: number): MarginTable => ({
  id: maxLeverage,
  description: '',
  tiers: [{ lowerBoundUsd: 0, maxLeverage }],
});

function readTables(rows: readonly unknown[]): Map<number, MarginTable> {
  return new Map(
    rows.map((row) => {
      const pair: JsonObject = object({ ...(Array.isArray(row) ? row : []) }, 'marginTables row');
      const id = integer(pair, '0');
      const table = object(pair['1'], `margin table ${id}`);
      const tiers = array(table, 'marginTiers').map((value) => {
        const tier = object(value, `tier of margin table ${id}`);
        return { lowerBoundUsd: Number(string(tier, 'lowerBound')), maxLeverage: integer(tier, 'maxLeverage', 1) };
      });
      return [id, { id, description: string(table, 'description'), tiers }];
    }),
  );
}

const marginMode = (from: JsonObject, key: string): Listing['marginMode'] => {
  const value = string(from, key);
  return value === 'strictIsolated' || value === 'noCross' ? value : null;
};

/**
 * The listings of a recorded `meta` answer, each at its asset id: for a venue with another network's assets. Throws `Unfit`
 * naming the field that does not fit.
 */
export function listingsOf(meta: unknown): Listing[] {
  const from = object(meta, 'meta');
  const tables = readTables(array(from, 'marginTables'));
  return array(from, 'universe').map((value, assetId) => {
    const row = object(value, `universe[${assetId}]`);
    const maxLeverage = integer(row, 'maxLeverage', 1);
    const tableId = optional(row, 'marginTableId', integer) ?? maxLeverage;
    return {
      coin: string(row, 'name'),
      assetId,
      szDecimals: integer(row, 'szDecimals', 0, 6),
      maxLeverage,
      onlyIsolated: optional(row, 'onlyIsolated', boolean) === true,
      isDelisted: optional(row, 'isDelisted', boolean) === true,
      marginMode: optional(row, 'marginMode', marginMode),
      marginTable: tables.get(tableId) ?? oneTier(tableId),
    };
  });
}

const read = (file: string): string => readFileSync(new URL(`../../universe/${file}`, import.meta.url), 'utf8');

/** Mainnet's margin tables with an id of their own. */
export const MAINNET_MARGIN_TABLES: ReadonlyMap<number, MarginTable> = readTables(
  array({ rows: JSON.parse(read('mainnet-margin-tables.json')) }, 'rows'),
);

/** Mainnet's perpetuals, each at its asset id. */
export const MAINNET_PERPS: readonly Listing[] = read('mainnet-perps.csv')
  .trim()
  .split('\n')
  .slice(1)
  .map((line, assetId) => {
    const [coin = '', szDecimals = '', maxLeverage = '', tableId = '', flags = ''] = line.split(',');
    const onlyIsolated = flags.includes('I');
    return {
      coin,
      assetId,
      szDecimals: Number(szDecimals),
      maxLeverage: Number(maxLeverage),
      onlyIsolated,
      isDelisted: flags.includes('D'),
      marginMode: onlyIsolated ? 'strictIsolated' : null,
      marginTable: MAINNET_MARGIN_TABLES.get(Number(tableId)) ?? oneTier(Number(tableId)),
    };
  });
