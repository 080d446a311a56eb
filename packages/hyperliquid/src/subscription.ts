/** One channel of the venue that a socket keeps subscribed. */
export interface Subscription {
  readonly request: { readonly type: string; readonly coin?: string; readonly user?: string };
  /** Market time after which silence is suspicious; null for a channel that may rightly be silent. */
  readonly silenceMs: number | null;
}
