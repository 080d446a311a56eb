/**
 * Hashes of actions and recovery of their signers (PROTOCOL §2.1, §2.3). Everything is computed over this server's own
 * canonical rebuild of an action, never over the client's bytes.
 */
import { getHashes, hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { Encoder } from '@msgpack/msgpack';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Address, type JsonObject, object, string, Unfit } from './fields.ts';

interface NativeSecp256k1 {
  ecdsaRecover(signature: Uint8Array, recoveryId: number, message: Uint8Array, compressed: boolean): Uint8Array;
}

// The package is CommonJS without type declarations; the native build recovers a key in ~50 µs against ~300 µs in pure JS.
const require = createRequire(import.meta.url);
const secp256k1: NativeSecp256k1 = require('secp256k1');

/** `a` signs for mainnet, `b` for testnet (PROTOCOL §2.1). */
export type Source = 'a' | 'b';

export interface Signature {
  /** 64 bytes: r and s, left-padded. */
  readonly rs: Uint8Array;
  readonly v: number;
}

/** OpenSSL takes 1.1 µs for what takes 4.4 µs in JS, and a request has four; where a Node is built without it, JS will do. */
const keccak: (bytes: Uint8Array) => Uint8Array = getHashes().includes('keccak-256')
  ? (bytes) => hash('keccak-256', bytes, 'buffer')
  : keccak_256;
const keccakText = (text: string): Uint8Array => keccak(utf8ToBytes(text));

const encoder = new Encoder({ ignoreUndefined: true });

function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/**
 * connectionId of an L1 action: keccak of msgpack(action), the nonce, the vault and, only when given, expiresAfter
 * (PROTOCOL §2.1). Keys of `action` must stand in canonical order; whole numbers become the smallest msgpack integer.
 */
export function l1ActionHash(
  action: JsonObject,
  envelope: { readonly nonce: number; readonly vaultAddress: Address | null; readonly expiresAfter: number | null },
): Uint8Array {
  const { nonce, vaultAddress, expiresAfter } = envelope;
  const parts = [encoder.encode(action), u64(nonce)];
  parts.push(vaultAddress === null ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), hexToBytes(vaultAddress.slice(2))));
  if (expiresAfter !== null) parts.push(Uint8Array.of(0), u64(expiresAfter));
  return keccak(concatBytes(...parts));
}

const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);
const DOMAIN_TYPE = keccakText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');
const AGENT_TYPE = keccakText('Agent(string source,bytes32 connectionId)');
const ZERO_WORD = new Uint8Array(32);

function uintWord(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0'));
}

function domainSeparator(name: string, chainId: bigint): Uint8Array {
  return keccak(concatBytes(DOMAIN_TYPE, keccakText(name), keccakText('1'), uintWord(chainId), ZERO_WORD));
}

const EXCHANGE_DOMAIN = domainSeparator('Exchange', 1337n);
const SOURCE_HASH: Readonly<Record<Source, Uint8Array>> = { a: keccakText('a'), b: keccakText('b') };

/** What is hashed for an agent, all but the connection id and its hash: only these change from one action to the next. */
const AGENT_MESSAGE: Readonly<Record<Source, Uint8Array>> = {
  a: concatBytes(AGENT_TYPE, SOURCE_HASH.a, ZERO_WORD),
  b: concatBytes(AGENT_TYPE, SOURCE_HASH.b, ZERO_WORD),
};
const AGENT_ENVELOPE = concatBytes(EIP712_PREFIX, EXCHANGE_DOMAIN, ZERO_WORD);

/** The EIP-712 digest an agent signs for an L1 action (PROTOCOL §2.1). */
export function agentDigest(connectionId: Uint8Array, source: Source): Uint8Array {
  const message = AGENT_MESSAGE[source];
  message.set(connectionId, message.length - 32);
  AGENT_ENVELOPE.set(keccak(message), AGENT_ENVELOPE.length - 32);
  return keccak(AGENT_ENVELOPE);
}

/** One field of typed data with its value as read from the action. */
export type TypedField =
  | { readonly name: string; readonly type: 'string' | 'address'; readonly value: string }
  | { readonly name: string; readonly type: 'uint64'; readonly value: number }
  | { readonly name: string; readonly type: 'bool'; readonly value: boolean };

function encodeField(field: TypedField): Uint8Array {
  switch (field.type) {
    case 'string':
      return keccakText(field.value);
    case 'address':
      return uintWord(BigInt(field.value));
    case 'uint64':
      return uintWord(BigInt(field.value));
    case 'bool':
      return uintWord(field.value ? 1n : 0n);
    default:
      return field satisfies never;
  }
}

/** The EIP-712 digest of a user-signed action; `name` as in the table of PROTOCOL §2.3, e.g. `UsdSend`. */
export function userSignedDigest(name: string, fields: readonly TypedField[], chainId: bigint): Uint8Array {
  const type = `HyperliquidTransaction:${name}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`;
  const message = keccak(concatBytes(keccakText(type), ...fields.map(encodeField)));
  return keccak(concatBytes(EIP712_PREFIX, domainSeparator('HyperliquidSignTransaction', chainId), message));
}

const HEX_INTEGER = /^0x([0-9a-fA-F]{1,64})$/;

/** Reads `{r, s, v}`; r and s are whole numbers in hex, padded or not (PROTOCOL §2). Throws `Unfit`. */
export function parseSignature(value: unknown): Signature {
  const from = object(value, 'signature');
  const part = (key: 'r' | 's'): string => {
    const digits = HEX_INTEGER.exec(string(from, key))?.[1];
    if (digits === undefined) throw new Unfit(`signature.${key}: expected a hex number of at most 32 bytes`);
    return digits.padStart(64, '0');
  };
  const v = from.v;
  if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < 0) throw new Unfit('signature.v: expected 27 or 28');
  return { rs: hexToBytes(part('r') + part('s')), v };
}

/** The address whose key made this signature, lower case, or null when none can be recovered. */
export function recoverAddress(digest: Uint8Array, signature: Signature): Address | null {
  if (signature.v !== 27 && signature.v !== 28) return null;
  try {
    const key = secp256k1.ecdsaRecover(signature.rs, signature.v - 27, digest, false);
    return `0x${bytesToHex(keccak(key.subarray(1)).subarray(12))}`;
  } catch {
    // The native call throws for every signature that is no point on the curve; that is an answer, not a fault.
    return null;
  }
}

/** keccak-256 of a text as 0x hex: deterministic stand-in for transaction hashes and derived addresses. */
export const hashText = (text: string): Address => `0x${bytesToHex(keccakText(text))}`;
