import type { Projection, Showing, ShownMark } from '@hyperfleet/trading';
import type { Statement } from 'better-sqlite3';
import { type Connection, inTransaction } from '../database.ts';
import { type ShownColumns, shownColumns } from './shown-columns.ts';
import { createdAtText, SELECT_ROW, type StoredRow, toSignalRow } from './signal-row.ts';

const SEPARATOR = ' | ';

/** One note on one line, without the separator in it. */
const oneNote = (text: string): string => text.replace(/\s+/g, ' ').replaceAll(SEPARATOR, ' / ').trim();

/** Appends what is not there yet; what stood there is kept as it was. */
function appendNotes(notes: unknown, wanted: readonly string[]): string {
  const before = notes === null || notes === undefined ? '' : String(notes);
  const present = new Set(before.split(SEPARATOR).map((note) => note.trim()));
  const added = wanted.filter((note) => note !== '' && !present.has(note));
  return [...(before === '' ? [] : [before]), ...added].join(SEPARATOR);
}

interface ClaimSqlRow {
  readonly created_at: string;
  readonly row_digest: string;
  readonly shown_version: number;
  readonly noted: string;
}

const REMEMBER = `
  INSERT INTO hyperfleet_claims (row_id, created_at, row_digest, shown_version, noted) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (row_id) DO UPDATE SET shown_version = excluded.shown_version, noted = excluded.noted`;

const MARK = 'SELECT mark FROM hyperfleet_shown WHERE ledger_id = ? AND bot = ?';

const RAISE_MARK = `
  INSERT INTO hyperfleet_shown (ledger_id, bot, mark) VALUES (?, ?, 1)
  ON CONFLICT (ledger_id, bot) DO UPDATE SET mark = mark + 1`;

/**
 * Whether the row is still the one this trade was claimed from. An id may have been given to another row, and a row may have
 * been claimed again as a new signal. A row that waits again is somebody's new order and not ours to answer for.
 */
function isSameRow(row: StoredRow, claim: ClaimSqlRow | undefined, { trade }: Projection): boolean {
  const { createdAt, rowDigest } = trade.signal;
  if (createdAtText(row) !== createdAt || toSignalRow(row).status === 'pending') return false;
  return claim === undefined || (claim.created_at === createdAt && claim.row_digest === rowDigest);
}

/** Only what differs from what the row shows, so that a repeated projection writes nothing and wakes nobody. */
function differing(row: StoredRow, wanted: Readonly<Record<string, string | number>>): readonly (readonly [string, string | number])[] {
  const shown = toSignalRow(row);
  return Object.entries(wanted).filter(([column, value]) => shown[column] !== value);
}

/** Writing statuses, ids and times back into `signals`, on one connection to a file known by `databaseId`. */
export function createShow(db: Connection, file: { readonly databaseId: string; readonly szDecimalsOf: (coin: string) => number | null }) {
  const one = db.prepare<[number], StoredRow>(`${SELECT_ROW} WHERE id = ?`);
  const claimOf = db.prepare<[number], ClaimSqlRow>('SELECT * FROM hyperfleet_claims WHERE row_id = ?');
  const remember = db.prepare<[number, string, string, number, string]>(REMEMBER);
  const mark = db.prepare<[ledgerId: string, bot: string], { mark: number }>(MARK);
  const raise = db.prepare<[ledgerId: string, bot: string]>(RAISE_MARK);

  const markOf = (ledgerId: string, bot: string): number => mark.get(ledgerId, bot)?.mark ?? 0;

  /** By the columns they set: few of the combinations that may be come up, and those again and again. */
  const updates = new Map<string, Statement<unknown[]>>();

  function update(rowId: number, changes: readonly (readonly [string, string | number])[]): void {
    if (changes.length === 0) return;
    // The columns come from our own lists, never from the file.
    const columns = changes.map(([column]) => `${column} = ?`).join(', ');
    const statement = updates.get(columns) ?? db.prepare<unknown[]>(`UPDATE signals SET ${columns} WHERE id = ?`);
    updates.set(columns, statement);
    statement.run(...changes.map(([, value]) => value), rowId);
  }

  function show(projection: Projection, columns: ShownColumns): Showing {
    const { trade, ledgerId } = projection;
    const before = markOf(ledgerId, trade.bot);
    const unwritten = { before, mark: before };
    const written = (): Showing => {
      raise.run(ledgerId, trade.bot);
      return { before, mark: before + 1 };
    };
    const { rowId, createdAt, rowDigest } = trade.signal;
    const row = one.get(rowId);
    const claim = claimOf.get(rowId);
    // That there is nothing to show it in is noted as well: a backup of before, which may have the row, stands at a lower mark.
    if (row === undefined || !isSameRow(row, claim, projection)) return written();
    if ((claim?.shown_version ?? -1) > trade.version) return unwritten;
    const noted = new Set<string>(claim === undefined ? [] : (JSON.parse(claim.noted) as string[]));
    const said = [...trade.notes, ...(trade.reason === null ? [] : [trade.reason])].map(oneNote);
    const notes = appendNotes(
      toSignalRow(row).notes,
      said.filter((note) => !noted.has(note)),
    );
    const wanted = { status: trade.status, ...columns, ...(notes === '' ? {} : { notes }) };
    const changes = differing(row, wanted);
    const remembered = JSON.stringify([...new Set([...noted, ...said])]);
    // Most versions of a trade show nothing new: then nothing is written, and an older one that comes late shows the same.
    if (changes.length === 0 && claim?.noted === remembered) return unwritten;
    update(rowId, changes);
    remember.run(rowId, createdAt, rowDigest, trade.version, remembered);
    return written();
  }

  return {
    project(projection: Projection, toWallIso: (marketMs: number) => string): Showing | null {
      // Another file stands at this path now: the row this trade came from is gone.
      if (projection.trade.signal.databaseId !== file.databaseId) return null;
      const columns = shownColumns(projection, { szDecimals: file.szDecimalsOf(projection.trade.coin), toWallIso });
      return inTransaction(db, () => show(projection, columns));
    },
    shownMark: (ledgerId: string, bot: string): ShownMark => ({ databaseId: file.databaseId, mark: markOf(ledgerId, bot) }),
    release(rowId: number, status: 'pending' | 'expired', note: string | null): void {
      inTransaction(db, () => {
        const row = one.get(rowId);
        if (row === undefined || toSignalRow(row).status !== 'processing') return;
        const notes = appendNotes(toSignalRow(row).notes, note === null ? [] : [oneNote(note)]);
        update(rowId, differing(row, { status, ...(notes === '' ? {} : { notes }) }));
      });
    },
  };
}
