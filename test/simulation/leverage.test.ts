/** A coin's leverage that the venue refuses to set. Each asking is one request of what the address may send (PROTOCOL §10). */
import type { Address } from '@hyperfleet/paper-exchange';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const USER: Address = '0x1111111111111111111111111111111111111111';
const MINUTE_MS = 60_000;
const onBtc = { symbol: 'BTC', direction: 'long', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000 };
const onEth = { ...onBtc, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900 };

let world: World;
/** The only requests that are neither orders nor cancels. */
let asked: number;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => closeUnbroken(world));

/** What becomes of the requests that set a leverage from here on, those of the next start included. */
function leverageIs(fate: 'refused' | null): void {
  asked = 0;
  world.link.onRequest = (kind) => {
    if (kind !== 'other') return null;
    asked += 1;
    return fate;
  };
}

/** A venue that says no to the leverage of a coin and means it. */
function refuseLeverage(of: string): void {
  const { setCrossLeverage } = world.link.exchange;
  Object.assign(world.link.exchange, {
    async setCrossLeverage(coin: string, leverage: number, nonce: number) {
      if (coin !== of) return await setCrossLeverage(coin, leverage, nonce);
      asked += 1;
      return { kind: 'refused', reason: 'Cannot switch leverage type with open position.', retry: 'never' };
    },
  });
}

describe('a coin whose leverage the venue refuses', () => {
  beforeEach(async () => {
    await world.hold(1_000);
    leverageIs(null);
    refuseLeverage('BTC');
    await world.restart();
    await world.hold(1_000);
  });

  it('is asked about once a quarter of an hour, and the coins listed after it are set', async () => {
    await world.hold(14 * MINUTE_MS);
    // Once for it, once for ETH.
    expect(asked).toBe(2);
    await world.hold(2 * MINUTE_MS);
    expect(asked).toBe(3);
    const eth = world.signal(onEth);
    await world.hold(3_000);
    expect(world.row(eth).status).toBe('filled');
    expect(asked).toBe(3);
  });

  it('refuses an entry at once in the venue’s words, without asking again', async () => {
    await world.hold(MINUTE_MS);
    const id = world.signal(onBtc);
    await world.hold(4_000);
    expect(world.row(id)).toMatchObject({
      status: 'failed',
      notes: 'leverage of BTC could not be set: Cannot switch leverage type with open position. (asked again after 15 min)',
    });
    expect(asked).toBe(2);
  });
});

it.each([
  ['cross', true],
  ['isolated', false],
])('the leverage of a position the owner holds by hand, %s, is left as it is until that is gone', async (_, isCross) => {
  await world.hold(1_000);
  world.venue.execute(USER, { type: 'updateLeverage', asset: 0, isCross, leverage: 10 }, world.clock.now());
  world.placeByHand('BTC', 'buy', '100500', '0.01', { tif: 'Ioc' });
  leverageIs(null);
  await world.restart();
  await world.hold(5 * MINUTE_MS);
  expect(world.venue.account(USER).positions).toMatchObject([{ coin: 'BTC', leverage: 10, isCross }]);
  expect(asked).toBe(1);
  world.placeByHand('BTC', 'sell', '99500', '0.01', { tif: 'Ioc', reduceOnly: true });
  await world.hold(2 * MINUTE_MS);
  expect(asked).toBe(2);
  const id = world.signal(onBtc);
  await world.hold(4_000);
  expect(world.row(id).status).toBe('filled');
});

describe('a venue too busy to set a leverage', () => {
  it('is asked less and less often ahead of signals, every two seconds for an entry, and at its first yes the entry goes', async () => {
    await world.hold(1_000);
    leverageIs('refused');
    await world.restart();
    await world.hold(10 * MINUTE_MS);
    // After 2, 4, 8, 16, 32 s and then once a minute.
    expect(asked).toBeLessThanOrEqual(16);
    leverageIs('refused');
    const refused = world.signal(onBtc);
    await world.hold(40_000);
    expect(world.row(refused)).toMatchObject({ status: 'failed', notes: 'leverage of BTC could not be set: connection refused' });
    expect(asked).toBeLessThanOrEqual(17);
    const id = world.signal(onBtc);
    await world.hold(4_000);
    leverageIs(null);
    await world.hold(4_000);
    expect(world.row(id).status).toBe('filled');
  });
});
