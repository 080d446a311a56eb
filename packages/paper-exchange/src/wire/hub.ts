/**
 * Turns what happens into channel messages (PROTOCOL §9). Messages gather until the exchange has settled a stretch of
 * work, so none leaves before the journal is written and a burst is one message where the venue sends one.
 */
import { formatDecimal, type MicroUsd, priceDecimals } from '@hyperfleet/trading';
import type { Observer } from '../in-process.ts';
import type { MarketEvent } from '../market/event.ts';
import type { VenueEvent, VenueFill } from '../matching/contract.ts';
import { type BookRow, bboRow, bookRow, tradeRow } from './feed.ts';
import type { Address } from './fields.ts';
import {
  activeAssetData,
  clearinghouseState,
  fillRows,
  formatOf,
  frontendOrders,
  historicalOrders,
  type InfoSources,
  orderRow,
  spotState,
} from './info-account.ts';
import { assetCtxs } from './info-market.ts';
import { basicOrderRow, fundingRow, ledgerRow, type Row } from './rows.ts';
import type { Subscription, UserTopic } from './subscription.ts';

/** Who listens: one socket. */
export interface Listener {
  /** Takes a whole text frame; must not throw. */
  send(text: string): void;
}

export interface Hub extends Observer {
  /** Adds a listener and sends it what the channel begins with. False when it listens already. */
  subscribe(listener: Listener, subscription: Subscription): boolean;
  /** False when it did not listen. */
  unsubscribe(listener: Listener, subscription: Subscription): boolean;
  drop(listener: Listener): void;
}

interface Topic {
  readonly subscription: Subscription;
  readonly listeners: Set<Listener>;
}

const SNAPSHOT_ROWS = 2_000;
/** allMids is told at most this often in market time. */
const MIDS_EVERY_MS = 1_000;

const frame = (channel: string, data: unknown): string => JSON.stringify({ channel, data });

