import { expect, test } from 'vitest';
import { hasWrongChecksum } from './address-checksum.ts';

/** As published with EIP-55. */
const MIXED = [
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
];
const ONE_CASE = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
];

test.each([...MIXED, ...ONE_CASE, ...MIXED.map((address) => address.toLowerCase())])('%s is no mistyped address', (address) => {
  expect(hasWrongChecksum(address)).toBe(false);
});

test.each(MIXED)('%s is mistyped with any of its letters in the other case, or a digit beside it', (address) => {
  const swapped = [...address].flatMap((digit, at) => {
    if (at < 2 || !/[a-f]/i.test(digit)) return [];
    const other = digit === digit.toLowerCase() ? digit.toUpperCase() : digit.toLowerCase();
    return [`${address.slice(0, at)}${other}${address.slice(at + 1)}`];
  });
  expect(swapped.length).toBeGreaterThan(10);
  expect(swapped.filter((mistyped) => !hasWrongChecksum(mistyped))).toEqual([]);
  const last = address.endsWith('d') ? 'e' : 'd';
  expect(hasWrongChecksum(`${address.slice(0, -1)}${last}`)).toBe(true);
});
