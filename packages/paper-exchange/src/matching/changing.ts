import { microUsd, mulDiv, parseDecimal } from '@hyperfleet/trading';
import { type Account, holdingOf } from './account.ts';
import type { ActionReply, OrderInput, OrderStatusReply, VenueAction, VenueOrder } from './contract.ts';
import type { Core } from './core.ts';
import { touch } from './fills.ts';
import { finish } from './lifecycle.ts';
import { freeMargin, initialMargin, isolatedEquity, positionValue, updateReserve } from './margin.ts';
import { type OrderRecord, snapshot } from './order-record.ts';
import { dollars, orderReply, placeOne } from './placing.ts';
import { type ParsedOrder, validate } from './validation.ts';

type Action<T extends VenueAction['type']> = Extract<VenueAction, { type: T }>;

const cancelReply = (statuses: readonly OrderStatusReply[]): ActionReply => ({
  status: 'ok',
  response: { type: 'cancel', data: { statuses } },
});
/** What nearly every cancel is answered. */
const CANCELED = cancelReply(['success']);
const OK: ActionReply = { status: 'ok', response: { type: 'default' } };
const err = (response: string): ActionReply => ({ status: 'err', response });

const oidOf = (account: Account, id: number | string): number | undefined =>
  typeof id === 'number' ? id : account.byCloid.get(id.toLowerCase());

/** An account's live order by oid, or the latest one by cloid if it is live (PROTOCOL §6). */
export function findLive(account: Account, id: number | string): OrderRecord | null {
  const oid = oidOf(account, id);
  return oid === undefined ? null : account.open.get(oid);
}

/** An account's order, live or ended, by oid, or the latest one by cloid (PROTOCOL §6). */
export function showOrder(account: Account, id: number | string): VenueOrder | null {
  const live = findLive(account, id);
  if (live !== null) return snapshot(live);
  const oid = oidOf(account, id);
  return oid === undefined ? null : account.ended.find(oid);
}

type CancelInput = Action<'cancel' | 'cancelByCloid'>['cancels'][number];

function cancelOne(core: Core, account: Account, one: CancelInput): OrderStatusReply {
  const { asset, imposed } = one;
  // A cancel refused from outside.
  if (imposed !== undefined) return { error: `${imposed} asset=${asset}` };
  const order = findLive(account, 'oid' in one ? one.oid : one.cloid);
  if (order === null || order.market.instrument.assetId !== asset) {
    return { error: `Order was never placed, already canceled, or filled. asset=${asset}` };
  }
  finish(core, order, 'canceled');
  return 'success';
}

/** Cancels orders one by one; each has its own result (PROTOCOL §3). */
export function cancelOrders(core: Core, account: Account, action: Action<'cancel'> | Action<'cancelByCloid'>): ActionReply {
  const first = action.cancels[0];
  // Nine of ten cancel one order: no closure and no answer of its own, which were 280 bytes a cancel.
  if (first !== undefined && action.cancels.length === 1) {
    const status = cancelOne(core, account, first);
    return status === 'success' ? CANCELED : cancelReply([status]);
  }
  return cancelReply(action.cancels.map((one: CancelInput) => cancelOne(core, account, one)));
}

interface Replacement {
  readonly id: number | string;
  readonly input: OrderInput;
  readonly alwaysPlace: boolean;
}

/**
 * Cancel and new order: a new oid, the place in the queue lost. Without always_place the old order must be live and no
 * trigger, and the new one an Alo or a Gtc, which becomes an Alo (PROTOCOL §3).
 */
function replaceOrder(core: Core, account: Account, { id, input, alwaysPlace }: Replacement): OrderStatusReply {
  const old = findLive(account, id);
  const parsed = validate(core, input, false);
  if (typeof parsed === 'string') return { error: parsed };
  if (!alwaysPlace) {
    if (old === null || old.trigger !== null) return { error: 'Cannot modify canceled or filled order' };
    if (input.type.kind !== 'limit' || (input.type.tif !== 'Alo' && input.type.tif !== 'Gtc') || old.market !== parsed.market) {
      return { error: 'Attempted to modify to invalid new order' };
    }
  }
  if (old !== null) finish(core, old, 'canceled');
  const reply = placeOne(core, account, alwaysPlace ? parsed : asAlo(parsed), false);
  if (typeof reply === 'object' && 'error' in reply) return { error: `Error placing new order during modify: ${reply.error}` };
  return reply;
}

const asAlo = (parsed: ParsedOrder): ParsedOrder => ({ ...parsed, input: { ...parsed.input, type: { kind: 'limit', tif: 'Alo' } } });

/** `modify` answers by itself: ok, or the error as text of the whole request or as one status (PROTOCOL §3, §11). */
export function modifyOrder(core: Core, account: Account, action: Action<'modify'>): ActionReply {
  const reply = replaceOrder(core, account, { id: action.oid, input: action.order, alwaysPlace: action.alwaysPlace });
  if (typeof reply !== 'object' || !('error' in reply)) return OK;
  return core.settings.modifyError === 'text' ? err(reply.error) : orderReply([reply]);
}

