import type { Cloid, Grouping, OrderIntent, SignalStatus, TradePatch } from '@hyperfleet/trading';
import type { Detail } from './settings.ts';

/** A fixed phrase of a trade's timeline with its data. */
export interface Said {
  readonly event: string;
  readonly detail: Detail;
}

/**
 * What a decision wants done next for one trade. Decisions are level-triggered: they look at what is recorded and name one
 * step; after it the record is looked at again. So a restart, a late answer and a repeated message all take the same path.
 */
export type Step =
  | {
      readonly do: 'place';
      readonly approval: 'protection' | 'close';
      readonly orders: readonly OrderIntent[];
      readonly grouping: Grouping;
      readonly patch: TradePatch;
      readonly said: readonly Said[];
      /** Whether the first thing said is told loudly. */
      readonly alert?: boolean;
    }
  | { readonly do: 'cancel'; readonly cloids: readonly Cloid[]; readonly patch: TradePatch; readonly said: readonly Said[] }
  /** Ask the venue what became of orders whose answer was lost. */
  | { readonly do: 'resolve'; readonly cloids: readonly Cloid[] }
  /** Read the open orders: is the child stop armed? */
  | { readonly do: 'read-orders' }
  /** Read fills since the watermark: an order is done and its fills have not all come. */
  | { readonly do: 'sync-fills' }
  | { readonly do: 'patch'; readonly patch: TradePatch; readonly said: readonly Said[]; readonly alert?: boolean }
  /** Flat by our books: read back, account, close the trade. */
  | { readonly do: 'settle'; readonly status: SignalStatus; readonly reason: string | null }
  | { readonly do: 'ask-protection' }
  | { readonly do: 'wait'; readonly forMs: number };

/**
 * What became of a step: look again at once, look again after a while, or nothing more to do. `aside`: an entry waits for something of its
 * own coin, and those of other coins need not wait for it.
 */
export type Performed =
  | { readonly kind: 'again' }
  | { readonly kind: 'later'; readonly afterMs: number; readonly aside?: true }
  | { readonly kind: 'idle' };
