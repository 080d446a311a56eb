import type { RecordedFill } from './fills-file.ts';

/** A fill with its sizes in whole units, so that positions can be compared. */
export interface Step {
  readonly fill: RecordedFill;
  /** Signed position before and after, by the record. */
  readonly from: number;
  readonly to: number;
}

/**
 * The fills of one coin in the order they happened: by time, and within one millisecond, where a record may hold them in
 * any order, so that each begins at the position the one before it left. Where no such order exists (a fill is missing)
 * the record's own order stands. `position` is the one before the first fill, null where it is not known.
 */
export function inOrder(steps: readonly Step[], position: number | null): readonly Step[] {
  const ordered: Step[] = [];
  let at = position;
  for (const group of byTime(steps)) {
    const chained = group.length === 1 || isChain(group, at) ? group : (findChain(group, at) ?? group);
    ordered.push(...chained);
    at = chained.at(-1)?.to ?? at;
  }
  return ordered;
}

function byTime(steps: readonly Step[]): readonly (readonly Step[])[] {
  // Some records are newest first, as the venue answers; turned round, fills of one millisecond are oldest first again.
  const newestFirst = (steps[0]?.fill.timeMs ?? 0) > (steps.at(-1)?.fill.timeMs ?? 0);
  const sorted = (newestFirst ? [...steps].reverse() : [...steps]).sort((a, b) => a.fill.timeMs - b.fill.timeMs);
  const groups: Step[][] = [];
  for (const step of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && last[0]?.fill.timeMs === step.fill.timeMs) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

function isChain(group: readonly Step[], position: number | null): boolean {
  let at = position;
  for (const step of group) {
    if (at !== null && step.from !== at) return false;
    at = step.to;
  }
  return true;
}

/**
 * Positions are places, fills are roads: an order in which every fill begins where the last one ended is a walk over every
 * road once (Hierholzer's algorithm, linear in the fills). Null when there is none.
 */
function findChain(group: readonly Step[], position: number | null): readonly Step[] | null {
  const start = position ?? startOf(group);
  const roads = new Map<number, Step[]>();
  // Roads are taken from the end of a list: reversed, the record's order is preferred.
  for (const step of [...group].reverse()) roads.set(step.from, [...(roads.get(step.from) ?? []), step]);
  const walk: Step[] = [];
  const trail: { readonly place: number; readonly by: Step | null }[] = [{ place: start, by: null }];
  for (let last = trail.at(-1); last !== undefined; last = trail.at(-1)) {
    const road = roads.get(last.place)?.pop();
    if (road !== undefined) {
      trail.push({ place: road.to, by: road });
    } else {
      trail.pop();
      if (last.by !== null) walk.push(last.by);
    }
  }
  walk.reverse();
  return walk.length === group.length && isChain(walk, start) ? walk : null;
}

/** Where a walk over all fills must begin: the position more fills leave than reach. */
function startOf(group: readonly Step[]): number {
  const balance = new Map<number, number>();
  for (const { from, to } of group) {
    balance.set(from, (balance.get(from) ?? 0) + 1);
    balance.set(to, (balance.get(to) ?? 0) - 1);
  }
  for (const [place, excess] of balance) if (excess > 0) return place;
  return group[0]?.from ?? 0;
}
