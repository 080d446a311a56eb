import type { Booking, Books, Difference } from '../books.ts';
import type { Cloid, OrderRole, OrderState } from '../order.ts';
import type { SignalRow } from '../signal.ts';
import type { OrderRecord, SignalStatus, Trade, TradeFills } from '../trade.ts';
import type { Lots, MicroUsd } from '../units.ts';
import type { Fill, FundingPayment } from './exchange.ts';

/** One line of a trade's or a bot's history. `event` is a fixed phrase, data in `detail`. */
export interface LedgerEvent {
  readonly bot: string;
  readonly tradeId: string | null;
  readonly atMs: number;
  readonly event: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** What may change in a trade; identity never does. */
export type TradePatch = Partial<
  Pick<
    Trade,
    | 'phase'
    | 'direction'
    | 'plan'
    | 'exitClaimedBy'
    | 'remainderReason'
    | 'breakeven'
    | 'breakevenAtMs'
    | 'ladder'
    | 'status'
    | 'reason'
    | 'notes'
    | 'settledAtMs'
  >
>;

/** News about one order. Absent fields stay as they are; the state moves only as the order state machine allows. */
export interface OrderNews {
  readonly state?: OrderState;
  readonly oid?: number;
  readonly reason?: string;
  readonly cancelAsked?: boolean;
}

/** A fill as the ledger keeps it. `role` is null for a fill no order of ours explains (a liquidation, or not ours). */
export interface FillRecord extends Fill {
  readonly tradeId: string | null;
  readonly role: OrderRole | null;
  /** Lots of it that are its trade's: all where an order explains it, 0 while it has no trade. */
  readonly tradeSz: Lots;
}

/** What of a fill that no order explains is a trade's. */
export interface FillShare {
  readonly tradeId: string;
  readonly sz: Lots;
  readonly fee: MicroUsd;
  readonly closedPnl: MicroUsd;
}

export interface BotState {
  readonly bot: string;
  readonly paused: boolean;
  readonly tradingState: 'active' | 'reducing' | 'halted';
  readonly reason: string | null;
  /** Equity when the bot first saw its account, micro-dollars; null before. */
  readonly equityStart: MicroUsd | null;
}

/** Everything another program may read about a trade in `signals`. */
export interface Projection {
  /** The ledger that tells of it. */
  readonly ledgerId: string;
  readonly trade: Trade;
  readonly orderIds: Readonly<Partial<Record<OrderRole, number>>>;
  /** Time of the last fill that completed the entry, and of each whole take-profit fill, by role. */
  readonly filledAtMs: Readonly<Partial<Record<OrderRole, number>>>;
  readonly fills: TradeFills;
  readonly openSz: Lots;
}

/**
 * How far a signals database has come in showing one ledger's trades of a bot: raised by one with each time it is written. A file that has
 * lost its newest commits, or was set back to a backup, stands at a lower mark than before.
 */
export interface ShownMark {
  readonly databaseId: string;
  readonly mark: number;
}

/**
 * That a row shows a trade, or that there is no such row to show it in: the mark the file stood at before, and the one as of which it is
 * so, the same where nothing was to be written.
 */
export interface Showing {
  readonly before: number;
  readonly mark: number;
}

/** A trade that was shown at this version; `showing` is null where it is from another file. */
export interface ShownTrade {
  readonly tradeId: string;
  readonly version: number;
  readonly showing: Showing | null;
}

/** The truth: our own database, FULL. Every method is one transaction and throws `StoreError` when the disk says no. */
export interface Ledger {
  /** Drawn once when the ledger was made. */
  readonly ledgerId: string;

  /** Copies a claimed row. `exists` when this very row was claimed before: it is never executed again. */
  insertTrade(trade: Trade, row: SignalRow, events?: readonly LedgerEvent[]): 'inserted' | 'exists';
  trade(tradeId: string): Trade | null;
  /** The row as it was at its claim. */
  claimedRow(tradeId: string): SignalRow | null;
  /** Every trade of the bot that is neither settled nor refused, oldest first, exits among them. */
  activeTrades(bot: string): readonly Trade[];
  /** Every exit claimed since then (market time, ms), oldest first, those that are over among them. */
  exitsSince(bot: string, sinceMs: number): readonly Trade[];
  /** Compare and set: false when the version has moved on, and nothing is written. */
  changeTrade(tradeId: string, version: number, patch: TradePatch, events?: readonly LedgerEvent[]): boolean;

  /** Compare and set, with new orders in state `intent`: committed to disk (FULL) before this returns. */
  recordIntents(
    tradeId: string,
    version: number,
    orders: readonly OrderRecord[],
    patch: TradePatch,
    events?: readonly LedgerEvent[],
  ): boolean;
  /** Orders of a trade in the order they were recorded. */
  orders(tradeId: string): readonly OrderRecord[];
  order(cloid: Cloid): OrderRecord | null;
  orderByOid(bot: string, oid: number): OrderRecord | null;
  /** Orders of the bot that may still be live, or whose fate is not known. */
  liveOrders(bot: string): readonly OrderRecord[];
  /** Applies news; raises the trade's version when something changed. Returns the order as it now stands, null if not ours. */
  applyOrderNews(cloid: Cloid, news: OrderNews, events?: readonly LedgerEvent[]): OrderRecord | null;

