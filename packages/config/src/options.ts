import { microUsd } from '@hyperfleet/trading';
import {
  dollars,
  duration,
  environmentName,
  type Field,
  fraction,
  integer,
  number,
  orNull,
  path,
  truth,
  withDefault,
  word,
} from './field.ts';
import { nearName } from './near-name.ts';
import { looksSecret } from './problem.ts';

/** One bot as it is written in fleet.config.ts. Everything but `id` has a default. */
export interface BotOptions {
  /** The `bot_name` of the signals this bot trades, letter for letter. */
  readonly id: string;
  /** false leaves the bot out without deleting it. Default true. */
  readonly enabled?: boolean;
  /** NAME of the environment variable that holds the bot's private key. On paper the fleet makes throw-away keys itself. */
  readonly keyEnv?: string | null;
  /** NAME of the environment variable that holds the account's address, where the key is an agent's. */
  readonly accountEnv?: string | null;
  /** Part of equity lost when the stop fills at its price; fees come on top, the more the nearer the stop. Default 0.02. */
  readonly riskPerTrade?: number;
  /** Notional of one trade, as a multiple of equity. Default 1. */
  readonly maxLeverage?: number;
  /** Notional of all positions and resting entries, as a multiple of equity; null for no such limit. Default null. */
  readonly maxTotalLeverage?: number | null;
  /** Stop distance where a signal names no stop, as a part of the entry price. Default 0.05. */
  readonly defaultStopDistance?: number;
  /** A stop farther than this is tightened to it. Default 0.10. */
  readonly maxStopDistance?: number;
  /** How far past its trigger a stop may fill. Default 0.10, the venue's own tolerance. */
  readonly stopSlippage?: number;
  /** How far the mid may have moved from the entry before `onStaleEntry` decides. Default 0.02. */
  readonly staleEntry?: number;
  /** What becomes of an entry the market has left: rests at its price, goes at the market, or is refused. Default 'rest'. */
  readonly onStaleEntry?: 'rest' | 'market' | 'refuse';
  /** How far past the best price a market order may fill. Default 0.01. */
  readonly marketSlippage?: number;
  /** Open trades and resting entries together. Default 3. */
  readonly maxConcurrentPositions?: number;
  /** Default 'both'. */
  readonly allowedDirections?: 'both' | 'long' | 'short';
  /** An entry older than this is never sent: milliseconds, or text like '15m'. Default '15m'. */
  readonly maxSignalAge?: number | string;
  /** How long an entry may wait to fill. Default '24h'. */
  readonly entryLife?: number | string;
  /** Whether the stop moves to breakeven when the first take-profit has filled. Default true. */
  readonly breakeven?: boolean;
  /** Paper money the bot starts with, dollars. Default 10000. */
  readonly paperUsd?: number;
}

/** How a worker that died is started again; times in wall time, ms or text. */
export interface RestartOptions {
  /** Wait before the first restart; doubled by each further one inside the window. Default '250ms'. */
  readonly firstDelay?: number | string;
  /** Default '10s'. */
  readonly maxDelay?: number | string;
  /** Part of the wait drawn by lot. Default 0.2. */
  readonly jitter?: number;
  /** Restarts allowed inside the window; one more halts the bot. Default 5. */
  readonly budget?: number;
  /** Default '10m'. */
  readonly window?: number | string;
}

/** The fleet's own paper exchange: as strict and as slow as the real one, unless it is told otherwise. */
export interface PaperOptions {
  /** The venue's limits: 'on', 'off', or the names of those that hold. Default 'on'. */
  readonly limits?: 'on' | 'off' | readonly LimitWord[];
  /**
   * WebSocket connections the venue allows one IP: 10 today, 100 in older pages of its documentation. Default 10.
   */
  readonly connections?: 10 | 100;
  /** How long requests, answers and feeds are under way: 'real', 'none', or ms of market time for each. Default 'real'. */
  readonly latency?: 'real' | 'none' | LatencyOptions;
}

