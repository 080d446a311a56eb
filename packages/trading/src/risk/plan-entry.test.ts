import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fresh, freshView, type MarketView } from '../book.ts';
import { type Instrument, isValidPrice } from '../instrument.ts';
import type { ParsedSignal } from '../signal.ts';
import { LIMITS } from '../testing/entry-limits.ts';
import { lots, microUsd, ticks } from '../units.ts';
import type { AccountForSizing, EntryLimits } from './limits.ts';
import { type EntryPlan, type EntrySight, planEntry } from './plan-entry.ts';

type Entry = Extract<ParsedSignal, { kind: 'entry' }>;

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const usd = (dollars: number) => microUsd(Math.round(dollars * 1_000_000));
const ACCOUNT: AccountForSizing = { equity: usd(10_000), freeMargin: usd(10_000), exposure: usd(0), openTrades: 0 };
const SIGNAL: Entry = {
  kind: 'entry',
  coinText: 'BTC',
  direction: 'long',
  entryPx: '65000',
  stopPx: '63700',
  targets: ['66000', '67000'],
  spot: false,
  createdAtMs: 0,
  createdAtHasFraction: false,
};

/** A fresh view with these best prices in ticks. */
function viewAt(bidPx: number, askPx: number, mark: MarketView['mark'] = null): Fresh<MarketView> {
  const [bid, ask] = [
    { px: ticks(bidPx), sz: lots(100_000) },
    { px: ticks(askPx), sz: lots(100_000) },
  ];
  const view = {
    coin: 'BTC',
    bids: [bid],
    asks: [ask],
    bid,
    ask,
    lastPrint: null,
    mark,
    fundingRateE10: null,
    exchangeTimeMs: 0,
    receivedAtMs: 0,
  };
  const fresh = freshView(view, 0, 1);
  if (fresh === null) throw new Error('a view of now is fresh');
  return fresh;
}

interface Change {
  readonly signal?: Partial<Entry>;
  readonly instrument?: Partial<Instrument>;
  readonly account?: Partial<AccountForSizing>;
  readonly limits?: Partial<EntryLimits>;
  /** Mid in dollars. */
  readonly mid?: number;
  readonly mark?: number;
}

function judge(change: Change) {
  const instrument = { ...BTC, ...change.instrument };
  const perDollar = 10 ** (6 - instrument.szDecimals);
  const mid = Math.round((change.mid ?? 65_000) * perDollar);
  const mark = change.mark === undefined ? null : (Math.round(change.mark * perDollar * 1000) as MarketView['mark']);
  const see: EntrySight = {
    instrument,
    view: viewAt(mid - 1, mid + 1, mark),
    account: { ...ACCOUNT, ...change.account },
    limits: { ...LIMITS, ...change.limits },
  };
  return planEntry({ ...SIGNAL, ...change.signal }, see);
}

const planned = (change: Change): EntryPlan => {
  const verdict = judge(change);
  if (verdict.kind === 'refused') throw new Error(verdict.reason);
  return verdict.plan;
};
const refusal = (change: Change): string => {
  const verdict = judge(change);
  return verdict.kind === 'refused' ? verdict.reason : 'planned';
};

