import type { VenueSettings } from '../matching/contract.ts';

/** What the venue's limits are counted over, by the words of `--limits`. */
export const LIMIT_NAMES = ['ip', 'address', 'ws', 'orders'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** The venue's limits (PROTOCOL §10). Null switches that one limit off. */
export interface LimitSettings {
  /** REST weight one IP may spend a minute. */
  readonly ipWeightPerMinute: number | null;
  /** Whether an account whose requests are spent is slowed to one in 10 s. */
  readonly addressBudget: boolean;
  /** Requests an account may make before it has traded. Told by userRateLimit whether enforced or not. */
  readonly addressBudgetStart: number;
  /** WebSocket connections of one IP at a time: 10 today, 100 in older pages (PROTOCOL §11). */
  readonly wsConnections: number | null;
  readonly wsConnectionsPerMinute: number | null;
  readonly wsSubscriptions: number | null;
  /** Different accounts followed by all user channels of one IP. */
  readonly wsUsers: number | null;
  readonly wsMessagesPerMinute: number | null;
  /** Posts of one IP that are not answered yet. */
  readonly wsPostsInFlight: number | null;
  /** A connection on which the server has said nothing for so long is closed, ms of wall time: pings are wall time too. */
  readonly wsIdleMs: number | null;
  /** Whether the number of open orders of an account is limited. */
  readonly openOrders: boolean;
}

const ALL: LimitSettings = {
  ipWeightPerMinute: 1_200,
  addressBudget: true,
  addressBudgetStart: 10_000,
  wsConnections: 10,
  wsConnectionsPerMinute: 30,
  wsSubscriptions: 1_000,
  wsUsers: 10,
  wsMessagesPerMinute: 2_000,
  wsPostsInFlight: 100,
  wsIdleMs: 60_000,
  openOrders: true,
};

const WS_OFF = {
  wsConnections: null,
  wsConnectionsPerMinute: null,
  wsSubscriptions: null,
  wsUsers: null,
  wsMessagesPerMinute: null,
  wsPostsInFlight: null,
  wsIdleMs: null,
} as const;

export interface LimitOptions {
  /** Which are enforced. */
  readonly on: readonly LimitName[];
  /** Figures other than the venue's. */
  readonly figures?: Partial<LimitSettings>;
  /** The testnet does not count the users that an IP follows (PROTOCOL §9). */
  readonly isTestnet?: boolean;
}

/** The venue's limits, those named in `on` enforced and the others off (PROTOCOL §10). */
export function limitSettings({ on, figures = {}, isTestnet = false }: LimitOptions): LimitSettings {
  const isOn = (name: LimitName): boolean => on.includes(name);
  return {
    ...ALL,
    ...(isTestnet ? { wsUsers: null } : {}),
    ...figures,
    ...(isOn('ip') ? {} : { ipWeightPerMinute: null }),
    ...(isOn('address') ? {} : { addressBudget: false }),
    ...(isOn('ws') ? {} : WS_OFF),
    ...(isOn('orders') ? {} : { openOrders: false }),
  };
}

/** No limit at all. */
export const NO_LIMITS: LimitSettings = limitSettings({ on: [] });

/** What the matching core is to be told of the limits: it counts the open orders itself. */
export function openOrderSettings(limits: LimitSettings): Partial<VenueSettings> {
  return limits.openOrders ? {} : { maxOpenOrders: Number.MAX_SAFE_INTEGER };
}

/** Reads `on`, `off` or a list such as `ip,ws`; null when it is neither. */
export function parseLimits(text: string): readonly LimitName[] | null {
  if (text === 'on') return LIMIT_NAMES;
  if (text === 'off') return [];
  const found = text.split(',').map((word) => LIMIT_NAMES.find((name) => name === word.trim()));
  return found.every((name) => name !== undefined) ? found : null;
}
