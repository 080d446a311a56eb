import { lots } from '@hyperfleet/trading';
import { expect, test } from 'vitest';
import { orderOf, sightOf, usd } from '../testing/sights.ts';
import { placeLadder, resolveTakeProfits } from './ladder.ts';

const refused = (attempt: number) => orderOf('tp1', { attempt, state: 'rejected', reason: 'too many open orders' });

test('the ladder is placed once, all legs in one request, each reduce-only', () => {
  const step = placeLadder(sightOf({ trade: { ladder: null } }));
  expect(step).toMatchObject({
    do: 'place',
    orders: [
      { role: 'tp1', side: 'sell', px: usd(101_000), sz: 50, reduceOnly: true },
      { role: 'tp2', px: usd(103_000), sz: 50 },
    ],
    patch: { ladder: [{ index: 1 }, { index: 2 }] },
  });
  expect(placeLadder(sightOf({ orders: [orderOf('tp1'), orderOf('tp2')] }))).toBeNull();
});

test.each([
  ['the entry still fills', { trade: { phase: 'entering', ladder: null } }],
  ['nothing is held', { trade: { ladder: null }, fills: { exitSz: lots(100) } }],
] as const)('no ladder is placed while %s', (_, change) => {
  expect(placeLadder(sightOf(change))).toBeNull();
});

test('no ladder is placed where the signal named no target', () => {
  const { plan } = sightOf();
  expect(placeLadder(sightOf({ trade: { ladder: null, plan: { ...plan, targets: [] } } }))).toBeNull();
});

test('a leg that was refused or never arrived is sent again, three times at most', () => {
  expect(placeLadder(sightOf({ orders: [refused(0), orderOf('tp2')] }))).toMatchObject({
    orders: [{ role: 'tp1', attempt: 1, sz: 50 }],
    said: [{ detail: { leg: 1, reason: 'too many open orders' } }],
  });
  const dead = orderOf('tp2', { state: 'dead' });
  expect(placeLadder(sightOf({ orders: [orderOf('tp1'), dead] }))).toMatchObject({ orders: [{ role: 'tp2', attempt: 1 }] });
  expect(placeLadder(sightOf({ orders: [refused(0), refused(1), refused(2), orderOf('tp2')] }))).toBeNull();
});

test('a leg is sent again only for what no other leg holds', () => {
  const held = { fills: { exitSz: lots(40) } };
  expect(placeLadder(sightOf({ ...held, orders: [refused(0), orderOf('tp2')] }))).toMatchObject({ orders: [{ sz: 10 }] });
  expect(placeLadder(sightOf({ fills: { exitSz: lots(60) }, orders: [refused(0), orderOf('tp2')] }))).toBeNull();
});

test('a take-profit whose answer was lost is asked about before anything is placed beside it', () => {
  expect(resolveTakeProfits(sightOf({ orders: [orderOf('tp1', { state: 'unknown' }), orderOf('tp2')] }))).toEqual({
    do: 'resolve',
    cloids: [orderOf('tp1').intent.cloid],
  });
  expect(resolveTakeProfits(sightOf({ orders: [orderOf('tp1'), orderOf('stop', { state: 'unknown' })] }))).toBeNull();
});
