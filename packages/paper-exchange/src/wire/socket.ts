import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { InProcessExchange } from '../in-process.ts';
import { BadSubscription } from './channels/channel.ts';
import { type Door, type Network, readSigned } from './exchange-door.ts';
import { integer, isRecord, type JsonObject, object, string, Unfit, word } from './fields.ts';
import type { Hub, Listener } from './hub.ts';
import type { InfoSources } from './info-account.ts';
import { NoAnswer } from './info-market.ts';
import { readSubscription, type Subscription } from './subscription.ts';

/** What a socket talks to. */
export interface SocketOptions {
  readonly exchange: InProcessExchange;
  readonly hub: Hub;
  readonly sources: InfoSources;
  readonly door: Door;
  readonly network: Network;
  readonly readInfo: (body: unknown, nowMs: number) => unknown;
}

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** A frame of ours is at most some 200 kB; a client's orders are far smaller. */
const FRAME_BYTES_MAX = 1 << 20;
/** What may wait for a client that does not read, before it is cut off. */
const BUFFERED_BYTES_MAX = 16 << 20;
/** The venue closes a connection to which it has sent nothing for so long (PROTOCOL §9). Wall time. */
const IDLE_MS = 60_000;

/** How much of an unreadable frame is told back. */
const ECHO_CHARS_MAX = 4_096;

const frame = (channel: string, data: unknown): string => JSON.stringify({ channel, data });

/** Serves the WebSocket side of the protocol (PROTOCOL §9). */
export function createSockets(options: SocketOptions): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false });
  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, options));
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

function serve(socket: WebSocket, options: SocketOptions): void {
  const { exchange, hub } = options;
  const idle = setTimeout(() => socket.close(1000, 'Inactive'), IDLE_MS);
  const listener: Listener = {
    send(text) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > BUFFERED_BYTES_MAX) {
        socket.terminate();
        return;
      }
      idle.refresh();
      socket.send(text);
    },
  };
  const answer = (text: string): void => exchange.emit(() => listener.send(text));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearTimeout(idle);
    hub.drop(listener);
  });
  socket.on('message', (data, isBinary) => {
    const raw = isBinary ? '' : data.toString();
    exchange.request((nowMs) => take({ raw, nowMs, listener, answer }, options));
  });
}

interface Frame {
  readonly raw: string;
  readonly nowMs: number;
  readonly listener: Listener;
  readonly answer: (text: string) => void;
}

function parse(raw: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(raw);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function take(incoming: Frame, options: SocketOptions): void {
  const { raw, answer } = incoming;
  const message = parse(raw);
  try {
    if (message === null) throw new Unfit('no JSON object');
    obey(message, incoming, options);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    answer(frame('error', `Error parsing JSON into valid websocket request: ${raw.slice(0, ECHO_CHARS_MAX)}`));
  }
}

function obey(message: JsonObject, incoming: Frame, options: SocketOptions): void {
  const method = word(message, 'method', ['subscribe', 'unsubscribe', 'ping', 'post']);
  switch (method) {
    case 'ping':
      incoming.answer(JSON.stringify({ channel: 'pong' }));
      break;
    case 'post':
      post(message, incoming, options);
      break;
    case 'subscribe':
    case 'unsubscribe':
      listen(method, object(message.subscription, 'subscription'), incoming, options);
      break;
    default:
      method satisfies never;
  }
}

function listen(method: 'subscribe' | 'unsubscribe', from: JsonObject, incoming: Frame, options: SocketOptions): void {
  const told = JSON.stringify(from);
  let subscription: Subscription;
  try {
    subscription = readSubscription(from, options.sources);
  } catch (error) {
    if (!(error instanceof BadSubscription)) throw error;
    incoming.answer(frame('error', `Invalid subscription ${told}`));
    return;
  }
  const { hub, door } = options;
  if (method === 'subscribe') {
    if (subscription.about.user !== undefined) door.meet(subscription.about.user);
    if (!hub.subscribe(incoming.listener, subscription)) incoming.answer(frame('error', `Already subscribed: ${told}`));
    return;
  }
  const left = hub.unsubscribe(incoming.listener, subscription);
  incoming.answer(
    left ? frame('subscriptionResponse', { method, subscription: subscription.echo }) : frame('error', `Already unsubscribed: ${told}`),
  );
}

/** A request over the socket; its answer is told by its id (PROTOCOL §9). */
function post(message: JsonObject, { nowMs, answer }: Frame, { door, network, readInfo }: SocketOptions): void {
  const id = integer(message, 'id');
  const request = object(message.request, 'request');
  const type = word(request, 'type', ['info', 'action']);
  const reply = (response: unknown): void => answer(frame('post', { id, response }));
  try {
    if (type === 'action') {
      reply({ type, payload: door.admit(readSigned(request.payload, network)) });
      return;
    }
    const data = readInfo(request.payload, nowMs);
    reply({ type, payload: { type: string(object(request.payload, 'payload'), 'type'), data } });
  } catch (error) {
    if (error instanceof Unfit) reply({ type: 'error', payload: 'Failed to deserialize the JSON body into the target type' });
    else if (error instanceof NoAnswer) reply({ type: 'error', payload: 'null' });
    else throw error;
  }
}
