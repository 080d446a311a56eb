/**
 * Closes what is not ours, on an operator's word: one look at the wallet after another, until a look finds nothing left. All that was done is
 * in the ledger under the control that asked for it, so that another process goes on where this one ended, and sends nothing again.
 */
import {
  approveClose,
  deriveCloid,
  deriveTradeId,
  isDenied,
  lots,
  marketLimitFor,
  metBy,
  mostLots,
  type OpenOrder,
  type OrderIntent,
  type PositionView,
  type Trade,
} from '@hyperfleet/trading';
import { isForeignOrder } from './foreign.ts';
import { DISOWNED_MS, isDisowned, noteDisowned } from './key.ts';
import { backoffMs, lotOf } from './lot.ts';
import { newTrade } from './new-trade.ts';
import { recordsOf, requestOf, send } from './perform.ts';
import { resolveOrders } from './resolve.ts';
import type { LoopDeps } from './settings.ts';
import { isUnresolved } from './sight.ts';
import type { Performed, Said } from './step.ts';
import { change, eventsOf, tell } from './tell.ts';
import { createTradeRunner, type RunnerMemory } from './trade-runner.ts';
import { syncFills } from './venue-news.ts';

const BY = 'CLOSE_ALL --foreign';
/** A close gives away no more than this; what it leaves is met by the next one, from the book as it is then. */
const CLOSE_SLIPPAGE_PPM = 50_000;
/** Between two looks at the venue, market ms: each weighs 22, and what does not go at once may not go for long. */
const LOOK = { leastMs: 500, baseMs: 500, mostMs: 30_000 } as const;
/** Between two looks at the ledger, while nothing is left but what our own trades are leaving. */
const OURS_MS = 500;

/** Controls by their key, in the order in which they are carried out. */
export interface ForeignCloserMemory {
  readonly waiting: readonly string[];
  readonly over: readonly string[];
  readonly looks: number;
  readonly leaving: readonly string[];
  readonly runner: RunnerMemory;
}

export interface ForeignCloser {
  /** Begins for a control, or goes on for one that a process before this began. One after the other: two would size their closes from one look. */
  close(key: string): void;
  /** Whether a look has found nothing left. */
  isOver(key: string): boolean;
  /** What was done for a control, by this process and those before it. */
  outcome(key: string): string;
  drain(): Promise<void>;
  memory(): ForeignCloserMemory;
}

/** Makes the closer of one bot; `onOver` is told when it is through with a control. */
export function createForeignCloser(deps: LoopDeps & { readonly onBug: (error: unknown) => void }, onOver: () => void): ForeignCloser {
  const { ledger, settings, clock, log, onBug } = deps;
  const waiting: string[] = [];
  const over = new Set<string>();
  /** Looks that have found something, in a row. */
  let looks = 0;
  let leaving: readonly string[] = [];

  /** One step for the control whose turn it is. */
  async function step(key: string): Promise<Performed> {
    if (isDisowned(deps)) return { kind: 'later', afterMs: DISOWNED_MS };
    const doubtful = ledger.liveOrders(settings.id).filter((order) => isUnresolved(order) && isStandIn(ledger.trade(order.tradeId)));
    if (doubtful.length > 0) return await resolveOrders(deps, doubtful);
    const ours = oursByCoin(deps);
    if (leaving.some((coin) => ours.get(coin) === 'leaving')) return { kind: 'later', afterMs: OURS_MS };
    const seen = await closeSeen(deps, key);
    leaving = seen.foreign === 0 ? seen.leaving : [];
    looks = seen.foreign === 0 ? 0 : looks + 1;
    if (looks > 0) return { kind: 'later', afterMs: backoffMs(lotOf(`${key}:${looks}`), looks, LOOK) };
    if (leaving.length > 0) return { kind: 'later', afterMs: OURS_MS };
    // What was closed is told by its fills.
    await syncFills(deps);
    over.add(key);
    waiting.shift();
    onOver();
    const [next] = waiting;
    if (next !== undefined) runner.kick(next);
    return { kind: 'idle' };
  }
  const runner = createTradeRunner({ drive: step, clock, log, onBug });

  return {
    close(key) {
      if (over.has(key) || waiting.includes(key)) return;
      waiting.push(key);
      if (waiting.length === 1) runner.kick(key);
    },
    isOver: (key) => over.has(key),
    outcome(key) {
      const standIns = [...deps.instruments.keys()].flatMap((coin) => ledger.trade(standInId(deps, key, coin)) ?? []);
      const closed = standIns.filter(({ tradeId }) => ledger.fillSums(tradeId).exitSz > 0).length;
      const cancelled = standIns.reduce((sum, { notes }) => sum + notes.length, 0);
      return `closed ${closed} position(s) and cancelled ${cancelled} order(s) that were not ours`;
    },
    drain: runner.drain,
    memory: () => ({ waiting: [...waiting], over: [...over], looks, leaving, runner: runner.memory() }),
  };
}

/**
 * Coins on which a trade of ours has something at the venue. One that is leaving is waited for, since nobody could tell which part of the
 * position is whose; one that is not was begun after the operator's word, which does not mean what has come onto its coin since.
 */
