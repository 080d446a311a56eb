/**
 * When two worlds are the same situation: everything that can have a bearing on what happens next, without what cannot. Ids the venue
 * gives, nonces and versions are left out or said by what they stand for; times are steps ago, up to where no rule looks further.
 */
import type { AccountEvent, Trade } from '@hyperfleet/trading';
import { BOT, STEP_MS, USER } from './bracket.ts';
import type { Request, WorkerName } from './wire.ts';
import type { World } from './world.ts';

/** Two steps are past every deadline of an order that a path can reach, three past the time exits have before entries. */
const STEPS_TOLD = 2;
const STEPS_TOLD_OF_EXITS = 3;
const STEPS_TOLD_IN_DOUBT = 3;

/** The parts of a situation as numbers; `whole` is what situations are merged by. */
export interface Fingerprint {
  readonly whole: number;
  /** The same, however much has come between on the way. */
  readonly calm: number;
  readonly ledger: number;
  readonly venue: number;
  /** The trades and orders of the ledger alone, without times. */
  readonly trades: number;
  /** How often something has come between. */
  readonly interventions: number;
}

const wholeOf = (calm: number, interventions: number): number => hash53(`${calm} ${interventions}`);

/** The same situation after as much as in another has come between. */
export const withInterventions = (print: Fingerprint, interventions: number): Fingerprint => ({
  ...print,
  interventions,
  whole: wholeOf(print.calm, interventions),
});

/** 53 bits of a text (cyrb53, public domain): at a million situations the chance that any two share one is about 1 in 20 000. */
function hash53(text: string): number {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 4_294_967_296 * (2_097_151 & h2) + (h1 >>> 0);
}

/** How many steps of time ago, none where no rule cares any more. */
const ago = (world: World, ms: number | null, most = STEPS_TOLD): number | string =>
  ms === null ? '-' : Math.max(-most, Math.min(most, Math.round((world.nowMs() - ms) / STEP_MS)));

const isOver = (trade: Trade): boolean => trade.phase === 'settled' || trade.phase === 'refused';

/** Trades and orders as the ledger has them. */
function tradesText(world: World): string {
  const { ledger } = world;
  const parts: string[] = [];
  for (const trade of ledger.allTrades()) {
    const ladder = trade.ladder?.map((leg) => `${leg.index}:${leg.sz}`).join() ?? '';
    parts.push(
      `T${trade.signal.rowId} ${trade.phase} ${trade.status} ${trade.exitClaimedBy ?? ''} ${trade.remainderReason ?? ''} ${trade.breakeven}`,
      `${trade.reason ?? ''} ${trade.notes.join()} ${ladder} ${trade.plan?.sz ?? ''}`,
    );
    for (const { intent, state, filledSz, oid, cancelAsked, reason } of ledger.orders(trade.tradeId)) {
      const known = `${oid === null ? '' : 'o'}${cancelAsked ? 'c' : ''}`;
      parts.push(`${intent.role}${intent.attempt} ${intent.sz} ${intent.px} ${state} ${filledSz} ${known} ${reason ?? ''}`);
    }
  }
  const fills = ledger.allFills().map((fill) => `${fill.role ?? '?'} ${fill.sz} ${fill.px} ${fill.crossed}`);
  parts.push(fills.sort().join(','));
  return parts.join('\n');
}

/** What else the ledger and the queue have, and how long ago where a rule asks. */
function restText(world: World): string {
  const { ledger, queue } = world;
  const parts: (string | number | boolean)[] = [];
  for (const trade of ledger.allTrades()) {
    if (isOver(trade)) continue;
    if (trade.kind === 'exit' || trade.phase === 'claimed') parts.push(ago(world, trade.claimedAtMs, STEPS_TOLD_OF_EXITS));
    for (const { intent, state, recordedAtMs } of ledger.orders(trade.tradeId)) {
      if (state === 'intent' || state === 'unknown' || intent.role === 'close') parts.push(ago(world, recordedAtMs));
    }
  }
  const { paused, tradingState } = ledger.botState(BOT);
  const stands = ledger.differences(BOT).map(({ coin, amount }) => `${coin ?? 'cash'} ${amount}`);
  parts.push(
    stands.join(),
    paused,
    tradingState,
    ledger.watermark(USER) === null,
    [...queue.statuses().values()].join(),
    queue.executed().join(),
  );
  return parts.join(' ');
}

