/**
 * The faults a paper exchange can be told to have, declared once: kind by kind, with whom they strike and how often. Every kind
 * has an example in docs/FAULTS.md. Times are market milliseconds.
 */
import type { Address } from '../wire/fields.ts';

/** What a fault does. A field that may be left out has its default in its comment. */
type FaultEffect =
  /** The request stands still for `ms` on its way in, and is applied after that: at that market time, after what came meanwhile. */
  | { readonly kind: 'delay-request'; readonly ms: number }
  /** The request is applied at once, and its answer stands still for `ms` on its way out. */
  | { readonly kind: 'delay-response'; readonly ms: number }
  /** The request is never applied. `reset` (default) resets the connection, `silence` leaves it open and never answers. */
  | { readonly kind: 'drop-request'; readonly how?: LossForm }
  /** The request is applied and its answer lost. `how` as in drop-request. */
  | { readonly kind: 'drop-response'; readonly how?: LossForm }
  /** The answer to a `post` of a WebSocket comes twice. HTTP has one answer to a request, so there it never strikes. */
  | { readonly kind: 'duplicate-response' }
  /** Another HTTP status instead of the answer: `before` (default) the request was applied, or `after`. To a `post`: an error frame. */
  | { readonly kind: 'status'; readonly status: FaultStatus; readonly when?: 'before' | 'after' }
  /** The request is applied; its answer breaks off after `bytes` (default null: half of it) although more was announced. */
  | { readonly kind: 'truncate-response'; readonly bytes?: number | null }
  /** The request is applied and answered with nonsense; with a `channel`, or no scope, a stream message is nonsense. */
  | { readonly kind: 'nonsense'; readonly answer: Nonsense }
  /** A stream message never leaves. */
  | { readonly kind: 'lose-message' }
  /** A stream message leaves `copies` times (default 2). */
  | { readonly kind: 'duplicate-message'; readonly copies?: number }
  /** A stream message leaves after the next `behind` (default 1) stream messages of its socket have. */
  | { readonly kind: 'reorder-message'; readonly behind?: number }
  /** A stream message leaves `ms` late; those after it do not wait for it. */
  | { readonly kind: 'delay-message'; readonly ms: number }
  /**
   * A subscription of a socket falls silent with its next message, or with its first; one strike each. It speaks again when it is
   * subscribed anew (`until: 'resubscribe'`), on a new socket only (`'reconnect'`, the default), or once the rule is cleared or
   * over (`'clear'`: new sockets find it silent too).
   */
  | { readonly kind: 'silence'; readonly until?: 'resubscribe' | 'reconnect' | 'clear' }
  /** A WebSocket is cut without a closing frame: with its next stream message (default), which is lost, or `now`. */
  | { readonly kind: 'cut'; readonly at?: Moment }
  /** A WebSocket stays open and nothing more is read from it or written to it. `at` as in cut. */
  | { readonly kind: 'half-open'; readonly at?: Moment }
  /**
   * Answers of orderStatus, openOrders, frontendOpenOrders, historicalOrders, userFills and userFillsByTime do not know yet what
   * happened in the last `ms`. Strikes only where that makes a difference.
   */
  | { readonly kind: 'lag'; readonly ms: number }
  /**
   * The venue's clock is `ms` ahead (below zero: behind): for a signed action its nonce window and its expiresAfter, for an answer or
   * a stream message its fields time, timestamp, statusTimestamp and serverTime.
   */
  | { readonly kind: 'clock-offset'; readonly ms: number }
  /** Orders of an action are refused with the venue's text `error`: the `nth` (1 is the first), or all of it (default null). */
  | { readonly kind: 'reject-order'; readonly error: string; readonly nth?: number | null }
  /** The `nth` child (default 1) of a normalTpsl is refused with the text `error`, of those that are `tpsl` (default null: any). */
  | { readonly kind: 'reject-child'; readonly error: string; readonly nth?: number; readonly tpsl?: 'tp' | 'sl' | null }
  /** Cancels of an action are refused with the text `error`: the `nth`, or all of them (default null). */
  | { readonly kind: 'reject-cancel'; readonly error: string; readonly nth?: number | null }
  /** A whole action is refused with the text `error`; its nonce is used up. */
  | { readonly kind: 'reject-action'; readonly error: string }
  /** As after a network upgrade: every order that is neither Alo nor a trigger is refused. */
  | { readonly kind: 'post-only' }
  /** An agent expires, at once. */
  | { readonly kind: 'expire-agent'; readonly agent: string }
  /** The venue ends a live order of `user`, by oid or cloid, with a status such as `marginCanceled`, at once. */
  | { readonly kind: 'cancel-order'; readonly user: string; readonly order: number | string; readonly status: string }
  /** Auto-deleveraging closes `sz` (default null: all) of a position of `user` at `px` (default null: the mark), at once. */
  | { readonly kind: 'deleverage'; readonly user: string; readonly coin: string; readonly px?: string | null; readonly sz?: string | null }
  /** The oid of an ended order of `user`, named by oid or cloid, is given to the next order of that account too. */
  | { readonly kind: 'reuse-oid'; readonly user: string; readonly order: number | string }
  /** The market feed of a coin is silent for `ms` from now: nothing of it matches and no trigger fires until its next book. */
  | { readonly kind: 'pause-market'; readonly coin: string; readonly ms: number }
  /**
   * Other limits than the exchange was started with, until the rule is cleared or over: weight an IP has a minute, requests an
   * account has before it trades, and WebSocket limits of an IP. Null (default): as it was.
   */
  | ({ readonly kind: 'limits' } & LimitFigures);

