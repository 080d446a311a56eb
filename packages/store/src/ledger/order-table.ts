import {
  type Cloid,
  type Grouping,
  type Lots,
  lots,
  nextOrderState,
  type OrderIntent,
  type OrderNews,
  type OrderRecord,
  type OrderRole,
  type OrderState,
  type Side,
  type Tif,
  ticks,
} from '@hyperfleet/trading';
import type { Connection } from '../database.ts';

interface OrderSqlRow {
  readonly cloid: Cloid;
  readonly trade_id: string;
  readonly bot: string;
  readonly coin: string;
  readonly role: OrderRole;
  readonly attempt: number;
  readonly side: Side;
  readonly px: number;
  readonly sz: number;
  readonly reduce_only: number;
  readonly order_type: 'limit' | 'stop-market';
  readonly tif: Tif | null;
  readonly trigger_px: number | null;
  readonly grouping: Grouping;
  readonly state: OrderState;
  readonly oid: number | null;
  readonly filled_sz: number;
  readonly nonce: number;
  readonly expires_after_ms: number;
  readonly recorded_at_ms: number;
  readonly reason: string | null;
  readonly cancel_asked: number;
}

function readKind(row: OrderSqlRow): OrderIntent['kind'] {
  if (row.order_type === 'stop-market') return { type: 'stop-market', triggerPx: ticks(row.trigger_px ?? Number.NaN) };
  return { type: 'limit', tif: row.tif ?? 'gtc' };
}

function toOrder(row: OrderSqlRow): OrderRecord {
  return {
    intent: {
      cloid: row.cloid,
      coin: row.coin,
      role: row.role,
      attempt: row.attempt,
      side: row.side,
      px: ticks(row.px),
      sz: lots(row.sz),
      reduceOnly: row.reduce_only === 1,
      kind: readKind(row),
    },
    tradeId: row.trade_id,
    bot: row.bot,
    grouping: row.grouping,
    state: row.state,
    oid: row.oid,
    filledSz: lots(row.filled_sz),
    nonce: row.nonce,
    expiresAfterMs: row.expires_after_ms,
    recordedAtMs: row.recorded_at_ms,
    reason: row.reason,
    cancelAsked: row.cancel_asked === 1,
  };
}

const INSERT = `
  INSERT INTO orders (cloid, trade_id, bot, coin, role, attempt, side, px, sz, reduce_only, order_type, tif, trigger_px, grouping,
                      state, oid, filled_sz, nonce, expires_after_ms, recorded_at_ms, reason, cancel_asked)
  VALUES (@cloid, @tradeId, @bot, @coin, @role, @attempt, @side, @px, @sz, @reduceOnly, @type, @tif, @triggerPx, @grouping,
          @state, @oid, @filledSz, @nonce, @expiresAfterMs, @recordedAtMs, @reason, @cancelAsked)`;

const UPDATE = `
  UPDATE orders SET state = @state, oid = @oid, filled_sz = @filledSz, reason = @reason, cancel_asked = @cancelAsked WHERE cloid = @cloid`;

const LIVE = `
  SELECT * FROM orders WHERE bot = ? AND state IN ('intent', 'waiting', 'resting', 'triggered', 'unknown') ORDER BY seq`;

/** The newest order of each role of a trade that the venue has given an id. */
const NEWEST_OIDS = `
  SELECT role, oid FROM orders WHERE trade_id = ? AND oid IS NOT NULL ORDER BY seq`;

export type OrderTable = ReturnType<typeof createOrderTable>;

