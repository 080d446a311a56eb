import type { BuilderTerms, Venue } from '../matching/contract.ts';
import type { Bank } from './bank.ts';
import type { Address } from './fields.ts';

/** A builder must have this much in its perps account to be approved (PROTOCOL §3). In micro-dollars. */
const BUILDER_BALANCE = 100_000_000;
/** In tenths of a basis point: 0.1 % of a perpetual order, and 1 % of a spot one, which is as much as can be approved (PROTOCOL §3). */
const MAX_PERP_FEE = 100;
const MAX_APPROVED = 1_000;
const TOO_HIGH = 'Builder fee is too high.';

interface Counter {
  readonly venue: Venue;
  readonly bank: Bank;
}

/** Approves a builder up to a fee; a fee of 0 takes an approval back, whatever the builder has. Returns the venue's text, or null. */
export function approveBuilder({ venue, bank }: Counter, user: Address, { address, fee }: BuilderTerms): string | null {
  if (fee > MAX_APPROVED) return TOO_HIGH;
  if (fee > 0 && venue.account(address).accountValue < BUILDER_BALANCE) return 'Builder has insufficient balance to be approved.';
  bank.approveBuilder(user, address, fee);
  return null;
}

/**
 * Why an order of this account may not name this builder, in the venue's words, or null. One that asks for nothing may be named
 * by whoever has approved any builder, even for nothing (PROTOCOL §3).
 */
export function refuseBuilder(bank: Bank, user: Address, { address, fee }: BuilderTerms): string | null {
  if (!bank.hasApprovedBuilder(user) || fee > bank.maxBuilderFee(user, address)) return 'Builder fee has not been approved.';
  return fee > MAX_PERP_FEE ? TOO_HIGH : null;
}