/** `batchModify` answers with one status an order. */
export function modifyOrders(core: Core, account: Account, action: Action<'batchModify'>): ActionReply {
  return orderReply(
    action.modifies.map(({ oid, order }) => replaceOrder(core, account, { id: oid, input: order, alwaysPlace: action.alwaysPlace })),
  );
}

/** Sets leverage and mode of a coin. The margin it asks is only looked at when something opens (PROTOCOL §3). */
export function updateLeverage(core: Core, account: Account, action: Action<'updateLeverage'>): ActionReply {
  const market = core.byAsset.get(action.asset);
  if (market === undefined || !Number.isInteger(action.leverage)) return err('Invalid leverage value');
  if (action.leverage < 1 || action.leverage > market.instrument.maxLeverage) return err('Invalid leverage value');
  const holding = holdingOf(account, market);
  if (action.isCross && market.instrument.onlyIsolated) return err('Cross margin is not allowed for this asset.');
  if (holding.szi !== 0 && holding.isCross !== action.isCross) return err('Cannot switch leverage type with open position.');
  holding.leverage = action.leverage;
  holding.isCross = action.isCross;
  updateReserve(holding);
  touch(core, account);
  return OK;
}

/** Moves USDC (ntli, micro-dollars, signed) between cash and an isolated position, which keeps its initial margin. */
export function updateIsolatedMargin(core: Core, account: Account, action: Action<'updateIsolatedMargin'>): ActionReply {
  const market = core.byAsset.get(action.asset);
  const holding = market === undefined ? undefined : account.holdings.get(market.instrument.assetId);
  if (holding === undefined || holding.szi === 0 || holding.isCross) return err('Position does not use isolated margin.');
  if (action.ntli < 0 && holding.market.instrument.marginMode === 'strictIsolated') return err('Cannot remove margin from this position.');
  const room = action.ntli > 0 ? freeMargin(account) : isolatedEquity(holding) - initialMargin(holding);
  if (Math.abs(action.ntli) > room) return err('Insufficient margin.');
  account.cash = microUsd(account.cash - action.ntli);
  holding.isolatedRaw = microUsd(holding.isolatedRaw + action.ntli);
  touch(core, account);
  return OK;
}

/**
 * Moves what is missing for a position's value to be `leverage` times its margin from cash to it; a position that has as much
 * already is left as it is (PROTOCOL §2.1).
 */
export function topUpIsolatedMargin(core: Core, account: Account, action: Action<'topUpIsolatedOnlyMargin'>): ActionReply {
  const market = core.byAsset.get(action.asset);
  const holding = market === undefined ? undefined : account.holdings.get(market.instrument.assetId);
  if (holding === undefined || holding.szi === 0 || holding.isCross) return err('Position does not use isolated margin.');
  const leverage = parseDecimal(action.leverage, LEVERAGE_DECIMALS);
  if (leverage === null || leverage <= 0) return err('Invalid leverage value');
  const target = mulDiv(positionValue(holding), 10 ** LEVERAGE_DECIMALS, leverage, 'ceil');
  const missing = target - isolatedEquity(holding);
  return missing <= 0
    ? OK
    : updateIsolatedMargin(core, account, { type: 'updateIsolatedMargin', asset: action.asset, isBuy: true, ntli: missing });
}

const LEVERAGE_DECIMALS = 6;
const LEAD_MS = 5_000;
const VOLUME_USD = 1_000_000;
const DAY_MS = 86_400_000;
const USES_A_DAY = 10;

/** Sets or clears the time at which everything is cancelled: at least 5 s ahead, 10 runs a UTC day, after $1M of volume (PROTOCOL §3). */
export function scheduleCancel(core: Core, account: Account, action: Action<'scheduleCancel'>): ActionReply {
  if (core.settings.scheduleCancelVolume && account.volume < VOLUME_USD * 1_000_000) {
    return err(
      `Cannot set scheduled cancel time until enough volume traded. Required: $${VOLUME_USD}. Traded: $${dollars(account.volume)}.`,
    );
  }
  if (action.timeMs !== null) {
    if (action.timeMs < core.nowMs + LEAD_MS) return err('Scheduled cancel time must be at least 5 seconds in the future.');
    const { day, count } = account.scheduleUse;
    if (day === Math.floor(core.nowMs / DAY_MS) && count >= USES_A_DAY) return err('Scheduled cancel triggered too many times today.');
  }
  account.scheduledCancelMs = action.timeMs;
  if (action.timeMs === null) core.scheduled.delete(account);
  else core.scheduled.add(account);
  return OK;
}

/** Runs a scheduled cancel that is due: every order goes, triggers too, as `scheduledCancel`. */
export function runScheduledCancel(core: Core, account: Account): void {
  account.scheduledCancelMs = null;
  core.scheduled.delete(account);
  const day = Math.floor(core.nowMs / DAY_MS);
  const { scheduleUse } = account;
  account.scheduleUse = { day, count: scheduleUse.day === day ? scheduleUse.count + 1 : 1 };
  for (const order of account.open.list()) finish(core, order, 'scheduledCancel');
}
