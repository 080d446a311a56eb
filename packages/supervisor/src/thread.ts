import { flushCompileCache } from 'node:module';
import { isMainThread, parentPort, type Transferable } from 'node:worker_threads';
import { assertNever, type CallName, type DownFrame, type UpFrame, type WorkerProtocol } from './frame.ts';

/** What a worker does with what it is told. */
export interface ThreadHandlers<P extends WorkerProtocol> {
  onMessage(body: P['down']): void;
  /** One handler a call; what it throws rejects the asker. */
  readonly calls: {
    readonly [K in CallName<P>]: (ask: P['calls'][K]['ask']) => P['calls'][K]['answer'] | Promise<P['calls'][K]['answer']>;
  };
  /** Finish the step in hand and let go of what is held; the thread ends when this resolves. A rejection ends it as a crash. */
  drain(): Promise<void>;
}

/** A worker's own end of the line to the supervisor. */
export interface Thread<P extends WorkerProtocol> {
  send(body: P['up'], transfer?: readonly Transferable[]): void;
  /** Says that the worker can do its work. Once. */
  ready(): void;
}

/** Exit code of a thread that was told to leave. */
const LEFT = 70;

/** Twice this is the least sensible patience of a supervisor. */
export const BEAT_INTERVAL_MS = 1_000;

/**
 * Opens the line, inside a worker's thread. Beats once a second from the thread's own event loop, so that a loop that hangs
 * is seen. Throws an Error in a main thread, which has no supervisor.
 */
export function openThread<P extends WorkerProtocol>(handlers: ThreadHandlers<P>): Thread<P> {
  const port = parentPort;
  if (isMainThread || port === null) throw new Error('openThread was called in a main thread: it belongs to the first lines of a worker');
  const post = (frame: UpFrame<P>, transfer: readonly Transferable[] = []): void => port.postMessage(frame, [...transfer]);

  async function answer(id: number, name: CallName<P>, ask: P['calls'][CallName<P>]['ask']): Promise<void> {
    try {
      post({ kind: 'answer', id, value: await handlers.calls[name](ask) });
    } catch (caught) {
      post({ kind: 'failure', id, reason: caught instanceof Error ? caught.message : String(caught) });
    }
  }

  const beat = setInterval(() => post({ kind: 'beat' }), BEAT_INTERVAL_MS);
  let isDraining = false;
  async function drain(): Promise<void> {
    if (isDraining) return;
    isDraining = true;
    await handlers.drain();
    clearInterval(beat);
    // Whatever still holds the loop (a keep-alive socket) is nothing we wait for.
    process.exit(0);
  }

  port.on('message', (frame: DownFrame<P>) => {
    switch (frame.kind) {
      case 'message':
        handlers.onMessage(frame.body);
        return;
      case 'call':
        void answer(frame.id, frame.name, frame.ask);
        return;
      case 'drain':
        // Not caught on purpose: a rejected drain is a bug and ends the thread with its error.
        void drain();
        return;
      case 'leave':
        process.exit(LEFT);
        break;
      default:
        assertNever(frame);
    }
  });
  return {
    send: (body, transfer) => post({ kind: 'message', body }, transfer),
    ready() {
      post({ kind: 'ready' });
      // Node keeps what it has compiled at a thread's end, which a process that is killed never comes to.
      flushCompileCache();
    },
  };
}
