/** Walks every situation of the mind, breadth first and without a bound on what intervenes, and carries each to its rest. */

import { hashOf, read, write } from './code.ts';
import { COMPARE, ENTRY_SIGNAL, FIRST_PART, LAST_EXIT, SECOND_PART, TIME, TO_FIRST_TARGET, wordsOf } from './event-code.ts';
import { calmEvent, costOf, eventsOf, happen } from './events.ts';
import { brokenAtEnd, brokenAtRest, brokenIn, isQuiet } from './promises.ts';
import { createSeen } from './seen.ts';
import { beginning, copy, isOver, type State } from './state.ts';

/** More calm steps than any trade takes to come to rest. */
const CALM_STEPS_MAX = 400;
const STILL_STEPS = 4;

export interface MindFound {
  readonly states: number;
  readonly transitions: number;
  /** The last level all of whose situations were reached. */
  readonly depth: number;
  readonly isComplete: boolean;
  readonly broken: { readonly what: string; readonly path: readonly string[]; readonly followed: readonly string[] } | null;
}

/** Situations of one level as bytes, one after the other. */
function createLevel() {
  const pages: Uint8Array[] = [];
  const ends: number[] = [];
  let used = 0;
  const SIZE = 1 << 24;
  return {
    /** A situation, and how often something has intervened on the way to it. */
    add(bytes: Uint8Array, spent: number): void {
      if (pages.length === 0 || used + bytes.length > SIZE) {
        pages.push(new Uint8Array(SIZE));
        used = 0;
      }
      pages.at(-1)?.set(bytes, used);
      ends.push((pages.length - 1) * SIZE + used, bytes.length * 256 + spent);
      used += bytes.length;
    },
    count: () => ends.length / 2,
    at(nth: number): Uint8Array {
      const from = ends[nth * 2] ?? 0;
      const page = pages[Math.floor(from / SIZE)] ?? new Uint8Array(0);
      return page.subarray(from % SIZE, (from % SIZE) + Math.floor((ends[nth * 2 + 1] ?? 0) / 256));
    },
    spentAt: (nth: number): number => (ends[nth * 2 + 1] ?? 0) % 256,
  };
}

/** How each situation was first reached: the one before it and the event, by the order of finding. */
function createTrail() {
  let parents = new Uint32Array(1 << 16);
  let events = new Uint16Array(1 << 16);
  let count = 0;
  return {
    count: () => count,
    add(parent: number, event: number): void {
      if (count === parents.length) {
        const [more, moreEvents] = [new Uint32Array(count * 2), new Uint16Array(count * 2)];
        more.set(parents);
        moreEvents.set(events);
        [parents, events] = [more, moreEvents];
      }
      parents[count] = parent;
      events[count] = event;
      count += 1;
    },
    to(node: number): number[] {
      const path: number[] = [];
      for (let at = node; at !== 0; at = parents[at] ?? 0) path.push(events[at] ?? 0);
      return path.reverse();
    },
  };
}

/** What calmly happens before a walk begins: the signal has just been written, or more has come of it. */
export const BEGINNINGS = [
  { name: 'the entry signal', after: [] },
  { name: 'half the entry has filled', after: [FIRST_PART] },
  { name: 'the ladder stands', after: [FIRST_PART, SECOND_PART] },
  { name: 'the stop is at breakeven', after: [FIRST_PART, SECOND_PART, TO_FIRST_TARGET] },
] as const;
export type MindBeginning = (typeof BEGINNINGS)[number];

function begun({ after }: MindBeginning): State {
  const s = beginning();
  happen(s, ENTRY_SIGNAL);
  for (const event of after) {
    while (!isQuiet(s)) happen(s, calmEvent(s));
    happen(s, event);
  }
  if (after.length > 0) while (!isQuiet(s)) happen(s, calmEvent(s));
  return s;
}

/** The words of a path from a beginning. */
function inWords(from: MindBeginning, path: readonly number[]): string[] {
  const s = begun(from);
  return path.map((event) => {
    const words = wordsOf(s, event);
    happen(s, event);
    return words;
  });
}

const hash = (s: State): number => hashOf(write(s));

