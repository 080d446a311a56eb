/** The only source of now for venue and fleet. In a replay it runs faster than the wall; in a test it stands still. */
export interface Clock {
  /** Milliseconds since the epoch in market time, whole. */
  now(): number;
  /** Runs `task` once, `delayMs` of market time from now. Returns what cancels it. */
  after(delayMs: number, task: () => void): () => void;
}