/** The table `orders`. Nothing here opens a transaction; callers do. */
export function createOrderTable(db: Connection) {
  const insert = db.prepare(INSERT);
  const update = db.prepare(UPDATE);
  const ofTrade = db.prepare<[string], OrderSqlRow>('SELECT * FROM orders WHERE trade_id = ? ORDER BY seq');
  const ofBot = db.prepare<[string], OrderSqlRow>('SELECT * FROM orders WHERE bot = ? ORDER BY seq');
  const live = db.prepare<[string], OrderSqlRow>(LIVE);
  const byCloid = db.prepare<[string], OrderSqlRow>('SELECT * FROM orders WHERE cloid = ?');
  const byOid = db.prepare<[string, number], OrderSqlRow>('SELECT * FROM orders WHERE bot = ? AND oid = ? ORDER BY seq DESC LIMIT 1');
  const nonce = db.prepare<[string], { highest: number | null }>('SELECT max(nonce) AS highest FROM orders WHERE bot = ?');
  const oids = db.prepare<[string], { role: OrderRole; oid: number }>(NEWEST_OIDS);

  const write = (order: OrderRecord): void => {
    update.run({
      cloid: order.intent.cloid.toLowerCase(),
      state: order.state,
      oid: order.oid,
      filledSz: order.filledSz,
      reason: order.reason,
      cancelAsked: order.cancelAsked ? 1 : 0,
    });
  };

  return {
    insert(order: OrderRecord): void {
      const { intent } = order;
      insert.run({
        cloid: intent.cloid.toLowerCase(),
        tradeId: order.tradeId,
        bot: order.bot,
        coin: intent.coin,
        role: intent.role,
        attempt: intent.attempt,
        side: intent.side,
        px: intent.px,
        sz: intent.sz,
        reduceOnly: intent.reduceOnly ? 1 : 0,
        type: intent.kind.type,
        tif: intent.kind.type === 'limit' ? intent.kind.tif : null,
        triggerPx: intent.kind.type === 'stop-market' ? intent.kind.triggerPx : null,
        grouping: order.grouping,
        state: order.state,
        oid: order.oid,
        filledSz: order.filledSz,
        nonce: order.nonce,
        expiresAfterMs: order.expiresAfterMs,
        recordedAtMs: order.recordedAtMs,
        reason: order.reason,
        cancelAsked: order.cancelAsked ? 1 : 0,
      });
    },
    ofTrade: (tradeId: string): readonly OrderRecord[] => ofTrade.all(tradeId).map(toOrder),
    ofBot: (bot: string): readonly OrderRecord[] => ofBot.all(bot).map(toOrder),
    live: (bot: string): readonly OrderRecord[] => live.all(bot).map(toOrder),
    /** The venue treats client order ids as case-insensitive (PROTOCOL §6); they are kept in lower case. */
    byCloid(cloid: Cloid): OrderRecord | null {
      const found = byCloid.get(cloid.toLowerCase());
      return found === undefined ? null : toOrder(found);
    },
    byOid(bot: string, oid: number): OrderRecord | null {
      const found = byOid.get(bot, oid);
      return found === undefined ? null : toOrder(found);
    },
    highestNonce: (bot: string): number => nonce.get(bot)?.highest ?? 0,
    /** Venue order id by role; of several attempts the newest. */
    oidsByRole(tradeId: string): Partial<Record<OrderRole, number>> {
      const newest: Partial<Record<OrderRole, number>> = {};
      for (const { role, oid } of oids.all(tradeId)) newest[role] = oid;
      return newest;
    },
    /** The order after news, written if anything moved. Throws a plain Error on a step only a bug makes. */
    applyNews(order: OrderRecord, news: OrderNews): OrderRecord {
      const after: OrderRecord = {
        ...order,
        state: news.state === undefined ? order.state : nextOrderState(order.state, news.state),
        oid: news.oid ?? order.oid,
        reason: news.reason ?? order.reason,
        cancelAsked: order.cancelAsked || news.cancelAsked === true,
      };
      const same =
        after.state === order.state && after.oid === order.oid && after.reason === order.reason && after.cancelAsked === order.cancelAsked;
      if (same) return order;
      write(after);
      return after;
    },
    /** Adds a fill's size; an order is `filled` only when all of its size is. */
    addFill(order: OrderRecord, oid: number, sz: Lots): OrderRecord {
      const filledSz = lots(order.filledSz + sz);
      const state = filledSz >= order.intent.sz ? nextOrderState(order.state, 'filled') : order.state;
      const after: OrderRecord = { ...order, filledSz, state, oid: order.oid ?? oid };
      write(after);
      return after;
    },
  };
}
