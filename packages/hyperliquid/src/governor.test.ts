/** The parts of the shared budget beside its weight: breakers, places under way, repeated tries, the address's own count. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAddressBudget, leftForEntries, openAddressBudget } from './address-budget.ts';
import { BREAKER_WORDS, openBreaker } from './breaker.ts';
import { createRequestBudget, openRequestBudget } from './budget.ts';
import { createClockSkew } from './clock-skew.ts';
import { createRoundTrip } from './round-trip.ts';

const NOW = 1_700_000_000_000;
const words = () => new BigInt64Array(new SharedArrayBuffer(8 * BREAKER_WORDS));

describe('a circuit breaker', () => {
  const breaker = () => openBreaker(words(), 0, () => 0);

  test('shuts after five failures in a row, lets one probe through after its time, and opens when the probe succeeds', () => {
    const way = breaker();
    for (let i = 0; i < 4; i += 1) way.failed(NOW);
    expect(way.state(NOW)).toBe('closed');
    way.failed(NOW);
    expect(way.state(NOW)).toBe('open');
    expect(way.admit(NOW)).toBe(500);
    expect(way.state(NOW + 500)).toBe('half-open');
    expect(way.admit(NOW + 500)).toBe(0);
    expect(way.admit(NOW + 500)).toBeGreaterThan(0);
    way.succeeded();
    expect([way.state(NOW + 500), way.admit(NOW + 500)]).toEqual(['closed', 0]);
  });

  test('shuts longer with each probe that fails, ten seconds at most, and not for the failures that were under way', () => {
    const way = breaker();
    for (let i = 0; i < 12; i += 1) way.failed(NOW);
    expect(way.admit(NOW)).toBe(500);
    let nowMs = NOW;
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      nowMs += way.admit(nowMs);
      expect(way.admit(nowMs)).toBe(0);
      way.failed(nowMs);
      waits.push(way.admit(nowMs));
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000]);
  });

  test('a success between failures keeps it open, and a probe nobody hears of makes room for another', () => {
    const way = breaker();
    for (let i = 0; i < 30; i += 1) i % 4 === 3 ? way.succeeded() : way.failed(NOW);
    expect(way.state(NOW)).toBe('closed');
    for (let i = 0; i < 5; i += 1) way.failed(NOW);
    expect(way.admit(NOW + 500)).toBe(0);
    expect(way.admit(NOW + 14_000)).toBeGreaterThan(0);
    expect(way.admit(NOW + 15_500)).toBe(0);
  });
});

describe('the places of requests under way', () => {
  test('leave the last ones to exits, then to what protects', () => {
    const { posts } = openRequestBudget(createRequestBudget());
    const fill = (priority: 'read' | 'entry' | 'protect' | 'cancel' | 'exit') => {
      const before = posts.underWay();
      while (posts.enter(priority, 60_000) !== null);
      return posts.underWay() - before;
    };
    expect((['read', 'entry', 'protect', 'cancel', 'exit'] as const).map(fill)).toEqual([60, 10, 20, 5, 5]);
  });

  test('are given back once, and by the lease when their thread died', () => {
    const { posts } = openRequestBudget(createRequestBudget());
    const place = posts.enter('exit', 60_000);
    place?.leave();
    place?.leave();
    expect(posts.underWay()).toBe(0);
    posts.enter('exit', -1);
    expect(posts.underWay()).toBe(0);
  });
});

test('repeated tries have a budget of the whole fleet that fills again', () => {
  const { retries } = openRequestBudget(createRequestBudget());
  let taken = 0;
  while (retries.take(NOW)) taken += 1;
  expect(taken).toBe(30);
  expect(retries.take(NOW + 1_999)).toBe(false);
  expect(retries.take(NOW + 2_000)).toBe(true);
  expect(retries.take(NOW + 2_000)).toBe(false);
});

describe('the budget of an address', () => {
  test('keeps the last of it from entries, then lets exits and stops go one in ten seconds, and cancels far beyond', () => {
    const budget = openAddressBudget(createAddressBudget());
    budget.reconcile({ used: 9_690, allowed: 10_000 });
    expect(leftForEntries(budget.count())).toBe(10);
    expect(budget.acquire(10, 'entry', NOW)).toBe(0);
    expect(budget.acquire(1, 'entry', NOW)).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 300; i += 1) expect(budget.acquire(1, 'protect', NOW)).toBe(0);
    expect(budget.acquire(1, 'protect', NOW)).toBe(0);
    expect(budget.acquire(1, 'exit', NOW + 4_000)).toBe(6_000);
    expect(budget.acquire(1, 'exit', NOW + 10_000)).toBe(0);
    for (let i = 0; i < 500; i += 1) expect(budget.acquire(1, 'cancel', NOW)).toBe(0);
    budget.reconcile({ used: 20_000, allowed: 10_000 });
    expect(budget.acquire(1, 'cancel', NOW)).toBe(0);
    expect(budget.acquire(1, 'cancel', NOW)).toBe(10_000);
  });

  test('frees entries again as the venue counts volume, and counts what came too late five times', () => {
    const budget = openAddressBudget(createAddressBudget());
    budget.reconcile({ used: 10_000, allowed: 10_000 });
    expect(budget.acquire(2, 'entry', NOW)).toBe(Number.POSITIVE_INFINITY);
    budget.reconcile({ used: 10_000, allowed: 12_000 });
    expect(budget.acquire(2, 'entry', NOW)).toBe(0);
    budget.charge(8);
    expect(budget.count()).toEqual({ used: 10_010, allowed: 12_000 });
  });
});

test('a round trip is the slower of its average and the slowest of late, and none before the first', () => {
  const trip = createRoundTrip();
  expect(trip.ms()).toBeNull();
  trip.took(100);
  trip.took(900);
  expect(trip.ms()).toBe(900);
  for (let i = 0; i < 40; i += 1) trip.took(100);
  expect(trip.ms()).toBeLessThanOrEqual(101);
});

describe('the skew of our clock', () => {
  test('is never more than certain, whatever the latency and wherever in it the venue looked at its clock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -10_000_000, max: 10_000_000 }),
        fc.array(fc.tuple(fc.nat(5_000), fc.nat(5_000)), { minLength: 1, maxLength: 30 }),
        (skewMs, trips) => {
          const skew = createClockSkew();
          let atMs = NOW;
          for (const [there, back] of trips) {
            atMs += 10_000;
            skew.sample({ sentMs: atMs + skewMs, receivedMs: atMs + there + back + skewMs, venueMs: atMs + there });
          }
          const told = skew.ms() ?? Number.NaN;
          expect(Math.abs(told)).toBeLessThanOrEqual(Math.abs(skewMs));
          if (told !== 0) expect(Math.sign(told)).toBe(Math.sign(skewMs));
          const fastest = Math.min(...trips.slice(-8).map(([there, back]) => there + back));
          expect(Math.abs(skewMs) - Math.abs(told)).toBeLessThanOrEqual(fastest);
        },
      ),
    );
  });

  test('follows a clock that is set', () => {
    const skew = createClockSkew();
    expect(skew.ms()).toBeNull();
    skew.sample({ sentMs: NOW, receivedMs: NOW + 20, venueMs: NOW + 10 });
    expect(skew.ms()).toBe(0);
    skew.sample({ sentMs: NOW + 3_600_000, receivedMs: NOW + 3_600_020, venueMs: NOW + 1_000 });
    expect(skew.ms()).toBe(3_599_000);
  });
});

const TAKER = `
import { parentPort, workerData } from 'node:worker_threads';
const { openRequestBudget } = await import(workerData.budget);
const { openAddressBudget } = await import(workerData.address);
const weight = openRequestBudget(workerData.buffer);
const address = openAddressBudget(workerData.addressBuffer);
let taken = 0;
let places = 0;
let counted = 0;
for (let i = 0; i < 400; i += 1) if (weight.acquire(1, 'exit', workerData.nowMs) === 0) taken += 1;
for (let i = 0; i < 60; i += 1) if (weight.posts.enter('exit', 60000) !== null) places += 1;
for (let i = 0; i < 400; i += 1) if (address.acquire(1, 'protect', workerData.nowMs) === 0) counted += 1;
parentPort.postMessage([taken, places, counted]);
`;

test('threads that share a budget never take more of it together than there is', async () => {
  const [buffer, addressBuffer] = [createRequestBudget(), createAddressBudget()];
  openAddressBudget(addressBuffer).reconcile({ used: 9_000, allowed: 10_000 });
  const module = (name: string): string => new URL(name, import.meta.url).href;
  const workerData = { buffer, addressBuffer, nowMs: NOW, budget: module('./budget.ts'), address: module('./address-budget.ts') };
  const workers = [0, 1, 2, 3].map(() => new Worker(new URL(`data:text/javascript,${encodeURIComponent(TAKER)}`), { workerData }));
  const took = (await Promise.all(workers.map((worker) => once(worker, 'message')))).map(([counts]) => counts as number[]);
  await Promise.all(workers.map((worker) => worker.terminate()));
  const total = (index: number): number => took.reduce((sum, counts) => sum + (counts[index] ?? 0), 0);
  expect([total(0), total(1)]).toEqual([1_200, 100]);
  // And the one action in ten seconds beyond what there is.
  expect(total(2)).toBe(1_001);
});
