import type { MicroUsd } from '@hyperfleet/trading';
import { microUsd } from '@hyperfleet/trading';
import type { Venue, VenueEvent } from '../matching/contract.ts';
import { plain } from './decimal-text.ts';
import type { Address } from './fields.ts';
import { hashText } from './signature.ts';

/** Rows kept of each account's ledger. */
const LEDGER_KEPT = 2000;
/** What must be traded before a code is one's own: referral says so too. */
export const REFERRER_VOLUME_USD = 10_000;
/** 4 % off for one who came by a referral (PROTOCOL §7). */
const REFERRAL_DISCOUNT_PPM = 40_000;

/** One row of userNonFundingLedgerUpdates, amounts still whole (PROTOCOL §8). */
export interface LedgerRow {
  readonly timeMs: number;
  readonly hash: string;
  readonly delta: LedgerDelta;
}

type LedgerDelta =
  | { readonly type: 'deposit'; readonly usdc: MicroUsd }
  | { readonly type: 'withdraw'; readonly usdc: MicroUsd; readonly nonce: number; readonly fee: MicroUsd }
  | { readonly type: 'accountClassTransfer'; readonly usdc: MicroUsd; readonly toPerp: boolean }
  | {
      readonly type: 'internalTransfer';
      readonly usdc: MicroUsd;
      readonly user: Address;
      readonly destination: Address;
      readonly fee: MicroUsd;
    }
  | {
      readonly type: 'spotTransfer';
      readonly usdc: MicroUsd;
      readonly user: Address;
      readonly destination: Address;
      readonly fee: MicroUsd;
    }
  | {
      readonly type: 'send';
      readonly usdc: MicroUsd;
      readonly user: Address;
      readonly destination: Address;
      readonly fee: MicroUsd;
      readonly sourceDex: string;
      readonly destinationDex: string;
      readonly nonce: number;
    }
  | { readonly type: 'rewardsClaim'; readonly usdc: MicroUsd }
  | { readonly type: 'subAccountTransfer'; readonly usdc: MicroUsd; readonly user: Address; readonly destination: Address }
  | ({ readonly type: 'liquidation' } & Omit<Liquidation, 'kind' | 'user' | 'timeMs' | 'lid' | 'liquidator'>);

type Liquidation = Extract<VenueEvent, { kind: 'liquidation' }>;

interface SubAccount {
  readonly master: Address;
  readonly address: Address;
  name: string;
}

/**
 * Money and accounts around the matching core: deposits and transfers, spot USDC, sub-accounts, request counts, builder
 * approvals. Every change goes through an accepted input, so a replayed journal rebuilds it.
 */
export interface Bank {
  deposit(user: Address, usd: MicroUsd, nowMs: number): void;
  /** Keeps a liquidation the venue told of in the account's ledger. */
  liquidated(event: Liquidation): void;
  /** Moves USDC between two pockets. Returns the venue's error text, or null when done. */
  move(transfer: Transfer, nowMs: number): string | null;
  /** Pays out to the outside, less the venue's charge. */
  withdraw(user: Address, usd: MicroUsd, nonce: number, nowMs: number): string | null;
  /** Moves USDC between perp and spot. */
  classTransfer(user: Address, usd: MicroUsd, toPerp: boolean, nowMs: number): string | null;
  /** Moves what builder fees have earned to spot. */
  claimRewards(user: Address, nowMs: number): string | null;
  /** Who referred the account, by code; null for nobody. */
  referrer(user: Address): string | null;
  setReferrer(user: Address, code: string, nowMs: number): string | null;
  /** Makes a code others can name, once enough is traded. */
  registerReferrer(user: Address, code: string): string | null;
  /** The code an account has registered, or null. */
  referralCode(user: Address): string | null;
  /** Whose code it is; null for the codes of the settings, which belong to nobody. */
  referralOwner(code: string): Address | null;
  /** Who came by a code, in order. */
  referredBy(code: string): readonly Referred[];
  /** Takes a charge from perp USDC. */
  charge(user: Address, usd: MicroUsd, nowMs: number): string | null;
  spotUsdc(user: Address): MicroUsd;
  netDeposits(user: Address): MicroUsd;
  /** What all accounts together brought to the perps side less what they took off it, and what lies on the spot side. */
  totals(): { readonly perp: MicroUsd; readonly spot: MicroUsd };
  /** Oldest first. */
  ledger(user: Address): readonly LedgerRow[];
  /** Ledger rows made since the last call, with their owner. */
  drain(): readonly { readonly user: Address; readonly row: LedgerRow }[];

