/** Ends a trade on evidence: the venue shows no position and no order of it, every fill and funding payment is in. */
import { closeSide, type OpenOrder, type PositionView, type Trade } from '@hyperfleet/trading';
import { leaveExcess } from './excess.ts';
import { resolveOrders } from './resolve.ts';
import type { LoopDeps } from './settings.ts';
import { isLive, lookAt, type TradeSight } from './sight.ts';
import type { Performed, Said, Step } from './step.ts';
import { change } from './tell.ts';
import { readOpenOrders, syncFills } from './venue-news.ts';

const HOUR_MS = 3_600_000;
const LOOK_AGAIN_MS = 300;

/** Reads back and settles, or says when to look again because the venue still shows something of the trade. */
export async function settleTrade(deps: LoopDeps, sight: TradeSight, step: Extract<Step, { do: 'settle' }>): Promise<Performed> {
  await syncFills(deps);
  await syncFunding(deps, sight);
  const account = await deps.reads.account();
  const position = account.positions.find((candidate) => candidate.coin === sight.trade.coin) ?? null;
  const resting = (await deps.reads.openOrders()).filter((order) => order.coin === sight.trade.coin && isOurs(sight, order.cloid));
  leaveExcess(deps, sight.trade.tradeId);
  const trade = deps.ledger.trade(sight.trade.tradeId);
  if (trade === null || trade.phase === 'settled') return { kind: 'idle' };
  const now = lookAt(deps, trade, { version: trade.version, firstMs: deps.clock.now(), lastMs: deps.clock.now() });
  if (now === null) return { kind: 'idle' };
  const heldBySight = now.openSz > 0;
  if (heldBySight && holds(position, trade)) return { kind: 'later', afterMs: LOOK_AGAIN_MS };
  if (resting.length > 0) return await sweep(deps, now, resting);
  // Nothing of it rests at the venue: what the ledger still has live was ended there, and how is asked before the trade is over.
  const doubtful = now.orders.filter(isLive);
  if (doubtful.length > 0) return await resolveOrders(deps, doubtful);
  const said: Said[] = [
    { event: 'settled', detail: { status: step.status, reason: step.reason, entrySz: now.fills.entrySz, exitSz: now.fills.exitSz } },
  ];
  if (heldBySight) {
    said.push({
      event: 'difference',
      detail: { status: 'venue flat', reason: 'fills missing', entrySz: now.fills.entrySz, exitSz: now.fills.exitSz },
    });
  }
  const patch = { phase: 'settled', status: step.status, reason: step.reason, settledAtMs: deps.clock.now() } as const;
  return { kind: change(deps, trade, patch, said, heldBySight) ? 'idle' : 'again' };
}

/** The venue is flat and something of ours still rests: it protects nothing, and would act on the next position. */
async function sweep(deps: LoopDeps, sight: TradeSight, resting: readonly OpenOrder[]): Promise<Performed> {
  const orders = resting.flatMap(({ coin, cloid }) => (cloid === null ? [] : [{ coin, cloid }]));
  for (const { cloid } of orders) deps.ledger.applyOrderNews(cloid, { cancelAsked: true });
  await deps.exchange.cancel(orders, deps.nextNonce());
  await readOpenOrders(deps, sight);
  return { kind: 'later', afterMs: LOOK_AGAIN_MS };
}

const isOurs = (sight: TradeSight, cloid: string | null): boolean => sight.orders.some((order) => order.intent.cloid === cloid);

function holds(position: PositionView | null, trade: Trade): boolean {
  if (position === null || trade.direction === null) return false;
  return position.szi !== 0 && position.szi > 0 === (closeSide(trade.direction) === 'sell');
}

/** Funding is hourly: it is read only for a trade that was open on the hour. */
async function syncFunding(deps: LoopDeps, sight: TradeSight): Promise<void> {
  const from = sight.fills.firstFillMs;
  if (from === null || Math.floor(from / HOUR_MS) === Math.floor(sight.nowMs / HOUR_MS)) return;
  const payments = await deps.reads.fundingSince(from);
  deps.ledger.recordFunding(deps.settings.id, deps.settings.accountAddress, payments);
}
