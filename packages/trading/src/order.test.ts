import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closeSide, entrySide, isTerminal, mayBeLive, nextOrderState, type OrderState, opposite } from './order.ts';

const STATES: readonly OrderState[] = ['intent', 'waiting', 'resting', 'triggered', 'filled', 'canceled', 'rejected', 'unknown', 'dead'];
const TERMINAL: readonly OrderState[] = ['filled', 'canceled', 'rejected', 'dead'];
const ON_VENUE: readonly OrderState[] = ['waiting', 'resting', 'triggered'];
const state = fc.constantFrom(...STATES);
/** What streams and answers may tell, in any order and any number of times. */
const news = fc.constantFrom<OrderState>('waiting', 'resting', 'triggered', 'filled', 'canceled', 'rejected', 'unknown');

describe('order states', () => {
  test('a finished order stays as it ended, whatever news comes late', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TERMINAL), state, (from, to) => {
        expect(nextOrderState(from, to)).toBe(from);
      }),
    );
  });

  test('any stream of news keeps an order in one of its states, never un-sends it and never loses its end', () => {
    fc.assert(
      fc.property(fc.array(news, { maxLength: 30 }), (stream) => {
        let now: OrderState = 'intent';
        let wasOnVenue = false;
        for (const next of stream) {
          const before = now;
          now = nextOrderState(now, next);
          if (isTerminal(before)) expect(now).toBe(before);
          else if (TERMINAL.includes(next)) expect(now).toBe(next);
          wasOnVenue ||= ON_VENUE.includes(now);
          expect(['intent', 'dead']).not.toContain(now);
          if (wasOnVenue) expect(now).not.toBe('unknown');
        }
      }),
    );
  });

  test('repeating news changes nothing', () => {
    fc.assert(
      fc.property(fc.array(news, { minLength: 1, maxLength: 20 }), (stream) => {
        const after = (list: readonly OrderState[]): OrderState =>
          list.reduce<OrderState>((now, next) => nextOrderState(now, next), 'intent');
        expect(after(stream.flatMap((next) => [next, next]))).toBe(after(stream));
      }),
    );
  });

  test('only an order nobody has seen can be dead, and going back to intent is a bug', () => {
    for (const from of STATES) {
      if (from === 'intent' || from === 'unknown') expect(nextOrderState(from, 'dead')).toBe('dead');
      if (ON_VENUE.includes(from)) expect(nextOrderState(from, 'dead')).toBe(from);
      if (mayBeLive(from) && from !== 'intent') expect(() => nextOrderState(from, 'intent')).toThrow(`from ${from} to intent`);
    }
  });

  test('terminal and maybe live are opposites', () => {
    for (const each of STATES) {
      expect(isTerminal(each)).toBe(TERMINAL.includes(each));
      expect(mayBeLive(each)).toBe(!TERMINAL.includes(each));
    }
  });

  test('a triggered stop whose rest stays on the book is resting again', () => {
    expect(nextOrderState('triggered', 'resting')).toBe('resting');
    expect(nextOrderState('resting', 'waiting')).toBe('resting');
  });
});

test('sides follow the direction', () => {
  expect([entrySide('long'), closeSide('long'), entrySide('short'), closeSide('short')]).toEqual(['buy', 'sell', 'sell', 'buy']);
  expect(opposite(opposite('buy'))).toBe('buy');
});
