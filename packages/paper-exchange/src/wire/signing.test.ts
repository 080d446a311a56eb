import { readFileSync } from 'node:fs';
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { parseAction } from './action-form.ts';
import { type Address, array, type JsonObject, object, string } from './fields.ts';
import { agentDigest, l1ActionHash, parseSignature, recoverAddress, type Source, userSignedDigest } from './signature.ts';

const vectors = object(
  JSON.parse(readFileSync(new URL('../../../../test/fixtures/signing-vectors.json', import.meta.url), 'utf8')),
  'vectors',
);
const group = (name: string): readonly JsonObject[] => array(vectors, name).map((row) => object(row, name));
const SIGNER = string(vectors, 'signer');

interface Envelope {
  readonly nonce: number;
  readonly vaultAddress: Address | null;
  readonly expiresAfter: number | null;
}

function envelope(row: JsonObject): Envelope {
  const hex = (value: unknown): Address | null => (typeof value === 'string' ? `0x${value.slice(2)}` : null);
  return {
    nonce: Number(row.nonce),
    vaultAddress: hex(row.vaultAddress),
    expiresAfter: typeof row.expiresAfter === 'number' ? row.expiresAfter : null,
  };
}

/** The canonical rebuild, from a shuffled copy where the action is one the venue has. */
function rebuilt(action: JsonObject): JsonObject {
  if (action.type === 'dummy') return action;
  const parsed = parseAction(reversed(action));
  if (parsed.signing !== 'l1') throw new Error('expected an L1 action');
  expect(JSON.stringify(parsed.canonical)).toBe(JSON.stringify(action));
  return parsed.canonical;
}

/** The same JSON with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

const signerOf = (hash: Uint8Array, source: Source, signature: unknown) =>
  recoverAddress(agentDigest(hash, source), parseSignature(signature));

describe('signing vectors', () => {
  test.each(group('l1').map((row) => [row.name, row] as const))(
    'the published L1 vector %s recovers its signer on both networks',
    (_, row) => {
      const hash = l1ActionHash(rebuilt(object(row.action, 'action')), envelope(row));
      expect(`0x${bytesToHex(hash)}`).toBe(row.connectionId);
      if (row.mainnet !== undefined) expect(signerOf(hash, 'a', row.mainnet)).toBe(row.signer);
      if (row.testnet !== undefined) expect(signerOf(hash, 'b', row.testnet)).toBe(row.signer);
      if (row.testnet !== undefined) expect(signerOf(hash, 'a', row.testnet)).not.toBe(row.signer);
    },
  );

  test.each(group('actionHashes').map((row) => [row.name, row] as const))('the action hash %s is as published', (_, row) => {
    expect(`0x${bytesToHex(l1ActionHash(rebuilt(object(row.action, 'action')), envelope(row)))}`).toBe(row.connectionId);
  });

  test.each(group('regression').map((row) => [JSON.stringify(row.action), row] as const))('recovers the signer of %s', (_, row) => {
    const hash = l1ActionHash(rebuilt(object(row.action, 'action')), envelope(row));
    expect(`0x${bytesToHex(hash)}`).toBe(row.connectionId);
    expect(signerOf(hash, 'b', row.testnet)).toBe(SIGNER);
  });

  test.each(group('userSigned').map((row) => [row.name, row] as const))('the user-signed vector %s recovers its signer', (_, row) => {
    const action = object(row.action, 'action');
    const type = action.type ?? (String(row.primaryType).endsWith('UsdSend') ? 'usdSend' : 'withdraw3');
    const parsed = parseAction({ ...action, type });
    if (parsed.signing !== 'user') throw new Error('expected a user-signed action');
    const digest = userSignedDigest(parsed.name, parsed.fields, parsed.chainId);
    expect(`0x${bytesToHex(digest)}`).toBe(row.digest);
    expect(recoverAddress(digest, parseSignature(row.signature))).toBe(row.signer);
  });

  test.each(group('observed').map((row) => [row.name, row] as const))(
    'the request %s the real venue took recovers its signer',
    (_, row) => {
      const request = object(row.request, 'request');
      const parsed = parseAction(request.action);
      const signature = parseSignature(request.signature);
      const signer =
        parsed.signing === 'user'
          ? recoverAddress(userSignedDigest(parsed.name, parsed.fields, parsed.chainId), signature)
          : signerOf(l1ActionHash(parsed.canonical, envelope(request)), 'b', request.signature);
      expect(signer).toBe(row.signer);
    },
  );
});

describe('the canonical rebuild', () => {
  const order = { a: 0, b: true, p: '60000', s: '0.001', r: false, t: { limit: { tif: 'Gtc' } } };
  const canonical = (action: JsonObject): string => {
    const parsed = parseAction(action);
    return parsed.signing === 'l1' ? JSON.stringify(parsed.canonical) : 'user';
  };

  test('drops trailing zeros, lower-cases cloids and leaves out null and false options', () => {
    const clean = canonical({ type: 'order', orders: [{ ...order, c: `0x${'ab'.repeat(16)}` }], grouping: 'na' });
    const padded = canonical({
      type: 'order',
      grouping: 'na',
      builder: null,
      orders: [{ ...order, p: '060000.000', s: '.0010', c: `0x${'AB'.repeat(16)}` }],
      extra: 1,
    });
    expect(padded).toBe(clean);
    expect(canonical({ type: 'order', orders: [{ ...order, c: null }], grouping: 'na' })).not.toContain('"c"');
    expect(canonical({ type: 'cancel', cancels: [{ a: 0, o: 1 }], f: false })).toBe('{"type":"cancel","cancels":[{"a":0,"o":1}]}');
  });

  test.each([
    { type: 'nonsense' },
    { type: '__proto__' },
    { type: 'multiSig' },
    { type: 'order', orders: [{ ...order, p: 60000 }], grouping: 'na' },
    { type: 'order', orders: [{ ...order, p: '0.123456789' }], grouping: 'na' },
    { type: 'order', orders: [{ ...order, s: '-1' }], grouping: 'na' },
    { type: 'order', orders: [{ ...order, s: '1e3' }], grouping: 'na' },
    { type: 'order', orders: [{ ...order, t: { limit: { tif: 'Fok' } } }], grouping: 'na' },
    { type: 'order', orders: [{ ...order, c: '0x1' }], grouping: 'na' },
    { type: 'order', orders: [{ ...order, a: -1 }], grouping: 'na' },
    { type: 'order', orders: order, grouping: 'na' },
    { type: 'order', orders: [order], grouping: 'oco' },
    { type: 'cancel', cancels: [{ a: 0, o: '1' }] },
    { type: 'updateLeverage', asset: 0, isCross: 'true', leverage: 5 },
    { type: 'usdSend', hyperliquidChain: 'Mainnet', signatureChainId: 'x', destination: '0x', amount: '1', time: 1 },
  ])('refuses %j', (action) => {
    expect(() => parseAction(action)).toThrow(/expected|unknown/);
  });
});