describe('an ordinary entry', () => {
  test('is sized by its risk, with a stop ten percent of slippage wide and its targets outward', () => {
    // $200 of risk over $1300 is 0.1538 BTC = $10,000: the leverage cap of 1 binds just below.
    expect(planned({ limits: { maxLeverage: 5 } })).toMatchObject({
      coin: 'BTC',
      direction: 'long',
      entryPx: 650_000,
      tif: 'gtc',
      sz: 15_384,
      stopTrigger: 637_000,
      stopLimit: 573_300,
      targets: [660_000, 670_000],
      boundBy: 'risk',
    });
  });

  test('is capped by leverage, the lower of the bot and the coin', () => {
    expect(planned({ signal: { stopPx: '64900' } })).toMatchObject({ sz: 15_384, boundBy: 'leverage' });
    const capped = planned({ signal: { stopPx: '64900' }, limits: { maxLeverage: 20 }, instrument: { maxLeverage: 3 } });
    // The coin's 3 times would be $30,000; margin with fees and 5 % to spare binds before.
    expect(capped).toMatchObject({ boundBy: 'margin' });
    expect(capped.sz * capped.entryPx).toBeLessThan(30_000 * 1e6);
  });

  test('is capped by what all positions may be together', () => {
    const room = planned({ account: { exposure: usd(9000) }, limits: { maxLeverage: 5, maxTotalLeverage: 1 } });
    expect(room).toMatchObject({ boundBy: 'total leverage', sz: 1538 });
    expect(refusal({ account: { exposure: usd(12_000) }, limits: { maxTotalLeverage: 1 } })).toMatch(
      /^total leverage .*minimum order is \$10\.00$/,
    );
  });

  test('is capped by free margin', () => {
    const { sz, entryPx, boundBy } = planned({ account: { freeMargin: usd(10) } });
    expect(boundBy).toBe('margin');
    expect((sz * entryPx) / 40 + 2 * sz * entryPx * 0.00045).toBeLessThanOrEqual(9.5e6);
    expect(refusal({ account: { freeMargin: usd(0) } })).toMatch(/^margin /);
  });

  test('notes which limit bound and in dollars', () => {
    expect(planned({}).notes).toEqual(['size 0.15384 BTC ($9999.60) set by risk: 2 % of $10000.00 lost at the stop']);
  });
});

describe('the stop', () => {
  test('stands at the default distance where none is given, rounded toward the entry', () => {
    expect(planned({ signal: { stopPx: null } }).stopTrigger).toBe(617_500);
    expect(planned({ signal: { stopPx: null, direction: 'short', targets: [] } }).stopTrigger).toBe(682_500);
    expect(planned({ signal: { entryPx: '65001', stopPx: null } }).stopTrigger).toBe(617_510);
  });

  test('finer than a tick is rounded toward the entry, never away', () => {
    expect(planned({ signal: { stopPx: '63700.123' } }).stopTrigger).toBe(637_010);
    expect(planned({ signal: { direction: 'short', stopPx: '66300.9', targets: ['64000'] } }).stopTrigger).toBe(663_000);
  });

  test('on the wrong side of the entry, or equal to it, is refused', () => {
    expect(refusal({ signal: { stopPx: '65000' } })).toBe('the stop $65000 (stop_loss 65000) equals the entry $65000 of a long');
    expect(refusal({ signal: { stopPx: '66000' } })).toMatch(/is above the entry/);
    expect(refusal({ signal: { direction: 'short', stopPx: '64000', targets: [] } })).toMatch(/is below the entry \$65000 of a short/);
    expect(refusal({ signal: { stopPx: '64999.5' } })).toMatch(/equals the entry/);
  });

  test('of its own distance that rounds onto the entry is refused without naming a column that was not given', () => {
    expect(refusal({ signal: { entryPx: '65000', stopPx: null }, limits: { defaultStopDistancePpm: 1 } })).toBe(
      'the stop $65000 equals the entry $65000 of a long',
    );
  });

  test('wider than allowed is tightened and noted', () => {
    const plan = planned({ signal: { stopPx: '50000' } });
    expect(plan.stopTrigger).toBe(585_000);
    expect(plan.notes[0]).toBe('stop $50000 is 23.07 % from the entry; tightened to the widest allowed, 10 %: $58500');
    expect(planned({ signal: { stopPx: '58500' } }).stopTrigger).toBe(585_000);
  });

  test('already passed by the mid or the mark is refused', () => {
    expect(refusal({ mid: 63_600 })).toBe('the market has already passed the stop $63700');
    expect(refusal({ mid: 63_800, mark: 63_690 })).toMatch(/already passed the stop/);
    expect(refusal({ mid: 68_000, signal: { direction: 'short', stopPx: '67000', targets: [] } })).toMatch(/already passed the stop/);
  });
});

