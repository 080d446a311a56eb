import { createHash } from 'node:crypto';
import type { SignalRow } from '@hyperfleet/trading';

/** The column our own queries add: created_at as SQLite writes it as text, '' for NULL. Part of a row's identity. */
export const CREATED_AT_TEXT = 'hyperfleet_created_at';

/** Selects a row of `signals` whole, with its created_at as text besides. */
export const SELECT_ROW = `SELECT *, coalesce(CAST(created_at AS TEXT), '') AS ${CREATED_AT_TEXT} FROM signals`;

/** What its writer says with a row. Notes are left out: both sides write there. So are ids, the status and what we project. */
const WRITER_COLUMNS = [
  'symbol',
  'direction',
  'signal_type',
  'bot_name',
  'created_at',
  'entry_1',
  'entry_2',
  'entry_3',
  'target_1',
  'target_2',
  'target_3',
  'target_4',
  'target_5',
  'stop_loss',
  'leverage',
  'confidence_score',
  'raw_message',
  'provider',
  'source',
  'market_type',
  'pnl_percent',
] as const;

/** A row as SQLite gave it, with whatever columns the file has. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** A blob, as hex: no column of ours is one, but writers have put numbers in as bytes. */
const plain = (value: unknown): unknown => (value instanceof Uint8Array ? `x'${Buffer.from(value).toString('hex')}'` : value);

/** The row under the contract's column names: other programs may have spelt them in capitals. */
export function toSignalRow(stored: StoredRow): SignalRow {
  const row: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(stored)) {
    if (column !== CREATED_AT_TEXT) row[column.toLowerCase()] = plain(value);
  }
  return row;
}

/** The created_at of a selected row as text. */
export const createdAtText = (stored: StoredRow): string => String(stored[CREATED_AT_TEXT] ?? '');

/**
 * SHA-256 over what the writer said, hex: the columns of the contract that are its own, in a fixed order, NULLs left out, so
 * that a column added later by somebody changes nothing.
 */
export function rowDigest(row: SignalRow): string {
  const said = WRITER_COLUMNS.flatMap((column) => {
    const value = row[column];
    return value === null || value === undefined ? [] : [[column, typeof value === 'number' ? `n${value}` : `t${String(value)}`]];
  });
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}
