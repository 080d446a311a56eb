import {
  type Cloid,
  type Fill,
  type FillRecord,
  type FillShare,
  type FundingPayment,
  lots,
  microUsd,
  type OrderRole,
  type Side,
  type TradeFills,
  ticks,
} from '@hyperfleet/trading';
import type { Connection } from '../database.ts';

interface FillSqlRow {
  readonly coin: string;
  readonly time_ms: number;
  readonly tid: number;
  readonly oid: number;
  readonly cloid: Cloid | null;
  readonly side: Side;
  readonly px: number;
  readonly sz: number;
  readonly fee: number;
  readonly closed_pnl: number;
  readonly start_position: number;
  readonly dir: string;
  readonly crossed: number;
  readonly liquidation: number;
  readonly trade_id: string | null;
  readonly role: OrderRole | null;
  readonly trade_sz: number | null;
}

interface SumsSqlRow {
  readonly entry_sz: number;
  readonly entry_cost: number;
  readonly entry_fees: number;
  readonly exit_sz: number;
  readonly exit_cost: number;
  readonly fees: number;
  readonly closed_pnl: number;
  readonly first_ms: number | null;
  readonly last_ms: number | null;
}

/** Size held of one coin by one bot, as the fills say. */
export interface HeldSize {
  readonly bot: string;
  readonly coin: string;
  /** Lots, above zero is long. */
  readonly szi: number;
}

function toFillRecord(row: FillSqlRow): FillRecord {
  return {
    coin: row.coin,
    oid: row.oid,
    tid: row.tid,
    cloid: row.cloid,
    timeMs: row.time_ms,
    side: row.side,
    px: ticks(row.px),
    sz: lots(row.sz),
    fee: microUsd(row.fee),
    closedPnl: microUsd(row.closed_pnl),
    startPosition: lots(row.start_position),
    dir: row.dir,
    crossed: row.crossed === 1,
    liquidation: row.liquidation === 1,
    tradeId: row.trade_id,
    role: row.role,
    tradeSz: lots(row.trade_id === null ? 0 : (row.trade_sz ?? row.sz)),
  };
}

const INSERT = `
  INSERT INTO fills (account, bot, coin, time_ms, tid, oid, cloid, side, px, sz, fee, closed_pnl, start_position, dir, crossed,
                     liquidation, trade_id, role)
  VALUES (@account, @bot, @coin, @timeMs, @tid, @oid, @cloid, @side, @px, @sz, @fee, @closedPnl, @startPosition, @dir, @crossed,
          @liquidation, @tradeId, @role)
  ON CONFLICT (account, coin, time_ms, tid) DO NOTHING`;

const SUMS = `
  SELECT coalesce(sum(CASE WHEN role = 'entry' THEN sz END), 0) AS entry_sz,
         coalesce(sum(CASE WHEN role = 'entry' THEN px * sz END), 0) AS entry_cost,
         coalesce(sum(CASE WHEN role = 'entry' THEN fee END), 0) AS entry_fees,
         coalesce(sum(CASE WHEN role IS NOT 'entry' THEN coalesce(trade_sz, sz) END), 0) AS exit_sz,
         coalesce(sum(CASE WHEN role IS NOT 'entry' THEN px * coalesce(trade_sz, sz) END), 0) AS exit_cost,
         coalesce(sum(coalesce(trade_fee, fee)), 0) AS fees,
         coalesce(sum(coalesce(trade_pnl, closed_pnl)), 0) AS closed_pnl,
         min(time_ms) AS first_ms,
         max(time_ms) AS last_ms
  FROM fills WHERE trade_id = ?`;

const JUDGE = `
  UPDATE fills SET trade_id = @tradeId, trade_sz = @sz, trade_fee = @fee, trade_pnl = @closedPnl
  WHERE account = @account AND coin = @coin AND time_ms = @timeMs AND tid = @tid
    AND (trade_id IS NULL AND trade_sz IS NULL OR trade_id = @tradeId AND coalesce(trade_sz, sz) > @sz)`;

const HELD = `
  SELECT bot, coin, sum(CASE side WHEN 'buy' THEN sz ELSE -sz END) AS szi
  FROM fills GROUP BY bot, coin HAVING szi <> 0 ORDER BY bot, coin`;

