/** What a decision looks at, made by hand: a long of 100 lots of BTC from $100,000 with two targets, filled whole. */
import {
  type Cloid,
  FINE_PER_TICK,
  type FineTicks,
  fineTicks,
  freshView,
  lots,
  type MarketView,
  microUsd,
  type OrderRecord,
  type OrderRole,
  type Trade,
  type TradeFills,
  ticks,
} from '@hyperfleet/trading';
import type { TradeSight } from '../sight.ts';

export const NOW_MS = 1_757_015_216_000;

/** Dollars as ticks of BTC. */
export const usd = (dollars: number) => ticks(Math.round(dollars * 10));
export const fineUsd = (dollars: number): FineTicks => fineTicks(Math.round(dollars * 10 * FINE_PER_TICK));

const trade: Trade = {
  tradeId: 't1',
  bot: 'Sentient',
  coin: 'BTC',
  kind: 'entry',
  direction: 'long',
  phase: 'open',
  version: 3,
  signal: { databaseId: 'db', rowId: 1, createdAt: '', rowDigest: '' },
  claimedAtMs: NOW_MS - 60_000,
  plan: {
    entryPx: usd(100_000),
    tif: 'gtc',
    sz: lots(100),
    stopTrigger: usd(97_000),
    stopLimit: usd(87_300),
    targets: [usd(101_000), usd(103_000)],
    boundBy: 'risk',
    placedAtMs: NOW_MS - 50_000,
    expiresAtMs: NOW_MS + 86_000_000,
  },
  exitClaimedBy: null,
  remainderReason: null,
  breakeven: 'none',
  breakevenAtMs: null,
  ladder: [
    { index: 1, px: usd(101_000), sz: lots(50) },
    { index: 2, px: usd(103_000), sz: lots(50) },
  ],
  status: 'filled',
  reason: null,
  notes: [],
  settledAtMs: null,
};

const FILLS: TradeFills = {
  entrySz: lots(100),
  entryCost: microUsd(100_000_000),
  entryFees: microUsd(45_000),
  exitSz: lots(0),
  exitCost: microUsd(0),
  fees: microUsd(45_000),
  closedPnl: microUsd(0),
  funding: microUsd(0),
  firstFillMs: NOW_MS - 40_000,
  lastFillMs: NOW_MS - 500,
};

/** A book of one level a side at these prices, as fresh as it can be. */
export function viewAt(bid: number, ask: number): MarketView {
  const [bids, asks] = [[{ px: usd(bid), sz: lots(100_000) }], [{ px: usd(ask), sz: lots(100_000) }]];
  const top = { bid: bids[0] ?? null, ask: asks[0] ?? null };
  return {
    coin: 'BTC',
    bids,
    asks,
    ...top,
    lastPrint: null,
    mark: null,
    fundingRateE10: null,
    exchangeTimeMs: NOW_MS,
    receivedAtMs: NOW_MS,
  };
}

interface Change {
  readonly trade?: Partial<Trade>;
  readonly fills?: Partial<TradeFills>;
  readonly orders?: readonly OrderRecord[];
  readonly view?: MarketView | null;
  readonly mark?: FineTicks | null;
  readonly isStale?: boolean;
  readonly isSynced?: boolean;
  readonly breakeven?: boolean;
  readonly liquidationPx?: FineTicks;
  readonly othersSz?: number;
}

/** A sight with what a test changes. */
export function sightOf(change: Change = {}): TradeSight {
  const own: Trade = { ...trade, ...change.trade };
  const fills: TradeFills = { ...FILLS, ...change.fills };
  const view = change.view === undefined ? viewAt(101_000, 101_001) : change.view;
  if (own.plan === null || own.direction === null) throw new Error('a sight is of a planned trade');
  return {
    trade: own,
    plan: own.plan,
    direction: own.direction,
    orders: change.orders ?? [],
    fills,
    openSz: lots(Math.max(0, fills.entrySz - fills.exitSz)),
    othersSz: lots(change.othersSz ?? 0),
    instrument: { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false },
    view,
    fresh: change.isStale === true ? null : freshView(view, NOW_MS, 5_000),
    mark: change.mark === undefined ? fineUsd(101_000) : change.mark,
    liquidationPx: change.liquidationPx ?? null,
    nowMs: NOW_MS,
    settings: {
      id: 'Sentient',
      accountAddress: `0x${'1'.repeat(40)}`,
      limits: {
        riskPerTradePpm: 20_000,
        maxLeverage: 5,
        maxTotalLeverage: null,
        defaultStopDistancePpm: 50_000,
        maxStopDistancePpm: 100_000,
        stopSlippagePpm: 100_000,
        staleEntryPpm: 20_000,
        onStaleEntry: 'rest',
        marketSlippagePpm: 10_000,
        takerPpm: 450,
        minNotional: microUsd(10_000_000),
        maxConcurrentPositions: 3,
        allowedDirections: 'both',
      },
      maxSignalAgeMs: 900_000,
      entryLifeMs: 86_400_000,
      pollIntervalMs: 2_000,
      staleBookMs: 5_000,
      breakeven: change.breakeven ?? true,
      expiresAfterMs: 5_000,
      reconcileIntervalMs: 60_000,
    },
    fillsAreSynced: change.isSynced ?? true,
    fillsAreSettled: true,
    fillsReadMs: NOW_MS,
    cloidOf: (role, attempt) => cloidOf(`${role}${attempt}`),
  };
}

/** A client order id that reads as what it is for. */
export const cloidOf = (text: string): Cloid => `0x${Buffer.from(text.padEnd(16, '.')).toString('hex')}`;

/** An order of the trade as the ledger has it. */
export function orderOf(
  role: OrderRole,
  change: Partial<OrderRecord> & { readonly attempt?: number; readonly sz?: number } = {},
): OrderRecord {
  const { attempt = 0, sz = 50, ...rest } = change;
  const isStop = role === 'stop' || role === 'own-stop' || role === 'breakeven';
  return {
    intent: {
      cloid: cloidOf(`${role}${attempt}`),
      coin: 'BTC',
      role,
      attempt,
      side: role === 'entry' ? 'buy' : 'sell',
      px: usd(isStop ? 90_000 : 101_000),
      sz: lots(sz),
      reduceOnly: role !== 'entry',
      kind: isStop ? { type: 'stop-market', triggerPx: usd(100_100) } : { type: 'limit', tif: 'gtc' },
    },
    tradeId: 't1',
    bot: 'Sentient',
    grouping: 'na',
    state: 'resting',
    oid: 7,
    filledSz: lots(0),
    nonce: 1,
    expiresAfterMs: NOW_MS,
    recordedAtMs: NOW_MS - 10_000,
    reason: null,
    cancelAsked: false,
    ...rest,
  };
}
