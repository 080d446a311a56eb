import type { AccountEvent, AccountStream, Instruments, Level } from '@hyperfleet/trading';
import { parseAccount, parseFills, parseOrderUpdates, parseUserHeader } from './from-wire/account.ts';
import type { Parsed } from './from-wire/fields.ts';
import {
  type BboMessage,
  type BookMessage,
  type MarkMessage,
  type PrintsMessage,
  parseBbo,
  parseBook,
  parseMark,
  parsePrints,
} from './from-wire/market.ts';
import { openPositionBooks } from './position-books.ts';
import type { Address } from './signer.ts';
import { openSocket, type SocketOptions, type Taken } from './socket.ts';
import type { Subscription } from './subscription.ts';

/** What happens to a feed besides its data. */
export type FeedState =
  /** All subscriptions are acknowledged; what was missed in between is lost, snapshots follow. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string }
  /** A channel that should speak does not; it is being subscribed anew. */
  | { readonly kind: 'silent'; readonly channel: string; readonly coin: string | null }
  /** A message was dropped: its field and value. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/** Listeners get the message and our market time at which it came. */
export interface MarketFeedOptions extends SocketOptions {
  readonly coins: readonly string[];
  readonly instruments: Instruments;
  /** Market time of silence after which a coin's l2Book or activeAssetCtx, which both push all the time, is suspicious. */
  readonly silenceMs: number;
  onBook(book: BookMessage, receivedAtMs: number): void;
  onBbo(bbo: BboMessage, receivedAtMs: number): void;
  onPrints(prints: PrintsMessage, receivedAtMs: number): void;
  onMark(mark: MarkMessage, receivedAtMs: number): void;
  onState(state: FeedState): void;
}

export interface MarketFeed {
  close(): Promise<void>;
}

const TAKEN: Taken = { kind: 'taken' };
const STALE: Taken = { kind: 'stale' };

/** Prints remembered per coin to drop repeats: the venue's first trades message holds a few dozen recent ones. */
const PRINTS_REMEMBERED = 4_000;

/**
 * Books, best prices, public trades and marks of some coins over one WebSocket (PROTOCOL §9). A book or bbo seen before
 * (same time and levels, as after a new subscription) or older than one of the same connection is dropped, and so are
 * repeated prints. Throws a RangeError for no coins or a coin without an instrument; after that only `onState` speaks of trouble.
 */
export function openMarketFeed(options: MarketFeedOptions): MarketFeed {
  const { coins, instruments, clock, silenceMs } = options;
  if (coins.length === 0) throw new RangeError('coins is empty: name at least one coin to follow');
  for (const coin of coins) if (!instruments.has(coin)) throw new RangeError(`coin ${coin} is not in the venue's meta`);
  const subscriptions = coins.flatMap((coin): Subscription[] => [
    { request: { type: 'l2Book', coin }, silenceMs },
    { request: { type: 'bbo', coin }, silenceMs: null },
    { request: { type: 'trades', coin }, silenceMs: null },
    { request: { type: 'activeAssetCtx', coin }, silenceMs },
  ]);
  const books = openOrdering<BookMessage>((a, b) => sameLevels(a.bids, b.bids) && sameLevels(a.asks, b.asks));
  const bbos = openOrdering<BboMessage>((a, b) => sameLevels([a.bid], [b.bid]) && sameLevels([a.ask], [b.ask]));
  const prints = openPrintMemory();

  const takeBook = (book: BookMessage): boolean => {
    const isNews = books.isNews(book);
    if (isNews) options.onBook(book, clock.now());
    return isNews;
  };
  const takeBbo = (bbo: BboMessage): boolean => {
    const isNews = bbos.isNews(bbo);
    if (isNews) options.onBbo(bbo, clock.now());
    return isNews;
  };
  const takePrints = (message: PrintsMessage): boolean => {
    const news = prints.news(message);
    if (news.prints.length > 0) options.onPrints(news, clock.now());
    return news.prints.length > 0;
  };
  const takeMark = (mark: MarkMessage): boolean => {
    options.onMark(mark, clock.now());
    return true;
  };
  const message = (channel: string, data: unknown): Taken => {
    switch (channel) {
      case 'l2Book':
        return pass(parseBook(data, instruments), takeBook);
      case 'bbo':
        return pass(parseBbo(data, instruments), takeBbo);
      case 'trades':
        // A coin without a recent trade has an empty first message.
        return Array.isArray(data) && data.length === 0 ? STALE : pass(parsePrints(data, instruments), takePrints);
      case 'activeAssetCtx':
        return pass(parseMark(data, instruments), takeMark);
      default:
        return STALE;
    }
  };

  return openSocket(options, {
    subscriptions,
    message,
    up: () => options.onState({ kind: 'connected' }),
    down(reason) {
      // The venue's times may step back after a reconnect; only repeats of the very same book are still dropped.
      books.newConnection();
      bbos.newConnection();
      options.onState({ kind: 'disconnected', reason });
    },
    silent: ({ request }) => options.onState({ kind: 'silent', channel: request.type, coin: request.coin ?? null }),
    unreadable(problem) {
      options.onState({ kind: 'unreadable', problem });
      return false;
    },
  });
}

export interface AccountStreamOptions extends SocketOptions {
  /** The account itself, never an agent's address. */
  readonly account: Address;
  readonly instruments: Instruments;
  /**
   * Whether the account keeps its collateral in the spot state. Its clearinghouseState then says nothing of equity, so
   * no `account` events are given: read it.
   */
  readonly hasSpotCollateral: boolean;
  /**
   * Market time without fills after which userFills is subscribed anew; the snapshot that answers every subscription
   * proves the channel alive, and its absence ends the connection. Null never probes.
   */
  readonly silenceMs: number | null;
  /**
   * Market time without a state after which clearinghouseState is subscribed anew; it too answers with a state, whose positions
   * tell of fills that never came. Null never probes.
   */
  readonly stateSilenceMs: number | null;
  onEvent(event: AccountEvent): void;
}

