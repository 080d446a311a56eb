import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderBlock } from './block.ts';

const limit = (tif: string) => ({ a: 0, b: true, p: '1', s: '1', r: false, t: { limit: { tif } } });
const stop = { a: 0, b: true, p: '1', s: '1', r: true, t: { trigger: { isMarket: true, triggerPx: '1', tpsl: 'sl' } } };
const order = (...orders: unknown[]) => ({ type: 'order', orders, grouping: 'na' });
const modify = (tif: string, a?: boolean) => ({ type: 'modify', oid: 1, order: limit(tif), ...(a === undefined ? {} : { a }) });
const cancel = { type: 'cancel', cancels: [{ a: 0, o: 1 }] };

describe('the order within a block (PROTOCOL §6)', () => {
  it('is what cannot take, then cancels, then what may take, each as it came', () => {
    const ioc = order(limit('Ioc'));
    const mixed = order(limit('Alo'), limit('Gtc'));
    const actions = [
      ioc,
      cancel,
      order(limit('Alo')),
      mixed,
      { type: 'updateLeverage' },
      { ...cancel, type: 'cancelByCloid' },
      order(stop),
    ];
    expect(orderBlock(actions)).toEqual([2, 4, 6, 1, 5, 0, 3]);
  });

  it('counts a modify as the order it places, which is an Alo unless always_place says otherwise', () => {
    expect(orderBlock([modify('Gtc', true), modify('Gtc'), modify('Alo', true), cancel])).toEqual([1, 2, 3, 0]);
    const batch = {
      type: 'batchModify',
      modifies: [
        { oid: 1, order: limit('Alo') },
        { oid: 2, order: limit('Gtc') },
      ],
      a: true,
    };
    expect(orderBlock([batch, cancel])).toEqual([1, 0]);
  });

  it('takes anything and gives every place once', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.anything(), fc.constantFrom<unknown>(cancel, order(limit('Ioc')), modify('Gtc')))), (actions) => {
        expect([...orderBlock(actions)].sort((a, b) => a - b)).toEqual(actions.map((_, place) => place));
      }),
    );
  });
});
