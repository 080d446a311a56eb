import { lots, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address, OrderInput, Venue, VenueEvent } from './contract.ts';
import { ALICE, BOB, CAROL, type Desk, limit, openDesk, trigger } from './testing/desk.ts';

const USERS = [ALICE, BOB, CAROL];
const px = fc.integer({ min: 1950, max: 2050 }).map(String);
const sz = fc.integer({ min: 1, max: 400 }).map((n) => String(n / 100));
const side = fc.constantFrom('buy' as const, 'sell' as const);
const user = fc.constantFrom(...USERS);

const order: fc.Arbitrary<OrderInput> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({ side, px, sz, tif: fc.constantFrom('Gtc' as const, 'Ioc' as const, 'Alo' as const), r: fc.boolean() })
      .map((o) => limit(o.side, o.px, o.sz, o)),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ tpsl: fc.constantFrom('tp' as const, 'sl' as const), side, px, sz, isMarket: fc.boolean(), r: fc.boolean() })
      .map((o) => trigger(o.tpsl, o.side, o.px, o.sz, o)),
  },
);

type Step = (desk: Desk) => void;
const level = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30_000 }));

/** What an account may do. */
const doing: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(user, order).map(
      ([who, what]): Step =>
        (desk) =>
          void desk.place(who, [what]),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(user, side, px, px, sz).map(
      ([who, way, entry, stop, size]): Step =>
        (desk) =>
          void desk.place(who, [limit(way, entry, size), trigger('sl', way === 'buy' ? 'sell' : 'buy', stop, size)], 'normalTpsl'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(user, user, order, fc.integer({ min: 0, max: 100 })).map(
      ([who, address, what, fee]): Step =>
        (desk) =>
          void desk.do(who, { type: 'order', orders: [what], grouping: 'na', builder: { address, fee } }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(user, side, px).map(
      ([who, way, stop]): Step =>
        (desk) =>
          void desk.place(who, [trigger('sl', way, stop, '0')], 'positionTpsl'),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(user, fc.nat()).map(
      ([who, n]): Step =>
        (desk) => {
          const open = desk.venue.openOrders(who);
          const found = open[n % Math.max(1, open.length)];
          if (found !== undefined) desk.do(who, { type: 'cancel', cancels: [{ asset: 1, oid: found.oid }] });
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(user, fc.nat(), order).map(
      ([who, n, what]): Step =>
        (desk) => {
          const open = desk.venue.openOrders(who);
          const found = open[n % Math.max(1, open.length)];
          if (found !== undefined) desk.do(who, { type: 'modify', oid: found.oid, order: what, alwaysPlace: n % 2 === 0 });
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(user, fc.integer({ min: 1, max: 25 }), fc.boolean()).map(
      ([who, leverage, isCross]): Step =>
        (desk) =>
          void desk.do(who, { type: 'updateLeverage', asset: 1, isCross, leverage }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 4_000_000 }).map(
      (ms): Step =>
        (desk) =>
          desk.wait(ms),
    ),
  },
);

/** Levels that step away from a price. */
const ladder = (from: number, step: number, levels: readonly (readonly [number, number])[]): [number, number][] => {
  let at = from;
  return levels.map(([gap, size]) => {
    at += gap * step;
    return [at, size];
  });
};

/** What the recorded market may do. */
const happening: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.integer({ min: 195_000, max: 205_000 }), fc.array(level, { maxLength: 4 }), fc.array(level, { maxLength: 4 }))
      .map(
        ([middle, bids, asks]): Step =>
          (desk) => {
            desk.book(ladder(middle, -10, bids), ladder(middle, 10, asks));
          },
      ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 195_000, max: 205_000 }), level, level).map(
      ([middle, bid, ask]): Step =>
        (desk) =>
          desk.bbo([middle - bid[0], bid[1]], [middle + ask[0], ask[1]]),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(side, fc.integer({ min: 19_500, max: 20_500 }), fc.integer({ min: 1, max: 30_000 })).map(
      ([way, at, size]): Step =>
        (desk) =>
          desk.print(way, at * 10, size),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((desk) => desk.gap()) },
);

const withoutMarket = fc.array(doing, { minLength: 30, maxLength: 60, size: 'max' });
const withMarket = fc.array(fc.oneof({ weight: 3, arbitrary: doing }, { weight: 2, arbitrary: happening }), {
  minLength: 40,
  maxLength: 90,
  size: 'max',
});

/** Runs the steps and looks at the venue after each. */
function run(steps: readonly Step[], look: (desk: Desk, events: readonly VenueEvent[]) => void): Desk {
  const desk = openDesk({}, 800);
  for (const step of steps) {
    step(desk);
    look(desk, desk.events());
  }
  return desk;
}

// Unbiased: fast-check otherwise prefers short runs, in which little happens.
const RUNS = { numRuns: 120, unbiased: true };

describe('for any accounts doing anything', () => {
  it.each([
    ['with no market', withoutMarket],
    ['on a recorded market', withMarket],
  ])('no dollar and no lot is made or lost, %s', (_, steps) => {
    fc.assert(
      fc.property(steps, (list) => {
        run(list, (desk) => expect(desk.venue.audit().conservationErrorUsd).toBe(0));
      }),
      RUNS,
    );
  });

  it('positions sum to zero where accounts trade only with one another', () => {
    fc.assert(
      fc.property(withoutMarket, (list) => {
        // A liquidation that finds nobody goes to the house, which is no account.
        const desk = run(list, () => {});
        const backstop = USERS.some((who) => desk.venue.fills(who).some((fill) => fill.liquidation?.method === 'backstop'));
        if (!backstop) expect(USERS.reduce((sum, who) => sum + desk.szi(who), 0)).toBe(0);
      }),
      RUNS,
    );
  });

  it('a reduce-only order never opens, grows or flips a position', () => {
    fc.assert(
      fc.property(withMarket, (list) => {
        run(list, (desk, events) => {
          for (const event of events) {
            if (event.kind !== 'fill') continue;
            const { fill } = event;
            if (desk.venue.order(fill.user, fill.oid)?.reduceOnly !== true) continue;
            const end = fill.startPosition + (fill.side === 'buy' ? fill.sz : -fill.sz);
            expect(Math.abs(end)).toBeLessThan(Math.abs(fill.startPosition));
            expect(end * fill.startPosition).toBeGreaterThanOrEqual(0);
          }
        });
      }),
      RUNS,
    );
  });

  it('resting reduce-only orders never sum past the position', () => {
    fc.assert(
      fc.property(withMarket, (list) => {
        run(list, (desk) => {
          for (const who of USERS) {
            const resting = desk.venue.openOrders(who).filter((o) => o.reduceOnly && !o.isTrigger);
            const sum = resting.reduce((total, o) => total + o.sz, 0);
            if (sum > 0) expect(sum).toBeLessThanOrEqual(Math.abs(desk.szi(who)));
          }
        });
      }),
      RUNS,
    );
  });

  it('with every order cancelled no margin stays reserved: all that is withdrawable can leave', () => {
    fc.assert(
      fc.property(withMarket, (list) => {
        const desk = run(list, () => {});
        for (const who of USERS) {
          const cancels = desk.venue.openOrders(who).map(({ oid, asset }) => ({ asset, oid }));
          desk.do(who, { type: 'cancel', cancels });
          const { withdrawable, positions } = desk.venue.account(who);
          if (withdrawable > 0 && positions.every((position) => position.isCross)) {
            expect(desk.venue.withdraw?.(who, withdrawable, desk.now())).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  it('every trade id between accounts has one taker and one maker of equal price and size', () => {
    fc.assert(
      fc.property(withoutMarket, (list) => {
        const desk = run(list, () => {});
        const fills = USERS.flatMap((who) => desk.venue.fills(who)).filter((fill) => fill.liquidation === null);
        for (const [tid, sides] of Map.groupBy(fills, (fill) => fill.tid)) {
          expect([tid, sides.length, new Set(sides.map((f) => `${f.px} ${f.sz}`)).size, sides.filter((f) => f.crossed).length]).toEqual([
            tid,
            2,
            1,
            1,
          ]);
        }
      }),
      RUNS,
    );
  });

  it('the same inputs give the same outputs, ids included', () => {
    fc.assert(
      fc.property(withMarket, (list) => {
        const record = () => {
          const all: VenueEvent[] = [];
          run(list, (_, events) => all.push(...events));
          return JSON.stringify(all);
        };
        expect(record()).toBe(record());
      }),
      { numRuns: 50 },
    );
  });

  it('the last status told of an order is the one it has, and nothing is told of it after its end', () => {
    fc.assert(
      fc.property(withMarket, (list) => {
        const last = new Map<number, string>();
        const desk = run(list, (_, events) => {
          for (const event of events) {
            if (event.kind !== 'order') continue;
            const before = last.get(event.order.oid);
            if (before !== undefined) expect(['open', 'triggered']).toContain(before);
            last.set(event.order.oid, event.status);
          }
        });
        for (const who of USERS) {
          for (const open of desk.venue.openOrders(who)) expect(['open', 'triggered']).toContain(last.get(open.oid));
        }
      }),
      RUNS,
    );
  });
});

/** What our resting orders got from prints, against what the prints had. */
function makerLots(venue: Venue, who: Address): number {
  return venue
    .fills(who)
    .filter((fill) => !fill.crossed)
    .reduce((sum, fill) => sum + fill.sz, 0);
}

describe('for any run of prints', () => {
  it('resting orders together never get more than the prints at or beyond their price', () => {
    const bid = fc.tuple(user, fc.integer({ min: 199_00, max: 200_00 }), fc.integer({ min: 1, max: 100 }));
    const print = fc.tuple(fc.integer({ min: 198_00, max: 201_00 }), fc.integer({ min: 1, max: 20_000 }));
    fc.assert(
      fc.property(fc.array(bid, { minLength: 1, maxLength: 10 }), fc.array(print, { maxLength: 20 }), (bids, prints) => {
        const desk = openDesk();
        desk.book([[198_000, 500]], [[202_000, 500]]);
        for (const [who, at, size] of bids) desk.place(who, [limit('buy', String(at / 10), String(size / 100))]);
        for (const [at, size] of prints) desk.print('sell', at * 10, size);
        const best = Math.max(...bids.map(([, at]) => at * 10));
        const possible = prints.filter(([at]) => at * 10 <= best).reduce((sum, [, size]) => sum + size, 0);
        expect(USERS.reduce((sum, who) => sum + makerLots(desk.venue, who), 0)).toBeLessThanOrEqual(possible);
      }),
      RUNS,
    );
  });

  it('a print is never handed out beyond its size, whatever queues before our orders', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(user, fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 8 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 2_000 })), { maxLength: 20 }),
        (bids, market) => {
          const desk = openDesk();
          desk.book([[200_000, 1_000]], [[202_000, 500]]);
          for (const [who, size] of bids) desk.place(who, [limit('buy', '2000', String(size / 100))]);
          for (const [depth, size] of market) {
            desk.print('sell', 200_000, size);
            const got = desk.events().reduce((sum, e) => (e.kind === 'fill' ? sum + e.fill.sz : sum), 0);
            expect(got).toBeLessThanOrEqual(size);
            desk.book(depth === 0 ? [[199_000, 10]] : [[200_000, depth]], [[202_000, 500]]);
          }
        },
      ),
      RUNS,
    );
  });
});

it('levels shown are what can be taken', () => {
  const desk = openDesk();
  desk.book([[200_000, 500]], [[200_100, 500]]);
  desk.place(ALICE, [limit('buy', '2000', '0.01'), limit('buy', '2000.5', '0.02')]);
  expect(desk.venue.assetMarket(1).bids).toEqual([
    { px: ticks(200_050), sz: lots(200) },
    { px: ticks(200_000), sz: lots(600) },
  ]);
});
