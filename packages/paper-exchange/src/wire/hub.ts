/**
 * Turns what happens into channel messages (PROTOCOL §9): finds whom an occasion is about and lets every topic of theirs say
 * what it has to say. Messages gather until the exchange has settled a stretch of work, so none leaves before the journal is
 * written and a burst is one message where the venue sends one.
 */
import type { Observer } from '../in-process.ts';
import type { MarketEvent } from '../market/event.ts';
import type { VenueEvent } from '../matching/contract.ts';
import type { About, Occasion } from './channels/channel.ts';
import type { Address } from './fields.ts';
import type { InfoSources } from './info-account.ts';
import type { Subscription } from './subscription.ts';

/** Who listens: one socket. */
export interface Listener {
  /** Takes a whole text frame; must not throw. `topic` is given for what a channel says, and left out for confirmations. */
  send(text: string, topic?: Subscription): void;
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

/** allMids is told at most this often in market time. */
const MIDS_EVERY_MS = 1_000;

const frame = (channel: string, data: unknown): string => JSON.stringify({ channel, data });

/** Creates the hub over what /info reads. `emit` hands frames out once they may leave. */
export function createHub({ venue, feed }: InfoSources, emit: (send: () => void) => void): Hub {
  const topics = new Map<string, Topic>();
  const byUser = new Map<Address, Set<Topic>>();
  const byCoin = new Map<string, Set<Topic>>();
  const everything = new Set<Topic>();
  const dirtyAccounts = new Set<Address>();
  const dirtyOrders = new Set<Address>();
  /** Coins without a recorded market whose orders have changed. */
  const ownBooks = new Set<string>();
  let midsAtMs = 0;
  let isMarked = false;

  function groupOf({ user, coin }: About): Set<Topic> {
    if (user !== undefined) return ensure(byUser, user);
    return coin === undefined ? everything : ensure(byCoin, coin);
  }

  /** Nothing is built when nobody listens: topics without listeners are forgotten. */
  function tell(told: Iterable<Topic> | undefined, occasion: Occasion): void {
    for (const { subscription, listeners } of told ?? []) {
      for (const data of subscription.push(occasion)) {
        const text = frame(subscription.channel, data);
        for (const listener of listeners) emit(() => listener.send(text, subscription));
      }
    }
  }

  function market(event: MarketEvent): void {
    feed.take(event);
    tell(byCoin.get(event.coin), { kind: 'market', event });
    if (event.kind !== 'book' || event.atMs - midsAtMs < MIDS_EVERY_MS) return;
    midsAtMs = event.atMs;
    tell(everything, { kind: 'mids', timeMs: event.atMs });
  }

  /** The mark moved. A coin in a gap is silent. */
  function marked(coin: string, timeMs: number): void {
    const instrument = feed.instrument(coin);
    if (instrument === null || venue.assetMarket(instrument.assetId).inGap) return;
    isMarked = true;
    tell(byCoin.get(coin), { kind: 'mark', timeMs });
  }

  function takeVenue(happened: readonly VenueEvent[]): void {
    const kinds = split(happened);
    for (const event of kinds.orders) if (!feed.hasRecordedBook(event.order.coin)) ownBooks.add(event.order.coin);
    for (const [user, events] of groupBy(kinds.orders, (event) => event.order.user)) {
      dirtyOrders.add(user);
      tell(byUser.get(user), { kind: 'orders', events });
    }
    for (const [user, events] of groupBy(kinds.liquidations, (event) => event.user))
      tell(byUser.get(user), { kind: 'liquidations', events });
    const fills = kinds.fills.map((event) => event.fill);
    for (const fill of fills) feed.fill(fill);
    for (const [coin, trades] of groupBy(feed.matches(fills), (trade) => trade.coin))
      tell(byCoin.get(coin), { kind: 'own-trades', trades });
    for (const [user, own] of groupBy(fills, (fill) => fill.user)) tell(byUser.get(user), { kind: 'fills', fills: own });
    for (const [user, events] of groupBy(kinds.nonUserCancels, (event) => event.user))
      tell(byUser.get(user), { kind: 'nonUserCancel', events });
    for (const [user, events] of groupBy(kinds.fundings, (event) => event.user)) tell(byUser.get(user), { kind: 'fundings', events });
    for (const event of kinds.marks) marked(event.coin, event.timeMs);
    for (const event of kinds.accounts) dirtyAccounts.add(event.user);
  }

  function settled(timeMs: number): void {
    for (const user of dirtyAccounts) tell(byUser.get(user), { kind: 'account', timeMs });
    dirtyAccounts.clear();
    for (const user of dirtyOrders) tell(byUser.get(user), { kind: 'open-orders', timeMs });
    dirtyOrders.clear();
    for (const coin of ownBooks) tell(byCoin.get(coin), { kind: 'own-book' });
    ownBooks.clear();
    if (isMarked) tell(everything, { kind: 'contexts', timeMs });
    isMarked = false;
  }

  function forget(topic: Topic): void {
    const { key, about } = topic.subscription;
    topics.delete(key);
    const group = groupOf(about);
    group.delete(topic);
    if (group.size > 0) return;
    if (about.user !== undefined) byUser.delete(about.user);
    else if (about.coin !== undefined) byCoin.delete(about.coin);
  }

  return {
    market,
    venue: takeVenue,
    ledger(rows) {
      for (const { user, row } of rows) tell(byUser.get(user), { kind: 'ledger', row });
    },
    tick(timeMs) {
      for (const [user, own] of byUser) {
        dirtyAccounts.add(user);
        dirtyOrders.add(user);
        tell(own, { kind: 'tick', timeMs });
      }
    },
    settled,
    subscribe(listener, subscription) {
      const topic = topics.get(subscription.key) ?? { subscription, listeners: new Set() };
      if (topic.listeners.has(listener)) return false;
      topics.set(subscription.key, topic);
      groupOf(subscription.about).add(topic);
      topic.listeners.add(listener);
      emit(() => listener.send(frame('subscriptionResponse', { method: 'subscribe', subscription: subscription.echo })));
      const data = subscription.snapshot();
      if (data !== null) emit(() => listener.send(frame(subscription.channel, data), subscription));
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
}

type Of<K extends VenueEvent['kind']> = Extract<VenueEvent, { kind: K }>;

interface Kinds {
  readonly orders: Of<'order'>[];
  readonly fills: Of<'fill'>[];
  readonly nonUserCancels: Of<'nonUserCancel'>[];
  readonly fundings: Of<'funding'>[];
  readonly liquidations: Of<'liquidation'>[];
  readonly marks: Of<'mark'>[];
  readonly accounts: Of<'account'>[];
}

/** Sorts what happened by kind, each in its order. Deposits are told by the bank's rows. */
function split(happened: readonly VenueEvent[]): Kinds {
  const kinds: Kinds = { orders: [], fills: [], nonUserCancels: [], fundings: [], liquidations: [], marks: [], accounts: [] };
  for (const event of happened) {
    switch (event.kind) {
      case 'order':
        kinds.orders.push(event);
        break;
      case 'fill':
        kinds.fills.push(event);
        break;
      case 'nonUserCancel':
        kinds.nonUserCancels.push(event);
        break;
      case 'funding':
        kinds.fundings.push(event);
        break;
      case 'liquidation':
        kinds.liquidations.push(event);
        break;
      case 'mark':
        kinds.marks.push(event);
        break;
      case 'account':
        kinds.accounts.push(event);
        break;
      case 'ledger':
        break;
      default:
        event satisfies never;
    }
  }
  return kinds;
}

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