/** Delays of the paper exchange, whole ms of market time; what is left out is 0. */
export interface LatencyOptions {
  /** From the arrival of an order or cancel until it may have effect. */
  readonly request?: number;
  /** It has effect at the next multiple of this. */
  readonly block?: number;
  /** Up to so much more for a request, by lot. */
  readonly jitter?: number;
  /** Until the answer leaves. */
  readonly reply?: number;
  /** Until streams tell of what happened. */
  readonly feed?: number;
}

/** The fleet as it is written in fleet.config.ts. */
export interface FleetOptions {
  /** 'paper' trades on the fleet's own exchange, with money that does not exist. It is all there is yet. */
  readonly mode: 'paper';
  readonly bots: readonly BotOptions[];
  /** Market time runs this many times as fast as the wall. Default 10. */
  readonly speed?: number;
  /** Everything the fleet writes goes here. Relative to where it is started. Default './data'. */
  readonly dataDir?: string;
  /** The shared signals database. Relative to the data directory. Default 'signals.db'. */
  readonly signalsDb?: string;
  /** The recording that is replayed; null for the one that comes with the fleet. Default null. */
  readonly market?: string | null;
  /** A book older than this is not traded on, ms of market time. Default '5s'. */
  readonly staleBookMs?: number | string;
  /** How often a bot looks for signals when nobody wakes it, ms of market time. Default '2s'. */
  readonly pollIntervalMs?: number | string;
  /** How often a bot compares its books with the venue, ms of market time. Default '60s'. */
  readonly reconcileIntervalMs?: number | string;
  /**
   * What becomes of open positions when a bot has lost its sight or its hands at the venue for two minutes: 'hold' leaves them to
   * their stops, which stand at the venue; 'flatten' closes them as soon as the venue can be reached. Default 'hold'.
   */
  readonly onEmergency?: 'hold' | 'flatten';
  readonly restart?: RestartOptions;
  readonly paper?: PaperOptions;
}

const DAY_MS = 86_400_000;

/** The venue's own highest leverage is 50 on the largest coins. */
const LEVERAGE = number({ above: 0, most: 50 });

const DISTANCE = { above: 0, most: 0.9 };

const botId: Field<string> = {
  fallback: undefined,
  read: (value) => {
    if (typeof value !== 'string' || value === '') return { remedy: "write the bot_name its signals carry, like 'Sentient'" };
    if (looksSecret(value)) return { remedy: 'a key must never stand in a file; use a new key, and write the name of the bot here' };
    if (value.trim().toLowerCase() === 'all') return { remedy: 'ALL addresses every bot; give this one another name' };
    if (/^[\p{L}\p{N}](?:[\p{L}\p{N} ._&+'-]{0,62}[\p{L}\p{N}._&+'-])?$/u.test(value)) return { value };
    return {
      remedy: "write at most 64 letters, digits, blanks and . _ & + ' -, beginning with a letter or digit and not ending in a blank",
    };
  },
};

/** How the options of a bot are read, with their defaults. */
export const BOT_FIELDS = {
  id: botId,
  enabled: withDefault(truth, true),
  keyEnv: withDefault(orNull(environmentName), null),
  accountEnv: withDefault(orNull(environmentName), null),
  riskPerTrade: withDefault(fraction({ above: 0, most: 0.5 }), 20_000),
  maxLeverage: withDefault(LEVERAGE, 1),
  maxTotalLeverage: withDefault(orNull(LEVERAGE), null),
  defaultStopDistance: withDefault(fraction(DISTANCE), 50_000),
  maxStopDistance: withDefault(fraction(DISTANCE), 100_000),
  stopSlippage: withDefault(fraction(DISTANCE), 100_000),
  staleEntry: withDefault(fraction(DISTANCE), 20_000),
  onStaleEntry: withDefault(word(['rest', 'market', 'refuse']), 'rest'),
  marketSlippage: withDefault(fraction({ above: 0, most: 0.1 }), 10_000),
  maxConcurrentPositions: withDefault(integer({ least: 1, most: 1_000 }), 3),
  allowedDirections: withDefault(word(['both', 'long', 'short']), 'both'),
  maxSignalAge: withDefault(duration({ leastMs: 1_000, mostMs: 7 * DAY_MS }), 900_000),
  entryLife: withDefault(duration({ leastMs: 1_000, mostMs: 30 * DAY_MS }), DAY_MS),
  breakeven: withDefault(truth, true),
  paperUsd: withDefault(dollars({ above: 0, most: 1_000_000_000 }), microUsd(10_000_000_000)),
} as const;