describe('the targets', () => {
  test('are sorted outward, and one on the wrong side, passed or stated twice is dropped and noted', () => {
    const plan = planned({ signal: { targets: ['68000', '64000', '66000', '65100', '68000.0'] }, mid: 65_200 });
    expect(plan.targets).toEqual([660_000, 680_000]);
    expect(plan.notes.slice(0, 3)).toEqual([
      'target $64000 dropped: not on the winning side of the entry $65000',
      'target $65100 dropped: the market has already passed it',
      'target $68000 dropped: stated twice',
    ]);
  });

  test('given and all dropped is a refusal, none given is not', () => {
    expect(refusal({ signal: { targets: ['64000'] } })).toMatch(/^no target is left: target \$64000 dropped/);
    expect(planned({ signal: { targets: [] } }).targets).toEqual([]);
  });

  test('reached by the mark price is a refusal', () => {
    expect(refusal({ mark: 66_000 })).toBe('the mark price has already reached the first target $66000');
  });

  test('of a short are reached by a mark at or below the first', () => {
    const short = { direction: 'short', stopPx: '66300', targets: ['64000', '63000'] } as const;
    expect(refusal({ signal: short, mark: 64_000 })).toMatch(/mark price has already reached the first target \$64000/);
    expect(refusal({ signal: short, mark: 64_001 })).toBe('planned');
    expect(refusal({ signal: short, mark: 66_300 })).toMatch(/already passed the stop/);
  });

  test('of a short run down', () => {
    const plan = planned({ signal: { direction: 'short', stopPx: '66300', targets: ['63000', '64000.57'] } });
    expect(plan.targets).toEqual([640_000, 630_000]);
    expect(plan.stopLimit).toBe(729_300);
  });
});

describe('the entry price', () => {
  test('finer than a tick waits rather than pays more', () => {
    expect(planned({ signal: { entryPx: '65000.99' } }).entryPx).toBe(650_000);
    expect(planned({ signal: { entryPx: '65000.01', direction: 'short', stopPx: '66300', targets: [] } }).entryPx).toBe(650_010);
  });

  test('more than ten times off the mid is absurd, whichever price it is', () => {
    expect(refusal({ signal: { entryPx: '650001' }, mid: 65_000 })).toBe(
      'entry_1 $650001 is absurd: more than 10 times off the mid of BTC, $65000',
    );
    expect(refusal({ signal: { entryPx: '6499' } })).toMatch(/^entry_1 \$6499 is absurd/);
    expect(refusal({ signal: { stopPx: '6400' } })).toMatch(/^stop_loss \$6400 is absurd/);
    expect(refusal({ signal: { targets: ['66000', '650001'] } })).toMatch(/^target \$650001 is absurd/);
    expect(refusal({ signal: { entryPx: '99999999999999999999999999' } })).toMatch(/is absurd/);
  });

  test('far from the market rests, is refused, or is taken at a bounded market price', () => {
    const far = { mid: 66_400, signal: { targets: ['70000'] } };
    expect(planned(far)).toMatchObject({ entryPx: 650_000, tif: 'gtc' });
    expect(planned(far).notes[0]).toMatch(/^the market is 2\.15 % away from entry_1 \$65000; the entry rests there$/);
    expect(refusal({ ...far, limits: { onStaleEntry: 'refuse' } })).toMatch(/refuses entries more than 2 % away$/);
    const taken = planned({ ...far, limits: { onStaleEntry: 'market', maxLeverage: 5 } });
    // 66400.1 and 1 % is 67064.101, up to a whole dollar; the stop keeps its price and the size shrinks with the distance.
    expect(taken).toMatchObject({ tif: 'ioc', entryPx: 670_650, stopTrigger: 637_000, boundBy: 'risk', sz: 5943 });
  });

  test('cannot be judged by a book of one side', () => {
    const see = { instrument: BTC, account: ACCOUNT, limits: LIMITS };
    for (const side of ['bid', 'ask'] as const) {
      const verdict = planEntry(SIGNAL, { ...see, view: { ...viewAt(649_999, 650_001), [side]: null } });
      expect(verdict).toEqual({ kind: 'refused', reason: expect.stringContaining('has only one side') });
    }
  });

  test('exactly at the stale distance is not stale', () => {
    expect(planned({ mid: 66_300, signal: { targets: [] }, limits: { onStaleEntry: 'refuse' } }).tif).toBe('gtc');
    expect(refusal({ mid: 66_300.1, signal: { targets: [] }, limits: { onStaleEntry: 'refuse' } })).toMatch(/away/);
  });

  test('at market must still have its stop and its targets on their sides', () => {
    const market = { onStaleEntry: 'market' } as const;
    expect(refusal({ mid: 66_400, limits: market, signal: { targets: ['67000'] } })).toMatch(/^no target is left/);
    const bound = {
      mid: 62_000,
      limits: market,
      signal: { direction: 'short', entryPx: '65000', stopPx: '66000', targets: ['60000'] },
    } as const;
    expect(planned(bound)).toMatchObject({ tif: 'ioc', entryPx: 613_790, stopTrigger: 660_000 });
    expect(refusal({ mid: 63_400, limits: { ...market, maxStopDistancePpm: 20_000 }, signal: { targets: [], stopPx: '64000' } })).toMatch(
      /already passed the stop/,
    );
  });
});

