/** The venue, or the way to it, turns requests away for a while just as the take-profits are due: over real sockets. */
import { afterEach, expect, it } from 'vitest';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

let fleet: WiredFleet;
afterEach(() => fleet.close());

const long = {
  symbol: 'BTC',
  direction: 'long',
  signal_type: 'entry',
  entry_1: 100_500,
  stop_loss: 97_000,
  target_1: 102_000,
  target_2: 104_000,
};

it.each([
  ['one HTTP 429', { kind: 'status', status: 429, when: 'before', action: 'order', after: 1, count: 1 }],
  ['eight seconds of HTTP 429', { kind: 'status', status: 429, when: 'before', action: 'order', after: 1, forMs: 8_000 }],
  ['five seconds of a halt', { kind: 'reject-action', error: 'Trading is halted', action: 'order', after: 1, forMs: 5_000 }],
  ['forty seconds of HTTP 503', { kind: 'status', status: 503, when: 'before', action: 'order', after: 1, forMs: 40_000 }],
] as const)('after %s the take-profits stand', async (_, rule) => {
  fleet = await openWiredFleet();
  const { account } = fleet.bot('Sentient');
  fleet.fault(rule);
  const id = fleet.signal('Sentient', long);
  await fleet.until('the entry has filled', () => fleet.row(id).status === 'filled');
  await fleet.pass(120_000);
  const takeProfits = fleet.venue.openOrders(account).filter(({ reduceOnly, tpsl }) => reduceOnly && tpsl === null);
  expect(takeProfits).toHaveLength(2);
});
