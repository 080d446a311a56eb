import { type Instrument, lots, microUsd, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockOrder } from './block.ts';
import { createInProcess, type InProcessExchange } from './in-process.ts';
import { NO_LATENCY, REAL_LATENCY } from './limits/latency.ts';
import type { MarketEvent } from './market/event.ts';
import { createVenue } from './matching/venue.ts';
import { parseAction } from './wire/action-form.ts';
import type { Address } from './wire/fields.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
// Ten seconds before a full hour, so that funding is paid within the market.
const START = 1_757_015_990_000;
const USERS: readonly Address[] = [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`];

/** Half a minute of BTC that swings through some forty dollars, with prints at both sides. */
function* swings(): Generator<MarketEvent> {
  for (let i = 0; i < 60; i += 1) {
    const atMs = START + i * 500;
    const mid = 100_000 + Math.round(20 * Math.sin(i / 6));
    const side = (sign: 1 | -1) => Array.from({ length: 5 }, (_, n) => ({ px: ticks((mid + sign * (n + 1)) * 10), sz: lots(50_000) }));
    yield { kind: 'book', coin: 'BTC', atMs, exchangeTimeMs: atMs - 300, bids: side(-1), asks: side(1) };
    const print = {
      side: i % 2 === 0 ? 'buy' : 'sell',
      px: ticks((mid + (i % 2 === 0 ? 1 : -1)) * 10),
      sz: lots(30_000),
      tid: i,
      exchangeTimeMs: atMs,
    } as const;
    yield { kind: 'prints', coin: 'BTC', atMs: atMs + 200, prints: [print] };
  }
}

/** A clock set by hand; nothing wakes by itself. */
function handClock() {
  let now = START;
  return {
    now: () => now,
    after: () => () => {},
    set(ms: number) {
      now = ms;
    },
  };
}

interface Step {
  readonly afterMs: number;
  readonly user: number;
  readonly side: boolean;
  readonly away: number;
  readonly kind: 'Gtc' | 'Ioc' | 'Alo' | 'sl' | 'bracket' | 'cancel';
}

function actionOf({ side, away, kind }: Step) {
  const t = (px: number) => ({ trigger: { isMarket: true, triggerPx: String(px), tpsl: 'sl' } });
  const order = (b: boolean, p: number, more: object) => ({ a: 0, b, p: String(p), s: '0.1', r: false, ...more });
  const px = 100_000 + (side ? -away : away);
  const beyond = side ? 90_000 : 110_000;
  switch (kind) {
    case 'sl':
      return { type: 'order', orders: [order(!side, beyond, { r: true, t: t(px) })], grouping: 'na' };
    case 'bracket':
      return {
        type: 'order',
        orders: [order(side, px, { t: { limit: { tif: 'Gtc' } } }), order(!side, beyond, { r: true, t: t(px + (side ? -15 : 15)) })],
        grouping: 'normalTpsl',
      };
    case 'cancel':
      return { type: 'cancel', cancels: [{ a: 0, o: 77_738_308 + away + 30 }] };
    default:
      return { type: 'order', orders: [order(side, px, { t: { limit: { tif: kind } } })], grouping: 'na' };
  }
}

/** Everything the exchange has said and holds after the steps, with time moving in strides of at most `strideMs`. */
function run(steps: readonly Step[], strideMs: number, latency = NO_LATENCY): string {
  const clock = handClock();
  const venue = createVenue({ instruments: [BTC] });
  const market = { name: 'swings', startMs: START, endMs: START + 30_000, offsetMs: 0, events: { [Symbol.iterator]: swings } };
  const exchange: InProcessExchange = createInProcess({ venue, clock, market, journalPath: null, latency: () => latency });
  const said: unknown[] = [];
  exchange.observe({
    market: () => {},
    venue: (events) => said.push(...events.filter((event) => event.kind !== 'account' && event.kind !== 'mark')),
    ledger: () => {},
    tick: () => {},
    settled: () => {},
  });
  exchange.start();
  const go = (untilMs: number): void => {
    while (clock.now() < untilMs) {
      clock.set(Math.min(untilMs, clock.now() + strideMs));
      exchange.settle();
    }
  };
  for (const user of USERS) exchange.request(() => exchange.fund(user, microUsd(50_000e6)));
  let nonce = START;
  for (const step of steps) {
    go(clock.now() + step.afterMs);
    const user = USERS[step.user] ?? USERS[0];
    if (user === undefined) continue;
    nonce += 1;
    const action = parseAction(actionOf(step));
    exchange.request(() => said.push(exchange.execute({ signer: user, user, nonce, expiresAfter: null, action })), { action });
    exchange.request((nowMs) => said.push(nowMs, venue.openOrders(user).length));
  }
  go(START + 31_000);
  const states = USERS.map((user) => [venue.account(user), venue.openOrders(user), venue.fills(user), venue.historicalOrders(user)]);
  exchange.stop();
  expect(venue.audit().conservationErrorUsd).toBe(0);
  expect(exchange.marketEnded).toBe(true);
  return JSON.stringify([said, states, venue.audit()]);
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 3_000 }),
    user: fc.integer({ min: 0, max: 1 }),
    side: fc.boolean(),
    away: fc.integer({ min: -25, max: 25 }),
    kind: fc.constantFrom('Gtc', 'Ioc', 'Alo', 'sl', 'bracket', 'cancel'),
  }),
  { maxLength: 12 },
);

describe('the exchange in process', () => {
  test('does the same whatever the strides in which time comes', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 7, max: 900 }), (script, strideMs) => {
        expect(run(script, strideMs)).toBe(run(script, 100_000));
      }),
      { numRuns: 150 },
    );
  });

  test('does the same whatever the strides when actions take the time of the real venue', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 7, max: 900 }), (script, strideMs) => {
        expect(run(script, strideMs, REAL_LATENCY)).toBe(run(script, 100_000, REAL_LATENCY));
      }),
      { numRuns: 100 },
    );
  });

  test('lets actions have effect at their block, arranged as it is told, and questions at once', () => {
    const clock = handClock();
    const venue = createVenue({ instruments: [BTC] });
    const market = { name: 'swings', startMs: START, endMs: START + 30_000, offsetMs: 0, events: { [Symbol.iterator]: swings } };
    const blocks: (readonly unknown[])[] = [];
    const exchange = createInProcess({
      venue,
      clock,
      market,
      journalPath: null,
      latency: () => ({ ...NO_LATENCY, requestMs: 100, blockMs: 250 }),
      orderBlock(actions) {
        blocks.push(actions);
        return actions.map((_, index) => actions.length - 1 - index);
      },
    });
    exchange.start();
    const seen: [string, number][] = [];
    const ask = (name: string, action?: string) =>
      exchange.request((nowMs) => seen.push([name, nowMs - START]), action === undefined ? undefined : { action });
    const at = (ms: number) => {
      clock.set(START + ms);
      exchange.settle();
    };
    at(1_001);
    ask('early', 'a');
    ask('question');
    at(1_150);
    ask('middle', 'b');
    at(1_151);
    ask('late', 'c');
    expect(seen).toEqual([['question', 1_001]]);
    at(1_249);
    expect(seen).toHaveLength(1);
    at(2_000);
    expect(seen.slice(1)).toEqual([
      ['middle', 1_250],
      ['early', 1_250],
      ['late', 1_500],
    ]);
    expect(blocks).toEqual([['a', 'b']]);
    ask('hurried', 'd');
    exchange.release();
    expect(seen.at(-1)).toEqual(['hurried', 2_000]);
    exchange.stop();
  });

  test('runs a request at the time it was made, after everything due by then and before what comes later', () => {
    const clock = handClock();
    const venue = createVenue({ instruments: [BTC] });
    const market = { name: 'swings', startMs: START, endMs: START + 30_000, offsetMs: 0, events: { [Symbol.iterator]: swings } };
    const exchange = createInProcess({ venue, clock, market, journalPath: null });
    exchange.start();
    const seen: [number, number][] = [];
    clock.set(START + 4_250);
    exchange.request((nowMs) => seen.push([nowMs, venue.assetMarket(0).bookTimeMs]));
    expect(seen).toEqual([[START + 4_250, START + 4_000 - 300]]);
    clock.set(START + 1_000);
    exchange.request((nowMs) => seen.push([nowMs, 0]));
    expect(seen[1]).toEqual([START + 4_250, 0]);
    exchange.stop();
  });

  test('lets a cancel of a block go before the taker that was sent before it, and only where there are blocks', () => {
    const answers = [70, 0].map((blockMs) => {
      const clock = handClock();
      const venue = createVenue({ instruments: [BTC] });
      const latency = () => ({ ...NO_LATENCY, requestMs: 10, blockMs });
      const exchange = createInProcess({ venue, clock, market: null, journalPath: null, latency, orderBlock: blockOrder(latency) });
      exchange.start();
      const [maker, taker] = USERS;
      if (maker === undefined || taker === undefined) throw new Error('two users are needed');
      const said: unknown[] = [];
      let nonce = START;
      const send = (user: (typeof USERS)[number], action: unknown): void => {
        nonce += 1;
        const admitted = { signer: user, user, nonce, expiresAfter: null, action: parseAction(action) };
        exchange.request(() => said.push(exchange.execute(admitted)), { action });
      };
      for (const user of [maker, taker]) exchange.request(() => exchange.fund(user, microUsd(50_000e6)));
      const order = (b: boolean, tif: string) => ({ a: 0, b, p: '100000', s: '0.001', r: false, t: { limit: { tif } } });
      send(maker, { type: 'order', orders: [order(false, 'Gtc')], grouping: 'na' });
      clock.set(clock.now() + 1_000);
      exchange.settle();
      const oid = venue.openOrders(maker)[0]?.oid ?? 0;
      send(taker, { type: 'order', orders: [order(true, 'Ioc')], grouping: 'na' });
      send(maker, { type: 'cancel', cancels: [{ a: 0, o: oid }] });
      clock.set(clock.now() + 1_000);
      exchange.settle();
      exchange.stop();
      return said.slice(1).map((reply) => JSON.stringify(reply));
    });
    const [inBlocks, alone] = answers;
    expect(inBlocks?.[0]).toContain('success');
    expect(inBlocks?.[1]).toContain('could not immediately match');
    expect(alone?.[0]).toContain('filled');
    expect(alone?.[1]).toContain('already canceled, or filled');
  });
});
