import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { type Transferable, Worker } from 'node:worker_threads';
import type { Calls } from './calls.ts';
import { assertNever, type DownFrame, type UpFrame, type WorkerProtocol } from './frame.ts';
import type { WorkerSpec } from './worker-spec.ts';

/** One thread from start to exit. */
export interface Life<P extends WorkerProtocol> {
  post(frame: DownFrame<P>, transfer?: readonly Transferable[]): void;
  /** Has it end, for this reason unless one is known already: by itself, or by force when it does not. */
  end(reason: string): void;
}

/** What a life tells of itself. */
export interface LifeEvents {
  onReady(): void;
  /** It is over. `error` is null when the thread ended by itself with code 0. */
  onEnd(error: string | null): void;
}

/** Nothing but where this process keeps compiled modules, if it does: a thread finds them there, and loads in half the time. */
function environment(): Record<string, string> {
  // Told is the directory of this very version of Node, inside the one to be named.
  const dir = getCompileCacheDir();
  return dir === undefined ? {} : { NODE_COMPILE_CACHE: dirname(dir) };
}

/** Starts a thread and watches it: `error`, `exit`, `messageerror`, readiness in time, and beats. */
export function startLife<P extends WorkerProtocol>(spec: WorkerSpec<P>, calls: Calls<P>, events: LifeEvents): Life<P> {
  const { workerData, transfer = [] } = spec.launch();
  const worker = new Worker(spec.entry, {
    name: spec.name,
    workerData,
    transferList: [...transfer],
    env: environment(),
    ...(spec.resourceLimits === undefined ? {} : { resourceLimits: spec.resourceLimits }),
  });
  let error: string | null = null;
  let leaving: NodeJS.Timeout | null = null;
  // A thread that is terminated inside an addon's call can take the whole process with it (a C++ exception nobody catches), so
  // it is told to leave between two steps of its loop; only one whose loop does not turn any more is ended by force.
  const endWithin = (reason: string, leaveTimeoutMs: number): void => {
    error ??= reason;
    if (leaving !== null) return;
    worker.postMessage({ kind: 'leave' } satisfies DownFrame<P>);
    leaving = setTimeout(() => void worker.terminate(), leaveTimeoutMs);
  };
  const end = (reason: string): void => endWithin(reason, spec.leaveTimeoutMs);
  const watch = watchSilence(spec, {
    onLate: end,
    onSilent: (reason) => endWithin(reason, Math.min(spec.leaveTimeoutMs, SILENT_LEAVE_MS)),
  });

  worker.on('message', (frame: UpFrame<P>) => {
    watch.heard();
    switch (frame.kind) {
      case 'beat':
        return;
      case 'ready':
        if (watch.ready()) events.onReady();
        return;
      case 'message':
        spec.onMessage(frame.body);
        return;
      case 'answer':
        calls.answer(frame.id, frame.value);
        return;
      case 'failure':
        calls.fail(frame.id, frame.reason);
        return;
      default:
        assertNever(frame);
    }
  });
  worker.on('error', (thrown: unknown) => {
    error ??= thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  });
  // A message that cannot be read is a message lost: what the two sides believe has parted, so the worker starts afresh.
  worker.on('messageerror', (thrown: Error) => end(`sent a message that cannot be read: ${thrown.message}`));
  worker.on('exit', (code) => {
    watch.stop();
    if (leaving !== null) clearTimeout(leaving);
    if (code !== 0) error ??= `exited with code ${code}`;
    calls.rejectAll(error ?? 'has ended');
    events.onEnd(error);
  });
  return { post: (frame, transferred = []) => worker.postMessage(frame, [...transferred]), end };
}

interface SilenceWatch {
  heard(): void;
  /** False when it was ready before. */
  ready(): boolean;
  stop(): void;
}

/** How long one that has been silent may take to leave: a loop that turned within it would have been heard of long before. */
const SILENT_LEAVE_MS = 2_000;

/** Tells when the worker is not ready in time, or silent for too long. Wall time, and never the date: that may jump. */
function watchSilence(
  limits: Pick<WorkerSpec<WorkerProtocol>, 'readyTimeoutMs' | 'beatTimeoutMs'>,
  on: { onLate(reason: string): void; onSilent(reason: string): void },
): SilenceWatch {
  const { readyTimeoutMs, beatTimeoutMs } = limits;
  const CHECKS_PER_TIMEOUT = 4;
  let heardAt = performance.now();
  let isReady = false;
  const readyTimer = setTimeout(() => on.onLate(`was not ready within ${readyTimeoutMs} ms`), readyTimeoutMs);
  // Two late checks in a row are needed: after a pause of the whole process (a sleeping laptop) its beats are still on their way.
  let wasSilent = false;
  const beatTimer = setInterval(() => {
    const silentMs = Math.round(performance.now() - heardAt);
    // Until it is ready its own timeout watches: opening what it needs may keep its loop busy.
    if (isReady && silentMs > beatTimeoutMs && wasSilent) on.onSilent(`gave no sign of life for ${silentMs} ms`);
    wasSilent = silentMs > beatTimeoutMs;
  }, beatTimeoutMs / CHECKS_PER_TIMEOUT);
  return {
    heard() {
      heardAt = performance.now();
    },
    ready() {
      clearTimeout(readyTimer);
      const isFirst = !isReady;
      heardAt = performance.now();
      isReady = true;
      return isFirst;
    },
    stop() {
      clearTimeout(readyTimer);
      clearInterval(beatTimer);
    },
  };
}
