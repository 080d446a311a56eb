import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createNonceCell, nonceProblem, openNonceCell } from './nonce.ts';

const TAKER = `
import { parentPort, workerData } from 'node:worker_threads';
const { openNonceCell } = await import(workerData.module);
const cell = openNonceCell(workerData.buffer);
const taken = [];
for (let i = 0; i < workerData.count; i += 1) taken.push(cell.next(workerData.nowMs));
parentPort.postMessage(taken);
`;

test('threads that share a cell never take the same nonce, even when the clock stands still', async () => {
  const buffer = createNonceCell();
  const nowMs = 1_700_000_000_000;
  const count = 20_000;
  const workers = [0, 1, 2].map(
    () =>
      new Worker(new URL(`data:text/javascript,${encodeURIComponent(TAKER)}`), {
        workerData: { buffer, nowMs, count, module: new URL('./nonce.ts', import.meta.url).href },
      }),
  );
  const taken = (await Promise.all(workers.map((worker) => once(worker, 'message')))).flatMap(([numbers]) => numbers as number[]);
  await Promise.all(workers.map((worker) => worker.terminate()));
  expect(new Set(taken).size).toBe(3 * count);
  expect(Math.min(...taken.slice(0, 10))).toBeGreaterThanOrEqual(nowMs);
  expect(openNonceCell(buffer).next(nowMs)).toBe(nowMs + 3 * count);
});

test('64 threads that take 1,000 each while the clock is set back never take one twice', async () => {
  const buffer = createNonceCell();
  const module = new URL('./nonce.ts', import.meta.url).href;
  const taken = new Set<number>();
  // As many at a time as the machine bears; the cell outlives them all, as it does the workers of a fleet.
  for (let group = 0; group < 8; group += 1) {
    const nowMs = 1_700_000_000_000 - group * 5_000;
    const workers = Array.from(
      { length: 8 },
      () =>
        new Worker(new URL(`data:text/javascript,${encodeURIComponent(TAKER)}`), { workerData: { buffer, nowMs, count: 1_000, module } }),
    );
    for (const [numbers] of await Promise.all(workers.map((worker) => once(worker, 'message')))) {
      for (const nonce of numbers as number[]) taken.add(nonce);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  expect(taken.size).toBe(64_000);
});

test('a restart with the clock five seconds back goes on above what was recorded', () => {
  const before = openNonceCell(createNonceCell());
  const used = [0, 1, 2].map(() => before.next(1_700_000_000_000));
  const after = openNonceCell(createNonceCell());
  after.raiseTo(Math.max(...used));
  const fresh = [0, 1, 2].map(() => after.next(1_699_999_995_000));
  expect(new Set([...used, ...fresh]).size).toBe(6);
  expect(Math.min(...fresh)).toBeGreaterThan(Math.max(...used));
});

test('a nonce is the clock, and goes on by one when the clock steps back', () => {
  const cell = openNonceCell(createNonceCell());
  expect(cell.next(1_000)).toBe(1_000);
  expect(cell.next(2_000)).toBe(2_000);
  expect(cell.next(500)).toBe(2_001);
  expect(cell.next(3_000)).toBe(3_000);
});

test('raising a cell keeps every later nonce above a recorded one and never lowers it', () => {
  const cell = openNonceCell(createNonceCell());
  cell.raiseTo(5_000);
  expect(cell.next(1_000)).toBe(5_001);
  cell.raiseTo(10);
  expect(cell.next(1_000)).toBe(5_002);
});

test('memory of another size and a time that is no number are named', () => {
  expect(() => openNonceCell(new SharedArrayBuffer(16))).toThrow('a nonce cell has 8 bytes, got 16');
  expect(() => openNonceCell(createNonceCell()).next(Number.NaN)).toThrow('nowMs NaN is not a whole number of milliseconds');
});

test.each([
  [86_400_000 - 1, null],
  [
    86_400_000,
    "the nonce is 24 h ahead of the venue's time, and less than 24 h are taken: this machine's clock is off or was: set it by a time server",
  ],
  [-2 * 86_400_000 + 1, null],
  [
    -2 * 86_400_000,
    "the nonce is 48 h behind the venue's time, and less than 48 h are taken: this machine's clock is off or was: set it by a time server",
  ],
])('a nonce %i ms from the venue’s time is one it takes, or is named with where it lies', (offMs, problem) => {
  const nowMs = 1_757_015_216_000;
  expect(nonceProblem(nowMs + offMs, nowMs)).toBe(problem);
});
