import { describe, expect, test } from 'vitest';
import { parseTransfers } from './transfers.ts';

const ME = `0x${'a'.repeat(40)}` as const;
const YOU = `0x${'b'.repeat(40)}`;
const HASH = `0x${'1'.repeat(64)}`;
const perps = { account: ME, hasSpotCollateral: false };
const spot = { account: ME, hasSpotCollateral: true };
const read = (delta: object, owner: typeof perps = perps): readonly (readonly [number, string])[] => {
  const parsed = parseTransfers([{ time: 5, hash: HASH, delta }], owner);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value.map(({ usd, words }) => [usd, words] as const);
};
const token = (parts: object) => ({
  token: 'USDC',
  amount: '10',
  usdcValue: '10',
  fee: '1',
  nativeTokenFee: '0',
  feeToken: 'USDC',
  ...parts,
});

describe('a row of the ledger', () => {
  test.each([
    [{ type: 'deposit', usdc: '12.5' }, 12_500_000, 'deposit'],
    [{ type: 'withdraw', usdc: '99.0', nonce: 1, fee: '1.0' }, -100_000_000, 'withdrawal'],
    [{ type: 'accountClassTransfer', usdc: '3', toPerp: true }, 3_000_000, 'transfer from spot'],
    [{ type: 'accountClassTransfer', usdc: '3', toPerp: false }, -3_000_000, 'transfer to spot'],
    [{ type: 'internalTransfer', usdc: '3', user: ME, destination: YOU, fee: '1' }, -4_000_000, `internalTransfer to ${YOU}`],
    [{ type: 'internalTransfer', usdc: '3', user: YOU, destination: ME, fee: '1' }, 3_000_000, `internalTransfer from ${YOU}`],
    [{ type: 'subAccountTransfer', usdc: '3', user: ME, destination: YOU }, -3_000_000, `subAccountTransfer to ${YOU}`],
    [{ type: 'vaultDeposit', vault: YOU, usdc: '3' }, -3_000_000, `vaultDeposit of vault ${YOU}`],
    [{ type: 'vaultCreate', vault: YOU, usdc: '3', fee: '1' }, -4_000_000, `vaultCreate of vault ${YOU}`],
    [{ type: 'vaultDistribution', vault: YOU, usdc: '3' }, 3_000_000, `vaultDistribution of vault ${YOU}`],
    [{ type: 'vaultWithdraw', vault: YOU, user: ME, netWithdrawnUsd: '2' }, 2_000_000, `vaultWithdraw of vault ${YOU}`],
    [token({ type: 'send', user: ME, destination: YOU, sourceDex: '', destinationDex: 'spot' }), -11_000_000, `send to ${YOU}`],
    [token({ type: 'send', user: ME, destination: ME, sourceDex: 'spot', destinationDex: '' }), 10_000_000, `send to ${ME}`],
    [
      token({ type: 'send', user: ME, destination: YOU, sourceDex: '', destinationDex: '', feeToken: 'HYPE' }),
      -10_000_000,
      `send to ${YOU}`,
    ],
  ])('%j moves %i micro-dollars', (delta, usd, words) => {
    expect(read(delta)).toEqual([[usd, words]]);
  });

  test.each([
    token({ type: 'spotTransfer', user: ME, destination: YOU }),
    token({ type: 'send', user: ME, destination: YOU, sourceDex: 'xyz', destinationDex: 'xyz' }),
    token({ type: 'send', token: 'PURR', user: ME, destination: YOU, sourceDex: '', destinationDex: '' }),
    { type: 'rewardsClaim', amount: '5', token: 'USDC' },
    { type: 'liquidation', liquidatedNtlPos: '1', accountValue: '1', leverageType: 'Cross', liquidatedPositions: [] },
    { type: 'vaultWithdraw', vault: YOU, user: YOU, netWithdrawnUsd: '2' },
    { type: 'something of tomorrow' },
  ])('%j moves nothing of perpetual collateral', (delta) => {
    expect(read(delta)).toEqual([]);
  });

  test('moves spot collateral where that carries the positions', () => {
    expect(read(token({ type: 'spotTransfer', user: ME, destination: YOU }), spot)).toEqual([[-11_000_000, `spotTransfer to ${YOU}`]]);
    expect(read(token({ type: 'spotTransfer', user: YOU, destination: ME }), spot)).toEqual([[10_000_000, `spotTransfer from ${YOU}`]]);
    expect(read({ type: 'accountClassTransfer', usdc: '3', toPerp: true }, spot)).toEqual([]);
    expect(read(token({ type: 'send', user: ME, destination: ME, sourceDex: 'spot', destinationDex: '', fee: '0' }), spot)).toEqual([]);
    expect(read({ type: 'rewardsClaim', amount: '5', token: 'USDC' }, spot)).toEqual([[5_000_000, 'rewardsClaim']]);
  });

  test('that is not what the protocol promises is named by its field', () => {
    const problem = (row: object): string => {
      const parsed = parseTransfers([row], perps);
      return parsed.ok ? 'read' : parsed.problem;
    };
    expect(problem({ time: 5, hash: HASH, delta: { type: 'deposit', usdc: 'much' } })).toContain('ledger[0].delta.usdc is "much"');
    expect(problem({ time: '5', hash: HASH, delta: { type: 'deposit', usdc: '1' } })).toContain('ledger[0].time');
    expect(problem({ time: 5, delta: { type: 'deposit', usdc: '1' } })).toContain('ledger[0].hash');
    expect(problem({ time: 5, hash: HASH, delta: { type: 'internalTransfer', usdc: '1', fee: '0', user: 'me' } })).toContain('delta.user');
  });
});
