/** How long things take at the venue, ms of market time (PROTOCOL §1). All 0: everything happens at once. */
export interface Latency {
  /** From the arrival of a signed action until it may enter a block. */
  readonly requestMs: number;
  /** An action takes effect at the next whole multiple of this; 0 for no blocks. */
  readonly blockMs: number;
  /** From the effect of an action, or the arrival of a question, until the answer leaves. */
  readonly replyMs: number;
  /** From a happening until subscribers are told. */
  readonly feedMs: number;
  /** Up to so much is added to `requestMs`, by lot: a pure function of the action's place in the sequence. */
  readonly jitterMs: number;
}

export const NO_LATENCY: Latency = { requestMs: 0, blockMs: 0, replyMs: 0, feedMs: 0, jitterMs: 0 };

/**
 * Near the real venue: blocks of 70 ms, about 0.2 s from an order to its answer, feeds 0.2 s behind (PROTOCOL §1). On average
 * an action takes effect after 90 + 15 + 35 ms and is answered 60 ms later.
 */
export const REAL_LATENCY: Latency = { requestMs: 90, blockMs: 70, replyMs: 60, feedMs: 200, jitterMs: 30 };

/** The words of a latency written out, and the field each sets. */
const WORDS = { request: 'requestMs', block: 'blockMs', reply: 'replyMs', feed: 'feedMs', jitter: 'jitterMs' } as const;

/** The longest delay: beyond a minute every client has given up. */
const DELAY_MS_MAX = 60_000;

const isWord = (word: string): word is keyof typeof WORDS => Object.hasOwn(WORDS, word);

/** Reads `real`, `none` or a list such as `request=100,reply=50,feed=200`, what is left out being 0; null when it is none of them. */
export function parseLatency(text: string): Latency | null {
  if (text === 'real') return REAL_LATENCY;
  if (text === 'none') return NO_LATENCY;
  const delays: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [word = '', amount = ''] = part.trim().split('=');
    const ms = /^\d{1,5}$/.test(amount) ? Number(amount) : Number.NaN;
    if (!isWord(word) || !(ms <= DELAY_MS_MAX) || Object.hasOwn(delays, WORDS[word])) return null;
    delays[WORDS[word]] = ms;
  }
  return { ...NO_LATENCY, ...delays };
}

/** A whole number from 0 to `most` for the n-th action: the mixing step of splitmix32, so that neighbours share nothing. */
function lot(n: number, most: number): number {
  let z = Math.imul(n + 1, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return ((z ^ (z >>> 16)) >>> 0) % (most + 1);
}

/** Market time at which the n-th action, arrived at `arrivedMs`, takes effect. */
export function effectMs({ requestMs, blockMs, jitterMs }: Latency, arrivedMs: number, n: number): number {
  const ready = arrivedMs + requestMs + lot(n, jitterMs);
  return blockMs === 0 ? ready : Math.ceil(ready / blockMs) * blockMs;
}
