/** The signals database as plain values in memory, with the semantics of the SQLite one (held to it by memory-ledger.test.ts). */
import { createHash } from 'node:crypto';
import type { ClaimedRow, ControlRow, Showing, ShownMark, SignalQueue, SignalRow, SignalStatus } from '@hyperfleet/trading';

interface StoredRow {
  readonly id: number;
  readonly row: SignalRow;
  readonly digest: string;
  status: SignalStatus;
  shownVersion: number;
}

interface StoredControl {
  readonly row: ControlRow;
  executed: boolean;
}

export interface MemoryQueue extends SignalQueue {
  /** Inserts a row as a foreign program would. Returns its id. */
  insertRow(row: Readonly<Record<string, string | number | null>>): number;
  insertControl(target: string, command: string, createdAtText: string): ControlRow;
  /** Status of each row by id, and of each control whether it was executed. */
  statuses(): ReadonlyMap<number, SignalStatus>;
  executed(): readonly boolean[];
}

const digests = new Map<string, string>();

function digestOf(row: SignalRow): string {
  const text = JSON.stringify(row);
  const known = digests.get(text) ?? createHash('sha256').update(text).digest('hex');
  digests.set(text, known);
  return known;
}

const kindOf = (row: SignalRow): string =>
  String(row.signal_type ?? '')
    .trim()
    .toLowerCase();

/** An empty queue of a database of this identity. */
export function createMemoryQueue(databaseId: string): MemoryQueue {
  const rows: StoredRow[] = [];
  const controls: StoredControl[] = [];
  /** By ledger and bot. */
  const marks = new Map<string, number>();

  const claimed = (stored: StoredRow): ClaimedRow => ({
    rowId: stored.id,
    row: stored.row,
    databaseId,
    createdAtText: String(stored.row.created_at ?? ''),
    rowDigest: stored.digest,
  });
  const pending = (bot: string, kind: string): StoredRow[] =>
    rows.filter((stored) => stored.status === 'pending' && stored.row.bot_name === bot && kindOf(stored.row) === kind);
  const claim = (stored: StoredRow): ClaimedRow => {
    stored.status = 'processing';
    stored.shownVersion = -1;
    return claimed(stored);
  };

  const shownMark = (ledgerId: string, bot: string): ShownMark => ({ databaseId, mark: marks.get(`${ledgerId} ${bot}`) ?? 0 });

  return {
    changed: () => true,
    claimExits: (bot) => pending(bot, 'exit').map(claim),
    claimEntry(bot) {
      const found = pending(bot, 'exit').length > 0 ? undefined : pending(bot, 'entry')[0];
      return found === undefined ? null : claim(found);
    },
    pendingEntries: (bot) => pending(bot, 'entry').map(claimed),
    claimRow(seen) {
      const stored = rows.find(({ id, status }) => id === seen.rowId && status === 'pending');
      return stored === undefined || stored.digest !== seen.rowDigest ? null : claim(stored);
    },
    processing: (bot) => rows.filter((stored) => stored.status === 'processing' && stored.row.bot_name === bot).map(claimed),
    release(rowId, status) {
      const stored = rows.find(({ id }) => id === rowId);
      if (stored?.status === 'processing') stored.status = status;
    },
    // Only its status is kept of what a row shows, so only what changes that raises the mark.
    project({ ledgerId, trade }) {
      const stored = rows.find(({ id }) => id === trade.signal.rowId);
      if (trade.signal.databaseId !== databaseId) return null;
      const { mark: before } = shownMark(ledgerId, trade.bot);
      const written = (): Showing => {
        marks.set(`${ledgerId} ${trade.bot}`, before + 1);
        return { before, mark: before + 1 };
      };
      if (stored === undefined || stored.status === 'pending' || stored.digest !== trade.signal.rowDigest) return written();
      if (stored.shownVersion > trade.version) return { before, mark: before };
      const isChanged = stored.status !== trade.status;
      stored.status = trade.status;
      stored.shownVersion = trade.version;
      return isChanged ? written() : { before, mark: before };
    },
    shownMark,
    controls(bot) {
      const mine = bot.toLowerCase();
      return controls
        .filter(({ row, executed }) => !executed && (row.target.toLowerCase() === mine || row.target.toLowerCase() === 'all'))
        .map(({ row }) => row);
    },
    markControlExecuted(id) {
      for (const control of controls) if (control.row.id === id) control.executed = true;
    },
    countPending: (bot) => pending(bot, 'entry').length + pending(bot, 'exit').length,
    statusOf: (rowId) => rows.find(({ id }) => id === rowId)?.status ?? null,
    insertRow(row) {
      const stored: StoredRow = { id: rows.length + 1, row, digest: digestOf(row), status: 'pending', shownVersion: -1 };
      rows.push(stored);
      return stored.id;
    },
    insertControl(target, command, createdAtText) {
      const id = controls.length + 1;
      const row: ControlRow = { key: `${databaseId}:${id}:${createdAtText}`, id, target, command, createdAtText };
      controls.push({ row, executed: false });
      return row;
    },
    statuses: () => new Map(rows.map(({ id, status }) => [id, status])),
    executed: () => controls.map(({ executed }) => executed),
  };
}
