import {
  FINE_PER_TICK,
  formatDecimal,
  isValidPrice,
  type Lots,
  mulDiv,
  notional,
  parsePrice,
  parseSize,
  priceDecimals,
  type Ticks,
} from '@hyperfleet/trading';
import { type Account, closable, holdingOf } from './account.ts';
import { bestAgainst, type CoinMarket } from './coin-market.ts';
import type { BuilderTerms, OrderInput, StatusWord } from './contract.ts';
import type { Core } from './core.ts';
import { canAfford } from './margin.ts';
import { notionalLimit } from './margin-tiers.ts';
import { beyondCappedBand, growsTooQuickly, isAtInterestCap } from './open-interest.ts';
import { isReached } from './order-record.ts';
import type { TriggerTerms } from './order-terms.ts';
import { statusOfRefusal } from './refusal-words.ts';

const TEN_DOLLARS = 10_000_000;

/** An order of a request whose numbers have been read. */
export interface ParsedOrder {
  readonly input: OrderInput;
  readonly market: CoinMarket;
  readonly sign: 1 | -1;
  readonly px: Ticks;
  readonly sz: Lots;
  readonly trigger: TriggerTerms | null;
  readonly builder: BuilderTerms | null;
}

/** A refusal of the engine: the text without its asset, and the status the refused order has (PROTOCOL §4). */
export interface Refusal {
  readonly text: string;
  readonly status: StatusWord;
}

/** Largest order value by max leverage in dollars, market and limit (PROTOCOL §5). */
function maxOrderUsd(maxLeverage: number, isMarket: boolean): number {
  const market = maxLeverage >= 25 ? 30_000_000 : maxLeverage >= 20 ? 5_000_000 : maxLeverage >= 10 ? 2_000_000 : 500_000;
  return isMarket ? market : market * 10;
}

function isFarFromReference(core: Core, market: CoinMarket, px: number): boolean {
  if (market.mark === null) return false;
  const fine = px * FINE_PER_TICK;
  // Near enough for either band.
  if (fine * 2 > market.mark && fine < market.mark * 2) return false;
  // A band of 80 % means 0.2 × reference < px ≤ 5 × reference (PROTOCOL §4); hundredths keep it in whole numbers.
  const rest = 100 - Math.round(core.settings.priceBand * 100);
  return fine <= mulDiv(market.mark, rest, 100, 'floor') || fine > mulDiv(market.mark, 100, rest, 'floor');
}

function isMarketLike(input: OrderInput): boolean {
  return input.type.kind === 'trigger' ? input.type.isMarket : input.type.tif === 'Ioc' || input.type.tif === 'FrontendMarket';
}

/**
 * The checks the venue makes before anything of a batch is executed (PROTOCOL §4). Returns the parsed order, or the venue's
 * text, which carries no asset. `wholePosition`: whether size 0 may stand for the whole position.
 */
export function validate(core: Core, input: OrderInput, wholePosition: boolean): ParsedOrder | string {
  const market = core.byAsset.get(input.asset);
  if (market === undefined) return 'Order has invalid asset.';
  const { instrument } = market;
  if (instrument.isDelisted) return 'Trading is halted';
  const sz = parseSize(input.sz, instrument);
  if (sz === null || sz < 0) return 'Order has invalid size.';
  if (sz === 0 && !(input.type.kind === 'trigger' && (wholePosition || input.reduceOnly))) return 'Order has zero size.';
  const px = parsePrice(input.px, instrument);
  if (px === null || px <= 0) return 'Order has invalid price.';
  let trigger: TriggerTerms | null = null;
  if (input.type.kind === 'trigger') {
    const triggerPx = parsePrice(input.type.triggerPx, instrument);
    if (triggerPx === null || triggerPx <= 0) return 'Order has invalid price.';
    const falls = (input.type.tpsl === 'sl') === (input.side === 'sell');
    trigger = { px: triggerPx, isMarket: input.type.isMarket, tpsl: input.type.tpsl, firesWhen: falls ? 'below' : 'above' };
  }
  if (isFarFromReference(core, market, px)) {
    return `Order price cannot be more than ${Math.round(core.settings.priceBand * 100)}% away from the reference price`;
  }
  const max = maxOrderUsd(instrument.maxLeverage, isMarketLike(input));
  if (px * sz > max * 1_000_000) return `Order value too large. Max is $${max}.`;
  return { input, market, sign: input.side === 'buy' ? 1 : -1, px, sz, trigger, builder: null };
}

