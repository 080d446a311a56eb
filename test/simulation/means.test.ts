/** What a bot does when its own means fail: stream, reads, actions, clock, key. Time and market by hand. */
import { HEALTH_POLICY, type KeyStanding, type Watch, type Ways } from '@hyperfleet/bot';
import type { Address } from '@hyperfleet/paper-exchange';
import { StoreError } from '@hyperfleet/store';
import { afterEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeUnbroken } from '../support/unbroken.ts';

const USER: Address = '0x1111111111111111111111111111111111111111';
const DAY_MS = 86_400_000;
const long = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 99_000, stop_loss: 97_000, target_1: 101_000 };
const now = { ...long, entry_1: 100_500 };

let world: World;
afterEach(() => closeUnbroken(world));

/** Means a test changes as it goes. */
function createMeans(pollIntervalMs = 2_000) {
  const means = {
    ways: { areReadsShut: false, areActionsShut: false, limitedAgoMs: null, isSpent: false, skewMs: 0, roundTripMs: 100 } as Ways,
    standing: { kind: 'acts', untilMs: null } as KeyStanding,
    counted: 0,
  };
  const watch: Watch = {
    policy: HEALTH_POLICY,
    lookMs: 1_000,
    pollIntervalMs,
    ways: () => means.ways,
    key: async () => means.standing,
    countRequests: async () => {
      means.counted += 1;
    },
  };
  return { means, watch };
}

async function open(pollIntervalMs = 2_000, onEmergency: 'hold' | 'flatten' = 'hold') {
  const { means, watch } = createMeans(pollIntervalMs);
  world = await openWorld({}, 200, { watch, onEmergency });
  world.streamEvent({ kind: 'connected' });
  await hold(3_000);
  return means;
}

async function hold(ms: number, bid = '100000', ask = '100010'): Promise<void> {
  world.book('BTC', bid, ask);
  await world.hold(ms, 500);
}

const alerts = (): readonly string[] => world.reports.flatMap((report) => (report.kind === 'alert' ? [report.phrase] : []));
const overs = (): readonly string[] =>
  world.reports.flatMap((report) => (report.kind === 'over' ? [`${report.phrase} ${String(report.detail.to ?? '')}`.trim()] : []));
const conditions = () => world.reports.flatMap((report) => (report.kind === 'condition' ? [report] : []));
const position = (): number => world.venue.account(USER).positions[0]?.szi ?? 0;
const stops = (): number => world.venue.openOrders(USER).filter((order) => order.tpsl === 'sl' && !order.waitingForFill).length;

describe('without a stream', () => {
  it('a bot asks for its account, and a fill has its stop within the bound it tells', async () => {
    await open(2_000);
    const id = world.signal(long);
    await hold(4_000);
    expect(world.row(id).status).toBe('sent');
    world.link.streaming = false;
    world.granted(false);
    world.streamEvent({ kind: 'disconnected', reason: 'its place goes to another' });
    await hold(2_000);
    world.print('BTC', 'sell', '98999', '0.01');
    await hold(8_000);
    expect(position()).toBe(1_000);
    expect(stops()).toBeGreaterThan(0);
    const told = conditions().at(-1);
    expect(told).toMatchObject({ condition: { hearing: 'poll', nakedBoundMs: 2_300 }, risk: 'position' });
    // One poll, then reading, deciding and placing over a link of 200 ms.
    expect(world.venue.audit().nakedMsMax).toBeLessThanOrEqual(2_000 + 4 * 200 + 500);
    // Its place was taken, not lost: it is as well as before.
    expect(told?.condition.health.state).toBe('normal');
  });

  it('whose bound is too wide lets no entry rest, says that it wishes for a stream, and enters when it gets one', async () => {
    await open(12_000);
    world.granted(false);
    world.streamEvent({ kind: 'disconnected', reason: 'its place goes to another' });
    await hold(2_000);
    const id = world.signal(long);
    await hold(8_000);
    expect(world.row(id)).toMatchObject({ status: 'failed', notes: expect.stringContaining('no entry may rest') });
    expect(world.venue.openOrders(USER)).toEqual([]);
    expect(conditions().map(({ risk }) => risk)).toContain('wish');
    const again = world.signal({ ...long, entry_1: 99_100 });
    await hold(2_500);
    world.granted(true);
    world.streamEvent({ kind: 'connected' });
    await hold(5_000);
    expect(world.row(again).status).toBe('sent');
  });

  it('that was lost is degraded after its grace, still enters, and is normal again after a calm', async () => {
    await open(2_000);
    world.streamEvent({ kind: 'disconnected', reason: 'the connection closed' });
    await hold(5_000);
    expect(conditions().at(-1)?.condition.health.state).toBe('degraded');
    const id = world.signal(now);
    await hold(5_000);
    expect(world.row(id).status).toBe('filled');
    world.streamEvent({ kind: 'connected' });
    await hold(8_000);
    expect(conditions().at(-1)?.condition).toMatchObject({ health: { state: 'normal' }, hearing: 'stream' });
    expect(alerts()).toContain('health degraded');
    expect(overs()).toEqual(['health normal']);
  });
});

