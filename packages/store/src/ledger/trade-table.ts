import {
  type BreakevenState,
  type Direction,
  lots,
  type ShownMark,
  type ShownTrade,
  type SignalRow,
  type SignalStatus,
  type Trade,
  type TradePatch,
  type TradePhase,
  type TradePlan,
  ticks,
} from '@hyperfleet/trading';
import type { Statement } from 'better-sqlite3';
import type { Connection } from '../database.ts';

/** A row of `trades`; the words are held to their sets by the table's CHECKs. */
export interface TradeSqlRow {
  readonly trade_id: string;
  readonly bot: string;
  readonly coin: string;
  readonly kind: 'entry' | 'exit';
  readonly direction: Direction | null;
  readonly phase: TradePhase;
  readonly version: number;
  readonly database_id: string;
  readonly row_id: number;
  readonly row_created_at: string;
  readonly row_digest: string;
  readonly claimed_at_ms: number;
  readonly plan: string | null;
  readonly exit_claimed_by: string | null;
  readonly remainder_reason: string | null;
  readonly breakeven: BreakevenState;
  readonly breakeven_at_ms: number | null;
  readonly ladder: string | null;
  readonly status: SignalStatus;
  readonly reason: string | null;
  readonly notes: string;
  readonly settled_at_ms: number | null;
}

type Ladder = NonNullable<Trade['ladder']>;

function readPlan(text: string | null): TradePlan | null {
  if (text === null) return null;
  const plan = JSON.parse(text) as TradePlan;
  return {
    ...plan,
    entryPx: ticks(plan.entryPx),
    sz: lots(plan.sz),
    stopTrigger: ticks(plan.stopTrigger),
    stopLimit: ticks(plan.stopLimit),
    targets: plan.targets.map(ticks),
  };
}

function readLadder(text: string | null): Ladder | null {
  if (text === null) return null;
  return (JSON.parse(text) as Ladder).map((leg) => ({ index: leg.index, px: ticks(leg.px), sz: lots(leg.sz) }));
}

/** A trade from its row. */
function toTrade(row: TradeSqlRow): Trade {
  return {
    tradeId: row.trade_id,
    bot: row.bot,
    coin: row.coin,
    kind: row.kind,
    direction: row.direction,
    phase: row.phase,
    version: row.version,
    signal: { databaseId: row.database_id, rowId: row.row_id, createdAt: row.row_created_at, rowDigest: row.row_digest },
    claimedAtMs: row.claimed_at_ms,
    plan: readPlan(row.plan),
    exitClaimedBy: row.exit_claimed_by,
    remainderReason: row.remainder_reason,
    breakeven: row.breakeven,
    breakevenAtMs: row.breakeven_at_ms,
    ladder: readLadder(row.ladder),
    status: row.status,
    reason: row.reason,
    notes: JSON.parse(row.notes) as string[],
    settledAtMs: row.settled_at_ms,
  };
}

const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));

/** What SQLite can hold of a claimed row in JSON: it has no way to write an infinite number. */
const rowJson = (row: SignalRow): string =>
  JSON.stringify(row, (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value));

const INSERT = `
  INSERT INTO trades (trade_id, bot, coin, kind, direction, phase, version, database_id, row_id, row_created_at, row_digest, claimed_at_ms,
                      plan, exit_claimed_by, remainder_reason, breakeven, breakeven_at_ms, ladder, status, reason, notes, settled_at_ms, signal_row)
  VALUES (@tradeId, @bot, @coin, @kind, @direction, @phase, @version, @databaseId, @rowId, @createdAt, @rowDigest, @claimedAtMs,
          @plan, @exitClaimedBy, @remainderReason, @breakeven, @breakevenAtMs, @ladder, @status, @reason, @notes, @settledAtMs, @row)
  ON CONFLICT DO NOTHING`;

/** A second claim of a row we have means that its row shows a status of before: it must be shown again. */
const SHOW_AGAIN = `
  UPDATE trades SET projected_version = -1
  WHERE trade_id = @tradeId
     OR (bot = @bot AND database_id = @databaseId AND row_id = @rowId AND row_created_at = @createdAt AND row_digest = @rowDigest)`;

/** All of a trade but the row it was claimed from, which is long and seldom asked for. */
const COLUMNS = `
  trade_id, bot, coin, kind, direction, phase, version, database_id, row_id, row_created_at, row_digest, claimed_at_ms,
  plan, exit_claimed_by, remainder_reason, breakeven, breakeven_at_ms, ladder, status, reason, notes, settled_at_ms`;

const ACTIVE = `
  SELECT ${COLUMNS} FROM trades WHERE bot = ? AND phase NOT IN ('settled', 'refused') ORDER BY claimed_at_ms, seq`;

const UNPROJECTED = `
  SELECT ${COLUMNS} FROM trades WHERE bot = ? AND projected_version < version ORDER BY claimed_at_ms, seq LIMIT ?`;

/** Of a trade that is shown nowhere, as the migration has it: above every mark. A number here would not hold it. */
const NEVER = '9223372036854775807';

const PROJECT_AGAIN = `
  UPDATE trades SET projected_version = -1, shown_mark = ${NEVER} WHERE bot = ? AND database_id = ? AND shown_mark > ?`;

/** What was shown above a mark in the file a trade came from. */
const SHOWN_ABOVE = `
  SELECT shown.bot, shown.database_id FROM trades AS shown
  JOIN trades AS later ON later.bot = shown.bot AND later.database_id = shown.database_id
                      AND later.shown_mark > ? AND later.shown_mark < ${NEVER}
  WHERE shown.trade_id = ? LIMIT 1`;

