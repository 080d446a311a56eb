import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet, type Fleet, resolveFleet } from './fleet.ts';
import { FleetConfigError, listProblems } from './problem.ts';

const KEY = 'ab12'.repeat(16);
const BASE = { baseDir: '/srv/fleet' };

const fleet = (more: object = {}) => ({ mode: 'paper', bots: [{ id: 'Sentient' }], ...more });
const bot = (more: object) => fleet({ bots: [{ id: 'Sentient', ...more }] });

/** The messages a configuration is refused with; empty when it is taken. */
function refusals(options: unknown, env: Record<string, string> = {}): readonly string[] {
  const resolved = resolveFleet(options, env, BASE);
  return resolved.kind === 'ok' ? [] : resolved.errors.map(({ message }) => message);
}

function resolved(options: unknown, overrides: object = {}): Fleet {
  const found = resolveFleet(options, {}, { ...BASE, ...overrides });
  if (found.kind === 'errors') throw new Error(listProblems(found.errors));
  return found.fleet;
}

describe('a fleet made whole', () => {
  it('takes the paper exchange’s limits and delays as they are written', () => {
    expect(resolved(fleet({ paper: { limits: 'off', connections: 100, latency: 'none' } })).paper).toEqual({
      limits: [],
      connections: 100,
      latency: 'none',
    });
    expect(resolved(fleet({ paper: { limits: ['ws', 'ip'], latency: { request: 100, feed: 250 } } })).paper).toEqual({
      limits: ['ws', 'ip'],
      connections: 10,
      latency: { requestMs: 100, blockMs: 0, jitterMs: 0, replyMs: 0, feedMs: 250 },
    });
  });

  it('has every default, in milliseconds and parts per million', () => {
    expect(resolved(fleet())).toEqual({
      mode: 'paper',
      speed: 10,
      dataDir: '/srv/fleet/data',
      signalsDb: '/srv/fleet/data/signals.db',
      market: null,
      staleBookMs: 5_000,
      pollIntervalMs: 2_000,
      reconcileIntervalMs: 60_000,
      onEmergency: 'hold',
      restart: { firstDelayMs: 250, maxDelayMs: 10_000, jitter: 0.2, budget: 5, windowMs: 600_000 },
      paper: { limits: ['ip', 'address', 'ws', 'orders'], connections: 10, latency: 'real' },
      bots: [
        {
          id: 'Sentient',
          enabled: true,
          keyEnv: null,
          accountEnv: null,
          limits: {
            riskPerTradePpm: 20_000,
            maxLeverage: 1,
            maxTotalLeverage: null,
            defaultStopDistancePpm: 50_000,
            maxStopDistancePpm: 100_000,
            stopSlippagePpm: 100_000,
            staleEntryPpm: 20_000,
            onStaleEntry: 'rest',
            marketSlippagePpm: 10_000,
            maxConcurrentPositions: 3,
            allowedDirections: 'both',
          },
          maxSignalAgeMs: 900_000,
          entryLifeMs: 86_400_000,
          breakeven: true,
          paperUsd: 10_000_000_000,
        },
      ],
    });
  });

  it('is frozen to the bottom and passes to another thread as it is', () => {
    const whole = resolved(fleet());
    expect(Object.isFrozen(whole.bots[0]?.limits)).toBe(true);
    expect(structuredClone(whole)).toEqual(whole);
  });

  it('takes the command line over the file, and keeps the signals database beside the data', () => {
    const whole = resolved(fleet({ speed: 3, signalsDb: 'shared/s.db' }), { speed: 20, dataDir: 'other', market: null });
    expect(whole).toMatchObject({ speed: 20, dataDir: '/srv/fleet/other', signalsDb: '/srv/fleet/other/shared/s.db', market: null });
    expect(resolved(fleet({ signalsDb: '/var/signals.db' })).signalsDb).toBe('/var/signals.db');
  });

  it('reads times as milliseconds or as text', () => {
    const spans = ['15m', '1h30m', '90s', 5_000, '1.5h', '2 h'].map(
      (maxSignalAge) => resolved(bot({ maxSignalAge })).bots[0]?.maxSignalAgeMs,
    );
    expect(spans).toEqual([900_000, 5_400_000, 90_000, 5_000, 5_400_000, 7_200_000]);
  });

  it('keeps every fraction of six decimals exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500_000 }), (ppm) => {
        expect(resolved(bot({ riskPerTrade: ppm / 1e6 })).bots[0]?.limits.riskPerTradePpm).toBe(ppm);
      }),
    );
  });
});

