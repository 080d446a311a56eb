import { messageOccasion, type StreamTopic } from './occasions.ts';
import type { FaultPlan } from './plan.ts';
import type { EffectOf, Fault, Occasion } from './rule.ts';
import { match } from './rule.ts';
import { nonsenseFor, shiftTimes } from './spoil.ts';

/** Where the messages of one WebSocket go. */
export interface Outlet {
  send(text: string): void;
  /** Ends the connection without a word. */
  cut(): void;
  /** Reads and writes no more, and does not close. */
  freeze(): void;
}

/** The stream messages of one WebSocket, through its faults. */
export interface FaultyStream {
  /** Sends a stream message. */
  tell(text: string, topic: StreamTopic): void;
  subscribed(topic: StreamTopic): void;
  unsubscribed(topic: StreamTopic): void;
  /** The socket is gone. */
  closed(): void;
}

export interface FaultyStreams {
  open(outlet: Outlet): FaultyStream;
  /** Strikes the open streams in scope at once, oldest first, up to the rule's count; how many. */
  strikeNow(effect: EffectOf<'cut' | 'half-open'>, fault: Fault): number;
  /** Lets go what waits behind other messages: the rules are cleared. */
  release(): void;
}

export interface StreamOptions {
  readonly plan: FaultPlan;
  readonly nowMs: () => number;
  /** Runs a task after so much market time. */
  readonly later: (ms: number, task: () => void) => void;
}

interface Held {
  readonly text: string;
  behind: number;
}

interface Socket {
  readonly outlet: Outlet;
  readonly topics: Map<string, StreamTopic>;
  /** Silent subscriptions, and until when. */
  readonly silent: Map<string, EffectOf<'silence'>['until']>;
  held: Held[];
}

/** Makes the streams of an exchange go through the faults of its plan. */
export function createFaultyStreams({ plan, nowMs, later }: StreamOptions): FaultyStreams {
  const sockets = new Set<Socket>();
  /** Subscriptions silent on every socket, by the rule that made them so. */
  const silentRules = new Map<number, Set<string>>();

  /** One message is on its way; what waited for it moves up. */
  function send(socket: Socket, text: string): void {
    socket.outlet.send(text);
    if (socket.held.length === 0) return;
    const due: Held[] = [];
    for (const held of socket.held) {
      held.behind -= 1;
      if (held.behind === 0) due.push(held);
    }
    socket.held = socket.held.filter((held) => held.behind > 0);
    for (const held of due) socket.outlet.send(held.text);
  }

  function isSilent(socket: Socket, key: string): boolean {
    if (socket.silent.has(key)) return true;
    for (const [id, keys] of silentRules) {
      if (plan.find(id, nowMs()) === null) silentRules.delete(id);
      else if (keys.has(key)) return true;
    }
    return false;
  }

  /** Whether this message begins a silence. */
  function silences(socket: Socket, key: string, occasion: Occasion): boolean {
    const struck = plan.strike(['silence'], occasion, nowMs());
    if (struck === null) return false;
    const { until } = struck.effect;
    if (until === 'clear') silentRules.set(struck.id, (silentRules.get(struck.id) ?? new Set()).add(key));
    else socket.silent.set(key, until);
    return true;
  }

  function strikeSocket(socket: Socket, kind: 'cut' | 'half-open'): void {
    sockets.delete(socket);
    if (kind === 'cut') socket.outlet.cut();
    else socket.outlet.freeze();
  }

  /** The text as faults of content leave it. */
  function spoiled(text: string, occasion: Occasion): string {
    const now = nowMs();
    const ahead = plan.strikes(['clock-offset'], occasion, now).reduce((ms, { effect }) => ms + effect.ms, 0);
    const nonsense = plan.strike(['nonsense'], occasion, now);
    if (ahead === 0 && nonsense === null) return text;
    const value = shiftTimes(JSON.parse(text), ahead);
    if (nonsense === null) return JSON.stringify(value);
    const made = nonsenseFor(nonsense.effect.answer, value);
    return 'raw' in made ? made.raw : JSON.stringify(made.json);
  }

  function tell(socket: Socket, text: string, topic: StreamTopic): void {
    if (!sockets.has(socket)) return;
    const now = nowMs();
    if (!plan.active) {
      if (!isSilent(socket, topic.key)) send(socket, text);
      return;
    }
    const occasion = messageOccasion(topic, text);
    if (isSilent(socket, topic.key)) return;
    const struck = plan.strike(['cut', 'half-open'], occasion, now, (effect) => effect.at === 'message');
    if (struck !== null) {
      strikeSocket(socket, struck.effect.kind);
      return;
    }
    if (silences(socket, topic.key, occasion) || plan.strike(['lose-message'], occasion, now) !== null) return;
    const told = spoiled(text, occasion);
    const copies = plan.strike(['duplicate-message'], occasion, now)?.effect.copies ?? 1;
    const behind = plan.strike(['reorder-message'], occasion, now)?.effect.behind ?? 0;
    const delayMs = plan.strikes(['delay-message'], occasion, now).reduce((ms, { effect }) => ms + effect.ms, 0);
    const leave = (): void => {
      for (let copy = 0; copy < copies; copy += 1) if (sockets.has(socket)) send(socket, told);
    };
    if (behind > 0) socket.held.push({ text: told, behind });
    else if (delayMs > 0) later(delayMs, leave);
    else leave();
  }

  /** Whether a rule about messages is about one of the socket's subscriptions, or names none. */
  function inScope(socket: Socket, fault: Fault): boolean {
    const { user, channel, coin } = fault.scope;
    if (user === null && channel === null && coin === null) return true;
    return [...socket.topics.values()].some((topic) => match(fault, messageOccasion(topic, '')));
  }

  return {
    open(outlet) {
      const socket: Socket = { outlet, topics: new Map(), silent: new Map(), held: [] };
      sockets.add(socket);
      return {
        tell: (text, topic) => tell(socket, text, topic),
        subscribed(topic) {
          socket.topics.set(topic.key, topic);
          if (socket.silent.get(topic.key) === 'resubscribe') socket.silent.delete(topic.key);
        },
        unsubscribed: (topic) => socket.topics.delete(topic.key),
        closed: () => sockets.delete(socket),
      };
    },
    strikeNow(effect, fault) {
      const most = fault.bounds.count ?? Number.POSITIVE_INFINITY;
      const struck = [...sockets].filter((socket) => inScope(socket, fault)).slice(0, most);
      for (const socket of struck) strikeSocket(socket, effect.kind);
      return struck.length;
    },
    release() {
      silentRules.clear();
      for (const socket of sockets) {
        const held = socket.held;
        socket.held = [];
        for (const { text } of held) socket.outlet.send(text);
      }
    },
  };
}
