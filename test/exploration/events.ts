/** What can happen next in a world, and the one order of things in which nothing goes wrong. */

import { type Place, USER } from './bracket.ts';
import type { Request, WorkerName } from './wire.ts';
import { WORKERS } from './wire.ts';
import type { World } from './world.ts';

/** How much may come between on one path; what belongs to the trade's own life is bounded by its nature. */
export interface Bounds {
  /**
   * Times something intervenes: an exit, PAUSE or CLOSE_ALL; an answer lost, a request given up or refused, a read without an answer;
   * an answer late, so that other things come before it; the market going on before the stream has told of what it did; three and a half seconds in which nothing that is under way arrives; a crash
   * of either worker, which starts again at once; a cut of the account's stream.
   */
  readonly interventions: number;
}

export interface Event {
  readonly label: string;
  /** Workers whose code runs in it. */
  readonly wakes: readonly WorkerName[];
  /** The request whose asker goes on in it. */
  readonly answers: Request | null;
  run(): void | Promise<void>;
}

/** The entry of 10 000 lots fills in two parts: lots that trade against it in each. */
const PARTS = [
  ['first part of the entry fills', 4_000],
  ['rest of the entry fills', 1_000_000],
] as const;
const MOVES: Readonly<Record<Place, readonly Place[]>> = {
  start: ['first target', 'stop'],
  'first target': ['second target', 'stop'],
  'second target': ['stop'],
  stop: [],
};

const no: readonly WorkerName[] = [];

const KINDS: readonly ((world: World, bounds: Bounds) => readonly Event[])[] = [ofRequests, ofMessages, ofMarket, ofRows, ofTrouble];

/** Everything that can happen next, in an order that is the same in equal worlds. */
export const eventsOf = (world: World, bounds: Bounds): readonly Event[] => KINDS.flatMap((eventsOfKind) => eventsOfKind(world, bounds));

/** One of them by its place, without making up the ones of the kinds after it; undefined when there are not as many. */
export function eventAt(world: World, bounds: Bounds, place: number): Event | undefined {
  let left = place;
  for (const eventsOfKind of KINDS) {
    const events = eventsOfKind(world, bounds);
    if (left < events.length) return events[left];
    left -= events.length;
  }
  return undefined;
}

function ofRequests(world: World, bounds: Bounds): Event[] {
  const { wire } = world;
  const mayMiss = world.interventions < bounds.interventions;
  const missing = (label: string, request: Request, run: () => void): Event => ({
    label: `${request.worker}: ${request.what}: ${label}`,
    wakes: [request.worker],
    answers: request,
    run() {
      world.interventions += 1;
      run();
    },
  });
  return wire.pending.flatMap((request): Event[] => {
    const wakes = [request.worker];
    const said = `${request.worker}: ${request.what}`;
    if (request.state === 'stray') return [{ label: `${said}: lands late`, wakes: no, answers: null, run: () => wire.land(request) }];
    const giveUp = mayMiss ? [missing('no answer comes', request, () => wire.giveUp(request))] : [];
    if (request.state === 'answered')
      return [{ label: `${said}: late answer`, wakes, answers: request, run: () => wire.answer(request) }, ...giveUp];
    return [
      { label: `${said}: answered`, wakes, answers: request, run: () => landAndAnswer(world, request) },
      ...giveUp,
      ...(mayMiss ? [{ ...missing('lands, answer under way', request, () => wire.land(request)), wakes: no, answers: null }] : []),
      ...(mayMiss && request.kind === 'place' ? [missing('refused by the venue', request, () => wire.reject(request))] : []),
    ];
  });
}

async function landAndAnswer(world: World, request: Request): Promise<void> {
  world.wire.land(request);
  await world.settle();
  world.wire.answer(request);
}

