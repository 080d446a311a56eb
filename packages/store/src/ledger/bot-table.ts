import { type BotState, type LedgerEvent, microUsd } from '@hyperfleet/trading';
import type { Connection } from '../database.ts';

interface BotSqlRow {
  readonly bot: string;
  readonly paused: number;
  readonly trading_state: BotState['tradingState'];
  readonly reason: string | null;
  readonly equity_start: number | null;
}

interface EventSqlRow {
  readonly id: number;
  readonly bot: string;
  readonly trade_id: string | null;
  readonly at_ms: number;
  readonly event: string;
  readonly detail: string;
}

/** An event with its number in the ledger; numbers only grow. */
export interface NumberedEvent {
  readonly id: number;
  readonly event: LedgerEvent;
}

const FRESH = { paused: false, tradingState: 'active', reason: null, equityStart: null } as const;

const SET_BOT = `
  INSERT INTO bots (bot, paused, trading_state, reason, equity_start) VALUES (@bot, @paused, @tradingState, @reason, @equityStart)
  ON CONFLICT (bot) DO UPDATE
  SET paused = excluded.paused, trading_state = excluded.trading_state, reason = excluded.reason, equity_start = excluded.equity_start`;

const toState = (row: BotSqlRow): BotState => ({
  bot: row.bot,
  paused: row.paused === 1,
  tradingState: row.trading_state,
  reason: row.reason,
  equityStart: row.equity_start === null ? null : microUsd(row.equity_start),
});

const toEvent = (row: EventSqlRow): LedgerEvent => ({
  bot: row.bot,
  tradeId: row.trade_id,
  atMs: row.at_ms,
  event: row.event,
  detail: JSON.parse(row.detail) as LedgerEvent['detail'],
});

/** The tables `bots`, `nonce_marks` and `control_outcomes`. Nothing here opens a transaction; callers do. */
export function createBotTable(db: Connection) {
  const get = db.prepare<[string], BotSqlRow>('SELECT * FROM bots WHERE bot = ?');
  const all = db.prepare<[], BotSqlRow>('SELECT * FROM bots ORDER BY bot');
  const set = db.prepare(SET_BOT);
  const insertControl = db.prepare<[string, string, string, number]>(
    'INSERT INTO control_outcomes (control_key, bot, outcome, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const outcomes = db.prepare<[string], { bot: string; outcome: string }>(
    'SELECT bot, outcome FROM control_outcomes WHERE control_key = ? ORDER BY at_ms, bot',
  );

  const reserved = db.prepare<[string], { reserved: number }>('SELECT reserved FROM nonce_marks WHERE bot = ?');
  const reserve = db.prepare<[string, number]>(
    'INSERT INTO nonce_marks (bot, reserved) VALUES (?, ?) ON CONFLICT (bot) DO UPDATE SET reserved = max(reserved, excluded.reserved)',
  );
  const state = (bot: string): BotState => {
    const found = get.get(bot);
    return found === undefined ? { bot, ...FRESH } : toState(found);
  };

  return {
    state,
    states: (): readonly BotState[] => all.all().map(toState),
    set(bot: string, patch: Partial<Omit<BotState, 'bot'>>): void {
      const next = { ...state(bot), ...patch };
      set.run({ ...next, paused: next.paused ? 1 : 0 });
    },
    reservedNonce: (bot: string): number => reserved.get(bot)?.reserved ?? 0,
    reserveNonces: (bot: string, upTo: number): void => void reserve.run(bot, upTo),
    recordControl: (bot: string, key: string, outcome: string, atMs: number): boolean =>
      insertControl.run(key, bot, outcome, atMs).changes === 1,
    outcomes: (key: string): ReadonlyMap<string, string> => new Map(outcomes.all(key).map(({ bot, outcome }) => [bot, outcome])),
  };
}

/** The table `events`, only ever added to. */
export function createEventTable(db: Connection) {
  const insert = db.prepare<[string, string | null, number, string, string]>(
    'INSERT INTO events (bot, trade_id, at_ms, event, detail) VALUES (?, ?, ?, ?, ?)',
  );
  const timeline = db.prepare<[string], EventSqlRow>('SELECT * FROM events WHERE trade_id = ? ORDER BY id');
  const since = db.prepare<[number, number], EventSqlRow>('SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?');

  const add = (event: LedgerEvent): void => {
    insert.run(event.bot, event.tradeId, event.atMs, event.event, JSON.stringify(event.detail));
  };
  return {
    add,
    addAll: (events: readonly LedgerEvent[] | undefined): void => events?.forEach(add),
    timeline: (tradeId: string): readonly LedgerEvent[] => timeline.all(tradeId).map(toEvent),
    since: (id: number, limit: number): readonly NumberedEvent[] =>
      since.all(id, limit).map((row) => ({ id: row.id, event: toEvent(row) })),
  };
}
