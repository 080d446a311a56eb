import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LivedInVenue, openLivedInVenue } from '../support/lived-in-venue.ts';

/**
 * What the venue's own clients read out of answers and messages. The one in Rust deserialises into structs, so a field that is
 * missing, or a number where it wants a text, breaks it; the one in Python finds the listener of a message by some of its fields.
 */
type Demand = 's' | 'n' | 'b' | 's?' | 'n?' | 'b?' | readonly [Demand] | { readonly [field: string]: Demand };

type Fields = { readonly [field: string]: Demand };

/** Fields that are all texts. */
const texts = (...names: readonly string[]): Fields => Object.fromEntries(names.map((name): [string, Demand] => [name, 's']));

const summary = texts('accountValue', 'totalMarginUsed', 'totalNtlPos', 'totalRawUsd');
const leverage: Fields = { type: 's', value: 'n', rawUsd: 's?' };
const position: Fields = {
  ...texts('coin', 'marginUsed', 'positionValue', 'returnOnEquity', 'szi', 'unrealizedPnl'),
  entryPx: 's?',
  leverage,
  liquidationPx: 's?',
  maxLeverage: 'n',
  cumFunding: texts('allTime', 'sinceOpen', 'sinceChange'),
};
const order: Fields = { ...texts('coin', 'side', 'limitPx', 'sz'), oid: 'n', timestamp: 'n', cloid: 's?' };
const fullOrder: Fields = {
  ...order,
  ...texts('triggerCondition', 'triggerPx', 'orderType', 'origSz'),
  isTrigger: 'b',
  isPositionTpsl: 'b',
  reduceOnly: 'b',
  tif: 's?',
};
const fill: Fields = {
  ...texts('closedPnl', 'coin', 'dir', 'hash', 'px', 'side', 'startPosition', 'sz', 'fee', 'feeToken'),
  crossed: 'b',
  oid: 'n',
  time: 'n',
  tid: 'n',
  cloid: 's?',
};
const funding: Fields = { time: 'n', ...texts('coin', 'usdc', 'szi', 'fundingRate') };
const level: Fields = { px: 's', sz: 's', n: 'n' };
const ctx: Fields = { ...texts('dayNtlVlm', 'prevDayPx', 'markPx', 'funding', 'openInterest', 'oraclePx'), midPx: 's?' };
const trade: Fields = { ...texts('coin', 'side', 'px', 'sz', 'hash'), time: 'n', tid: 'n', users: ['s'] };
const candle: Fields = { t: 'n', T: 'n', n: 'n', ...texts('s', 'i', 'o', 'c', 'h', 'l', 'v') };

const ANSWERS: readonly (readonly [type: string, asked: Readonly<Record<string, unknown>>, demand: Demand])[] = [
  [
    'clearinghouseState',
    {},
    { assetPositions: [{ type: 's', position }], crossMarginSummary: summary, marginSummary: summary, withdrawable: 's' },
  ],
  ['spotClearinghouseState', {}, { balances: [{ coin: 's', hold: 's', total: 's', entryNtl: 's' }] }],
  [
    'userFees',
    {},
    {
      ...texts('activeReferralDiscount', 'userAddRate', 'userCrossRate'),
      dailyUserVlm: [{ date: 's', exchange: 's', userAdd: 's', userCross: 's' }],
      feeSchedule: {
        ...texts('add', 'cross', 'referralDiscount'),
        tiers: { mm: [{ add: 's', makerFractionCutoff: 's' }], vip: [{ add: 's', cross: 's', ntlCutoff: 's' }] },
      },
    },
  ],
  ['openOrders', {}, [order]],
  ['userFills', {}, [{ ...fill, twapId: 'n?' }]],
  ['historicalOrders', {}, [{ order: fullOrder, status: 's', statusTimestamp: 'n' }]],
  // Only of who has not traded enough for a code: of others the venue says less than the one in Rust wants.
  [
    'referral',
    { user: `0x${'12'.repeat(20)}` },
    { cumVlm: 's', unclaimedRewards: 's', claimedRewards: 's', referrerState: { stage: 's', data: { required: 's' } } },
  ],
  ['userFunding', { startTime: 0 }, [{ time: 'n', hash: 's', delta: { type: 's', coin: 's', usdc: 's', szi: 's', fundingRate: 's' } }]],
  ['fundingHistory', { coin: 'BTC', startTime: 0 }, [{ coin: 's', fundingRate: 's', premium: 's', time: 'n' }]],
  ['l2Book', { coin: 'BTC' }, { coin: 's', levels: [[level]], time: 'n' }],
  ['recentTrades', { coin: 'BTC' }, [trade]],
  ['candleSnapshot', { req: { coin: 'BTC', interval: '1m', startTime: 0 } }, [candle]],
  ['activeAssetData', { coin: 'BTC' }, { user: 's', coin: 's', leverage, maxTradeSzs: ['s'], availableToTrade: ['s'], markPx: 's' }],
  ['meta', {}, { universe: [{ name: 's', szDecimals: 'n', maxLeverage: 'n', onlyIsolated: 'b?' }] }],
  [
    'spotMeta',
    {},
    {
      universe: [{ tokens: ['n'], name: 's', index: 'n', isCanonical: 'b' }],
      tokens: [{ name: 's', szDecimals: 'n', weiDecimals: 'n', index: 'n', tokenId: 's', isCanonical: 'b' }],
    },
  ],
];

