import type { Cloid, OrderRole } from './order.ts';

/** Hex SHA-256 of a text, handed in by the caller, since the rules import nothing. */
export type Digest = (text: string) => string;

const HEX = /^[0-9a-f]{32,}$/;

function hexOf(digest: Digest, parts: readonly (string | number)[]): string {
  // A list in JSON, so that no two facts join to the same text.
  const hex = digest(JSON.stringify(parts)).toLowerCase();
  if (!HEX.test(hex)) throw new TypeError('the digest must give at least 32 hex digits');
  return hex;
}

/**
 * The client order id of an order: the first 16 bytes of a hash of what the order is, so that the same fact has the same id
 * after any restart. Its high 64 bits are never zero.
 */
export function deriveCloid(
  digest: Digest,
  fact: { readonly ledgerId: string; readonly bot: string; readonly tradeId: string; readonly role: OrderRole; readonly attempt: number },
): Cloid {
  const hex = hexOf(digest, ['order', fact.ledgerId, fact.bot, fact.tradeId, fact.role, fact.attempt]);
  const high = hex.slice(0, 16);
  return `0x${/[1-9a-f]/.test(high) ? high : '0000000000000001'}${hex.slice(16, 32)}`;
}

/** A trade's id, bound to which row it came from; `t` and 24 hex digits. A row id alone is no identity: other tools reset the counter. */
export function deriveTradeId(
  digest: Digest,
  fact: {
    readonly databaseId: string;
    readonly bot: string;
    readonly rowId: number;
    readonly createdAt: string;
    readonly rowDigest: string;
  },
): string {
  return `t${hexOf(digest, ['trade', fact.databaseId, fact.bot, fact.rowId, fact.createdAt, fact.rowDigest]).slice(0, 24)}`;
}

const CLOID = /^0x(?!0{16})[0-9a-f]{32}$/;

/** Whether a client order id has the form the venue takes and we derive: 32 lower-case hex digits, the high 16 not all zero. */
export const isDerivedCloid = (cloid: string): boolean => CLOID.test(cloid);
