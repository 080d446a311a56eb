/** What goes over the wire between one bot and the venue, and what is told of it. */
import type { ActionReply, Address, Venue, VenueAction } from '@hyperfleet/paper-exchange';
import type { Clock, OrderIntent } from '@hyperfleet/trading';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { Read } from './reading.ts';
import type { RequestFault, Weather } from './weather.ts';

/** After this long without an answer a request's outcome is unknown, ms of market time. */
export const TIMEOUT_MS = 3_000;

/** One action under way. */
export interface Sending {
  readonly kind: 'place' | 'cancel' | 'leverage';
  readonly orders: readonly OrderIntent[];
  readonly cancels: readonly string[];
  readonly action: VenueAction;
  readonly nonce: number;
  readonly expiresAfterMs: number;
}

interface LinkEvents {
  /** Before the first byte leaves. */
  sending(life: Life, sending: Sending): void;
  /** Just before the venue executes it, and just after. */
  arriving(sending: Sending): void;
  applied(sending: Sending, reply: ActionReply): void;
  /** A nonce that was used before, of a request that was not duplicated on the way. */
  nonceUsedTwice(sending: Sending): void;
  /** A read of open orders, or of fills from a moment on, leaves. */
  asks(life: Life, what: Read, fromMs: number): void;
  /** The stream of a fill monitor says it is connected (again). */
  connected(life: Life): void;
  /** From now on, for `ms`, something is out of order for this bot. */
  trouble(what: string, ms: number): void;
  /** A request has met with this. */
  fault(fault: RequestFault): void;
  /** Events are waiting at the venue. */
  pump(): void;
  note(line: string): void;
}

export interface LinkOptions {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly user: Address;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly events: LinkEvents;
}
