/** Our books of an account, and whether the venue's agree with them. Pure. */

import type { AccountView, PositionView, Transfer } from './ports/exchange.ts';
import { formatDecimal, type Lots, lots, type MicroUsd, ZERO_USD } from './units.ts';

/**
 * What moved an account besides fills and funding. `opening`: what it held when it was first seen. `transfer`: paid in or out, as the venue
 * lists it. `acknowledged`: a difference nobody could explain, taken as it is by an operator, as of the account that showed it; what explains
 * it later takes as much of it back.
 */
export interface Booking {
  /** Unique within the account. */
  readonly key: string;
  readonly timeMs: number;
  readonly kind: 'opening' | 'transfer' | 'acknowledged';
  /** Cash, above zero came in. */
  readonly usd: MicroUsd;
  /** Size of a coin that came with it, signed; null and 0 for cash. */
  readonly coin: string | null;
  readonly szi: Lots;
  readonly words: string;
}

/** What an account must hold at a moment, by everything booked until then. */
export interface Books {
  readonly openedMs: number;
  /** Cash as the venue's `totalRawUsd` has it: account value less Σ szi × mark (PROTOCOL §7). */
  readonly cash: MicroUsd;
  /** Signed lots by coin; flat coins are left out. */
  readonly held: ReadonlyMap<string, Lots>;
}

/** Venue less books: micro-dollars of cash where `coin` is null, lots of the coin elsewhere. Never 0. */
export interface Finding {
  readonly coin: string | null;
  readonly amount: number;
}

/** A finding that has lasted: told, and in the way of entries until it is explained or acknowledged. */
export interface Difference extends Finding {
  readonly sinceMs: number;
  /** Time of the newest account that showed this amount: as of then, and no later, it may be taken as it is. */
  readonly seenMs: number;
}

/** What an account shows that its books do not say, cash first, then coin by coin. Cash that the venue does not state is not compared. */
export function compareBooks(
  books: Books,
  account: { readonly cash: MicroUsd | null; readonly positions: readonly Pick<PositionView, 'coin' | 'szi'>[] },
): readonly Finding[] {
  const theirs = new Map(account.positions.map(({ coin, szi }) => [coin, szi]));
  const coins = [...new Set([...theirs.keys(), ...books.held.keys()])].sort();
  const cash: Finding = { coin: null, amount: account.cash === null ? 0 : account.cash - books.cash };
  const sizes = coins.map((coin): Finding => ({ coin, amount: (theirs.get(coin) ?? 0) - (books.held.get(coin) ?? 0) }));
  return [cash, ...sizes].filter(({ amount }) => amount !== 0);
}

/** An account that did not agree with the books, kept to be judged again by what is known later. */
export interface Doubt {
  readonly account: AccountView;
  /** Looks in a row at which a coin (null: cash) differed, whatever the amount. */
  readonly looks: ReadonlyMap<string | null, number>;
}

/** A difference whose amount never stands still is told after so many looks. */
const RESTLESS_LOOKS = 4;

/**
 * Judges a look: `latest` is what the newest account shows, `earlier` what the one before shows by the books of now. Only what both show
 * alike is certain: a fill or a payment on its way is booked by the second look, or is in one of the two accounts only.
 */
export function judge(
  doubt: Doubt | null,
  seen: { readonly account: AccountView; readonly latest: readonly Finding[]; readonly earlier: readonly Finding[] },
): { readonly doubt: Doubt | null; readonly certain: readonly Finding[] } {
  const { account, latest, earlier } = seen;
  if (latest.length === 0) return { doubt: null, certain: [] };
  const looks = new Map(latest.map(({ coin }) => [coin, (doubt?.looks.get(coin) ?? 0) + 1]));
  const lasts = ({ coin, amount }: Finding): boolean => earlier.some((before) => before.coin === coin && before.amount === amount);
  const certain = latest.filter((finding) => lasts(finding) || (looks.get(finding.coin) ?? 0) >= RESTLESS_LOOKS);
  return { doubt: { account, looks }, certain };
}

/** What is done about a size that fills do not explain, by name. */
export type PositionRule =
  /** Nothing of it is left at the venue: the trade is ended by our books too. */
  | 'venue flat: the trade is ended'
  /** The venue caps what reduces: stops and closes stand, and the trade ends when the venue is flat. */
  | 'venue holds less: reduce-only orders are capped by it'
  /** What is above ours is nobody's we know, and is left alone. */
  | 'venue holds more: the rest is foreign and left alone'
  /** What is gone was foreign. */
  | 'venue holds less, but all of our trade: shown and left alone'
  /** What the books have besides the trade is what differs. */
  | 'venue holds just our trade: shown and left alone'
  | 'no trade of ours: shown and left alone';

/** The rule for a coin on which our open trades hold `ours` lots, the venue `theirs`, and our books of the account say `books`, all signed. */
export function positionRule({ ours, theirs, books }: Readonly<Record<'ours' | 'theirs' | 'books', number>>): PositionRule {
  if (ours === 0) return 'no trade of ours: shown and left alone';
  if (theirs === 0 || Math.sign(theirs) !== Math.sign(ours)) return 'venue flat: the trade is ended';
  if (Math.abs(theirs) < Math.abs(ours)) return 'venue holds less: reduce-only orders are capped by it';
  if (theirs === ours) return 'venue holds just our trade: shown and left alone';
  return (theirs - books) * Math.sign(ours) > 0
    ? 'venue holds more: the rest is foreign and left alone'
    : 'venue holds less, but all of our trade: shown and left alone';
}

/** How an account that was never seen before is booked: its cash, and each position it has. Null where the venue does not state its cash. */
export function openingOf({ cash, positions, timeMs }: AccountView): readonly Booking[] | null {
  if (cash === null) return null;
  const opening = { timeMs, kind: 'opening', words: 'held when first seen' } as const;
  return [
    { ...opening, key: 'opening', usd: cash, coin: null, szi: lots(0) },
    ...positions.map(({ coin, szi }): Booking => ({ ...opening, key: `opening ${coin}`, usd: ZERO_USD, coin, szi })),
  ];
}

/** A payment in or out as it is booked. */
export const bookingOf = ({ key, timeMs, usd, words }: Transfer): Booking => ({
  key,
  timeMs,
  kind: 'transfer',
  usd,
  coin: null,
  szi: lots(0),
  words,
});

/** A finding as a person reads it, e.g. `-1.5 USD` or `0.25 BTC`; `szDecimals` of its coin, null where that is not known. */
export function findingText({ coin, amount }: Finding, szDecimals: number | null): string {
  if (coin === null) return `${formatDecimal(amount, USD_DECIMALS)} USD`;
  return szDecimals === null ? `${amount} lots of ${coin}` : `${formatDecimal(amount, szDecimals)} ${coin}`;
}

const USD_DECIMALS = 6;