  createSubAccount(master: Address, name: string): SubAccount;
  subAccount(address: Address): SubAccount | null;
  subAccountsOf(master: Address): readonly SubAccount[];

  /** Counts an accepted action at its market time; cancels have a limit of their own (PROTOCOL §10). */
  countRequests(user: Address, requests: number, when: { readonly atMs: number; readonly cancels: boolean }): void;
  requestsUsed(user: Address): number;
  /** Requests the account may make: what everybody has, and one for each dollar traded. Reserved ones come on top. */
  requestsAllowed(user: Address): number;
  /** Market time of the account's last accepted cancel, or of its last other action; −∞ before the first. */
  lastActionMs(user: Address, cancels: boolean): number;
  /** Adds to the number of requests allowed beyond the volume's. */
  reserveRequests(user: Address, requests: number): void;
  requestsReserved(user: Address): number;

  approveBuilder(user: Address, builder: Address, tenthsOfBp: number): void;
  /** Highest fee approved, in tenths of a basis point; 0 when none. */
  maxBuilderFee(user: Address, builder: Address): number;
  /** Whether a builder was ever approved, be it for nothing. */
  hasApprovedBuilder(user: Address): boolean;
  /** Builders with a fee approved, in the order of their first approval. */
  approvedBuilders(user: Address): readonly Address[];
}

/** One who came by a code: when, and what it had traded by then. */
interface Referred {
  readonly user: Address;
  readonly atMs: number;
  readonly volumeBefore: number;
}

/** Where USDC of an account lies. */
export interface Pocket {
  readonly user: Address;
  readonly place: 'perp' | 'spot';
}

/** A movement of USDC between pockets, and the row it leaves in the ledgers of both accounts. */
interface Transfer {
  readonly from: Pocket;
  readonly to: Pocket;
  readonly usd: MicroUsd;
  readonly as:
    | { readonly type: 'internalTransfer' | 'subAccountTransfer' | 'spotTransfer' }
    | { readonly type: 'send'; readonly sourceDex: string; readonly destinationDex: string; readonly nonce: number };
}

interface Purse {
  referrer: string | null;
  spot: number;
  netDeposits: number;
  requests: number;
  reserved: number;
  lastCancelMs: number;
  lastOtherMs: number;
  rows: LedgerRow[];
  readonly builders: Map<Address, number>;
}

