import { lots } from '@hyperfleet/trading';
import { describe, expect, test } from 'vitest';
import { NOW_MS, orderOf, sightOf, usd } from '../testing/sights.ts';
import { fitStop } from './fit-stop.ts';
import { dropSpareStops } from './stop.ts';
import { turnedAway } from './turned-away.ts';

/** Of 100 lots another hand has closed 40, and others hold 40 beside the 60 that are left. */
const entry = orderOf('entry', { sz: 100, state: 'filled', filledSz: lots(100) });
const large = orderOf('stop', { sz: 100 });
const fitting = orderOf('own-stop', { sz: 60 });
const shared = { fills: { exitSz: lots(40) }, othersSz: 40 };
const refused = orderOf('own-stop', { sz: 60, state: 'rejected', reason: 'Order must have minimum value of $10.' });
const turned = orderOf('own-stop', { sz: 60, state: 'rejected', reason: turnedAway('Trading is halted'), recordedAtMs: NOW_MS });

describe('a stop larger than what is ours, where others hold of the coin too', () => {
  test('gets one of the right size beside it, at its trigger', () => {
    expect(fitStop(sightOf({ ...shared, orders: [entry, large] }))).toMatchObject({
      do: 'place',
      approval: 'protection',
      orders: [{ role: 'own-stop', attempt: 0, sz: 60, reduceOnly: true, kind: { triggerPx: usd(100_100) } }],
      said: [{ event: 'stop cut to what is ours', detail: { sz: 60, ofSz: 100, othersSz: 40 } }],
    });
  });

  test('goes when that one rests, and not before', () => {
    const orders = [entry, large, fitting];
    expect(fitStop(sightOf({ ...shared, orders }))).toBeNull();
    expect(dropSpareStops(sightOf({ ...shared, orders }))).toMatchObject({ do: 'cancel', cloids: [large.intent.cloid] });
    expect(dropSpareStops(sightOf({ ...shared, orders: [entry, large] }))).toBeNull();
  });

  test('is not joined by a child that waits: the one that holds all is enough', () => {
    const filling = orderOf('entry', { sz: 200, filledSz: lots(100) });
    const waiting = orderOf('stop', { sz: 200, state: 'waiting' });
    const whole = orderOf('own-stop', { sz: 200 });
    const orders = [filling, waiting, whole];
    expect(dropSpareStops(sightOf({ ...shared, orders }))).toMatchObject({ do: 'cancel', cloids: [waiting.intent.cloid] });
    expect(dropSpareStops(sightOf({ orders }))).toBeNull();
    expect(dropSpareStops(sightOf({ ...shared, orders: [filling, waiting, fitting] }))).toBeNull();
  });

  test('is cut again when a turn away is over', () => {
    const orders = [entry, large, { ...turned, recordedAtMs: NOW_MS - 1_000 }];
    expect(fitStop(sightOf({ ...shared, orders }))).toMatchObject({ do: 'place', orders: [{ attempt: 1 }] });
  });

  test.each([
    ['nobody else holds anything', { ...shared, othersSz: 0, orders: [entry, large] }],
    ['nothing is ours', { ...shared, fills: { exitSz: lots(100) }, orders: [entry, large] }],
    ['the entry still fills', { ...shared, orders: [orderOf('entry', { sz: 200 }), large] }],
    ['no entry is known', { ...shared, orders: [large] }],
    ['no stop rests', { ...shared, orders: [entry] }],
    ['the venue has refused one of the right size', { ...shared, orders: [entry, large, refused] }],
    ['one was turned away a moment ago', { ...shared, orders: [entry, large, turned] }],
  ])('stays where %s', (_, change) => {
    expect(fitStop(sightOf(change))).toBeNull();
  });
});
