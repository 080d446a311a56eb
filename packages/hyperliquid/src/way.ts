import { BREAKER_WORDS, type Breaker, openBreaker } from './breaker.ts';

/** What became of a request, as far as it tells of the way to the venue. */
export type WayNews =
  /** The venue answered, be it that it refuses. */
  | 'answered'
  /** Something came that is no answer, or broke off: it may be about this account alone. */
  | 'senseless'
  /** Nobody answered: no connection, no answer in time, a gateway with nothing behind it. */
  | 'failed';

/** One asker's way to the venue: its own breaker beside the whole fleet's. */
export interface Way {
  /** 0 when a request may go; else the ms of market time until it may be asked again. `own`: because of what this asker alone met. */
  admit(nowMs: number): { readonly shutMs: number; readonly own: boolean };
  heard(news: WayNews, nowMs: number): void;
  /** Whether it is shut by what this asker alone met. */
  isShut(nowMs: number): boolean;
}

/**
 * Answers in a row without sense that one asker holds against the venue. Those after them may be about its account alone: they shut
 * its own way, and not that of bots that are answered. Both workers of a bot together stay below what shuts the fleet's.
 */
const SENSELESS_MAX = 2;

/** Opens an asker's way beside `fleet`, the breaker all askers share. `chance` draws how long its own stays shut. */
export function openWay(fleet: Breaker, chance?: () => number): Way {
  const own = openBreaker(new BigInt64Array(BREAKER_WORDS), 0, chance);
  let senseless = 0;
  return {
    admit(nowMs) {
      const ownMs = own.admit(nowMs);
      return ownMs > 0 ? { shutMs: ownMs, own: true } : { shutMs: fleet.admit(nowMs), own: false };
    },
    heard(news, nowMs) {
      switch (news) {
        case 'answered':
          senseless = 0;
          own.succeeded();
          fleet.succeeded();
          return;
        case 'senseless':
          senseless += 1;
          own.failed(nowMs);
          if (senseless <= SENSELESS_MAX || fleet.state(nowMs) !== 'closed') fleet.failed(nowMs);
          return;
        case 'failed':
          // Of a way shut by senseless answers this was the probe.
          if (own.state(nowMs) !== 'closed') own.failed(nowMs);
          fleet.failed(nowMs);
          return;
        default:
          news satisfies never;
      }
    },
    isShut: (nowMs) => own.state(nowMs) !== 'closed',
  };
}
