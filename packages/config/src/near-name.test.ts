import { expect, it } from 'vitest';
import { nearName } from './near-name.ts';

const KNOWN = ['riskPerTrade', 'maxLeverage', 'mode', 'bots'];

it('finds the name that was meant through a slip of the fingers', () => {
  for (const slip of ['riskPerTade', 'risk_per_trade', 'RISKPERTRADE', 'riksPerTrade', 'riskPerTrades'])
    expect(nearName(slip, KNOWN)).toBe('riskPerTrade');
  expect(nearName('mod', KNOWN)).toBe('mode');
});

it('guesses nothing where nothing is near', () => {
  for (const other of ['colour', 'xxxx', '']) expect(nearName(other, KNOWN)).toBeNull();
});