describe('a mistake', () => {
  it.each([
    ['no bots', fleet({ bots: [] }), /^bots is \[\]: write at least one bot/],
    ['bots left out', { mode: 'paper' }, /^bots is missing/],
    ['a bot that is none', fleet({ bots: ['Sentient'] }), /^bots\[0\] is "Sentient": write a bot/],
    ['no configuration at all', null, /^the configuration is null/],
    ['leverage 0', bot({ maxLeverage: 0 }), /^bots\[0\]\.maxLeverage is 0: write a number above 0 and at most 50/],
    ['a negative leverage', bot({ maxLeverage: -1 }), /maxLeverage is -1/],
    ['leverage that is no number', bot({ maxLeverage: Number.NaN }), /maxLeverage is NaN/],
    ['a leverage the venue has not', bot({ maxLeverage: 51 }), /maxLeverage is 51/],
    ['leverage as text', bot({ maxLeverage: '5' }), /maxLeverage is "5": write a number/],
    ['risk in percent', bot({ riskPerTrade: 2 }), /riskPerTrade is 2: write a fraction .* like 0\.02 for 2 %/],
    ['a fraction too fine', bot({ riskPerTrade: 0.0200001 }), /at most six decimals/],
    ['a default stop wider than the widest', bot({ defaultStopDistance: 0.2 }), /defaultStopDistance is 0\.2: .*maxStopDistance, 0\.1/],
    ['half a position', bot({ maxConcurrentPositions: 1.5 }), /maxConcurrentPositions is 1\.5: write a whole number/],
    ['an age without a unit', bot({ maxSignalAge: 'soon' }), /maxSignalAge is "soon": write a time/],
    ['a misspelt word', bot({ onStaleEntry: 'reset' }), /onStaleEntry is "reset": did you mean 'rest'\?/],
    ['truth as text', bot({ breakeven: 'yes' }), /breakeven is "yes": write true or false/],
    ['a misspelt option', bot({ riskPerTade: 0.01 }), /^bots\[0\]\.riskPerTade is 0\.01: did you mean riskPerTrade\?/],
    ['an option in another spelling', bot({ max_leverage: 3 }), /did you mean maxLeverage\?/],
    ['an option nobody knows', fleet({ colour: 'red' }), /^colour is "red": there is no such option; the options are mode/],
    ['no id', fleet({ bots: [{}] }), /^bots\[0\]\.id is missing/],
    ['an empty id', bot({ id: '' }), /^bots\[0\]\.id is ""/],
    ['an id of odd characters', bot({ id: 'a/../b' }), /^bots\[0\]\.id is/],
    ['an id that ends in a blank', bot({ id: 'Sentient ' }), /^bots\[0\]\.id is "Sentient "/],
    ['an id that means everyone', bot({ id: 'all' }), /ALL addresses every bot/],
    ['every bot disabled', bot({ enabled: false }), /enable at least one/],
    ['a paper exchange that is none', fleet({ paper: 'strict' }), /^paper is "strict": write how the paper exchange is/],
    ['limits misspelt', fleet({ paper: { limits: 'onn' } }), /^paper\.limits is "onn": write 'on', 'off', or some of/],
    ['a limit misspelt', fleet({ paper: { limits: ['ip', 'adress'] } }), /^paper\.limits is .*did you mean 'address'\? Write 'on'/],
    ['connections in between', fleet({ paper: { connections: 11 } }), /^paper\.connections is 11: write 10 or 100$/],
    ['a latency misspelt', fleet({ paper: { latency: 'rael' } }), /^paper\.latency is "rael": did you mean 'real'\?.*or the delays in ms/],
    ['a delay misspelt', fleet({ paper: { latency: { replay: 60 } } }), /^paper\.latency\.replay is 60: did you mean reply\?$/],
    ['a delay too long', fleet({ paper: { latency: { feed: 60_001 } } }), /^paper\.latency\.feed is 60001: write a whole number/],
    ['an option of the paper exchange misspelt', fleet({ paper: { limit: 'on' } }), /^paper\.limit is "on": did you mean limits\?$/],
    ['a restart that gets shorter', fleet({ restart: { firstDelay: '20s' } }), /^restart\.maxDelay is 10000/],
    ['live', fleet({ mode: 'live' }), /^mode is "live": this version trades only on its own paper exchange/],
    ['no mode', { bots: [{ id: 'Sentient' }] }, /^mode is missing: write mode: 'paper'/],
    ['an environment name that is none', bot({ keyEnv: 'MY KEY' }), /keyEnv is "MY KEY": write the name of an environment variable/],
  ])('%s is told with field, value and remedy', (_name, options, message) => {
    expect(refusals(options)).toEqual([expect.stringMatching(message)]);
  });

  it('does not hide another: all are told at once', () => {
    const found = refusals({ mode: 'live', bots: [{ id: 'A', maxLeverage: 0, speling: 1 }, { id: 'a' }], pollIntervalMs: -1 });
    expect(found).toHaveLength(5);
  });

  it('of a signals database that is one of the fleet’s own files names the file, however it is written', () => {
    for (const signalsDb of [
      'ledger.db',
      './fleet.log',
      '../data/status.json',
      '/srv/fleet/data/fleet.lock',
      'ledger.db-wal',
      'Ledger.DB',
    ]) {
      expect(refusals(fleet({ signalsDb })), signalsDb).toEqual([
        expect.stringMatching(/^signalsDb is ".*": the fleet keeps something else in \/srv\/fleet\/data\/.*; name a file of its own/),
      ]);
    }
    for (const signalsDb of ['signals.db', '../ledger.db', '/elsewhere/ledger.db']) expect(refusals(fleet({ signalsDb }))).toEqual([]);
  });

  it('of two bots with one id, in whatever case, names both', () => {
    expect(refusals(fleet({ bots: [{ id: 'Sentient' }, { id: 'SENTIENT' }] }))).toEqual([
      expect.stringMatching(/^bots\[1\]\.id .*bots\[0\] has the same/),
    ]);
  });

  it('stops defineFleet with all of them, and a good fleet comes out frozen', () => {
    expect(() => defineFleet({ mode: 'paper', bots: [{ id: 'A', maxLeverage: 0 }, { id: 'a' }] })).toThrow(FleetConfigError);
    expect(Object.isFrozen(defineFleet({ mode: 'paper', bots: [{ id: 'A' }] }).bots[0])).toBe(true);
  });
});

