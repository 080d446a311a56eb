import type {
  AccountReads,
  AccountView,
  Clock,
  Digest,
  EntryLimits,
  Exchange,
  Instruments,
  Ledger,
  Market,
  MicroUsd,
  PositionView,
} from '@hyperfleet/trading';
import type { Condition, Risk } from './condition.ts';
import type { ForeignLook } from './foreign.ts';

/** One bot, resolved and whole: nothing below has a default. Times in milliseconds of market time. */
export interface BotSettings {
  readonly id: string;
  readonly accountAddress: string;
  /** The address of the key, for words about it; left out where nobody reads them. */
  readonly signerAddress?: string;
  readonly limits: EntryLimits;
  readonly maxSignalAgeMs: number;
  /** Life of an entry from placement. */
  readonly entryLifeMs: number;
  readonly pollIntervalMs: number;
  /** A book older than this is not traded on. */
  readonly staleBookMs: number;
  readonly breakeven: boolean;
  /** Added to now for `expiresAfter`: bounds how long a lost answer stays unknown. */
  readonly expiresAfterMs: number;
  readonly reconcileIntervalMs: number;
}

/** The log as the bot needs it; fixed phrases, data in fields. */
export interface Log {
  debug(phrase: string, data?: object): void;
  info(phrase: string, data?: object): void;
  warn(phrase: string, data?: object): void;
  error(phrase: string, data?: object): void;
  child(bindings: object): Log;
}

export type Detail = Readonly<Record<string, string | number | boolean | null>>;

/** Between the two threads of one bot. */
export type PeerMessage =
  /** The ledger has moved: decide again. */
  | { readonly kind: 'trades-changed' }
  | { readonly kind: 'account'; readonly account: AccountView; readonly atMs: number }
  | { readonly kind: 'foreign'; readonly look: ForeignLook }
  /** The guard lives and hears; said every second. */
  | { readonly kind: 'on-guard' }
  /** A stop is wanted before the entry's remainder may be cancelled. */
  | { readonly kind: 'protect-now' }
  /** How the guard stands with the venue; said at each of its looks. */
  | { readonly kind: 'condition'; readonly condition: Condition }
  /** An entry waits for nothing but a stream. */
  | { readonly kind: 'want-stream' }
  /** The signal worker would begin, and asks its guard for a reconcile that began after its predecessor's end; `launch` is its own. */
  | { readonly kind: 'want-reconciled'; readonly launch: number }
  /** A reconcile such as was asked for is complete and in the ledger. `atMs`: market time of its account. */
  | { readonly kind: 'reconciled'; readonly account: AccountView; readonly foreign: ForeignLook; readonly atMs: number }
  /** Said in the guard's stead by whoever sees that it has ended. */
  | { readonly kind: 'guard-gone' };

/** Up to the supervisor: for the board, the report and health. */
export type BotReport =
  | {
      readonly kind: 'trade';
      readonly tradeId: string;
      readonly coin: string;
      readonly what: string;
      readonly detail: Detail;
      readonly atMs: number;
    }
  | {
      readonly kind: 'state';
      readonly state: 'starting' | 'reconciling' | 'active' | 'paused' | 'halted';
      readonly reason: string | null;
    }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'account'; readonly equity: MicroUsd; readonly positions: readonly PositionView[]; readonly atMs: number }
  | { readonly kind: 'alert'; readonly phrase: string; readonly detail: Detail }
  /** What the alert of this phrase told of is over, or better; `health` for all of its alerts. */
  | { readonly kind: 'over'; readonly phrase: string; readonly detail: Detail }
  /** The ledger or the signals could not be used for what the bot does next, and then could. */
  | { readonly kind: 'file'; readonly reason: string; readonly isUsable: boolean }
  | { readonly kind: 'condition'; readonly condition: Condition; readonly risk: Risk };

/** What both threads of a bot stand on: ports, and nothing that knows a socket or a file. */
export interface LoopDeps {
  readonly settings: BotSettings;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly exchange: Exchange;
  readonly reads: AccountReads;
  readonly market: Market;
  readonly instruments: Instruments;
  readonly nextNonce: () => number;
  readonly digest: Digest;
  readonly log: Log;
  readonly peer: { send(message: PeerMessage): void };
  readonly report: (report: BotReport) => void;
  /** Life of a request with an order in ms of market time, where answers are measured; the setting where they are not. */
  readonly requestLifeMs?: () => number;
  /**
   * Which start of a worker of this bot this is, counted from 1 over both workers of one process. Given to both, the signal worker takes
   * over its guard's reconcile; left out, each makes its own.
   */
  readonly launch?: number;
}