/**
 * Order updates, fills and account state of one account over a WebSocket of its own, since orderUpdates names no user
 * (PROTOCOL §9). `connected` comes after every (re)subscription. A message that cannot be read ends the connection: the
 * `connected` after it makes whoever listens read what was missed; so does a position that moved although no fill of it came, since
 * a channel may fall silent while its socket lives. Fills are handed on as they come, repeats included.
 */
export function openAccountStream(options: AccountStreamOptions): AccountStream {
  const { instruments, onEvent } = options;
  const account: Address = `0x${options.account.slice(2).toLowerCase()}`;
  const subscriptions: readonly Subscription[] = [
    { request: { type: 'orderUpdates', user: account }, silenceMs: null },
    { request: { type: 'userFills', user: account }, silenceMs: options.silenceMs },
    { request: { type: 'clearinghouseState', user: account }, silenceMs: options.stateSilenceMs },
  ];
  const books = openPositionBooks(options.clock, (coin) => socket.renew(`the position on ${coin} moved and no fill told of it`));

  const message = (channel: string, data: unknown): Taken => {
    switch (channel) {
      case 'orderUpdates':
        return pass(parseOrderUpdates(data, instruments), (updates) => {
          if (updates.length > 0) onEvent({ kind: 'orders', updates });
          return true;
        });
      case 'userFills':
        return ofUser(data, account, ({ fields, isSnapshot }) =>
          pass(parseFills(fields.fills, account, instruments), (fills) => {
            const inOrder = oldestFirst(fills);
            // A snapshot tells of the past; what came after it is in the first state.
            if (!isSnapshot) books.filled(inOrder);
            if (fills.length > 0 || isSnapshot) onEvent({ kind: 'fills', fills: inOrder, isSnapshot });
            return true;
          }),
        );
      case 'clearinghouseState':
        return ofUser(data, account, ({ fields }) =>
          pass(parseAccount(fields.clearinghouseState, instruments), (state) => {
            books.stated(state.positions);
            if (!options.hasSpotCollateral) onEvent({ kind: 'account', account: state });
            return true;
          }),
        );
      default:
        return STALE;
    }
  };

  const socket = openSocket(options, {
    subscriptions,
    message,
    up: () => onEvent({ kind: 'connected' }),
    down(reason) {
      books.forget();
      onEvent({ kind: 'disconnected', reason });
    },
    silent: () => undefined,
    unreadable: () => true,
  });
  return {
    close() {
      books.forget();
      return socket.close();
    },
  };
}

/** Hands a readable message on; `take` tells whether it was news. */
function pass<T>(message: Parsed<T>, take: (value: T) => boolean): Taken {
  if (!message.ok) return { kind: 'unreadable', problem: message.problem };
  return take(message.value) ? TAKEN : STALE;
}

type UserHeader = Extract<ReturnType<typeof parseUserHeader>, { ok: true }>['value'];

function ofUser(data: unknown, account: Address, take: (header: UserHeader) => Taken): Taken {
  const header = parseUserHeader(data);
  if (!header.ok) return { kind: 'unreadable', problem: header.problem };
  return header.value.user === account ? take(header.value) : STALE;
}

/** Snapshots were seen in both orders; rows of one time keep the order they came in, or its reverse where the whole list is. */
function oldestFirst<T extends { readonly timeMs: number }>(fills: readonly T[]): readonly T[] {
  const newestFirst = (fills[0]?.timeMs ?? 0) > (fills.at(-1)?.timeMs ?? 0);
  return (newestFirst ? fills.toReversed() : [...fills]).sort((a, b) => a.timeMs - b.timeMs);
}

interface Timed {
  readonly coin: string;
  readonly exchangeTimeMs: number;
}

/** Remembers the newest of each coin and tells whether a message is news. */
function openOrdering<T extends Timed>(same: (a: T, b: T) => boolean): { isNews(message: T): boolean; newConnection(): void } {
  const newest = new Map<string, { readonly message: T; readonly connection: number }>();
  let connection = 0;
  return {
    isNews(message) {
      const last = newest.get(message.coin);
      if (last !== undefined) {
        const age = message.exchangeTimeMs - last.message.exchangeTimeMs;
        if (age === 0 && same(message, last.message)) return false;
        if (age < 0 && last.connection === connection) return false;
      }
      newest.set(message.coin, { message, connection });
      return true;
    },
    newConnection() {
      connection += 1;
    },
  };
}

function sameLevels(a: readonly (Level | null)[], b: readonly (Level | null)[]): boolean {
  return a.length === b.length && a.every((level, index) => level?.px === b[index]?.px && level?.sz === b[index]?.sz);
}

/** Drops prints seen before, by (time, tid) of the coin. */
function openPrintMemory(): { news(message: PrintsMessage): PrintsMessage } {
  const seen = new Map<string, Set<string>>();
  return {
    news(message) {
      const known = seen.get(message.coin) ?? new Set<string>();
      seen.set(message.coin, known);
      const prints = message.prints.filter(({ exchangeTimeMs, tid }) => {
        const key = `${exchangeTimeMs}:${tid}`;
        if (known.has(key)) return false;
        known.add(key);
        return true;
      });
      for (const key of known) {
        if (known.size <= PRINTS_REMEMBERED) break;
        known.delete(key);
      }
      return { coin: message.coin, prints };
    },
  };
}
