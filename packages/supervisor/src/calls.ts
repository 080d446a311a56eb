import type { CallName, WorkerProtocol } from './frame.ts';
import { WorkerGone } from './worker-gone.ts';

interface Pending<Answer> {
  resolve(value: Answer): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** Questions on their way to one worker. */
export interface Calls<P extends WorkerProtocol> {
  /** Sends with a fresh id; rejects after `timeoutMs` of wall time without an answer. */
  open<K extends CallName<P>>(name: K, timeoutMs: number, send: (id: number) => void): Promise<P['calls'][K]['answer']>;
  answer(id: number, value: P['calls'][CallName<P>]['answer']): void;
  fail(id: number, reason: string): void;
  /** The worker has ended: nobody is left waiting. */
  rejectAll(reason: string): void;
}

/** The list of pending questions to the worker of this name. */
export function createCalls<P extends WorkerProtocol>(worker: string): Calls<P> {
  const pending = new Map<number, Pending<P['calls'][CallName<P>]['answer']>>();
  let lastId = 0;
  const take = (id: number): Pending<P['calls'][CallName<P>]['answer']> | undefined => {
    const found = pending.get(id);
    pending.delete(id);
    clearTimeout(found?.timer);
    return found;
  };
  return {
    open(name, timeoutMs, send) {
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<P['calls'][CallName<P>]['answer']>();
      const timer = setTimeout(
        () => take(id)?.reject(new Error(`worker ${worker} did not answer ${name} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      pending.set(id, { resolve, reject, timer });
      send(id);
      return promise;
    },
    answer: (id, value) => take(id)?.resolve(value),
    fail: (id, reason) => take(id)?.reject(new Error(`worker ${worker}: ${reason}`)),
    rejectAll(reason) {
      for (const id of [...pending.keys()]) take(id)?.reject(new WorkerGone(worker, reason));
    },
  };
}
