import type { ClaimedRow, SignalStatus } from '@hyperfleet/trading';
import { type Connection, inTransaction } from '../database.ts';
import { createdAtText, rowDigest, SELECT_ROW, type StoredRow, toSignalRow } from './signal-row.ts';

/** Must stay letter for letter what the index `hyperfleet_pending` is over, or it is not used. */
const KIND = "lower(trim(signal_type, ' ' || char(9, 10, 13)))";

/** A number here holds whole ids up to this, either way; SQLite has them up to 2^63, and some writers use ids of chat messages. */
const LAST_ID = Number.MAX_SAFE_INTEGER;

/** A row without an integer id is not a signal. */
const HAS_EXACT_ID = `typeof(id) = 'integer' AND id BETWEEN -${LAST_ID} AND ${LAST_ID}`;

/**
 * Rows of one bot and one kind that wait, oldest first. Oldest is lowest id: created_at is written in several forms that do
 * not sort as text, and ids grow with insertion as long as the rows are there.
 */
const PENDING = `WHERE status = 'pending' AND bot_name = ? AND ${KIND} = ? AND ${HAS_EXACT_ID}`;

const PENDING_SIGNALS = `WHERE status = 'pending' AND bot_name = ? AND ${KIND} IN ('entry', 'exit') AND typeof(id) = 'integer'`;

const ANY_INEXACT = `
  SELECT 1 FROM signals ${PENDING_SIGNALS} AND id > ${LAST_ID}
  UNION ALL SELECT 1 FROM signals ${PENDING_SIGNALS} AND id < -${LAST_ID} LIMIT 1`;

/** Left as they are such rows would be the oldest for ever. Done in SQL, where the id is exact. */
const REFUSE_INEXACT = `
  UPDATE signals SET status = 'failed', notes = coalesce(nullif(CAST(notes AS TEXT), '') || ' | ', '') || 'id is ' || id
    || ', and only ids from -${LAST_ID} to ${LAST_ID} are exact here: write smaller ones, '
    || 'or none once this row is deleted and the counter in sqlite_sequence is set back'
  ${PENDING_SIGNALS} AND id NOT BETWEEN -${LAST_ID} AND ${LAST_ID}`;

const REMEMBER = `
  INSERT INTO hyperfleet_claims (row_id, created_at, row_digest) VALUES (?, ?, ?)
  ON CONFLICT (row_id) DO UPDATE
  SET created_at = excluded.created_at, row_digest = excluded.row_digest, shown_version = -1, noted = '[]'`;

const STATUSES: readonly SignalStatus[] = ['pending', 'processing', 'sent', 'filled', 'closed', 'executed', 'no_op', 'expired', 'failed'];

type Claim = { readonly created_at: string; readonly row_digest: string };

/** Claiming, looking at and putting back rows of `signals`, on one connection to a file known by `databaseId`. */
export function createClaims(db: Connection, databaseId: string) {
  const pending = db.prepare<[string, string], StoredRow>(`${SELECT_ROW} ${PENDING} ORDER BY id`);
  const oldest = db.prepare<[string, string], StoredRow>(`${SELECT_ROW} ${PENDING} ORDER BY id LIMIT 1`);
  const one = db.prepare<[number], StoredRow>(`${SELECT_ROW} WHERE id = ?`);
  const any = db.prepare<[string, string], { one: number }>(`SELECT 1 AS one FROM signals ${PENDING} LIMIT 1`);
  const take = db.prepare<[unknown]>("UPDATE signals SET status = 'processing' WHERE id = ? AND status = 'pending'");
  const remember = db.prepare<[unknown, string, string]>(REMEMBER);
  const claimOf = db.prepare<[unknown], Claim>('SELECT created_at, row_digest FROM hyperfleet_claims WHERE row_id = ?');
  const inHand = db.prepare<[string], StoredRow>(
    `${SELECT_ROW} WHERE status = 'processing' AND bot_name = ? AND ${HAS_EXACT_ID} ORDER BY id`,
  );
  const count = db.prepare<[string], { n: number }>(`SELECT count(*) AS n FROM signals ${PENDING_SIGNALS}`);
  const anyInexact = db.prepare<[string, string], unknown>(ANY_INEXACT);
  const refuseInexact = db.prepare<[string]>(REFUSE_INEXACT);
  const status = db.prepare<[number], { status: unknown }>('SELECT status FROM signals WHERE id = ?');

  function read(stored: StoredRow, digest?: string): ClaimedRow {
    const row = toSignalRow(stored);
    return { rowId: Number(row.id), row, databaseId, createdAtText: createdAtText(stored), rowDigest: digest ?? rowDigest(row) };
  }

  function claim(stored: StoredRow): ClaimedRow[] {
    const claimed = read(stored);
    if (take.run(claimed.rowId).changes !== 1) return [];
    remember.run(claimed.rowId, claimed.createdAtText, claimed.rowDigest);
    return [claimed];
  }

  function refuseInexactIds(bot: string): void {
    if (anyInexact.get(bot, bot) !== undefined) inTransaction(db, () => refuseInexact.run(bot));
  }

  return {
    exits(bot: string): readonly ClaimedRow[] {
      refuseInexactIds(bot);
      // A look without a lock first: most wakes find nothing, and then no writer is kept waiting.
      if (any.get(bot, 'exit') === undefined) return [];
      return inTransaction(db, () => pending.all(bot, 'exit').flatMap(claim));
    },
    entry(bot: string): ClaimedRow | null {
      refuseInexactIds(bot);
      if (any.get(bot, 'entry') === undefined) return null;
      return inTransaction(db, () => {
        if (any.get(bot, 'exit') !== undefined) return null;
        const found = oldest.get(bot, 'entry');
        return found === undefined ? null : (claim(found)[0] ?? null);
      });
    },
    pendingEntries: (bot: string): readonly ClaimedRow[] => pending.all(bot, 'entry').map((stored) => read(stored)),
    /** Null when somebody was faster, or has changed the row or its id's owner since it was looked at. */
    row(seen: ClaimedRow): ClaimedRow | null {
      return inTransaction(db, () => {
        const stored = one.get(seen.rowId);
        if (stored === undefined) return null;
        const now = read(stored);
        const same = now.createdAtText === seen.createdAtText && now.rowDigest === seen.rowDigest && seen.databaseId === databaseId;
        return same ? (claim(stored)[0] ?? null) : null;
      });
    },
    /** With the digest each row had when it was claimed: its writer may have changed it since, and it is still that signal. */
    processing(bot: string): readonly ClaimedRow[] {
      return inHand.all(bot).map((stored) => {
        const claimed = claimOf.get(stored.id ?? toSignalRow(stored).id);
        return read(stored, claimed?.created_at === createdAtText(stored) ? claimed.row_digest : undefined);
      });
    },
    countPending: (bot: string): number => count.get(bot)?.n ?? 0,
    /** Null when the row is gone or its status is none of the contract's words. */
    statusOf(rowId: number): SignalStatus | null {
      const found = status.get(rowId)?.status;
      return STATUSES.find((word) => word === found) ?? null;
    },
  };
}
