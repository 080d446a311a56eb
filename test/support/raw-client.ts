/** Clients without any library's manners: what they are told is what was on the line. */
import { Agent, request } from 'node:http';
import WebSocket from 'ws';

interface RawReply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Whether all bytes that were announced came. */
  readonly whole: boolean;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface RawPending {
  /** Rejects when the connection ends before an answer begins. */
  readonly reply: Promise<RawReply>;
  /** Gives up: the connection is destroyed. */
  abandon(): void;
}

/** One request on a connection of its own. JSON where nothing else is said. */
export function rawRequest(url: string, { method = 'POST', headers = {}, body }: RawRequest = {}): RawPending {
  const sent = request(url, {
    method,
    agent: new Agent({ keepAlive: false }),
    headers: { ...(method === 'POST' ? { 'content-type': 'application/json' } : {}), ...headers },
  });
  const reply = new Promise<RawReply>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      const settle = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString(),
          whole: response.complete,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', settle);
    });
  });
  sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  return { reply, abandon: () => sent.destroy() };
}

interface Frame {
  readonly channel?: string;
  readonly data?: unknown;
}

export interface RawSocket {
  readonly socket: WebSocket;
  /** Text frames not yet taken, oldest first. */
  readonly texts: string[];
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
  say(message: unknown): void;
  /** The next text, now or when it comes. */
  text(): Promise<string>;
  /** The next frame of a channel, now or when it comes; frames before it stay. */
  of(channel: string): Promise<Frame>;
  /** Subscribes and waits for the confirmation. */
  subscribe(subscription: Readonly<Record<string, unknown>>): Promise<void>;
  unsubscribe(subscription: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves when all that was sent before has been answered. */
  settled(): Promise<void>;
  /** Data of the frames of a channel that have come, and takes them. */
  take(channel: string): readonly unknown[];
  close(): void;
}

const read = (text: string): Frame | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
};

/** A WebSocket that keeps what it is told. Resolves when it is open. */
export async function rawSocket(port: number): Promise<RawSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const texts: string[] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    texts.push(data.toString());
    wake();
  });
  const closed = new Promise<number>((resolve) => {
    socket.on('error', () => {});
    socket.once('close', resolve);
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const say = (message: unknown): void => socket.send(JSON.stringify(message));
  const find = async (fits: (text: string) => boolean): Promise<string> => {
    for (;;) {
      const at = texts.findIndex(fits);
      const [text] = at < 0 ? [] : texts.splice(at, 1);
      if (text !== undefined) return text;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const of = async (channel: string): Promise<Frame> => read(await find((text) => read(text)?.channel === channel)) ?? {};
  const listen = async (method: string, subscription: Readonly<Record<string, unknown>>): Promise<void> => {
    say({ method, subscription });
    await of('subscriptionResponse');
  };
  return {
    socket,
    texts,
    closed,
    say,
    text: () => find(() => true),
    of,
    subscribe: (subscription) => listen('subscribe', subscription),
    unsubscribe: (subscription) => listen('unsubscribe', subscription),
    async settled() {
      say({ method: 'ping' });
      await of('pong');
    },
    take(channel) {
      const own = texts.flatMap((text) => {
        const frame = read(text);
        return frame?.channel === channel ? [{ text, data: frame.data }] : [];
      });
      for (const { text } of own) texts.splice(texts.indexOf(text), 1);
      return own.map(({ data }) => data);
    },
    close: () => socket.close(),
  };
}
