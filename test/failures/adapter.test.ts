/** What the adapter must get right whatever it is handed: hashes, pages of fills, and what it never asks (docs/FAILURES.md). */
import { createRequestBudget, createSigner, openAccountReads, openExchange, openRequestBudget } from '@hyperfleet/hyperliquid';
import { createVenue, type OrderInput } from '@hyperfleet/paper-exchange';
import { approveClose, type Cloid, isDenied, isValidPrice, lots, microUsd, type PlaceRequest, ticks } from '@hyperfleet/trading';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { openTestVenue, START_MS, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';
import { INSTRUMENTS } from '../support/wired-bot.ts';
import { openWiredFleet } from '../support/wired-fleet.ts';

const venues: TestVenue[] = [];
afterEach(async () => {
  for (const { exchange } of venues.splice(0)) await exchange.close();
});

const keyOf = (n: number): string => Buffer.from(testWallet(n).key).toString('hex');

it('every price and size of any coin is hashed as the venue hashes it: the signer it recovers is ours', async () => {
  const venue = await openTestVenue({ told: ['BTC', 'ETH'] });
  venues.push(venue);
  const wallet = testWallet(51);
  venue.exchange.fund(wallet.address, microUsd(1_000_000_000));
  const exchange = openExchange({
    url: venue.url,
    isMainnet: false,
    signer: createSigner(keyOf(51)),
    vaultAddress: null,
    instruments: INSTRUMENTS,
    clock: venue.clock,
    timeoutMs: 10_000,
    cancelLifeMs: 5_000,
    budget: openRequestBudget(createRequestBudget()),
  });
  let nonce = START_MS + 1_000;
  const close = fc
    .record({
      coin: fc.constantFrom('BTC', 'ETH'),
      px: fc.integer({ min: 1, max: 20_000_000 }),
      sz: fc.integer({ min: 1, max: 100_000_000 }),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      cloid: fc.bigInt({ min: 1n << 64n, max: (1n << 128n) - 1n }),
    })
    .filter(({ coin, px }) => isValidPrice(ticks(px), INSTRUMENTS.get(coin) ?? fail()));
  await fc.assert(
    fc.asyncProperty(close, async ({ coin, px, sz, side, cloid }) => {
      const instrument = INSTRUMENTS.get(coin) ?? fail();
      const id: Cloid = `0x${cloid.toString(16).padStart(32, '0')}`;
      const order = { cloid: id, coin, role: 'close', attempt: 0, side, px: ticks(px), sz: lots(sz), reduceOnly: true } as const;
      const request: PlaceRequest = {
        orders: [{ ...order, kind: { type: 'limit', tif: 'ioc' } }],
        grouping: 'na',
        nonce: ++nonce,
        expiresAfterMs: venue.clock.now() + 5_000,
      };
      const approved = approveClose(request, { instrument, positionAbs: lots(sz) });
      if (isDenied(approved)) return;
      // A hash that is off by a byte recovers to a stranger, and a stranger is refused whole.
      expect(await exchange.place(approved)).toMatchObject({ kind: 'answered' });
      venue.clock.advance(200);
    }),
    { numRuns: 60 },
  );
  exchange.close();
});

function fail(): never {
  throw new Error('no such instrument');
}

it('3,000 fills of one millisecond are read, each once', async () => {
  const matching = createVenue({ instruments: [...INSTRUMENTS.values()] });
  const venue = await openTestVenue({ venue: matching, told: ['ETH'] });
  venues.push(venue);
  const [taker, ...makers] = [52, 53, 54, 55].map((n) => testWallet(n).address);
  if (taker === undefined) throw new Error('no taker');
  for (const address of [taker, ...makers]) venue.exchange.fund(address, microUsd(1_000_000_000_000));
  const nowMs = venue.clock.now();
  const order = (side: 'buy' | 'sell', sz: string): OrderInput => ({
    asset: 0,
    side,
    px: '50000',
    sz,
    reduceOnly: false,
    cloid: null,
    type: { kind: 'limit', tif: 'Gtc' },
  });
  // The venue lets an account have a thousand orders open.
  for (let placed = 0; placed < 3_000; placed += 100) {
    matching.execute(
      makers[placed % makers.length] ?? taker,
      { type: 'order', orders: Array.from({ length: 100 }, () => order('sell', '0.001')), grouping: 'na' },
      nowMs,
    );
  }
  matching.execute(taker, { type: 'order', orders: [order('buy', '3')], grouping: 'na' }, nowMs);
  const reads = openAccountReads({
    url: venue.url,
    clock: venue.clock,
    budget: openRequestBudget(createRequestBudget()),
    timeoutMs: 20_000,
    concurrency: 1,
    attempts: 3,
    account: taker,
    instruments: INSTRUMENTS,
    hasSpotCollateral: false,
  });
  const fills = await reads.fillsSince(0);
  reads.close();
  expect(new Set(fills.map(({ timeMs }) => timeMs)).size).toBe(1);
  expect(new Set(fills.map(({ tid }) => tid)).size).toBe(3_000);
  expect(fills.reduce((sum, { sz }) => sum + sz, 0)).toBe(300_000);
});

it('a whole trade asks for no candles and never arms the switch that cancels stops', async () => {
  const fleet = await openWiredFleet();
  const asked = [
    fleet.fault({ kind: 'delay-response', ms: 1, info: 'candleSnapshot', forMs: 600_000 }),
    fleet.fault({ kind: 'delay-message', ms: 1, channel: 'candle', forMs: 600_000 }),
    fleet.fault({ kind: 'reject-action', error: 'no', action: 'scheduleCancel', forMs: 600_000 }),
  ];
  const orders = fleet.fault({ kind: 'delay-response', ms: 1, action: 'order', forMs: 600_000 });
  const entry = { symbol: 'BTC', direction: 'LONG', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000, target_1: 102_000 };
  const id = fleet.signal('Sentient', entry);
  await fleet.until('it has filled', () => fleet.row(id).status === 'filled');
  fleet.signal('Sentient', { symbol: 'BTC', signal_type: 'exit' });
  await fleet.until('it is over', () => fleet.row(id).status === 'closed');
  const matched = (rule: number): number => fleet.exchange.faults().find((fault) => fault.id === rule)?.matched ?? -1;
  expect(asked.map(matched)).toEqual([0, 0, 0]);
  expect(matched(orders)).toBeGreaterThan(1);
  await fleet.close();
});
