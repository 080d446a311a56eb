/** How long the workers wait for the venue on loopback. */
export const FEED_TIMES = {
  /** Wall time for a handshake, an acknowledgement, a pong. */
  timeoutMs: 10_000,
  /** Wall time between pings; the venue hangs up after 60 s (PROTOCOL §9). */
  pingIntervalMs: 20_000,
  /** Market time of silence after which a book or mark is suspicious: the venue pushes both several times a second. */
  silenceMs: 30_000,
  /** The same in wall time, for fast replays, in which a busy machine's pause is minutes of the market. */
  silenceWallMs: 3_000,
} as const;

/** Limits of requests, wall time. */
export const REQUEST_TIMES = {
  timeoutMs: 10_000,
  concurrency: 4,
  attempts: 3,
} as const;

/** An account that is told nothing of is asked for its state this often, over its stream: market time, and wall time in fast replays. */
const STATE_SILENCE = { marketMs: 5_000, wallMs: 3_000 } as const;

/** After how long without a state an account stream is doubted, market time at `speed`. */
export const stateSilenceMs = (speed: number): number => Math.max(STATE_SILENCE.marketMs, STATE_SILENCE.wallMs * speed);
