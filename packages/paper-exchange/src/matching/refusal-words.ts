import type { StatusWord } from './contract.ts';

/** How the venue's refusals begin, and the status of an order refused with them (PROTOCOL §4). */
const WORDS: readonly (readonly [text: string, status: StatusWord])[] = [
  ['Price must be divisible by tick size', 'tickRejected'],
  ['Order must have minimum value', 'minTradeNtlRejected'],
  ['Insufficient margin', 'perpMarginRejected'],
  ['Reduce only order would increase position', 'reduceOnlyRejected'],
  ['Post only order would have immediately matched', 'badAloPxRejected'],
  ['Order could not immediately match', 'iocCancelRejected'],
  ['Invalid TP/SL price', 'badTriggerPxRejected'],
  ['No liquidity available for market order', 'marketOrderNoLiquidityRejected'],
  ['Order would increase open interest too quickly', 'openInterestIncreaseRejected'],
  ['Order would increase open interest', 'positionIncreaseAtOpenInterestCapRejected'],
  ['Order rejected due to price more aggressive than oracle', 'tooAggressiveAtOpenInterestCapRejected'],
  ['Order has insufficient spot balance', 'insufficientSpotBalanceRejected'],
  ['Insufficient spot balance', 'insufficientSpotBalanceRejected'],
  ['Order price too far from oracle', 'oracleRejected'],
  ['Price too far from oracle', 'oracleRejected'],
  ['Order would cause position to exceed margin tier limit', 'perpMaxPositionRejected'],
  ['Too many open orders', 'tooManyOpenOrdersRejected'],
];

/** The status of an order refused with this text; `rejected` for a text the venue is not known to use. */
export const statusOfRefusal = (text: string): StatusWord => WORDS.find(([beginning]) => text.startsWith(beginning))?.[1] ?? 'rejected';
