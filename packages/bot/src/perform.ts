/** Acts on what was decided: records first, then sends, then records what was answered. The only caller of the exchange. */
import {
  type Answer,
  type Approved,
  approveClose,
  approveProtection,
  type CancelOutcome,
  type Cloid,
  isDenied,
  lots,
  type OrderIntent,
  type OrderNews,
  type OrderOutcome,
  type OrderRecord,
  type PlaceRequest,
  type Trade,
} from '@hyperfleet/trading';
import { turnedAway } from './decide/turned-away.ts';
import type { FillsSynced } from './fills-synced.ts';
import { noteDisowned } from './key.ts';
import { resolveOrders } from './resolve.ts';
import type { Detail, LoopDeps } from './settings.ts';
import { settleTrade } from './settle.ts';
import { stillFilling, type TradeSight } from './sight.ts';
import type { Performed, Said, Step } from './step.ts';
import { change, eventsOf, tell } from './tell.ts';
import { readOpenOrders, syncFills } from './venue-news.ts';

const AGAIN: Performed = { kind: 'again' };

/** A request with its nonce and end of life, stamped now. */
export const requestOf = (deps: LoopDeps, orders: readonly OrderIntent[], grouping: PlaceRequest['grouping']): PlaceRequest => {
  const nowMs = deps.clock.now();
  return { orders, grouping, nonce: deps.nextNonce(), expiresAfterMs: nowMs + (deps.requestLifeMs?.() ?? deps.settings.expiresAfterMs) };
};

/** The records of a request's orders before anything is known of them. */
export const recordsOf = (deps: LoopDeps, trade: Trade, request: PlaceRequest): OrderRecord[] =>
  request.orders.map((intent) => ({
    intent,
    tradeId: trade.tradeId,
    bot: trade.bot,
    grouping: request.grouping,
    state: 'intent',
    oid: null,
    filledSz: lots(0),
    nonce: request.nonce,
    expiresAfterMs: request.expiresAfterMs,
    recordedAtMs: deps.clock.now(),
    reason: null,
    cancelAsked: false,
  }));

/** Does one step of a trade, and remembers of which of its versions the fills were read. */
export async function performNoting(
  deps: LoopDeps,
  synced: FillsSynced,
  { sight, step }: { readonly sight: TradeSight; readonly step: Step },
): Promise<Performed> {
  const { tradeId } = sight.trade;
  const askedMs = deps.clock.now();
  const performed = await perform(deps, sight, step);
  if (step.do === 'sync-fills') synced.note(tradeId, deps.ledger.trade(tradeId)?.version ?? -1, askedMs);
  return performed;
}

