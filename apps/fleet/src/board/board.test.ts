import { fineTicks, lots, microUsd, ticks } from '@hyperfleet/trading';
import { expect, test } from 'vitest';
import { happeningLine, layOut } from './layout.ts';
import { inColour, paintFor, plainly, width } from './paint.ts';
import { sentenceOf } from './sentence.ts';
import type { BotView, FleetView } from './view.ts';
import { duration, gain, money, price, size } from './words.ts';

const BTC = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const ETH = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
const START_MS = Date.UTC(2025, 8, 4, 19, 46, 56);

const ALCHEMIST: BotView = {
  id: 'Apprentice Alchemist',
  state: 'active',
  condition: {
    health: { state: 'normal', reasons: [], betterSinceMs: null },
    hearing: 'poll',
    nakedBoundMs: 2_640,
    isBoundMeasured: true,
    skewMs: 0,
    keyUntilMs: null,
  },
  equity: microUsd(10_012_319_999),
  equityStart: microUsd(10_000_000_000),
  differences: [],
  holdings: [
    {
      instrument: BTC,
      szi: lots(9_120),
      entryPx: ticks(1_098_000),
      resting: false,
      direction: 'long',
      stopPx: ticks(1_098_660),
      isBreakeven: true,
      mark: fineTicks(1_099_350_500),
      unrealizedPnl: microUsd(12_319_999),
    },
    {
      instrument: ETH,
      szi: lots(0),
      entryPx: ticks(426_850),
      resting: true,
      direction: 'short',
      stopPx: null,
      isBreakeven: false,
      mark: fineTicks(426_900_000),
      unrealizedPnl: null,
    },
  ],
  last: null,
};

const VIEW: FleetView = {
  mode: 'paper',
  nowMs: START_MS + 600_000,
  startMs: START_MS,
  endMs: START_MS + 2_088_000,
  speed: 10,
  bots: [
    ALCHEMIST,
    { id: 'Sentient', state: 'paused', condition: null, equity: null, equityStart: null, differences: [], holdings: [], last: null },
  ],
  marks: [
    { instrument: BTC, mark: fineTicks(1_099_350_500) },
    { instrument: ETH, mark: null },
  ],
  happenings: Array.from({ length: 30 }, (_, index) => ({
    atMs: START_MS + index * 1_000,
    who: 'Sentient',
    what: { text: `BTC news ${index}`, mood: 'plain' as const },
  })),
  ending: null,
};

test('money, prices and sizes read as a trader writes them', () => {
  expect(money(microUsd(10_012_319_999))).toBe('10,012.31');
  expect(money(microUsd(-4_009_000))).toBe('−4.01');
  expect(money(microUsd(-4_000_000))).toBe('−4.00');
  expect(gain(microUsd(12_310_000))).toBe('+12.31');
  expect(gain(microUsd(9_999))).toBe('0.00');
  expect(gain(microUsd(-9_999))).toBe('−0.01');
  expect(price(ticks(1_098_660), BTC)).toBe('109,866');
  expect(price(ticks(426_850), ETH)).toBe('4,268.5');
  expect(size(-9_120, BTC)).toBe('0.0912');
  expect(duration(2_088_000)).toBe('34:48');
  expect(duration(3_723_000)).toBe('1:02:03');
});

test('the whole board shows each bot, its positions with their stops, and the newest happenings', () => {
  const lines = layOut(VIEW, { columns: 140, rows: 40 }, plainly);
  expect(lines[0]).toContain('HYPERFLEET  paper  19:56:56 UTC  ×10');
  expect(lines[0]).toContain('10:00 of 34:48');
  expect(lines[3]).toMatch(
    /^Apprentice Alchemist active +10,012\.31 +\+12\.31 +BTC +long 0\.0912 +109,800 +109,935 +BE 109,866 +\+12\.31 +ask 2\.6 s$/,
  );
  expect(lines[4]).toMatch(/^ +ETH +short waits +4,268\.5 +4,269$/);
  expect(lines[5]).toMatch(/^Sentient +paused +flat$/);
  expect(lines.at(-1)).toContain('BTC news 29');
});