function ofMessages(world: World): Event[] {
  const { stream } = world;
  const events: Event[] = [];
  for (const channel of ['orders', 'fills'] as const) {
    if (stream[channel].length > 0)
      events.push({ label: `stream: ${channel}`, wakes: ['fill'], answers: null, run: () => world.deliver(channel) });
  }
  if (!stream.up) events.push({ label: 'stream connects', wakes: ['fill'], answers: null, run: () => world.reconnect() });
  return events;
}

/** The market, as far as it can meet something of ours. */
function ofMarket(world: World, bounds: Bounds): Event[] {
  const events: Event[] = [];
  const { stream } = world;
  // That it goes on before the stream has told of what it did last is one more thing to come between.
  const cost = stream.orders.length + stream.fills.length > 0 ? 1 : 0;
  if (world.interventions + cost > bounds.interventions) return events;
  const move = (label: string, run: () => void): void => {
    events.push({
      label,
      wakes: no,
      answers: null,
      run() {
        world.interventions += cost;
        run();
      },
    });
  };
  const ours = world.venue.openOrders(USER).filter((order) => order.cloid !== null);
  if (ours.some((order) => !order.reduceOnly) && world.parts < PARTS.length) {
    const [label, sz] = PARTS[world.parts] ?? PARTS[0];
    move(label, () => {
      world.parts += 1;
      world.print(sz);
    });
  }
  const holds = world.venue.account(USER).positions.length > 0;
  for (const to of MOVES[world.place]) {
    // Where the market stands matters only where it can meet something of ours; at the second target that is a take-profit.
    if (holds || (ours.length > 0 && to !== 'second target')) move(`market to the ${to}`, () => world.move(to));
  }
  return events;
}

function ofRows(world: World, bounds: Bounds): Event[] {
  const { done } = world;
  const row = (label: string, cost: number, write: () => void): Event[] => {
    if (done.has(label) || world.interventions + cost > bounds.interventions) return [];
    const run = (): void => {
      done.add(label);
      world.interventions += cost;
      write();
    };
    return [{ label, wakes: ['signal'], answers: null, run }];
  };
  return [
    ...row('entry signal', 0, () => world.writeEntry()),
    ...(done.has('entry signal') ? row('exit signal', 1, () => world.writeExit()) : []),
    ...row('PAUSE', 1, () => world.writeControl('PAUSE')),
    ...(done.has('entry signal') ? row('CLOSE_ALL', 1, () => world.writeControl('CLOSE_ALL')) : []),
  ];
}

/** Something is on its way that somebody waits for. */
const isUnderWay = (world: World): boolean => world.wire.pending.some(({ state }) => state !== 'stray') || ofMessages(world).length > 0;

function ofTrouble(world: World, bounds: Bounds): Event[] {
  const events: Event[] = [];
  if (!isUnderWay(world)) events.push({ label: 'time passes', wakes: WORKERS, answers: null, run: () => world.wait() });
  if (world.interventions >= bounds.interventions) return events;
  const trouble = (label: string, wakes: readonly WorkerName[], come: () => void | Promise<void>): void => {
    const run = (): void | Promise<void> => {
      world.interventions += 1;
      return come();
    };
    events.push({ label, wakes, answers: null, run });
  };
  if (events.length === 0) trouble('time passes', WORKERS, () => world.wait());
  for (const worker of WORKERS) trouble(`${worker} worker crashes and starts again`, [worker], () => world.crash(worker));
  if (world.stream.up) trouble('stream is cut', ['fill'], () => world.cut());
  return events;
}

/** What happens next where nothing goes wrong and the market stands still: everything under way arrives, and only then time passes. */
export function calmEvent(world: World): Event {
  const request = world.wire.pending.find(({ state }) => state !== 'stray');
  if (request !== undefined) {
    const run = request.state === 'sent' ? () => landAndAnswer(world, request) : () => world.wire.answer(request);
    return { label: `${request.worker}: ${request.what}: answered`, wakes: [request.worker], answers: request, run };
  }
  return ofMessages(world)[0] ?? { label: 'time passes', wakes: WORKERS, answers: null, run: () => world.wait() };
}