/** Creates an empty bank before a venue; `requestsAtStart` is what an account that never traded may send. */
export function createBank(venue: Venue, requestsAtStart: () => number): Bank {
  const purses = new Map<Address, Purse>();
  const subs = new Map<Address, SubAccount>();
  const codes = new Map<string, Address>();
  const referred = new Map<string, Referred[]>();
  let fresh: { user: Address; row: LedgerRow }[] = [];
  let rowsMade = 0;

  function purse(user: Address): Purse {
    const known = purses.get(user);
    if (known !== undefined) return known;
    const made: Purse = {
      referrer: null,
      spot: 0,
      netDeposits: 0,
      requests: 0,
      reserved: 0,
      lastCancelMs: Number.NEGATIVE_INFINITY,
      lastOtherMs: Number.NEGATIVE_INFINITY,
      rows: [],
      builders: new Map(),
    };
    purses.set(user, made);
    return made;
  }

  function record(user: Address, nowMs: number, delta: LedgerDelta): void {
    rowsMade += 1;
    const row: LedgerRow = { timeMs: nowMs, hash: hashText(`ledger ${rowsMade}`), delta };
    const own = purse(user);
    own.rows.push(row);
    if (own.rows.length > 2 * LEDGER_KEPT) own.rows = own.rows.slice(-LEDGER_KEPT);
    fresh.push({ user, row });
  }

  /** Takes from the perp balance what may leave it; false when that is less than asked for. */
  function take(user: Address, usd: MicroUsd, nowMs: number): boolean {
    return usd > 0 && venue.exists(user) && venue.withdraw(user, usd, nowMs);
  }

  /** Takes USDC out of a pocket; false, and nothing done, when it has less than that free. */
  function takeFrom({ user, place }: Pocket, usd: number, nowMs: number): boolean {
    if (usd <= 0) return false;
    if (place === 'perp') {
      if (!take(user, microUsd(usd), nowMs)) return false;
      purse(user).netDeposits -= usd;
      return true;
    }
    const own = purse(user);
    if (own.spot < usd) return false;
    own.spot -= usd;
    return true;
  }

  function putInto({ user, place }: Pocket, usd: MicroUsd, nowMs: number): void {
    if (place === 'spot') {
      purse(user).spot += usd;
      return;
    }
    venue.fund(user, usd, nowMs);
    purse(user).netDeposits += usd;
  }

  const isNew = (user: Address): boolean => !venue.exists(user) && !purses.has(user) && !subs.has(user);

  function deltaOf({ from, to, usd, as }: Transfer, fee: MicroUsd): LedgerDelta {
    const [user, destination] = [from.user, to.user];
    switch (as.type) {
      case 'subAccountTransfer':
        return { type: as.type, usdc: usd, user, destination };
      case 'internalTransfer':
      case 'spotTransfer':
        return { type: as.type, usdc: usd, user, destination, fee };
      case 'send':
        return { ...as, usdc: usd, user, destination, fee };
      default:
        return as satisfies never;
    }
  }

  const SHORT = 'Insufficient balance for withdrawal.';
  return {
    deposit(user, usd, nowMs) {
      venue.fund(user, usd, nowMs);
      purse(user).netDeposits += usd;
      record(user, nowMs, { type: 'deposit', usdc: usd });
    },
    liquidated({ user, timeMs, liquidatedNtlPos, liquidatedAccountValue, isCross, positions }) {
      record(user, timeMs, { type: 'liquidation', liquidatedNtlPos, liquidatedAccountValue, isCross, positions });
    },
    move(transfer, nowMs) {
      const { from, to, usd } = transfer;
      if (from.user === to.user && from.place === to.place) return 'Cannot self-transfer.';
      const fee = microUsd(isNew(to.user) ? venue.settings.activationFee : 0);
      // The charge comes out of what arrives: a recorded first sending took the amount from its sender, and no more (PROTOCOL §3).
      if (usd <= fee || !takeFrom(from, usd, nowMs)) return SHORT;
      putInto(to, microUsd(usd - fee), nowMs);
      const delta = deltaOf(transfer, fee);
      for (const user of new Set([from.user, to.user])) record(user, nowMs, delta);
      return null;
    },
    withdraw(user, usd, nonce, nowMs) {
      const fee = microUsd(venue.settings.withdrawFee);
      if (usd <= fee || !take(user, usd, nowMs)) return SHORT;
      purse(user).netDeposits -= usd;
      record(user, nowMs, { type: 'withdraw', usdc: microUsd(usd - fee), nonce, fee });
      return null;
    },
    claimRewards(user, nowMs) {
      const rewards = venue.takeBuilderRewards(user);
      if (rewards === 0) return 'No rewards to claim.';
      purse(user).spot += rewards;
      record(user, nowMs, { type: 'rewardsClaim', usdc: rewards });
      return null;
    },
    referrer: (user) => purses.get(user)?.referrer ?? null,
    setReferrer(user, code, nowMs) {
      const owner = codes.get(code);
      if (owner === undefined && !venue.settings.referralCodes.includes(code)) return 'Referral code not registered';
      if (owner === user) return 'Cannot refer yourself.';
      const own = purse(user);
      if (own.referrer !== null) return 'Referrer already set';
      own.referrer = code;
      referred.set(code, [...(referred.get(code) ?? []), { user, atMs: nowMs, volumeBefore: venue.volume(user) }]);
      venue.setDiscounts(user, { ...venue.fees(user), referralDiscountPpm: REFERRAL_DISCOUNT_PPM });
      return null;
    },
    registerReferrer(user, code) {
      const volume = venue.volume(user);
      if (volume < REFERRER_VOLUME_USD * 1e6)
        return `Cannot register referral code until enough volume traded. Required: $${REFERRER_VOLUME_USD}. Traded: $${plain(Math.trunc(volume / 10_000), 2)}.`;
      if (code.length < 1 || code.length > 20) return 'Referral code must be between 1 and 20 characters long';
      if (codes.has(code) || venue.settings.referralCodes.includes(code)) return 'Referral code already registered';
      if ([...codes.values()].includes(user)) return 'Referrer already has a code';
      codes.set(code, user);
      return null;
    },
    referralCode: (user) => [...codes].find(([, owner]) => owner === user)?.[0] ?? null,
    referralOwner: (code) => codes.get(code) ?? null,
    referredBy: (code) => referred.get(code) ?? [],
    classTransfer(user, usd, toPerp, nowMs) {
      const own = purse(user);
      if (toPerp) {
        if (usd <= 0 || own.spot < usd) return SHORT;
        own.spot -= usd;
        venue.fund(user, usd, nowMs);
      } else {
        if (!take(user, usd, nowMs)) return SHORT;
        own.spot += usd;
      }
      own.netDeposits += toPerp ? usd : -usd;
      record(user, nowMs, { type: 'accountClassTransfer', usdc: usd, toPerp });
      return null;
    },
    charge(user, usd, nowMs) {
      return take(user, usd, nowMs) ? null : SHORT;
    },
    spotUsdc: (user) => microUsd(purses.get(user)?.spot ?? 0),
    netDeposits: (user) => microUsd(purses.get(user)?.netDeposits ?? 0),
    totals() {
      let [perp, spot] = [0, 0];
      for (const own of purses.values()) {
        perp += own.netDeposits;
        spot += own.spot;
      }
      return { perp: microUsd(perp), spot: microUsd(spot) };
    },
    ledger: (user) => (purses.get(user)?.rows ?? []).slice(-LEDGER_KEPT),
    drain() {
      const rows = fresh;
      fresh = [];
      return rows;
    },
    createSubAccount(master, name) {
      const sub: SubAccount = { master, address: `0x${hashText(`sub-account ${master} ${subs.size}`).slice(-40)}`, name };
      subs.set(sub.address, sub);
      venue.linkSubAccount(sub.address, master);
      return sub;
    },
    subAccount: (address) => subs.get(address) ?? null,
    subAccountsOf: (master) => [...subs.values()].filter((sub) => sub.master === master),
    countRequests(user, requests, { atMs, cancels }) {
      const own = purse(user);
      own.requests += requests;
      if (cancels) own.lastCancelMs = atMs;
      else own.lastOtherMs = atMs;
    },
    requestsAllowed: (user) => requestsAtStart() + Math.floor(venue.volume(user) / 1e6),
    lastActionMs: (user, cancels) => purses.get(user)?.[cancels ? 'lastCancelMs' : 'lastOtherMs'] ?? Number.NEGATIVE_INFINITY,
    requestsUsed: (user) => purses.get(user)?.requests ?? 0,
    reserveRequests(user, requests) {
      purse(user).reserved += requests;
    },
    requestsReserved: (user) => purses.get(user)?.reserved ?? 0,
    approveBuilder(user, builder, tenthsOfBp) {
      purse(user).builders.set(builder, tenthsOfBp);
    },
    maxBuilderFee: (user, builder) => purses.get(user)?.builders.get(builder) ?? 0,
    hasApprovedBuilder: (user) => (purses.get(user)?.builders.size ?? 0) > 0,
    approvedBuilders: (user) => [...(purses.get(user)?.builders ?? [])].flatMap(([builder, fee]) => (fee > 0 ? [builder] : [])),
  };
}
