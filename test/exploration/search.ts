/** Walks every situation that can be reached, breadth first, so that a broken promise is found by the shortest path to it. */
import { type Bounds, calmEvent, type Event, eventsOf } from './events.ts';
import { type Fingerprint, fingerprintOf, type Grounds, noteGrounds } from './fingerprint.ts';
import { brokenAtEnd, brokenAtRest, brokenIn, isQuiet, witness } from './promises.ts';
import { openWorld, type World } from './world.ts';

/** Where a walk begins: what has calmly happened before it. */
export interface Beginning {
  readonly name: string;
  readonly story: (world: World) => Promise<void>;
}

export interface SearchOptions {
  readonly beginnings: readonly Beginning[];
  readonly bounds: Bounds;
  /** Events after the beginning. */
  readonly depth: number;
  /** Looked at between two situations; the level in hand is then left unfinished. */
  readonly isOver: () => boolean;
  readonly onLevel?: (level: Level) => void;
}

export interface Level {
  readonly depth: number;
  readonly isWhole: boolean;
  readonly states: number;
  readonly transitions: number;
  readonly frontier: number;
}

export interface Broken {
  readonly what: string;
  readonly beginning: string;
  readonly path: readonly string[];
  /** What calmly followed the path before it broke. */
  readonly then: readonly string[];
}

export interface Found {
  readonly states: number;
  readonly transitions: number;
  /** The last level all of whose situations were reached. */
  readonly depth: number;
  /** No situation is left that leads to one not seen. */
  readonly isComplete: boolean;
  /** Situations from which a calm continuation was followed to its end, by its own steps or into one followed before. */
  readonly carriedOut: number;
  readonly broken: Broken | null;
}

interface Node {
  readonly parent: Node | null;
  readonly beginning: Beginning;
  /** Which of the parent's events. */
  readonly choice: number;
  readonly label: string;
  readonly depth: number;
  readonly print: Fingerprint;
}

/** More calm steps than any trade takes to come to rest. */
const CALM_STEPS_MAX = 600;
/** As many steps of time in a row in which nothing changes are rest. */
const STILL_STEPS = 4;

/** A world on its way, with what its fingerprint stands on. */
interface Walk {
  readonly world: World;
  readonly grounds: Grounds;
  print: Fingerprint;
}

async function begin(beginning: Beginning): Promise<Walk> {
  const world = await openWorld(witness);
  await beginning.story(world);
  const grounds: Grounds = new Map();
  return { world, grounds, print: fingerprintOf(world, () => grounds) };
}

async function step(walk: Walk, event: Event): Promise<void> {
  const { world, grounds, print: before } = walk;
  await event.run();
  await world.settle();
  walk.print = fingerprintOf(world, (after) => {
    noteGrounds(world, grounds, event, { before: before.trades, after });
    return grounds;
  });
}

function nodesTo(node: Node): Node[] {
  const path: Node[] = [];
  for (let at: Node | null = node; at !== null; at = at.parent) path.push(at);
  return path.reverse();
}

/** The world of a situation, built by doing again what led to it. */
async function rebuild(node: Node, bounds: Bounds): Promise<Walk> {
  const [root, ...rest] = nodesTo(node);
  if (root === undefined) throw new Error('a path without a beginning');
  const world = await openWorld(witness);
  await root.beginning.story(world);
  const grounds: Grounds = new Map();
  let before = root.print;
  for (const next of rest) {
    const event = eventsOf(world, bounds)[next.choice];
    if (event === undefined || event.label !== next.label) throw new Error(`the same path went another way at "${next.label}"`);
    await event.run();
    await world.settle();
    noteGrounds(world, grounds, event, { before: before.trades, after: next.print.trades });
    before = next.print;
  }
  return { world, grounds, print: node.print };
}

const pathOf = (node: Node): string[] =>
  nodesTo(node)
    .slice(1)
    .map(({ label }) => label);

/** Carries a situation on without trouble until all is at rest, then sends an exit and carries that on. What broke, or null. */
async function carryOut(walk: Walk, known: Set<number>): Promise<{ what: string; then: string[] } | null> {
  const { world } = walk;
  const seen: number[] = [];
  const then: string[] = [];
  let still = 0;
  let held = false;
  for (let steps = 0; ; steps += 1) {
    if (known.has(walk.print.calm)) break;
    if (steps > CALM_STEPS_MAX) return { what: `does not come to rest in ${CALM_STEPS_MAX} steps`, then };
    seen.push(walk.print.calm);
    const before = walk.print;
    const event = still >= STILL_STEPS ? comparing(world) : calmEvent(world);
    held ||= still >= STILL_STEPS;
    await step(walk, event);
    then.push(event.label);
    const what = brokenIn(world);
    if (what !== null) return { what, then };
    still = event.label !== 'time passes' || !isSame(before, walk.print) ? 0 : still + 1;
    if (!held || !isQuiet(world) || still < STILL_STEPS) continue;
    const left = brokenAtRest(world);
    if (left !== null) return { what: left, then };
    const ended = await exitAndSettle(walk, then);
    if (ended !== null) return { what: ended, then };
    break;
  }
  for (const print of seen) known.add(print);
  return null;
}