const MARK_PROJECTED = `
  UPDATE trades SET projected_version = max(projected_version, ?), shown_mark = coalesce(?, ${NEVER}) WHERE trade_id = ?`;

/** How each patchable field is stored. */
const PATCH: { readonly [K in keyof Required<TradePatch>]: readonly [column: string, store: (value: unknown) => unknown] } = {
  phase: ['phase', (value) => value],
  direction: ['direction', (value) => value],
  plan: ['plan', json],
  exitClaimedBy: ['exit_claimed_by', (value) => value],
  remainderReason: ['remainder_reason', (value) => value],
  breakeven: ['breakeven', (value) => value],
  breakevenAtMs: ['breakeven_at_ms', (value) => value],
  ladder: ['ladder', json],
  status: ['status', (value) => value],
  reason: ['reason', (value) => value],
  notes: ['notes', json],
  settledAtMs: ['settled_at_ms', (value) => value],
};

const PATCH_FIELDS = Object.keys(PATCH) as (keyof TradePatch)[];

type Update = Statement<unknown[]>;

/** The table `trades`. Nothing here opens a transaction; callers do. */
export function createTradeTable(db: Connection) {
  const insert = db.prepare(INSERT);
  const showAgain = db.prepare(SHOW_AGAIN);
  const one = db.prepare<[string], TradeSqlRow>(`SELECT ${COLUMNS} FROM trades WHERE trade_id = ?`);
  const row = db.prepare<[string], { signal_row: string }>('SELECT signal_row FROM trades WHERE trade_id = ?');
  const active = db.prepare<[string], TradeSqlRow>(ACTIVE);
  const exits = db.prepare<[string, number], TradeSqlRow>(
    `SELECT ${COLUMNS} FROM trades WHERE bot = ? AND kind = 'exit' AND claimed_at_ms >= ? ORDER BY claimed_at_ms, seq`,
  );
  const everything = db.prepare<[], TradeSqlRow>(`SELECT ${COLUMNS} FROM trades ORDER BY seq`);
  const unprojected = db.prepare<[string, number], TradeSqlRow>(UNPROJECTED);
  const raise = db.prepare<[string]>('UPDATE trades SET version = version + 1 WHERE trade_id = ?');
  const markProjected = db.prepare<[version: number, mark: number | null, tradeId: string]>(MARK_PROJECTED);
  const shownAbove = db.prepare<[mark: number, tradeId: string], Pick<TradeSqlRow, 'bot' | 'database_id'>>(SHOWN_ABOVE);
  const again = db.prepare<[bot: string, databaseId: string, mark: number]>(PROJECT_AGAIN);
  /** One statement for each set of columns; there are few sets, and each is used often. */
  const updates = new Map<string, Update>();

  function updateOf(fields: readonly (keyof TradePatch)[]): Update {
    const key = fields.join(' ');
    const known = updates.get(key);
    if (known !== undefined) return known;
    const columns = fields.map((field) => `${PATCH[field][0]} = ?, `).join('');
    const made = db.prepare<unknown[]>(`UPDATE trades SET ${columns}version = version + 1 WHERE trade_id = ? AND version = ?`);
    updates.set(key, made);
    return made;
  }

  const projectAgain = (bot: string, { databaseId, mark }: ShownMark): void => void again.run(bot, databaseId, mark);

  return {
    insert(trade: Trade, claimed: SignalRow): 'inserted' | 'exists' {
      const { signal, plan, ladder, notes, ...fields } = trade;
      const stored = { ...fields, ...signal, plan: json(plan), ladder: json(ladder), notes: JSON.stringify(notes), row: rowJson(claimed) };
      if (insert.run(stored).changes === 1) return 'inserted';
      showAgain.run({ ...signal, tradeId: trade.tradeId, bot: trade.bot });
      return 'exists';
    },
    get(tradeId: string): Trade | null {
      const found = one.get(tradeId);
      return found === undefined ? null : toTrade(found);
    },
    claimedRow(tradeId: string): SignalRow | null {
      const found = row.get(tradeId);
      return found === undefined ? null : (JSON.parse(found.signal_row) as SignalRow);
    },
    active: (bot: string): readonly Trade[] => active.all(bot).map(toTrade),
    exitsSince: (bot: string, sinceMs: number): readonly Trade[] => exits.all(bot, sinceMs).map(toTrade),
    all: (): readonly Trade[] => everything.all().map(toTrade),
    unprojected: (bot: string, limit: number): readonly Trade[] => unprojected.all(bot, limit).map(toTrade),
    /** Compare and set; false when the version has moved on. */
    change(tradeId: string, version: number, patch: TradePatch): boolean {
      const fields = PATCH_FIELDS.filter((field) => patch[field] !== undefined);
      const values = fields.map((field) => PATCH[field][1](patch[field]));
      return updateOf(fields).run(...values, tradeId, version).changes === 1;
    },
    raiseVersion: (tradeId: string): void => void raise.run(tradeId),
    projectAgain,
    markProjected({ tradeId, version, showing }: ShownTrade): void {
      // Only then is its file behind what is known of it: somebody has set it back since.
      const lost = showing === null ? undefined : shownAbove.get(showing.before, tradeId);
      if (lost !== undefined && showing !== null) projectAgain(lost.bot, { databaseId: lost.database_id, mark: showing.before });
      markProjected.run(version, showing?.mark ?? null, tradeId);
    },
  };
}
