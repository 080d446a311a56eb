/** What is thrown at the exchange: bodies and frames near to right ones, and far from any. */
import { signL1Action, signUserSignedAction } from '@nktkas/hyperliquid/signing';
import type { Wallet } from '../support/wallet.ts';
import { type Chance, garble, mutate, pick, RUBBISH } from './mutation.ts';

export interface Thrown {
  readonly path: string;
  readonly body: string | Buffer;
}

const OTHER = `0x${'12'.repeat(20)}`;
const order = { a: 0, b: true, p: '90000', s: '0.01', r: false, t: { limit: { tif: 'Gtc' } } };
const stop = { a: 0, b: false, p: '80000', s: '0.01', r: true, t: { trigger: { isMarket: true, triggerPx: '85000', tpsl: 'sl' } } };

const L1_ACTIONS: readonly Record<string, unknown>[] = [
  { type: 'order', orders: [order], grouping: 'na' },
  { type: 'order', orders: [{ ...order, p: '101000', t: { limit: { tif: 'Ioc' } } }], grouping: 'na' },
  { type: 'order', orders: [order, stop], grouping: 'normalTpsl' },
  { type: 'cancel', cancels: [{ a: 0, o: 77_738_308 }] },
  { type: 'cancelByCloid', cancels: [{ asset: 0, cloid: `0x${'ab'.repeat(16)}` }] },
  { type: 'modify', oid: 77_738_308, order },
  { type: 'batchModify', modifies: [{ oid: 77_738_308, order }] },
  { type: 'updateLeverage', asset: 0, isCross: true, leverage: 5 },
  { type: 'updateIsolatedMargin', asset: 0, isBuy: true, ntli: 5 },
  { type: 'scheduleCancel', time: 1_800_000_000_000 },
  { type: 'reserveRequestWeight', weight: 3 },
  { type: 'noop' },
  { type: 'setReferrer', code: 'CCXT1' },
  { type: 'createSubAccount', name: 'sub' },
  { type: 'subAccountTransfer', subAccountUser: OTHER, isDeposit: true, usd: 1 },
  { type: 'vaultTransfer', vaultAddress: OTHER, isDeposit: true, usd: 1 },
  { type: 'twapOrder', twap: { a: 0, b: true, s: '0.01', r: false, m: 30, t: false } },
];

const USER_TYPES: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>> = {
  usdSend: [
    { name: 'hyperliquidChain', type: 'string' },
    { name: 'destination', type: 'string' },
    { name: 'amount', type: 'string' },
    { name: 'time', type: 'uint64' },
  ],
};

const INFO_TYPES = [
  ...['meta', 'metaAndAssetCtxs', 'allMids', 'l2Book', 'recentTrades', 'candleSnapshot', 'fundingHistory', 'predictedFundings', 'spotMeta'],
  ...['exchangeStatus', 'perpDexs', 'marginTable', 'clearinghouseState', 'spotClearinghouseState', 'openOrders', 'frontendOpenOrders'],
  ...['orderStatus', 'historicalOrders', 'userFills', 'userFillsByTime', 'userRateLimit', 'userFunding', 'userNonFundingLedgerUpdates'],
  ...['extraAgents', 'userRole', 'userFees', 'subAccounts', 'maxBuilderFee', 'referral', 'activeAssetData', 'portfolio', 'webData2'],
  ...['outcomeMeta', 'spotMetaAndAssetCtxs', 'twapHistory', 'toString', '__proto__'],
];
const CHANNELS = [
  ...['l2Book', 'bbo', 'trades', 'candle', 'allMids', 'activeAssetCtx', 'activeAssetData', 'orderUpdates', 'userEvents', 'userFills'],
  ...[
    'userFundings',
    'userNonFundingLedgerUpdates',
    'userHistoricalOrders',
    'clearinghouseState',
    'openOrders',
    'spotState',
    'notification',
  ],
  ...['webData2', 'webData3', 'assetCtxs', 'allDexsAssetCtxs', 'fastAssetCtxs', 'twapStates', 'toString'],
];
const COINS = ['BTC', 'ETH', 'NONE'];