/** Carries situations on calmly; those whose continuation is known to hold are not followed again. */
function createCarrier() {
  const held = createSeen();
  const ended = createSeen();

  /** Lets an exit end what is left. */
  const endIt = (s: State, followed: string[]): string | null => {
    const on: number[] = [];
    for (let steps = 0, still = 0; still < STILL_STEPS; steps += 1) {
      if (steps > CALM_STEPS_MAX) return isOver(s) ? 'after an exit there is no rest' : 'after an exit the trade goes on';
      const now = hash(s);
      if (steps > 0 && ended.has(now)) break;
      on.push(now);
      const event = steps === 0 && !isOver(s) ? LAST_EXIT : calmEvent(s);
      followed.push(wordsOf(s, event));
      const what = happen(s, event) ?? brokenIn(s);
      if (what !== null) return what;
      still = event === TIME && isQuiet(s) && isOver(s) ? still + 1 : 0;
      if (still === STILL_STEPS) {
        const left = brokenAtEnd(s);
        if (left !== null) return left;
      }
    }
    for (const one of on) ended.add(one, 0);
    return null;
  };

  /** Until it is at rest and the minute's reconcile has changed nothing more; true when what follows is known to hold. */
  const toRest = (s: State, on: number[], followed: string[]): string | boolean => {
    let compared = false;
    for (let steps = 0, still = 0; ; steps += 1) {
      const before = hash(s);
      if (!compared && still === 0) {
        if (held.has(before)) return true;
        on.push(before);
      }
      if (steps > CALM_STEPS_MAX) return 'does not come to rest';
      const isStill = still >= STILL_STEPS;
      if (compared && isStill) return false;
      const event = isStill ? COMPARE : calmEvent(s);
      compared ||= isStill;
      followed.push(wordsOf(s, event));
      const what = happen(s, event) ?? brokenIn(s);
      if (what !== null) return what;
      still = event === TIME && hash(s) === before ? still + 1 : 0;
    }
  };

  /** What breaks as a situation goes on calmly until it is at rest, and after an exit then; or null. */
  return (from: State): { what: string; followed: string[] } | null => {
    const s = copy(from);
    const followed: string[] = [];
    const on: number[] = [];
    const rest = toRest(s, on, followed);
    const what = typeof rest === 'string' ? rest : rest ? null : (brokenAtRest(s) ?? endIt(s, followed));
    if (what !== null) return { what, followed };
    for (const one of on) held.add(one, 0);
    return null;
  };
}

/** Walks on until a depth, until time is over or until a promise is broken. */
export function walkMind(args: {
  readonly from: MindBeginning;
  /** Events after the beginning. */
  readonly depth: number;
  /** How often something may intervene on one path; infinity for no bound. */
  readonly interventions: number;
  readonly isOver: () => boolean;
  readonly onLevel?: (depth: number, states: number, transitions: number) => void;
}): MindFound {
  const isBounded = Number.isFinite(args.interventions);
  const seen = createSeen();
  const trail = createTrail();
  const carry = createCarrier();
  let states = 1;
  let transitions = 0;
  let level = createLevel();
  let firstOfLevel = 0;
  const start = begun(args.from);
  seen.add(hash(start), 0);
  level.add(write(start), 0);
  trail.add(0, 0);

  const found = (depth: number, isComplete: boolean): MindFound => ({ states, transitions, depth, isComplete, broken: null });
  const failed = (depth: number, path: readonly number[], what: string, followed: readonly string[]): MindFound => ({
    ...found(depth, false),
    broken: { what, path: inWords(args.from, path), followed },
  });

  for (let depth = 1; depth <= args.depth; depth++) {
    const next = createLevel();
    const firstOfNext = trail.count();
    for (let nth = 0; nth < level.count(); nth++) {
      if (args.isOver()) return found(depth - 1, false);
      const from = read(level.at(nth));
      for (const event of eventsOf(from)) {
        const spent = isBounded ? level.spentAt(nth) + costOf(from, event) : 0;
        if (spent > args.interventions) continue;
        const s = copy(from);
        const what = happen(s, event) ?? brokenIn(s);
        transitions += 1;
        if (what !== null) return failed(depth, [...trail.to(firstOfLevel + nth), event], what, []);
        const bytes = write(s);
        const stands = seen.add(hashOf(bytes), spent);
        if (stands === 'known') continue;
        if (depth < args.depth) next.add(bytes, spent);
        trail.add(firstOfLevel + nth, event);
        if (stands !== 'new') continue;
        states += 1;
        const rest = carry(s);
        if (rest !== null) return failed(depth, [...trail.to(firstOfLevel + nth), event], rest.what, rest.followed);
      }
    }
    args.onLevel?.(depth, states, transitions);
    if (trail.count() === firstOfNext) return found(depth - 1, true);
    level = next;
    firstOfLevel = firstOfNext;
  }
  return found(args.depth, false);
}
