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

type Row = 'entry signal' | 'exit signal' | 'PAUSE' | 'CLOSE_ALL';

/** What becomes of a request: it lands and is answered, it lands only, what it was answered comes, nothing comes, the venue says no. */
type Fate = 'answered' | 'lands' | 'late answer' | 'given up' | 'refused';

/** What happens, as plain values: the same path leads to a world in which they mean the same. */
type Act =
  | { readonly do: 'request'; readonly id: number; readonly what: string; readonly fate: Fate }
  | { readonly do: 'hear'; readonly channel: 'orders' | 'fills' }
  | { readonly do: 'fill'; readonly sz: number }
  | { readonly do: 'move'; readonly to: Place }
  | { readonly do: 'row'; readonly row: Row }
  | { readonly do: 'crash'; readonly worker: WorkerName }
  | { readonly do: 'time' | 'cut' | 'connect' };

export interface Event {
  readonly label: string;
  /** Workers whose code runs in it. */
  readonly wakes: readonly WorkerName[];
  /** 1 when it is something that intervenes. */
  readonly cost: 0 | 1;
  readonly act: Act;
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

const NOBODY: readonly WorkerName[] = [];
const ONLY: Readonly<Record<WorkerName, readonly WorkerName[]>> = { signal: ['signal'], fill: ['fill'] };
const TIME_PASSES: Event = { label: 'time passes', wakes: WORKERS, cost: 0, act: { do: 'time' } };

/** Everything that can happen next, in an order that is the same in equal worlds. */
export function eventsOf(world: World, bounds: Bounds): readonly Event[] {
  const all = [...ofRequests(world), ...ofMessages(world), ...ofMarket(world), ...ofRows(world), ...ofTrouble(world)];
  return world.interventions < bounds.interventions ? all : all.filter(({ cost }) => cost === 0);
}

/** The request whose asker goes on in an event; null when it is none of the kind. */
export function answeredIn(world: World, { act, wakes }: Event): Request | null {
  return act.do === 'request' && wakes.length > 0 ? underWay(world, act.id, act.what) : null;
}

/** Lets an event happen, in the world it was made up in or in one that the same path has led to, and all that it starts. Throws where it cannot. */
export async function happen(world: World, { act, cost }: Event): Promise<void> {
  world.interventions += cost;
  await perform(world, act);
  await world.settle();
}

function perform(world: World, act: Act): void | Promise<void> {
  switch (act.do) {
    case 'request':
      return meet(world, underWay(world, act.id, act.what), act.fate);
    case 'hear':
      return world.deliver(act.channel);
    case 'fill':
      world.parts += 1;
      return world.print(act.sz);
    case 'move':
      return world.move(act.to);
    case 'row':
      world.done.add(act.row);
      return writeRow(world, act.row);
    case 'crash':
      return world.crash(act.worker);
    case 'time':
      return world.wait();
    case 'cut':
      return world.cut();
    case 'connect':
      return world.reconnect();
    default:
      return assertNever(act);
  }
}

/** What is under way under this number; throws when it is not what it is taken for. */
function underWay(world: World, id: number, what: string): Request {
  const request = world.wire.pending.find((candidate) => candidate.id === id);
  if (request?.what !== what) throw new Error(`the same path went another way at "${what}"`);
  return request;
}

async function meet(world: World, request: Request, fate: Fate): Promise<void> {
  const { wire } = world;
  switch (fate) {
    case 'answered':
      wire.land(request);
      await world.settle();
      return wire.answer(request);
    case 'lands':
      return wire.land(request);
    case 'late answer':
      return wire.answer(request);
    case 'given up':
      return wire.giveUp(request);
    case 'refused':
      return wire.reject(request);
    default:
      return assertNever(fate);
  }
}

function writeRow(world: World, row: Row): void {
  if (row === 'entry signal') world.writeEntry();
  else if (row === 'exit signal') world.writeExit();
  else world.writeControl(row);
}

function ofRequests(world: World): Event[] {
  return world.wire.pending.flatMap((request): Event[] => {
    const { state, kind } = request;
    if (state === 'stray') return [fateOf(request, 'lands', 'lands late', 0)];
    const givenUp = fateOf(request, 'given up', 'no answer comes', 1);
    if (state === 'answered') return [fateOf(request, 'late answer', 'late answer', 0), givenUp];
    return [
      fateOf(request, 'answered', 'answered', 0),
      givenUp,
      fateOf(request, 'lands', 'lands, answer under way', 1),
      ...(kind === 'place' ? [fateOf(request, 'refused', 'refused by the venue', 1)] : []),
    ];
  });
}

const fateOf = ({ id, what, worker }: Request, fate: Fate, said: string, cost: 0 | 1): Event => ({
  label: `${worker}: ${what}: ${said}`,
  wakes: fate === 'lands' ? NOBODY : ONLY[worker],
  cost,
  act: { do: 'request', id, what, fate },
});

function ofMessages(world: World): Event[] {
  const { stream } = world;
  const events: Event[] = [];
  for (const channel of ['orders', 'fills'] as const) {
    if (stream[channel].length > 0) events.push({ label: `stream: ${channel}`, wakes: ONLY.fill, cost: 0, act: { do: 'hear', channel } });
  }
  if (!stream.up) events.push({ label: 'stream connects', wakes: ONLY.fill, cost: 0, act: { do: 'connect' } });
  return events;
}

/** The market, as far as it can meet something of ours. */
function ofMarket(world: World): Event[] {
  const events: Event[] = [];
  const { stream, venue } = world;
  // That it goes on before the stream has told of what it did last is one more thing to come between.
  const cost = stream.orders.length + stream.fills.length > 0 ? 1 : 0;
  const ours = venue.openOrders(USER).filter((order) => order.cloid !== null);
  const part = PARTS[world.parts];
  if (part !== undefined && ours.some((order) => !order.reduceOnly))
    events.push({ label: part[0], wakes: NOBODY, cost, act: { do: 'fill', sz: part[1] } });
  const holds = venue.account(USER).positions.length > 0;
  for (const to of MOVES[world.place]) {
    // Where the market stands matters only where it can meet something of ours; at the second target that is a take-profit.
    if (holds || (ours.length > 0 && to !== 'second target'))
      events.push({ label: `market to the ${to}`, wakes: NOBODY, cost, act: { do: 'move', to } });
  }
  return events;
}

function ofRows({ done }: World): Event[] {
  const row = (label: Row, cost: 0 | 1): Event[] =>
    done.has(label) ? [] : [{ label, wakes: ONLY.signal, cost, act: { do: 'row', row: label } }];
  const isAsked = done.has('entry signal');
  return [
    ...row('entry signal', 0),
    ...(isAsked ? row('exit signal', 1) : []),
    ...row('PAUSE', 1),
    ...(isAsked ? row('CLOSE_ALL', 1) : []),
  ];
}

/** Something is on its way that somebody waits for. */
const isUnderWay = (world: World): boolean =>
  world.wire.pending.some(({ state }) => state !== 'stray') ||
  !world.stream.up ||
  world.stream.orders.length > 0 ||
  world.stream.fills.length > 0;

function ofTrouble(world: World): Event[] {
  return [
    { ...TIME_PASSES, cost: isUnderWay(world) ? 1 : 0 },
    ...WORKERS.map(
      (worker): Event => ({
        label: `${worker} worker crashes and starts again`,
        wakes: ONLY[worker],
        cost: 1,
        act: { do: 'crash', worker },
      }),
    ),
    ...(world.stream.up ? [{ label: 'stream is cut', wakes: ONLY.fill, cost: 1, act: { do: 'cut' } } satisfies Event] : []),
  ];
}

/** What happens next where nothing goes wrong and the market stands still: everything under way arrives, and only then time passes. */
export function calmEvent(world: World): Event {
  const request = world.wire.pending.find(({ state }) => state !== 'stray');
  if (request === undefined) return ofMessages(world)[0] ?? TIME_PASSES;
  return fateOf(request, request.state === 'sent' ? 'answered' : 'late answer', 'answered', 0);
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}