/** Requests signed rightly, each to be sent once so that its nonce is used up. */
export async function signRequests(wallets: readonly Wallet[], firstNonce: number): Promise<Record<string, unknown>[]> {
  const requests: Record<string, unknown>[] = [];
  let nonce = firstNonce;
  for (const wallet of wallets) {
    for (const action of L1_ACTIONS) {
      nonce += 1;
      requests.push({ action, nonce, signature: await signL1Action({ wallet, action, nonce }) });
    }
    nonce += 1;
    const action = {
      type: 'usdSend',
      signatureChainId: '0x66eee',
      hyperliquidChain: 'Mainnet',
      destination: OTHER,
      amount: '1',
      time: nonce,
    } as const;
    const types = { 'HyperliquidTransaction:UsdSend': USER_TYPES.usdSend ?? [] };
    requests.push({ action, nonce, signature: await signUserSignedAction({ wallet, action, types }) });
  }
  return requests;
}

function infoBody(chance: Chance, users: readonly string[]): Record<string, unknown> {
  const coin = pick(chance, COINS);
  return {
    type: pick(chance, INFO_TYPES),
    user: pick(chance, users),
    ...{ coin, startTime: 0, oid: 77_738_308, interval: '1m', id: 40, builder: pick(chance, users), nSigFigs: pick(chance, [null, 2, 5]) },
    req: { coin, interval: pick(chance, ['1m', '1h', '1M', '5m']), startTime: 0 },
  };
}

/** A powerless request: its action is another than was signed, or it has been sent before. */
function harmless(chance: Chance, signed: readonly Record<string, unknown>[]): unknown {
  const one = pick(chance, signed);
  if (chance(3) === 0) return mutate(one, chance);
  const other = pick(chance, signed);
  return { ...one, action: chance(2) === 0 ? mutate(one.action, chance) : mutate(other.action, chance) };
}

/** The next thing to throw at HTTP. */
export function nextBody(chance: Chance, signed: readonly Record<string, unknown>[], users: readonly string[]): Thrown {
  const throwAt = (path: string, value: unknown): Thrown => ({ path, body: JSON.stringify(value) ?? 'undefined' });
  switch (chance(8)) {
    case 0:
    case 1:
    case 2:
      return throwAt('/exchange', harmless(chance, signed));
    case 3:
    case 4:
      return throwAt('/info', mutate(infoBody(chance, users), chance));
    case 5: {
      const path = pick(chance, ['/info', '/exchange']);
      const value = path === '/info' ? infoBody(chance, users) : harmless(chance, signed);
      return { path, body: garble(JSON.stringify(value) ?? '', chance) };
    }
    case 6:
      return throwAt(pick(chance, ['/info', '/exchange']), pick(chance, RUBBISH));
    default:
      return throwAt(
        pick(chance, ['/info/', '/exchange?x', '/', '/ws', '/__proto__', '/paper/nothing']),
        mutate({ user: 'zz', usd: -1 }, chance),
      );
  }
}

/** The next frame to send over a socket. */
export function nextFrame(chance: Chance, signed: readonly Record<string, unknown>[], users: readonly string[]): string | Buffer {
  const subscription = {
    method: pick(chance, ['subscribe', 'unsubscribe']),
    subscription: {
      type: pick(chance, CHANNELS),
      coin: pick(chance, COINS),
      user: pick(chance, users),
      interval: '1m',
      dex: pick(chance, [null, '']),
    },
  };
  const post = (type: string, payload: unknown) => ({ method: 'post', id: chance(9), request: { type, payload } });
  switch (chance(8)) {
    case 0:
    case 1:
    case 2:
      return JSON.stringify(mutate(subscription, chance)) ?? '';
    case 3:
      return JSON.stringify(mutate(post('info', infoBody(chance, users)), chance)) ?? '';
    case 4:
    case 5:
      return JSON.stringify(mutate(post('action', harmless(chance, signed)), chance)) ?? '';
    case 6:
      return garble(JSON.stringify(subscription), chance);
    default:
      return JSON.stringify(pick(chance, RUBBISH)) ?? 'undefined';
  }
}
