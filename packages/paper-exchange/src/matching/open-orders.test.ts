import { lots, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountOf, createCore, createOrder } from './core.ts';
import { OpenOrders } from './open-orders.ts';
import type { OrderRecord } from './order-record.ts';
import { snapshot } from './order-record.ts';
import { OrderRows } from './order-rows.ts';
import { ALICE, ETH } from './testing/desk.ts';
import { defaultVenueSettings } from './venue.ts';

const core = createCore([ETH], defaultVenueSettings);
const account = accountOf(core, ALICE);
const market = core.byCoin.get('ETH');

function order(terms: { readonly cloid?: string; readonly isStop?: boolean } = {}): OrderRecord {
  if (market === undefined) throw new Error('ETH is missing');
  const { cloid = null, isStop = false } = terms;
  return createOrder(core, {
    account,
    market,
    side: isStop ? 'sell' : 'buy',
    px: ticks(100_000),
    sz: lots(isStop ? 0 : 500),
    reduceOnly: isStop,
    cloid,
    tif: isStop ? null : 'Alo',
    trigger: isStop ? { px: ticks(90_000), isMarket: true, tpsl: 'sl', firesWhen: 'below' } : null,
    isPositionTpsl: isStop,
  });
}

describe('the table of open orders', () => {
  it('holds what a Map would, in the order a Map would, whatever comes and goes', () => {
    const known = Array.from({ length: 300 }, () => order());
    const change = fc.record({ nth: fc.nat(known.length - 1), adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 900 }), (changes) => {
        const table = new OpenOrders();
        const map = new Map<number, OrderRecord>();
        for (const { nth, adds } of changes) {
          const one = known[nth];
          if (one === undefined) continue;
          if (adds) {
            table.add(one);
            map.set(one.oid, one);
          } else {
            table.remove(one);
            map.delete(one.oid);
          }
        }
        expect(table.list()).toEqual([...map.values()]);
        expect(table.size).toBe(map.size);
        for (const { oid } of known) expect(table.get(oid)).toBe(map.get(oid) ?? null);
      }),
      { numRuns: 60 },
    );
  });
});

describe('rows of orders', () => {
  it('give back an order as it was shown, whatever its terms, and forget the oldest', () => {
    const dropped: [number, string][] = [];
    const rows = new OrderRows({ user: ALICE, coins: core.byAsset, limit: 3 }, (oid, cloid) => dropped.push([oid, cloid]));
    const child = order({ isStop: true });
    const parent = order({ cloid: '0x01' });
    parent.children = [child];
    const orders = [parent, order(), child, order({ cloid: '0x02' })];
    const shown = orders.map((one, nth) => {
      one.status = nth % 2 === 0 ? 'filled' : 'scheduledCancel';
      one.statusTimestampMs = 1_700_000_000_000 + nth;
      one.phase = one === child ? 'waiting' : 'done';
      rows.push(one);
      return snapshot(one);
    });
    expect(rows.newestFirst()).toEqual([shown[3], shown[2], shown[1]]);
    expect(rows.find(child.oid)).toEqual(shown[2]);
    expect(rows.find(parent.oid)).toBeNull();
    expect(dropped).toEqual([[parent.oid, '0x01']]);
    rows.push(parent);
    expect(rows.find(parent.oid)).toEqual(shown[0]);
  });
});
