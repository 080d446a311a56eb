/** A stop that fires where there is not enough to take: what it leaves is closed and held again at once, however thin the book. */
import { lots, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';

const USER = '0x1111111111111111111111111111111111111111';
const LONG = { symbol: 'BTC', signal_type: 'entry', entry_1: 100_500, stop_loss: 98_000, target_1: 110_000 };
const SHORT = { symbol: 'BTC', signal_type: 'entry', direction: 'short', entry_1: 99_500, stop_loss: 102_000, target_1: 90_000 };
/** What the venue lets a fired stop count for, and a reaction: told at once, 100 ms on the way. */
const REACTION_MS = 100;

let world: World;
const heldLots = (): number => Math.abs(world.venue.account(USER).positions[0]?.szi ?? 0);
const around = (mid: number, size: string): void => world.book('BTC', String(mid - 5), String(mid + 5), size);
async function open(row: Record<string, string | number | null>): Promise<number> {
  const id = world.signal(row);
  for (let i = 0; i < 6; i += 1) {
    around(100_000, '10');
    await world.advance(1_000);
  }
  expect(world.row(id).status).toBe('filled');
  expect(heldLots()).toBeGreaterThan(3_000);
  return id;
}

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

describe.each([
  ['long', LONG, -1],
  ['short', SHORT, 1],
] as const)('the stop of a %s that leaves size', (_, row, way) => {
  it('is followed within one reaction by a stop for what is left, and by a close as soon as there is somebody to take it', async () => {
    const id = await open(row);
    const before = heldLots();
    // The mark follows the book at its own pace; the stop fires inside a step of the market.
    for (let i = 0; i < 50 && heldLots() === before; i += 1) {
      around(100_000 + way * 2_500, '0.0002');
      if (heldLots() === before) await world.advance(200);
    }
    expect(heldLots()).toBeLessThan(before);
    expect(heldLots()).toBeGreaterThan(1_000);
    await world.clock.advance(REACTION_MS);
    const sent = (role: string): number => world.link.sent.filter((order) => order.role === role).length;
    expect([sent('own-stop'), sent('close')]).toEqual([1, 0]);
    // Nothing was left to close against; the close follows the next level that shows.
    around(100_000 + way * 2_500, '0.0002');
    await world.clock.advance(2 * REACTION_MS);
    expect([sent('own-stop'), sent('close')]).toEqual([1, 1]);
    for (let i = 0; i < 40; i += 1) {
      around(100_000 + way * 2_500, '0.0002');
      await world.advance(500);
    }
    expect(world.row(id)).toMatchObject({ status: 'closed', notes: expect.stringContaining('stop fired and left size') });
    expect(world.venue.audit().nakedMsMax).toBe(0);
    expect(heldLots()).toBe(0);
    expect(world.venue.openOrders(USER)).toEqual([]);
    expect(world.reports.filter((report) => report.kind === 'alert').map(({ phrase }) => phrase)).toEqual(['stop left size']);
  });

  it('is followed by another when the next fires and leaves size too, while the market runs on', async () => {
    const id = await open(row);
    let naked = 0;
    for (let step = 0; step < 60 && world.row(id).status !== 'closed'; step += 1) {
      around(100_000 + way * (2_500 + 200 * step), '0.00003');
      await world.advance(250);
      naked = Math.max(naked, world.venue.audit().nakedMsMax);
    }
    expect(naked).toBeLessThanOrEqual(2 * REACTION_MS);
    around(100_000 + way * 15_000, '10');
    await world.advance(3_000);
    around(100_000 + way * 15_000, '10');
    await world.advance(3_000);
    expect(world.row(id).status).toBe('closed');
    expect(world.venue.openOrders(USER)).toEqual([]);
    // Never more than four closes in a second.
    const closes = world.ledger.ordersOf('Sentient').filter(({ intent }) => intent.role === 'close');
    for (const { recordedAtMs } of closes) {
      expect(closes.filter((other) => Math.abs(other.recordedAtMs - recordedAtMs - 500) <= 499).length).toBeLessThanOrEqual(4);
    }
  });
});

describe.each([
  ['long', { ...LONG, target_1: null }, { px: 999_950, step: -1 }],
  ['short', { ...SHORT, target_1: null }, { px: 1_000_050, step: 1 }],
] as const)('an exit of a %s that finds one side of the book empty', (direction, row, best) => {
  it('meets the other side, and closes', async () => {
    const id = await open(row);
    const levels = Array.from({ length: 20 }, (_, i) => ({ px: ticks(best.px + i * 10 * best.step), sz: lots(1_000_000) }));
    const oneSided = (): void => {
      const atMs = world.clock.now();
      const sides = direction === 'long' ? { bids: levels, asks: [] } : { bids: [], asks: levels };
      world.venue.market({ kind: 'book', coin: 'BTC', atMs, exchangeTimeMs: atMs, ...sides });
      world.link.pump();
    };
    world.signal({ symbol: 'BTC', signal_type: 'exit' });
    for (let i = 0; i < 20; i += 1) {
      oneSided();
      await world.advance(250);
    }
    expect(heldLots()).toBe(0);
    expect(world.row(id).status).toBe('closed');
  });
});

it('no walk of a thin market leaves a position without a stop for longer than two reactions', async () => {
  const step = fc.record({
    by: fc.integer({ min: -400, max: 150 }),
    size: fc.constantFrom('0.00002', '0.0001', '0.0005'),
    ms: fc.constantFrom(100, 250, 700),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 20 }), async (steps) => {
      await world.close();
      world = await openWorld();
      const id = await open(LONG);
      let mid = 97_900;
      for (const { by, size, ms } of steps) {
        around(mid, size);
        await world.advance(ms);
        mid = Math.max(90_000, mid + by);
      }
      expect(world.venue.audit().nakedMsMax).toBeLessThanOrEqual(2 * REACTION_MS);
      // A walk that went up before the mark had followed it down has not fired the stop yet.
      const end = Math.min(mid, 97_500);
      for (let i = 0; i < 12; i += 1) {
        around(end, '10');
        await world.advance(1_000);
      }
      expect(world.row(id).status).toBe('closed');
      expect(heldLots()).toBe(0);
      expect(world.venue.openOrders(USER)).toEqual([]);
    }),
    { numRuns: 8 },
  );
}, 60_000);
