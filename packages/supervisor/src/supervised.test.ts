import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { type Supervised, supervise } from './supervised.ts';
import type { TestData, TestProtocol } from './testing/protocol.ts';
import type { WorkerSpec } from './worker-spec.ts';

const PATIENT = { firstDelayMs: 1, maxDelayMs: 5, jitter: 0.5, budget: 3, windowMs: 600_000 };
const running: Supervised<TestProtocol>[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.terminate()));
});

/** A supervised test worker and what it has told, each kind of news awaitable. */
function begin(data: Partial<TestData> = {}, spec: Partial<WorkerSpec<TestProtocol>> = {}) {
  const told: TestProtocol['up'][] = [];
  const ready = createNews<number>();
  const restarted = createNews<string>();
  const halted = createNews<string>();
  const worker = supervise<TestProtocol>({
    name: 'test',
    entry: new URL('./testing/test.worker.ts', import.meta.url),
    launch: () => ({ workerData: { atStart: 'ready', atDrain: 'finish', ...data } }),
    readyTimeoutMs: 30_000,
    beatTimeoutMs: 30_000,
    leaveTimeoutMs: 300,
    restart: PATIENT,
    onMessage: (message) => told.push(message),
    onReady: ready.tell,
    onRestart: restarted.tell,
    onHalted: halted.tell,
    ...spec,
  });
  running.push(worker);
  return { worker, told, ready, restarted, halted };
}

function createNews<T>() {
  const kept: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    tell(value: T): void {
      const waiter = waiting.shift();
      if (waiter === undefined) kept.push(value);
      else waiter(value);
    },
    next(): Promise<T> {
      const [value] = kept.splice(0, 1);
      return value === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(value);
    },
  };
}

test('a worker starts without our environment, says ready, and answers questions', async () => {
  const { worker, told } = begin();
  await worker.firstReady;
  expect(worker.state).toBe('ready');
  expect(told).toEqual([{ kind: 'env', names: getCompileCacheDir() === undefined ? [] : ['NODE_COMPILE_CACHE'] }]);
  await expect(worker.call('double', 21, 30_000)).resolves.toBe(42);
  await expect(worker.call('refuse', null, 30_000)).rejects.toThrow('worker test: I would rather not');
  await expect(worker.call('never', null, 20)).rejects.toThrow('did not answer never within 20 ms');
});

test('a worker that throws is started again and works as before', async () => {
  const { worker, ready, restarted } = begin();
  await ready.next();
  worker.post({ kind: 'crash' });
  expect(await restarted.next()).toContain('crashed as asked');
  expect(await ready.next()).toBe(1);
  await expect(worker.call('double', 4, 30_000)).resolves.toBe(8);
  expect(worker.restarts).toBe(1);
});

test('an exit nobody asked for is a crash, also with code 0', async () => {
  const { worker, ready, restarted } = begin();
  await ready.next();
  worker.post({ kind: 'leave' });
  expect(await restarted.next()).toBe('exited unasked with code 0');
  await ready.next();
});

test('a worker whose loop hangs is missed, terminated and started again', async () => {
  const { worker, ready, restarted } = begin({}, { beatTimeoutMs: 2_500 });
  await ready.next();
  worker.post({ kind: 'hang' });
  expect(await restarted.next()).toContain('no sign of life');
  await ready.next();
});

test('a worker that eats its memory is ended within its limit, and started again', async () => {
  const { worker, ready, restarted } = begin({}, { resourceLimits: { maxOldGenerationSizeMb: 24 } });
  await ready.next();
  worker.post({ kind: 'leak' });
  expect(await restarted.next()).toMatch(/memory/i);
  await ready.next();
  await expect(worker.call('double', 4, 30_000)).resolves.toBe(8);
});

test('a worker that is never ready is started again', async () => {
  const { restarted } = begin({ atStart: 'never-ready' }, { readyTimeoutMs: 150 });
  expect(await restarted.next()).toBe('was not ready within 150 ms');
});

test('a message that cannot be read restarts the worker that sent it', async () => {
  const { worker, ready, restarted } = begin();
  await ready.next();
  worker.post({ kind: 'unreadable' });
  expect(await restarted.next()).toContain('sent a message that cannot be read');
  await ready.next();
});

test('what is asked of a worker that dies is rejected, and so is what is asked of one that is down', async () => {
  const { worker, ready } = begin({}, { restart: { ...PATIENT, budget: 0 } });
  await ready.next();
  const asked = worker.call('never', null, 600_000);
  worker.post({ kind: 'crash' });
  await expect(asked).rejects.toThrow('crashed as asked');
  expect(worker.state).toBe('halted');
  expect(worker.post({ kind: 'echo', text: 'anybody?' })).toBe(false);
  await expect(worker.call('double', 1, 1_000)).rejects.toThrow('worker test is halted');
});

test('a worker past its restart budget is halted while its sibling works on', async () => {
  const { worker, halted } = begin({ atStart: 'crash' }, { restart: { ...PATIENT, budget: 2 } });
  const sibling = begin();
  await expect(worker.firstReady).rejects.toThrow('crashed at start');
  expect(await halted.next()).toContain('crashed at start');
  expect(worker.restarts).toBe(2);
  await sibling.worker.firstReady;
  await expect(sibling.worker.call('double', 3, 30_000)).resolves.toBe(6);
});

test('a drained worker finishes, its last words arrive, and it is not started again', async () => {
  const { worker, told, ready } = begin();
  await ready.next();
  await expect(worker.drain(30_000)).resolves.toBe('drained');
  expect(told).toContainEqual({ kind: 'echoed', text: 'last word' });
  expect(worker.state).toBe('ended');
  expect(worker.restarts).toBe(0);
});

test('a worker that does not finish in time is terminated', async () => {
  const { worker, ready } = begin({ atDrain: 'stay' });
  await ready.next();
  await expect(worker.drain(50)).resolves.toBe('terminated');
});

test('a worker whose drain fails has not drained', async () => {
  const { worker, ready } = begin({ atDrain: 'throw' });
  await ready.next();
  await expect(worker.drain(30_000)).resolves.toBe('terminated');
  expect(worker.state).toBe('ended');
});

test('draining a worker that waits for its restart keeps it down', async () => {
  const { worker, restarted } = begin({ atStart: 'crash' }, { restart: { ...PATIENT, firstDelayMs: 600_000, maxDelayMs: 600_000 } });
  await restarted.next();
  await expect(worker.drain(30_000)).resolves.toBe('drained');
  expect(worker.state).toBe('ended');
});

test('what a worker has compiled is kept as soon as it is ready, where this process keeps its own', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'compiled-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  enableCompileCache(dir);
  const kept = getCompileCacheDir() ?? '';
  const before = readdirSync(kept).length;
  const { worker } = begin();
  await worker.firstReady;
  // An answer comes after what it does when it is ready, and long before its end, at which Node keeps it anyway.
  await worker.call('double', 2, 30_000);
  expect(readdirSync(kept).length).toBeGreaterThan(before);
});
