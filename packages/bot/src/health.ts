/** How well a bot stands with the venue, and what that lets it do. Pure. */

export type HealthState = 'normal' | 'degraded' | 'critical' | 'emergency';

/** What is wrong at a moment; durations in ms of market time, 0 where nothing is. */
export interface Signs {
  /** How long the account's stream has been gone that should be there. */
  readonly streamDownMs: number;
  /** How long reads have been failing. */
  readonly readsDownMs: number;
  /** How long actions have been failing. */
  readonly actionsDownMs: number;
  /** Since the venue last said 429; null when it never did. */
  readonly limitedAgoMs: number | null;
  /** Whether the account's own requests are spent but for what exits and stops need. */
  readonly isSpent: boolean;
  /** Whether there is a position or an order to worry about. */
  readonly isExposed: boolean;
}

/** From which durations on a sign counts, ms of market time. */
export interface HealthPolicy {
  /** A stream that comes back sooner was never missed. */
  readonly streamGraceMs: number;
  /** A position without sight or without hands for this long is an emergency. */
  readonly emergencyMs: number;
  /** Each step back up needs signs that have been better for this long. */
  readonly calmMs: number;
}

/** A 429 this recent still means fewer reads. */
const LIMITED_MS = 30_000;

export const HEALTH_POLICY: HealthPolicy = { streamGraceMs: 3_000, emergencyMs: 120_000, calmMs: 5_000 };

export interface Health {
  readonly state: HealthState;
  /** Why it is not better; empty when normal. */
  readonly reasons: readonly string[];
  /** Since when the signs have been better than the state; null while they are not. */
  readonly betterSinceMs: number | null;
}

export const NORMAL: Health = { state: 'normal', reasons: [], betterSinceMs: null };

const ORDER: readonly HealthState[] = ['normal', 'degraded', 'critical', 'emergency'];
const rank = (state: HealthState): number => ORDER.indexOf(state);

const seconds = (ms: number): string => `${Math.max(1, Math.round(ms / 1_000))} s`;

/** What the signs of one moment amount to, worst first. */
function judge(signs: Signs, policy: HealthPolicy): { readonly state: HealthState; readonly reasons: readonly string[] } {
  const { streamDownMs, readsDownMs, actionsDownMs, limitedAgoMs, isSpent, isExposed } = signs;
  const noStream = streamDownMs >= Math.max(1, policy.streamGraceMs);
  const blindMs = noStream ? Math.min(streamDownMs, readsDownMs) : 0;
  const reasons: string[] = [];
  if (actionsDownMs > 0) reasons.push(`actions have been failing for ${seconds(actionsDownMs)}`);
  if (readsDownMs > 0) reasons.push(`reads have been failing for ${seconds(readsDownMs)}`);
  if (noStream) reasons.push(`the account's stream is gone for ${seconds(streamDownMs)}`);
  if (isSpent) reasons.push("the account's requests are spent but for exits and stops");
  if (limitedAgoMs !== null && limitedAgoMs >= 0 && limitedAgoMs < LIMITED_MS) reasons.push('the venue limits our requests');
  if (isExposed && Math.max(blindMs, actionsDownMs) >= policy.emergencyMs) return { state: 'emergency', reasons };
  if (actionsDownMs > 0 || blindMs > 0 || isSpent) return { state: 'critical', reasons };
  return { state: reasons.length > 0 ? 'degraded' : 'normal', reasons };
}

/**
 * The state after a look at the signs. It falls at once and as far as they say; it rises one step at a time, each after the
 * signs have been better for `calmMs` without a break, so that a way that comes and goes does not take entries with it.
 */
export function nextHealth(health: Health, signs: Signs, look: { readonly nowMs: number; readonly policy: HealthPolicy }): Health {
  const { nowMs, policy } = look;
  const now = judge(signs, policy);
  if (rank(now.state) >= rank(health.state)) return { ...now, betterSinceMs: null };
  const reasonsOf = (state: HealthState): readonly string[] =>
    now.reasons.length > 0 ? now.reasons : [`better again, ${state} until it has been for ${seconds(policy.calmMs)}`];
  // A clock set back starts the calm anew.
  const sinceMs = health.betterSinceMs === null || health.betterSinceMs > nowMs ? nowMs : health.betterSinceMs;
  if (nowMs - sinceMs < policy.calmMs) return { state: health.state, reasons: reasonsOf(health.state), betterSinceMs: sinceMs };
  const state = ORDER[rank(health.state) - 1] ?? 'normal';
  return { state, reasons: state === 'normal' ? [] : reasonsOf(state), betterSinceMs: rank(now.state) < rank(state) ? nowMs : null };
}

/** Whether it went down from `before` to `now`. */
export const isWorse = (before: HealthState, now: HealthState): boolean => rank(now) > rank(before);

/** Whether a bot in this state may enter: it may while it is normal or degraded. */
export const mayEnter = (state: HealthState): boolean => state === 'normal' || state === 'degraded';
