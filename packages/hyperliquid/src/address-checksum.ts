import { keccak_256 } from '@noble/hashes/sha3.js';

/**
 * Whether an address of 0x and 40 hex digits was mistyped, as far as its case tells: by EIP-55 a letter is large where the digit
 * at its place of keccak256 over the small address is 8 or more. One written in small or in large letters alone tells nothing.
 */
export function hasWrongChecksum(address: string): boolean {
  const digits = address.slice(2);
  const small = digits.toLowerCase();
  if (digits === small || digits === digits.toUpperCase()) return false;
  const hash = keccak_256(new TextEncoder().encode(small));
  return [...digits].some((digit, at) => {
    const half = at % 2 === 0 ? (hash[at >> 1] ?? 0) >> 4 : (hash[at >> 1] ?? 0) & 15;
    return digit !== (half >= 8 ? digit.toUpperCase() : digit.toLowerCase());
  });
}
