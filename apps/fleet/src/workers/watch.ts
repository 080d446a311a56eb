import { HEALTH_POLICY, type HealthPolicy, type KeyStanding, type Watch } from '@hyperfleet/bot';
import {
  type Address,
  type AddressBudget,
  type ClockSkew,
  leftForEntries,
  type RequestBudget,
  type VenueAccountReads,
  type VenueExchange,
} from '@hyperfleet/hyperliquid';
import type { Clock } from '@hyperfleet/trading';

/** An entry and its stop. */
const ENTRY_REQUESTS = 2;

/** How often the guard looks at its means: market time, and wall time below which it would only keep the machine busy. */
const LOOK_MS = 1_000;
const LOOK_WALL_MS = 50;

/** In a fast replay a machine's pause is minutes of the market: below these wall times a sign only measures the machine. */
const WALL_FLOOR_MS: HealthPolicy = { streamGraceMs: 1_000, emergencyMs: 10_000, calmMs: 200 };

const policyAt = (speed: number): HealthPolicy => ({
  streamGraceMs: Math.max(HEALTH_POLICY.streamGraceMs, WALL_FLOOR_MS.streamGraceMs * speed),
  emergencyMs: Math.max(HEALTH_POLICY.emergencyMs, WALL_FLOOR_MS.emergencyMs * speed),
  calmMs: Math.max(HEALTH_POLICY.calmMs, WALL_FLOOR_MS.calmMs * speed),
});

const wallMs = (ms: number | null, speed: number): number | null => (ms === null ? null : Math.trunc(ms / speed));

/** What a bot's guard knows and asks of its own means: the budgets its threads share, the clock, the key. */
export function createWatch(means: {
  /** What the budgets are counted by. */
  readonly pace: Clock;
  readonly budget: RequestBudget;
  readonly address: AddressBudget;
  readonly exchange: VenueExchange;
  readonly reads: VenueAccountReads;
  readonly skew: ClockSkew;
  readonly signer: Address;
  readonly account: Address;
  readonly pollIntervalMs: number;
  /** Market time per wall time. */
  readonly speed: number;
}): Watch {
  const { pace, budget, address, exchange, reads, skew, signer, account } = means;
  const { info, exchange: actions } = budget.breakers;
  return {
    policy: policyAt(means.speed),
    lookMs: Math.max(LOOK_MS, LOOK_WALL_MS * means.speed),
    pollIntervalMs: means.pollIntervalMs,
    ways() {
      const nowMs = pace.now();
      const limitedAtMs = budget.limitedAtMs();
      return {
        areReadsShut: info.state(nowMs) !== 'closed' || reads.isShut(),
        areActionsShut: actions.state(nowMs) !== 'closed' || exchange.isShut(),
        limitedAgoMs: limitedAtMs === 0 ? null : nowMs - limitedAtMs,
        isSpent: leftForEntries(address.count()) < ENTRY_REQUESTS,
        // Clocks are off in wall time: in a replay a second of the market is a moment of the machine.
        skewMs: wallMs(skew.ms(), means.speed),
        roundTripMs: exchange.roundTripMs(),
      };
    },
    async key(isInDoubt): Promise<KeyStanding> {
      if (signer.toLowerCase() !== account) {
        const named = (await reads.agents()).find((agent) => agent.address.toLowerCase() === signer.toLowerCase());
        if (named !== undefined) return { kind: 'acts', untilMs: named.validUntilMs };
      } else if (!isInDoubt) return { kind: 'acts', untilMs: null };
      const role = await reads.role(signer);
      const acts = role.kind === 'agent' ? role.master.toLowerCase() === account : role.kind === 'user' && signer.toLowerCase() === account;
      return acts ? { kind: 'acts', untilMs: null } : { kind: 'disowned' };
    },
    async countRequests() {
      address.reconcile(await reads.rateLimit());
    },
  };
}
