/** Unknown is not failed: what became of an order whose answer was lost is asked of the venue until it is known. */
import type { OrderRecord } from '@hyperfleet/trading';
import { LEFT_SIZE } from './decide/stop.ts';
import type { LoopDeps } from './settings.ts';
import { isStop } from './sight.ts';
import type { Performed } from './step.ts';
import { orderStateOf } from './venue-news.ts';

/** An oid may be unknown for a moment right after placing (PROTOCOL §6), so "never heard of it" counts only this long after expiry. */
const PATIENCE_MS = 1_500;
const ASK_AGAIN_MS = 300;

/** Asks the venue about each order and records what it says. An order past its `expiresAfter` that the venue does not know is dead. */
export async function resolveOrders(deps: LoopDeps, orders: readonly OrderRecord[]): Promise<Performed> {
  let open = 0;
  for (const order of orders) {
    if (!(await resolveOrder(deps, order))) open += 1;
    // The other thread is told of news only: told of every try, the two would chase each other around the venue.
    else deps.peer.send({ kind: 'trades-changed' });
  }
  return open === 0 ? { kind: 'again' } : { kind: 'later', afterMs: ASK_AGAIN_MS };
}

async function resolveOrder(deps: LoopDeps, order: OrderRecord): Promise<boolean> {
  const { cloid, coin, role } = order.intent;
  const askedMs = deps.clock.now();
  const found = await deps.reads.orderByCloid(cloid, coin);
  const event = (what: string, detail: Record<string, string | number | null>) => [
    { bot: order.bot, tradeId: order.tradeId, atMs: deps.clock.now(), event: what, detail: { role, cloid, ...detail } },
  ];
  if (found.kind === 'known') {
    // `open` is said of a child that waits for its parent as well; only a read of the open orders shows whether it is armed.
    const state = role === 'stop' && found.status === 'open' ? 'waiting' : orderStateOf(found.status);
    const after = deps.ledger.applyOrderNews(
      cloid,
      { state, oid: found.oid, reason: isStop(order) && state === 'filled' && found.sz > 0 ? LEFT_SIZE : found.word },
      order.state === state ? [] : event('found at the venue', { state, word: found.word }),
    );
    if (order.cancelAsked && after !== null && (after.state === 'resting' || after.state === 'waiting'))
      return await askCancelAgain(deps, order);
    return true;
  }
  // When it was asked counts, not when the answer came: what the venue did not know then may have landed while the answer was under way.
  if (askedMs <= order.expiresAfterMs + PATIENCE_MS) return false;
  if (order.state === 'intent' || order.state === 'unknown') {
    deps.ledger.applyOrderNews(cloid, { state: 'dead', reason: 'never reached the venue' }, event('never reached the venue', {}));
    return true;
  }
  // It was on the book once and the venue no longer lists it: it is over, and its fills are in the fill history.
  deps.ledger.applyOrderNews(cloid, { state: 'canceled', reason: 'no longer known to the venue' }, event('no longer known', {}));
  return true;
}

/** The cancel itself was lost: it is harmless to ask again. */
async function askCancelAgain(deps: LoopDeps, order: OrderRecord): Promise<boolean> {
  const answer = await deps.exchange.cancel([{ coin: order.intent.coin, cloid: order.intent.cloid }], deps.nextNonce());
  if (answer.kind !== 'answered') return false;
  if (answer.value[0]?.kind === 'canceled') {
    deps.ledger.applyOrderNews(order.intent.cloid, { state: 'canceled', reason: 'cancelled by us' });
    return true;
  }
  return false;
}
