import type { Clock, Instruments } from '@hyperfleet/trading';
import type { Damage } from '../protocol.ts';
import type { House } from './house.ts';
import type { Newsroom } from './newsroom.ts';
import type { RunningVenue } from './paper-venue.ts';
import type { StreamPlan } from './stream-plan.ts';
import type { SlotKeeper } from './stream-slots.ts';

/** What the workers stand on: the venue, the clock, and what they share of one IP. */
export interface Floor {
  readonly house: House;
  readonly venue: RunningVenue;
  readonly clock: Clock;
  /** Goes at the speed of `clock` and never stands: what budgets are counted by. */
  readonly pace: Clock;
  readonly instruments: Instruments;
  readonly books: SharedArrayBuffer;
  readonly budget: SharedArrayBuffer;
  readonly streams: StreamPlan;
  readonly slots: SlotKeeper;
  readonly newsroom: Newsroom;
  readonly watch: Watch;
}

/** Who was lost: kept for the end of the run. */
export interface Watch {
  /** One sentence for each worker past its restart budget. */
  readonly given: string[];
  /** Bots that can no longer work. */
  readonly haltedBots: Set<string>;
  lost(worker: string, reason: string): void;
  /** A bot that is not to trade for a reason of its own, its workers being well. */
  halted(bot: string, reason: string): void;
  /** What it was halted for is over. */
  recovered(bot: string): void;
  restarted(worker: string, reason: string): void;
  /** A database turned out to be damaged; told once for each. */
  damaged(damage: Pick<Damage, 'file' | 'reason'>): void;
}
