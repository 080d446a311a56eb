import { harmPost } from '../faults/post-harm.ts';
import { UNHARMED } from '../faults/request-fate.ts';
import type { FaultyStream, Outlet } from '../faults/stream.ts';
import type { WireFaults } from '../faults/wire-faults.ts';
import type { InProcessExchange } from '../in-process.ts';
import type { Visit } from '../limits/admission.ts';
import { BadSubscription } from './channels/channel.ts';
import { type Door, type Network, readSigned } from './exchange-door.ts';
import { integer, isRecord, type JsonObject, object, string, Unfit, word } from './fields.ts';
import type { Hub, Listener } from './hub.ts';
import type { InfoSources } from './info-account.ts';
import { NoAnswer } from './info-market.ts';
import { readSubscription, type Subscription } from './subscription.ts';

/** What a conversation is held with. */
export interface ConversationOptions {
  readonly exchange: InProcessExchange;
  readonly hub: Hub;
  readonly sources: InfoSources;
  readonly door: Door;
  readonly network: Network;
  readonly readInfo: (body: unknown, nowMs: number) => unknown;
  readonly faults: WireFaults;
  /** Lets the answer to a post leave, after its time on the way. */
  readonly reply: (send: () => void) => void;
  /** Lets what channels say leave, and what is said about them. */
  readonly tell: (send: () => void) => void;
}

/** One client's frames, whatever carries them. */
export interface Conversation {
  /** Takes a text frame of the client. */
  receive(raw: string): void;
  /** The client has gone. */
  closed(): void;
}

/** How much of an unreadable frame is told back. */
const ECHO_CHARS_MAX = 4_096;

const frame = (channel: string, data: unknown): string => JSON.stringify({ channel, data });

/** Holds the WebSocket protocol with one client: subscriptions, pings and posts (PROTOCOL §9). */
export function converse(outlet: Outlet, visit: Visit, options: ConversationOptions): Conversation {
  const { exchange, hub, reply, tell, faults } = options;
  const stream = faults.streams.open(outlet);
  const listener: Listener = {
    send: (text, topic) => (topic === undefined ? outlet.send(text) : stream.tell(text, topic)),
  };
  const answer = (text: string): void => tell(() => listener.send(text));
  return {
    closed() {
      stream.closed();
      hub.drop(listener);
    },
    receive(raw) {
      const message = parse(raw);
      const post = postOf(message);
      const refusal = visit.message() ?? (post === null ? null : visit.post(post.id));
      if (refusal !== null) {
        exchange.request(() => answer(frame('error', refusal)));
        return;
      }
      const fate = post?.asked === undefined ? UNHARMED : faults.fate(post.asked.type, post.asked.payload, 'ws');
      const answerPost = (id: number, response: unknown): void =>
        reply(() =>
          faults.later(fate.delayResponseMs, () => {
            if (fate.after === null) outlet.send(frame('post', { id, response }));
            else harmPost(outlet, fate.after, { id, response });
          }),
        );
      faults.later(fate.delayRequestMs, () => {
        if (fate.before !== null && post !== null) {
          harmPost(outlet, fate.before, { id: post.id, response: null });
          visit.answered();
          return;
        }
        exchange.request((nowMs) => {
          take({ raw, message, nowMs, listener, stream, visit, answer, answerPost }, options);
          if (post !== null) reply(() => visit.answered());
        }, post?.signed);
      });
    },
  };
}

/** A message that is a post. */
interface Post {
  readonly id: number;
  readonly asked?: { readonly type: 'action' | 'info'; readonly payload: unknown };
  /** The action when it carries a signed one. */
  readonly signed?: { readonly action: unknown };
}

function postOf(message: JsonObject | null): Post | null {
  if (message?.method !== 'post' || typeof message.id !== 'number') return null;
  const { id, request } = message;
  if (!isRecord(request) || (request.type !== 'action' && request.type !== 'info')) return { id };
  const { type, payload } = request;
  if (type !== 'action' || !isRecord(payload)) return { id, asked: { type, payload } };
  return { id, asked: { type, payload }, signed: { action: payload.action } };
}

interface Frame {
  readonly raw: string;
  /** Null when it is no JSON object. */
  readonly message: JsonObject | null;
  readonly nowMs: number;
  readonly listener: Listener;
  readonly stream: FaultyStream;
  readonly visit: Visit;
  readonly answer: (text: string) => void;
  readonly answerPost: (id: number, response: unknown) => void;
}

function parse(raw: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(raw);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function take(incoming: Frame, options: ConversationOptions): void {
  const { raw, message, answer } = incoming;
  try {
    if (message === null) throw new Unfit('no JSON object');
    obey(message, incoming, options);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    answer(frame('error', `Error parsing JSON into valid websocket request: ${raw.slice(0, ECHO_CHARS_MAX)}`));
  }
}

function obey(message: JsonObject, incoming: Frame, options: ConversationOptions): void {
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

function listen(method: 'subscribe' | 'unsubscribe', from: JsonObject, incoming: Frame, options: ConversationOptions): void {
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
  const { key, about } = subscription;
  if (method === 'subscribe') {
    const refusal = incoming.visit.subscribe(key, about.user ?? null);
    if (refusal !== null) {
      incoming.answer(frame('error', refusal));
      return;
    }
    if (about.user !== undefined) door.meet(about.user);
    incoming.stream.subscribed(subscription);
    if (!hub.subscribe(incoming.listener, subscription)) incoming.answer(frame('error', `Already subscribed: ${told}`));
    return;
  }
  const left = hub.unsubscribe(incoming.listener, subscription);
  incoming.visit.unsubscribe(key);
  incoming.stream.unsubscribed(subscription);
  incoming.answer(
    left ? frame('subscriptionResponse', { method, subscription: subscription.echo }) : frame('error', `Already unsubscribed: ${told}`),
  );
}

/** A request over the socket; its answer is told by its id (PROTOCOL §9). */
function post(message: JsonObject, { nowMs, answerPost }: Frame, { door, network, readInfo }: ConversationOptions): void {
  const id = integer(message, 'id');
  const request = object(message.request, 'request');
  const type = word(request, 'type', ['info', 'action']);
  const reply = (response: unknown): void => answerPost(id, response);
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