test('a bot at work shows how well it stands, one that is paused or halted that it is', () => {
  const { condition } = ALCHEMIST;
  if (condition === null) throw new Error('the sample has a condition');
  const health = { state: 'critical', reasons: ['actions have been failing for 3 s'], betterSinceMs: null } as const;
  const stateOf = (state: string): string | undefined =>
    layOut(
      { ...VIEW, bots: [{ ...ALCHEMIST, state, condition: { ...condition, health } }] },
      { columns: 140, rows: 40 },
      plainly,
    )[3]?.slice(21, 32);
  expect([stateOf('active'), stateOf('halted')]).toEqual(['critical   ', 'halted     ']);
});

test.each([
  [79, /^Sentient +halted +9,[\d,.]+ +flat$/],
  [60, /^Sentient +halted +flat$/],
])('a terminal of %i columns still shows that a bot is halted', (columns, line) => {
  const bots = [{ ...ALCHEMIST, id: 'Sentient', state: 'halted', equity: microUsd(9_900_000_000), holdings: [] }];
  expect(layOut({ ...VIEW, bots }, { columns, rows: 40 }, plainly)[3]).toMatch(line);
});

test('a bound that nothing was measured for is shown as none', () => {
  const { condition } = ALCHEMIST;
  if (condition === null) throw new Error('the sample has a condition');
  const bots = [{ ...ALCHEMIST, condition: { ...condition, nakedBoundMs: 0, isBoundMeasured: false } }];
  expect(layOut({ ...VIEW, bots }, { columns: 140, rows: 40 }, plainly)[3]).toMatch(/ unmeasured$/);
});

test('no line is wider and no board higher than the terminal, painted or not', () => {
  for (const paint of [plainly, inColour]) {
    for (const columns of [20, 40, 60, 79, 100, 115, 200]) {
      for (const rows of [4, 8, 24]) {
        const lines = layOut(VIEW, { columns, rows }, paint);
        expect(lines.length).toBeLessThanOrEqual(rows);
        if (columns >= 40) expect(Math.max(...lines.map(width)), `${columns}`).toBeLessThanOrEqual(columns);
      }
    }
  }
});

test('NO_COLOR, a dumb terminal and a pipe are left unpainted', () => {
  expect(paintFor({ isTTY: true }, {})).toBe(inColour);
  expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(plainly);
  expect(paintFor({ isTTY: true }, { TERM: 'dumb' })).toBe(plainly);
  expect(paintFor({}, {})).toBe(plainly);
});

const say = (what: string, detail: Record<string, string | number | boolean | null>, netPnl: number | null = null) =>
  sentenceOf({ coin: 'BTC', what, detail }, { instrument: BTC, netPnl: netPnl === null ? null : microUsd(netPnl) });

test('news of a trade are sentences, and routine is left out', () => {
  expect(say('entry sent', { px: 1_098_000, sz: 9_120, stopPx: 1_076_000, targets: 3, boundBy: 'risk' })?.text).toBe(
    'BTC long 0.0912 at $109,800, stop $107,600, 3 targets (size by risk)',
  );
  expect(say('fill', { role: 'tp1', side: 'sell', px: 1_099_000, sz: 3_040 })?.text).toBe('BTC sold 0.0304 at $109,900 (TP1)');
  expect(say('breakeven', { stopPx: 1_098_660, sz: 6_080 })).toEqual({ text: 'BTC stop moved to breakeven at $109,866', mood: 'good' });
  expect(say('settled', { status: 'closed', reason: null }, -12_345_678)).toEqual({ text: 'BTC closed, net −12.35 USD', mood: 'bad' });
  expect(say('stop waiting', { role: 'stop', state: 'waiting', cloid: '0x1' })).toBeNull();
  expect(say('stop rejected', { role: 'stop', state: 'rejected', cloid: '0x1', reason: 'Invalid TP/SL price' })?.text).toBe(
    'BTC stop rejected: Invalid TP/SL price',
  );
  expect(say('something new', {})?.text).toBe('BTC something new');
});

test('a happening is one line with time, bot and sentence', () => {
  const line = happeningLine({ atMs: START_MS, who: 'Sentient', what: { text: 'BTC entry rests', mood: 'plain' } }, 60, plainly);
  expect(line).toBe('19:46:56  Sentient              BTC entry rests');
});

test('whatever a signal says stays on its line and commands no terminal', () => {
  const happening = { atMs: START_MS, who: 'Sentient', what: { text: 'NOP\nE\u001b[2J refused\u2028', mood: 'plain' as const } };
  expect(happeningLine(happening, 10_000, plainly)).toMatch(/NOP E \[2J refused $/);
  expect(happeningLine(happening, 40, plainly)).not.toMatch(/\p{Cc}/u);
});
