import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createReplayClock, gateClock, mapClock } from './clock.ts';

test('market time starts where it is told and never steps back', () => {
  const clock = createReplayClock(mapClock(1_000_000, 50));
  let last = 1_000_000;
  for (let read = 0; read < 1_000; read += 1) {
    const now = clock.now();
    expect(Number.isInteger(now)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(last);
    last = now;
  }
});

test('a task runs at its market time and not before', async () => {
  const clock = createReplayClock(mapClock(0, 100));
  const startedAt = clock.now();
  await new Promise<void>((resolve) => clock.after(1_000, resolve));
  expect(clock.now() - startedAt).toBeGreaterThanOrEqual(1_000);
});

test('market time stands for as long as it is told, and tasks wait with it', async () => {
  const clock = createReplayClock(mapClock(1_000, 1_000, 50));
  const startedAt = performance.now();
  expect(clock.now()).toBe(1_000);
  await new Promise<void>((resolve) => clock.after(1, resolve));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50);
});

test('a cancelled task never runs', async () => {
  const clock = createReplayClock(mapClock(0, 1_000));
  let ran = false;
  const cancel = clock.after(1_000, () => {
    ran = true;
  });
  cancel();
  await new Promise<void>((resolve) => clock.after(5_000, resolve));
  expect(ran).toBe(false);
});

test('another thread with the same mapping reads the same time', async () => {
  const mapping = mapClock(5_000, 1);
  const clock = createReplayClock(mapping);
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ createReplayClock }) => {
      const clock = createReplayClock(workerData.mapping);
      parentPort.on('message', () => parentPort.postMessage(clock.now()));
      parentPort.postMessage('ready');
    });`;
  const worker = new Worker(source, { eval: true, workerData: { mapping, module: new URL('./clock.ts', import.meta.url).href } });
  const next = () => new Promise<number>((resolve) => worker.once('message', resolve));
  await next();
  const before = clock.now();
  const answer = next();
  worker.postMessage('now?');
  const theirs = await answer;
  const after = clock.now();
  expect(theirs).toBeGreaterThanOrEqual(before);
  expect(theirs).toBeLessThanOrEqual(after);
  await worker.terminate();
});

test('a gated clock stands for everybody until it is opened, and then runs for everybody', async () => {
  const { mapping, open } = gateClock(7_000, 1_000);
  const [one, other] = [createReplayClock(mapping), createReplayClock(structuredClone(mapping))];
  let ran = false;
  const due = new Promise<void>((resolve) =>
    one.after(10, () => {
      ran = true;
      resolve();
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([one.now(), other.now(), ran]).toEqual([7_000, 7_000, false]);
  const apart = createReplayClock(open());
  await due;
  for (const clock of [one, other, apart]) expect(clock.now()).toBeGreaterThanOrEqual(7_010);
  expect(open()).toEqual(open());
});

test('a thread that waits for a gated clock is told by the one that opens it', async () => {
  const { mapping, open } = gateClock(7_000, 1);
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ createReplayClock }) => {
      const clock = createReplayClock(workerData.mapping);
      const cancel = clock.after(0, () => parentPort.postMessage('cancelled, and ran'));
      clock.after(5, () => parentPort.postMessage(clock.now()));
      cancel();
      parentPort.postMessage('waits');
    });`;
  const worker = new Worker(source, { eval: true, workerData: { mapping, module: new URL('./clock.ts', import.meta.url).href } });
  const next = () => new Promise<unknown>((resolve) => worker.once('message', resolve));
  expect(await next()).toBe('waits');
  const due = next();
  const openedAt = createReplayClock(open()).now();
  expect(openedAt).toBe(7_000);
  expect(await due).toBeGreaterThanOrEqual(7_005);
  await worker.terminate();
});
