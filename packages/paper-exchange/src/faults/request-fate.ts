import type { FaultPlan } from './plan.ts';
import type { EffectOf, Occasion } from './rule.ts';

type Before = EffectOf<'drop-request' | 'status'>;
/** What becomes of an answer instead of its plain self. */
export type Harm = EffectOf<'drop-response' | 'status' | 'truncate-response' | 'nonsense' | 'duplicate-response'>;

/** What becomes of one request on its way in and out. */
export interface RequestFate {
  /** Market time it stands still on its way in, and its answer on its way out. */
  readonly delayRequestMs: number;
  readonly delayResponseMs: number;
  /** What it meets instead of being applied. */
  readonly before: Before | null;
  /** What its answer meets once it was applied. */
  readonly after: Harm | null;
}

/** Nothing befalls the request. */
export const UNHARMED: RequestFate = { delayRequestMs: 0, delayResponseMs: 0, before: null, after: null };

const sum = (effects: readonly { readonly effect: { readonly ms: number } }[]): number =>
  effects.reduce((all, { effect }) => all + effect.ms, 0);

/**
 * Decides, when a request arrives, what transport does to it. A request that is not applied has no answer to be harmed, so rules
 * about answers neither match nor count then. Delays add up; of the rest the first rule that strikes is the one.
 */
export function fateOf(plan: FaultPlan, occasion: Occasion, nowMs: number): RequestFate {
  if (!plan.active) return UNHARMED;
  const delayRequestMs = sum(plan.strikes(['delay-request'], occasion, nowMs));
  const before = plan.strike(['drop-request', 'status'], occasion, nowMs, (effect) => effect.kind !== 'status' || effect.when === 'before');
  if (before !== null) return { ...UNHARMED, delayRequestMs, before: before.effect };
  const after = plan.strike(
    ['drop-response', 'status', 'truncate-response', 'nonsense', 'duplicate-response'],
    occasion,
    nowMs,
    (effect) => effect.kind !== 'status' || effect.when === 'after',
  );
  const delayResponseMs = sum(plan.strikes(['delay-response'], occasion, nowMs));
  return { delayRequestMs, delayResponseMs, before: null, after: after?.effect ?? null };
}
