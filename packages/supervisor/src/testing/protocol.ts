/** What the test worker is told and tells. */
export interface TestProtocol {
  readonly down:
    | { readonly kind: 'crash' }
    | { readonly kind: 'hang' }
    | { readonly kind: 'leave' }
    | { readonly kind: 'leak' }
    | { readonly kind: 'unreadable' }
    | { readonly kind: 'echo'; readonly text: string };
  readonly up: { readonly kind: 'echoed'; readonly text: string } | { readonly kind: 'env'; readonly names: readonly string[] };
  readonly calls: {
    readonly double: { readonly ask: number; readonly answer: number };
    readonly refuse: { readonly ask: null; readonly answer: never };
    readonly never: { readonly ask: null; readonly answer: null };
  };
}

/** How the test worker behaves from its start. */
export interface TestData {
  readonly atStart: 'ready' | 'crash' | 'never-ready';
  readonly atDrain: 'finish' | 'stay' | 'throw';
}
