import {
  type Booking,
  type BotState,
  type Cloid,
  type Fill,
  type FillRecord,
  type FundingPayment,
  type Instrument,
  type Ledger,
  type LedgerEvent,
  lots,
  type OrderNews,
  type OrderRecord,
  type OrderRole,
  type Trade,
} from '@hyperfleet/trading';
import { type Connection, checkPages, drawId, inReadTransaction, inTransaction, openConnection } from '../database.ts';
import { MIGRATIONS_DIR, type Migration, migrateLedger, readMigrations } from '../migrations.ts';
import { damageGuard, type Guard, type OnDamaged } from '../store-error.ts';
import { type AccountLook, createLookTable } from './account-looks.ts';
import { createBooksTable } from './books-table.ts';
import { createBotTable, createEventTable, type NumberedEvent } from './bot-table.ts';
import { type ClockSession, createClockTable } from './clock-sessions.ts';
import { createFillTable, type HeldSize } from './fill-table.ts';
import { createOrderTable } from './order-table.ts';
import { projectionOf } from './projection.ts';
import { createTradeTable } from './trade-table.ts';

/** The ledger of one data directory on one connection, with what reports and the operator's tools read besides. */
export interface LedgerHandle extends Ledger {
  readonly path: string;
  /** Notes how to read ticks and lots of these coins, so that the *_readable views show decimals. */
  rememberCoins(instruments: Iterable<Pick<Instrument, 'coin' | 'szDecimals'>>): void;
  /** Decimals of every coin remembered. */
  coins(): readonly Pick<Instrument, 'coin' | 'szDecimals'>[];
  /** Every trade ever claimed, in the order of claiming. */
  allTrades(): readonly Trade[];
  /** Every order of a bot in the order they were recorded. */
  ordersOf(bot: string): readonly OrderRecord[];
  /** Every fill of a bot, oldest first, explained by a trade or not. */
  fillsOf(bot: string): readonly FillRecord[];
  /** Every booking of a bot's account, oldest first, its opening among them. */
  bookingsOf(bot: string): readonly Booking[];
  /** What each bot holds as its fills say; flat coins are left out. */
  held(): readonly HeldSize[];
  /** State of every bot that ever had one set. */
  botStates(): readonly BotState[];
  /** Events with a number above `id`, in order, at most `limit`. 0 starts at the beginning. */
  eventsSince(id: number, limit: number): readonly NumberedEvent[];
  /** What the venue said last of a bot's account before the bot began; null when it never did. */
  accountLook(bot: string): AccountLook | null;
  rememberAccountLook(bot: string, look: AccountLook): void;
  /** Starts a run: wall and market time now, and market ms in one wall ms. Returns the session's id. */
  beginClockSession(start: { readonly wallMs: number; readonly marketMs: number; readonly speed: number }): number;
  /** Sets when a run's market really began to move; before anything is noted of it. */
  moveClockSession(id: number, wallMs: number): void;
  /** Notes how far a run has come. */
  touchClockSession(id: number, wallMs: number, marketMs: number): void;
  /** Every run, oldest first. */
  clockSessions(): readonly ClockSession[];
  /** Folds the write-ahead log into the file where possible, and closes. The handle is dead afterwards. */
  close(): void;
}

export interface LedgerOptions {
  /** Where `ledger/0001_*.sql …` are; the repository's own by default. */
  readonly migrationsDir?: string;
  /** How long a write waits for another connection, ms of wall time. */
  readonly busyTimeoutMs?: number;
  /** Gives a new ledger its id; drawn by chance by default. */
  readonly drawId?: () => string;
  /** FULL by default. OFF is for a simulated disk, which has its own notion of what a crash takes. */
  readonly synchronous?: 'FULL' | 'OFF';
  /** Whether every page is read once before anything is done: once a start, by whoever opens it first. Default false. */
  readonly verify?: boolean;
  /** Whether no other connection will use the file; false by default. */
  readonly alone?: boolean;
  /** Told once when a page turns out to be damaged after the opening; the error is thrown all the same. */
  readonly onDamaged?: OnDamaged;
}

