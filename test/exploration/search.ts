/** Walks every situation that can be reached, breadth first, so that a broken promise is found by the shortest path to it. */
import { answeredIn, type Bounds, type Event, eventsOf, happen } from './events.ts';
import { type Fingerprint, type Grounds, noteGrounds, withInterventions } from './fingerprint.ts';
import { brokenIn, witness } from './promises.ts';
import { type Beginning, type Broken, begin, type Carried, carryOut, step, type Walk } from './walk.ts';
import { openWorld } from './world.ts';

export interface SearchOptions {
  readonly beginning: Beginning;
  readonly bounds: Bounds;
  /** Events after the beginning. */
  readonly depth: number;
  /** Walks to every place a calm step is known to lead to all the same, and throws where it leads elsewhere: two situations taken for one. */
  readonly distrustful?: boolean;
  /** Takes a situation for another one after another number of interventions, instead of going on from it only where more of them are left. */
  readonly counting?: boolean;
  /** Looked at between two situations; the level in hand is then left unfinished. */
  readonly isOver: () => boolean;
  readonly onLevel?: (level: Level) => void;
}

interface Level {
  readonly depth: number;
  readonly states: number;
  readonly transitions: number;
  readonly frontier: number;
}

export interface Found {
  readonly states: number;
  /** Each of them, by the `calm` of its fingerprint. */
  readonly situations: ReadonlySet<number>;
  readonly transitions: number;
  /** The last level all of whose situations were reached. */
  readonly depth: number;
  /** No situation is left that leads to one not seen. */
  readonly isComplete: boolean;
  readonly broken: Broken | null;
}

interface Node {
  readonly parent: Node | null;
  readonly beginning: Beginning;
  /** The parent's event that leads here. */
  readonly event: Event | null;
  readonly print: Fingerprint;
  /** Null until it has been walked to: where a calm step known from another world leads, the requests have other numbers. */
  grounds: Grounds | null;
}

function nodesTo(node: Node): Node[] {
  const path: Node[] = [];
  for (let at: Node | null = node; at !== null; at = at.parent) path.push(at);
  return path.reverse();
}

/** The world of a situation, built by doing again what led to it. */
async function rebuild(node: Node): Promise<Walk> {
  const [root, ...rest] = nodesTo(node);
  if (root === undefined) throw new Error('a path without a beginning');
  const world = await openWorld(witness);
  // All of it was looked at when it was done for the first time.
  world.watched = false;
  await root.beginning.story(world);
  let grounds = new Map(root.grounds);
  let before = root;
  for (const next of rest) {
    const { event } = next;
    if (event === null) throw new Error('a step without an event');
    const answered = next.grounds === null ? answeredIn(world, event) : null;
    await happen(world, event);
    if (next.grounds === null) {
      noteGrounds(world, grounds, { answered, ledgers: { before: before.print.trades, after: next.print.trades } });
      next.grounds = new Map(grounds);
    } else grounds = new Map(next.grounds);
    before = next;
  }
  world.watched = true;
  return { world, grounds, print: node.print };
}

/** Walks to where a known step is said to lead; throws where it leads elsewhere. */
async function mustAgree(known: Node): Promise<void> {
  if (known.parent === null) return;
  const walk = await rebuild(known.parent);
  if (known.event !== null) await step(walk, known.event);
  if (walk.print.whole !== known.print.whole) throw new Error(`two situations were taken for one: ${pathOf(known).join(', ')}`);
}

const pathOf = (node: Node): string[] =>
  nodesTo(node)
    .slice(1)
    .map(({ event }) => event?.label ?? '');

/** Walks the situations reachable from a beginning, level by level, and stops at the first broken promise. */
export async function explore(options: SearchOptions): Promise<Found> {
  const { bounds, beginning } = options;
  /** The situations reached, each with the least interventions it was reached with. */
  const seen = new Map<number, number>();
  const counted = new Set<number>();
  const carried: Carried = new Map();
  let transitions = 0;
  let broken: Broken | null = null;

  /**
   * Whether there is anything to go on to: one reached before, in no more steps and with no more interventions, has led to all that this
   * one could lead to.
   */
  const arrive = ({ whole, calm, interventions }: Fingerprint): boolean => {
    const least = seen.get(calm);
    const isNew =
      options.counting === true
        ? !counted.has(whole)
        : least === undefined || (least > interventions && Number.isFinite(bounds.interventions));
    if (options.counting === true) counted.add(whole);
    seen.set(calm, Math.min(least ?? interventions, interventions));
    return isNew;
  };

  /** Judges where an event has led, and carries on from there when nobody has been there. Returns the situation if it is new. */
  const judge = async (walk: Walk, node: Node): Promise<boolean> => {
    const isNew = arrive(node.print);
    const what = brokenIn(walk.world);
    const failure = what !== null ? { what, followed: [] } : isNew ? await carryOut(walk, carried) : null;
    if (failure !== null) broken = { ...failure, beginning: beginning.name, path: pathOf(node) };
    return isNew && failure === null;
  };

  /** Where a situation's calm event leads, when that was walked before from one like it. */
  const calmChild = (node: Node, events: readonly Event[], event: Event): Node | null => {
    const calm = carried.get(node.print.calm) ?? null;
    if (calm === null || event.label !== calm.label) return null;
    // Two requests in the same words may stand on different grounds.
    if (events.filter(({ label }) => label === calm.label).length > 1) return null;
    const print = withInterventions(calm.print, node.print.interventions);
    return { parent: node, beginning, event, print, grounds: null };
  };

  /** Lets each event of a situation happen, and returns the new situations they lead to. */
  const expand = async (node: Node): Promise<Node[]> => {
    const children: Node[] = [];
    let walk: Walk | null = null;
    for (let choice = 0, choices = 1; choice < choices && broken === null; choice += 1) {
      walk ??= await rebuild(node);
      const events = eventsOf(walk.world, bounds);
      choices = events.length;
      const event = events[choice];
      if (event === undefined) break;
      transitions += 1;
      const calm = calmChild(node, events, event);
      if (calm !== null) {
        if (options.distrustful === true) await mustAgree(calm);
        // Its promises were looked at when it was carried out.
        if (arrive(calm.print)) children.push(calm);
        continue;
      }
      await step(walk, event);
      const child: Node = { parent: node, beginning, event, print: walk.print, grounds: new Map(walk.grounds) };
      if (await judge(walk, child)) children.push(child);
      walk = null;
    }
    return children;
  };

  const first = await begin(beginning);
  const root: Node = { parent: null, beginning, event: null, print: first.print, grounds: new Map(first.grounds) };
  let frontier = (await judge(first, root)) ? [root] : [];
  let depth = 0;
  let isWhole = true;
  while (isWhole && broken === null && frontier.length > 0 && depth < options.depth) {
    const next: Node[] = [];
    for (const node of frontier) {
      if (broken !== null || options.isOver()) {
        isWhole = false;
        break;
      }
      for (const child of await expand(node)) next.push(child);
    }
    if (isWhole) {
      depth += 1;
      frontier = next;
      options.onLevel?.({ depth, states: seen.size, transitions, frontier: next.length });
    }
  }
  return {
    states: seen.size,
    situations: new Set(seen.keys()),
    transitions,
    depth,
    isComplete: isWhole && broken === null && frontier.length === 0,
    broken,
  };
}