const INSERT_FUNDING = `
  INSERT INTO funding (account, bot, coin, time_ms, usd, szi, trade_id)
  VALUES (@account, @bot, @coin, @timeMs, @usd, @szi, @tradeId)`;

/**
 * Selects the newest trade that held size of a coin just before a moment: a payment on the hour is for what was held until then.
 * Trades that were flat for good before it, all but a few, are not looked at.
 */
const holderOf = (at: { readonly bot: string; readonly coin: string; readonly timeMs: string }): string => `
  SELECT t.trade_id FROM trades t
  WHERE t.bot = ${at.bot} AND t.coin = ${at.coin} AND t.kind = 'entry' AND t.held_until_ms >= ${at.timeMs}
    AND (SELECT sum(CASE WHEN f.role = 'entry' THEN f.sz WHEN f.time_ms < ${at.timeMs} THEN -coalesce(f.trade_sz, f.sz) ELSE 0 END)
         FROM fills f WHERE f.trade_id = t.trade_id AND f.time_ms <= ${at.timeMs}) > 0
  ORDER BY t.seq DESC LIMIT 1`;

const HOLDER = holderOf({ bot: '@bot', coin: '@coin', timeMs: '@timeMs' });

const EXPLAIN_FUNDING = `
  UPDATE funding SET trade_id = (${holderOf({ bot: 'funding.bot', coin: 'funding.coin', timeMs: 'funding.time_ms' })})
  FROM trades filled
  WHERE filled.trade_id = ? AND funding.bot = filled.bot AND funding.coin = filled.coin AND funding.trade_id IS NULL
    AND funding.time_ms >= (SELECT min(f.time_ms) FROM fills f WHERE f.trade_id = filled.trade_id)`;

const NOTHING = { tradeId: null, sz: 0, fee: 0, closedPnl: 0 } as const;

export type FillTable = ReturnType<typeof createFillTable>;