function readLedgerId(db: Connection, drawn: string): string {
  return inTransaction(db, () => {
    db.prepare('INSERT INTO ledger (one, ledger_id) VALUES (1, ?) ON CONFLICT DO NOTHING').run(drawn);
    return db.prepare<[], { ledger_id: string }>('SELECT ledger_id FROM ledger').get()?.ledger_id ?? drawn;
  });
}

const REMEMBER_COIN = `
  INSERT INTO coins (coin, sz_decimals, lots_per_coin, ticks_per_dollar) VALUES (?, ?, ?, ?)
  ON CONFLICT (coin) DO UPDATE
  SET sz_decimals = excluded.sz_decimals, lots_per_coin = excluded.lots_per_coin, ticks_per_dollar = excluded.ticks_per_dollar`;

function createTables(db: Connection) {
  return {
    trades: createTradeTable(db),
    orders: createOrderTable(db),
    fills: createFillTable(db),
    books: createBooksTable(db),
    bots: createBotTable(db),
    events: createEventTable(db),
    clock: createClockTable(db),
    looks: createLookTable(db),
    rememberCoin: db.prepare<[string, number, number, number]>(REMEMBER_COIN),
    coins: db.prepare<[], { coin: string; szDecimals: number }>('SELECT coin, sz_decimals AS szDecimals FROM coins ORDER BY coin'),
  };
}

type Tables = ReturnType<typeof createTables>;

/** The order a fill belongs to: its client order id knows best, the venue's id where the fill carries none. */
function explainingOrder(tables: Tables, bot: string, fill: Fill): OrderRecord | null {
  const byCloid = fill.cloid === null ? null : tables.orders.byCloid(fill.cloid);
  return byCloid ?? tables.orders.byOid(bot, fill.oid);
}

function storeFills(
  tables: Tables,
  source: { bot: string; account: string; watermarkMs: number | null },
  fills: readonly Fill[],
): FillRecord[] {
  const { bot, account, watermarkMs } = source;
  const fresh: FillRecord[] = [];
  const changed = new Set<string>();
  for (const fill of fills) {
    const order = explainingOrder(tables, bot, fill);
    const owner: { tradeId: string | null; role: OrderRole | null } = { tradeId: order?.tradeId ?? null, role: order?.intent.role ?? null };
    if (!tables.fills.insert(bot, account, fill, owner)) continue;
    fresh.push({ ...fill, ...owner, tradeSz: lots(order === null ? 0 : fill.sz) });
    if (order === null) continue;
    tables.orders.addFill(order, fill.oid, fill.sz);
    changed.add(order.tradeId);
  }
  for (const tradeId of changed) {
    tables.fills.explainFunding(tradeId);
    tables.trades.raiseVersion(tradeId);
  }
  if (watermarkMs !== null) tables.fills.raiseWatermark(account, watermarkMs);
  return fresh;
}

function storeFunding(tables: Tables, source: { bot: string; account: string }, payments: readonly FundingPayment[]): FundingPayment[] {
  return payments.filter((payment) => {
    const tradeId = tables.fills.insertFunding(source.bot, source.account, payment);
    if (typeof tradeId === 'string') tables.trades.raiseVersion(tradeId);
    return tradeId !== undefined;
  });
}

function applyNews(tables: Tables, cloid: Cloid, news: OrderNews, events: readonly LedgerEvent[] | undefined): OrderRecord | null {
  const before = tables.orders.byCloid(cloid);
  if (before === null) return null;
  let after = tables.orders.applyNews(before, news);
  if (after === before) return before;
  if (after.oid !== null && after.oid !== before.oid) {
    const late = tables.fills.explain(after.bot, after.oid, { tradeId: after.tradeId, role: after.intent.role });
    for (const sz of late) after = tables.orders.addFill(after, after.oid ?? 0, lots(sz));
    if (late.length > 0) tables.fills.explainFunding(after.tradeId);
  }
  tables.trades.raiseVersion(after.tradeId);
  tables.events.addAll(events);
  return after;
}