/** Price at which margin for an order is asked: its limit, or for one that trades at once what it will trade at, if worse. */
function marginPx(order: ParsedOrder): number {
  const best = bestAgainst(order.market, order.sign);
  if (best === null || best * order.sign > order.px * order.sign) return order.px;
  const mark = Math.ceil((order.market.mark ?? 0) / FINE_PER_TICK);
  const expected = Math.max(best, mark);
  return order.sign === 1 ? Math.min(order.px, expected) : Math.max(order.px, expected);
}

const refuse = (text: string, status: StatusWord): Refusal => ({ text, status });

function refuseReduceOnly(account: Account, order: ParsedOrder): Refusal | null {
  if (!order.input.reduceOnly || closable(holdingOf(account, order.market), order.sign) > 0) return null;
  return refuse('Reduce only order would increase position.', 'reduceOnlyRejected');
}

/** $10 at the limit price; of reduce-only orders the settings say which may be smaller (PROTOCOL §5, §11). */
function refuseSmall({ settings: { smallReduceOnly } }: Core, account: Account, order: ParsedOrder): Refusal | null {
  if (order.sz === 0 || notional(order.px, order.sz) >= TEN_DOLLARS) return null;
  if (order.input.reduceOnly && smallReduceOnly !== 'none') {
    if (smallReduceOnly === 'all' || order.sz >= closable(holdingOf(account, order.market), order.sign)) return null;
  }
  return refuse('Order must have minimum value of $10.', 'minTradeNtlRejected');
}

/** A stop whose limit lies on the passive side of its trigger could never execute as a stop (PROTOCOL §6). */
function refuseTriggerPx(core: Core, { market, trigger, px, sign }: ParsedOrder): Refusal | null {
  if (trigger === null) return null;
  const isPassive = trigger.tpsl === 'sl' && px * sign < trigger.px * sign;
  const isTrue = core.settings.satisfiedTrigger === 'refused' && market.mark !== null && isReached(trigger, market.mark);
  return isPassive || isTrue ? refuse('Invalid TP/SL price.', 'badTriggerPxRejected') : null;
}

/**
 * 1,000 open orders, more with volume; from the first thousand on no reduce-only and no trigger order (PROTOCOL §10). What
 * trades or ends at once is not counted.
 */
function refuseTooMany(core: Core, account: Account, order: ParsedOrder): Refusal | null {
  const { maxOpenOrders, openOrderVolumeUsd, openOrderCap } = core.settings;
  const open = account.open.size;
  if (open < maxOpenOrders || (order.trigger === null && isMarketLike(order.input))) return null;
  const earned = maxOpenOrders + Math.floor(account.volume / (openOrderVolumeUsd * 1_000_000));
  const isOpening = order.trigger === null && !order.input.reduceOnly;
  if (isOpening && open < Math.max(maxOpenOrders, Math.min(openOrderCap, earned))) return null;
  return refuse('Too many open orders.', 'tooManyOpenOrdersRejected');
}

/** The part of an order that would make its account's position larger than it is, in lots; the whole of what lies beyond zero. */
function increase(account: Account, order: ParsedOrder): number {
  const { szi } = holdingOf(account, order.market);
  return Math.max(0, Math.abs(szi + order.sign * order.sz) - Math.abs(szi));
}

