import { createL1ActionHash } from '@nktkas/hyperliquid/signing';
import { keccak_256 } from '@noble/hashes/sha3.js';
import secp256k1 from 'secp256k1';

/** Lower-case 0x and 40 hex digits. */
export type Address = `0x${string}`;

/** An ECDSA signature as the envelope carries it: r and s zero-padded to 32 bytes, s in the lower half (PROTOCOL §2). */
export interface Signature {
  readonly r: `0x${string}`;
  readonly s: `0x${string}`;
  readonly v: 27 | 28;
}

/** What is signed of an /exchange request. The action's keys must stand in the order of PROTOCOL §2.1. */
interface L1Payload {
  readonly action: Readonly<Record<string, unknown>>;
  readonly nonce: number;
  readonly vaultAddress: Address | null;
  /** Market time in ms after which the venue refuses the action; null leaves it out. */
  readonly expiresAfterMs: number | null;
  /** Chooses the source letter: `a` on mainnet, `b` everywhere else. The wrong letter makes an unknown signer. */
  readonly isMainnet: boolean;
}

/** Signs for one key. The key lives in a closure: no property, log line, JSON or error of this object holds it. */
export interface Signer {
  readonly address: Address;
  sign(payload: L1Payload): Signature;
}

/** Thrown for a private key that is none; says what is wrong without repeating any of it. */
export class PrivateKeyError extends Error {
  override readonly name = 'PrivateKeyError';
  readonly code = 'SIGNER_KEY_INVALID';
  readonly retry = 'never';
}

/** Thrown when the signing library does not reproduce a published signature: nothing may be signed with it. */
export class SignerBrokenError extends Error {
  override readonly name = 'SignerBrokenError';
  readonly code = 'SIGNER_BROKEN';
  readonly retry = 'never';
}

// The constants of the L1 signing domain {Exchange, 1, 1337, 0x0} and its Agent type (PROTOCOL §2.1).
const DOMAIN_SEPARATOR = fromHex('d79297fcdf2ffcd4ae223d01edaa2ba214ff8f401d7c9300d995d17c82aa4040');
const AGENT_TYPE_HASH = fromHex('26f05c2f7239b6983075e58321292d77b3aa173d19b27257ac96ab362570f508');
const SOURCE_MAINNET = fromHex('3ac225168df54212a25c1c01fd35bebfea408fdac2e31ddd6f80a4bbf9a5f1cb');
const SOURCE_TESTNET = fromHex('b5553de315e0edf504d9150af82dafa5c4667fa618ed0a6f19c69b41166c5510');

/**
 * A signer for a private key of 32 bytes in hex, with or without `0x`. Checks the library against a published
 * signature first. Throws `PrivateKeyError` (which never repeats the key) or `SignerBrokenError`.
 */
export function createSigner(privateKeyHex: string): Signer {
  const key = parseKey(privateKeyHex);
  selfTest();
  const address = addressOf(key);
  return Object.freeze({ address, sign: (payload: L1Payload) => signWith(key, payload) });
}

/** The account address of a private key: the last 20 bytes of keccak256 over its public key. Same errors as `createSigner`. */
export function addressOfKey(privateKeyHex: string): Address {
  return addressOf(parseKey(privateKeyHex));
}

function parseKey(hex: unknown): Uint8Array {
  if (typeof hex !== 'string' || hex.trim() === '') throw new PrivateKeyError('the private key is missing: set it to 64 hex digits');
  const digits = hex.trim().replace(/^0x/i, '');
  if (!/^[0-9a-f]*$/i.test(digits))
    throw new PrivateKeyError('the private key is not hexadecimal: it must be 64 hex digits, 0x before them or not');
  if (digits.length !== 64) throw new PrivateKeyError(`the private key has ${digits.length} hex digits: it must have 64`);
  const key = fromHex(digits);
  if (!secp256k1.privateKeyVerify(key)) throw new PrivateKeyError('the private key is outside the range of secp256k1 keys: make a new one');
  return key;
}

function addressOf(key: Uint8Array): Address {
  return addressOfPoint(secp256k1.publicKeyCreate(key, false));
}

const addressOfPoint = (point: Uint8Array): Address => `0x${toHex(keccak_256(point.subarray(1)).subarray(12))}`;

function signWith(key: Uint8Array, payload: L1Payload): Signature {
  const { signature, recid } = secp256k1.ecdsaSign(digestOf(payload), key);
  return { r: `0x${toHex(signature.subarray(0, 32))}`, s: `0x${toHex(signature.subarray(32))}`, v: recid === 0 ? 27 : 28 };
}

/** Who the venue will say signed: an address, whatever is wrong with the signature, or null where none can be recovered (PROTOCOL §2.2). */
export function signerOf(payload: L1Payload, { r, s, v }: Signature): Address | null {
  try {
    const point = secp256k1.ecdsaRecover(fromHex(r.slice(2) + s.slice(2)), v - 27, digestOf(payload), false);
    return addressOfPoint(point);
  } catch {
    return null;
  }
}

/** keccak(0x1901 ++ domain ++ keccak(typehash ++ keccak(source) ++ connectionId)) (PROTOCOL §2.1). */
function digestOf(payload: L1Payload): Uint8Array {
  const { action, nonce, vaultAddress, expiresAfterMs, isMainnet } = payload;
  const connectionId = createL1ActionHash({
    action,
    nonce,
    ...(vaultAddress === null ? {} : { vaultAddress }),
    ...(expiresAfterMs === null ? {} : { expiresAfter: expiresAfterMs }),
  });
  const agent = new Uint8Array(96);
  agent.set(AGENT_TYPE_HASH, 0);
  agent.set(isMainnet ? SOURCE_MAINNET : SOURCE_TESTNET, 32);
  agent.set(fromHex(connectionId.slice(2)), 64);
  const message = new Uint8Array(66);
  message[0] = 0x19;
  message[1] = 0x01;
  message.set(DOMAIN_SEPARATOR, 2);
  message.set(keccak_256(agent), 34);
  return keccak_256(message);
}

let tested = false;

/** Once a thread: a key, action and signature published with the venue's own SDK must come out to the bit. */
function selfTest(): void {
  if (tested) return;
  const key = fromHex('0123456789012345678901234567890123456789012345678901234567890123');
  const got = signWith(key, {
    action: { type: 'dummy', num: 100_000_000_000 },
    nonce: 0,
    vaultAddress: null,
    expiresAfterMs: null,
    isMainnet: true,
  });
  const right =
    addressOf(key) === '0x14791697260e4c9a71f18484c9f997b308e59325' &&
    got.r === '0x053749d5b30552aeb2fca34b530185976545bb22d0b3ce6f62e31be961a59298' &&
    got.s === '0x755c40ba9bf05223521753995abb2f73ab3229be8ec921f350cb447e384d8ed8' &&
    got.v === 27;
  if (!right) throw new SignerBrokenError('the signing library does not reproduce a published signature: reinstall the dependencies');
  tested = true;
}

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