/** The methods of the `Ledger` port, each write one transaction. */
function ledgerPort(db: Connection, ledgerId: string, tables: Tables, guard: Guard): Ledger {
  const { trades, orders, fills, books, bots, events } = tables;
  const write = <T>(work: () => T): T => inTransaction(db, work);
  return {
    ledgerId,
    insertTrade: guard((trade, row, happened) =>
      write(() => {
        const came = trades.insert(trade, row);
        if (came === 'inserted') events.addAll(happened);
        return came;
      }),
    ),
    trade: guard((tradeId) => trades.get(tradeId)),
    claimedRow: guard((tradeId) => trades.claimedRow(tradeId)),
    activeTrades: guard((bot) => trades.active(bot)),
    exitsSince: guard((bot, sinceMs) => trades.exitsSince(bot, sinceMs)),
    changeTrade: guard((tradeId, version, patch, happened) =>
      write(() => {
        if (!trades.change(tradeId, version, patch)) return false;
        events.addAll(happened);
        return true;
      }),
    ),
    recordIntents: guard((tradeId, version, intents, patch, happened) =>
      write(() => {
        if (!trades.change(tradeId, version, patch)) return false;
        intents.forEach(orders.insert);
        events.addAll(happened);
        return true;
      }),
    ),
    orders: guard((tradeId) => orders.ofTrade(tradeId)),
    order: guard((cloid) => orders.byCloid(cloid)),
    orderByOid: guard((bot, oid) => orders.byOid(bot, oid)),
    liveOrders: guard((bot) => orders.live(bot)),
    applyOrderNews: guard((cloid, news, happened) => write(() => applyNews(tables, cloid, news, happened))),
    recordFills: guard((bot, account, seen, watermarkMs) => {
      // Lists are read again from before their end: most of a list is known, and most lists are known whole.
      const unknown = seen.filter((fill) => !fills.knows(account, fill));
      if (unknown.length === 0 && (watermarkMs === null || watermarkMs <= (fills.watermark(account) ?? Number.NEGATIVE_INFINITY)))
        return [];
      return write(() => storeFills(tables, { bot, account, watermarkMs }, unknown));
    }),
    unjudgedFills: guard((bot) => fills.unjudged(bot)),
    assignFill: guard((account, fill, share, version, happened) =>
      write(() => {
        if (trades.get(share.tradeId)?.version !== version || !fills.judge(account, fill, share)) return false;
        trades.raiseVersion(share.tradeId);
        events.addAll(happened);
        return true;
      }),
    ),
    leaveFills: guard((account, seen, happened) =>
      write(() => {
        const left = seen.filter((fill) => fills.judge(account, fill, null)).length;
        if (left > 0) events.addAll(happened);
        return left;
      }),
    ),
    fills: guard((tradeId) => fills.ofTrade(tradeId)),
    fillSums: guard((tradeId) => fills.sums(tradeId)),
    recordFunding: guard((bot, account, payments) => write(() => storeFunding(tables, { bot, account }, payments))),
    recordBookings: guard((bot, account, bookings) => write(() => bookings.filter((booking) => books.insert(bot, account, booking)))),
    // One read transaction, so that cash and sizes are of one moment.
    books: guard((account, throughMs) => inReadTransaction(db, () => books.books(account, throughMs))),
    acknowledged: guard((account) => tables.books.acknowledged(account)),
    differences: guard((bot) => books.differences(bot)),
    setDifferences: guard((bot, differences) => write(() => books.setDifferences(bot, differences))),
    watermark: guard((account) => fills.watermark(account)),
    highestNonce: guard((bot) => Math.max(orders.highestNonce(bot), bots.reservedNonce(bot))),
    reserveNonces: guard((bot, upTo) => write(() => bots.reserveNonces(bot, upTo))),
    botState: guard((bot) => bots.state(bot)),
    setBotState: guard((bot, patch) => write(() => bots.set(bot, patch))),
    recordControl: guard((bot, key, outcome, atMs) => write(() => bots.recordControl(bot, key, outcome, atMs))),
    controlOutcomes: guard((key) => bots.outcomes(key)),
    record: guard((event) => write(() => events.add(event))),
    timeline: guard((tradeId) => events.timeline(tradeId)),
    // One read transaction, so that a trade and its orders and fills are of one moment.
    unprojected: guard((bot, limit) => {
      if (trades.unprojected(bot, 1).length === 0) return [];
      return inReadTransaction(db, () => trades.unprojected(bot, limit).map((trade) => projectionOf(ledgerId, trade, tables)));
    }),
    projectAgain: guard((bot, at) => write(() => trades.projectAgain(bot, at))),
    markProjected: guard((shown) =>
      write(() => {
        for (const trade of shown) trades.markProjected(trade);
      }),
    ),
  };
}

