/** Holds our books of the account against the venue's, to the micro-dollar and to the lot: what cannot be explained is told, never absorbed. */
import {
  type AccountView,
  type Booking,
  bookingOf,
  compareBooks,
  type Difference,
  type Doubt,
  type Finding,
  findingText,
  formatDecimal,
  judge,
  lots,
  microUsd,
  NOT_TAKEN,
  openingOf,
  positionRule,
  type Transfer,
  ZERO_USD,
} from '@hyperfleet/trading';
import { claimForExit } from './exits.ts';
import { heldByTrades } from './foreign.ts';
import type { Detail, LoopDeps } from './settings.ts';
import { takeFills } from './venue-news.ts';

/** An account that does not agree is looked at again after this long: what was on its way has come by then. */
export const DOUBT_MS = 5_000;
/** Lists of payments are read again from this long before the last agreement. */
const OVERLAP_MS = 3_600_000;
/** Fills are looked for no further back than this; those before are long in the ledger, or in nobody's. */
const FILLS_BACK_MS = 7 * 86_400_000;
/** A difference that stands is looked into this often: what explains it may be listed late. */
const LOOK_INTO_MS = 600_000;

/** All it keeps in memory. */
export interface BooksMemory {
  readonly doubtAtMs: number | null;
  readonly agreedMs: number | null;
  /** What the venue showed where a difference stands or was acknowledged: of cash under null. */
  readonly shown: readonly (readonly [string | null, Shown])[];
}

/** What an account had of a coin, in lots, or of cash, in micro-dollars. */
interface Shown {
  readonly atMs: number;
  readonly amount: number;
}

export interface BooksKeeper {
  /** Before anything is traded: books what an account never seen before holds. */
  open(account: AccountView): void;
  /** Compares, looks for what explains a difference, tells what nothing explains. Throws operational errors. */
  look(account: AccountView): Promise<void>;
  /** Whether the next look should be soon. */
  inDoubt(): boolean;
  memory(): BooksMemory;
}

/**
 * Makes the keeper of one bot's books; its fill monitor is the only one to have one. While `isClockOff`, times that are compared may be
 * of two clocks: nothing is opened, compared or told until it is right.
 */
