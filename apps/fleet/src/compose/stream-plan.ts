import { PlanError } from './plan.ts';

/** Accounts an IP may follow over its user streams (PROTOCOL §10). */
const USERS_MAX = 10;
/** Connections an IP may hold. An account needs one of its own, since orderUpdates names no user; the market feed is one more. */
const CONNECTIONS_MAX = 10;

/** Bots that can hear their fills from the venue at once. */
export const STREAM_SLOTS = Math.min(USERS_MAX, CONNECTIONS_MAX - 1);

/** Request weights: one reconcile (fills, open orders, account) and one look at an account (PROTOCOL §10). */
const RECONCILE_WEIGHT = 42;
const POLL_WEIGHT = 2;
/** Of the 1,200 of a minute, what regular reads may take; the rest is for orders, answers in doubt and the reserve. */
const READ_WEIGHT_MAX = 1_000;
/** A bot is asked for no more often than this, ms of market time. */
const POLL_MS_MIN = 2_000;
/** Asked for less often than this it would be blind. */
const POLL_MS_MAX = 60_000;

/** How the bots of one IP share what the venue gives it. Times in ms of market time. */
export interface StreamPlan {
  readonly bots: number;
  /** Bots that hear from a stream at any time. */
  readonly streams: number;
  /** How often each of the others is asked for. */
  readonly pollIntervalMs: number;
  /** Weight a minute of all regular reads, every bot at work. */
  readonly readWeight: number;
}

/** Plans streams and polls of a fleet. Throws PlanError when what must be read is more than one IP may ask. */
export function planStreams(bots: number, reconcileIntervalMs: number): StreamPlan {
  const streams = Math.min(bots, STREAM_SLOTS);
  const polled = bots - streams;
  const reconciles = (bots * RECONCILE_WEIGHT * 60_000) / reconcileIntervalMs;
  const left = READ_WEIGHT_MAX - reconciles;
  const wanted = polled === 0 ? POLL_MS_MIN : Math.ceil((polled * POLL_WEIGHT * 60_000) / Math.max(left, 1));
  if (left < 0 || wanted > POLL_MS_MAX) {
    const room = READ_WEIGHT_MAX - polled * POLL_WEIGHT - 1;
    const everyMs = Math.ceil((bots * RECONCILE_WEIGHT * 60_000) / room / 10_000) * 10_000;
    const remedy = room > 0 ? `set reconcileIntervalMs to ${everyMs} or more, or run fewer bots here` : 'run fewer bots here';
    throw new PlanError(
      `${bots} bots compared with the venue every ${reconcileIntervalMs / 1_000} s take ${Math.ceil(reconciles)} of request weight a minute, ` +
        `and one IP may spend ${READ_WEIGHT_MAX} on that and on asking for accounts: ${remedy}`,
    );
  }
  const pollIntervalMs = Math.max(POLL_MS_MIN, wanted);
  const readWeight = Math.ceil(reconciles + (polled * POLL_WEIGHT * 60_000) / pollIntervalMs);
  return { bots, streams, pollIntervalMs, readWeight };
}

/** The plan as it is shown at the start. */
export function planSentence({ bots, streams, pollIntervalMs, readWeight }: StreamPlan): string {
  const weight = `reads take at most ${readWeight} of 1,200 request weight a minute`;
  if (bots <= streams)
    return `${bots === 1 ? 'the bot hears from a stream' : `all ${bots} bots hear from streams`} of ${bots === 1 ? 'its' : 'their'} own; ${weight}`;
  const others = bots - streams;
  const asked = `the other ${others} ${others === 1 ? 'is' : 'are'} asked for every ${(pollIntervalMs / 1_000).toFixed(1)} s and change places with them by risk`;
  return `${streams} of ${bots} bots hear from streams, all that one IP may have; ${asked}; ${weight}`;
}