/**
 * Opens the ledger at `path`, making or migrating it. Every connection of a process and every worker may have its own
 * handle: commits are on disk (FULL) when a method returns. Throws `StoreError`.
 */
export function openLedger(path: string, options: LedgerOptions = {}): LedgerHandle {
  const migrations = readMigrations(options.migrationsDir ?? MIGRATIONS_DIR, 'ledger');
  const { db } = openConnection(path, {
    busyTimeoutMs: options.busyTimeoutMs ?? 5_000,
    synchronous: options.synchronous ?? 'FULL',
    create: true,
    alone: options.alone ?? false,
  });
  try {
    if (options.verify === true) checkPages(db, path);
    return createLedger(db, path, migrations, options);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The ledger on a connection that is open already. Throws `StoreError`, and then leaves the connection open. */
export function createLedger(
  db: Connection,
  path: string,
  migrations: readonly Migration[],
  { drawId: draw = drawId, onDamaged }: Pick<LedgerOptions, 'drawId' | 'onDamaged'> = {},
): LedgerHandle {
  const guard = damageGuard(path, onDamaged);
  return guard(() => {
    migrateLedger(db, path, migrations);
    const tables = createTables(db);
    return { path, ...ledgerPort(db, readLedgerId(db, draw()), tables, guard), ...ledgerReads(db, tables, guard) };
  })();
}

function ledgerReads(db: Connection, tables: Tables, guard: Guard): Omit<LedgerHandle, keyof Ledger | 'path'> {
  const { trades, orders, fills, bots, events, clock } = tables;
  const write = <T>(work: () => T): T => inTransaction(db, work);
  return {
    rememberCoins: guard((instruments) =>
      write(() => {
        for (const { coin, szDecimals } of instruments) tables.rememberCoin.run(coin, szDecimals, 10 ** szDecimals, 10 ** (6 - szDecimals));
      }),
    ),
    coins: guard(() => tables.coins.all()),
    allTrades: guard(() => trades.all()),
    ordersOf: guard((bot) => orders.ofBot(bot)),
    fillsOf: guard((bot) => fills.ofBot(bot)),
    bookingsOf: guard((bot) => tables.books.ofBot(bot)),
    held: guard(() => fills.held()),
    botStates: guard(() => bots.states()),
    eventsSince: guard((id, limit) => events.since(id, limit)),
    accountLook: guard((bot) => tables.looks.of(bot)),
    rememberAccountLook: guard((bot, look) => write(() => tables.looks.remember(bot, look))),
    beginClockSession: guard((start) => write(() => clock.begin(start))),
    moveClockSession: guard((id, wallMs) => write(() => clock.move(id, wallMs))),
    touchClockSession: guard((id, wallMs, marketMs) => write(() => clock.touch(id, wallMs, marketMs))),
    clockSessions: guard(() => clock.all()),
    close: () => {
      db.close();
    },
  };
}