/** No larger position than the margin tier of the leverage allows, and none larger at all at the cap of open interest (PROTOCOL §4). */
function refuseLarge(core: Core, account: Account, order: ParsedOrder): Refusal | null {
  const { market } = order;
  const holding = holdingOf(account, market);
  const limit = notionalLimit(market.tiers, holding.leverage);
  if (limit !== Number.POSITIVE_INFINITY && increase(account, order) > 0) {
    const mark = market.mark ?? order.px * FINE_PER_TICK;
    const size = Math.abs(holding.szi + order.sign * order.sz);
    if (mulDiv(size, mark, FINE_PER_TICK, 'floor') > limit)
      return refuse('Order would cause position to exceed margin tier limit at current leverage', 'perpMaxPositionRejected');
  }
  if (growsTooQuickly(core, market, increase(account, order)))
    return refuse('Order would increase open interest too quickly', 'openInterestIncreaseRejected');
  if (!isAtInterestCap(core, market)) return null;
  const flips = closable(holding, order.sign) > 0 && order.sz > closable(holding, order.sign);
  const text = 'Order would increase open interest while open interest is capped';
  if (flips) return refuse(text, 'positionFlipAtOpenInterestCapRejected');
  return increase(account, order) > 0 ? refuse(text, 'positionIncreaseAtOpenInterestCapRejected') : null;
}

/** While open interest is capped nothing comes to rest further than 1 % from the oracle, not even what closes (PROTOCOL §4). */
function refuseFarAtCap(core: Core, { input, market, sign, px }: ParsedOrder): Refusal | null {
  if (!isAtInterestCap(core, market) || input.type.kind === 'trigger' || isMarketLike(input)) return null;
  const side = beyondCappedBand(market, sign, px);
  if (side === 'aggressive') {
    const text = 'Order rejected due to price more aggressive than oracle while at open interest cap';
    return refuse(text, 'tooAggressiveAtOpenInterestCapRejected');
  }
  return side === 'passive' ? refuse('Order price too far from oracle', 'oracleRejected') : null;
}

function refuseDuplicate(core: Core, account: Account, { input }: ParsedOrder): Refusal | null {
  if (input.cloid === null || core.settings.duplicateCloid === 'taken') return null;
  const holder = account.byCloid.get(input.cloid.toLowerCase());
  if (holder === undefined || account.open.get(holder) === null) return null;
  return refuse('Order has the client order id of an open order.', 'rejected');
}

/** A price as responses write it: at least one decimal (PROTOCOL §5). */
export function responseDecimal(value: number, decimals: number): string {
  const text = formatDecimal(value, decimals);
  return text.includes('.') ? text : `${text}.0`;
}

function refuseAlo(order: ParsedOrder): Refusal | null {
  const { market, sign, px, input } = order;
  if (input.type.kind !== 'limit' || input.type.tif !== 'Alo') return null;
  const best = bestAgainst(market, sign);
  if (best === null || best * sign > px * sign) return null;
  const decimals = priceDecimals(market.instrument);
  const bid = bestAgainst(market, -1);
  const ask = bestAgainst(market, 1);
  const show = (value: number | null): string => (value === null ? '0.0' : responseDecimal(value, decimals));
  return refuse(`Post only order would have immediately matched, bbo was ${show(bid)}@${show(ask)}.`, 'badAloPxRejected');
}

/**
 * The engine's checks of one order at its turn, in the venue's words (PROTOCOL §4), or null when it may go on. A child of a
 * parent is looked at for its price alone: what it closes does not exist yet.
 */
export function judge(core: Core, account: Account, order: ParsedOrder, isChild: boolean): Refusal | null {
  const { instrument } = order.market;
  if (order.input.imposed !== undefined) return refuse(order.input.imposed, statusOfRefusal(order.input.imposed));
  if (!isValidPrice(order.px, instrument) || (order.trigger !== null && !isValidPrice(order.trigger.px, instrument))) {
    return refuse('Price must be divisible by tick size.', 'tickRejected');
  }
  const badTrigger = refuseTriggerPx(core, order) ?? refuseDuplicate(core, account, order);
  if (badTrigger !== null || isChild) return badTrigger;
  const refused = refuseReduceOnly(account, order) ?? refuseSmall(core, account, order);
  if (refused !== null) return refused;
  const tooMany = refuseTooMany(core, account, order);
  if (tooMany !== null) return tooMany;
  if (order.trigger === null && !order.input.reduceOnly) {
    const tooLarge = refuseLarge(core, account, order);
    if (tooLarge !== null) return tooLarge;
    const holding = holdingOf(account, order.market);
    if (!canAfford(holding, order.sign, order.sz, marginPx(order))) {
      return refuse('Insufficient margin to place order.', 'perpMarginRejected');
    }
  }
  return refuseFarAtCap(core, order) ?? refuseAlo(order);
}
