/** One walk through a world, event by event, and what is expected of wherever it has led. */

import { BOT } from './bracket.ts';
import { answeredIn, type Bounds, calmEvent, type Event, eventsOf, happen } from './events.ts';
import { type Fingerprint, fingerprintOf, type Grounds, noteGrounds } from './fingerprint.ts';
import { brokenAtEnd, brokenAtRest, brokenIn, isQuiet, witness } from './promises.ts';
import { openWorld, type World } from './world.ts';

/** Where a walk begins: what has calmly happened before it. */
export interface Beginning {
  readonly name: string;
  readonly story: (world: World) => Promise<void>;
}

export interface Broken {
  readonly what: string;
  readonly beginning: string;
  readonly path: readonly string[];
  /** What calmly followed the path before it broke. */
  readonly followed: readonly string[];
}

/** More calm steps than any trade takes to come to rest. */
const CALM_STEPS_MAX = 600;
/** As many steps of time in a row in which nothing changes are rest. */
const STILL_STEPS = 4;

/** A world on its way, with what its fingerprint stands on. */
export interface Walk {
  readonly world: World;
  readonly grounds: Grounds;
  print: Fingerprint;
}

/** A walk at its beginning. */
export async function begin(beginning: Beginning): Promise<Walk> {
  const world = await openWorld(witness);
  await beginning.story(world);
  const grounds: Grounds = new Map();
  return { world, grounds, print: fingerprintOf(world, () => grounds) };
}

/** Lets one event happen. */
export async function step(walk: Walk, event: Event): Promise<void> {
  const { world, grounds, print: before } = walk;
  const answered = answeredIn(world, event);
  await happen(world, event);
  walk.print = fingerprintOf(world, (after) => {
    noteGrounds(world, grounds, { answered, ledgers: { before: before.trades, after } });
    return grounds;
  });
}

/** The calm event of a situation and where it leads. */
interface CalmStep {
  readonly label: string;
  readonly print: Fingerprint;
}

/** Situations whose calm continuation holds, by `calm` of their fingerprint, each with its next step; null where it is no event of its own. */
export type Carried = Map<number, CalmStep | null>;

/** Carries a situation on without trouble until all is at rest, then sends an exit and carries that on. What broke, or null. */
export async function carryOut(walk: Walk, known: Carried): Promise<{ what: string; followed: string[] } | null> {
  const { world } = walk;
  const seen: [number, CalmStep | null][] = [];
  const followed: string[] = [];
  let still = 0;
  let held = false;
  for (let steps = 0; ; steps += 1) {
    if (known.has(walk.print.calm)) break;
    if (steps > CALM_STEPS_MAX) return { what: `does not come to rest in ${CALM_STEPS_MAX} steps`, followed };
    const before = walk.print;
    const isStill = still >= STILL_STEPS;
    const event = isStill ? COMPARING : calmEvent(world);
    held ||= isStill;
    await step(walk, event);
    seen.push([before.calm, isStill ? null : { label: event.label, print: walk.print }]);
    followed.push(event.label);
    const what = brokenIn(world);
    if (what !== null) return { what, followed };
    still = event.label !== 'time passes' || !isSame(before, walk.print) ? 0 : still + 1;
    if (!held || !isQuiet(world) || still < STILL_STEPS) continue;
    const left = brokenAtRest(world);
    if (left !== null) return { what: left, followed };
    const ended = await exitAndSettle(walk, followed);
    if (ended !== null) return { what: ended, followed };
    break;
  }
  for (const [print, next] of seen) if (!known.has(print)) known.set(print, next);
  return null;
}

/** What the bot does once a minute anyway: holds the ledger against the venue. */
const COMPARING: Event = { label: 'the minute is over', wakes: ['fill'], cost: 0, act: { do: 'connect' } };

const LAST_EXIT: Event = { label: 'a last exit signal', wakes: ['signal'], cost: 0, act: { do: 'row', row: 'exit signal' } };

/** Walks one path by the words of its events and carries it out. What broke on it, or null; throws when an event cannot happen there. */
export async function follow(beginning: Beginning, path: readonly string[], bounds: Bounds): Promise<Broken | null> {
  const walk = await begin(beginning);
  for (const label of path) {
    const event = eventsOf(walk.world, bounds).find((candidate) => candidate.label === label);
    if (event === undefined) throw new Error(`"${label}" cannot happen after what came before`);
    await step(walk, event);
    const what = brokenIn(walk.world);
    if (what !== null) return { what, beginning: beginning.name, path, followed: [] };
  }
  const failure = await carryOut(walk, new Map());
  return failure === null ? null : { ...failure, beginning: beginning.name, path };
}

const isSame = (a: Fingerprint, b: Fingerprint): boolean => a.ledger === b.ledger && a.venue === b.venue;

async function exitAndSettle(walk: Walk, followed: string[]): Promise<string | null> {
  const { world } = walk;
  const hasOpen = world.ledger.allTrades().some(({ phase }) => phase !== 'settled' && phase !== 'refused');
  if (hasOpen) {
    await step(walk, LAST_EXIT);
    followed.push(LAST_EXIT.label);
    for (let quiet = 0, steps = 0; quiet < STILL_STEPS; steps += 1) {
      if (steps > CALM_STEPS_MAX) return 'an exit does not end';
      const event = calmEvent(world);
      await happen(world, event);
      followed.push(event.label);
      const what = brokenIn(world);
      if (what !== null) return what;
      quiet = event.label === 'time passes' && isQuiet(world) ? quiet + 1 : event.label === 'time passes' ? 0 : quiet;
      if (world.ledger.activeTrades(BOT).length > 0) quiet = 0;
    }
  }
  return brokenAtRest(world) ?? brokenAtEnd(world);
}
