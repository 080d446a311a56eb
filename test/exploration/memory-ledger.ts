/**
 * The ledger as plain values in memory, with the semantics of the SQLite one (held to it by memory-ledger.test.ts): an exploration
 * builds some hundred thousand of them. Nothing here is on a disk; what a crash takes is the worker, never a committed row.
 */
import {
  type Booking,
  type BotState,
  type Cloid,
  type Difference,
  type Fill,
  type FillRecord,
  type FillShare,
  type Ledger,
  lots,
  microUsd,
  nextOrderState,
  type OrderNews,
  type OrderRecord,
  type OrderRole,
  type Projection,
  type ShownMark,
  type SignalRow,
  type Trade,
  type TradeFills,
  type TradePatch,
} from '@hyperfleet/trading';
import { booksOf, completionTimes, type StoredFill, type StoredFunding, sumsOf } from './memory-sums.ts';

interface StoredTrade {
  trade: Trade;
  readonly row: SignalRow;
  projectedVersion: number;
  /** Above every mark where no row shows it. */
  shownMark: number;
}

const NEVER = Number.POSITIVE_INFINITY;

const NOTHING = { sz: lots(0), fee: microUsd(0), closedPnl: microUsd(0) };
const told = ({ share, ...fill }: StoredFill): FillRecord => fill;

/** What the port says and what a check besides wants to see. */
export interface MemoryLedger extends Ledger {
  /** Every trade ever claimed, in the order of claiming. */
  allTrades(): readonly Trade[];
  /** Every fill, explained by a trade or not, in the order they came. */
  allFills(): readonly FillRecord[];
  /** How often a trade, an order or a fill has been written; what is read of them in between is the same. */
  writes(): number;
  /** Orders ever recorded. */
  orderCount(): number;
}

const FRESH = { paused: false, tradingState: 'active', reason: null, equityStart: null } as const;
const LIVE: ReadonlySet<string> = new Set(['intent', 'waiting', 'resting', 'triggered', 'unknown']);

const isOver = (trade: Trade): boolean => trade.phase === 'settled' || trade.phase === 'refused';
const byClaim = (a: StoredTrade, b: StoredTrade): number => a.trade.claimedAtMs - b.trade.claimedAtMs;
const byTime = <T extends Fill>(fills: readonly T[]): T[] => [...fills].sort((a, b) => a.timeMs - b.timeMs);
const fillKey = (fill: Pick<Fill, 'coin' | 'timeMs' | 'tid'>): string => `${fill.coin} ${fill.timeMs} ${fill.tid}`;

