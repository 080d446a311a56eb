import { type Chance, createChance } from '../seeded.ts';
import { type FaultNames, parseFault } from './parse.ts';
import { type EffectOf, type Fault, type FaultKind, match, type Occasion, STRIKES_ON, type WholeEffect } from './rule.ts';

/** A rule as it stands: what it says, what is left of it, how often it struck. */
export interface FaultReport {
  readonly id: number;
  readonly rule: Readonly<Record<string, unknown>>;
  /** Occasions it was about, struck or not. */
  readonly matched: number;
  readonly struck: number;
  /** Strikes left; null when only time bounds it. 0 once it is over. */
  readonly left: number | null;
  readonly endsMs: number | null;
}

/**
 * Which faults strike when. Pure: it reads no clock, no socket and no chance but each rule's seed, so a simulation on a virtual
 * clock can drive it, and the same rules and occasions in the same order give the same strikes.
 */
export interface FaultPlan {
  /** Whether any rule can still strike. False makes every question cheap. */
  readonly active: boolean;
  /** Takes a rule, checked; returns its id. Throws `FaultRefusal` naming the field, the value and the remedy. */
  add(rule: unknown, nowMs: number): number;
  /**
   * The first rule of these kinds that strikes this occasion, in the order they were set, or null. `applies` may say that a rule
   * would make no difference: then it neither matches nor counts.
   */
  strike<K extends FaultKind>(
    kinds: readonly K[],
    occasion: Occasion,
    nowMs: number,
    applies?: (effect: EffectOf<K>, fault: Fault) => boolean,
  ): Strike<K> | null;
  /** Every rule of these kinds that strikes this occasion. */
  strikes<K extends FaultKind>(
    kinds: readonly K[],
    occasion: Occasion,
    nowMs: number,
    applies?: (effect: EffectOf<K>, fault: Fault) => boolean,
  ): readonly Strike<K>[];
  /** The rule of an id while it can strike. */
  find(id: number, nowMs: number): Fault | null;
  /** Counts the strikes of a rule that strikes when it is set, and ends it. */
  settle(id: number, strikes: number): void;
  /** Ends one rule, or all of them; how many were ended. Ended rules are forgotten. */
  clear(id?: number): number;
  list(nowMs: number): readonly FaultReport[];
}

interface Strike<K extends FaultKind> {
  readonly id: number;
  readonly fault: Fault;
  readonly effect: EffectOf<K>;
}

interface Evaluation<K extends FaultKind> {
  readonly kinds: readonly K[];
  readonly occasion: Occasion;
  readonly nowMs: number;
  readonly most: number;
  readonly applies: ((effect: EffectOf<K>, fault: Fault) => boolean) | undefined;
}

/** Rules remembered; those that are over go first. */
const KEPT = 1_000;

interface Standing {
  readonly id: number;
  readonly fault: Fault;
  readonly endsMs: number;
  readonly chance: Chance;
  matched: number;
  struck: number;
  isOver: boolean;
}

/** Parts a chance is drawn from. */
const PARTS = 2 ** 32;

const isOneOf = <K extends FaultKind>(effect: WholeEffect, kinds: readonly K[]): effect is EffectOf<K> =>
  kinds.some((kind) => kind === effect.kind);

const countOf = ({ fault: { bounds } }: Standing): number => bounds.count ?? Number.POSITIVE_INFINITY;
const canStrike = (rule: Standing, nowMs: number): boolean => !rule.isOver && rule.struck < countOf(rule) && nowMs < rule.endsMs;

function report(rule: Standing, nowMs: number): FaultReport {
  const { effect, scope, bounds } = rule.fault;
  const told = Object.entries({ ...effect, ...scope, ...bounds }).filter(([, value]) => value !== null);
  const left = canStrike(rule, nowMs) ? countOf(rule) - rule.struck : 0;
  return {
    id: rule.id,
    rule: Object.fromEntries(told),
    matched: rule.matched,
    struck: rule.struck,
    left: Number.isFinite(left) ? left : null,
    endsMs: Number.isFinite(rule.endsMs) ? rule.endsMs : null,
  };
}

/** Creates an empty plan. Rules live in memory only. */
export function createFaultPlan(names: FaultNames): FaultPlan {
  let rules: Standing[] = [];
  let lastId = 0;
  /** No rule strikes after this time; it may be later than the last that can. */
  let active = false;

  function forgetSome(nowMs: number): void {
    for (let at = 0; rules.length >= KEPT && at < rules.length; ) {
      const rule = rules[at];
      if (rule !== undefined && canStrike(rule, nowMs)) at += 1;
      else rules.splice(at, 1);
    }
  }

  function evaluate<K extends FaultKind>({ kinds, occasion, nowMs, most, applies }: Evaluation<K>): Strike<K>[] {
    const struck: Strike<K>[] = [];
    if (!active) return struck;
    let isAlive = false;
    for (const rule of rules) {
      if (!canStrike(rule, nowMs)) continue;
      isAlive = true;
      const { fault, id } = rule;
      const { effect, bounds } = fault;
      if (!isOneOf(effect, kinds) || !match(fault, occasion) || applies?.(effect, fault) === false) continue;
      rule.matched += 1;
      if (rule.matched <= bounds.after) continue;
      if (bounds.probability < 1 && rule.chance(PARTS) >= bounds.probability * PARTS) continue;
      rule.struck += 1;
      struck.push({ id, fault, effect });
      if (struck.length >= most) return struck;
    }
    active = isAlive;
    return struck;
  }

  return {
    get active() {
      return active;
    },
    add(value, nowMs) {
      const fault = parseFault(value, names);
      forgetSome(nowMs);
      lastId += 1;
      const endsMs = fault.bounds.forMs === null ? Number.POSITIVE_INFINITY : nowMs + fault.bounds.forMs;
      rules.push({ id: lastId, fault, endsMs, chance: createChance(fault.bounds.seed), matched: 0, struck: 0, isOver: false });
      if (STRIKES_ON[fault.effect.kind].length > 0) active = true;
      return lastId;
    },
    strike: (kinds, occasion, nowMs, applies) => evaluate({ kinds, occasion, nowMs, most: 1, applies })[0] ?? null,
    strikes: (kinds, occasion, nowMs, applies) => evaluate({ kinds, occasion, nowMs, most: Number.POSITIVE_INFINITY, applies }),
    find(id, nowMs) {
      const rule = rules.find((candidate) => candidate.id === id);
      return rule === undefined || nowMs >= rule.endsMs ? null : rule.fault;
    },
    settle(id, strikes) {
      const rule = rules.find((candidate) => candidate.id === id);
      if (rule === undefined) return;
      rule.matched += strikes;
      rule.struck += strikes;
      rule.isOver = true;
    },
    clear(id) {
      const before = rules.length;
      rules = id === undefined ? [] : rules.filter((rule) => rule.id !== id);
      return before - rules.length;
    },
    list: (nowMs) => rules.map((rule) => report(rule, nowMs)),
  };
}