function venueText(world: World): string {
  const { venue, ledger } = world;
  const parts = [world.place, ...venue.account(USER).positions.map(({ coin, szi }) => `${coin} ${szi}`)];
  // Newest first: among orders of one price it is the order in which they fill and are trimmed.
  for (const order of venue.openOrders(USER)) {
    parts.push(`${world.name(order.cloid)} ${order.sz} ${order.waitingForFill ? 'w' : ''}${order.children.length}`);
  }
  const fates: string[] = [];
  for (const trade of ledger.allTrades()) {
    for (const { intent } of ledger.orders(trade.tradeId)) {
      const order = venue.order(USER, intent.cloid);
      fates.push(order === null ? '-' : `${order.status} ${order.sz}`);
    }
  }
  const fills = venue.fills(USER).map((fill) => `${world.name(fill.cloid)} ${fill.sz} ${fill.px}`);
  return `${parts.join('\n')}\n${fates.join(',')}\n${fills.sort().join(',')}`;
}

function eventText(world: World, event: AccountEvent): string {
  switch (event.kind) {
    case 'orders':
      return event.updates.map((update) => `${world.name(update.cloid)} ${update.word} ${update.sz}`).join();
    case 'fills':
      return event.fills.map((fill) => `${world.name(fill.cloid)} ${fill.sz} ${fill.px}`).join();
    case 'connected':
    case 'disconnected':
    case 'account':
      return event.kind;
    default:
      return assertNever(event);
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}

const CHANNELS = ['orders', 'fills'] as const;

/** What is under way, each request with what its asker stands on. */
function flightText(world: World, grounds: Grounds): string {
  const { wire, stream, timers, down } = world;
  const requests = wire.pending.map(
    ({ id, worker, kind, what, state, expiresAtMs, sentAtMs }) =>
      // Of a read it counts when it was asked, of anything else how long it lives.
      `${worker} ${what} ${state} ${ago(world, kind === 'read' ? sentAtMs : expiresAtMs)} ${groundText(grounds.get(id), state)}`,
  );
  const due = timers.map(({ worker, dueMs }) => `${worker}${Math.ceil((dueMs - world.nowMs()) / STEP_MS)}`).sort();
  // All that waits is heard at once, in however many messages it came.
  const said = CHANNELS.map((channel) => stream[channel].flatMap((batch) => batch.map((event) => `${eventText(world, event)};`)).join(''));
  return `${requests.sort().join('\n')}\n${due.join()}\n${down.signal} ${down.fill}\n${stream.up}\n${said.join('\n')}\n${[...world.done].sort().join()} ${world.parts}`;
}

function runnerText(world: World, worker: WorkerName): string {
  const memory = world.loops[worker].memory();
  const rowOf = (tradeId: string): number => world.ledger.trade(tradeId)?.signal.rowId ?? 0;
  const { running, again, later, held, failures } = memory.runner;
  const rows = [running, again, later, held].map((ids) => ids.map(rowOf).join());
  // Read at a version that has passed is as good as never read.
  const synced = memory.synced
    .filter(([id, read]) => world.ledger.trade(id)?.version === read.version)
    .map(([id, { firstMs, lastMs }]) => `${rowOf(id)} ${ago(world, firstMs)} ${ago(world, lastMs)}`);
  return `${rows.join('|')} ${failures.map(([id, count]) => `${rowOf(id)}x${count}`).join()} ${synced.join()}`;
}

function signalText(world: World): string {
  const memory = world.loops.signal.memory();
  const { account, placedAtMs, foreign } = memory.wallet;
  const claimed = memory.exitClaimedAt.map(([id, ms]) => `${world.ledger.trade(id)?.signal.rowId ?? 0} ${ago(world, ms)}`);
  // How old they are is asked in minutes, and no path is that long: that they are there, and of after the last placing, is all.
  const seen =
    account === null
      ? '-'
      : `${account.view.timeMs <= placedAtMs} ${memory.guardHeardMs !== null} ${ago(world, memory.standIn.heardMs)} ${memory.standIn.silentLooks}`;
  const justPlaced = placedAtMs === world.nowMs();
  const { going, aside } = memory.turns;
  const turns = [going ?? '', ...aside].map((id) => world.ledger.trade(id)?.signal.rowId ?? 0);
  return `${runnerText(world, 'signal')} ${turns.join()} ${claimed.join()} ${memory.newestExits.length} ${foreign?.coins.join()} ${seen} ${justPlaced} ${memory.closing.length} ${memory.started}`;
}

function fillText(world: World): string {
  const memory = world.loops.fill.memory();
  const { doubtAtMs } = memory.books;
  // It reconciles in a minute, or in seconds while the books are in doubt.
  const reconciled = doubtAtMs === null ? '' : ago(world, memory.lastReconcileMs, STEPS_TOLD_IN_DOUBT);
  // Starts are counted on; what matters is whether the signal worker that lives now is covered.
  const { waiting, coversNext, covers } = memory.told;
  const asking = world.launches.signal;
  const told = `${waiting === asking} ${coversNext >= asking} ${covers !== null && covers >= asking}`;
  const firing = memory.firing.map(([, sinceMs]) => ago(world, sinceMs)).join();
  return `${runnerText(world, 'fill')} ${memory.reconciling} ${memory.missed} ${memory.putOff} ${memory.started} ${ago(world, doubtAtMs)} ${reconciled} ${firing} ${told}`;
}

/**
 * What stands behind a request under way. `asker`: what the step that sent it has in hand, as the ledger it looked at and the answers it
 * has had. `answer`: what was answered, once it was.
 */
interface Ground {
  readonly asker: number;
  readonly answer: number | null;
}

/** The grounds of the requests under way, by request. */
export type Grounds = Map<number, Ground>;

const groundText = (ground: Ground | undefined, state: string): string =>
  // Nobody waits for a stray one: what its asker stood on is gone.
  ground === undefined || state === 'stray' ? '' : `${ground.asker} ${ground.answer ?? ''}`;

/** Ids the venue gives and times, which no step that waits for an answer keeps; orders are told by their name. */
const UNTOLD: ReadonlySet<string> = new Set(['oid', 'tid', 'timeMs', 'startPosition', 'equity', 'marginUsed', 'withdrawable']);

const answerHash = (world: World, answer: unknown): number =>
  hash53(
    JSON.stringify(answer, (key, value: unknown) => (UNTOLD.has(key) ? undefined : key === 'cloid' ? world.name(String(value)) : value)) ??
      '',
  );

/**
 * Whether a request sent after an answer goes on with what its step had in hand: after what was placed or cancelled, and after a read of
 * the fills unless a trade is being settled, the ledger is looked at afresh.
 */
function keepsItsGround(after: Request | null, next: Request): boolean {
  if (after === null || after.kind !== 'read') return false;
  return after.what !== 'read fills' || next.what === 'read account' || next.what === 'read funding';
}

/**
 * A placing, and a cancel that no question about its order led to: their answers go to the ledger, order by order, and nothing else is kept.
 * Nor has anything been looked at by a reconcile that begins, which is what a worker asks that has no trade in hand.
 */
function keepsNothing(world: World, after: Request | null, next: Request): boolean {
  if (next.kind === 'place') return true;
  if (next.kind === 'cancel') return !(after?.what.startsWith('read order') ?? false);
  return world.loops[next.worker].memory().runner.running.length === 0;
}

/**
 * Notes what the requests that an event has sent stand on. A step that goes on after an answer stands on what it stood on, on the answer,
 * and on the ledger as it then was; one that begins stands on the ledger it left behind, where what it read and what it wrote is.
 */
export function noteGrounds(
  world: World,
  grounds: Grounds,
  happened: { readonly answered: Request | null; readonly ledgers: { readonly before: number; readonly after: number } },
): void {
  const { answered, ledgers } = happened;
  const stoodOn = answered === null ? undefined : grounds.get(answered.id);
  const answer = answered === null ? 0 : answerHash(world, answered.answer);
  for (const request of world.wire.pending) {
    const known = grounds.get(request.id);
    if (known === undefined) {
      const goesOn = stoodOn !== undefined && answered?.worker === request.worker && keepsItsGround(answered, request);
      const fresh = keepsNothing(world, answered, request) ? 0 : ledgers.after;
      grounds.set(request.id, { asker: goesOn ? hash53(`${stoodOn.asker} ${answer} ${ledgers.before}`) : fresh, answer: null });
    }
    const ground = grounds.get(request.id);
    if (request.state === 'answered' && ground?.answer === null)
      grounds.set(request.id, { asker: ground.asker, answer: answerHash(world, request.answer) });
  }
  if (answered !== null && !world.wire.pending.includes(answered)) grounds.delete(answered.id);
}

/** What was last told of a world, and what it was told of: most steps leave the ledger or the venue as they were. */
interface Told {
  writes: number;
  trades: number;
  moves: number;
  /** Orders of ours are named as the ledger has them. */
  named: number;
  venue: number;
}

const told = new WeakMap<World, Told>();

function toldOf(world: World): Told {
  const known = told.get(world) ?? { writes: -1, trades: 0, moves: -1, named: -1, venue: 0 };
  told.set(world, known);
  const { ledger, moves } = world;
  if (known.writes !== ledger.writes()) {
    known.writes = ledger.writes();
    known.trades = hash53(tradesText(world));
  }
  if (known.moves !== moves || known.named !== ledger.orderCount()) {
    known.moves = moves;
    known.named = ledger.orderCount();
    known.venue = hash53(venueText(world));
  }
  return known;
}

/** A situation as it stands. */
export function fingerprintOf(world: World, note: (trades: number) => Grounds): Fingerprint {
  const { trades, venue } = toldOf(world);
  const grounds = note(trades);
  const ledger = hash53(`${trades}\n${restText(world)}`);
  const calm = hash53(`${ledger} ${venue}\n${signalText(world)}\n${fillText(world)}\n${flightText(world, grounds)}`);
  const { interventions } = world;
  return { whole: wholeOf(calm, interventions), calm, ledger, venue, trades, interventions };
}
