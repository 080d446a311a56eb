/** Trades, orders and fills as the tests of the store need them. */
import {
  type Cloid,
  type Fill,
  lots,
  microUsd,
  type OrderRecord,
  type OrderRole,
  type ShownTrade,
  type SignalRef,
  type Trade,
  ticks,
} from '@hyperfleet/trading';

export const BOT = 'Sentient';
export const ACCOUNT = '0xAbCd000000000000000000000000000000000001';

const signal: SignalRef = { databaseId: 'db', rowId: 1, createdAt: '2025-09-04 19:47:00', rowDigest: 'digest' };

export function sampleTrade(over: Partial<Trade> = {}): Trade {
  return {
    tradeId: 't1',
    bot: BOT,
    coin: 'BTC',
    kind: 'entry',
    direction: 'long',
    phase: 'claimed',
    version: 0,
    signal,
    claimedAtMs: 1_000,
    plan: null,
    exitClaimedBy: null,
    remainderReason: null,
    breakeven: 'none',
    breakevenAtMs: null,
    ladder: null,
    status: 'processing',
    reason: null,
    notes: [],
    settledAtMs: null,
    ...over,
  };
}

/** The sample trade as it was written into its row, which raised the file to this mark. */
export const shownAs = (mark: number, over: Partial<ShownTrade> = {}): ShownTrade => ({
  tradeId: 't1',
  version: 0,
  showing: { before: mark - 1, mark },
  ...over,
});

export const cloidOf = (number: number): Cloid => `0x${number.toString(16).padStart(32, 'a')}`;

interface OrderSample {
  readonly number: number;
  readonly role?: OrderRole;
  readonly tradeId?: string;
  readonly sz?: number;
  readonly nonce?: number;
}

export function sampleOrder({ number, role = 'entry', tradeId = 't1', sz = 100, nonce = 1_000 + number }: OrderSample): OrderRecord {
  const isStop = role === 'stop' || role === 'own-stop' || role === 'breakeven';
  return {
    intent: {
      cloid: cloidOf(number),
      coin: 'BTC',
      role,
      attempt: number,
      side: role === 'entry' ? 'buy' : 'sell',
      px: ticks(1_100_000),
      sz: lots(sz),
      reduceOnly: role !== 'entry',
      kind: isStop ? { type: 'stop-market', triggerPx: ticks(1_050_000) } : { type: 'limit', tif: 'gtc' },
    },
    tradeId,
    bot: BOT,
    grouping: 'normalTpsl',
    state: 'intent',
    oid: null,
    filledSz: lots(0),
    nonce,
    expiresAfterMs: 9_000,
    recordedAtMs: 2_000,
    reason: null,
    cancelAsked: false,
  };
}

export function sampleFill(over: Partial<Fill> & { readonly tid: number }): Fill {
  return {
    coin: 'BTC',
    oid: 77,
    cloid: null,
    timeMs: 3_000,
    side: 'buy',
    px: ticks(1_100_000),
    sz: lots(40),
    fee: microUsd(19_800),
    closedPnl: microUsd(0),
    startPosition: lots(0),
    dir: 'Open Long',
    crossed: true,
    liquidation: false,
    ...over,
  };
}
