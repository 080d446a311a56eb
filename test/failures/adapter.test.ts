/** What the adapter must get right whatever it is handed: hashes, pages of fills, and what it never asks (docs/FAILURES.md). */
import {
  createRequestBudget,
  createSigner,
  openAccountReads,
  openExchange,
  openRequestBudget,
  type Signature,
} from '@hyperfleet/hyperliquid';
import { createVenue, type OrderInput } from '@hyperfleet/paper-exchange';
import { type Answer, approveClose, approveProtection, type Cloid, isDenied, lots, microUsd, ticks } from '@hyperfleet/trading';
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

async function openSigned(signer = createSigner(keyOf(51))) {
  const venue = await openTestVenue({ told: ['BTC', 'ETH'] });
  venues.push(venue);
  venue.exchange.fund(testWallet(51).address, microUsd(1_000_000_000));
  const exchange = openExchange({
    url: venue.url,
    isMainnet: false,
    signer,
    vaultAddress: null,
    instruments: INSTRUMENTS,
    clock: venue.clock,
    timeoutMs: 10_000,
    cancelLifeMs: 5_000,
    budget: openRequestBudget(createRequestBudget()),
  });
  return { venue, exchange };
}

const cloids = fc.bigInt({ min: 1n << 64n, max: (1n << 128n) - 1n }).map((id): Cloid => `0x${id.toString(16).padStart(32, '0')}`);
const coins = fc.constantFrom('BTC', 'ETH');
/** In ticks: five significant figures at most. */
const prices = fc
  .tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 0, max: 2 }))
  .map(([figures, zeros]) => figures * 10 ** zeros);
const drawn = fc.record({
  coin: coins,
  px: prices,
  triggerPx: fc.option(prices, { freq: 2 }),
  sz: fc.integer({ min: 1, max: 100_000_000 }),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  cloid: cloids,
});
const act = fc.oneof(
  { weight: 4, arbitrary: drawn.map((value) => ({ what: 'place' as const, ...value })) },
  fc.record({ what: fc.constant('cancel' as const), coin: coins, cloids: fc.array(cloids, { minLength: 1, maxLength: 5 }) }),
  fc.record({ what: fc.constant('cancel-by-oid' as const), coin: coins, oid: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
  fc.record({ what: fc.constant('leverage' as const), coin: coins, leverage: fc.integer({ min: 1, max: 25 }) }),
);

type Drawn = Omit<Extract<Act, { what: 'place' }>, 'what'>;
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** What our own rules let through of an order: a close, or where it has a trigger a stop. */
function approved({ coin, px, triggerPx, sz, side, cloid }: Drawn, nonce: number, nowMs: number) {
  const instrument = INSTRUMENTS.get(coin) ?? fail();
  // A stop's limit lies where it can fill.
  const limit = triggerPx === null ? px : side === 'sell' ? Math.min(px, triggerPx) : Math.max(px, triggerPx);
  const trigger = side === 'sell' ? Math.max(px, triggerPx ?? px) : Math.min(px, triggerPx ?? px);
  const terms = { cloid, coin, attempt: 0, side, px: ticks(limit), sz: lots(sz), reduceOnly: true } as const;
  const rest = { grouping: 'na', nonce, expiresAfterMs: nowMs + 5_000 } as const;
  const see = { instrument, positionAbs: lots(sz) };
  return triggerPx === null
    ? approveClose({ ...rest, orders: [{ ...terms, role: 'close', kind: { type: 'limit', tif: 'ioc' } }] }, see)
    : approveProtection(
        { ...rest, orders: [{ ...terms, role: 'own-stop', kind: { type: 'stop-market', triggerPx: ticks(trigger) } }] },
        see,
      );
}

it('whatever is ordered, triggered, cancelled or set of any coin is hashed as the venue hashes it: the signer it recovers is ours', async () => {
  const { venue, exchange } = await openSigned();
  let nonce = START_MS + 1_000;
  const sent = { order: 0, trigger: 0, cancel: 0, 'cancel-by-oid': 0, leverage: 0 };
  async function send(one: Act): Promise<Answer<unknown> | null> {
    nonce += 1;
    switch (one.what) {
      case 'cancel':
        return exchange.cancel(
          [...new Set(one.cloids)].map((cloid) => ({ coin: one.coin, cloid })),
          nonce,
        );
      case 'cancel-by-oid':
        return exchange.cancelByOid([{ coin: one.coin, oid: one.oid }], nonce);
      case 'leverage':
        return exchange.setCrossLeverage(one.coin, one.leverage, nonce);
      default: {
        const request = approved(one, nonce, venue.clock.now());
        return isDenied(request) ? null : exchange.place(request);
      }
    }
  }
  await fc.assert(
    fc.asyncProperty(act, async (one) => {
      const answer = await send(one);
      if (answer === null) return;
      // A hash that is off by a byte recovers to a stranger, and a stranger is refused whole.
      expect(answer).toMatchObject({ kind: 'answered' });
      sent[one.what === 'place' ? (one.triggerPx === null ? 'order' : 'trigger') : one.what] += 1;
      venue.clock.advance(200);
    }),
    { numRuns: 200 },
  );
  for (const [what, times] of Object.entries(sent)) expect(times, what).toBeGreaterThan(5);
  exchange.close();
});

it('a signature that is not the key’s own is never sent', async () => {
  const signer = createSigner(keyOf(51));
  for (const spoil of [
    ({ r, s, v }: Signature): Signature => ({ r, s, v: v === 27 ? 28 : 27 }),
    ({ r, s, v }: Signature): Signature => ({ r, s: `${s.slice(0, 40)}${s[40] === '0' ? '1' : '0'}${s.slice(41)}` as Signature['s'], v }),
    ({ s, v }: Signature): Signature => ({ r: `0x${'f'.repeat(64)}`, s, v }),
  ]) {
    const { venue, exchange } = await openSigned({ address: signer.address, sign: (payload) => spoil(signer.sign(payload)) });
    const seen = venue.exchange.fault({ kind: 'delay-response', ms: 1, via: 'http', forMs: 60_000 });
    await expect(exchange.setCrossLeverage('BTC', 5, START_MS)).rejects.toThrow('is none of its own: the signing library is broken');
    expect(venue.exchange.faults().find(({ id }) => id === seen)?.matched).toBe(0);
    exchange.close();
  }
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
