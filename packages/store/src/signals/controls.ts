import type { ControlRow } from '@hyperfleet/trading';
import type { Connection } from '../database.ts';
import { CREATED_AT_TEXT, createdAtText, type StoredRow, toSignalRow } from './signal-row.ts';

/** NULL counts as not executed. The condition is that of the index `hyperfleet_controls`. */
const WAITING = `
  SELECT *, coalesce(CAST(created_at AS TEXT), '') AS ${CREATED_AT_TEXT} FROM bot_controls
  WHERE (executed IS NULL OR executed = 0) AND typeof(id) = 'integer' ORDER BY id`;

const words = (value: unknown): string => (value === null || value === undefined ? '' : String(value).trim());

/** Reading and writing `bot_controls`, on one connection to a file known by `databaseId`. */
export function createControls(db: Connection, databaseId: string) {
  const waiting = db.prepare<[], StoredRow>(WAITING);
  const one = db.prepare<[number], StoredRow>(
    `SELECT *, coalesce(CAST(created_at AS TEXT), '') AS ${CREATED_AT_TEXT} FROM bot_controls WHERE id = ?`,
  );
  const mark = db.prepare<[number]>('UPDATE bot_controls SET executed = 1 WHERE id = ?');
  const columns = (): ReadonlySet<string> =>
    new Set(
      db
        .prepare<[], { name: string }>("SELECT name FROM pragma_table_info('bot_controls')")
        .all()
        .map(({ name }) => name.toLowerCase()),
    );

  function read(stored: StoredRow): ControlRow {
    const row = toSignalRow(stored);
    const id = Number(row.id);
    const createdAt = createdAtText(stored);
    return {
      key: `${databaseId}:${id}:${createdAt}`,
      id,
      target: words(row.bot_id) || words(row.bot_name),
      command: words(row.command),
      createdAtText: createdAt,
    };
  }

  return {
    waiting(bot: string): readonly ControlRow[] {
      const mine = bot.toLowerCase();
      return waiting
        .all()
        .map(read)
        .filter(({ target }) => target.toLowerCase() === mine || target.toLowerCase() === 'all');
    },
    mark: (id: number): void => void mark.run(id),
    /** Writes the target under each name the file knows it by, so that programs of either kind read it. */
    insert(target: string, command: string): ControlRow {
      const named = ['bot_id', ...(columns().has('bot_name') ? ['bot_name'] : [])];
      const sql = `INSERT INTO bot_controls (${named.join(', ')}, command, created_at, executed)
        VALUES (${named.map(() => '?').join(', ')}, ?, strftime('%Y-%m-%d %H:%M:%f', 'now'), 0)`;
      const id = Number(db.prepare<unknown[]>(sql).run(...named.map(() => target), command).lastInsertRowid);
      const stored = one.get(id);
      if (stored === undefined) throw new Error(`the control ${id} just written is not there`);
      return read(stored);
    },
  };
}
