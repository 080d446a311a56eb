/**
 * Spot as the venue lists it, for clients ask at start-up and name its assets; nothing of it can be traded here. Tokens and
 * pairs are mainnet's, as recorded: a client that takes a token by its place and one that takes it by its index find the same.
 */
import { MAINNET_SPOT_PAIRS, MAINNET_SPOT_TOKENS } from '../market/spot-universe.ts';
import type { OrderStatusReply, VenueAction } from '../matching/contract.ts';
import type { Row } from './rows.ts';

/** The tokens that are canonical, USDC and PURR, and the pair they make. */
const CANONICAL = 2;

const pairName = (index: number): string => (index === 0 ? 'PURR/USDC' : `@${index}`);

/** spotMeta (PROTOCOL §8). */
export const SPOT_META = {
  universe: MAINNET_SPOT_PAIRS.map(({ index, base, quote }) => ({
    tokens: [base, quote],
    name: pairName(index),
    index,
    isCanonical: index === 0,
  })),
  tokens: MAINNET_SPOT_TOKENS.map(({ name, szDecimals, weiDecimals, tokenId, evm, fullName, deployerTradingFeeShare }, index) => ({
    name,
    szDecimals,
    weiDecimals,
    index,
    tokenId,
    isCanonical: index < CANONICAL,
    evmContract: evm === null ? null : { address: evm.address, evm_extra_wei_decimals: evm.extraWeiDecimals },
    fullName,
    deployerTradingFeeShare,
  })),
} as const;

/** Contexts of pairs nobody trades. */
export const SPOT_CTXS: readonly Row[] = SPOT_META.universe.map(({ name }) => ({
  prevDayPx: '0.0',
  dayNtlVlm: '0.0',
  markPx: '0.0',
  midPx: null,
  circulatingSupply: '0.0',
  coin: name,
  totalSupply: '0.0',
  dayBaseVlm: '0.0',
}));

const CTX_BY_COIN: ReadonlyMap<unknown, Row> = new Map(SPOT_CTXS.map((ctx) => [ctx.coin, ctx]));

/** The context of a spot pair by its name, null for what is none. */
export const spotCtx = (coin: string): Row | null => CTX_BY_COIN.get(coin) ?? null;

/** Asset ids of spot pairs begin here (PROTOCOL §3). */
const SPOT_ASSETS = 10_000;
const LISTED: ReadonlySet<number> = new Set(MAINNET_SPOT_PAIRS.map(({ index }) => SPOT_ASSETS + index));
const isSpotAsset = (asset: number): boolean => LISTED.has(asset);

type OrderAction = Extract<VenueAction, { type: 'order' }>;

/** The order action without its spot orders, which nobody here has the tokens or the spot dollars for, and how to answer it all. */
export interface WithoutSpot {
  /** Null when nothing else was asked for. */
  readonly rest: OrderAction | null;
  /** Puts the venue's refusals of the spot orders at their places among the statuses of the rest (PROTOCOL §4). */
  answer(statuses: readonly OrderStatusReply[]): readonly OrderStatusReply[];
}

/** Takes listed spot pairs out of an order action; null when it names none. */
export function withoutSpot(action: VenueAction): WithoutSpot | null {
  if (action.type !== 'order' || !action.orders.some((order) => isSpotAsset(order.asset))) return null;
  const perps = action.orders.filter((order) => !isSpotAsset(order.asset));
  return {
    rest: perps.length === 0 ? null : { ...action, orders: perps },
    answer(statuses) {
      let next = 0;
      return action.orders.map((order) => {
        if (isSpotAsset(order.asset)) return { error: `Insufficient spot balance asset=${order.asset}` };
        next += 1;
        return statuses[next - 1] ?? { error: 'Order has invalid asset.' };
      });
    },
  };
}
