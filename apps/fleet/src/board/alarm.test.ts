import { describe, expect, it } from 'vitest';
import { alarmOf, reliefOf } from './alarm.ts';

const BTC = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const room = { bot: 'Sentient', instruments: new Map([['BTC', BTC]]) };
const told = (phrase: string, detail: Parameters<typeof alarmOf>[0]['detail']) => alarmOf({ phrase, detail }, room);
const AT = '2025-09-04T19:47:22.150Z';

describe('an alert', () => {
  it.each([
    [
      'money was taken out from outside',
      { what: 'withdrawal', usd: '4290.136009', at: AT },
      /^ALERT \$4,290\.13 was taken out from outside \(withdrawal\) at 19:47:22: what is held stays covered/,
    ],
    [
      'difference',
      { what: 'cash', amount: '-250 USD', since: AT, rule: 'shown' },
      /by -250 USD since 19:47:22: shown; .* "Sentient" ACKNOWLEDGE/,
    ],
    [
      'foreign fill',
      { coin: 'BTC', side: 'buy', px: 1_097_880, sz: 1_000, dir: 'Open Long' },
      /BTC: bought 0\.01 at \$109,788 by no order/,
    ],
    [
      'closed what others held',
      { coin: 'BTC', side: 'sell', px: 1_000_000, sz: 2_000, ofSz: 10_000 },
      /BTC: an order of ours sold 0\.02 at \$100,000 of what others held, since more of ours had filled than was known/,
    ],
    ['foreign fills', { count: 10_000, coins: 'BTC,ETH' }, /10000 fills on BTC, ETH by no order of the fleet: left alone/],
    [
      'foreign fill',
      { coin: 'NEW', side: 'sell', px: 5, sz: 7, dir: 'Open Short' },
      /NEW: sold 7 lots at 5 ticks by no order of the fleet/,
    ],
    [
      'foreign orders or positions seen',
      { coins: 'BTC,ETH' },
      /not the fleet's on BTC, ETH: left alone, .* "Sentient" CLOSE_ALL --foreign/,
    ],
    [
      'command not obeyed',
      { command: 'CLOSEALL', reason: 'unknown command "CLOSEALL"; known are PAUSE' },
      /^ALERT the command "CLOSEALL" did nothing: unknown command "CLOSEALL"; known are PAUSE; .* npx admin_controls "Sentient" gives it$/,
    ],
    [
      'liquidated by the venue',
      { coin: 'BTC', px: 1_000_000, sz: 10, dir: 'Close Long' },
      /BTC: 0\.0001 liquidated by the venue at \$100,000/,
    ],
    [
      'the stop lies beyond liquidation',
      { coin: 'BTC', stopPx: 900_000, liquidationPx: 910_000.5, remedy: 'pay money in' },
      /BTC: the stop \$90,000 lies beyond the liquidation price \$91,000: pay money in/,
    ],
    ['key disowned', { bot: 'Sentient', reason: 'Must deposit' }, /the venue disowns the key: Must deposit$/],
    ['key ends soon', { left: '6 d', remedy: 'approve a new key for this bot' }, /ends, left: 6 d; approve a new key for this bot$/],
    ['clock is off', { skewMs: 3_600_000, remedy: 'the clock is 1 h ahead' }, /^ALERT the clock is 1 h ahead$/],
    [
      'health degraded',
      { from: 'normal', to: 'degraded', reasons: 'reads have been failing for 2 s' },
      /degraded, it was normal: reads have/,
    ],
    ['close sent', { coin: 'BTC', sz: 1_000, reason: 'no stop' }, /^ALERT BTC closing 0\.01$/],
    ['fill monitor silent', {}, /says nothing: the signal worker keeps stops and targets meanwhile, and entries wait/],
    ['something new', { a: 1, b: null }, /^ALERT something new: a 1, b null$/],
    ['bare', {}, /^ALERT bare$/],
  ])('%s is a sentence with what a person needs', (phrase, detail, text) => {
    expect(told(phrase, detail)).toEqual({ text: expect.stringMatching(text), mood: 'bad' });
    expect(told(phrase, detail).text).not.toMatch(/[{}]|undefined|NaN|\?/);
  });

  it('whose figures are missing is still told', () => {
    expect(told('foreign fill', { coin: 'BTC', side: 'buy' }).text).toContain('BTC: bought ? lots at ? ticks');
    expect(told('money was taken out from outside', { usd: 'much', at: 'once', what: 'gift' }).text).toContain('$much was taken out');
  });
});

it.each([
  ['health', { from: 'degraded', to: 'normal', reasons: '' }, 'normal again, it was degraded'],
  ['health', { from: 'critical', to: 'degraded', reasons: 'better again' }, 'better: degraded, it was critical: better again'],
  ['clock is off', {}, "this machine's clock agrees with the venue's again"],
  ['difference', { what: 'cash', amount: '-1 USD' }, 'the difference of -1 USD is explained'],
  ['difference', { amount: '-1 USD, 0.1 ETH', by: 'an operator' }, 'the difference of -1 USD, 0.1 ETH was taken as it is by an operator'],
  ['fill monitor silent', {}, 'the fill monitor is back and keeps stops and targets again'],
  ['foreign orders or positions seen', { coins: '' }, "no order or position is left that is not the fleet's: entries may go there again"],
  ['key ends soon', {}, 'the approval of the key was renewed'],
  ['the stop lies beyond liquidation', { coin: 'BTC' }, 'BTC: the stop lies inside the liquidation price again'],
] as const)('the end of “%s” is a plain line', (phrase, detail, text) => {
  expect(reliefOf({ phrase, detail })).toEqual({ text, mood: 'plain' });
});
