import type { Condition } from '@hyperfleet/bot';
import type { FineTicks, Instrument, Lots, MicroUsd, Ticks } from '@hyperfleet/trading';
import type { Sentence } from './sentence.ts';

/** One line of the list of what happened. */
export interface Happening {
  /** Market time. */
  readonly atMs: number;
  /** A bot's id, or `fleet`. */
  readonly who: string;
  readonly what: Sentence;
}

/** One coin a bot holds or waits for. */
export interface Holding {
  readonly instrument: Instrument;
  /** Signed; 0 while the entry rests. */
  readonly szi: Lots;
  /** Average price paid, or the resting entry's limit. */
  readonly entryPx: Ticks;
  readonly resting: boolean;
  readonly direction: 'long' | 'short';
  readonly stopPx: Ticks | null;
  /** The stop stands where nothing is lost any more. */
  readonly isBreakeven: boolean;
  readonly mark: FineTicks | null;
  readonly unrealizedPnl: MicroUsd | null;
}

/** What the board shows of one bot. */
export interface BotView {
  readonly id: string;
  readonly state: string;
  /** How it stands with the venue; null before its guard first said so. */
  readonly condition: Condition | null;
  readonly equity: MicroUsd | null;
  readonly equityStart: MicroUsd | null;
  /** What of the venue's account our books do not say, in words; empty when they agree. */
  readonly differences: readonly string[];
  readonly holdings: readonly Holding[];
  readonly last: Happening | null;
}

/** What the board shows, at one moment. */
export interface FleetView {
  readonly mode: string;
  readonly nowMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly speed: number;
  readonly bots: readonly BotView[];
  readonly marks: readonly { readonly instrument: Instrument; readonly mark: FineTicks | null }[];
  /** Oldest first. */
  readonly happenings: readonly Happening[];
  /** Why the fleet is stopping, once it is. */
  readonly ending: string | null;
}
