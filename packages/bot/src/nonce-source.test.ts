import { expect, it } from 'vitest';
import { createNonceSource } from './nonce-source.ts';

/** A ledger's memory of nonces, and a cell as every thread of a process shares it. */
function memory() {
  let reserved = 0;
  let writes = 0;
  return {
    ledger: {
      highestNonce: () => reserved,
      reserveNonces: (_bot: string, upTo: number) => {
        reserved = Math.max(reserved, upTo);
        writes += 1;
      },
    },
    writes: () => writes,
  };
}

function newCell() {
  let last = 0;
  return {
    next: (nowMs: number) => {
      last = Math.max(nowMs, last + 1);
      return last;
    },
    raiseTo: (used: number) => {
      last = Math.max(last, used);
    },
  };
}

it('gives no nonce twice over a restart with the clock set back, whatever the nonces were for', () => {
  const { ledger } = memory();
  let nowMs = 1_000_000;
  const before = createNonceSource({ cell: newCell(), ledger, bot: 'A', now: () => nowMs });
  const used = new Set<number>();
  for (; nowMs < 1_200_000; nowMs += 7_001) used.add(before());
  nowMs = 1_000_000 - 5_000;
  const after = createNonceSource({ cell: newCell(), ledger, bot: 'A', now: () => nowMs });
  for (let i = 0; i < 500; i += 1, nowMs += 613) {
    const nonce = after();
    expect(used.has(nonce)).toBe(false);
    used.add(nonce);
  }
});

it('runs a minute ahead of the clock at most, however often its workers are started again, and still gives no nonce twice', () => {
  const { ledger } = memory();
  const used = new Set<number>();
  let nowMs = 1_000_000_000;
  // Starts every ten seconds for eight hours, then every second for one, then as fast as two workers can start for half of one.
  for (const [everyMs, starts] of [
    [10_000, 2_880],
    [1_000, 3_600],
    [250, 7_200],
  ] as const) {
    for (let start = 0; start < starts; start += 1, nowMs += everyMs) {
      const cell = newCell();
      for (const next of [0, 1].map(() => createNonceSource({ cell, ledger, bot: 'A', now: () => nowMs }))) {
        const nonce = next();
        expect(used.has(nonce)).toBe(false);
        expect(nonce - nowMs).toBeLessThan(61_000);
        used.add(nonce);
      }
    }
  }
});

it('comes back to the clock once that has caught up after a step back of a day', () => {
  const { ledger, writes } = memory();
  const day = 86_400_000;
  let nowMs = 10 * day;
  createNonceSource({ cell: newCell(), ledger, bot: 'A', now: () => nowMs })();
  const mark = ledger.highestNonce();
  nowMs -= day;
  const next = createNonceSource({ cell: newCell(), ledger, bot: 'A', now: () => nowMs });
  for (let taken = 1; taken <= 1_000; taken += 1, nowMs += 1_000) expect(next()).toBe(mark + taken);
  expect(writes()).toBeLessThanOrEqual(11);
  nowMs += day;
  expect(next()).toBe(nowMs);
});

it('writes its mark once a minute, and before any nonce above the last mark is given', () => {
  const { ledger, writes } = memory();
  let nowMs = 1_000_000;
  const next = createNonceSource({ cell: newCell(), ledger, bot: 'A', now: () => nowMs });
  for (let i = 0; i < 600; i += 1, nowMs += 100) expect(next()).toBeLessThanOrEqual(ledger.highestNonce());
  expect(writes()).toBeLessThanOrEqual(2);
});

it('gives none that could not be reserved', () => {
  const { ledger } = memory();
  const full = {
    ...ledger,
    reserveNonces: () => {
      throw new Error('disk full');
    },
  };
  const next = createNonceSource({ cell: newCell(), ledger: full, bot: 'A', now: () => 5 });
  expect(next).toThrow('disk full');
});