function oursByCoin({ ledger, settings }: LoopDeps): ReadonlyMap<string, 'leaving' | 'staying'> {
  const ours = new Map<string, 'leaving' | 'staying'>();
  for (const { kind, phase, coin, exitClaimedBy } of ledger.activeTrades(settings.id))
    if (kind === 'entry' && phase !== 'claimed') ours.set(coin, exitClaimedBy === null ? 'staying' : 'leaving');
  // Of a trade that is over, an order may have to be asked about still.
  for (const { intent } of ledger.liveOrders(settings.id)) if (!ours.has(intent.coin)) ours.set(intent.coin, 'leaving');
  return ours;
}

/** Looks at the wallet and sends what cancels and closes the foreign part of it. Tells how much of that there was, and what is leaving. */
async function closeSeen(deps: LoopDeps, key: string): Promise<{ readonly foreign: number; readonly leaving: readonly string[] }> {
  const open = await deps.reads.openOrders();
  const orders = open.filter((order) => isForeignOrder(deps, order) && oursByCoin(deps).get(order.coin) !== 'staying');
  if (orders.length > 0) await cancelSeen(deps, key, orders);
  // What a trade of ours held when the account was asked for may be in it still.
  const before = oursByCoin(deps);
  const { positions } = await deps.reads.account();
  const leaving = new Set<string>();
  let foreign = orders.length;
  for (const position of positions) {
    const { coin, szi } = position;
    const stands = oursByCoin(deps).get(coin) ?? before.get(coin);
    if (szi === 0 || stands === 'staying') continue;
    if (stands === 'leaving') leaving.add(coin);
    else {
      foreign += 1;
      await closePosition(deps, standInOf(deps, key, coin), position);
    }
  }
  return { foreign, leaving: [...leaving] };
}

/** Cancelling twice is harmless: what the next look still shows is asked again, whatever was answered. */
async function cancelSeen(deps: LoopDeps, key: string, orders: readonly OpenOrder[]): Promise<void> {
  for (const coin of new Set(orders.map((order) => order.coin))) {
    const standIn = standInOf(deps, key, coin);
    const seen = orders.filter((order) => order.coin === coin).map(({ oid }) => `order ${oid}`);
    const fresh = seen.filter((note) => !standIn.notes.includes(note));
    if (fresh.length === 0) continue;
    const said: Said = { event: 'foreign orders cancelled', detail: { count: fresh.length, reason: BY } };
    change(deps, standIn, { notes: [...standIn.notes, ...fresh] }, [said]);
  }
  const ids = orders.map(({ coin, oid }) => ({ coin, oid }));
  noteDisowned(deps, await deps.exchange.cancelByOid(ids, deps.nextNonce()));
}

/** Sends one close for a position, as much as one market order may be; none where nobody is seen to take it. What it leaves, the next look shows. */
async function closePosition(deps: LoopDeps, standIn: Trade, { coin, szi }: PositionView): Promise<void> {
  const instrument = deps.instruments.get(coin);
  if (instrument === undefined) throw new Error(`a position on ${coin}, which the venue does not list`);
  const side = szi > 0 ? 'sell' : 'buy';
  const view = deps.market.view(coin);
  const met = view === null ? null : metBy(side, view);
  if (met === null) return;
  const px = marketLimitFor(side, met, CLOSE_SLIPPAGE_PPM, instrument);
  const { tradeId } = standIn;
  const attempt = deps.ledger.orders(tradeId).length;
  const { ledgerId } = deps.ledger;
  const order: OrderIntent = {
    cloid: deriveCloid(deps.digest, { ledgerId, bot: deps.settings.id, tradeId, role: 'close', attempt }),
    coin,
    role: 'close',
    attempt,
    side,
    px,
    sz: lots(Math.min(Math.abs(szi), mostLots(instrument, 'ioc', px))),
    reduceOnly: true,
    kind: { type: 'limit', tif: 'ioc' },
  };
  const approved = approveClose(requestOf(deps, [order], 'na'), { instrument, positionAbs: order.sz });
  if (isDenied(approved)) throw new Error(`closing a foreign position: ${approved.reason}`);
  const said: Said[] = [{ event: 'close sent', detail: { sz: order.sz, px: order.px, attempt, reason: BY } }];
  const events = eventsOf(standIn, deps.clock.now(), said);
  if (!deps.ledger.recordIntents(tradeId, standIn.version, recordsOf(deps, standIn, approved), {}, events)) return;
  tell(deps, standIn, said);
  await send(deps, standIn, approved);
}

/** The database of signals that none came from. */
const OPERATOR = 'operator';
const isStandIn = (trade: Trade | null): boolean => trade?.signal.databaseId === OPERATOR;

const signalOf = (key: string, coin: string) => ({ databaseId: OPERATOR, rowId: 0, createdAt: key, rowDigest: coin });
const standInId = ({ digest, settings }: LoopDeps, key: string, coin: string): string =>
  deriveTradeId(digest, { ...signalOf(key, coin), bot: settings.id });

/**
 * The ledger hangs every order on a trade; this one stands for what no signal of ours made on a coin, one for each control. Its closes are its
 * orders, and each order of somebody else that was cancelled is a note. It is over from the beginning: no worker drives it.
 */
function standInOf(deps: LoopDeps, key: string, coin: string): Trade {
  const known = deps.ledger.trade(standInId(deps, key, coin));
  if (known !== null) return known;
  const over = { phase: 'settled', status: 'executed', reason: BY, settledAtMs: deps.clock.now() } as const;
  const trade = { ...newTrade(deps, { signal: signalOf(key, coin), kind: 'exit', coin }), ...over };
  deps.ledger.insertTrade(trade, {});
  return trade;
}
