import type { SignalRef } from '@hyperfleet/trading';
import type { Connection } from '../database.ts';
import { CREATED_AT_TEXT, SELECT_ROW, type StoredRow, toSignalRow } from './signal-row.ts';

/** A row whose trade was shown in it: whichever ledger showed it knew the trade, at this version or a later one. */
export interface ShownClaim {
  readonly bot: string;
  /** As its writer wrote it. */
  readonly symbol: string;
  readonly status: string;
  readonly signal: SignalRef;
  readonly version: number;
}

const SHOWN = `
  SELECT rows.*, claims.row_digest AS hyperfleet_digest, claims.shown_version AS hyperfleet_version
  FROM hyperfleet_claims AS claims JOIN (${SELECT_ROW}) AS rows ON rows.id = claims.row_id AND rows.${CREATED_AT_TEXT} = claims.created_at
  WHERE claims.shown_version >= 0 ORDER BY claims.row_id`;

/** Reads the rows that show a trade, as long as they are still the rows they were, on one connection to a file known by `databaseId`. */
export function createShownClaims(db: Connection, databaseId: string): () => readonly ShownClaim[] {
  const shown = db.prepare<[], StoredRow>(SHOWN);
  return () =>
    shown.all().map((stored) => {
      const { id, bot_name, symbol, status } = toSignalRow(stored);
      const signal = {
        databaseId,
        rowId: Number(id),
        createdAt: String(stored[CREATED_AT_TEXT]),
        rowDigest: String(stored.hyperfleet_digest),
      };
      return { bot: String(bot_name), symbol: String(symbol), status: String(status), signal, version: Number(stored.hyperfleet_version) };
    });
}
