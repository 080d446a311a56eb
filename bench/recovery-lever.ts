/**
 * Loaded before everything else in the measured fleet's process and in each of its threads (`node --import`). Tells the bench when a
 * worker says that it is ready and what is asked of the venue, and ends or hangs the worker the bench names. The fleet knows nothing of it.
 */
import { ClientRequest } from 'node:http';
import { BroadcastChannel, isMainThread, parentPort, threadName } from 'node:worker_threads';

/** What the bench asks of one thread. */
export interface Pull {
  readonly thread: string;
  readonly how: 'crash' | 'hang';
}

/** What a thread tells; `asked` is the type of a question it sends to the venue's /info. */
export interface Told {
  readonly thread: string;
  readonly what: 'ready' | 'pulled' | 'asked';
  readonly asked?: string;
}

const channel = new BroadcastChannel('recovery-bench');

/** The messages of this channel are made in this file alone. */
const isTold = (data: unknown): data is Told => typeof data === 'object' && data !== null && 'what' in data;
const isPull = (data: unknown): data is Pull => typeof data === 'object' && data !== null && 'how' in data;

function pull(how: Pull['how']): void {
  const told: Told = { thread: threadName ?? '', what: 'pulled' };
  channel.postMessage(told);
  setImmediate(() => {
    if (how === 'crash') throw new Error('ended by the bench');
    for (;;);
  });
}

if (isMainThread) {
  channel.onmessage = ({ data }) => {
    if (isTold(data)) process.send?.(data);
  };
  process.on('message', (asked) => channel.postMessage(asked));
  process.channel?.unref();
} else {
  channel.onmessage = ({ data }) => {
    if (isPull(data) && data.thread === threadName) pull(data.how);
  };
  const port = parentPort;
  if (port !== null) {
    const { postMessage } = port;
    port.postMessage = (message: unknown, ...rest: unknown[]) => {
      Reflect.apply(postMessage, port, [message, ...rest]);
      if (typeof message !== 'object' || message === null || !('kind' in message) || message.kind !== 'ready') return;
      const told: Told = { thread: threadName ?? '', what: 'ready' };
      channel.postMessage(told);
    };
  }
}
channel.unref();

const { end } = ClientRequest.prototype;
ClientRequest.prototype.end = function (this: ClientRequest, ...rest: unknown[]) {
  const body: unknown = this.path.endsWith('/info') && typeof rest[0] === 'string' ? JSON.parse(rest[0]) : null;
  if (typeof body === 'object' && body !== null && 'type' in body) {
    const told: Told = { thread: threadName ?? '', what: 'asked', asked: String(body.type) };
    if (isMainThread) process.send?.(told);
    else channel.postMessage(told);
  }
  return Reflect.apply(end, this, rest);
};
