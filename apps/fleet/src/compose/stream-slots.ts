import type { Risk } from '@hyperfleet/bot';

/** How a bot stands with its stream. */
export interface Seat {
  readonly id: string;
  readonly risk: Risk;
  /** `leaving` until the venue has let go of its connection: it still counts there. */
  readonly state: 'streaming' | 'leaving' | 'asking';
  /** Since when it has been so, ms. */
  readonly sinceMs: number;
}

/** What is to be done so that the right bots hear from streams. */
export interface SeatChange {
  readonly revoke: readonly string[];
  readonly grant: readonly string[];
}

/** Bots of equal risk take turns after so long. */
export const TURN_MS = 60_000;

const RANK: Readonly<Record<Risk, number>> = { position: 3, order: 2, wish: 1, none: 0 };

/**
 * Gives `slots` streams to the bots at risk: positions first, then resting entries, then those that wish to enter. A bot keeps
 * its stream while nobody needs it more; where there are more bots at the same risk than streams, the longest there makes room
 * for the longest waiting, one at a time. A stream is granted only when one is free, those of bots still leaving counted. Pure.
 */
export function changeSeats(seats: readonly Seat[], slots: number, nowMs: number): SeatChange {
  const turn = overdue(seats, nowMs);
  const order = [...seats].sort(
    (a, b) => RANK[b.risk] - RANK[a.risk] || precedence(b, turn) - precedence(a, turn) || a.sinceMs - b.sinceMs,
  );
  const chosen = new Set(order.slice(0, slots).map(({ id }) => id));
  const taken = seats.filter(({ state }) => state !== 'asking');
  const wanting = order.filter(({ id, state }) => state === 'asking' && chosen.has(id));
  const free = slots - taken.length;
  const short = Math.max(0, wanting.length - free - taken.filter(({ state }) => state === 'leaving').length);
  // Reversed: of those nobody chose, the least at risk goes first.
  const revoke = order
    .toReversed()
    .filter(({ id, state }) => state === 'streaming' && !chosen.has(id))
    .slice(0, short)
    .map(({ id }) => id);
  return { revoke, grant: wanting.slice(0, Math.max(0, free)).map(({ id }) => id) };
}

/** Whose turn is over and whose has come, where bots at risk wait behind others at the same risk; null where none does. */
function overdue(seats: readonly Seat[], nowMs: number): { readonly out: string; readonly in: string } | null {
  const oldest = (those: readonly Seat[]): Seat | undefined => [...those].sort((a, b) => a.sinceMs - b.sinceMs)[0];
  const waiting = oldest(seats.filter(({ state, risk }) => state === 'asking' && risk !== 'none'));
  if (waiting === undefined) return null;
  const peer = oldest(seats.filter(({ state, risk }) => state === 'streaming' && risk === waiting.risk));
  if (peer === undefined || nowMs - peer.sinceMs < TURN_MS || nowMs - waiting.sinceMs < TURN_MS) return null;
  return { out: peer.id, in: waiting.id };
}

function precedence({ id, state }: Seat, turn: { readonly out: string; readonly in: string } | null): number {
  if (turn?.in === id) return 2;
  if (turn?.out === id) return 0;
  return state === 'streaming' ? 1 : 0;
}

/** Who hears from a stream, over the life of a fleet. */
export interface SlotKeeper {
  /** Whether a bot has a stream now; what its guard is started with. */
  has(id: string): boolean;
  risk(id: string, risk: Risk): void;
  /** A bot's guard has closed its stream, or is gone with it. */
  left(id: string): void;
  /** Looks who needs a stream most. */
  look(): void;
}

/** Keeps the slots of one IP. `tell` carries a change to the bot's guard. */
export function createSlotKeeper(args: {
  readonly ids: readonly string[];
  readonly slots: number;
  readonly now: () => number;
  readonly tell: (id: string, hasStream: boolean) => void;
}): SlotKeeper {
  const { ids, slots, now, tell } = args;
  const seats = new Map<string, Seat>(
    ids.map((id, index): [string, Seat] => [id, { id, risk: 'none', state: index < slots ? 'streaming' : 'asking', sinceMs: now() }]),
  );
  const set = (id: string, change: Partial<Omit<Seat, 'id'>>): void => {
    const seat = seats.get(id);
    if (seat !== undefined) seats.set(id, { ...seat, ...change });
  };

  function look(): void {
    const { revoke, grant } = changeSeats([...seats.values()], slots, now());
    for (const id of revoke) {
      set(id, { state: 'leaving', sinceMs: now() });
      tell(id, false);
    }
    for (const id of grant) {
      set(id, { state: 'streaming', sinceMs: now() });
      tell(id, true);
    }
  }

  return {
    has: (id) => seats.get(id)?.state === 'streaming',
    risk: (id, risk) => set(id, { risk }),
    left(id) {
      if (seats.get(id)?.state !== 'leaving') return;
      set(id, { state: 'asking', sinceMs: now() });
      look();
    },
    look,
  };
}