/** How the restart options are read, with their defaults. */
export const RESTART_FIELDS = {
  firstDelay: withDefault(duration({ leastMs: 1, mostMs: 600_000 }), 250),
  maxDelay: withDefault(duration({ leastMs: 1, mostMs: 3_600_000 }), 10_000),
  jitter: withDefault(number({ least: 0, most: 1 }), 0.2),
  budget: withDefault(integer({ least: 0, most: 1_000 }), 5),
  window: withDefault(duration({ leastMs: 1_000, mostMs: DAY_MS }), 600_000),
} as const;

const LIMIT_WORDS = ['ip', 'address', 'ws', 'orders'] as const;
export type LimitWord = (typeof LIMIT_WORDS)[number];

const limits: Field<readonly LimitWord[]> = {
  fallback: LIMIT_WORDS,
  read: (value) => {
    if (value === 'on') return { value: LIMIT_WORDS };
    if (value === 'off') return { value: [] };
    const names: readonly unknown[] = Array.isArray(value) ? value : [null];
    const found = names.map((name) => LIMIT_WORDS.find((known) => known === name));
    if (found.every((name) => name !== undefined)) return { value: found };
    const strange = names.find((_, index) => found[index] === undefined) ?? value;
    const near = typeof strange === 'string' ? nearName(strange, [...LIMIT_WORDS, 'on', 'off']) : null;
    const remedy = "write 'on', 'off', or some of ['ip', 'address', 'ws', 'orders']";
    return { remedy: near === null ? remedy : `did you mean '${near}'? ${remedy[0]?.toUpperCase()}${remedy.slice(1)}` };
  },
};

const connections: Field<10 | 100> = {
  fallback: 10,
  read: (value) => (value === 10 || value === 100 ? { value } : { remedy: 'write 10 or 100' }),
};

/** How the options of the paper exchange are read; a latency written out is read one level down. */
export const PAPER_FIELDS = { limits, connections } as const;

/** Beyond a minute every client has given up. */
const DELAY = withDefault(integer({ least: 0, most: 60_000 }), 0);

/** How a latency written out is read. */
export const LATENCY_FIELDS = { request: DELAY, block: DELAY, jitter: DELAY, reply: DELAY, feed: DELAY } as const;

/** A latency by name. */
export const LATENCY_WORD = word(['real', 'none']);

const LIVE_IS_NOT_YET = "this version trades only on its own paper exchange, never with real money; write mode: 'paper'";

const mode: Field<'paper'> = {
  fallback: undefined,
  read: (value) => {
    if (value === 'paper') return { value };
    return { remedy: value === 'live' ? LIVE_IS_NOT_YET : "write mode: 'paper'" };
  },
};

/** How the options of the fleet itself are read, with their defaults; `bots` and `restart` are read one level down. */
export const FLEET_FIELDS = {
  mode,
  speed: withDefault(number({ above: 0, most: 1_000 }), 10),
  dataDir: withDefault(path, './data'),
  signalsDb: withDefault(path, 'signals.db'),
  market: withDefault(orNull(path), null),
  staleBookMs: withDefault(duration({ leastMs: 100, mostMs: 600_000 }), 5_000),
  pollIntervalMs: withDefault(duration({ leastMs: 10, mostMs: 600_000 }), 2_000),
  reconcileIntervalMs: withDefault(duration({ leastMs: 1_000, mostMs: DAY_MS }), 60_000),
  onEmergency: withDefault(word(['hold', 'flatten']), 'hold'),
} as const;