describe('keys', () => {
  const two = (more: readonly [object, object]) =>
    fleet({
      bots: [
        { id: 'A', ...more[0] },
        { id: 'B', ...more[1] },
      ],
    });

  it('written into the file are refused and never repeated', () => {
    for (const secret of [KEY, `0x${KEY}`, 'abandon '.repeat(12).trim()]) {
      for (const field of ['keyEnv', 'accountEnv', 'privateKey', 'id']) {
        const said = refusals(bot({ [field]: secret })).join('\n');
        expect(said).toMatch(/hidden, since it looks like a private key/);
        expect(said).not.toContain(secret.slice(2, 20));
      }
    }
  });

  it('that have become the name of an option are refused and never repeated', () => {
    for (const secret of [KEY, `0x${KEY}`, 'abandon '.repeat(12).trim()]) {
      for (const wrong of [bot({ [secret]: 1 }), { ...fleet({ bots: [{ id: 'A' }] }), [secret]: true }]) {
        const said = refusals(wrong).join('\n');
        expect(said).toMatch(/hidden, since it looks like a private key.*no such option/);
        expect(said).not.toContain(secret.slice(2, 20));
      }
    }
  });

  it('named twice are refused', () => {
    expect(refusals(two([{ keyEnv: 'K' }, { keyEnv: 'K' }]), { K: KEY })).toEqual([
      expect.stringMatching(/^bots\[1\]\.keyEnv is "K": bots\[0\] has the same/),
    ]);
  });

  it('are not looked at where nothing is signed', () => {
    const options = bot({ keyEnv: 'SENTIENT_KEY', accountEnv: 'SENTIENT_ACCOUNT' });
    expect(refusals(options)).toHaveLength(2);
    expect(resolveFleet(options, null, BASE)).toMatchObject({ kind: 'ok' });
  });

  it('that are the same under two names are refused without being shown', () => {
    const said = refusals(two([{ keyEnv: 'K1' }, { keyEnv: 'K2' }]), { K1: KEY, K2: `0x${KEY.toUpperCase()}` });
    expect(said).toEqual([expect.stringMatching(/^bots\[1\]\.keyEnv is "K2": K1 of bots\[0\]\.keyEnv holds the same key/)]);
    expect(said.join().toLowerCase()).not.toContain(KEY);
  });

  it('that are not set, or are no keys, are told by the variable’s name alone', () => {
    expect(refusals(bot({ keyEnv: 'K' }))).toEqual([
      expect.stringMatching(/^bots\[0\]\.keyEnv is "K": it names a variable that is not set/),
    ]);
    const said = refusals(bot({ keyEnv: 'K' }), { K: 'hunter2' });
    expect(said).toEqual([expect.stringMatching(/holds no private key/)]);
    expect(said.join()).not.toContain('hunter2');
  });

  it('of disabled bots are not asked for', () => {
    expect(refusals(two([{}, { keyEnv: 'UNSET', enabled: false }]))).toEqual([]);
  });

  it('that hold an address are judged by its case as it was written, and named with the remedy', () => {
    const judged: string[] = [];
    const hasWrongChecksum = (address: string): boolean => judged.push(address) > 0;
    const env = { K1: KEY, A1: ` 0x${'cD'.repeat(20)}` };
    const resolved = resolveFleet(bot({ keyEnv: 'K1', accountEnv: 'A1' }), env, { ...BASE, hasWrongChecksum });
    expect(resolved.kind === 'errors' ? resolved.errors.map(({ message }) => message) : []).toEqual([
      expect.stringMatching(/^bots\[0\]\.accountEnv is "A1": it names a variable whose address is mistyped: .* copy it again from/),
    ]);
    expect(judged).toEqual([`0x${'cD'.repeat(20)}`]);
  });

  it('of two bots may differ where the accounts must too', () => {
    const address = `0x${'cd'.repeat(20)}`;
    const env = { K1: KEY, K2: 'ef34'.repeat(16), A1: address, A2: address };
    expect(
      refusals(
        two([
          { keyEnv: 'K1', accountEnv: 'A1' },
          { keyEnv: 'K2', accountEnv: 'A2' },
        ]),
        env,
      ),
    ).toEqual([expect.stringMatching(/^bots\[1\]\.accountEnv .*holds the same address/)]);
  });
});
