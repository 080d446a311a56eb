/**
 * What one kind of worker says and is told. `down` and `up` are one-way messages; `calls` are questions to the worker with
 * one answer each. Everything must be clonable.
 */
export interface WorkerProtocol {
  readonly down: unknown;
  readonly up: unknown;
  readonly calls: Readonly<Record<string, { readonly ask: unknown; readonly answer: unknown }>>;
}

/** A call's name in a protocol. */
export type CallName<P extends WorkerProtocol> = keyof P['calls'] & string;

/** What the supervisor puts around a message to a worker. */
export type DownFrame<P extends WorkerProtocol> =
  | { readonly kind: 'message'; readonly body: P['down'] }
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName<P>; readonly ask: P['calls'][CallName<P>]['ask'] }
  | { readonly kind: 'drain' }
  /** End yourself at once, between two steps of your loop. */
  | { readonly kind: 'leave' };

/** What a worker's thread puts around a message to the supervisor. */
export type UpFrame<P extends WorkerProtocol> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'message'; readonly body: P['up'] }
  | { readonly kind: 'answer'; readonly id: number; readonly value: P['calls'][CallName<P>]['answer'] }
  | { readonly kind: 'failure'; readonly id: number; readonly reason: string };

/** Ends every `switch` over a union: a member nobody handles does not compile. */
export function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}
