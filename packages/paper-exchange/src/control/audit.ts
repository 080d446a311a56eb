import type { InProcessExchange, Observer } from '../in-process.ts';
import type { JournalEntry } from '../journal-entry.ts';
import type { Address, VenueAudit } from '../matching/contract.ts';
import { isRecord } from '../wire/fields.ts';

/** Market time an account's positions were without full protection. */
interface NakedTime {
  readonly totalMs: number;
  readonly longestMs: number;
  /** Coins that are without it now. */
  readonly coins: readonly string[];
}

/** A signed action that was accepted: its nonce is used. */
interface AcceptedAction {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  readonly nonce: number;
  readonly expiresAfter: number | null;
}

interface SignerActions {
  /** The account of its latest action. */
  readonly user: Address;
  /** All there were. */
  readonly accepted: number;
  /** The latest of them, oldest first. */
  readonly actions: readonly AcceptedAction[];
}

/** What the exchange knows of its own correctness. */
export interface AuditReport extends VenueAudit {
  /** By account; of the intervals still remembered. */
  readonly nakedTime: Readonly<Record<Address, NakedTime>>;
  /** Orders alive now that share their cloid with another of their account. */
  readonly liveDuplicates: readonly { readonly user: Address; readonly cloid: string; readonly oids: readonly number[] }[];
  readonly signers: Readonly<Record<Address, SignerActions>>;
}

/** Actions of a signer that are told, and signers. */
const ACTIONS_KEPT = 500;
const SIGNERS_KEPT = 256;

interface SignerBook {
  user: Address;
  accepted: number;
  actions: AcceptedAction[];
}

export interface AuditBook extends Observer {
  report(): AuditReport;
}

const typeOf = (action: unknown): string => (isRecord(action) && typeof action.type === 'string' ? action.type : '');

function nakedTimes({ naked }: VenueAudit, nowMs: number): Record<Address, NakedTime> {
  const times: Record<Address, { totalMs: number; longestMs: number; coins: string[] }> = {};
  for (const { user, coin, fromMs, toMs } of naked) {
    const time = times[user] ?? { totalMs: 0, longestMs: 0, coins: [] };
    times[user] = time;
    const ms = (toMs ?? nowMs) - fromMs;
    time.totalMs += ms;
    time.longestMs = Math.max(time.longestMs, ms);
    if (toMs === null) time.coins.push(coin);
  }
  return times;
}

/**
 * Keeps the book of accepted actions, and reports. Memory: the latest 500 actions of each of the latest 256 signers.
 */
export function createAuditBook(exchange: Pick<InProcessExchange, 'venue' | 'nowMs'>): AuditBook {
  const signers = new Map<Address, SignerBook>();
  const users = new Set<Address>();

  function record(entry: Extract<JournalEntry, { kind: 'action' }>, seq: number): void {
    const { signer, user, atMs, nonce, expiresAfter } = entry;
    const book = signers.get(signer) ?? { user, accepted: 0, actions: [] };
    // Written anew, the latest signer stands last.
    signers.delete(signer);
    signers.set(signer, book);
    for (const oldest of signers.keys()) {
      if (signers.size <= SIGNERS_KEPT) break;
      signers.delete(oldest);
    }
    book.user = user;
    book.accepted += 1;
    book.actions.push({ seq, atMs, type: typeOf(entry.action), nonce, expiresAfter });
    if (book.actions.length > 2 * ACTIONS_KEPT) book.actions = book.actions.slice(-ACTIONS_KEPT);
  }

  function liveDuplicates(): AuditReport['liveDuplicates'] {
    return [...users].flatMap((user) => {
      const oids = new Map<string, number[]>();
      for (const { cloid, oid } of exchange.venue.openOrders(user)) if (cloid !== null) oids.set(cloid, [...(oids.get(cloid) ?? []), oid]);
      return [...oids].flatMap(([cloid, own]) => (own.length > 1 ? [{ user, cloid, oids: own }] : []));
    });
  }

  return {
    market: () => {},
    venue: () => {},
    ledger: () => {},
    tick: () => {},
    settled: () => {},
    input(entry, seq) {
      if (entry.kind !== 'action') return;
      users.add(entry.user);
      record(entry, seq);
    },
    report() {
      const venue = exchange.venue.audit();
      const own = [...signers].map(([signer, book]) => [signer, { ...book, actions: book.actions.slice(-ACTIONS_KEPT) }]);
      return {
        ...venue,
        nakedTime: nakedTimes(venue, exchange.nowMs),
        liveDuplicates: liveDuplicates(),
        signers: Object.fromEntries(own),
      };
    },
  };
}
