import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { faultNames } from './names.ts';
import { parseFault } from './parse.ts';
import { STRIKES_ON } from './rule.ts';

const names = faultNames(['BTC', 'ETH']);
const parse = (rule: unknown) => parseFault(rule, names);
const USER = `0x${'1'.repeat(40)}`;

describe('the page of faults', () => {
  const page = readFileSync(new URL('../../../../docs/FAULTS.md', import.meta.url), 'utf8');
  const sections = page.split('\n### ').slice(1);

  test('has every kind once, each with an example that is taken', () => {
    expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(STRIKES_ON));
    for (const section of sections) {
      const kind = section.split('\n')[0];
      const example = section.split('\n').find((line) => line.startsWith('    {'));
      expect(parse(JSON.parse(example ?? 'null')).effect.kind).toBe(kind);
    }
  });
});

describe('a rule', () => {
  test('has its defaults filled in', () => {
    expect(parse({ kind: 'drop-response' })).toEqual({
      effect: { kind: 'drop-response', how: 'reset' },
      scope: { user: null, via: null, action: null, info: null, channel: null, coin: null },
      bounds: { count: 1, after: 0, probability: 1, seed: 0, forMs: null },
    });
    expect(parse({ kind: 'reject-child', error: 'no' }).effect).toEqual({ kind: 'reject-child', error: 'no', nth: 1, tpsl: null });
    expect(parse({ kind: 'lag', ms: 5, forMs: 1_000 }).bounds).toMatchObject({ count: null, forMs: 1_000 });
    expect(parse({ kind: 'cut', user: USER.toUpperCase().replace('0X', '0x') }).scope.user).toBe(USER);
  });

  test.each([
    [null, 'rule null: give an object such as {"kind":"drop-response","action":"order"}'],
    [{}, /^kind is missing: give one of delay-request, delay-response, /],
    [{ kind: 'drop' }, /^kind "drop": give one of delay-request, /],
    [{ kind: 'delay-request' }, 'ms is missing: give a whole number from 1 to 86400000'],
    [{ kind: 'delay-request', ms: '5' }, 'ms "5": give a whole number from 1 to 86400000'],
    [{ kind: 'drop-request', ms: 5 }, /^ms 5: drop-request has no such field; it has how, user, coin, action, info, via, count, after/],
    [{ kind: 'drop-request', how: 'rudely' }, 'how "rudely": give one of reset, silence'],
    [{ kind: 'drop-request', count: 0 }, 'count 0: give a whole number from 1 to 1000000000'],
    [{ kind: 'drop-request', after: 1.5 }, 'after 1.5: give a whole number from 0 to 1000000000'],
    [{ kind: 'drop-request', probability: 0 }, 'probability 0: give a number above 0, at most 1'],
    [{ kind: 'drop-request', seed: -1 }, 'seed -1: give a whole number from 0 to 4294967295'],
    [{ kind: 'drop-request', user: '0x12' }, 'user "0x12": give an address, 0x and 40 hex digits'],
    [{ kind: 'drop-request', action: 'ordr' }, /^action "ordr": give one of order, cancel, cancelByCloid, /],
    [{ kind: 'drop-request', info: 'orders' }, /^info "orders": give one of /],
    [{ kind: 'drop-request', coin: 'DOGE' }, 'coin "DOGE": give one of BTC, ETH'],
    [{ kind: 'lose-message', channel: 'user' }, /^channel "user": give one of l2Book, /],
    [{ kind: 'lose-message', via: 'ws' }, /^via "ws": lose-message has no such field/],
    [{ kind: 'delay-request', ms: 1, action: 'order', info: 'meta' }, 'info "meta": a rule names one of action and info: make two rules'],
    [{ kind: 'duplicate-response', via: 'http' }, 'via "http": HTTP has one answer to a request: give "ws", or leave it out'],
    [{ kind: 'status', status: 418 }, 'status 418: give one of 429, 500, 502, 503, 504'],
    [{ kind: 'nonsense', answer: 'xml' }, /^answer "xml": give one of html, empty-object, /],
    [{ kind: 'reject-order', error: '' }, /^error "": give a text of 1 to 1000 characters, e\.g\. /],
    [{ kind: 'reject-order', error: 'no', nth: 0 }, 'nth 0: give a whole number from 1 to 1000'],
    [{ kind: 'lag', ms: 5, info: 'meta' }, /^info "meta": give one of orderStatus, openOrders, /],
    [{ kind: 'expire-agent', agent: USER, count: 2 }, 'count 2: expire-agent has no such field; it has agent'],
    [{ kind: 'pause-market', coin: 'XRP', ms: 5 }, 'coin "XRP": give one of BTC, ETH'],
    [{ kind: 'cancel-order', user: USER, order: 'x', status: 'canceled' }, 'order "x": give an oid, or a cloid of 0x and 32 hex digits'],
    [{ kind: 'cancel-order', user: USER, order: 7, status: 'filled' }, /^status "filled": give one of canceled, marginCanceled, /],
    [{ kind: 'cancel-order', order: 7, status: 'canceled' }, 'user is missing: give an address, 0x and 40 hex digits'],
    [{ kind: 'deleverage', user: USER, coin: 'BTC', px: '0' }, 'px "0": give a decimal above zero, e.g. "65000.5"'],
    [{ kind: 'reuse-oid', user: USER, order: -1 }, 'order -1: give an oid, or a cloid of 0x and 32 hex digits'],
    [{ kind: 'reuse-oid', order: 7 }, 'user is missing: give an address, 0x and 40 hex digits'],
    [{ kind: 'limits' }, /^limits \{"kind":"limits"\}: give one or more of ipWeightPerMinute, addressRequests, /],
  ])('%j is refused with field, value and remedy', (rule, message) => {
    expect(() => parse(rule)).toThrow(message);
  });
});
