import { describe, expect, test } from 'vitest';
import { type Digest, deriveCloid, deriveTradeId, isDerivedCloid } from './ids.ts';

/** A toy digest: enough to tell texts apart. */
const digest: Digest = (text) => {
  let out = '';
  for (let lane = 0; lane < 8; lane += 1) {
    let hash = 2_166_136_261 ^ lane;
    for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0;
    out += hash.toString(16).padStart(8, '0');
  }
  return out;
};
const order = { ledgerId: 'L', bot: 'Sentient', tradeId: 't1', role: 'entry', attempt: 1 } as const;

describe('client order ids', () => {
  test('are the same for the same fact and differ in every part of it', () => {
    const ids = [
      deriveCloid(digest, order),
      deriveCloid(digest, { ...order, ledgerId: 'M' }),
      deriveCloid(digest, { ...order, bot: 'other' }),
      deriveCloid(digest, { ...order, tradeId: 't2' }),
      deriveCloid(digest, { ...order, role: 'stop' }),
      deriveCloid(digest, { ...order, attempt: 2 }),
      deriveCloid(digest, { ...order, bot: 'Sentient","t1', tradeId: '' }),
    ];
    expect(deriveCloid(digest, { ...order })).toBe(ids[0]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(isDerivedCloid(id)).toBe(true);
  });

  test('never have a high half of zeros', () => {
    expect(deriveCloid(() => '0'.repeat(64), order)).toBe('0x00000000000000010000000000000000');
    expect(isDerivedCloid(`0x${'0'.repeat(16)}${'a'.repeat(16)}`)).toBe(false);
    expect(isDerivedCloid(`0x${'A'.repeat(32)}`)).toBe(false);
  });

  test('a digest that is no hex is a bug, said loudly', () => {
    expect(() => deriveCloid(() => 'short', order)).toThrow(TypeError);
  });
});

test('a trade id is t and 24 hex digits, bound to the row it came from', () => {
  const row = { databaseId: 'D', bot: 'Sentient', rowId: 1, createdAt: '2025-09-04 19:46:56', rowDigest: 'ff' };
  const ids = [row, { ...row, rowId: 2 }, { ...row, databaseId: 'E' }, { ...row, createdAt: '' }, { ...row, rowDigest: '00' }].map((fact) =>
    deriveTradeId(digest, fact),
  );
  expect(new Set(ids).size).toBe(5);
  for (const id of ids) expect(id).toMatch(/^t[0-9a-f]{24}$/);
});
