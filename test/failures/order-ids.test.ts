/** Order ids that the venue gives out again, as it says them everywhere: real sockets, the real adapter (docs/FAILURES.md). */
import { afterEach, expect, it } from 'vitest';
import { closeFleetUnbroken } from '../support/unbroken.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const entry = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000 };
const exit = { symbol: 'BTC', signal_type: 'exit' };

let fleet: WiredFleet;
afterEach(() => closeFleetUnbroken(fleet));

const status = (id: number) => fleet.row(id).status;
const entryTrades = () => fleet.ledger.allTrades().filter(({ kind }) => kind === 'entry');
const ordersOf = (nth: number) => fleet.ledger.orders(entryTrades()[nth]?.tradeId ?? '');
const orderOf = (nth: number, role: string) => ordersOf(nth).find(({ intent }) => intent.role === role);
const oidOf = (role: string) => orderOf(0, role)?.oid ?? -1;

it('an order id the venue gives out again is told apart by the client order id: in fills, order updates, open orders and cancels', async () => {
  fleet = await openWiredFleet({ settings: { reconcileIntervalMs: 5_000 } });
  const bot = fleet.bot('Sentient');
  const first = fleet.signal('Sentient', { ...entry, entry_1: 100_500 });
  await fleet.until('the first entry has filled', () => status(first) === 'filled');
  fleet.signal('Sentient', exit);
  await fleet.until('the first trade is over', () => status(first) === 'closed');
  const old = { orders: ordersOf(0), sums: fleet.ledger.fillSums(entryTrades()[0]?.tradeId ?? '') };
  const reuse = (role: string) => fleet.fault({ kind: 'reuse-oid', user: bot.account, order: oidOf(role) });

  // The entry's fill is told before its answer and its update: nothing but its client id says then whose it is.
  reuse('entry');
  fleet.fault({ kind: 'delay-response', ms: 3_000, action: 'order', user: bot.account, count: 2 });
  fleet.fault({ kind: 'delay-message', ms: 2_000, channel: 'orderUpdates', user: bot.account });
  const second = fleet.signal('Sentient', entry);
  await fleet.until('the second entry rests', () => fleet.venue.openOrders(bot.account).some(({ oid }) => oid === oidOf('entry')));
  reuse('close');
  for (const info of ['frontendOpenOrders', 'orderStatus']) fleet.fault({ kind: 'delay-response', ms: 3_000, info, forMs: 3_000 });
  fleet.print('BTC', 'sell', '98999', '0.002');
  await fleet.until('its part fill is covered', () => bot.held('BTC') === 200 && bot.stopped('BTC') >= 200, 10_000);
  expect(fleet.ledger.fillSums(entryTrades()[1]?.tradeId ?? '').entrySz).toBe(200);
  // The stop's update is told before its answer, and before anything that could be asked.
  await fleet.until('the stop is known to rest', () => orderOf(1, 'own-stop')?.state === 'resting', 1_000);
  await fleet.until('the entry is known to rest', () => orderOf(1, 'entry')?.state === 'resting', 5_000);
  expect([orderOf(1, 'entry')?.oid, orderOf(1, 'own-stop')?.oid]).toEqual([oidOf('entry'), oidOf('close')]);
  await fleet.pass(12_000);
  expect(fleet.venue.openOrders(bot.account)).toHaveLength(3);
  expect(bot.alerts()).toEqual([]);

  reuse('stop');
  const byHand = { asset: 1, side: 'buy', px: '3500', sz: '0.1', reduceOnly: false, cloid: `0x${'ab'.repeat(16)}` } as const;
  const order = { ...byHand, type: { kind: 'limit', tif: 'Gtc' } } as const;
  fleet.venue.execute(bot.account, { type: 'order', orders: [order], grouping: 'na' }, fleet.clock.now());
  await fleet.until('what another hand placed is told of', () => bot.alerts().length > 0, 10_000);
  expect(fleet.venue.openOrders(bot.account)).toContainEqual(expect.objectContaining({ coin: 'ETH', oid: oidOf('stop') }));

  fleet.signal('Sentient', exit);
  await fleet.until('the second trade is over', () => status(second) === 'closed', 20_000);
  expect(bot.held('BTC')).toBe(0);
  expect(fleet.venue.openOrders(bot.account)).toMatchObject([{ coin: 'ETH', cloid: byHand.cloid }]);
  expect(fleet.ledger.fillSums(entryTrades()[1]?.tradeId ?? '')).toMatchObject({ entrySz: 200, exitSz: 200 });
  expect({ orders: ordersOf(0), sums: fleet.ledger.fillSums(entryTrades()[0]?.tradeId ?? '') }).toEqual(old);
});