describe('what may not be entered at all', () => {
  test('spot, a forbidden direction, too many trades, a delisted or isolated-only coin', () => {
    expect(refusal({ signal: { spot: true } })).toMatch(/spot/);
    expect(refusal({ limits: { allowedDirections: 'short' } })).toBe('this bot may only go short, and the signal is long');
    expect(refusal({ account: { openTrades: 3 } })).toMatch(/^3 trades are open or resting already/);
    expect(refusal({ instrument: { isDelisted: true } })).toMatch(/delisted/);
    expect(refusal({ instrument: { onlyIsolated: true } })).toMatch(/isolated/);
  });

  test('a size under the minimum, naming both amounts', () => {
    expect(refusal({ account: { equity: usd(9), freeMargin: usd(9) } })).toBe(
      "risk (2 % of $9.00 lost at the stop) allows $8.45, and the venue's minimum order is $10.00",
    );
    expect(refusal({ account: { equity: usd(0.5), freeMargin: usd(0.5) } })).toMatch(
      /allows less than one lot of BTC at \$65000, \$0\.00, and/,
    );
  });

  test('an account without equity', () => {
    expect(refusal({ account: { equity: usd(-5), freeMargin: usd(0) } })).toBe("the account's equity is -$5.00: there is nothing to risk");
  });

  test('a size over the venue maximum is absurd at rest and cut at market', () => {
    const rich = { account: { equity: usd(400_000_000), freeMargin: usd(400_000_000) } };
    expect(refusal(rich)).toMatch(/is absurd: over the venue's maximum of \$300000000\.00 for one order$/);
    const cut = planned({ ...rich, mid: 66_400, signal: { targets: [] }, limits: { onStaleEntry: 'market' } });
    expect(cut.boundBy).toBe('venue maximum');
    expect(cut.sz * cut.entryPx).toBeLessThanOrEqual(30_000_000 * 1e6);
  });
});

describe('liquidation', () => {
  test('a stop that would lie beyond it has its size cut until it lies inside with a fifth to spare', () => {
    const plan = planned({
      signal: { stopPx: '58500', targets: [] },
      instrument: { maxLeverage: 10 },
      limits: { maxLeverage: 10, riskPerTradePpm: 900_000 },
    });
    expect(plan.boundBy).toBe('liquidation');
    const distance = liquidationDistance(plan, ACCOUNT, 10);
    expect(plan.entryPx - plan.stopTrigger).toBeLessThanOrEqual(0.8 * distance);
    expect(plan.entryPx - plan.stopTrigger).toBeGreaterThan(0.799 * distance);
  });
});

/** PROTOCOL §7 in plain floats: how far the liquidation price is, the other positions needing half of the margin in use. */
function liquidationDistance(plan: EntryPlan, account: AccountForSizing, maxLeverage: number): number {
  const side = plan.direction === 'long' ? 1 : -1;
  const rate = 1 / (2 * maxLeverage);
  const available = account.equity - (account.equity - account.freeMargin) / 2 - plan.sz * plan.entryPx * rate;
  return available / plan.sz / (1 - rate * side);
}

test('any entry that is planned keeps every limit, is valid at the venue, and is as large as the one that bound allows', () => {
  const sight = fc.record({
    direction: fc.constantFrom('long' as const, 'short' as const),
    szDecimals: fc.integer({ min: 0, max: 5 }),
    maxLeverage: fc.integer({ min: 3, max: 50 }),
    midTicks: fc.integer({ min: 2000, max: 5_000_000 }),
    entryPpm: fc.integer({ min: -60_000, max: 60_000 }),
    stopPpm: fc.oneof(fc.constant(null), fc.integer({ min: 500, max: 200_000 })),
    targetPpms: fc.array(fc.integer({ min: -50_000, max: 400_000 }), { maxLength: 5 }),
    equity: fc.integer({ min: 20, max: 2_000_000 }),
    freePpm: fc.integer({ min: 0, max: 1_000_000 }),
    exposurePpm: fc.integer({ min: 0, max: 2_000_000 }),
    risk: fc.integer({ min: 1000, max: 500_000 }),
    leverage: fc.constantFrom(0.5, 1, 2.5, 5, 20, 50),
    total: fc.constantFrom(null, 1, 3),
    onStaleEntry: fc.constantFrom('rest' as const, 'market' as const),
  });
  let count = 0;
  fc.assert(
    fc.property(sight, (s) => {
      const instrument = { ...BTC, szDecimals: s.szDecimals, maxLeverage: s.maxLeverage };
      const sign = s.direction === 'long' ? 1 : -1;
      const dollars = (px: number): string => (px / 10 ** (6 - s.szDecimals)).toFixed(8);
      const entry = s.midTicks * (1 + s.entryPpm / 1e6);
      const signal: Entry = {
        ...SIGNAL,
        direction: s.direction,
        entryPx: dollars(entry),
        stopPx: s.stopPpm === null ? null : dollars(entry * (1 - (sign * s.stopPpm) / 1e6)),
        targets: s.targetPpms.map((ppm) => dollars(entry * (1 + (sign * ppm) / 1e6))),
      };
      const equity = usd(s.equity);
      const account: AccountForSizing = {
        equity,
        freeMargin: microUsd(Math.floor((equity * s.freePpm) / 1e6)),
        exposure: microUsd(Math.floor((equity * s.exposurePpm) / 1e6)),
        openTrades: 0,
      };
      const limits = {
        ...LIMITS,
        riskPerTradePpm: s.risk,
        maxLeverage: s.leverage,
        maxTotalLeverage: s.total,
        onStaleEntry: s.onStaleEntry,
      };
      const verdict = planEntry(signal, { instrument, view: viewAt(s.midTicks - 1, s.midTicks + 1), account, limits });
      if (verdict.kind === 'refused') return;
      count += 1;
      const { plan } = verdict;
      const distance = sign * (plan.entryPx - plan.stopTrigger);
      const leverage = Math.min(s.leverage, s.maxLeverage);
      const marketMaximum =
        (s.maxLeverage >= 25 ? 30_000_000 : s.maxLeverage >= 20 ? 5_000_000 : s.maxLeverage >= 10 ? 2_000_000 : 500_000) * 1e6;
      /** Whether a size keeps each limit, in exact integers where the rule is one. */
      const keeps = (sz: number): Record<string, boolean> => ({
        risk: BigInt(sz) * BigInt(distance) * 1_000_000n <= BigInt(equity) * BigInt(s.risk),
        leverage: BigInt(sz) * BigInt(plan.entryPx) * 10n <= BigInt(equity) * BigInt(leverage * 10),
        'total leverage': s.total === null || sz * plan.entryPx + account.exposure <= equity * s.total,
        margin:
          BigInt(sz) * BigInt(plan.entryPx) * BigInt(1_000_000 + 2 * 450 * s.maxLeverage) * 100n <=
          95n * BigInt(account.freeMargin) * BigInt(s.maxLeverage) * 1_000_000n,
        liquidation: distance <= 0.8 * liquidationDistance({ ...plan, sz: lots(sz) }, account, s.maxLeverage) * (1 + 1e-12),
        'venue maximum': sz * Math.max(plan.entryPx, plan.stopLimit) <= marketMaximum,
      });
      expect(distance).toBeGreaterThan(0);
      for (const [limit, kept] of Object.entries(keeps(plan.sz))) expect(kept, limit).toBe(true);
      expect(keeps(plan.sz + 1)[plan.boundBy]).toBe(false);
      expect(plan.sz * plan.entryPx).toBeGreaterThanOrEqual(LIMITS.minNotional);
      for (const px of [plan.entryPx, plan.stopTrigger, plan.stopLimit, ...plan.targets]) expect(isValidPrice(px, instrument)).toBe(true);
      expect(sign * (plan.stopTrigger - plan.stopLimit)).toBeGreaterThanOrEqual(0);
      const ladder = [plan.entryPx, ...plan.targets];
      for (const [index, px] of plan.targets.entries()) expect(sign * (px - (ladder[index] ?? px))).toBeGreaterThan(0);
    }),
    { numRuns: 3000 },
  );
  expect(count).toBeGreaterThan(500);
});
