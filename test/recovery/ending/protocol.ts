/** A worker that is told nothing and asked nothing. */
export interface SigningProtocol {
  readonly down: never;
  readonly up: never;
  readonly calls: Readonly<Record<never, never>>;
}
