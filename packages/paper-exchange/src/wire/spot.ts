/**
 * Spot as the venue lists it, for clients ask at start-up and name its assets; nothing of it can be traded here. Tokens and
 * pairs are mainnet's first ones, as recorded: a client that takes a token by its place and one that takes it by its index
 * find the same.
 */
import type { OrderStatusReply, VenueAction } from '../matching/contract.ts';
import type { Row } from './rows.ts';

/** Name, szDecimals, weiDecimals, token id, EVM contract and its extra decimals. */
const TOKENS: readonly (readonly [string, number, number, string, (readonly [string, number])?])[] = [
  ['USDC', 8, 8, '0x6d1e7cde53ba9467b783cb7c530ce054', ['0x6b9e773128f453f5c2c60935ee2de2cbc5390a24', -2]],
  ['PURR', 0, 5, '0xc1fb593aeffbeb02f85e0308e9956a90', ['0x9b498c3c8a0b8cd8ba1d9851d40d186f1872b44e', 13]],
  ['HFUN', 2, 8, '0xbaf265ef389da684513d98d68edf4eae', ['0xa320d9f65ec992eff38622c63627856382db726c', 10]],
  ['LICK', 0, 5, '0xba3aaf468f793d9b42fd3328e24f1de9'],
  ['MANLET', 0, 5, '0xe9ced9225d2a69ccc8d6a5b224524b99'],
  ['JEFF', 0, 5, '0xfcf28885456bf7e7cbe5b7a25407c5bc', ['0x52e444545fbe9e5972a7a371299522f7871aec1f', 13]],
];
/** The two that are canonical. */
const CANONICAL = 2;

const pairName = (index: number): string => (index === 0 ? 'PURR/USDC' : `@${index}`);

/** spotMeta: token 0 is the quote of every pair (PROTOCOL §8). */
export const SPOT_META = {
  universe: TOKENS.slice(1).map((_, index) => ({ tokens: [index + 1, 0], name: pairName(index), index, isCanonical: index === 0 })),
  tokens: TOKENS.map(([name, szDecimals, weiDecimals, tokenId, evm], index) => ({
    name,
    szDecimals,
    weiDecimals,
    index,
    tokenId,
    isCanonical: index < CANONICAL,
    evmContract: evm === undefined ? null : { address: evm[0], evm_extra_wei_decimals: evm[1] },
    fullName: null,
    deployerTradingFeeShare: '0.0',
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

/** The context of a spot pair by its name, null for what is none. */
export const spotCtx = (coin: string): Row | null => SPOT_CTXS.find((ctx) => ctx.coin === coin) ?? null;

/** Asset ids of spot pairs begin here (PROTOCOL §3). */
const SPOT_ASSETS = 10_000;
const isSpotAsset = (asset: number): boolean => asset >= SPOT_ASSETS && asset < SPOT_ASSETS + SPOT_META.universe.length;

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