interface LimitFigures {
  readonly ipWeightPerMinute?: number | null;
  readonly addressRequests?: number | null;
  readonly wsConnections?: number | null;
  readonly wsSubscriptions?: number | null;
  readonly wsUsers?: number | null;
  readonly wsMessagesPerMinute?: number | null;
  readonly wsPostsInFlight?: number | null;
}

/** How an answer does not come. */
type LossForm = 'reset' | 'silence';
export type FaultStatus = 429 | 500 | 502 | 503 | 504;
/** A page, {}, [], null, a text that is no JSON, no bytes at all, or the answer with each number a text and each text a number. */
export type Nonsense = 'html' | 'empty-object' | 'empty-array' | 'null' | 'text' | 'empty' | 'wrong-types';
type Moment = 'message' | 'now';

export type FaultKind = FaultEffect['kind'];

/** Whom a fault strikes; what is left out is anyone and anything. */
interface FaultScope {
  /** An account, or for signed actions the signer's address. */
  readonly user?: string;
  readonly via?: 'http' | 'ws';
  /** An action's type, e.g. `order`. */
  readonly action?: string;
  /** An info request's type, e.g. `orderStatus`. */
  readonly info?: string;
  /** A subscription's type, e.g. `orderUpdates`. */
  readonly channel?: string;
  readonly coin?: string;
}

/** How often a fault strikes. */
interface FaultBounds {
  /** Strikes at most: 1, or with `forMs` as many as there are. */
  readonly count?: number;
  /** Matches that pass unharmed first: 0. */
  readonly after?: number;
  /** Chance of each match beyond those, drawn from `seed`: 1. */
  readonly probability?: number;
  /** 0. The same seed and the same requests give the same strikes. */
  readonly seed?: number;
  /** The rule ends after so much market time: never. */
  readonly forMs?: number;
}

type ScopeOf<E> = Omit<FaultScope, keyof E>;

/** A fault as one asks for it. */
export type FaultRule = FaultEffect extends infer E ? (E extends FaultEffect ? E & ScopeOf<E> & FaultBounds : never) : never;

type Whole<T> = T extends { readonly agent: string }
  ? Omit<T, 'agent'> & { readonly agent: Address }
  : T extends { readonly user: string }
    ? Omit<Required<T>, 'user'> & { readonly user: Address }
    : T extends unknown
      ? Required<T>
      : never;

/** An effect with its defaults filled in. */
export type WholeEffect = Whole<FaultEffect>;
export type EffectOf<K extends FaultKind> = Extract<WholeEffect, { kind: K }>;

export interface WholeScope {
  readonly user: Address | null;
  readonly via: 'http' | 'ws' | null;
  readonly action: string | null;
  readonly info: string | null;
  readonly channel: string | null;
  readonly coin: string | null;
}

export interface WholeBounds {
  /** Null for no bound but time. */
  readonly count: number | null;
  readonly after: number;
  readonly probability: number;
  readonly seed: number;
  readonly forMs: number | null;
}

/** A fault, checked and whole. */
export interface Fault {
  readonly effect: WholeEffect;
  readonly scope: WholeScope;
  readonly bounds: WholeBounds;
}

/** Something that happens at the exchange and may be struck. */
export interface Occasion {
  readonly on: 'action' | 'info' | 'message';
  /** Type of the action, the info request or the subscription. */
  readonly name: string;
  /** The accounts it is about, and who signed it. */
  readonly users: readonly string[];
  readonly coins: readonly string[];
  readonly via: 'http' | 'ws';
}

/** On what a kind strikes. A kind without any strikes once, when it is set. */
export const STRIKES_ON: Readonly<Record<FaultKind, readonly Occasion['on'][]>> = {
  'delay-request': ['action', 'info'],
  'delay-response': ['action', 'info'],
  'drop-request': ['action', 'info'],
  'drop-response': ['action', 'info'],
  'duplicate-response': ['action', 'info'],
  status: ['action', 'info'],
  'truncate-response': ['action', 'info'],
  nonsense: ['action', 'info', 'message'],
  'lose-message': ['message'],
  'duplicate-message': ['message'],
  'reorder-message': ['message'],
  'delay-message': ['message'],
  silence: ['message'],
  cut: ['message'],
  'half-open': ['message'],
  lag: ['info'],
  'clock-offset': ['action', 'info', 'message'],
  'reject-order': ['action'],
  'reject-child': ['action'],
  'reject-cancel': ['action'],
  'reject-action': ['action'],
  'post-only': ['action'],
  'expire-agent': [],
  'cancel-order': [],
  deleverage: [],
  'reuse-oid': [],
  'pause-market': [],
  limits: [],
};

/** Whether a fault is about an occasion. The one place where scopes are read. */
export function match({ effect, scope }: Fault, occasion: Occasion): boolean {
  const { on, name, via } = occasion;
  if (!STRIKES_ON[effect.kind].includes(on)) return false;
  // One of the three names what it is about; a rule that names none is about all that its kind strikes.
  const { action, info, channel } = scope;
  if (action !== null || info !== null || channel !== null) {
    if (name !== (on === 'action' ? action : on === 'info' ? info : channel)) return false;
  }
  if (scope.user !== null && !occasion.users.includes(scope.user)) return false;
  if (scope.coin !== null && !occasion.coins.includes(scope.coin)) return false;
  if (effect.kind === 'duplicate-response' && via === 'http') return false;
  return scope.via === null || scope.via === via;
}
