/** A key whose approval comes to its end, as the bot learns of it: told step by step, and over real sockets by extraAgents (docs/FAILURES.md). */
import { HEALTH_POLICY, type KeyStanding, type Watch } from '@hyperfleet/bot';
import { afterEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../support/one-bot.ts';
import { closeFleetUnbroken, closeUnbroken } from '../support/unbroken.ts';
import { openWiredFleet, type WiredFleet } from '../support/wired-fleet.ts';

const DAY_MS = 86_400_000;
const now = { symbol: 'BTCUSDT', direction: 'LONG', signal_type: 'entry', entry_1: 100_500, stop_loss: 97_000, target_1: 102_000 };

describe('a key whose end comes nearer', () => {
  let world: World;
  afterEach(() => closeUnbroken(world));

  it('is warned of when less than 14 days, 7 days and 1 day are left, each time once', async () => {
    let standing: KeyStanding = { kind: 'acts', untilMs: null };
    const watch: Watch = {
      policy: HEALTH_POLICY,
      lookMs: 10_000,
      pollIntervalMs: 2_000,
      ways: () => ({ areReadsShut: false, areActionsShut: false, limitedAgoMs: null, isSpent: false, skewMs: 0, roundTripMs: 100 }),
      key: async () => standing,
      countRequests: async () => undefined,
    };
    world = await openWorld({}, 200, { watch });
    const warned: number[] = [];
    for (const days of [15, 13.9, 13.8, 6.9, 0.9]) {
      standing = { kind: 'acts', untilMs: world.clock.now() + days * DAY_MS };
      // The venue is asked every quarter of an hour.
      for (let times = 0; times < 2; times += 1) await world.clock.advance(500_000);
      warned.push(world.reports.filter((report) => report.kind === 'alert' && report.phrase === 'key ends soon').length);
    }
    expect(warned).toEqual([0, 1, 1, 2, 3]);
  }, 30_000);
});

describe('a key the venue says in extraAgents to end', () => {
  let fleet: WiredFleet;
  afterEach(() => closeFleetUnbroken(fleet));

  it.each([
    [15, null],
    [13.9, '13.9 d'],
    [6.9, '6.9 d'],
    [0.9, '21.6 h'],
  ])('in %d days is warned of where that is due, with what is left', async (days, left) => {
    fleet = await openWiredFleet({ keyLifeMs: days * DAY_MS });
    const bot = fleet.bot('Sentient');
    const ends = () => bot.reports.flatMap((report) => (report.kind === 'condition' ? [report.condition.keyUntilMs] : [])).at(-1) ?? null;
    await fleet.until('the end of the key is known', () => ends() !== null, 10_000);
    const warnings = bot.reports.flatMap((report) => (report.kind === 'alert' && report.phrase === 'key ends soon' ? [report.detail] : []));
    expect(warnings).toMatchObject(left === null ? [] : [{ left }]);
    const id = fleet.signal('Sentient', now);
    await fleet.until('the entry is done with', () => ['filled', 'failed'].includes(String(fleet.row(id).status)), 20_000);
    if (days > 1) expect(bot.held('BTC')).toBeGreaterThan(0);
    else expect(fleet.row(id).notes).toContain("the approval of this bot's key ends in 21.6 h");
  });
});