  /**
   * Stores fills not yet known (unique by account, coin, time, tid), adds them to their orders and trades (matched by cloid,
   * then by oid), raises versions, and moves the watermark last, all in one transaction. Returns only the new ones.
   */
  recordFills(bot: string, account: string, fills: readonly Fill[], watermarkMs: number | null): readonly FillRecord[];
  /** Fills no order explains of which nobody has said yet whose they are, oldest first. */
  unjudgedFills(bot: string): readonly FillRecord[];
  /**
   * Gives a fill no order explains (liquidation, ADL, by hand) to the trade it reduced, as far as it is that trade's, or leaves a trade
   * less of a fill it has. Compare and set by the trade's version, since a share follows from what the trade holds: false when that was
   * old, or the fill has been judged.
   */
  assignFill(account: string, fill: Fill, share: FillShare, version: number, events?: readonly LedgerEvent[]): boolean;
  /** Leaves fills that no order explains to whoever made them. Returns how many had not been judged yet. */
  leaveFills(account: string, fills: readonly Fill[], events?: readonly LedgerEvent[]): number;
  fills(tradeId: string): readonly FillRecord[];
  fillSums(tradeId: string): TradeFills;
  /** Funding payments not yet known, given to the trade that was open on that coin then. Returns the new ones. */
  recordFunding(bot: string, account: string, payments: readonly FundingPayment[]): readonly FundingPayment[];
  /** Bookings not yet known, by key. Returns the new ones. */
  recordBookings(bot: string, account: string, bookings: readonly Booking[]): readonly Booking[];
  /**
   * The account's books through a moment, inclusive: its opening, and every fill, funding payment and booking after it. Null while it has
   * no opening.
   */
  books(account: string, throughMs: number): Books | null;
  /** Time of the newest acknowledged difference of each coin of the account, of its cash under null. */
  acknowledged(account: string): ReadonlyMap<string | null, number>;
  /** Differences to the venue that stand, cash first. */
  differences(bot: string): readonly Difference[];
  /** Replaces them all. */
  setDifferences(bot: string, differences: readonly Difference[]): void;
  /** Time up to which fills are known, ms; null at first start. */
  watermark(account: string): number | null;

  /** Highest nonce ever recorded or reserved for the bot; 0 when none. */
  highestNonce(bot: string): number;
  /** Notes that the bot may use nonces up to `upTo` from now on. A lower mark than one before changes nothing. */
  reserveNonces(bot: string, upTo: number): void;

  botState(bot: string): BotState;
  setBotState(bot: string, patch: Partial<Omit<BotState, 'bot'>>): void;
  /** Notes an applied control; false when it was applied before. */
  recordControl(bot: string, controlKey: string, outcome: string, atMs: number): boolean;
  /** Bots that have applied this control, with what came of it. */
  controlOutcomes(controlKey: string): ReadonlyMap<string, string>;

  record(event: LedgerEvent): void;
  timeline(tradeId: string): readonly LedgerEvent[];

  /** Trades whose rows in `signals` are behind, oldest first. */
  unprojected(bot: string, limit: number): readonly Projection[];
  /**
   * Makes the bot's trades `unprojected` again that the signals database as it stands cannot show: those shown above its mark, and those
   * that changed while another file was in its place. Trades from other databases stay as they are.
   */
  projectAgain(bot: string, at: ShownMark): void;
  /**
   * Notes which version of each trade its row shows now, in the order they were shown. A file that stood at a lower mark than is known
   * was set back in between: then what it has lost is `unprojected` again.
   */
  markProjected(shown: readonly ShownTrade[]): void;
}

/** A row this bot now owns. */
export interface ClaimedRow {
  readonly rowId: number;
  readonly row: SignalRow;
  /** Identity of the signals database, drawn when we first adopted it. */
  readonly databaseId: string;
  readonly createdAtText: string;
  /** SHA-256 of the row's own content at the claim, hex. */
  readonly rowDigest: string;
}

export interface ControlRow {
  readonly key: string;
  readonly id: number;
  /** As written: a bot id or ALL, any case. */
  readonly target: string;
  readonly command: string;
  readonly createdAtText: string;
}

/** How the outcome of a command begins that has changed nothing and is to be given again. */
export const NOT_TAKEN = 'not taken: ';

/** The shared signals database, seen by one bot. Every method throws `StoreError` with retry `later` when it is locked. */
export interface SignalQueue {
  /** True when another connection has committed since the last call. Costs microseconds. */
  changed(): boolean;
  /** Claims every pending exit of the bot (oldest first) in one transaction. */
  claimExits(bot: string): readonly ClaimedRow[];
  /** Claims the oldest pending entry of the bot, unless an exit is pending; null when there is none. */
  claimEntry(bot: string): ClaimedRow | null;
  /** Pending entries of the bot, oldest first, not claimed: an exit looks among them for what it makes void. */
  pendingEntries(bot: string): readonly ClaimedRow[];
  /** Claims this very row if it is still pending and unchanged; null when someone was faster. */
  claimRow(row: ClaimedRow): ClaimedRow | null;
  /** Rows this bot left in `processing`. */
  processing(bot: string): readonly ClaimedRow[];
  /** Puts a row without a trade back. */
  release(rowId: number, status: 'pending' | 'expired', note: string | null): void;
  /**
   * Writes statuses, order ids and times; idempotent; notes are appended once. A row that is gone, is another one now or waits again is
   * left alone and no error. Null where the row is in another file.
   */
  project(projection: Projection, toWallIso: (marketMs: number) => string): Showing | null;
  /** The mark this file stands at; 0 where it never showed a trade of this ledger and bot. */
  shownMark(ledgerId: string, bot: string): ShownMark;
  /** Rows of bot_controls not executed, for this bot or ALL, in order. */
  controls(bot: string): readonly ControlRow[];
  markControlExecuted(id: number): void;
  countPending(bot: string): number;
  statusOf(rowId: number): SignalStatus | null;
}
