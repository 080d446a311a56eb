import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readDecimal, type Side } from '@hyperfleet/trading';
import { BadFile } from './bad-file.ts';
import { type CsvRow, parseCsv } from './csv.ts';

/** Decimal places every number of a file is kept in: two more than the finest average a record holds. */
export const PLACES = 12;

/** One row as recorded; numbers in units of 10^−12. */
export interface RecordedFill {
  readonly line: number;
  readonly coin: string;
  readonly timeMs: number;
  readonly side: Side;
  readonly px: bigint;
  readonly sz: bigint;
  readonly startPosition: bigint;
  readonly dir: string;
  readonly closedPnl: bigint;
  /** The venue's `liquidation` object as the record wrote it; empty for an ordinary fill. */
  readonly liquidation: string;
}

/** What each column is called: as the venue names it, or as one public archive of vaults translates it. */
const COLUMNS = {
  coin: ['coin', '币种'],
  time: ['time_ms', 'time', '时间戳'],
  side: ['side', '方向'],
  px: ['px', '价格'],
  sz: ['sz', '数量'],
  startPosition: ['startPosition', '起始仓位'],
  dir: ['dir', '交易方向'],
  closedPnl: ['closedPnl', '平仓收益'],
} as const;
/** Optional. The archive's heading says "whether closed", yet what stands under it is the liquidation object. */
const LIQUIDATION = ['liquidation', '是否平仓'] as const;

type Column = keyof typeof COLUMNS;
type Places = Readonly<Record<Column, number>> & { readonly liquidation: number | null };

const GZIP_MAGIC = 0x8b1f;

/**
 * Reads a fills file, plain or gzipped (told by its content). Columns are found by their heading, in any order.
 * Throws `BadFile` naming the file, and where it can the line and column.
 */
export function readFillsFile(file: string): readonly RecordedFill[] {
  const [header, ...rows] = parseCsv(readText(file), file);
  if (header === undefined) throw new BadFile(file, null, 'is empty: the first line must name the columns');
  const places = findColumns(header, file);
  return rows.map((row) => {
    if (row.cells.length !== header.cells.length) {
      throw new BadFile(file, row, `has ${row.cells.length} columns where the header has ${header.cells.length}`);
    }
    return toFill(row, places, { file, names: header.cells });
  });
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new BadFile(file, null, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (bytes.length >= 2 && bytes.readUInt16LE(0) === GZIP_MAGIC) {
    try {
      bytes = gunzipSync(bytes);
    } catch (cause) {
      throw new BadFile(file, null, `is a damaged gzip file: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BadFile(file, null, 'is neither UTF-8 text nor gzip', cause);
  }
}

function findColumns(header: CsvRow, file: string): Places {
  const find = (names: readonly string[]): number => header.cells.findIndex((cell) => names.includes(cell.trim()));
  const place = (column: Column): number => {
    const index = find(COLUMNS[column]);
    if (index < 0) throw new BadFile(file, header, `has no column ${COLUMNS[column].join(' or ')} in its header`);
    return index;
  };
  const liquidation = find(LIQUIDATION);
  return {
    coin: place('coin'),
    time: place('time'),
    side: place('side'),
    px: place('px'),
    sz: place('sz'),
    startPosition: place('startPosition'),
    dir: place('dir'),
    closedPnl: place('closedPnl'),
    liquidation: liquidation < 0 ? null : liquidation,
  };
}

function toFill(row: CsvRow, places: Places, origin: { readonly file: string; readonly names: readonly string[] }): RecordedFill {
  const cell = (index: number): string => (row.cells[index] ?? '').trim();
  const fail = (column: Column, fault: string): BadFile => {
    const name = origin.names[places[column]]?.replace(/^\uFEFF/, '') ?? column;
    return new BadFile(origin.file, { line: row.line, column: `${places[column] + 1} (${name})` }, fault);
  };
  const decimal = (column: Column): bigint => {
    const read = readDecimal(cell(places[column]));
    if (read.kind !== 'decimal') throw fail(column, `"${cell(places[column])}" is no decimal number`);
    return toPlaces(read.text);
  };
  const above = (column: Column): bigint => {
    const value = decimal(column);
    if (value <= 0n) throw fail(column, `"${cell(places[column])}" is not above zero`);
    return value;
  };
  const coin = cell(places.coin);
  if (coin === '') throw fail('coin', 'is empty');
  const side = cell(places.side);
  if (side !== 'B' && side !== 'A') throw fail('side', `"${side}" is neither B (bought) nor A (sold)`);
  const time = cell(places.time);
  if (!/^\d{1,15}$/.test(time)) throw fail('time', `"${time}" is no time in whole milliseconds`);
  return {
    line: row.line,
    coin,
    timeMs: Number(time),
    side: side === 'B' ? 'buy' : 'sell',
    px: above('px'),
    sz: above('sz'),
    startPosition: decimal('startPosition'),
    dir: cell(places.dir),
    closedPnl: decimal('closedPnl'),
    liquidation: places.liquidation === null ? '' : cell(places.liquidation),
  };
}

/** Digits beyond the twelfth place are noise of a float and are dropped. */
function toPlaces(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'));
}
