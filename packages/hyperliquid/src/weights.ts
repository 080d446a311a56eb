/** /info requests of weight 2 (PROTOCOL §10). */
const LIGHT: ReadonlySet<string> = new Set([
  'l2Book',
  'allMids',
  'clearinghouseState',
  'orderStatus',
  'spotClearinghouseState',
  'exchangeStatus',
]);

/** Requests that cost 1 more for so many rows of their answer (PROTOCOL §10). */
const ROWS_A_WEIGHT: Readonly<Record<string, number>> = {
  recentTrades: 20,
  historicalOrders: 20,
  userFills: 20,
  userFillsByTime: 20,
  fundingHistory: 20,
  userFunding: 20,
  userNonFundingLedgerUpdates: 20,
  twapHistory: 20,
  userTwapSliceFills: 20,
  userTwapSliceFillsByTime: 20,
  candleSnapshot: 60,
};

/** Weight of an /exchange action with this many orders or cancels: 1 + ⌊n / 40⌋ (PROTOCOL §10). */
export function exchangeWeight(requests: number): number {
  return 1 + Math.floor(requests / 40);
}

/** Weight of an /info request before its answer is known: 2, 20 or 60 (PROTOCOL §10). */
export function infoWeight(type: string): number {
  if (LIGHT.has(type)) return 2;
  return type === 'userRole' ? 60 : 20;
}

/** What so many rows of an answer weigh on top (PROTOCOL §10). */
export function rowsWeight(type: string, rows: number): number {
  const each = Object.hasOwn(ROWS_A_WEIGHT, type) ? ROWS_A_WEIGHT[type] : undefined;
  return each === undefined ? 0 : Math.floor(rows / each);
}
