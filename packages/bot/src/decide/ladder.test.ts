import { lots } from '@hyperfleet/trading';
import { expect, test } from 'vitest';
import { NOW_MS, orderOf, sightOf, usd } from '../testing/sights.ts';
import { awaitLadder, placeLadder, resolveTakeProfits } from './ladder.ts';

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

test('what the entry gave in a fill that was told after the ladder was placed is the last leg’s', () => {
  const [first, last] = [orderOf('tp1', { filledSz: lots(20) }), orderOf('tp2')];
  const late = { entrySz: lots(230), exitSz: lots(20) };
  expect(placeLadder(sightOf({ fills: late, orders: [first, last] }))).toMatchObject({
    orders: [{ role: 'tp2', attempt: 1, px: usd(103_000), sz: 130 }],
    patch: {
      ladder: [
        { index: 1, sz: 50 },
        { index: 2, sz: 180 },
      ],
    },
    said: [{ event: 'take-profit added', detail: { leg: 2, sz: 130 } }],
  });
  const crumb = { entrySz: lots(109) };
  expect(placeLadder(sightOf({ fills: crumb, orders: [orderOf('tp1'), last] }))).toBeNull();
  expect(placeLadder(sightOf({ fills: late, trade: { ladder: [] } }))).toBeNull();
});

test('a leg that was refused or never arrived is sent again, three times at most', () => {
  expect(placeLadder(sightOf({ orders: [refused(0), orderOf('tp2')] }))).toMatchObject({
    orders: [{ role: 'tp1', attempt: 1, sz: 50 }],
    said: [{ detail: { leg: 1, reason: 'too many open orders' } }],
  });
  const dead = orderOf('tp2', { state: 'dead' });
  expect(placeLadder(sightOf({ orders: [orderOf('tp1'), dead] }))).toMatchObject({ orders: [{ role: 'tp2', attempt: 1 }] });
  const last = placeLadder(sightOf({ orders: [refused(0), refused(1), orderOf('tp2')] }));
  expect(last).toMatchObject({ orders: [{ attempt: 2 }], said: [{ event: 'take-profit refused, last try' }], alert: true });
  expect(placeLadder(sightOf({ orders: [refused(0), refused(1), refused(2), orderOf('tp2')] }))).toBeNull();
});

test('what never arrived or was turned away is no try of a leg, and rests longer each time it is turned away, half a minute at most', () => {
  const dead = (attempt: number) => orderOf('tp1', { attempt, state: 'dead' });
  const away = (attempt: number, agoMs: number) =>
    orderOf('tp1', { attempt, state: 'rejected', reason: 'turned away: Trading is halted', recordedAtMs: NOW_MS - agoMs });
  const orders = [refused(0), dead(1), dead(2), refused(3), away(4, 800), away(5, 400), orderOf('tp2')];
  expect(placeLadder(sightOf({ orders: [...orders, away(6, 999)] }))).toBeNull();
  expect(awaitLadder(sightOf({ orders: [...orders, away(6, 999)] }))).toEqual({ do: 'wait', forMs: 1 });
  expect(placeLadder(sightOf({ orders: [...orders, away(6, 1_000)] }))).toMatchObject({ orders: [{ role: 'tp1', attempt: 7 }] });
  const many = Array.from({ length: 20 }, (_, attempt) => away(attempt, 29_999));
  expect(awaitLadder(sightOf({ orders: [...many, orderOf('tp2')] }))).toEqual({ do: 'wait', forMs: 1 });
  expect(awaitLadder(sightOf({ orders: [orderOf('tp1'), orderOf('tp2')] }))).toBeNull();
  expect(awaitLadder(sightOf({ trade: { ladder: null } }))).toBeNull();
});

test('a leg that another hand or the venue has ended is placed again for what of it has not filled, once the fills are read', () => {
  const ended = (change = {}) => orderOf('tp1', { state: 'canceled', filledSz: lots(20), ...change });
  const held = { fills: { exitSz: lots(20) }, isSynced: true };
  expect(placeLadder(sightOf({ ...held, isSynced: false, orders: [ended(), orderOf('tp2')] }))).toEqual({ do: 'sync-fills' });
  expect(placeLadder(sightOf({ ...held, orders: [ended(), orderOf('tp2')] }))).toMatchObject({
    orders: [{ role: 'tp1', attempt: 1, sz: 30 }],
    said: [{ event: 'take-profit sent again' }],
  });
  expect(placeLadder(sightOf({ ...held, orders: [ended({ cancelAsked: true }), orderOf('tp2')] }))).toBeNull();
});

test('a leg too small for the venue is not sent again', () => {
  const orders = [orderOf('tp1', { state: 'canceled', filledSz: lots(49) }), orderOf('tp2')];
  expect(placeLadder(sightOf({ fills: { exitSz: lots(49) }, isSynced: true, orders }))).toBeNull();
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
