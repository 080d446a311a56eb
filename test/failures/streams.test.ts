/** What a bot hears, and what it misses: real sockets, the real adapter, faults set at the venue (docs/FAILURES.md). */
import { afterEach, describe, expect, it } from 'vitest';
import { closeFleetUnbroken } from '../support/unbroken.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const entry = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 102_000 };
const now = { ...entry, entry_1: 100_500 };
const ACCOUNT_CHANNELS = ['userFills', 'orderUpdates', 'clearinghouseState'] as const;

let fleet: WiredFleet;
afterEach(() => closeFleetUnbroken(fleet));

const isFilled = (id: number): boolean => fleet.row(id).status === 'filled';
const isSent = (id: number): boolean => fleet.row(id).status === 'sent';

describe('an account stream that falls silent on a living socket', () => {
  it('is found within seconds, and the fill it missed gets its stop', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', entry);
    await fleet.until('the entry rests', () => isSent(id));
    for (const channel of ACCOUNT_CHANNELS) fleet.fault({ kind: 'silence', channel, user: bot.account });
    await fleet.pass(1_000);
    fleet.print('BTC', 'sell', '98999', '0.01');
    await fleet.until('the fill has its stop', () => bot.held('BTC') === 1_000 && bot.stopped('BTC') >= 1_000, 20_000);
    // Five seconds of silence, of which one had passed, the question, and one reaction.
    expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(9_000);
  });

  it('in one channel alone is betrayed by the others', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    const id = fleet.signal('Sentient', entry);
    await fleet.until('the entry rests', () => isSent(id));
    for (const channel of ['userFills', 'orderUpdates'] as const) fleet.fault({ kind: 'silence', channel, user: bot.account });
    fleet.print('BTC', 'sell', '98999', '0.01');
    await fleet.until('the fill has its stop', () => bot.held('BTC') === 1_000 && bot.stopped('BTC') >= 1_000, 8_000);
    expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(3_500);
  });
});

it('a fill that falls into a cut is read afterwards, once, and its part of the entry has its stop', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', entry);
  await fleet.until('the entry rests', () => isSent(id));
  fleet.fault({ kind: 'cut', channel: 'userFills', user: bot.account });
  fleet.print('BTC', 'sell', '98999', '0.01');
  await fleet.until('the fill has its stop', () => bot.held('BTC') === 1_000 && bot.stopped('BTC') >= 1_000, 20_000);
  expect(fleet.ledger.fillsOf('Sentient')).toHaveLength(1);
  // To connect and subscribe anew, to read, and one reaction.
  expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(3_000);
});

it('fills told twice, late and out of order count once each', async () => {
  fleet = await openWiredFleet();
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', entry);
  await fleet.until('the entry rests', () => isSent(id));
  fleet.fault({ kind: 'duplicate-message', channel: 'userFills', user: bot.account, copies: 3, count: 2 });
  fleet.fault({ kind: 'reorder-message', channel: 'userFills', user: bot.account, count: 2 });
  fleet.fault({ kind: 'delay-message', channel: 'orderUpdates', user: bot.account, ms: 900, count: 3 });
  for (let part = 0; part < 4; part += 1) {
    fleet.print('BTC', 'sell', '98999', '0.002');
    await fleet.pass(300);
  }
  await fleet.until('all four parts are held and covered', () => bot.held('BTC') === 800 && bot.stopped('BTC') >= 800, 20_000);
  await fleet.until('the ledger has them all', () => fleet.ledger.fillsOf('Sentient').length === 4, 70_000);
  expect(fleet.ledger.fillSums(fleet.ledger.allTrades()[0]?.tradeId ?? '').entrySz).toBe(800);
  expect(fleet.nakedMs('Sentient')).toBeLessThanOrEqual(1_000);
});

describe('a market feed that stands still on a living socket', () => {
  it('holds entries back with the age of the book while exits go, and is heard again after it is subscribed anew', async () => {
    fleet = await openWiredFleet();
    const bot = fleet.bot('Sentient');
    const held = fleet.signal('Sentient', { ...now, symbol: 'ETH', entry_1: 4_020, stop_loss: 3_900, target_1: 4_200 });
    await fleet.until('ETH is held', () => isFilled(held));
    for (const coin of ['BTC', 'ETH']) {
      for (const channel of ['l2Book', 'bbo', 'activeAssetCtx'] as const)
        fleet.fault({ kind: 'silence', channel, coin, until: 'resubscribe' });
    }
    await fleet.pass(7_000);
    const refused = fleet.signal('Sentient', now);
    await fleet.until('the entry is refused', () => fleet.row(refused).status === 'failed', 20_000);
    expect(fleet.row(refused).notes).toMatch(/the book of BTC is \d+\.\d s old; an entry needs a fresh one/);
    const exit = fleet.signal('Sentient', { symbol: 'ETH', signal_type: 'exit' });
    await fleet.until('the exit is done', () => fleet.row(exit).status === 'executed', 20_000);
    expect(bot.held('ETH')).toBe(0);
    await fleet.pass(30_000);
    const taken = fleet.signal('Sentient', now);
    await fleet.until('an entry is taken again', () => isFilled(taken), 60_000);
  });
});

it('an open socket that nobody is behind any more is given up, and what happened meanwhile is read', async () => {
  fleet = await openWiredFleet({ pingMs: 100, socketTimeoutMs: 200 });
  const bot = fleet.bot('Sentient');
  const id = fleet.signal('Sentient', entry);
  await fleet.until('the entry rests', () => isSent(id));
  fleet.fault({ kind: 'half-open', at: 'now', channel: 'userFills', user: bot.account });
  fleet.print('BTC', 'sell', '98999', '0.01');
  await fleet.until('the fill has its stop', () => bot.held('BTC') === 1_000 && bot.stopped('BTC') >= 1_000, 60_000);
});
