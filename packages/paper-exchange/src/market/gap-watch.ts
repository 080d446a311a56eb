import type { RecordedEvent } from './event-code.ts';
import type { Gap } from './recording.ts';

/** The venue publishes a book about every 0.54 s, 99 in 100 within 0.77 s; ten missed ones are a feed that is gone. */
const GAP_MS = 5_000;

interface CoinFeed {
  lastBookMs: number;
  lastMs: number;
  /** Where the first long silence since the last book began. */
  silentFromMs: number | null;
}

/** Finds where a coin's books stay away, from its messages in order of receipt. */
export interface GapWatch {
  see(event: RecordedEvent): void;
  /** All gaps by their beginning; a coin whose feed ended early has one to the end. */
  finish(endMs: number): readonly Gap[];
}

/**
 * A gap is more than 5 s between two books of a coin. It begins with the coin's last message before the silence, or with the
 * last book when its other channels went on. Coins `fromBbo` have no regular books, only changes of the best bid and offer,
 * so for them only silence on all channels is a gap.
 */
export function createGapWatch(fromBbo: ReadonlySet<string>): GapWatch {
  const feeds = new Map<string, CoinFeed>();
  const gaps: Gap[] = [];
  const close = (coin: string, feed: CoinFeed, untilMs: number): void => {
    if (untilMs - feed.lastBookMs <= GAP_MS) return;
    if (feed.silentFromMs === null && fromBbo.has(coin)) return;
    gaps.push({ coin, fromMs: feed.silentFromMs ?? feed.lastBookMs, untilMs });
  };
  const listen = (feed: CoinFeed, atMs: number): void => {
    if (atMs - feed.lastMs > GAP_MS) feed.silentFromMs ??= feed.lastMs;
  };
  return {
    see({ coin, kind, atMs }) {
      const feed = feeds.get(coin);
      if (feed === undefined) {
        // Before its first book a coin has no market to lose.
        if (kind === 'book') feeds.set(coin, { lastBookMs: atMs, lastMs: atMs, silentFromMs: null });
        return;
      }
      listen(feed, atMs);
      feed.lastMs = atMs;
      if (kind !== 'book') return;
      close(coin, feed, atMs);
      feed.lastBookMs = atMs;
      feed.silentFromMs = null;
    },
    finish(endMs) {
      for (const [coin, feed] of feeds) {
        listen(feed, endMs);
        close(coin, feed, endMs);
      }
      return gaps.sort((a, b) => a.fromMs - b.fromMs);
    },
  };
}