/** An empty ledger of one bot's account. Events are not kept: nothing decides by them. */
export function createMemoryLedger(ledgerId: string): MemoryLedger {
  const trades = new Map<string, StoredTrade>();
  const orders = new Map<string, OrderRecord>();
  const ofTrade = new Map<string, Cloid[]>();
  const fills: StoredFill[] = [];
  const fillAt = new Map<string, number>();
  const funding: StoredFunding[] = [];
  const bots = new Map<string, BotState>();
  const bookings: Booking[] = [];
  let differences: readonly Difference[] = [];
  const controls = new Map<string, Map<string, string>>();
  let watermarkMs: number | null = null;
  let highestNonce = 0;
  let writes = 0;

  const keyOf = (cloid: Cloid): string => cloid.toLowerCase();
  const raise = (tradeId: string): void => {
    writes += 1;
    const stored = trades.get(tradeId);
    if (stored !== undefined) stored.trade = { ...stored.trade, version: stored.trade.version + 1 };
  };
  const patched = (trade: Trade, patch: TradePatch): Trade => {
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    return { ...trade, ...given, version: trade.version + 1 };
  };
  const ordersOf = (tradeId: string): OrderRecord[] =>
    (ofTrade.get(tradeId) ?? []).flatMap((cloid) => {
      const order = orders.get(cloid);
      return order === undefined ? [] : [order];
    });
  const byOid = (bot: string, oid: number): OrderRecord | null => {
    let found: OrderRecord | null = null;
    for (const order of orders.values()) if (order.bot === bot && order.oid === oid) found = order;
    return found;
  };
  const fillsOf = (tradeId: string): StoredFill[] => fills.filter((fill) => fill.tradeId === tradeId);
  const addFill = (order: OrderRecord, oid: number, sz: number): OrderRecord => {
    const filledSz = lots(order.filledSz + sz);
    const state = filledSz >= order.intent.sz ? nextOrderState(order.state, 'filled') : order.state;
    const after: OrderRecord = { ...order, filledSz, state, oid: order.oid ?? oid };
    orders.set(keyOf(order.intent.cloid), after);
    writes += 1;
    return after;
  };

  /** The newest trade that held size of the coin just before a moment. */
  const holderAt = (bot: string, coin: string, timeMs: number): string | null => {
    let holder: string | null = null;
    for (const { trade } of trades.values()) {
      if (trade.bot !== bot || trade.coin !== coin || trade.kind !== 'entry') continue;
      let held = 0;
      for (const fill of fillsOf(trade.tradeId)) {
        if (fill.timeMs > timeMs) continue;
        if (fill.role === 'entry') held += fill.sz;
        else if (fill.timeMs < timeMs) held -= fill.tradeSz;
      }
      if (held > 0) holder = trade.tradeId;
    }
    return holder;
  };

  /** Payments that came before the fill that explains them. */
  const explainFunding = (bot: string): void => {
    for (const payment of funding) payment.tradeId ??= holderAt(bot, payment.coin, payment.timeMs);
  };

  const sums = (tradeId: string): TradeFills => sumsOf(fillsOf(tradeId), funding, tradeId);

  const applyNews = (cloid: Cloid, news: OrderNews): OrderRecord | null => {
    const before = orders.get(keyOf(cloid));
    if (before === undefined) return null;
    let after: OrderRecord = {
      ...before,
      state: news.state === undefined ? before.state : nextOrderState(before.state, news.state),
      oid: news.oid ?? before.oid,
      reason: news.reason ?? before.reason,
      cancelAsked: before.cancelAsked || news.cancelAsked === true,
    };
    if (
      after.state === before.state &&
      after.oid === before.oid &&
      after.reason === before.reason &&
      after.cancelAsked === before.cancelAsked
    )
      return before;
    orders.set(keyOf(cloid), after);
    writes += 1;
    if (after.oid !== null && after.oid !== before.oid) {
      for (const [index, fill] of fills.entries()) {
        if (fill.tradeId !== null || fill.oid !== after.oid) continue;
        fills[index] = { ...fill, tradeId: after.tradeId, role: after.intent.role, tradeSz: fill.sz, share: null };
        after = addFill(after, after.oid ?? fill.oid, fill.sz);
      }
      explainFunding(after.bot);
    }
    raise(after.tradeId);
    return after;
  };

  const storeFills = (bot: string, seen: readonly Fill[], markMs: number | null): FillRecord[] => {
    const fresh: FillRecord[] = [];
    const changed = new Set<string>();
    for (const fill of seen) {
      if (fillAt.has(fillKey(fill))) continue;
      const order = (fill.cloid === null ? null : orders.get(keyOf(fill.cloid))) ?? byOid(bot, fill.oid);
      const tradeSz = lots(order === null ? 0 : fill.sz);
      const record: FillRecord = { ...fill, tradeId: order?.tradeId ?? null, role: order?.intent.role ?? null, tradeSz };
      fillAt.set(fillKey(fill), fills.length);
      fills.push({ ...record, share: null });
      writes += 1;
      fresh.push(record);
      if (order === null) continue;
      addFill(order, fill.oid, fill.sz);
      changed.add(order.tradeId);
    }
    explainFunding(bot);
    for (const tradeId of changed) raise(tradeId);
    if (markMs !== null) watermarkMs = Math.max(watermarkMs ?? markMs, markMs);
    return fresh;
  };

  /** Says what of a fill without an owner is a trade's, null for nothing, or that less of its own is; false when that was said before. */
  const judge = (fill: Fill, share: FillShare | null): boolean => {
    const index = fillAt.get(fillKey(fill));
    const known = index === undefined ? undefined : fills[index];
    if (index === undefined || known === undefined) return false;
    const isFree = known.tradeId === null && known.share === null;
    const isLess = share !== null && known.tradeId === share.tradeId && known.tradeSz > share.sz;
    if (!isFree && !isLess) return false;
    fills[index] = { ...known, tradeId: share?.tradeId ?? null, tradeSz: share?.sz ?? lots(0), share: share ?? NOTHING };
    writes += 1;
    return true;
  };

  const project = ({ trade }: StoredTrade): Projection => {
    const own = ordersOf(trade.tradeId);
    const total = sums(trade.tradeId);
    const orderIds: Partial<Record<OrderRole, number>> = {};
    for (const order of own) if (order.oid !== null) orderIds[order.intent.role] = order.oid;
    return {
      ledgerId,
      trade,
      orderIds,
      filledAtMs: completionTimes(trade, own, fillsOf(trade.tradeId)),
      fills: total,
      openSz: lots(total.entrySz - total.exitSz),
    };
  };

  const shownAbove = (bot: string, { databaseId, mark }: ShownMark): StoredTrade[] =>
    [...trades.values()].filter(({ trade, shownMark }) => trade.bot === bot && trade.signal.databaseId === databaseId && shownMark > mark);
  const projectAgain = (bot: string, at: ShownMark): void => {
    for (const stored of shownAbove(bot, at)) Object.assign(stored, { projectedVersion: -1, shownMark: NEVER });
  };

  const change = (tradeId: string, version: number, patch: TradePatch): boolean => {
    const stored = trades.get(tradeId);
    if (stored === undefined || stored.trade.version !== version) return false;
    stored.trade = patched(stored.trade, patch);
    writes += 1;
    return true;
  };

  return {
    ledgerId,
    insertTrade(trade, row) {
      const known = trades.get(trade.tradeId);
      if (known !== undefined) {
        known.projectedVersion = -1;
        return 'exists';
      }
      trades.set(trade.tradeId, { trade, row, projectedVersion: -1, shownMark: NEVER });
      writes += 1;
      return 'inserted';
    },
    trade: (tradeId) => trades.get(tradeId)?.trade ?? null,
    claimedRow: (tradeId) => trades.get(tradeId)?.row ?? null,
    activeTrades: (bot) =>
      [...trades.values()]
        .filter(({ trade }) => trade.bot === bot && !isOver(trade))
        .sort(byClaim)
        .map(({ trade }) => trade),
    exitsSince: (bot, sinceMs) =>
      [...trades.values()]
        .filter(({ trade }) => trade.bot === bot && trade.kind === 'exit' && trade.claimedAtMs >= sinceMs)
        .sort(byClaim)
        .map(({ trade }) => trade),
    changeTrade: change,
    recordIntents(tradeId, version, intents, patch) {
      if (!change(tradeId, version, patch)) return false;
      for (const order of intents) {
        orders.set(keyOf(order.intent.cloid), order);
        ofTrade.set(tradeId, [...(ofTrade.get(tradeId) ?? []), order.intent.cloid]);
        highestNonce = Math.max(highestNonce, order.nonce);
      }
      return true;
    },
    orders: ordersOf,
    order: (cloid) => orders.get(keyOf(cloid)) ?? null,
    orderByOid: byOid,
    liveOrders: (bot) => [...orders.values()].filter((order) => order.bot === bot && LIVE.has(order.state)),
    applyOrderNews: applyNews,
    recordFills: (bot, _account, seen, markMs) => storeFills(bot, seen, markMs),
    unjudgedFills: () => byTime(fills.filter(({ tradeId, share }) => tradeId === null && share === null)).map(told),
    assignFill(_account, fill, share, version) {
      if (trades.get(share.tradeId)?.trade.version !== version || !judge(fill, share)) return false;
      raise(share.tradeId);
      return true;
    },
    leaveFills: (_account, seen) => seen.filter((fill) => judge(fill, null)).length,
    fills: (tradeId) => byTime(fillsOf(tradeId)).map(told),
    fillSums: sums,
    recordFunding(bot, _account, payments) {
      return payments.filter((payment) => {
        if (funding.some((known) => known.coin === payment.coin && known.timeMs === payment.timeMs)) return false;
        const tradeId = holderAt(bot, payment.coin, payment.timeMs);
        funding.push({ ...payment, tradeId });
        if (tradeId !== null) raise(tradeId);
        return true;
      });
    },
    recordBookings: (_bot, _account, seen) =>
      seen.filter((booking) => {
        if (bookings.some(({ key }) => key === booking.key)) return false;
        bookings.push(booking);
        return true;
      }),
    books: (_account, throughMs) => booksOf({ bookings, fills, funding }, throughMs),
    acknowledged() {
      const newest = new Map<string | null, number>();
      for (const { kind, coin, timeMs } of bookings)
        if (kind === 'acknowledged') newest.set(coin, Math.max(timeMs, newest.get(coin) ?? timeMs));
      return newest;
    },
    differences: () => differences,
    setDifferences(_bot, standing) {
      differences = [...standing].sort((a, b) => ((a.coin ?? '') < (b.coin ?? '') ? -1 : 1));
    },
    watermark: () => watermarkMs,
    highestNonce: () => highestNonce,
    reserveNonces(_bot, upTo) {
      highestNonce = Math.max(highestNonce, upTo);
    },
    botState: (bot) => bots.get(bot) ?? { bot, ...FRESH },
    setBotState: (bot, patch) => void bots.set(bot, { ...(bots.get(bot) ?? { bot, ...FRESH }), ...patch }),
    recordControl(bot, key, outcome) {
      const outcomes = controls.get(key) ?? new Map<string, string>();
      controls.set(key, outcomes);
      if (outcomes.has(bot)) return false;
      outcomes.set(bot, outcome);
      return true;
    },
    controlOutcomes: (key) => controls.get(key) ?? new Map<string, string>(),
    record: () => undefined,
    timeline: () => [],
    unprojected: (bot, limit) =>
      [...trades.values()]
        .filter(({ trade, projectedVersion }) => trade.bot === bot && projectedVersion < trade.version)
        .sort(byClaim)
        .slice(0, limit)
        .map(project),
    projectAgain,
    markProjected(shown) {
      for (const { tradeId, version, showing } of shown) {
        const stored = trades.get(tradeId);
        if (stored === undefined) continue;
        if (showing !== null) {
          const at = { databaseId: stored.trade.signal.databaseId, mark: showing.before };
          if (shownAbove(stored.trade.bot, at).some(({ shownMark }) => shownMark < NEVER)) projectAgain(stored.trade.bot, at);
        }
        stored.projectedVersion = Math.max(stored.projectedVersion, version);
        stored.shownMark = showing?.mark ?? NEVER;
      }
    },
    allTrades: () => [...trades.values()].map(({ trade }) => trade),
    allFills: () => fills,
    writes: () => writes,
    orderCount: () => orders.size,
  };
}
