/** The promises, as what must hold when something is sent, when it lands, in every situation, and at rest. */
import { type Cloid, FINE_PER_TICK, type OrderRecord } from '@hyperfleet/trading';
import { BOT, DEPOSIT, USER } from './bracket.ts';
import { type Request, WORKERS } from './wire.ts';
import type { Witness, World } from './world.ts';

const STOP_ROLES: ReadonlySet<string> = new Set(['stop', 'own-stop', 'breakeven']);

/** Signed size held at the venue. */
const heldAt = (world: World): number => world.venue.account(USER).positions.find(({ coin }) => coin === 'BTC')?.szi ?? 0;

/** Size the armed stops of ours hold, those of `gone` left out. */
function armedSz(world: World, gone: ReadonlySet<string>): number {
  let sum = 0;
  for (const order of world.venue.openOrders(USER)) {
    if (order.tpsl !== 'sl' || order.waitingForFill || !order.reduceOnly || order.cloid === null || gone.has(order.cloid)) continue;
    sum += order.sz;
  }
  return sum;
}

const isStop = (world: World, cloid: Cloid): boolean => STOP_ROLES.has(world.ledger.order(cloid)?.intent.role ?? '');

/** Nothing is under way, nobody has anything to do but look again on its own clock, and the account is being heard. */
export function isQuiet(world: World): boolean {
  const { wire, stream, loops, down } = world;
  if (wire.pending.length > 0 || !stream.up || stream.orders.length > 0 || stream.fills.length > 0) return false;
  return WORKERS.every((worker) => {
    if (!loops[worker].memory().started || down[worker]) return false;
    // Two timers always run: its look at everything once a second or two, and what one tells the other that it lives by, or listens to it
    // by. Any other is something it means to do again.
    return world.timers.filter((timer) => timer.worker === worker).length <= 2;
  });
}

/** Looks at what is sent and what lands. */
export const witness: Witness = {
  sent(world, request) {
    const say = (what: string): void => void world.broken.push(`${request.worker} sends ${request.what}: ${what}`);
    if (request.kind === 'place') sentOrders(world, request, say);
    if (request.kind === 'cancel') sentCancels(world, request, say);
  },
  landing(world, request) {
    if (request.kind !== 'place') return () => undefined;
    for (const cloid of request.cloids) {
      if (world.venue.order(USER, cloid) !== null) world.broken.push(`${world.name(cloid)} reaches the venue a second time`);
    }
    return () => {
      for (const trade of world.ledger.allTrades()) {
        const entries = world.ledger
          .orders(trade.tradeId)
          .filter(({ intent }) => intent.role === 'entry' && isAccepted(world, intent.cloid));
        if (entries.length > 1) world.broken.push(`signal ${trade.signal.rowId} has ${entries.length} entry orders the venue accepted`);
      }
      if (world.venue.audit().duplicateCloids > 0) world.broken.push('two live orders share a client order id');
    };
  },
};

function isAccepted(world: World, cloid: Cloid): boolean {
  const order = world.venue.order(USER, cloid);
  return order !== null && !order.status.endsWith('Rejected') && order.status !== 'rejected';
}

function sentOrders(world: World, request: Request, say: (what: string) => void): void {
  for (const cloid of request.cloids) {
    const order = world.ledger.order(cloid);
    if (order === null) say('it is not recorded');
    else if (order.state !== 'intent') say(`${world.name(cloid)} was sent before and is ${order.state}`);
    if (order?.intent.role === 'entry' && world.ledger.botState(BOT).paused) say('the bot is paused');
    if (order !== null && hasOneInDoubt(world, order)) say(`${world.name(cloid)} goes while nobody knows what became of the one before`);
  }
}

/** Whether the fate of an earlier entry, or close, of its trade is open. */
function hasOneInDoubt(world: World, { tradeId, intent }: OrderRecord): boolean {
  if (intent.role !== 'entry' && intent.role !== 'close') return false;
  const others = world.ledger.orders(tradeId).filter((other) => other.intent.role === intent.role && other.intent.cloid !== intent.cloid);
  return others.some(({ state }) => state === 'intent' || state === 'unknown');
}

/** A stop may be taken away only while the others that stand hold all of the position that is known of. */
function sentCancels(world: World, request: Request, say: (what: string) => void): void {
  for (const cloid of request.cloids) if (world.ledger.order(cloid) === null) say('an order that is not ours');
  if (request.cloids.length === 0) say('an order by the number the venue gave it');
  const gone = new Set<string>(request.cloids);
  for (const other of world.wire.pending) if (other.kind === 'cancel') for (const cloid of other.cloids) gone.add(cloid);
  if (!request.cloids.some((cloid) => isStop(world, cloid))) return;
  let known = 0;
  for (const trade of world.ledger.activeTrades(BOT)) {
    const sums = world.ledger.fillSums(trade.tradeId);
    known += sums.entrySz - sums.exitSz;
  }
  const needed = Math.min(known, Math.abs(heldAt(world)));
  const left = armedSz(world, gone);
  if (left < needed) say(`${left} of ${needed} lots keep a stop`);
}

/** Where the venue's own was last found to be right. */
const lookedAt = new WeakMap<World, number>();