/** The tables `fills`, `funding` and `watermarks`. Nothing here opens a transaction; callers do. Accounts are kept in lower case. */
export function createFillTable(db: Connection) {
  const insert = db.prepare(INSERT);
  const known = db.prepare<[string, string, number, number], unknown>(
    'SELECT 1 FROM fills WHERE account = ? AND coin = ? AND time_ms = ? AND tid = ?',
  );
  const ofTrade = db.prepare<[string], FillSqlRow>('SELECT * FROM fills WHERE trade_id = ? ORDER BY time_ms, seq');
  const ofBot = db.prepare<[string], FillSqlRow>('SELECT * FROM fills WHERE bot = ? ORDER BY time_ms, seq');
  const sums = db.prepare<[string], SumsSqlRow>(SUMS);
  const fundingSum = db.prepare<[string], { usd: number }>('SELECT coalesce(sum(usd), 0) AS usd FROM funding WHERE trade_id = ?');
  const judge = db.prepare(JUDGE);
  const unjudged = db.prepare<[string], FillSqlRow>(
    'SELECT * FROM fills WHERE bot = ? AND trade_id IS NULL AND trade_sz IS NULL ORDER BY time_ms, seq',
  );
  const unexplained = db.prepare<[string, number], { seq: number; sz: number }>(
    'SELECT seq, sz FROM fills WHERE bot = ? AND oid = ? AND trade_id IS NULL ORDER BY seq',
  );
  const explain = db.prepare<[string, string, number]>(
    'UPDATE fills SET trade_id = ?, role = ?, trade_sz = NULL, trade_fee = NULL, trade_pnl = NULL WHERE seq = ?',
  );
  const held = db.prepare<[], HeldSize>(HELD);
  const insertFunding = db.prepare(INSERT_FUNDING);
  const holder = db.prepare<[{ bot: string; coin: string; timeMs: number }], { trade_id: string }>(HOLDER);
  const knowsFunding = db.prepare<[string, string, number], unknown>(
    'SELECT 1 FROM funding WHERE account = ? AND coin = ? AND time_ms = ?',
  );
  const explainFunding = db.prepare<[string]>(EXPLAIN_FUNDING);
  const watermark = db.prepare<[string], { fills_ms: number }>('SELECT fills_ms FROM watermarks WHERE account = ?');
  const setWatermark = db.prepare<[string, number]>(
    'INSERT INTO watermarks (account, fills_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET fills_ms = max(fills_ms, excluded.fills_ms)',
  );

  return {
    knows: (account: string, { coin, timeMs, tid }: Fill): boolean => known.get(account.toLowerCase(), coin, timeMs, tid) !== undefined,
    /** False when this very fill is known. */
    insert(bot: string, account: string, fill: Fill, owner: { tradeId: string | null; role: OrderRole | null }): boolean {
      const stored = {
        account: account.toLowerCase(),
        bot,
        coin: fill.coin,
        timeMs: fill.timeMs,
        tid: fill.tid,
        oid: fill.oid,
        cloid: fill.cloid?.toLowerCase() ?? null,
        side: fill.side,
        px: fill.px,
        sz: fill.sz,
        fee: fill.fee,
        closedPnl: fill.closedPnl,
        startPosition: fill.startPosition,
        dir: fill.dir,
        crossed: fill.crossed ? 1 : 0,
        liquidation: fill.liquidation ? 1 : 0,
        ...owner,
      };
      return insert.run(stored).changes === 1;
    },
    ofTrade: (tradeId: string): readonly FillRecord[] => ofTrade.all(tradeId).map(toFillRecord),
    ofBot: (bot: string): readonly FillRecord[] => ofBot.all(bot).map(toFillRecord),
    unjudged: (bot: string): readonly FillRecord[] => unjudged.all(bot).map(toFillRecord),
    /**
     * Says what of a fill without an owner is a trade's, null for nothing, or that less than was said of its own is. False when that was
     * said before or the fill is not known.
     */
    judge(account: string, fill: Fill, share: FillShare | null): boolean {
      const key = { account: account.toLowerCase(), coin: fill.coin, timeMs: fill.timeMs, tid: fill.tid };
      return judge.run({ ...key, ...(share ?? NOTHING) }).changes === 1;
    },
    /** Gives the fills that came before their order's id was known to that order. Returns their sizes in lots. */
    explain(bot: string, oid: number, owner: { tradeId: string; role: OrderRole }): readonly number[] {
      const found = unexplained.all(bot, oid);
      for (const { seq } of found) explain.run(owner.tradeId, owner.role, seq);
      return found.map(({ sz }) => sz);
    },
    sums(tradeId: string): TradeFills {
      const row = sums.get(tradeId);
      if (row === undefined) throw new Error('an aggregate without a row');
      return {
        entrySz: lots(row.entry_sz),
        entryCost: microUsd(row.entry_cost),
        entryFees: microUsd(row.entry_fees),
        exitSz: lots(row.exit_sz),
        exitCost: microUsd(row.exit_cost),
        fees: microUsd(row.fees),
        closedPnl: microUsd(row.closed_pnl),
        funding: microUsd(fundingSum.get(tradeId)?.usd ?? 0),
        firstFillMs: row.first_ms,
        lastFillMs: row.last_ms,
      };
    },
    held: (): readonly HeldSize[] => held.all(),
    /** The trade a new payment belongs to (null when none held the coin), or undefined when the payment is known. */
    insertFunding(bot: string, account: string, payment: FundingPayment): string | null | undefined {
      const { coin, timeMs, usd, szi } = payment;
      const key = account.toLowerCase();
      // Lists are read again from before their end: most of a list is known.
      if (knowsFunding.get(key, coin, timeMs) !== undefined) return undefined;
      const tradeId = holder.get({ bot, coin, timeMs })?.trade_id ?? null;
      insertFunding.run({ account: key, bot, tradeId, coin, timeMs, usd, szi });
      return tradeId;
    },
    /**
     * To be called when a trade got fills: payments that came before them are given to who held the coin. That trade alone can
     * have become a holder, and only from its first fill on.
     */
    explainFunding: (tradeId: string): void => void explainFunding.run(tradeId),
    watermark: (account: string): number | null => watermark.get(account.toLowerCase())?.fills_ms ?? null,
    raiseWatermark: (account: string, ms: number): void => void setWatermark.run(account.toLowerCase(), ms),
  };
}
