import { describe, expect, it } from 'vitest';
import { wordBreaches } from './words.ts';

const judge = (text: string): number => wordBreaches([{ path: 'README.md', text }]).length;

describe('foreign words', () => {
  // Put together here, so that this file keeps the law it tests.
  const refused = [
    ['/wo', 'rk/main/packages'],
    ['/ho', 'me/ann/fleet'],
    ['/Us', 'ers/ann/fleet'],
    ['HOU', 'SE.md'],
    ['SIGN', 'ALS.md'],
    ['see issue', ' 2'],
    ['Issue ', '#14'],
    ['a coding ', 'agent'],
    ['in this ', 'session'],
    ['the system ', 'prompt'],
  ] as const;

  it.each(refused)('refuse %s%s', (head, tail) => {
    expect(judge(`see ${head}${tail} for it`)).toBeGreaterThan(0);
  });

  it.each([
    'https://example.com/work/main',
    'the phantom Agent of the signing domain (PROTOCOL §2)',
    'agent wallets sign for an account',
    'the signals table and its issues',
    'docs/home.md',
    '--data-dir /home/me/fleet',
    'a session of the venue',
    'answers promptly',
  ])('leave alone: %s', (text) => {
    expect(judge(text)).toBe(0);
  });
});