/** What does not hold in this situation, or null. */
export function brokenIn(world: World): string | null {
  const [sent] = world.broken;
  if (sent !== undefined) return sent;
  if (lookedAt.get(world) !== world.moves) {
    const foreign = world.venue.openOrders(USER).filter((order) => order.cloid === null);
    if (foreign.length !== world.foreignOrders || foreign.some((order) => order.sz !== order.origSz)) return 'a foreign order was touched';
    if (world.venue.audit().conservationErrorUsd !== 0) return 'the venue made or lost money';
    lookedAt.set(world, world.moves);
  }
  return brokenEnds(world) ?? naked(world);
}

/** A trade that is over has nothing at the venue, and nothing on its way there that could still come to stand. */
function brokenEnds(world: World): string | null {
  for (const trade of world.ledger.allTrades()) {
    if (trade.kind !== 'entry' || (trade.phase !== 'settled' && trade.phase !== 'refused')) continue;
    const over = `the trade of signal ${trade.signal.rowId} is ${trade.phase}`;
    for (const { intent } of world.ledger.orders(trade.tradeId)) {
      const order = world.venue.order(USER, intent.cloid);
      if (order !== null && world.venue.openOrders(USER).some(({ oid }) => oid === order.oid))
        return `${over} and its ${world.name(intent.cloid)} stands`;
      const coming = world.wire.pending.find(
        ({ kind, state, cloids }) => kind === 'place' && state !== 'answered' && cloids.includes(intent.cloid),
      );
      if (coming !== undefined && coming.expiresAtMs >= world.nowMs()) return `${over} and its ${world.name(intent.cloid)} may still land`;
    }
    if (heldAt(world) !== 0 && world.ledger.activeTrades(BOT).every(({ kind }) => kind === 'exit')) return `${over} and a position is held`;
  }
  return null;
}

/**
 * A position without a whole stop is a reaction in hand: something of it is under way to a worker, from one, or between them, a worker
 * waits to look again, is starting, or does not hear the account. When none of this is so, nobody will give it a stop.
 */
function naked(world: World): string | null {
  if (!isQuiet(world)) return null;
  const open = world.venue.audit().naked.some(({ toMs }) => toMs === null);
  return open
    ? `a position of ${heldAt(world)} lots has stops for ${armedSz(world, new Set())}, and nobody is doing anything about it`
    : null;
}

/** What does not hold once all has come to rest without further trouble, or null. */
export function brokenAtRest(world: World): string | null {
  const { ledger, venue, queue } = world;
  const audit = venue.audit();
  if (audit.naked.some(({ toMs }) => toMs === null)) return 'at rest a position is without a whole stop';
  let held = 0;
  let cash = 0;
  const live = new Set<string>();
  for (const trade of ledger.allTrades()) {
    const { entrySz, exitSz, entryCost, exitCost, fees, funding } = ledger.fillSums(trade.tradeId);
    held += entrySz - exitSz;
    cash += exitCost - entryCost - fees + funding;
    for (const { intent, state } of ledger.orders(trade.tradeId)) {
      if (state === 'intent' || state === 'unknown') return `at rest nobody knows what became of ${world.name(intent.cloid)}`;
      if (state === 'resting' || state === 'waiting' || state === 'triggered') live.add(intent.cloid);
    }
  }
  if (held !== heldAt(world)) return `at rest the ledger holds ${held} lots and the venue ${heldAt(world)}`;
  const standing = venue.openOrders(USER).flatMap(({ cloid }) => (cloid === null ? [] : [cloid]));
  for (const cloid of standing) if (!live.delete(cloid)) return `at rest ${world.name(cloid)} stands and the ledger has it over`;
  for (const cloid of live) return `at rest the ledger has ${world.name(cloid)} standing and the venue does not`;
  const ours = cash + held * markOf(world);
  const theirs = venue.account(USER).accountValue - DEPOSIT;
  if (ours !== theirs) return `at rest our PnL is ${ours} and the venue's ${theirs} micro-dollars`;
  if (
    world.done.has('CLOSE_ALL') &&
    (held !== 0 || standing.length > 0 || !ledger.botState(BOT).paused || queue.executed().includes(false))
  )
    return 'CLOSE_ALL has not left the bot flat and paused';
  if (world.done.has('exit signal') && (held !== 0 || standing.length > 0)) return 'the exit has left something of ours';
  return null;
}

/** The mark in ticks: whole ones, at every place the market stands at. */
const markOf = (world: World): number => (world.venue.assetMarket(0).mark ?? 0) / FINE_PER_TICK;

/** What does not hold once an exit has been carried to its end, or null. */
export function brokenAtEnd(world: World): string | null {
  const left = world.ledger.activeTrades(BOT);
  if (left.length > 0) return `after an exit the trade of signal ${left[0]?.signal.rowId ?? 0} stays ${left[0]?.phase ?? ''}`;
  if (heldAt(world) !== 0) return 'after an exit a position is held';
  const pending = [...world.queue.statuses()].find(([, status]) => !ENDED.has(status));
  const waits = pending !== undefined && !(world.ledger.botState(BOT).paused && pending[1] === 'pending');
  return waits ? `after all is over row ${pending[0]} says ${pending[1]}` : null;
}

const ENDED: ReadonlySet<string> = new Set(['closed', 'expired', 'failed', 'executed', 'no_op']);
