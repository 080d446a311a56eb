import { microUsd } from '@hyperfleet/trading';
import { describe, expect, test } from 'vitest';
import { toAccounts } from './accounts.ts';
import { PaperKeysError } from './paper-keys.ts';
import { PlanError } from './plan.ts';

const AGENT = '5a'.repeat(32);
/** The key whose account is published with the venue's own SDK. */
const OWNER = `0x${'0123456789'.repeat(6)}0123`;
const OWNER_ADDRESS = '0x14791697260e4c9a71f18484c9f997b308e59325';

const bot = (index: number, keyEnv: string | null, held: { key: string; account?: string }) => ({
  bot: {
    id: 'AB'[index] ?? '',
    keyEnv,
    accountEnv: held.account === undefined ? null : 'ACC',
    paperUsd: microUsd(1_000_000),
  },
  field: `bots[${index}]`,
  privateKey: held.key,
  account: held.account ?? null,
});

const KEYS = '/data/paper-keys.json';

function refusal(bots: Parameters<typeof toAccounts>[0]): string {
  try {
    toAccounts(bots, KEYS);
  } catch (error) {
    if (error instanceof PlanError || error instanceof PaperKeysError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the account a bot trades', () => {
  test('is the one named, or the one of its key', () => {
    const accounts = toAccounts([bot(0, 'KEY1', { key: AGENT, account: `0x${'CD'.repeat(20)}` }), bot(1, 'KEY2', { key: OWNER })], KEYS);
    expect(accounts).toMatchObject([
      { id: 'A', address: `0x${'cd'.repeat(20)}` },
      { id: 'B', address: OWNER_ADDRESS, signer: OWNER_ADDRESS },
    ]);
  });

  test('is no other bot’s, whichever of them names it: both are told of, with the option', () => {
    const agent = { key: AGENT, account: OWNER_ADDRESS.toUpperCase().replace('0X', '0x') };
    const said = refusal([bot(0, 'KEY1', agent), bot(1, 'KEY2', { key: OWNER })]);
    expect(said).toMatch(
      new RegExp(
        `bots\\[1\\]\\.keyEnv is "KEY2": "B" would trade the account ${OWNER_ADDRESS}, which "A" trades by bots\\[0\\]\\.accountEnv "ACC"; .*account of its own`,
      ),
    );
    expect(refusal([bot(0, 'KEY2', { key: OWNER }), bot(1, 'KEY1', agent)])).toMatch(/bots\[1\]\.accountEnv .*bots\[0\]\.keyEnv "KEY2"/);
    expect(said).not.toContain(AGENT);
  });
});

describe('the key of a bot', () => {
  test('is no other bot’s, wherever the two were found: both bots and places are named', () => {
    expect(refusal([bot(0, null, { key: AGENT }), bot(1, null, { key: AGENT })])).toMatch(
      /bots\[1\]\.id is "B": the key of "B" \(in \/data\/paper-keys\.json\) is that of "A" \(in \/data\/paper-keys\.json\) too; give each/,
    );
    const said = refusal([bot(0, 'KEY1', { key: AGENT }), bot(1, null, { key: `0x${AGENT}`, account: OWNER_ADDRESS })]);
    expect(said).toMatch(/is that of "A" \(in KEY1\) too/);
    expect(said).not.toContain(AGENT);
  });
});

describe('a number that is no key of the curve', () => {
  const ZERO = '00'.repeat(32);
  const BEYOND = `0x${'ff'.repeat(32)}`;

  test('is refused by the option that names it, all such at once, and never shown', () => {
    const said = refusal([bot(0, 'KEY1', { key: ZERO }), bot(1, 'KEY2', { key: BEYOND })]);
    expect(said).toMatch(/bots\[0\]\.keyEnv is "KEY1": .*holds no private key.*set it to/);
    expect(said).toMatch(/bots\[1\]\.keyEnv is "KEY2"/);
    for (const secret of [ZERO, BEYOND.slice(2)]) expect(said).not.toContain(secret);
  });

  test('is refused by the file that holds it where the key was drawn', () => {
    expect(refusal([bot(0, null, { key: BEYOND })])).toBe(
      '/data/paper-keys.json holds no valid key for A; restore it, or start with another --data-dir',
    );
  });
});