export function createBooksKeeper(deps: LoopDeps, isClockOff: () => boolean): BooksKeeper {
  const { ledger, reads, settings, clock } = deps;
  const { id, accountAddress } = settings;
  let doubt: Doubt | null = null;
  let agreedMs: number | null = null;
  let lookedIntoMs = Number.NEGATIVE_INFINITY;
  const shown = new Map<string | null, Shown>();

  /** An account that holds just what is booked agrees, whatever time it says it is of: the order of two clocks is no difference. */
  const findings = (account: AccountView): readonly Finding[] => {
    const then = ledger.books(accountAddress, account.timeMs);
    const found = then === null ? [] : compareBooks(then, account);
    const now = found.length === 0 ? null : ledger.books(accountAddress, Number.MAX_SAFE_INTEGER);
    if (now === null) return found;
    const lasting = new Set(compareBooks(now, account).map(({ coin }) => coin));
    return found.filter(({ coin }) => lasting.has(coin));
  };

  /** Reads every list that may explain a difference: payments in and out, funding, fills that went by. */
  async function lookInto(openedMs: number): Promise<void> {
    lookedIntoMs = clock.now();
    const sinceMs = Math.max(openedMs, (agreedMs ?? openedMs) - OVERLAP_MS);
    const transfers = (await reads.transfersSince(sinceMs)).filter(({ timeMs }) => timeMs > openedMs);
    const booked = new Set(ledger.recordBookings(id, accountAddress, transfers.map(bookingOf)).map(({ key }) => key));
    for (const transfer of transfers) if (booked.has(transfer.key)) tellTransfer(deps, transfer);
    ledger.recordFunding(id, accountAddress, await reads.fundingSince(sinceMs));
    takeFills(deps, await reads.fillsSince(Math.max(sinceMs, clock.now() - FILLS_BACK_MS)), null);
  }

  /**
   * What was acknowledged made our books as of that account what the venue showed. Whatever moves them as of then afterwards, a payment
   * or fill listed late, is part of what was acknowledged: it takes as much of it back, or it would count twice.
   */
  function takeBack(): void {
    for (const [coin, atMs] of ledger.acknowledged(accountAddress)) {
      const then = ledger.books(accountAddress, atMs);
      if (then === null) continue;
      const ours = coin === null ? then.cash : (then.held.get(coin) ?? 0);
      const known = shown.get(coin);
      if (known?.atMs !== atMs) shown.set(coin, { atMs, amount: ours });
      else if (ours !== known.amount) bookTakenBack(deps, { coin, atMs, amount: known.amount - ours });
    }
  }

  /** New differences are told, those that are gone are taken back; what is still in doubt changes nothing. */
  function settle(account: AccountView, seen: { readonly latest: readonly Finding[]; readonly certain: readonly Finding[] }): void {
    const before = ledger.differences(id);
    const isOpen = ({ coin }: Finding): boolean =>
      (coin === null && account.cash === null) || seen.latest.some((finding) => finding.coin === coin);
    const kept = before.filter((known) => isOpen(known) && !seen.certain.some(({ coin }) => coin === known.coin));
    const certain = seen.certain.map(
      (finding): Difference => ({
        ...finding,
        sinceMs: before.find(({ coin }) => coin === finding.coin)?.sinceMs ?? account.timeMs,
        seenMs: account.timeMs,
      }),
    );
    for (const { coin } of certain) shown.set(coin, { atMs: account.timeMs, amount: amountShown(account, coin) });
    const isNew = ({ coin, amount }: Difference): boolean => !before.some((known) => known.coin === coin && known.amount === amount);
    const fresh = certain.filter(isNew);
    const gone = before.filter((known) => !isOpen(known));
    if (certain.length === 0 && gone.length === 0) return;
    ledger.setDifferences(id, [...kept, ...certain]);
    for (const difference of gone) tellGone(deps, difference);
    for (const difference of fresh) tellDifference(deps, difference, account);
  }

  return {
    open(account) {
      if (isClockOff() || ledger.books(accountAddress, account.timeMs) !== null) return;
      ledger.recordBookings(id, accountAddress, openingOf(account) ?? []);
    },
    async look(account) {
      if (isClockOff()) {
        doubt = null;
        return;
      }
      const books = ledger.books(accountAddress, account.timeMs);
      if (books === null) return;
      takeBack();
      const isLasting = doubt !== null && findings(doubt.account).length > 0 && findings(account).length > 0;
      const isKnown = sameFindings(ledger.differences(id), findings(account));
      if (isLasting && (!isKnown || clock.now() - lookedIntoMs >= LOOK_INTO_MS)) {
        await lookInto(books.openedMs);
        takeBack();
      }
      const latest = findings(account);
      const judged = judge(doubt, { account, latest, earlier: doubt === null ? [] : findings(doubt.account) });
      doubt = judged.doubt;
      if (doubt === null && account.cash !== null) agreedMs = account.timeMs;
      settle(account, { latest, certain: judged.certain });
    },
    inDoubt: () => doubt !== null && !sameFindings(ledger.differences(id), findings(doubt.account)),
    memory: () => ({ doubtAtMs: doubt?.account.timeMs ?? null, agreedMs, shown: [...shown] }),
  };
}

const amountShown = ({ cash, positions }: AccountView, coin: string | null): number =>
  coin === null ? (cash ?? 0) : (positions.find((position) => position.coin === coin)?.szi ?? 0);

const sameFindings = (known: readonly Difference[], found: readonly Finding[]): boolean =>
  known.length === found.length && known.every(({ coin, amount }) => found.some((one) => one.coin === coin && one.amount === amount));

const USD_DECIMALS = 6;
const dollars = (usd: number): string => formatDecimal(usd, USD_DECIMALS);

const amountOf = ({ instruments }: Pick<LoopDeps, 'instruments'>, finding: Finding): string =>
  findingText(finding, instruments.get(finding.coin ?? '')?.szDecimals ?? null);

/** Writes a line of the bot's history, and tells it loudly where a person should know. */
function note(deps: LoopDeps, event: string, told: { readonly detail: Detail; readonly isAlert: boolean }): void {
  deps.ledger.record({ bot: deps.settings.id, tradeId: null, atMs: deps.clock.now(), event, detail: told.detail });
  if (told.isAlert) {
    deps.log.error(event, told.detail);
    deps.report({ kind: 'alert', phrase: event, detail: told.detail });
  } else deps.log.info(event, told.detail);
}

function tellTransfer(deps: LoopDeps, { usd, timeMs, words }: Transfer): void {
  const event = usd < 0 ? 'money was taken out from outside' : 'money was paid in';
  const detail = { what: words, usd: dollars(Math.abs(usd)), at: new Date(timeMs).toISOString() };
  note(deps, event, { detail, isAlert: usd < 0 });
}

