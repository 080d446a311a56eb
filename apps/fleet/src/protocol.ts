/** What each kind of worker is started with, told, asked, and tells. Clonable throughout; keys travel in a bot's own data only. */
import type { MessagePort } from 'node:worker_threads';
import type { BotReport, BotSettings } from '@hyperfleet/bot';
import type { FeedState } from '@hyperfleet/hyperliquid';
import type { Latency, LimitSettings, VenueAccount, VenueAudit } from '@hyperfleet/paper-exchange';
import type { LogRecord } from '@hyperfleet/telemetry';
import type { Instruments, MicroUsd } from '@hyperfleet/trading';
import type { ClockMapping } from './clock.ts';

/** Every worker may log; only the main thread writes. */
interface LogUp {
  readonly kind: 'log';
  readonly record: LogRecord;
}

/** No calls. */
type Silent = Record<never, never>;

export interface VenueData {
  readonly recording: string;
  readonly journalPath: string;
  /** Where market time stands until `go`. */
  readonly standingMs: number;
  /** Set when the fleet's clock runs already: the venue is being started again. */
  readonly clock: ClockMapping | null;
  /** 0 takes a free one; later starts keep the first one's, since the fleet has it. */
  readonly port: number;
  /** Accounts that must exist, with what is paid in where they do not. */
  readonly accounts: readonly { readonly address: string; readonly usd: MicroUsd }[];
  readonly limits: LimitSettings;
  readonly latency: Latency;
  /** Market time per wall time, for limits, which go on while the market stands. */
  readonly speed: number;
}

export interface VenueProtocol {
  readonly down:
    | { readonly kind: 'go'; readonly clock: ClockMapping }
    /** Market time stands still from here on; requests are still answered. */
    | { readonly kind: 'freeze' };
  readonly up:
    | LogUp
    | { readonly kind: 'listening'; readonly url: string; readonly port: number; readonly nowMs: number }
    | { readonly kind: 'market-ended'; readonly atMs: number };
  readonly calls: {
    readonly audit: { readonly ask: null; readonly answer: { readonly audit: VenueAudit; readonly nowMs: number } };
    readonly accounts: { readonly ask: readonly string[]; readonly answer: readonly VenueAccount[] };
  };
}

export interface MarketDataData {
  readonly url: string;
  readonly clock: ClockMapping;
  readonly coins: readonly string[];
  readonly instruments: Instruments;
  readonly books: SharedArrayBuffer;
  /** Goes at the speed of `clock` and never stands. */
  readonly pace: ClockMapping;
  readonly budget: SharedArrayBuffer;
}

export interface MarketDataProtocol {
  readonly down: never;
  readonly up: LogUp | { readonly kind: 'feed'; readonly state: FeedState };
  readonly calls: Silent;
}

/** What both workers of a bot get. */
export interface BotData {
  /** Which start of a worker of this bot in this process it is, from 1, both workers counted together. */
  readonly launch: number;
  readonly settings: BotSettings;
  readonly privateKey: string;
  readonly url: string;
  readonly isMainnet: boolean;
  readonly clock: ClockMapping;
  /** Goes at the speed of `clock` and never stands. */
  readonly pace: ClockMapping;
  /** Asked once for both workers: it weighs 20. */
  readonly hasSpotCollateral: boolean;
  readonly instruments: Instruments;
  readonly books: SharedArrayBuffer;
  readonly nonceCell: SharedArrayBuffer;
  readonly budget: SharedArrayBuffer;
  /** What the account itself may send, counted by both workers. */
  readonly addressBudget: SharedArrayBuffer;
  /** Whether the guard begins with a stream; later it is told. */
  readonly hasStream: boolean;
  /** How often the account is asked for while no stream tells of it, ms of market time. */
  readonly accountPollMs: number;
  readonly onEmergency: 'hold' | 'flatten';
  readonly ledgerPath: string;
  readonly signalsPath: string;
  /** Every configured bot: an ALL control is done when each of them has obeyed. */
  readonly botIds: readonly string[];
  /** Funding is read from here on. */
  readonly fundingFromMs: number;
}

/** A database that turned out to be damaged while it is used, and what is said of it. */
export interface Damage {
  readonly kind: 'damaged';
  readonly file: 'ledger' | 'signals';
  readonly reason: string;
}

export interface BotProtocol {
  readonly down: /** The line to the bot's other worker; made anew whenever either is started. `isGuardUp`: the guard is ready, and is to be heard soon. */
    | { readonly kind: 'peer'; readonly port: MessagePort; readonly isGuardUp: boolean }
    /** The signals database may have something new. */
    | { readonly kind: 'wake' }
    /** To the signal worker: its guard has ended, or there is none to be put on the line to. */
    | { readonly kind: 'guard-gone' }
    /** The guard gets a stream, or is to give its own away. */
    | { readonly kind: 'stream'; readonly isGranted: boolean };
  readonly up:
    | LogUp
    | { readonly kind: 'report'; readonly report: BotReport }
    /** A page of a database turned out to be damaged. */
    | Damage
    /** The venue has let go of the guard's stream. */
    | { readonly kind: 'stream-closed' };
  readonly calls: Silent;
}
