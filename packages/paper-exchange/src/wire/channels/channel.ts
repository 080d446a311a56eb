import type { MarketEvent } from '../../market/event.ts';
import type { VenueEvent, VenueFill } from '../../matching/contract.ts';
import type { LedgerRow } from '../bank.ts';
import type { TradeRow } from '../feed.ts';
import { type Address, address, type JsonObject, string } from '../fields.ts';
import type { InfoSources } from '../info-account.ts';
import { spotCtx } from '../spot.ts';

/** Something a channel may have to tell. The hub says which topics it is about: a coin's, an account's, or all. */
export type Occasion =
  /** About a coin: a message of its market, already taken by the feed. */
  | { readonly kind: 'market'; readonly event: MarketEvent }
  /** About a coin: its mark and oracle were refreshed. */
  | { readonly kind: 'mark'; readonly timeMs: number }
  /** About a coin without a recorded market: its book of our own accounts' orders has changed, once a stretch of work is done. */
  | { readonly kind: 'own-book' }
  /** About a coin: accounts here have traded with each other. */
  | { readonly kind: 'own-trades'; readonly trades: readonly TradeRow[] }
  /** About everything: books have moved; at most once a second of market time. */
  | { readonly kind: 'mids'; readonly timeMs: number }
  /** About everything: marks have moved since the last stretch of work. */
  | { readonly kind: 'contexts'; readonly timeMs: number }
  /** About an account, each as it happens. */
  | { readonly kind: 'orders'; readonly events: readonly Extract<VenueEvent, { kind: 'order' }>[] }
  | { readonly kind: 'fills'; readonly fills: readonly VenueFill[] }
  | { readonly kind: 'fundings'; readonly events: readonly Extract<VenueEvent, { kind: 'funding' }>[] }
  | { readonly kind: 'liquidations'; readonly events: readonly Extract<VenueEvent, { kind: 'liquidation' }>[] }
  | { readonly kind: 'nonUserCancel'; readonly events: readonly Extract<VenueEvent, { kind: 'nonUserCancel' }>[] }
  | { readonly kind: 'ledger'; readonly row: LedgerRow }
  /** About an account, once a stretch of work is done: its balance or positions, or its orders, have changed. */
  | { readonly kind: 'account'; readonly timeMs: number }
  | { readonly kind: 'open-orders'; readonly timeMs: number }
  /** About an account that somebody listens to: every 5 s of market time. */
  | { readonly kind: 'tick'; readonly timeMs: number };

/** Whose occasions a topic is shown. */
export type About =
  | { readonly user: Address; readonly coin?: string }
  | { readonly user?: never; readonly coin: string }
  | { readonly user?: never; readonly coin?: never };

/** A channel as one subscription asked for it. */
export interface Opened {
  readonly about: About;
  /** The word in `channel` where this subscription's is not its channel's. */
  readonly channel?: string;
  /** Tells this subscription from others of its type. */
  readonly key: string;
  /** What the confirmation repeats: the request with its defaults filled in (PROTOCOL §9). */
  readonly echo: JsonObject;
  /** What the channel says first, or null when it begins with silence. */
  snapshot(): unknown;
  /** What it says of an occasion: the data of its messages, most often none. */
  push(occasion: Occasion): readonly unknown[];
}

/**
 * A channel: reads the rest of a subscription and opens it. Throws `Unfit` for what is no request of the venue and
 * `BadSubscription` for a coin, user, dex or figure that is none.
 */
export interface Channel {
  /** The word in `channel` where it is not the subscription's type. */
  readonly channel?: string;
  open(from: JsonObject, sources: InfoSources): Opened;
}

/** Why a subscription was not taken: its values are unknown to the venue. */
export class BadSubscription extends Error {
  override readonly name = 'BadSubscription';
}

/** Nothing to say. */
export const SILENCE: readonly unknown[] = [];

/** The `coin` of a subscription: a perpetual of the universe or a listed spot pair, of which there is never anything to tell. */
export function readCoin(from: JsonObject, { feed }: InfoSources): string {
  const name = string(from, 'coin');
  if (feed.instrument(name) === null && spotCtx(name) === null) throw new BadSubscription(`unknown coin ${name}`);
  return name;
}

/** The `user` of a subscription, lower-cased. */
export function readUser(from: JsonObject): Address {
  string(from, 'user');
  try {
    return address(from, 'user');
  } catch (cause) {
    throw new BadSubscription('user is no address', { cause });
  }
}

type Says = Pick<Opened, 'snapshot' | 'push'>;

/** A channel about one account whose subscription holds nothing else. */
export const ofUser = (says: (user: Address, sources: InfoSources) => Says): Channel => ({
  open(from, sources) {
    const user = readUser(from);
    return { about: { user }, key: user, echo: from, ...says(user, sources) };
  },
});

/** A channel about one coin whose subscription holds nothing else. */
export const ofCoin = (says: (coin: string, sources: InfoSources) => Says): Channel => ({
  open(from, sources) {
    const coin = readCoin(from, sources);
    return { about: { coin }, key: coin, echo: from, ...says(coin, sources) };
  },
});

/** A channel about the whole market. */
export const ofMarket = (says: (sources: InfoSources) => Says): Channel => ({
  open: (from, sources) => ({ about: {}, key: '', echo: from, ...says(sources) }),
});
