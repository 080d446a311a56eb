import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONNECT_WORDS, openConnects } from './connects.ts';

const fresh = () => openConnects(new BigInt64Array(new SharedArrayBuffer(8 * (CONNECT_WORDS + 2))), 1);

test('lets thirty go in a minute, counted from when they were settled, and tells the others how long', () => {
  const connects = fresh();
  const first = Array.from({ length: 30 }, () => connects.enter(1_000_000));
  expect(first.every(({ kind }) => kind === 'go')).toBe(true);
  expect(connects.enter(1_000_000)).toEqual({ kind: 'wait', waitMs: 60_000 });
  for (const leave of first) if (leave.kind === 'go') leave.settled(1_002_000);
  expect(connects.enter(1_010_000)).toEqual({ kind: 'wait', waitMs: 52_000 });
  expect(connects.enter(1_061_999)).toEqual({ kind: 'wait', waitMs: 1 });
  expect(connects.enter(1_062_000)).toMatchObject({ kind: 'go' });
});

test('one whose maker died is forgotten with its lease', () => {
  const connects = fresh();
  for (let i = 0; i < 30; i += 1) connects.enter(0);
  expect(connects.enter(599_999)).toMatchObject({ kind: 'wait' });
  expect(connects.enter(600_000)).toMatchObject({ kind: 'go' });
});

test('whatever the times, a venue that counts arrivals never sees more than thirty in 60 s', () => {
  const tries = fc.array(
    fc.record({ afterMs: fc.nat(9_000), takesMs: fc.nat(4_000), arrivesAt: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      minLength: 40,
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(tries, (script) => {
      const connects = fresh();
      let nowMs = 1_757_000_000_000;
      const arrivals: number[] = [];
      let underWay: { readonly doneMs: number; settled(atMs: number): void }[] = [];
      for (const { afterMs, takesMs, arrivesAt } of script) {
        nowMs += afterMs;
        for (const one of underWay) if (one.doneMs <= nowMs) one.settled(one.doneMs);
        underWay = underWay.filter(({ doneMs }) => doneMs > nowMs);
        const leave = connects.enter(nowMs);
        if (leave.kind === 'wait') continue;
        arrivals.push(nowMs + Math.floor(takesMs * arrivesAt));
        underWay.push({ doneMs: nowMs + takesMs, settled: leave.settled });
      }
      arrivals.sort((a, b) => a - b);
      for (const [index, arrival] of arrivals.entries()) {
        const inMinute = arrivals.slice(index).filter((other) => other < arrival + 60_000);
        expect(inMinute.length).toBeLessThanOrEqual(30);
      }
    }),
    { numRuns: 60 },
  );
});
