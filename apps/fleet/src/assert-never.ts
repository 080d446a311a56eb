/** Ends every `switch` over a union: a member nobody handles does not compile. */
export function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}
