import type { ClockMapping } from '../clock.ts';
import type { FeedItem } from './rows.ts';

/** The one message a feeder gets. */
export interface FeederDown {
  readonly signalsDb: string;
  /** Names this list of items, so that its progress is found again. */
  readonly feedId: string;
  readonly items: readonly FeedItem[];
  readonly marketStartMs: number;
  readonly clock: ClockMapping;
}

/** What a feeder tells. */
export type FeederUp =
  | { readonly kind: 'fed'; readonly index: number; readonly table: FeedItem['table']; readonly rowId: number }
  | { readonly kind: 'skipped'; readonly index: number; readonly reason: string }
  /** The database cannot be written just now; it is tried again and again. Told once. */
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'done' };
