/** Clock, key and wallet that are not what they were: real sockets, the real adapter, faults set at the venue (docs/FAILURES.md). */
import { FINE_PER_TICK, lots } from '@hyperfleet/trading';
import { afterEach, describe, expect, it } from 'vitest';
import { closeFleetUnbroken } from '../support/unbroken.ts';
import { testWallet } from '../support/wallet.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const entry = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 102_000 };
const now = { ...entry, entry_1: 100_500 };
const eth = { ...now, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900, target_1: 4_200 };
const exit = { symbol: 'BTC', signal_type: 'exit' };
const PAIR = { bots: ['Sentient', 'Vulcan'] };

let fleet: WiredFleet;
afterEach(() => closeFleetUnbroken(fleet));

const status = (id: number) => fleet.row(id).status;
const isCovered = (bot: string): boolean => fleet.bot(bot).held('BTC') !== 0 && fleet.bot(bot).stopped('BTC') >= fleet.bot(bot).held('BTC');

describe.each([
  ['behind', -3_600_000],
  ['ahead of', 3_600_000],
])('a clock one hour %s the venue’s', (way, offMs) => {
  it('is named and keeps entries back, while a fill still gets its stop and an exit goes', async () => {
    fleet = await openWiredFleet({ settings: { reconcileIntervalMs: 10_000 } });
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', entry);
    await fleet.until('the entry rests', () => status(id) === 'sent');
    fleet.setClockOff(offMs);
    fleet.print('BTC', 'sell', '98999', '0.01');
    await fleet.until('the fill has its stop', () => isCovered('Sentient'), 20_000);
    await fleet.until('the clock is named', () => bot.alerts().includes('clock is off'), 30_000);
    const refused = fleet.signal('Sentient', eth);
    await fleet.until('an entry is refused', () => status(refused) === 'failed', 30_000);
    expect(fleet.row(refused).notes).toContain(`this machine's clock is 1 h ${way} the venue's: set it by a time server`);
    const out = fleet.signal('Sentient', exit);
    await fleet.until('the exit is done', () => status(out) === 'executed', 30_000);
    expect(bot.held('BTC')).toBe(0);
  });
});

it('a clock two days ahead of the venue’s is named, and nothing is sent whose nonce the venue would not take', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', entry);
  await fleet.until('the entry rests', () => status(id) === 'sent');
  const sent = fleet.fault({ kind: 'delay-response', ms: 1, action: 'order', user: bot.account, forMs: 600_000 });
  fleet.setClockOff(2 * 86_400_000);
  await fleet.until('the clock is named', () => bot.alerts().includes('clock is off'), 90_000);
  fleet.print('BTC', 'sell', '98999', '0.01');
  const reasons = () => fleet.ledger.allTrades().flatMap(({ tradeId }) => fleet.ledger.orders(tradeId).map(({ reason }) => reason ?? ''));
  const words = "not sent: the nonce is 48 h ahead of the venue's time, and less than 24 h are taken";
  await fleet.until('its stop is kept back', () => reasons().some((reason) => reason.includes(words)), 20_000);
  await fleet.until('it is told that nothing can be sent', () => bot.alerts().includes('health critical'), 60_000);
  expect(fleet.exchange.faults().find(({ id: rule }) => rule === sent)?.matched).toBe(0);
});

it.each(['ended', 'replaced'] as const)(
  'a key that was %s in the middle of a trade halts its bot, its stop standing, and no other',
  async (how) => {
    fleet = await openWiredFleet(PAIR);
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', now);
    await fleet.until('the position is covered', () => status(id) === 'filled' && isCovered('Sentient'));
    if (how === 'ended') fleet.fault({ kind: 'expire-agent', agent: bot.agent });
    else await fleet.approve('Sentient', testWallet(99).address);
    const out = fleet.signal('Sentient', exit);
    await fleet.until('the bot is halted', () => fleet.ledger.botState('Sentient').tradingState === 'halted');
    expect(fleet.ledger.botState('Sentient').reason).toMatch(
      /^the key no longer acts for its account \(.*\): approve a new key as an agent of 0x\w{40} and start again with it .*; its stops stand/,
    );
    expect(bot.alerts()).toContain('key disowned');
    const waiting = fleet.signal('Sentient', eth);
    const sibling = fleet.signal('Vulcan', now);
    await fleet.until('the other bot trades', () => status(sibling) === 'filled' && isCovered('Vulcan'));
    await fleet.pass(5_000);
    expect(isCovered('Sentient')).toBe(true);
    expect(status(waiting)).toBe('pending');
    expect(status(out)).toBe('processing');
    expect(fleet.ledger.botState('Vulcan').tradingState).not.toBe('halted');
  },
);

