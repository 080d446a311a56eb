import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSignal, type SignalRow } from './signal.ts';

const CREATED = '2025-09-04 19:46:56';
const CREATED_MS = Date.UTC(2025, 8, 4, 19, 46, 56);
const ENTRY: SignalRow = {
  symbol: 'BTC',
  direction: 'long',
  signal_type: 'entry',
  created_at: CREATED,
  entry_1: 65000,
  target_1: 66000,
  stop_loss: 64000,
};
const reasonOf = (row: SignalRow): string => {
  const parsed = parseSignal(row);
  return parsed.kind === 'malformed' ? parsed.reason : parsed.kind;
};

describe('an entry row', () => {
  test('is read with its prices as decimal text', () => {
    expect(parseSignal(ENTRY)).toEqual({
      kind: 'entry',
      coinText: 'BTC',
      direction: 'long',
      entryPx: '65000',
      stopPx: '64000',
      targets: ['66000'],
      spot: false,
      createdAtMs: CREATED_MS,
      createdAtHasFraction: false,
    });
  });

  test('is coerced where it is plain: numbers as text, capitals, blanks', () => {
    const row = {
      ...ENTRY,
      symbol: ' btc/usdt ',
      direction: ' LONG ',
      signal_type: 'Entry',
      entry_1: ' 6.5e4 ',
      target_1: '',
      target_2: null,
      target_3: '67000',
      stop_loss: ' ',
    };
    expect(parseSignal(row)).toMatchObject({
      kind: 'entry',
      coinText: 'btc/usdt',
      direction: 'long',
      entryPx: '65000',
      stopPx: null,
      targets: ['67000'],
    });
  });

  test('keeps the columns an older file lacks absent', () => {
    const { target_1: _target, stop_loss: _stop, ...bare } = ENTRY;
    expect(parseSignal(bare)).toMatchObject({ kind: 'entry', stopPx: null, targets: [] });
  });

  test.each([
    ['long', 'long'],
    ['Bullish', 'long'],
    ['BUY', 'long'],
    ['short', 'short'],
    ['bearish', 'short'],
    ['Sell', 'short'],
  ])('%s is %s', (direction, meant) => expect(parseSignal({ ...ENTRY, direction })).toMatchObject({ direction: meant }));

  test('never has its direction guessed', () => {
    for (const direction of [null, undefined, '', 'up', 'longish', 1])
      expect(reasonOf({ ...ENTRY, direction })).toMatch(/^direction is .*long or short/);
  });

  test('is refused with the column and the value for a price that is none', () => {
    expect(reasonOf({ ...ENTRY, entry_1: null })).toBe('entry_1 is empty: an entry needs a price above zero');
    expect(reasonOf({ ...ENTRY, entry_1: '  ' })).toBe('entry_1 is blank: an entry needs a price above zero');
    expect(reasonOf({ ...ENTRY, entry_1: 'NaN' })).toMatch(/^entry_1 is "NaN", which is no price/);
    expect(reasonOf({ ...ENTRY, entry_1: 0 })).toBe('entry_1 is 0: a price must be above zero');
    expect(reasonOf({ ...ENTRY, entry_1: '-5' })).toBe('entry_1 is "-5": a price must be above zero');
    expect(reasonOf({ ...ENTRY, stop_loss: '64,000' })).toMatch(/^stop_loss is "64,000", which is no price/);
    expect(reasonOf({ ...ENTRY, stop_loss: 0 })).toMatch(/^stop_loss is 0/);
    expect(reasonOf({ ...ENTRY, target_5: 'moon' })).toMatch(/^target_5 is "moon"/);
    expect(reasonOf({ ...ENTRY, target_2: -1 })).toMatch(/^target_2 is -1/);
    expect(reasonOf({ ...ENTRY, entry_1: new Uint8Array(4) })).toMatch(/^entry_1 is binary data/);
  });

  test('is refused without a coin or a readable time', () => {
    expect(reasonOf({ ...ENTRY, symbol: null })).toMatch(/^symbol is empty/);
    expect(reasonOf({ ...ENTRY, created_at: 'yesterday' })).toMatch(/^created_at is "yesterday", which is no time/);
    expect(reasonOf({ ...ENTRY, created_at: null })).toMatch(/^created_at is empty/);
  });

  test('is refused for a symbol that no coin could have, which is never repeated whole', () => {
    for (const signal_type of ['entry', 'exit']) {
      for (const symbol of ['A'.repeat(100_000), 'BTC\nETH', '\u001B[2JBTC', 'BT\u202EC']) {
        const reason = reasonOf({ ...ENTRY, signal_type, symbol });
        expect(reason).toMatch(/^symbol is ".*", which is no coin/);
        expect(reason).not.toMatch(/[\p{Cc}\p{Cf}]|A{50}/u);
      }
    }
  });

  test('tells spot', () => {
    expect(parseSignal({ ...ENTRY, market_type: 'SPOT' })).toMatchObject({ spot: true });
    expect(parseSignal({ ...ENTRY, market_type: 'perp' })).toMatchObject({ spot: false });
  });

  test('shows long and foul text cut and clean', () => {
    const reason = reasonOf({ ...ENTRY, direction: `\u001B[31m${'x'.repeat(500)}` });
    expect(reason.length).toBeLessThan(100);
    expect(reason).not.toContain('\u001B');
  });
});

describe('other rows', () => {
  test('an exit needs a coin alone: its direction, prices and an unreadable time are no hindrance to getting out', () => {
    expect(parseSignal({ symbol: 'eth', signal_type: 'exit', direction: 'nonsense', target_1: 'NaN', created_at: CREATED })).toEqual({
      kind: 'exit',
      coinText: 'eth',
      createdAtMs: CREATED_MS,
    });
    expect(parseSignal({ symbol: 'eth', signal_type: 'exit', created_at: null })).toEqual({
      kind: 'exit',
      coinText: 'eth',
      createdAtMs: 0,
    });
    expect(reasonOf({ signal_type: 'exit', symbol: '', created_at: CREATED })).toMatch(/^symbol is blank/);
  });

  test('anything that is neither entry nor exit is not ours', () => {
    for (const signal_type of ['setup', 'update', '', null, undefined, 7])
      expect(parseSignal({ ...ENTRY, signal_type })).toEqual({ kind: 'not-ours' });
  });

  test('no row whatever makes it throw, and every price let through is above zero', () => {
    const cell = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.bigInt(), fc.boolean(), fc.uint8Array({ maxLength: 3 }));
    const row = fc.record({
      symbol: cell,
      direction: fc.oneof(cell, fc.constant('long')),
      signal_type: fc.constantFrom('entry', 'exit', 'x'),
      created_at: fc.constant(CREATED),
      entry_1: cell,
      stop_loss: cell,
      target_1: cell,
      market_type: cell,
    });
    fc.assert(
      fc.property(row, (values) => {
        const parsed = parseSignal(values);
        if (parsed.kind !== 'entry') return;
        for (const px of [parsed.entryPx, parsed.stopPx ?? '1', ...parsed.targets]) {
          expect(px).toMatch(/^\d+(\.\d+)?$/);
          expect(px).toMatch(/[1-9]/);
        }
      }),
    );
  });
});