it('a bound that nothing was measured for is told as such, until an answer has come', async () => {
  const means = await open();
  means.ways = { ...means.ways, roundTripMs: null };
  await hold(2_000);
  expect(conditions().at(-1)?.condition.isBoundMeasured).toBe(false);
  means.ways = { ...means.ways, roundTripMs: 80 };
  await hold(2_000);
  expect(conditions().at(-1)?.condition).toMatchObject({ isBoundMeasured: true, nakedBoundMs: 240 });
});

describe('when actions fail', () => {
  it('entries are refused with the state named, an exit goes out, and after two calms entries are taken again', async () => {
    const means = await open();
    const open1 = world.signal(now);
    await hold(5_000);
    expect(world.row(open1).status).toBe('filled');
    means.ways = { ...means.ways, areActionsShut: true };
    await hold(2_000);
    const refused = world.signal({ ...now, symbol: 'ETH', entry_1: 4_100, stop_loss: 3_900, target_1: 4_300 });
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold(16_000);
    expect(world.row(refused)).toMatchObject({
      status: 'failed',
      notes: expect.stringContaining('the bot is critical (actions have been failing'),
    });
    expect(world.row(exit).status).toBe('executed');
    expect(position()).toBe(0);
    means.ways = { ...means.ways, areActionsShut: false };
    await hold(13_000);
    const taken = world.signal({ ...now, entry_1: 100_600 });
    await hold(5_000);
    expect(world.row(taken).status).toBe('filled');
    expect(alerts()).toEqual(['health critical']);
    expect(overs()).toEqual(['health degraded', 'health normal']);
    const bettered = world.reports.find((report) => report.kind === 'over');
    expect(bettered).toMatchObject({ detail: { from: 'critical', reasons: 'better again, degraded until it has been for 5 s' } });
  });

  it.each([
    ['hold', 'filled'],
    ['flatten', 'closed'],
  ] as const)('for two minutes with a position on, it is an emergency, and %s leaves the trade %s', async (onEmergency, status) => {
    const means = await open(2_000, onEmergency);
    const id = world.signal({ ...now, target_1: null });
    await hold(5_000);
    expect(world.row(id).status).toBe('filled');
    means.ways = { ...means.ways, areActionsShut: true };
    await hold(140_000);
    expect(alerts()).toEqual(expect.arrayContaining(['health critical', 'health emergency']));
    expect(world.row(id).status).toBe(status);
    expect(stops()).toBe(status === 'filled' ? 1 : 0);
  });
});

it.each([1, -1])('a clock 240 ms off is no word worth, and one 260 ms off is named, once, and keeps no entry back', async (way) => {
  const means = await open();
  means.ways = { ...means.ways, skewMs: way * 240 };
  await hold(3_000);
  expect(alerts()).toEqual([]);
  means.ways = { ...means.ways, skewMs: way * 260 };
  await hold(3_000);
  expect(alerts()).toEqual(['clock is off']);
  const id = world.signal(now);
  await hold(5_000);
  expect(world.row(id).status).toBe('filled');
});

it('a clock one hour off alarms once, is named in the refusal, and keeps no exit back', async () => {
  const means = await open();
  const id = world.signal({ ...now, target_1: null });
  await hold(5_000);
  means.ways = { ...means.ways, skewMs: 3_600_000 };
  await hold(3_000);
  const refused = world.signal({ ...now, symbol: 'ETH', entry_1: 4_100, stop_loss: 3_900, target_1: 4_300 });
  await hold(8_000);
  expect(world.row(refused)).toMatchObject({ status: 'failed', notes: expect.stringContaining("clock is 1 h ahead of the venue's") });
  expect(alerts().filter((phrase) => phrase === 'clock is off')).toHaveLength(1);
  world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await hold(8_000);
  expect(world.row(id).status).toBe('closed');
  expect(overs()).toEqual([]);
  means.ways = { ...means.ways, skewMs: 0 };
  await hold(8_000);
  expect(overs()).toEqual(['clock is off']);
});