describe('a wallet emptied from outside', () => {
  it('enters nothing and says why, while others trade', async () => {
    fleet = await openWiredFleet(PAIR);
    const bot = fleet.bot('Sentient');
    expect(fleet.venue.withdraw(bot.account, fleet.venue.account(bot.account).withdrawable, fleet.clock.now())).toBe(true);
    await fleet.pass(2_000);
    const refused = fleet.signal('Sentient', now);
    const sibling = fleet.signal('Vulcan', now);
    await fleet.until('the entry is refused', () => status(refused) === 'failed', 40_000);
    expect(fleet.row(refused).notes).toMatch(/equity/);
    await fleet.until('the other bot trades', () => status(sibling) === 'filled' && isCovered('Vulcan'));
  });

  it('sizes by what is left, brings a stop that now lies beyond liquidation inside it, and keeps and lets out what it holds', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', { ...now, stop_loss: 90_500 });
    await fleet.until('the position is covered', () => status(id) === 'filled' && isCovered('Sentient'));
    expect(bot.alerts()).toEqual([]);
    const before = fleet.venue.account(bot.account).accountValue;
    expect(fleet.venue.withdraw(bot.account, fleet.venue.account(bot.account).withdrawable, fleet.clock.now())).toBe(true);
    await fleet.until('the danger is named', () => bot.alerts().includes('the stop lies beyond liquidation'), 20_000);
    const position = () => fleet.venue.account(bot.account).positions.find(({ coin }) => coin === 'BTC');
    const triggers = (): number[] =>
      fleet.venue.openOrders(bot.account).flatMap(({ coin, tpsl, triggerPx }) => (coin === 'BTC' && tpsl === 'sl' ? [triggerPx ?? 0] : []));
    await fleet.until(
      'one stop stands, inside liquidation',
      () => triggers().length === 1 && (triggers()[0] ?? 0) * FINE_PER_TICK > (position()?.liquidationPx ?? Number.POSITIVE_INFINITY),
    );
    expect(isCovered('Sentient')).toBe(true);
    const small = fleet.signal('Sentient', eth);
    await fleet.until('the next entry is small', () => status(small) === 'filled', 40_000);
    const left = fleet.venue.account(bot.account).accountValue;
    expect(left).toBeLessThan(before / 10);
    expect(bot.held('ETH') * 4_000).toBeLessThan((5 * left) / 100);
    expect(isCovered('Sentient')).toBe(true);
    const out = fleet.signal('Sentient', exit);
    await fleet.until('the exit is done', () => status(out) === 'executed', 20_000);
    expect(bot.held('BTC')).toBe(0);
    expect(bot.alerts().filter((phrase) => phrase === 'the stop lies beyond liquidation')).toHaveLength(1);
  });
});

it('fills of orders nobody here knows are shown and left alone, and trades go on beside them', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', now);
  await fleet.until('the position is covered', () => status(id) === 'filled' && isCovered('Sentient'));
  const byHand = {
    asset: 1,
    side: 'buy',
    px: '4100',
    sz: '0.1',
    reduceOnly: false,
    type: { kind: 'limit', tif: 'Ioc' },
    cloid: null,
  } as const;
  fleet.venue.execute(bot.account, { type: 'order', orders: [byHand], grouping: 'na' }, fleet.clock.now());
  await fleet.until('it is shown', () => bot.alerts().includes('foreign fill'), 20_000);
  expect(fleet.ledger.fillsOf('Sentient').filter(({ coin }) => coin === 'ETH')).toMatchObject([
    { tradeId: null, role: null, sz: lots(1_000) },
  ]);
  const out = fleet.signal('Sentient', exit);
  await fleet.until('the exit is done', () => status(out) === 'executed', 20_000);
  expect(bot.held('BTC')).toBe(0);
  expect(bot.held('ETH')).toBe(1_000);
});

it('a venue that answers nonsense for a while is named, its answers are not used, and the position keeps its stop', async () => {
  fleet = await openWiredFleet({ settings: { reconcileIntervalMs: 10_000 } });
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', { ...now, target_1: null });
  await fleet.until('the position is covered', () => status(id) === 'filled' && isCovered('Sentient'));
  const trade = fleet.ledger.allTrades()[0];
  for (const answer of ['html', 'wrong-types', 'empty-array'] as const) {
    for (const info of ['frontendOpenOrders', 'userFillsByTime', 'clearinghouseState', 'orderStatus'] as const)
      fleet.fault({ kind: 'nonsense', answer, info, count: 8 });
  }
  for (const channel of ['userFills', 'orderUpdates', 'clearinghouseState'] as const)
    fleet.fault({ kind: 'nonsense', answer: 'wrong-types', channel, count: 2 });
  await fleet.until('it is named', () => bot.alerts().includes('health degraded'), 120_000);
  await fleet.pass(20_000);
  expect(isCovered('Sentient')).toBe(true);
  expect(fleet.ledger.fillSums(trade?.tradeId ?? '').entrySz).toBe(bot.held('BTC'));
  fleet.exchange.clearFaults();
  await fleet.pass(20_000);
  const out = fleet.signal('Sentient', exit);
  await fleet.until('the exit is done', () => status(out) === 'executed', 60_000);
  expect(bot.held('BTC')).toBe(0);
});