const MESSAGES: readonly (readonly [channel: string, demand: Demand])[] = [
  ['trades', [trade]],
  ['l2Book', { coin: 's', time: 'n', levels: [[level]] }],
  ['allMids', { mids: {} }],
  ['userFills', { isSnapshot: 'b?', user: 's', fills: [fill] }],
  ['candle', candle],
  ['orderUpdates', [{ order: { ...order, origSz: 's' }, status: 's', statusTimestamp: 'n' }]],
  ['userFundings', { isSnapshot: 'b?', user: 's', fundings: [funding] }],
  [
    'userNonFundingLedgerUpdates',
    { isSnapshot: 'b?', user: 's', nonFundingLedgerUpdates: [{ time: 'n', hash: 's', delta: { type: 's' } }] },
  ],
  ['notification', { notification: 's' }],
  ['webData2', { user: 's' }],
  ['activeAssetCtx', { coin: 's', ctx }],
  [
    'activeSpotAssetCtx',
    { coin: 's', ctx: { coin: 's', dayNtlVlm: 's', prevDayPx: 's', markPx: 's', midPx: 's?', circulatingSupply: 's' } },
  ],
  ['activeAssetData', { user: 's', coin: 's', leverage, maxTradeSzs: ['s'], availableToTrade: ['s'] }],
  ['bbo', { coin: 's', time: 'n' }],
];

const WORDS = { s: 'string', n: 'number', b: 'boolean' } as const;

/** What of a demand a value does not meet. */
function unmet(value: unknown, demand: Demand, path = ''): string[] {
  if (typeof demand === 'string') {
    const [word, optional] = [demand.charAt(0), demand.endsWith('?')];
    const wanted = word === 's' ? WORDS.s : word === 'n' ? WORDS.n : WORDS.b;
    if (optional && (value === undefined || value === null)) return [];
    const fits = typeof value === wanted && (word !== 'n' || Number.isSafeInteger(value));
    return fits ? [] : [`${path}: wants ${wanted}, has ${JSON.stringify(value)}`];
  }
  if (Array.isArray(demand)) {
    const [inner = 's'] = demand;
    return Array.isArray(value) ? value.flatMap((item, index) => unmet(item, inner, `${path}[${index}]`)) : [`${path}: wants a list`];
  }
  if (typeof value !== 'object' || value === null) return [`${path}: wants an object, has ${JSON.stringify(value)}`];
  const fields = new Map(Object.entries(value));
  return Object.entries(demand).flatMap(([key, inner]) => unmet(fields.get(key), inner, `${path}.${key}`));
}

let venue: LivedInVenue;
beforeAll(async () => {
  venue = await openLivedInVenue();
});
afterAll(() => venue.close());

describe("what the venue's own clients read is there, of the type they want", () => {
  test.each(ANSWERS)('%s', async (type, asked, demand) => {
    for (const user of venue.users) expect(unmet(await venue.info({ type, user, ...asked }), demand, type)).toEqual([]);
  });

  test('metaAndAssetCtxs: a context for each asset', async () => {
    const answer = await venue.info({ type: 'metaAndAssetCtxs' });
    if (!Array.isArray(answer)) throw new Error('expected a pair');
    expect(unmet(answer[1], [{ ...ctx, premium: 's?' }], 'metaAndAssetCtxs')).toEqual([]);
  });

  test.each(MESSAGES)('channel %s', (channel, demand) => {
    const said = venue.said(channel);
    expect(said.length).toBeGreaterThan(0);
    expect(said.flatMap((data) => unmet(data, demand, channel))).toEqual([]);
  });

  test('channel user: each message is one of four kinds', () => {
    const kinds: Readonly<Record<string, Demand>> = {
      fills: [fill],
      funding,
      liquidation: { lid: 'n', liquidator: 's', liquidated_user: 's', liquidated_ntl_pos: 's', liquidated_account_value: 's' },
      nonUserCancel: [{ coin: 's', oid: 'n' }],
    };
    const seen = new Set<string>();
    for (const data of venue.said('user')) {
      const [[kind, value] = ['', null], ...more] = Object.entries(data ?? {});
      seen.add(kind);
      expect(more).toEqual([]);
      expect(unmet(value, kinds[kind] ?? 's', kind)).toEqual([]);
    }
    expect([...seen].sort()).toEqual(['fills', 'funding', 'liquidation']);
  });

  test('ledger rows of every kind have what is read of them', () => {
    const parties = texts('usdc', 'user', 'destination');
    const kinds: Readonly<Record<string, Demand>> = {
      deposit: { usdc: 's' },
      withdraw: { usdc: 's', nonce: 'n', fee: 's' },
      internalTransfer: { ...parties, fee: 's' },
      subAccountTransfer: parties,
      accountClassTransfer: { usdc: 's', toPerp: 'b' },
      spotTransfer: { token: 's', amount: 's', usdcValue: 's', user: 's', destination: 's', fee: 's' },
      liquidation: { ...texts('liquidatedNtlPos', 'accountValue', 'leverageType'), liquidatedPositions: [texts('coin', 'szi')] },
    };
    const rows: { delta: { type: string } }[] = JSON.parse(JSON.stringify(venue.said('userNonFundingLedgerUpdates'))).flatMap(
      (data: { nonFundingLedgerUpdates: unknown[] }) => data.nonFundingLedgerUpdates,
    );
    for (const { delta } of rows) expect(unmet(delta, kinds[delta.type] ?? 's', delta.type)).toEqual([]);
    expect(new Set(rows.map(({ delta }) => delta.type))).toEqual(new Set(Object.keys(kinds)));
  });
});