describe('the key', () => {
  it('is warned of as its end comes near, each time once, and within a day of it only exits', async () => {
    const means = await open();
    const warned: number[] = [];
    for (const days of [13, 12, 0.9]) {
      means.standing = { kind: 'acts', untilMs: world.clock.now() + days * DAY_MS + 3_700_000 };
      // The venue is asked every quarter of an hour.
      for (let minute = 0; minute < 16; minute += 8) await world.clock.advance(500_000);
      warned.push(alerts().filter((phrase) => phrase === 'key ends soon').length);
    }
    expect(warned).toEqual([1, 1, 2]);
    world.touchBooks();
    const id = world.signal(now);
    await hold(8_000);
    expect(world.row(id)).toMatchObject({ status: 'failed', notes: expect.stringContaining("the approval of this bot's key ends in") });
  }, 20_000);

  it('that the venue does not know when it is asked halts the bot before it has anything to send', async () => {
    const means = await open();
    const id = world.signal({ ...now, target_1: null });
    await hold(5_000);
    means.standing = { kind: 'disowned' };
    for (let minute = 0; minute < 16; minute += 8) await world.clock.advance(500_000);
    expect(world.ledger.botState('Sentient')).toMatchObject({
      tradingState: 'halted',
      reason: expect.stringMatching(
        /^the key no longer acts for its account \(the venue was asked and does not know it\): approve a new key as/,
      ),
    });
    expect(alerts()).toContain('key disowned');
    expect(stops()).toBe(1);
    expect(world.row(id).status).toBe('filled');
    means.standing = { kind: 'acts', untilMs: null };
    await world.clock.advance(70_000);
    expect(world.ledger.botState('Sentient').tradingState).toBe('active');
  });

  it('that was replaced halts the bot with the venue’s words, its stop standing, and acts again when it is approved again', async () => {
    const means = await open();
    const id = world.signal({ ...now, target_1: null });
    await hold(5_000);
    const { place } = world.link.exchange;
    let tried = 0;
    means.standing = { kind: 'disowned' };
    Object.assign(world.link.exchange, {
      place: async () => {
        tried += 1;
        return { kind: 'refused', reason: `Must deposit before performing actions. User: ${USER}`, retry: 'never' };
      },
    });
    const exit = world.signal({ symbol: 'BTC', signal_type: 'exit' });
    await hold(20_000);
    expect(tried).toBe(1);
    expect(world.ledger.botState('Sentient')).toMatchObject({
      tradingState: 'halted',
      reason: expect.stringMatching(/^the key no longer acts for its account \(Must deposit before performing actions/),
    });
    expect(world.reports).toContainEqual(expect.objectContaining({ kind: 'state', state: 'halted' }));
    expect(stops()).toBe(1);
    const waits = world.signal({ ...now, entry_1: 100_600 });
    await hold(5_000);
    expect(world.row(waits).status).toBe('pending');
    Object.assign(world.link.exchange, { place });
    means.standing = { kind: 'acts', untilMs: null };
    await hold(90_000);
    expect(world.row(exit).status).toBe('executed');
    expect(world.row(id).status).toBe('closed');
    expect(world.ledger.botState('Sentient').tradingState).toBe('active');
  });

  it.each(['PAUSE', 'CLOSE_ALL'])(
    'halts the bot as long as it is not approved again, though %s and RESUME come meanwhile',
    async (command) => {
      const means = await open();
      means.standing = { kind: 'disowned' };
      for (let minute = 0; minute < 16; minute += 8) await world.clock.advance(500_000);
      const halt = { tradingState: 'halted', reason: expect.stringMatching(/^the key no longer acts for its account/) };
      const shown = () => world.reports.findLast((report) => report.kind === 'state');
      world.queue.insertControl('Sentient', command);
      await hold(3_000);
      expect(world.ledger.botState('Sentient')).toMatchObject({ ...halt, paused: true });
      expect(shown()).toMatchObject({ state: 'halted', reason: halt.reason });
      const resume = world.queue.insertControl('Sentient', 'RESUME');
      await hold(3_000);
      expect(world.ledger.botState('Sentient')).toMatchObject({ ...halt, paused: false });
      expect(shown()).toMatchObject({ state: 'halted', reason: halt.reason });
      expect(world.ledger.controlOutcomes(resume.key).get('Sentient')).toMatch(
        /^halted: the key no longer acts .*; not paused, but no entry goes before that is put right and the fleet started again$/,
      );
      await world.restart();
      expect(shown()).toMatchObject({ state: 'halted', reason: halt.reason });
      means.standing = { kind: 'acts', untilMs: null };
      await world.clock.advance(70_000);
      expect(world.ledger.botState('Sentient')).toMatchObject({ tradingState: 'active', reason: null, paused: false });
      expect(shown()).toMatchObject({ state: 'active', reason: null });
      const id = world.signal(now);
      await hold(8_000);
      expect(world.row(id).status).toBe('filled');
    },
  );
});

it('a stop that never left is sent again until it can, and the position is kept', async () => {
  await open();
  const id = world.signal(long);
  await hold(4_000);
  const { place } = world.link.exchange;
  let unsent = 0;
  Object.assign(world.link.exchange, {
    place: async (...args: Parameters<typeof place>) => {
      if (unsent >= 6) return place(...args);
      unsent += 1;
      return { kind: 'refused', reason: 'not sent: connect ECONNREFUSED', retry: 'later' };
    },
  });
  world.print('BTC', 'sell', '98999', '0.01');
  await hold(20_000);
  expect(unsent).toBe(6);
  expect(position()).toBe(1_000);
  expect(stops()).toBe(1);
  expect(world.row(id).status).toBe('filled');
});

it('an order the venue has never heard of is given up only when it was asked 1.5 s after the end of its life', async () => {
  await open();
  world.link.onRequest = (kind) => (kind === 'place' ? 'lost-before' : null);
  world.signal(now);
  await hold(2_000);
  const [entry] = world.ledger.liveOrders('Sentient').filter((order) => order.intent.role === 'entry');
  if (entry === undefined) throw new Error('no entry was sent');
  const stateAfter = async (ms: number) => {
    await hold(entry.expiresAfterMs + ms - world.clock.now());
    return world.ledger.order(entry.intent.cloid)?.state;
  };
  expect(await stateAfter(1_400)).toBe('unknown');
  expect(await stateAfter(1_500)).toBe('unknown');
  expect(await stateAfter(2_500)).toBe('dead');
});

it('an order lives as long as the answers it is measured by need, and its loss is settled only then', async () => {
  world = await openWorld({}, 200, { requestLifeMs: () => 9_000 });
  await hold(3_000);
  world.link.onRequest = (kind) => (kind === 'place' ? 'lost-before' : null);
  world.signal(now);
  const sentAtMs = world.clock.now();
  await hold(2_000);
  world.link.onRequest = () => null;
  const entry = world.ledger.liveOrders('Sentient').find((order) => order.intent.role === 'entry');
  expect((entry?.expiresAfterMs ?? 0) - (entry?.recordedAtMs ?? 0)).toBe(9_000);
  await hold(6_000);
  expect(world.ledger.order(entry?.intent.cloid ?? '0x')?.state).toBe('unknown');
  await hold(6_000);
  expect(world.ledger.order(entry?.intent.cloid ?? '0x')?.state).toBe('dead');
  expect(world.clock.now() - sentAtMs).toBe(14_000);
});

it('signals that cannot be used for an exit are told once, and once that they can, and the exit is then done', async () => {
  await open();
  const id = world.signal({ ...now, target_1: null });
  await hold(5_000);
  const { claimExits } = world.queue;
  const reason = 'signals.db is locked by another connection';
  Object.assign(world.queue, {
    claimExits: () => {
      throw new StoreError('locked', reason);
    },
  });
  world.signal({ symbol: 'BTC', signal_type: 'exit' });
  await hold(20_000);
  const files = () => world.reports.filter((report) => report.kind === 'file');
  expect(files()).toEqual([{ kind: 'file', reason, isUsable: false }]);
  Object.assign(world.queue, { claimExits });
  await hold(8_000);
  expect(files().slice(1)).toEqual([{ kind: 'file', reason, isUsable: true }]);
  expect(world.row(id).status).toBe('closed');
});
