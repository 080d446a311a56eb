import { createRequire } from 'node:module';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * A key that signs typed data the way a wallet library does: driven by the types it is given, so that it shares no code
 * with the exchange that checks it.
 */
interface TypedData {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

interface Native {
  publicKeyCreate(key: Uint8Array, compressed: boolean): Uint8Array;
  ecdsaSign(message: Uint8Array, key: Uint8Array): { readonly signature: Uint8Array; readonly recid: number };
}

const require = createRequire(import.meta.url);
const native: Native = require('secp256k1');

const word = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'));

function encode(type: string, value: unknown): Uint8Array {
  if (type === 'string') return keccak_256(utf8ToBytes(String(value)));
  if (type === 'bytes') return keccak_256(hexToBytes(String(value).slice(2)));
  if (type === 'bool') return word(value === true ? 1n : 0n);
  if (type === 'bytes32') return hexToBytes(String(value).slice(2));
  return word(BigInt(value as string | number));
}

function hashStruct(data: Pick<TypedData, 'types'>, name: string, message: Readonly<Record<string, unknown>>): Uint8Array {
  const fields = data.types[name] ?? [];
  const type = `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`;
  return keccak_256(concatBytes(keccak_256(utf8ToBytes(type)), ...fields.map((field) => encode(field.type, message[field.name]))));
}

export interface Wallet {
  readonly address: `0x${string}`;
  readonly key: Uint8Array;
  signTypedData(data: TypedData): Promise<`0x${string}`>;
}

/** The wallet of the n-th test key. */
export const testWallet = (n: number): Wallet => wallet(keccak_256(utf8ToBytes(`test key ${n}`)));

/** The wallet of a private key of 64 hex digits, with or without `0x`. Throws without repeating it when it is none. */
export function walletOf(key: string): Wallet {
  const digits = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(key)?.[1];
  if (digits === undefined) throw new Error('the private key is not 64 hex digits');
  return wallet(hexToBytes(digits));
}

function wallet(key: Uint8Array): Wallet {
  const publicKey = native.publicKeyCreate(key, false);
  return {
    address: `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`,
    key,
    async signTypedData(data) {
      const digest = keccak_256(
        concatBytes(
          Uint8Array.of(0x19, 0x01),
          hashStruct(data, 'EIP712Domain', data.domain),
          hashStruct(data, data.primaryType, data.message),
        ),
      );
      const { signature, recid } = native.ecdsaSign(digest, key);
      return `0x${bytesToHex(signature)}${(recid + 27).toString(16)}`;
    },
  };
}
