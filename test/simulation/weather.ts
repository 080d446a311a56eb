/** What goes wrong, how often and when: bad weather comes in spells, so that between them promises are held to the letter. */
import type { Clock, OrderIntent } from '@hyperfleet/trading';
import type { Chance } from './chance.ts';

/** What becomes of one request to the venue. Named by what the venue does with it and what the bot hears. */
export type RequestFault =
  /** Never left: the connection was refused. */
  | 'not-sent'
  /** HTTP 429: heard, not applied. */
  | 'rate-limited'
  /** Lost on the way there; the bot hears nothing. */
  | 'lost-before'
  /** Applied; the answer is lost. */
  | 'lost-after'
  /** HTTP 5xx at once, not applied. */
  | 'failed-before'
  /** HTTP 5xx at once, and applied all the same. */
  | 'failed-after'
  /** HTTP 5xx or silence, and the request arrives seconds later, perhaps past its end of life. */
  | 'late'
  /** Arrives twice, with one nonce. */
  | 'duplicated'
  /** Every order of it is rejected by the venue. */
  | 'rejected'
  /** Of a bracket the entry is taken and the stop is rejected. */
  | 'child-rejected'
  /** Applied whole; the answer speaks of fewer orders than were sent. */
  | 'short-answer';

type ReadFault = 'failed' | 'timed-out';

const UNKNOWN_FAULTS: readonly RequestFault[] = ['lost-before', 'lost-after', 'failed-before', 'failed-after', 'late'];
const REQUEST_FAULTS: readonly RequestFault[] = [...UNKNOWN_FAULTS, 'not-sent', 'rate-limited', 'duplicated', 'short-answer', 'rejected'];

/** Kinds of trouble, each with spells of its own. */
const KINDS = ['requests', 'reads', 'lag', 'stream', 'disk', 'crash', 'clock', 'market'] as const;
type Trouble = (typeof KINDS)[number];

/** How bad it is: nothing, now and then, or often. */
type Level = 0 | 1 | 2;

const RATES: Readonly<Record<Trouble, readonly [calm: number, some: number, storm: number]>> = {
  requests: [0, 0.05, 0.35],
  reads: [0, 0.05, 0.3],
  lag: [0, 0.3, 1],
  stream: [0, 0.02, 0.15],
  disk: [0, 0.01, 0.08],
  crash: [0, 0.0004, 0.002],
  clock: [0, 0.02, 0.1],
  market: [0, 0.02, 0.08],
};

/** In a climate of unknown outcomes, of all requests so many meet with one. */
const UNKNOWN_RATE = 0.6;

/** Of brackets so many lose their child at the venue. */
const CHILD_REJECTED_RATE = 0.15;

/** A spell lasts this long, market milliseconds. */
const SPELL_MS = 15_000;

export interface Weather {
  /** Probability of this trouble at the moment. */
  rate(kind: Trouble): number;
  strikes(kind: Trouble): boolean;
  requestFault(orders: readonly OrderIntent[]): RequestFault | null;
  readFault(): ReadFault | null;
  /** How long a fill monitor hangs that begins to now, ms; null when it does not. Asked each second, and at each fill. */
  hangMs(at: 'second' | 'fill'): number | null;
  /** How much older than now what a read tells is, ms. */
  lagMs(): number;
  /** From here on nothing goes wrong any more. */
  clear(): void;
}

/** What kind of run a seed is. */
export type Climate = 'fair' | 'mixed' | 'unknown-outcomes' | 'races';

/** In a run with hangs, the chance of one for each bot, and how long one lasts, ms: a thread as silent as the longest is ended. */
const HANG_RATES = { second: 0.003, fill: 0.15 } as const;
const HANG_MS = [500, 17_000] as const;

/** Longest time by which a read may be behind the venue, ms (PROTOCOL §6). */
const LAG_MS_MAX = 1_200;

/** Weather of a seed. Some kinds of trouble never come in it; the rest comes in spells. */
export function createWeather(clock: Clock, chance: Chance, climate: Climate): Weather {
  const present = new Set(KINDS.filter(() => climate !== 'fair' && chance.happens(0.6)));
  const hangs = chance.fork('hangs');
  const areThereHangs = (climate === 'mixed' || climate === 'races') && hangs.happens(0.4);
  const levels = new Map<Trouble, Level>();
  let spellEndsMs = 0;
  let cleared = false;

  const turn = (): void => {
    if (clock.now() < spellEndsMs) return;
    spellEndsMs = clock.now() + SPELL_MS;
    for (const kind of KINDS) {
      const drawn = chance.next();
      levels.set(kind, !present.has(kind) || drawn < 0.5 ? 0 : drawn < 0.85 ? 1 : 2);
    }
    if (climate === 'unknown-outcomes') for (const kind of KINDS) levels.set(kind, 0);
    if (climate === 'races') for (const kind of KINDS) levels.set(kind, kind === 'crash' || kind === 'requests' ? 1 : 0);
  };
  const rate = (kind: Trouble): number => {
    if (cleared) return 0;
    turn();
    return RATES[kind][levels.get(kind) ?? 0];
  };
  const strikes = (kind: Trouble): boolean => {
    const probability = rate(kind);
    return probability > 0 && chance.happens(probability);
  };
  return {
    rate,
    strikes,
    requestFault(orders) {
      const isBracket = orders.length === 2 && orders[0]?.role === 'entry';
      if (climate === 'unknown-outcomes' && !cleared) {
        // Now and then its stop has to be placed alone, so that stops too go unanswered.
        if (isBracket && chance.happens(CHILD_REJECTED_RATE)) return 'child-rejected';
        return chance.happens(UNKNOWN_RATE) ? chance.pick([...UNKNOWN_FAULTS, 'duplicated', 'short-answer']) : null;
      }
      if (!strikes('requests')) return null;
      if (isBracket && chance.happens(CHILD_REJECTED_RATE)) return 'child-rejected';
      return chance.pick(REQUEST_FAULTS);
    },
    readFault: () => (strikes('reads') ? chance.pick(['failed', 'timed-out'] as const) : null),
    hangMs: (at) => (!cleared && areThereHangs && hangs.happens(HANG_RATES[at]) ? hangs.int(...HANG_MS) : null),
    lagMs: () => (strikes('lag') ? chance.int(0, LAG_MS_MAX) : 0),
    clear() {
      cleared = true;
    },
  };
}
