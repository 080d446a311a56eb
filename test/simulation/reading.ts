/** What is promised of reading: after a gap of the stream all of it is read back, and no fill is ever passed by. */
import type { Venue } from '@hyperfleet/paper-exchange';
import type { Clock } from '@hyperfleet/trading';
import type { Excuses } from './excuses.ts';
import type { Life } from './life.ts';
import type { WatchedBot } from './watch.ts';

/** Reading back begins at once; another reconcile may be under way, and one read of it hang. */
const READ_BACK_MS = 5_000;
/** How far back before a read of fills those that are known are looked through. */
const LOOKED_BACK_MS = 600_000;

export type Read = 'open orders' | 'fills';

interface Gap {
  readonly life: Life;
  readonly endedMs: number;
  readonly unread: Set<Read>;
}

interface FillKey {
  readonly coin: string;
  readonly timeMs: number;
  readonly tid: number;
}

export interface ReadingWatch {
  /** A worker asks for this, of the time since then. */
  asks(bot: WatchedBot, life: Life, what: Read, fromMs: number): void;
  /** The stream to this worker is (again) connected. */
  connected(bot: WatchedBot, life: Life): void;
  /** These fills stand in the ledger. */
  known(bot: WatchedBot, fills: readonly FillKey[]): void;
  look(): void;
}

export interface ReadingWatchOptions {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly excuses: Excuses;
  readonly fail: (promise: string, detail: string) => void;
}

const keyOf = (bot: WatchedBot, { coin, timeMs, tid }: FillKey): string => `${bot.id} ${coin} ${timeMs} ${tid}`;

/** Starts the watch over what is read. */
export function createReadingWatch({ venue, clock, excuses, fail }: ReadingWatchOptions): ReadingWatch {
  const recorded = new Set<string>();
  const gaps = new Map<string, Gap>();

  const passesNone = (bot: WatchedBot, fromMs: number): void => {
    for (const fill of venue.fills(bot.user, fromMs - LOOKED_BACK_MS)) {
      if (fill.timeMs < fromMs && !recorded.has(keyOf(bot, fill)))
        fail('a read of fills passes none by that is not known', `${bot.id} ${fill.coin} of ${fill.timeMs}, asked from ${fromMs}`);
    }
  };

  return {
    asks(bot, life, what, fromMs) {
      const gap = gaps.get(bot.id);
      if (gap?.life === life) gap.unread.delete(what);
      if (what === 'fills') passesNone(bot, fromMs);
    },
    connected(bot, life) {
      gaps.set(bot.id, { life, endedMs: clock.now(), unread: new Set(['open orders', 'fills']) });
    },
    known(bot, fills) {
      for (const fill of fills) recorded.add(keyOf(bot, fill));
    },
    look() {
      for (const [bot, { life, endedMs, unread }] of gaps) {
        if (!life.alive || unread.size === 0) gaps.delete(bot);
        // It reads when it goes on.
        else if (life.hang.isHung) gaps.set(bot, { life, unread, endedMs: clock.now() });
        else if (excuses.unexcusedMs(bot, '', endedMs, clock.now()) > READ_BACK_MS)
          fail('after a gap of the stream fills and orders are read again', `${bot}: no ${[...unread].join(', ')} since ${endedMs}`);
      }
    },
  };
}
