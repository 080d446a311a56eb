import type { Clock } from '@hyperfleet/trading';
import type { Breaker } from './breaker.ts';
import { jitteredBackoff } from './budget.ts';
import type { Connects } from './connects.ts';
import { isObject, preview } from './from-wire/fields.ts';
import { parseBaseUrl } from './http.ts';
import type { Subscription } from './subscription.ts';
import { channelKey, openWatchdog } from './watchdog.ts';

/** What a message turned out to be. Only `taken` counts as news of its channel. */
export type Taken = { readonly kind: 'taken' } | { readonly kind: 'stale' } | { readonly kind: 'unreadable'; readonly problem: string };

export interface SocketOptions {
  /** Base URL of the venue, http(s); the socket is at /ws under it. */
  readonly url: string;
  readonly clock: Clock;
  /** What waits for a connection are counted by, where it is not `clock`: of the same speed, but never standing. */
  readonly pace?: Clock;
  /** The IP's new connections (PROTOCOL §10); made whenever wanted where left out. */
  readonly connects?: Connects;
  /** Shut while no connection of the fleet can be made; asked before each where given. */
  readonly breaker?: Breaker;
  /** Wall time for the handshake, the acknowledgements and a pong. */
  readonly timeoutMs: number;
  /** Wall time between pings; the venue closes a connection on which it said nothing for 60 s (PROTOCOL §9). */
  readonly pingIntervalMs: number;
}

export interface SocketListener {
  readonly subscriptions: readonly Subscription[];
  message(channel: string, data: unknown): Taken;
  /** Every subscription of this connection is acknowledged. */
  up(): void;
  /** The connection is gone, or could not be made; another try follows. */
  down(reason: string): void;
  /** A watched channel says nothing; it is being subscribed anew. */
  silent(subscription: Subscription): void;
  /** A message that could not be read. With `true` the connection is given up, so that whoever listens reads anew. */
  unreadable(problem: string): boolean;
}

/** A socket that is kept up. */
export interface VenueSocket {
  /** Gives the connection up, as when it is cut: `down` is called and another try follows. Nothing while there is none. */
  renew(reason: string): void;
  close(): Promise<void>;
}

const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/** A connection that stood this long in market time was a good one: the next failure counts as the first. */
const STABLE_MS = 30_000;

/** The socket's address: ws(s) and /ws under the base (PROTOCOL §1). */
export function socketUrl(url: string): string {
  const base = parseBaseUrl(url);
  return `${base.protocol === 'https:' ? 'wss:' : 'ws:'}//${base.host}${base.pathname.replace(/\/+$/, '')}/ws`;
}

/**
 * Keeps one WebSocket to the venue up with its subscriptions (PROTOCOL §9): connects, subscribes, pings, notices dead
 * connections and silent channels, and connects again after a jittered wait in market time. Never throws once open.
 */
export function openSocket(options: SocketOptions, listener: SocketListener): VenueSocket {
  const { clock, pace = clock } = options;
  const url = socketUrl(options.url);
  let closed = false;
  let failures = 0;
  let live: Connection | null = null;
  let cancelRetry: () => void = () => undefined;

  const watchdog = openWatchdog(clock, listener.subscriptions, {
    resubscribe(subscription) {
      listener.silent(subscription);
      live?.send({ method: 'unsubscribe', subscription: subscription.request });
      live?.send({ method: 'subscribe', subscription: subscription.request });
    },
    giveUp: (subscription) => live?.drop(`the channel ${subscription.request.type} ${subscription.request.coin ?? ''} is silent`),
  });

  function connect(): void {
    const shutMs = options.breaker?.admit(pace.now()) ?? 0;
    if (shutMs > 0) {
      cancelRetry = pace.after(shutMs, connect);
      return;
    }
    const leave = options.connects?.enter(pace.now()) ?? null;
    if (leave?.kind === 'wait') {
      cancelRetry = pace.after(leave.waitMs, connect);
      return;
    }
    const settled = (): void => leave?.settled(pace.now());
    let upSinceMs: number | null = null;
    let hasOpened = false;
    live = openConnection(url, options, {
      subscriptions: listener.subscriptions,
      opened() {
        hasOpened = true;
        options.breaker?.succeeded();
        settled();
      },
      up() {
        upSinceMs = clock.now();
        watchdog.start();
        listener.up();
      },
      down(reason) {
        live = null;
        settled();
        if (!hasOpened) options.breaker?.failed(pace.now());
        watchdog.stop();
        if (closed) return;
        if (upSinceMs !== null && clock.now() - upSinceMs >= STABLE_MS) failures = 0;
        const backoffMs = jitteredBackoff(failures, BACKOFF_MS, BACKOFF_MAX_MS);
        failures += 1;
        cancelRetry = pace.after(backoffMs, connect);
        listener.down(reason);
      },
      message(channel, data) {
        const taken = listener.message(channel, data);
        if (taken.kind === 'taken') watchdog.heard(channelKey(channel, coinOf(data)));
        if (taken.kind === 'unreadable' && listener.unreadable(taken.problem)) live?.drop(`unreadable message: ${taken.problem}`);
      },
      garbage(text) {
        if (listener.unreadable(`the frame ${preview(text)} is no message`)) live?.drop('unreadable frame');
      },
    });
  }
  connect();

  return {
    renew: (reason) => live?.drop(reason),
    async close() {
      closed = true;
      cancelRetry();
      watchdog.stop();
      await live?.close();
    },
  };
}

