import { isRecord } from '../wire/fields.ts';

/** /info requests of weight 2 (PROTOCOL §10). */
const LIGHT: ReadonlySet<string> = new Set([
  'l2Book',
  'allMids',
  'clearinghouseState',
  'orderStatus',
  'spotClearinghouseState',
  'exchangeStatus',
]);

/** Answers whose rows weigh 1 for every so many (PROTOCOL §10). */
const ROWS_A_WEIGHT: ReadonlyMap<string, number> = new Map([
  ...[
    'recentTrades',
    'historicalOrders',
    'userFills',
    'userFillsByTime',
    'fundingHistory',
    'userFunding',
    'userNonFundingLedgerUpdates',
    'twapHistory',
    'userTwapSliceFills',
    'userTwapSliceFillsByTime',
  ].map((type) => [type, 20] as const),
  ['candleSnapshot', 60],
]);

const BATCHES = ['orders', 'cancels', 'modifies'] as const;

const typeOf = (body: unknown): string => (isRecord(body) && typeof body.type === 'string' ? body.type : '');

/** Weight of an /info body: 2, 20, or 60 for userRole; one of an unknown type weighs 20 (PROTOCOL §10). */
export function infoWeight(body: unknown): number {
  const type = typeOf(body);
  return LIGHT.has(type) ? 2 : type === 'userRole' ? 60 : 20;
}

/** What the rows of an /info answer weigh on top: one for every 20, or every 60 candles (PROTOCOL §10). */
export function rowsWeight(body: unknown, answer: unknown): number {
  const rows = ROWS_A_WEIGHT.get(typeOf(body));
  return rows === undefined || !Array.isArray(answer) ? 0 : Math.floor(answer.length / rows);
}

/** Weight of an /exchange body: 1 + ⌊length of its batch ÷ 40⌋ (PROTOCOL §10). */
export function exchangeWeight(body: unknown): number {
  const action = isRecord(body) && isRecord(body.action) ? body.action : {};
  const batch = BATCHES.map((name) => action[name]).find((value) => Array.isArray(value));
  return 1 + Math.floor((batch?.length ?? 0) / 40);
}
