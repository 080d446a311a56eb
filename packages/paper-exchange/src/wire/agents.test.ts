import { describe, expect, test } from 'vitest';
import { createAgentBook } from './agents.ts';
import type { Address } from './fields.ts';

const DAY_MS = 86_400_000;
const NOW = 1_757_015_216_000;
const address = (n: number): Address => `0x${String(n).padStart(40, '0')}`;
const [master, zero] = [address(1), address(0)];

describe('agents', () => {
  const approve = (book: ReturnType<typeof createAgentBook>, n: number, name: string, nowMs = NOW) =>
    book.approve({ master, address: address(n), name, subAccounts: 0 }, nowMs);

  test('one unnamed and three named act for their master; the fourth named is one too many', () => {
    const book = createAgentBook();
    expect(['', 'a', 'b', 'c'].map((name, i) => approve(book, 10 + i, name))).toEqual([null, null, null, null]);
    expect(approve(book, 20, 'd')).toBe('Too many extra agents for cumulative volume traded. Current limit is 3');
    expect(book.of(master, NOW).map((agent) => agent.name)).toEqual(['', 'a', 'b', 'c']);
    expect(book.find(address(11), NOW)?.master).toBe(master);
  });

  test('the same name replaces, and the replaced address is never taken again', () => {
    const book = createAgentBook();
    approve(book, 10, 'a');
    expect(approve(book, 11, 'a')).toBeNull();
    expect(book.find(address(10), NOW)).toBeNull();
    expect(book.formerMaster(address(10))).toBe(master);
    expect(approve(book, 10, 'b')).toBe('Extra agent already used.');
    expect(approve(book, 11, 'b')).toBe('Extra agent already used.');
  });

  test('ends when its time is over, 90 days unless its name says otherwise, at most 180', () => {
    const book = createAgentBook();
    approve(book, 10, '');
    approve(book, 11, `bot valid_until ${NOW + 5 * DAY_MS}`);
    expect(book.of(master, NOW + 5 * DAY_MS).map((agent) => agent.name)).toEqual(['', 'bot']);
    expect(book.find(address(11), NOW + 5 * DAY_MS + 1)).toBeNull();
    expect(book.find(address(10), NOW + 90 * DAY_MS + 1)).toBeNull();
    for (const until of [NOW, NOW + 181 * DAY_MS]) {
      expect(approve(book, 12, `x valid_until ${until}`)).toBe('Agent valid_until already expired.');
    }
    expect(approve(book, 12, 'a name of over sixteen')).toBe('Extra agent name must be between 1 and 16 characters long');
  });

  test('the zero address removes, and for five seconds nothing else can be approved', () => {
    const book = createAgentBook();
    approve(book, 10, 'a');
    expect(book.approve({ master, address: zero, name: 'a', subAccounts: 0 }, NOW)).toBeNull();
    expect(book.find(address(10), NOW)).toBeNull();
    expect(approve(book, 11, 'a', NOW + 4_999)).toBe('User has pending agent removal');
    expect(approve(book, 11, 'a', NOW + 5_000)).toBeNull();
  });
});
