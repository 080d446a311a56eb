import {
  type Cloid,
  closeSide,
  type Direction,
  deriveCloid,
  type FineTicks,
  type Fresh,
  freshView,
  type Instrument,
  isTerminal,
  type Lots,
  lots,
  type MarketView,
  mayBeLive,
  type OrderRecord,
  type OrderRole,
  type Trade,
  type TradeFills,
  type TradePlan,
} from '@hyperfleet/trading';
import { type FillsRead, outlastsLag } from './fills-synced.ts';
import type { BotSettings, LoopDeps } from './settings.ts';

/** Everything a decision about one trade may look at; taken at one instant. */
export interface TradeSight {
  readonly trade: Trade;
  readonly plan: TradePlan;
  readonly direction: Direction;
  readonly orders: readonly OrderRecord[];
  readonly fills: TradeFills;
  /** Held by this trade: entry fills less exits, never below zero. */
  readonly openSz: Lots;
  /** What others hold beside it on its side, by our books; 0 too where it is not being closed and its stops hold what it holds, no more. */
  readonly othersSz: Lots;
  readonly instrument: Instrument;
  readonly view: MarketView | null;
  readonly fresh: Fresh<MarketView> | null;
  readonly mark: FineTicks | null;
  /** Where the venue would liquidate what is held; null when it names no price, or nobody here knows it. */
  readonly liquidationPx: FineTicks | null;
  readonly nowMs: number;
  readonly settings: BotSettings;
  /** Fills were read from the venue and nothing has changed since. */
  readonly fillsAreSynced: boolean;
  /** The same for longer than a read of the fills can be behind: what has not come by now is not on its way. */
  readonly fillsAreSettled: boolean;
  /** When the fills were last read for this trade; 0 when never. */
  readonly fillsReadMs: number;
  readonly cloidOf: (role: OrderRole, attempt: number) => Cloid;
}

const STOP_ROLES: ReadonlySet<OrderRole> = new Set(['stop', 'own-stop', 'breakeven']);
const TP_ROLES: ReadonlySet<OrderRole> = new Set(['tp1', 'tp2', 'tp3', 'tp4', 'tp5']);

export const isStop = (order: OrderRecord): boolean => STOP_ROLES.has(order.intent.role);
export const isTakeProfit = (order: OrderRecord): boolean => TP_ROLES.has(order.intent.role);
export const ofRole = (sight: TradeSight, role: OrderRole): readonly OrderRecord[] =>
  sight.orders.filter((order) => order.intent.role === role);
/** The newest order of a role: earlier attempts are dead or being replaced. */
export const lastOf = (sight: TradeSight, role: OrderRole): OrderRecord | null => ofRole(sight, role).at(-1) ?? null;
export const nextAttempt = (sight: TradeSight, role: OrderRole): number => ofRole(sight, role).length;
/** Sent or about to be, with no word of its fate. */
export const isUnresolved = (order: OrderRecord): boolean => order.state === 'intent' || order.state === 'unknown';
export const remaining = (order: OrderRecord): Lots => lots(Math.max(0, order.intent.sz - order.filledSz));
export const isLive = (order: OrderRecord): boolean => mayBeLive(order.state);
export const isDone = (order: OrderRecord): boolean => isTerminal(order.state);

/** Size that armed stops hold. Waiting children, unknown and merely intended stops hold nothing. */
export function armedStopSz(sight: TradeSight): Lots {
  let sum = 0;
  for (const order of sight.orders) if (isStop(order) && order.state === 'resting' && !order.cancelAsked) sum += remaining(order);
  return lots(sum);
}

/** What the entry may still add to the position: nothing once it is done. */
export function stillFilling(sight: TradeSight): Lots {
  const entry = lastOf(sight, 'entry');
  return entry === null || isDone(entry) ? lots(0) : lots(Math.max(0, entry.intent.sz - sight.fills.entrySz));
}

/** The side that takes this trade out. */
export const outSide = (sight: TradeSight): 'buy' | 'sell' => closeSide(sight.direction);

/** Whether it stands at the venue for what a trade holds. */
export const isArmed = (order: OrderRecord): boolean => isStop(order) && order.state === 'resting' && !order.cancelAsked;

/** What is recorded of a trade and seen of its market now; null when the trade is not an entry with a plan. */
export function lookAt(deps: LoopDeps, trade: Trade, read: FillsRead | null): TradeSight | null {
  if (trade.kind !== 'entry' || trade.plan === null || trade.direction === null) return null;
  const instrument = deps.instruments.get(trade.coin);
  if (instrument === undefined) throw new Error(`trade ${trade.tradeId} is on ${trade.coin}, which the venue no longer lists`);
  const nowMs = deps.clock.now();
  const view = deps.market.view(trade.coin);
  const fills = deps.ledger.fillSums(trade.tradeId);
  const orders = deps.ledger.orders(trade.tradeId);
  const openSz = lots(Math.max(0, fills.entrySz - fills.exitSz));
  return {
    trade,
    plan: trade.plan,
    direction: trade.direction,
    orders,
    fills,
    openSz,
    othersSz: mayTakeFromOthers(trade, orders, openSz) ? othersBeside(deps, trade, openSz) : lots(0),
    instrument,
    view,
    fresh: freshView(view, nowMs, deps.settings.staleBookMs),
    mark: view?.mark ?? null,
    liquidationPx: null,
    nowMs,
    settings: deps.settings,
    fillsAreSynced: read?.version === trade.version,
    fillsAreSettled: outlastsLag(read, trade.version),
    fillsReadMs: read?.lastMs ?? 0,
    cloidOf: (role, attempt) =>
      deriveCloid(deps.digest, { ledgerId: deps.ledger.ledgerId, bot: trade.bot, tradeId: trade.tradeId, role, attempt }),
  };
}

/** Whether what stands or is to be sent for a trade may be for more than it holds: only then is it asked who else holds of its coin. */
function mayTakeFromOthers(trade: Trade, orders: readonly OrderRecord[], openSz: Lots): boolean {
  if (openSz === 0) return false;
  return trade.exitClaimedBy !== null || orders.reduce((sum, order) => sum + (isArmed(order) ? remaining(order) : 0), 0) !== openSz;
}

function othersBeside({ ledger, settings }: LoopDeps, { coin, direction }: Trade, openSz: Lots): Lots {
  const szi = ledger.books(settings.accountAddress, Number.MAX_SAFE_INTEGER)?.held.get(coin) ?? 0;
  return lots(Math.max(0, (direction === 'long' ? szi : -szi) - openSz));
}