function tellGone(deps: LoopDeps, difference: Difference): void {
  const detail = { what: whatOf(difference), amount: amountOf(deps, difference) };
  note(deps, 'difference explained', { detail, isAlert: false });
  deps.report({ kind: 'over', phrase: 'difference', detail });
}

const whatOf = ({ coin }: Finding): string => (coin === null ? 'cash' : 'position');

/** Tells a difference with the rule that meets it, and does what the rule says. */
function tellDifference(deps: LoopDeps, difference: Difference, account: AccountView): void {
  const { coin } = difference;
  const ours = coin === null ? 0 : (heldByTrades(deps).get(coin) ?? 0);
  const theirs = account.positions.find((position) => position.coin === coin)?.szi ?? 0;
  const rule =
    coin === null
      ? 'cash is not explained: shown, and no entry until it is'
      : positionRule({ ours, theirs, books: theirs - difference.amount });
  const detail = {
    what: whatOf(difference),
    amount: amountOf(deps, difference),
    since: new Date(difference.sinceMs).toISOString(),
    rule,
    remedy: REMEDY,
  };
  note(deps, 'difference', { detail, isAlert: true });
  if (rule !== 'venue flat: the trade is ended') return;
  for (const trade of deps.ledger.activeTrades(deps.settings.id)) {
    if (trade.coin !== coin || trade.kind !== 'entry' || trade.phase === 'claimed' || trade.exitClaimedBy !== null) continue;
    claimForExit(deps, trade, 'the venue holds nothing of it');
  }
}

const REMEDY = 'look at the account; ACKNOWLEDGE takes it as it is';

/** Why no entry may be sent while a difference stands; null when the books agree. */
export function differenceRefusal(deps: Pick<LoopDeps, 'ledger' | 'settings' | 'instruments'>): string | null {
  const standing = deps.ledger.differences(deps.settings.id);
  const first = standing[0];
  if (first === undefined) return null;
  const amounts = standing.map((difference) => amountOf(deps, difference)).join(', ');
  return `the venue differs from our books by ${amounts} since ${new Date(first.sinceMs).toISOString()}: ${REMEDY}`;
}

/**
 * Takes every difference that stands as it is, in an operator's name, unless `hindrance` says why not. `key` makes it happen once.
 * Returns what came of it.
 */
export function acknowledge(deps: LoopDeps, key: string, hindrance: string | null): string {
  const standing = deps.ledger.differences(deps.settings.id);
  if (standing.length === 0) return 'nothing to acknowledge: the books agree with the venue';
  if (hindrance !== null) return `${NOT_TAKEN}${hindrance}, then say it again`;
  const words = 'taken as it is by an operator';
  const bookings = standing.map((difference) =>
    acknowledgedBooking(difference, { key: `acknowledged ${key} ${difference.coin ?? 'cash'}`, timeMs: difference.seenMs, words }),
  );
  deps.ledger.recordBookings(deps.settings.id, deps.settings.accountAddress, bookings);
  deps.ledger.setDifferences(deps.settings.id, []);
  const amounts = standing.map((difference) => amountOf(deps, difference)).join(', ');
  note(deps, 'difference acknowledged', { detail: { amount: amounts }, isAlert: false });
  deps.report({ kind: 'over', phrase: 'difference', detail: { amount: amounts, by: 'an operator' } });
  return `acknowledged ${amounts}`;
}

const acknowledgedBooking = ({ coin, amount }: Finding, said: Pick<Booking, 'key' | 'timeMs' | 'words'>): Booking => ({
  ...said,
  kind: 'acknowledged',
  usd: coin === null ? microUsd(amount) : ZERO_USD,
  coin,
  szi: lots(coin === null ? 0 : amount),
});

/** Part of what was acknowledged is explained now, and no longer counts as taken without an explanation. */
function bookTakenBack(deps: LoopDeps, { coin, atMs, amount }: Finding & { readonly atMs: number }): void {
  const key = `explained ${coin ?? 'cash'} ${atMs} at ${deps.clock.now()}`;
  const booking = acknowledgedBooking({ coin, amount }, { key, timeMs: atMs, words: 'what an operator took as it is was listed late' });
  if (deps.ledger.recordBookings(deps.settings.id, deps.settings.accountAddress, [booking]).length === 0) return;
  const detail = { what: whatOf({ coin, amount }), amount: amountOf(deps, { coin, amount: -amount }) };
  note(deps, 'acknowledged difference explained', { detail, isAlert: false });
}