/** What the bot does once a minute anyway: holds the ledger against the venue. */
const comparing = (world: World): Event => ({ label: 'the minute is over', wakes: ['fill'], answers: null, run: () => world.reconnect() });

/** Walks one path by the words of its events and carries it out. What broke on it, or null; throws when an event cannot happen there. */
export async function follow(beginning: Beginning, path: readonly string[], bounds: Bounds): Promise<Broken | null> {
  const walk = await begin(beginning);
  for (const label of path) {
    const event = eventsOf(walk.world, bounds).find((candidate) => candidate.label === label);
    if (event === undefined) throw new Error(`"${label}" cannot happen after what came before`);
    await step(walk, event);
    const what = brokenIn(walk.world);
    if (what !== null) return { what, beginning: beginning.name, path, then: [] };
  }
  const failure = await carryOut(walk, new Set());
  return failure === null ? null : { ...failure, beginning: beginning.name, path };
}

const isSame = (a: Fingerprint, b: Fingerprint): boolean => a.ledger === b.ledger && a.venue === b.venue;

async function exitAndSettle(walk: Walk, then: string[]): Promise<string | null> {
  const { world } = walk;
  const hasOpen = world.ledger.allTrades().some(({ phase }) => phase !== 'settled' && phase !== 'refused');
  if (hasOpen) {
    await step(walk, { label: 'a last exit signal', wakes: ['signal'], answers: null, run: () => world.writeExit() });
    then.push('a last exit signal');
    for (let quiet = 0, steps = 0; quiet < STILL_STEPS; steps += 1) {
      if (steps > CALM_STEPS_MAX) return 'an exit does not end';
      const event = calmEvent(world);
      await event.run();
      await world.settle();
      then.push(event.label);
      const what = brokenIn(world);
      if (what !== null) return what;
      quiet = event.label === 'time passes' && isQuiet(world) ? quiet + 1 : event.label === 'time passes' ? 0 : quiet;
      if (world.ledger.activeTrades('Sentient').length > 0) quiet = 0;
    }
  }
  return brokenAtRest(world) ?? brokenAtEnd(world);
}

/** Walks the situations reachable from the beginnings, level by level, and stops at the first broken promise. */
export async function explore(options: SearchOptions): Promise<Found> {
  const { bounds, isOver } = options;
  const seen = new Set<number>();
  const carried = new Set<number>();
  let carriedOut = 0;
  let transitions = 0;
  let frontier: Node[] = [];
  let broken: Broken | null = null;
  let depth = 0;

  /** Judges a situation and carries it out; true when all holds. */
  const judge = async (walk: Walk, node: Node): Promise<boolean> => {
    const now = brokenIn(walk.world);
    const failure = now === null ? await carryOut(walk, carried) : { what: now, then: [] };
    if (failure === null) {
      carriedOut += 1;
      return true;
    }
    broken = { what: failure.what, beginning: node.beginning.name, path: pathOf(node), then: failure.then };
    return false;
  };

  for (const beginning of options.beginnings) {
    const walk = await begin(beginning);
    const node: Node = { parent: null, beginning, choice: -1, label: '', depth: 0, print: walk.print };
    if (seen.has(node.print.whole)) continue;
    seen.add(node.print.whole);
    frontier.push(node);
    if (!(await judge(walk, node))) break;
  }

  while (broken === null && frontier.length > 0 && depth < options.depth) {
    const next: Node[] = [];
    let isWhole = true;
    for (const node of frontier) {
      if (isOver()) {
        isWhole = false;
        break;
      }
      for (let choice = 0, choices = 1; choice < choices && broken === null; choice += 1) {
        const walk = await rebuild(node, bounds);
        const events = eventsOf(walk.world, bounds);
        choices = events.length;
        const event = events[choice];
        if (event === undefined) break;
        await step(walk, event);
        transitions += 1;
        const child: Node = {
          parent: node,
          beginning: node.beginning,
          choice,
          label: event.label,
          depth: node.depth + 1,
          print: walk.print,
        };
        if (seen.has(child.print.whole)) {
          // What is sent on the way can break a promise even where it leads to nothing new.
          const what = walk.world.broken[0];
          if (what !== undefined) broken = { what, beginning: node.beginning.name, path: pathOf(child), then: [] };
          continue;
        }
        seen.add(child.print.whole);
        next.push(child);
        await judge(walk, child);
      }
      if (broken !== null) break;
    }
    if (isWhole && broken === null) depth += 1;
    options.onLevel?.({ depth: depth + (isWhole ? 0 : 1), isWhole, states: seen.size, transitions, frontier: next.length });
    frontier = isWhole ? next : [];
    if (!isWhole) return { states: seen.size, transitions, depth, isComplete: false, carriedOut, broken };
  }
  return { states: seen.size, transitions, depth, isComplete: frontier.length === 0, carriedOut, broken };
}