/** Does one step of a trade. Throws operational errors of reads as they come; whoever drives the trade backs off. */
async function perform(deps: LoopDeps, sight: TradeSight, step: Step): Promise<Performed> {
  switch (step.do) {
    case 'place':
      return await place(deps, sight, step);
    case 'cancel':
      return await cancel(deps, sight, step);
    case 'resolve':
      return await resolveOrders(
        deps,
        sight.orders.filter((order) => step.cloids.includes(order.intent.cloid)),
      );
    case 'read-orders':
      return (await readOpenOrders(deps, sight)) ? AGAIN : { kind: 'later', afterMs: 200 };
    case 'sync-fills':
      await syncFills(deps);
      return AGAIN;
    case 'patch':
      change(deps, sight.trade, step.patch, step.said, step.alert === true);
      return AGAIN;
    case 'settle':
      return await settleTrade(deps, sight, step);
    case 'ask-protection':
      deps.peer.send({ kind: 'protect-now' });
      return { kind: 'later', afterMs: 100 };
    case 'wait':
      return { kind: 'later', afterMs: step.forMs };
    default:
      return assertNever(step);
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}

async function place(deps: LoopDeps, sight: TradeSight, step: Extract<Step, { do: 'place' }>): Promise<Performed> {
  const { trade, instrument } = sight;
  const request = requestOf(deps, step.orders, step.grouping);
  const check = step.approval === 'close' ? approveClose : approveProtection;
  const approved = check(request, { instrument, positionAbs: sight.openSz, stillFilling: stillFilling(sight) });
  if (isDenied(approved)) {
    // What this program decided its own risk check refuses: a bug, and the position must not stay as it is.
    throw new Error(`${trade.tradeId} ${step.said[0]?.event ?? step.do}: denied, ${approved.reason}`);
  }
  const said = step.said;
  const events = eventsOf(trade, deps.clock.now(), said);
  if (!deps.ledger.recordIntents(trade.tradeId, trade.version, recordsOf(deps, trade, request), step.patch, events)) return AGAIN;
  tell(deps, trade, said.slice(0, 1), step.alert === true);
  tell(deps, trade, said.slice(1));
  return await send(deps, trade, approved);
}

/** Sends what has been recorded and records the answer, order by order. */
export async function send(deps: LoopDeps, trade: Trade, approved: Approved<PlaceRequest>): Promise<Performed> {
  const answer = await deps.exchange.place(approved);
  noteDisowned(deps, answer);
  const news = newsOf(approved, answer);
  for (const [index, order] of approved.orders.entries()) {
    const item = news[index];
    if (item === undefined) throw new Error(`no news for order ${index}`);
    const said = saidOf(order, item);
    deps.ledger.applyOrderNews(order.cloid, item, eventsOf(trade, deps.clock.now(), said));
    tell(deps, trade, said);
  }
  deps.peer.send({ kind: 'trades-changed' });
  return answer.kind === 'refused' && answer.retry !== 'never' ? { kind: 'later', afterMs: 500 } : AGAIN;
}

function saidOf(order: OrderIntent, news: OrderNews): Said[] {
  const detail: Detail = {
    role: order.role,
    state: news.state ?? null,
    cloid: order.cloid,
    ...(news.oid === undefined ? {} : { oid: news.oid }),
    ...(news.reason === undefined ? {} : { reason: news.reason }),
  };
  return [{ event: `${order.role} ${news.state ?? 'answered'}`, detail }];
}

/** What an answer says of each order. Fewer outcomes than orders leave the rest unknown, never failed. */
function newsOf(request: PlaceRequest, answer: Answer<readonly OrderOutcome[]>): OrderNews[] {
  return request.orders.map((order, index): OrderNews => {
    if (answer.kind === 'refused')
      return { state: 'rejected', reason: answer.retry === 'never' ? answer.reason : turnedAway(answer.reason) };
    if (answer.kind === 'unknown') return { state: 'unknown', reason: answer.reason };
    return newsOfOutcome(order, answer.value[index] ?? { kind: 'unknown', reason: 'the venue answered for fewer orders than were sent' });
  });
}

function newsOfOutcome(order: OrderIntent, outcome: OrderOutcome): OrderNews {
  switch (outcome.kind) {
    case 'resting':
      return { state: 'resting', oid: outcome.oid };
    case 'filled': {
      // A gtc order that filled in part at placement rests on under the same oid; an ioc drops the rest.
      const restsOn = order.kind.type === 'limit' && order.kind.tif === 'gtc' && outcome.filledSz < order.sz;
      return { state: restsOn ? 'resting' : 'filled', oid: outcome.oid };
    }
    case 'waiting':
      return { state: outcome.armed ? 'resting' : 'waiting' };
    case 'rejected':
      return { state: 'rejected', reason: outcome.reason };
    case 'unknown':
      return { state: 'unknown', reason: outcome.reason };
    default:
      return assertNever(outcome);
  }
}

async function cancel(deps: LoopDeps, sight: TradeSight, step: Extract<Step, { do: 'cancel' }>): Promise<Performed> {
  const { trade } = sight;
  if (!change(deps, trade, step.patch, step.said)) return AGAIN;
  const orders = step.cloids.map((cloid) => ({ coin: trade.coin, cloid }));
  for (const cloid of step.cloids) deps.ledger.applyOrderNews(cloid, { cancelAsked: true });
  const answer = await deps.exchange.cancel(orders, deps.nextNonce());
  noteDisowned(deps, answer);
  if (answer.kind !== 'answered') return { kind: 'later', afterMs: 250 };
  applyCancels(deps, step.cloids, answer.value);
  deps.peer.send({ kind: 'trades-changed' });
  return AGAIN;
}

function applyCancels(deps: LoopDeps, cloids: readonly Cloid[], outcomes: readonly CancelOutcome[]): void {
  for (const [index, cloid] of cloids.entries()) {
    // `gone` says only that it no longer rests: filled or cancelled is for the venue's order record to tell.
    if (outcomes[index]?.kind === 'canceled') deps.ledger.applyOrderNews(cloid, { state: 'canceled', reason: 'cancelled by us' });
  }
}
