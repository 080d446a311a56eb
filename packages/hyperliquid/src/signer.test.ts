import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { lots, type OrderIntent, ticks } from '@hyperfleet/trading';
import { CancelByCloidRequest, CancelRequest, OrderRequest, UpdateLeverageRequest } from '@nktkas/hyperliquid/api/exchange';
import { canonicalize } from '@nktkas/hyperliquid/signing';
import { describe, expect, test } from 'vitest';
import { addressOfKey, createSigner, PrivateKeyError, type Signature } from './signer.ts';
import { INSTRUMENTS } from './testing/instruments.ts';
import { cancelAction, cancelByCloidAction, crossLeverageAction, orderAction } from './to-wire.ts';

interface Vector {
  readonly name?: string;
  readonly action: Readonly<Record<string, unknown>>;
  readonly nonce: number;
  readonly vaultAddress?: `0x${string}` | null;
  readonly expiresAfter?: number | null;
  readonly signer?: string;
  readonly mainnet?: Signature;
  readonly testnet?: Signature;
}

const file: { signer: string; l1: Vector[]; regression: Vector[] } = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/signing-vectors.json', import.meta.url), 'utf8'),
);

// The keys printed in the tests of the official Python SDK and of @nktkas/hyperliquid.
const PUBLISHED_KEY = `0x${'0123456789'.repeat(6)}0123`;
const KEYS: Readonly<Record<string, string>> = {
  '0x14791697260e4c9a71f18484c9f997b308e59325': PUBLISHED_KEY,
  '0xe5ca49fb3bd9a581f0d1ef9cb5d7177da08bf901': '0x822e9959e022b78423eb653a62ea0020cd283e71a2a8133a6ff2aeffaf373cff',
};

/** Some published parts were printed without their leading zeros. */
const padded = (part: string) => `0x${part.slice(2).padStart(64, '0')}`;

describe('published signatures', () => {
  for (const [index, vector] of [...file.l1, ...file.regression].entries()) {
    for (const network of ['mainnet', 'testnet'] as const) {
      const expected = vector[network];
      if (expected === undefined) continue;
      test(`${vector.name ?? `${vector.action.type} ${index}`} on ${network} is reproduced`, () => {
        const address = vector.signer ?? file.signer;
        const signer = createSigner(KEYS[address] ?? '');
        const { action, nonce, vaultAddress, expiresAfter } = vector;
        const isMainnet = network === 'mainnet';
        const signature = signer.sign({
          action,
          nonce,
          vaultAddress: vaultAddress ?? null,
          expiresAfterMs: expiresAfter ?? null,
          isMainnet,
        });
        expect(signature).toEqual({ r: padded(expected.r), s: padded(expected.s), v: expected.v });
        expect(signer.address).toBe(address);
      });
    }
  }
});

test('every s is in the lower half of the curve order and both parts have 32 bytes', () => {
  const signer = createSigner(PUBLISHED_KEY);
  const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
  for (let nonce = 0; nonce < 200; nonce += 1) {
    const { r, s } = signer.sign({ action: { type: 'noop' }, nonce, vaultAddress: null, expiresAfterMs: null, isMainnet: false });
    expect(BigInt(s) <= half).toBe(true);
    expect(r).toMatch(/^0x[0-9a-f]{64}$/);
    expect(s).toMatch(/^0x[0-9a-f]{64}$/);
  }
});

test('the key is in no text, JSON or picture of the signer', () => {
  const signer = createSigner(PUBLISHED_KEY);
  const digits = PUBLISHED_KEY.slice(2);
  const seen = [
    String(signer),
    JSON.stringify(signer),
    inspect(signer, { depth: 9, showHidden: true, getters: true }),
    signer.sign.toString(),
  ];
  for (const text of seen) {
    expect(text).not.toContain(digits);
    expect(text).not.toContain(digits.slice(0, 12));
  }
  expect(JSON.parse(JSON.stringify(signer))).toEqual({ address: file.signer });
});

const bad: readonly (readonly [string, string, string])[] = [
  ['empty', '', 'is missing'],
  ['of 63 digits', `0x${'a'.repeat(63)}`, 'has 63 hex digits'],
  ['of 65 digits', `${'ab'.repeat(32)}c`, 'has 65 hex digits'],
  ['not hex', `0x${'zq'.repeat(32)}`, 'is not hexadecimal'],
  ['zero', `0x${'0'.repeat(64)}`, 'is outside the range'],
  ['above the curve order', `0x${'f'.repeat(64)}`, 'is outside the range'],
];
for (const [name, key, message] of bad) {
  test(`a key ${name} is refused with a reason that does not repeat it`, () => {
    for (const make of [createSigner, addressOfKey]) {
      const error = caught(() => make(key));
      expect(error).toBeInstanceOf(PrivateKeyError);
      expect(String(error)).toContain(message);
      if (key !== '') expect(inspect(error, { depth: 9 })).not.toContain(key.slice(2, 40));
    }
  });
}

test('a key may be written without 0x, in capitals and with blanks around it', () => {
  expect(createSigner(`  ${PUBLISHED_KEY.slice(2).toUpperCase()} \n`).address).toBe(file.signer);
  expect(addressOfKey(PUBLISHED_KEY)).toBe(file.signer);
});

test("our actions stand in the order the SDK's own schemas give them", () => {
  const entry: OrderIntent = {
    cloid: '0x1234567890abcdef1234567890abcdef',
    coin: 'BTC',
    role: 'entry',
    attempt: 1,
    side: 'buy',
    px: ticks(1_000_000),
    sz: lots(120),
    reduceOnly: false,
    kind: { type: 'limit', tif: 'gtc' },
  };
  const stop: OrderIntent = {
    ...entry,
    cloid: '0x1234567890abcdef1234567890abcdee',
    role: 'stop',
    side: 'sell',
    px: ticks(855_000),
    reduceOnly: true,
    kind: { type: 'stop-market', triggerPx: ticks(950_000) },
  };
  const order = built(orderAction([entry, stop], 'normalTpsl', INSTRUMENTS));
  expect(JSON.stringify(canonicalize(OrderRequest.entries.action, order))).toBe(JSON.stringify(order));
  const byCloid = built(cancelByCloidAction([entry, stop], INSTRUMENTS));
  expect(JSON.stringify(canonicalize(CancelByCloidRequest.entries.action, byCloid))).toBe(JSON.stringify(byCloid));
  const byOid = built(cancelAction([{ coin: 'ETH', oid: 77 }], INSTRUMENTS));
  expect(JSON.stringify(canonicalize(CancelRequest.entries.action, byOid))).toBe(JSON.stringify(byOid));
  const leverage = built(crossLeverageAction('SOL', 20, INSTRUMENTS));
  expect(JSON.stringify(canonicalize(UpdateLeverageRequest.entries.action, leverage))).toBe(JSON.stringify(leverage));
});

function built(wire: ReturnType<typeof orderAction>) {
  if (!wire.ok) throw new Error(wire.problem);
  return wire.action;
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}
