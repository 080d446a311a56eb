/**
 * The venue's limits on an IP (PROTOCOL §10): what a request over HTTP weighs, and what connections, subscriptions,
 * messages and posts there may be. Server and sockets ask before they do anything; nothing here touches the exchange, so
 * what is refused leaves no trace in its journal.
 */
import type { Address } from '../matching/contract.ts';
import type { LimitSettings } from './settings.ts';
import { exchangeWeight, infoWeight, rowsWeight } from './weights.ts';
import { createMinuteWindow, createTokenBucket, type MinuteWindow, type TokenBucket } from './windows.ts';

/** One connection's part of its IP's limits. A text is the venue's refusal; null lets through. */
export interface Visit {
  /** Before each message of the client. */
  message(): string | null;
  /** Before a post is taken in; what is taken is in flight until `answered`. */
  post(id: number): string | null;
  answered(): void;
  /** Before a subscription; `user` is null for public channels. A channel held already is never refused. */
  subscribe(key: string, user: Address | null): string | null;
  unsubscribe(key: string): void;
  leave(): void;
}

export interface Admission {
  /** Takes the weight of an /info or /exchange body; false where the venue answers 429. */
  request(ip: string, path: string, body: unknown): boolean;
  /** Charges the rows of an answer to an /info body. */
  rows(ip: string, body: unknown, answer: unknown): void;
  /** A new connection, or null where it is refused. */
  connect(ip: string): Visit | null;
  /** The limits as they stand. */
  readonly settings: LimitSettings;
  /** Puts other figures in place from now on; what was counted stays counted. */
  change(figures: Partial<LimitSettings>): void;
}

/** What is counted of one IP. */
interface Ledger {
  readonly weight: TokenBucket;
  readonly connects: MinuteWindow;
  readonly messages: MinuteWindow;
  /** Followed accounts and by how many subscriptions. */
  readonly users: Map<Address, number>;
  connections: number;
  subscriptions: number;
  posts: number;
}

/** IPs remembered before those that are idle are looked for. */
const IPS_KEPT = 1_024;

const newLedger = (): Ledger => ({
  weight: createTokenBucket(),
  connects: createMinuteWindow(),
  messages: createMinuteWindow(),
  users: new Map(),
  connections: 0,
  subscriptions: 0,
  posts: 0,
});

const isIdle = (ledger: Ledger, nowMs: number): boolean =>
  ledger.connections === 0 && ledger.weight.isFull(nowMs) && ledger.connects.isEmpty(nowMs) && ledger.messages.isEmpty(nowMs);

const within = (count: number, limit: number | null): boolean => limit === null || count < limit;

/** Creates the limits of one exchange; minutes are counted on `nowMs`. */
export function createAdmission(initial: LimitSettings, nowMs: () => number): Admission {
  let settings = initial;
  const ledgers = new Map<string, Ledger>();

  function ledgerOf(ip: string): Ledger {
    const known = ledgers.get(ip);
    if (known !== undefined) return known;
    if (ledgers.size >= IPS_KEPT) for (const [other, ledger] of ledgers) if (isIdle(ledger, nowMs())) ledgers.delete(other);
    const made = newLedger();
    ledgers.set(ip, made);
    return made;
  }

  const everyMinute = (window: MinuteWindow, limit: number | null): boolean => limit === null || window.take(limit, nowMs());

  function visit(own: Ledger): Visit {
    const held = new Map<string, Address | null>();
    let inFlight = 0;
    own.connections += 1;
    const release = (user: Address | null): void => {
      own.subscriptions -= 1;
      if (user === null) return;
      const left = (own.users.get(user) ?? 1) - 1;
      if (left === 0) own.users.delete(user);
      else own.users.set(user, left);
    };
    return {
      message() {
        const limit = settings.wsMessagesPerMinute;
        return everyMinute(own.messages, limit) ? null : `Cannot send more than ${limit} messages per minute.`;
      },
      post(id) {
        if (!within(own.posts, settings.wsPostsInFlight)) return `too many pending post requests id=${id}`;
        own.posts += 1;
        inFlight += 1;
        return null;
      },
      answered() {
        // A connection that left took its posts with it.
        if (inFlight === 0) return;
        own.posts -= 1;
        inFlight -= 1;
      },
      subscribe(key, user) {
        if (held.has(key)) return null;
        if (!within(own.subscriptions, settings.wsSubscriptions))
          return `Cannot subscribe to more than ${settings.wsSubscriptions} channels.`;
        if (user !== null && !own.users.has(user) && !within(own.users.size, settings.wsUsers)) {
          return `Cannot track more than ${settings.wsUsers} total users.`;
        }
        held.set(key, user);
        own.subscriptions += 1;
        if (user !== null) own.users.set(user, (own.users.get(user) ?? 0) + 1);
        return null;
      },
      unsubscribe(key) {
        const user = held.get(key);
        if (user === undefined) return;
        held.delete(key);
        release(user);
      },
      leave() {
        for (const user of held.values()) release(user);
        held.clear();
        own.posts -= inFlight;
        inFlight = 0;
        own.connections -= 1;
      },
    };
  }

  return {
    request(ip, path, body) {
      const limit = settings.ipWeightPerMinute;
      if (limit === null || (path !== '/info' && path !== '/exchange')) return true;
      return ledgerOf(ip).weight.take(path === '/info' ? infoWeight(body) : exchangeWeight(body), limit, nowMs());
    },
    rows(ip, body, answer) {
      const limit = settings.ipWeightPerMinute;
      if (limit === null) return;
      const weight = rowsWeight(body, answer);
      if (weight > 0) ledgerOf(ip).weight.charge(weight, limit, nowMs());
    },
    connect(ip) {
      const own = ledgerOf(ip);
      if (!within(own.connections, settings.wsConnections)) return null;
      return everyMinute(own.connects, settings.wsConnectionsPerMinute) ? visit(own) : null;
    },
    get settings() {
      return settings;
    },
    change(figures) {
      settings = { ...settings, ...figures };
    },
  };
}
