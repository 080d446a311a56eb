/** Readers of what an address is to the venue, who may act for it, and how much it may ask (PROTOCOL §8, §10). */
import type { AddressCount } from '../address-budget.ts';
import type { Address } from '../signer.ts';
import { addressAt, arrayAt, objectAt, type Parsed, parsed, textAt, unreadable, wholeAt } from './fields.ts';

/** What the venue says an address is. */
export type AddressRole =
  | { readonly kind: 'user' | 'missing' | 'vault' }
  | { readonly kind: 'agent' | 'sub-account'; readonly master: Address };

/** A named key that acts for an account, and the time its approval ends, ms. */
export interface ApprovedAgent {
  readonly address: Address;
  readonly name: string;
  readonly validUntilMs: number;
}

export function parseRole(reply: unknown): Parsed<AddressRole> {
  return parsed((): AddressRole => {
    const { role, data } = objectAt(reply, 'userRole');
    switch (role) {
      case 'user':
      case 'missing':
      case 'vault':
        return { kind: role };
      case 'agent':
        return { kind: 'agent', master: addressAt(objectAt(data, 'userRole.data').user, 'userRole.data.user') };
      case 'subAccount':
        return { kind: 'sub-account', master: addressAt(objectAt(data, 'userRole.data').master, 'userRole.data.master') };
      default:
        return unreadable('userRole.role', role, 'user, missing, vault, agent or subAccount');
    }
  });
}

export function parseAgents(reply: unknown): Parsed<readonly ApprovedAgent[]> {
  return parsed(() =>
    arrayAt(reply, 'extraAgents').map((row, index): ApprovedAgent => {
      const field = `extraAgents[${index}]`;
      const { name, address, validUntil } = objectAt(row, field);
      return {
        name: textAt(name, `${field}.name`),
        address: addressAt(address, `${field}.address`),
        validUntilMs: wholeAt(validUntil, `${field}.validUntil`),
      };
    }),
  );
}

export function parseRateLimit(reply: unknown): Parsed<AddressCount> {
  return parsed(() => {
    const { nRequestsUsed, nRequestsCap } = objectAt(reply, 'userRateLimit');
    return {
      used: wholeAt(nRequestsUsed, 'userRateLimit.nRequestsUsed'),
      allowed: wholeAt(nRequestsCap, 'userRateLimit.nRequestsCap'),
    };
  });
}
