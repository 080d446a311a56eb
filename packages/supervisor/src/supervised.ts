import type { Transferable } from 'node:worker_threads';
import { createCalls } from './calls.ts';
import type { CallName, WorkerProtocol } from './frame.ts';
import { type Life, startLife } from './life.ts';
import { createRestartCounter } from './restart-policy.ts';
import { WorkerGone } from './worker-gone.ts';
import type { WorkerSpec } from './worker-spec.ts';

export type WorkerState = 'starting' | 'ready' | 'waiting' | 'draining' | 'halted' | 'ended';

/** A worker under supervision, over all its restarts. */
export interface Supervised<P extends WorkerProtocol> {
  readonly name: string;
  readonly state: WorkerState;
  readonly restarts: number;
  /** Resolves at the first `ready`; rejects with `WorkerGone` when the worker halts or is told to end before it. */
  readonly firstReady: Promise<void>;
  /** Sends to the living thread; false, and nothing is sent, when there is none. */
  post(body: P['down'], transfer?: readonly Transferable[]): boolean;
  /** Asks the living thread. Rejects with `WorkerGone` when there is none or it ends first, with an Error on timeout or refusal. */
  call<K extends CallName<P>>(name: K, ask: P['calls'][K]['ask'], timeoutMs: number): Promise<P['calls'][K]['answer']>;
  /** Ends the living thread for this reason; it is started again like one that ended unasked. Does nothing where there is none. */
  renew(reason: string): void;
  /** Asks it to finish, waits at most `timeoutMs`, then terminates. `drained` only when it ended by itself, without an error. */
  drain(timeoutMs: number): Promise<'drained' | 'terminated'>;
  /** Ends it now, for good; resolves when the thread is gone. */
  terminate(): Promise<void>;
}

/**
 * Starts a worker without our environment and keeps it alive as the spec says: it is started again after an error, an exit
 * nobody asked for (code 0 too), an unreadable message, lateness or silence, with backoff and within a budget.
 */
export function supervise<P extends WorkerProtocol>(spec: WorkerSpec<P>): Supervised<P> {
  const keeper = createKeeper(spec);
  keeper.start();
  return {
    name: spec.name,
    get state() {
      return keeper.state;
    },
    get restarts() {
      return keeper.restarts;
    },
    firstReady: keeper.firstReady,
    post(body, transfer) {
      keeper.life?.post({ kind: 'message', body }, transfer);
      return keeper.life !== null;
    },
    call(name, ask, timeoutMs) {
      const { life } = keeper;
      if (life === null) return Promise.reject(new WorkerGone(spec.name, `is ${keeper.state}`));
      return keeper.calls.open(name, timeoutMs, (id) => life.post({ kind: 'call', id, name, ask }));
    },
    renew(reason) {
      keeper.life?.end(reason);
    },
    async drain(timeoutMs) {
      const ending = keeper.leave('draining');
      if (ending === null) return 'drained';
      const timer = setTimeout(() => ending.life.end(`did not finish within ${timeoutMs} ms`), timeoutMs);
      ending.life.post({ kind: 'drain' });
      const error = await ending.ended;
      clearTimeout(timer);
      return error === null ? 'drained' : 'terminated';
    },
    async terminate() {
      const ending = keeper.leave('ended');
      ending?.life.end('was terminated');
      await ending?.ended;
    },
  };
}

interface Ending<P extends WorkerProtocol> {
  readonly life: Life<P>;
  /** The error it ended with, null for a clean end. */
  readonly ended: Promise<string | null>;
}

/** The succession of a worker's lives. */
function createKeeper<P extends WorkerProtocol>(spec: WorkerSpec<P>) {
  const counter = createRestartCounter(spec.restart);
  const calls = createCalls<P>(spec.name);
  const first = Promise.withResolvers<void>();
  // Nobody may be waiting for it.
  first.promise.catch(() => {});
  let state: WorkerState = 'starting';
  let life: Life<P> | null = null;
  let ended = Promise.withResolvers<string | null>();
  let restartTimer: NodeJS.Timeout | null = null;

  function start(): void {
    state = 'starting';
    ended = Promise.withResolvers();
    life = startLife(spec, calls, {
      onReady() {
        if (state === 'starting') state = 'ready';
        first.resolve();
        spec.onReady?.(counter.granted);
      },
      onEnd(error) {
        life = null;
        ended.resolve(error);
        if (state === 'draining' || state === 'ended') state = 'ended';
        else endedUnasked(error ?? 'exited unasked with code 0');
      },
    });
    spec.onStart?.(counter.granted);
  }

  function endedUnasked(reason: string): void {
    const delayMs = counter.next(performance.now());
    if (delayMs === null) {
      state = 'halted';
      first.reject(new WorkerGone(spec.name, reason));
      spec.onHalted(reason);
      return;
    }
    state = 'waiting';
    restartTimer = setTimeout(start, delayMs);
    spec.onRestart?.(reason, delayMs);
  }

  return {
    start,
    calls,
    firstReady: first.promise,
    get state() {
      return state;
    },
    get restarts() {
      return counter.granted;
    },
    get life() {
      return life;
    },
    /** No restart from here on. Returns the thread still running, if any. */
    leave(to: 'draining' | 'ended'): Ending<P> | null {
      if (restartTimer !== null) clearTimeout(restartTimer);
      if (state !== 'halted') state = life === null ? 'ended' : to;
      first.reject(new WorkerGone(spec.name, 'was told to end before it was ready'));
      return life === null ? null : { life, ended: ended.promise };
    },
  };
}