/** Creates the hub over what /info reads. `emit` hands frames out once they may leave. */
export function createHub(sources: InfoSources, emit: (send: () => void) => void): Hub {
  const { venue, feed, agents, bank } = sources;
  const topics = new Map<string, Topic>();
  const byUser = new Map<Address, Set<Topic>>();
  const byCoin = new Map<string, Set<Topic>>();
  const global = new Set<Topic>();
  const dirtyAccounts = new Set<Address>();
  const dirtyOrders = new Set<Address>();
  let midsAtMs = 0;
  let isMarked = false;

  const groupOf = (subscription: Subscription): Set<Topic> => {
    if ('user' in subscription) return ensure(byUser, subscription.user);
    if ('coin' in subscription) return ensure(byCoin, subscription.coin);
    return global;
  };

  function tell(topic: Topic, text: string): void {
    for (const listener of topic.listeners) emit(() => listener.send(text));
  }

  /** Topics of a user by name; nothing is built when nobody listens. */
  function* userTopics(user: Address, name: UserTopic): Generator<Topic> {
    for (const topic of byUser.get(user) ?? []) if (topic.subscription.topic === name) yield topic;
  }

  function tellUser(user: Address, name: UserTopic, data: () => unknown): void {
    let text: string | null = null;
    for (const topic of userTopics(user, name)) {
      text ??= frame(name === 'userEvents' ? 'user' : name, data());
      tell(topic, text);
    }
  }

  // --- market ---------------------------------------------------------------------------------------------------------

  function marketTopic(topic: Topic, event: MarketEvent): unknown {
    const { subscription } = topic;
    const instrument = feed.instrument(event.coin);
    if (instrument === null) return null;
    if (event.kind === 'book' && subscription.topic === 'l2Book') {
      const row = bookRow({ bids: event.bids, asks: event.asks, timeMs: event.exchangeTimeMs }, instrument, subscription.figures);
      return shallow(row, subscription.levels);
    }
    if (event.kind === 'bbo' && subscription.topic === 'bbo') return bboRow(event, instrument);
    if (event.kind !== 'prints' || event.prints.length === 0) return null;
    if (subscription.topic === 'trades') return event.prints.map((print) => tradeRow(print, instrument));
    if (subscription.topic === 'candle') return newestCandle(subscription.coin, subscription.interval);
    return null;
  }

  function newestCandle(coin: string, interval: string): unknown {
    return feed.candles(coin)?.rows(interval, venue.nowMs, Number.MAX_SAFE_INTEGER)?.at(-1) ?? null;
  }

  function market(event: MarketEvent): void {
    feed.take(event);
    for (const topic of byCoin.get(event.coin) ?? []) {
      const data = marketTopic(topic, event);
      if (data !== null) tell(topic, frame(topic.subscription.topic, data));
    }
    if (event.kind === 'book') tellMids(event.atMs);
  }

  /** All mids, now and then, as books move them. */
  function tellMids(timeMs: number): void {
    if (timeMs - midsAtMs < MIDS_EVERY_MS) return;
    midsAtMs = timeMs;
    for (const topic of global) {
      if (topic.subscription.topic === 'allMids') tell(topic, frame('allMids', midsData(topic.subscription.dex)));
    }
  }

  /** The mark moved: the context of the coin. A coin in a gap is silent. */
  function marked(coin: string, timeMs: number): void {
    const instrument = feed.instrument(coin);
    if (instrument === null || venue.assetMarket(instrument.assetId).inGap) return;
    isMarked = true;
    for (const topic of byCoin.get(coin) ?? []) {
      if (topic.subscription.topic === 'activeAssetCtx') tell(topic, frame('activeAssetCtx', { coin, ctx: feed.ctx(coin, timeMs) }));
    }
  }

  function midsData(dex: string | null): unknown {
    return dex === null ? { mids: feed.mids() } : { dex, mids: feed.mids() };
  }

  // --- accounts -------------------------------------------------------------------------------------------------------

  function takeOrders(events: readonly Extract<VenueEvent, { kind: 'order' }>[]): void {
    for (const [user, own] of groupBy(events, (event) => event.order.user)) {
      dirtyOrders.add(user);
      const row = (event: (typeof own)[number]) => ({ status: event.status, statusTimestamp: event.timeMs });
      tellUser(user, 'orderUpdates', () =>
        own.map((event) => ({ order: basicOrderRow(event.order, formatOf(sources)(event.order.coin)), ...row(event) })),
      );
      tellUser(user, 'userHistoricalOrders', () => ({
        user,
        orderHistory: own.map((event) => ({ order: orderRow(sources, event.order), ...row(event) })),
      }));
    }
  }

  function takeFills(fills: readonly VenueFill[]): void {
    for (const fill of fills) feed.fill(fill);
    for (const [user, own] of groupBy(fills, (fill) => fill.user)) {
      for (const topic of userTopics(user, 'userFills')) {
        const aggregate = 'aggregate' in topic.subscription && topic.subscription.aggregate;
        tell(topic, frame('userFills', { user, fills: fillRows(sources, own, aggregate) }));
      }
      tellUser(user, 'userEvents', () => ({ fills: fillRows(sources, own, false) }));
      for (const fill of own) if (!fill.crossed) tellUser(user, 'notification', () => ({ notification: fillNote(fill) }));
    }
  }

  function fillNote(fill: VenueFill): string {
    const { szDecimals } = formatOf(sources)(fill.coin);
    const px = formatDecimal(fill.px, priceDecimals({ szDecimals }));
    return `Resting order filled: ${fill.side === 'buy' ? 'Bought' : 'Sold'} ${formatDecimal(fill.sz, szDecimals)} ${fill.coin} at $${px}`;
  }

  function takeVenue(events: readonly VenueEvent[]): void {
    takeOrders(events.filter((event) => event.kind === 'order'));
    takeFills(events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : [])));
    for (const event of events) {
      switch (event.kind) {
        case 'order':
        case 'fill':
        case 'ledger':
          break;
        case 'nonUserCancel':
          tellUser(event.user, 'userEvents', () => ({ nonUserCancel: [{ coin: event.coin, oid: event.oid }] }));
          break;
        case 'funding': {
          const row = fundingRow(event, formatOf(sources)(event.coin));
          tellUser(event.user, 'userEvents', () => ({ funding: row }));
          tellUser(event.user, 'userFundings', () => ({ user: event.user, fundings: [row] }));
          break;
        }
        case 'mark':
          marked(event.coin, event.timeMs);
          break;
        case 'account':
          dirtyAccounts.add(event.user);
          break;
        default:
          event satisfies never;
      }
    }
  }

  /** Every context at once, when marks have moved. */
  function tellContexts(): void {
    if (!isMarked) return;
    isMarked = false;
    for (const topic of global) {
      const { topic: name } = topic.subscription;
      if (name === 'assetCtxs' || name === 'allDexsAssetCtxs') tell(topic, frame(name, contextsData(name)));
    }
  }

  function contextsData(name: 'assetCtxs' | 'allDexsAssetCtxs'): Row {
    const ctxs = assetCtxs(sources, venue.nowMs);
    return name === 'assetCtxs' ? { dex: '', ctxs } : { ctxs: [['', ctxs]] };
  }

  const statesData = (user: Address): Row => ({ user, clearinghouseStates: [['', clearinghouseState(sources, user, venue.nowMs)]] });
  const stateData = (user: Address): Row => ({ dex: '', user, clearinghouseState: clearinghouseState(sources, user, venue.nowMs) });
  const ordersData = (user: Address): Row => ({ dex: '', user, orders: frontendOrders(sources, user) });

  function webData(user: Address): Row {
    const unnamed = agents.of(user, venue.nowMs).find((agent) => agent.name === '');
    return {
      userState: {
        agentAddress: unnamed?.address ?? null,
        agentValidUntil: unnamed?.validUntilMs ?? null,
        cumLedger: formatUsd(bank.netDeposits(user)),
        serverTime: venue.nowMs,
        isVault: false,
        user,
      },
      perpDexStates: [{ totalVaultEquity: '0.0', perpsAtOpenInterestCap: [], leadingVaults: [] }],
    };
  }

  function settled(): void {
    for (const user of dirtyAccounts) {
      tellUser(user, 'clearinghouseState', () => stateData(user));
      tellUser(user, 'allDexsClearinghouseState', () => statesData(user));
      for (const topic of byUser.get(user) ?? []) {
        const { subscription } = topic;
        if (subscription.topic !== 'activeAssetData') continue;
        tell(topic, frame('activeAssetData', activeAssetData(sources, user, subscription.coin)));
      }
    }
    dirtyAccounts.clear();
    for (const user of dirtyOrders) tellUser(user, 'openOrders', () => ordersData(user));
    dirtyOrders.clear();
    tellContexts();
  }

  // --- what a channel begins with -------------------------------------------------------------------------------------

  function begin(subscription: Subscription): unknown {
    switch (subscription.topic) {
      case 'l2Book': {
        const row = feed.recordedBook(subscription.coin, subscription.figures);
        return row === null ? null : shallow(row, subscription.levels);
      }
      case 'bbo':
        return feed.bbo(subscription.coin);
      case 'trades': {
        const trades = feed.trades(subscription.coin);
        return trades.length === 0 ? null : trades;
      }
      case 'activeAssetCtx':
        // Nothing while the coin has no mark: a price of 0.0 would be none.
        return feed.hasMark(subscription.coin) ? { coin: subscription.coin, ctx: feed.ctx(subscription.coin, venue.nowMs) } : null;
      case 'candle':
        return newestCandle(subscription.coin, subscription.interval);
      case 'allMids':
        return midsData(subscription.dex);
      case 'assetCtxs':
      case 'allDexsAssetCtxs':
        return contextsData(subscription.topic);
      case 'activeAssetData':
        return activeAssetData(sources, subscription.user, subscription.coin);
      default:
        return beginUser(subscription.topic, subscription.user, subscription.aggregate);
    }
  }

  function beginUser(topic: UserTopic, user: Address, aggregate: boolean): unknown {
    switch (topic) {
      case 'userFills':
        return { isSnapshot: true, user, fills: fillRows(sources, venue.fills(user), aggregate).slice(-SNAPSHOT_ROWS) };
      case 'userFundings': {
        const events = venue.fundings(user).slice(-SNAPSHOT_ROWS);
        return { isSnapshot: true, user, fundings: events.map((event) => fundingRow(event, formatOf(sources)(event.coin))) };
      }
      case 'userNonFundingLedgerUpdates':
        return { isSnapshot: true, user, nonFundingLedgerUpdates: bank.ledger(user).map(ledgerRow) };
      case 'userHistoricalOrders':
        return { isSnapshot: true, user, orderHistory: historicalOrders(sources, user) };
      case 'clearinghouseState':
        return stateData(user);
      case 'openOrders':
        return ordersData(user);
      case 'spotState':
        return { user, spotState: spotState(sources, user) };
      case 'webData3':
        return webData(user);
      case 'allDexsClearinghouseState':
        return statesData(user);
      // There are no TWAP orders here: their channels begin, and stay, empty.
      case 'twapStates':
        return { dex: '', user, states: [] };
      case 'userTwapHistory':
        return { isSnapshot: true, user, history: [] };
      case 'userTwapSliceFills':
        return { isSnapshot: true, user, twapSliceFills: [] };
      case 'orderUpdates':
      case 'userEvents':
      case 'notification':
        return null;
      default:
        return topic satisfies never;
    }
  }

  return {
    market,
    venue: takeVenue,
    ledger(rows) {
      for (const { user, row } of rows) {
        tellUser(user, 'userNonFundingLedgerUpdates', () => ({ user, nonFundingLedgerUpdates: [ledgerRow(row)] }));
        tellUser(user, 'spotState', () => ({ user, spotState: spotState(sources, user) }));
      }
    },
    tick() {
      for (const user of byUser.keys()) {
        dirtyAccounts.add(user);
        dirtyOrders.add(user);
        tellUser(user, 'webData3', () => webData(user));
      }
    },
    settled,
    subscribe(listener, subscription) {
      const topic = topics.get(subscription.key) ?? { subscription, listeners: new Set() };
      if (topic.listeners.has(listener)) return false;
      topics.set(subscription.key, topic);
      groupOf(subscription).add(topic);
      topic.listeners.add(listener);
      emit(() => listener.send(frame('subscriptionResponse', { method: 'subscribe', subscription: subscription.echo })));
      const data = begin(subscription);
      if (data !== null) emit(() => listener.send(frame(subscription.topic, data)));
      return true;
    },
    unsubscribe(listener, subscription) {
      const topic = topics.get(subscription.key);
      if (topic === undefined || !topic.listeners.delete(listener)) return false;
      if (topic.listeners.size === 0) forget(topic);
      return true;
    },
    drop(listener) {
      for (const topic of topics.values()) if (topic.listeners.delete(listener) && topic.listeners.size === 0) forget(topic);
    },
  };

  function forget(topic: Topic): void {
    topics.delete(topic.subscription.key);
    const group = groupOf(topic.subscription);
    group.delete(topic);
    if (group.size > 0) return;
    if ('user' in topic.subscription) byUser.delete(topic.subscription.user);
    else if ('coin' in topic.subscription) byCoin.delete(topic.subscription.coin);
  }
}

const formatUsd = (usd: MicroUsd): string => formatDecimal(usd, 6);

const shallow = (row: BookRow, levels: number): BookRow => {
  const [bids, asks] = row.levels;
  return { ...row, levels: [bids.slice(0, levels), asks.slice(0, levels)] };
};

function ensure<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Set<V>();
  map.set(key, made);
  return made;
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
