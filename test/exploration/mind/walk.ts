/** Walks every situation of the mind, breadth first and without a bound on what intervenes, and carries each to its rest. */

import { hashOf, hashOfWritten, read, write } from './code.ts';
import { COMPARE, ENTRY_SIGNAL, FIRST_PART, LAST_EXIT, SECOND_PART, TIME, TO_FIRST_TARGET, wordsOf } from './event-code.ts';
import { calmEvent, costOf, eventsOf, happen, whileWorldWaits } from './events.ts';
import { brokenAtEnd, brokenAtRest, brokenIn, isQuiet } from './promises.ts';
import { createSeen, type Seen } from './seen.ts';
import { beginning, copy, isOver, type State } from './state.ts';

/** More calm steps than any trade takes to come to rest. */
const CALM_STEPS_MAX = 400;
const STILL_STEPS = 4;
const NO_REST = 'does not come to rest';

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

/** The words of what happens in a situation, one thing after the other; it has happened to `s` then. */
function inWords(s: State, path: readonly number[]): string[] {
  return path.map((event) => {
    const words = wordsOf(s, event);
    happen(s, event);
    return words;
  });
}

/** Carries situations on calmly; those whose continuation is known to hold are not followed again. */
function createCarrier(seen: Seen) {
  const ended = createSeen();

  /** Lets an exit end what is left. */
  const endIt = (s: State, followed: number[]): string | null => {
    const on: number[] = [];
    for (let steps = 0, still = 0; still < STILL_STEPS; steps += 1) {
      if (steps > CALM_STEPS_MAX) return isOver(s) ? 'after an exit there is no rest' : 'after an exit the trade goes on';
      const now = hashOf(s);
      if (steps > 0 && ended.holds(now)) break;
      on.push(now);
      const event = steps === 0 && !isOver(s) ? LAST_EXIT : calmEvent(s);
      followed.push(event);
      const what = happen(s, event) ?? brokenIn(s);
      if (what !== null) return what;
      still = event === TIME && isQuiet(s) && isOver(s) ? still + 1 : 0;
      if (still === STILL_STEPS) {
        const left = brokenAtEnd(s);
        if (left !== null) return left;
      }
    }
    for (const one of on) ended.hold(one);
    return null;
  };

  /**
   * Until it is at rest and the minute's reconcile has changed nothing more; true when what follows is known to hold. Each situation on the way is
   * taken to hold as it is met, since nothing is walked any more once one does not; one met twice on one way is a circle.
   */
  const toRest = (s: State, hashed: number, followed: number[]): string | boolean => {
    const on: number[] = [];
    let compared = false;
    let before = hashed;
    for (let steps = 0, still = 0; ; steps += 1) {
      if (!compared && still === 0) {
        if (seen.hold(before)) return on.includes(before) ? NO_REST : true;
        on.push(before);
      }
      if (steps > CALM_STEPS_MAX) return NO_REST;
      const isStill = still >= STILL_STEPS;
      if (compared && isStill) return false;
      const event = isStill ? COMPARE : calmEvent(s);
      compared ||= isStill;
      followed.push(event);
      const what = happen(s, event) ?? brokenIn(s);
      if (what !== null) return what;
      const after = hashOf(s);
      still = event === TIME && after === before ? still + 1 : 0;
      before = after;
    }
  };

  /** What breaks as a situation of this hash goes on calmly until it is at rest, and after an exit then; or null. It has gone on then. */
  return (s: State, hashed: number): { what: string; followed: readonly number[] } | null => {
    const followed: number[] = [];
    const rest = toRest(s, hashed, followed);
    const what = typeof rest === 'string' ? rest : rest ? null : (brokenAtRest(s) ?? endIt(s, followed));
    return what === null ? null : { what, followed };
  };
}

/** Walks on until a depth, until time is over or until a promise is broken. */
export function walkMind(args: {
  readonly from: MindBeginning;
  /** Events after the beginning. */
  readonly depth: number;
  /** How often something may intervene on one path; infinity for no bound. */
  readonly interventions: number;
  /** Whether the world outside waits while a request is under way: only its fate is open then, and who crashes. */
  readonly worldWaits?: boolean;
  readonly isOver: () => boolean;
  readonly onLevel?: (depth: number, states: number, transitions: number) => void;
}): MindFound {
  const isBounded = Number.isFinite(args.interventions);
  const seen = createSeen();
  const trail = createTrail();
  const carry = createCarrier(seen);
  let states = 1;
  let transitions = 0;
  let level = createLevel();
  let firstOfLevel = 0;
  const start = begun(args.from);
  seen.reach(hashOf(start), 0);
  level.add(write(start), 0);
  trail.add(0, 0);

  const found = (depth: number, isComplete: boolean): MindFound => ({ states, transitions, depth, isComplete, broken: null });
  const failed = (depth: number, path: readonly number[], what: string, followed: readonly number[]): MindFound => {
    const s = begun(args.from);
    return { ...found(depth, false), broken: { what, path: inWords(s, path), followed: inWords(s, followed) } };
  };

  for (let depth = 1; depth <= args.depth; depth++) {
    const next = createLevel();
    const firstOfNext = trail.count();
    for (let nth = 0; nth < level.count(); nth++) {
      if (args.isOver()) return found(depth - 1, false);
      const from = read(level.at(nth));
      const events = eventsOf(from);
      for (const event of args.worldWaits === true ? whileWorldWaits(from, events) : events) {
        const spent = isBounded ? level.spentAt(nth) + costOf(from, event) : 0;
        if (spent > args.interventions) continue;
        const s = copy(from);
        const what = happen(s, event) ?? brokenIn(s);
        transitions += 1;
        if (what !== null) return failed(depth, [...trail.to(firstOfLevel + nth), event], what, []);
        const bytes = write(s);
        const hashed = hashOfWritten();
        const stands = seen.reach(hashed, spent);
        if (stands === 'known') continue;
        if (depth < args.depth) next.add(bytes, spent);
        trail.add(firstOfLevel + nth, event);
        if (stands !== 'new') continue;
        states += 1;
        const rest = carry(s, hashed);
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