function coinOf(data: unknown): unknown {
  const holder = Array.isArray(data) ? data[0] : data;
  return isObject(holder) ? holder.coin : undefined;
}

interface Connection {
  send(message: unknown): void;
  /** Gives the connection up at once: `down` is called with the reason. */
  drop(reason: string): void;
  close(): Promise<void>;
}

interface ConnectionListener {
  readonly subscriptions: readonly Subscription[];
  /** The handshake is done. */
  opened(): void;
  up(): void;
  down(reason: string): void;
  message(channel: string, data: unknown): void;
  garbage(text: string): void;
}

/** The text some servers greet with; every other frame is JSON (PROTOCOL §9). */
const GREETING = 'Websocket connection established.';

/** One connection from handshake to end. `down` is called exactly once, and nothing after it. */
function openConnection(url: string, options: SocketOptions, listener: ConnectionListener): Connection {
  const socket = new WebSocket(url);
  const waiting = new Set(listener.subscriptions);
  let over = false;
  let patience: NodeJS.Timeout | null = null;
  let pinger: NodeJS.Timeout | null = null;

  const send = (message: unknown) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const end = (reason: string) => {
    if (over) return;
    over = true;
    if (patience !== null) clearTimeout(patience);
    if (pinger !== null) clearInterval(pinger);
    socket.close();
    listener.down(reason);
  };
  const expect = (what: string) => {
    if (patience !== null) clearTimeout(patience);
    patience = setTimeout(() => end(`no ${what} in ${options.timeoutMs} ms`), options.timeoutMs);
  };
  const relax = () => {
    if (patience === null || waiting.size > 0) return;
    clearTimeout(patience);
    patience = null;
  };
  const acknowledge = (echo: unknown) => {
    const found = [...waiting].find((subscription) => isEcho(echo, subscription.request));
    if (found === undefined) return;
    waiting.delete(found);
    if (waiting.size > 0) return;
    relax();
    listener.up();
  };
  const take = (channel: string, data: unknown) => {
    if (channel === 'pong') return;
    if (channel === 'subscriptionResponse') return acknowledge(isObject(data) && data.method === 'subscribe' ? data.subscription : null);
    if (channel !== 'error') return listener.message(channel, data);
    const text = String(data);
    if (text.startsWith('Already unsubscribed')) return;
    if (text.startsWith('Already subscribed')) return acknowledge(jsonIn(text));
    end(`the venue said: ${preview(text)}`);
  };

  expect('handshake');
  socket.onopen = () => {
    listener.opened();
    expect('acknowledgement of every subscription');
    for (const { request } of listener.subscriptions) send({ method: 'subscribe', subscription: request });
    pinger = setInterval(() => {
      send({ method: 'ping' });
      // The first unanswered ping counts: a later one does not grant a new delay.
      if (patience === null) expect('pong');
    }, options.pingIntervalMs);
  };
  socket.onmessage = ({ data }) => {
    if (over) return;
    relax();
    if (typeof data !== 'string' || data === GREETING) return;
    const message = parseFrame(data);
    if (message === null) listener.garbage(data);
    else take(message.channel, message.data);
  };
  socket.onerror = () => undefined;
  socket.onclose = ({ code, reason }) => end(`the connection closed (${code}${reason === '' ? '' : ` ${reason}`})`);

  return {
    send,
    drop: end,
    close() {
      over = true;
      if (patience !== null) clearTimeout(patience);
      if (pinger !== null) clearInterval(pinger);
      return closeSocket(socket, options.timeoutMs);
    },
  };
}

/** Ends a socket and waits for the other side's goodbye, but not for ever. */
function closeSocket(socket: WebSocket, timeoutMs: number): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    socket.onclose = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.close();
  });
}

function parseFrame(text: string): { readonly channel: string; readonly data: unknown } | null {
  try {
    const message: unknown = JSON.parse(text);
    return isObject(message) && typeof message.channel === 'string' ? { channel: message.channel, data: message.data } : null;
  } catch {
    return null;
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf('{')));
  } catch {
    return null;
  }
}

/** The venue echoes the request with its defaults filled in: a superset, in any case of letters for addresses (PROTOCOL §9). */
function isEcho(echo: unknown, request: Subscription['request']): boolean {
  if (!isObject(echo)) return false;
  return Object.entries(request).every(([key, value]) => {
    const said = echo[key];
    return typeof said === 'string' && (said === value || (key === 'user' && said.toLowerCase() === value?.toLowerCase()));
  });
}
