/** A trade as the tests of the fleet need it. */
import type { Trade } from '@hyperfleet/trading';

/** A long of BTC that has filled and is open. */
export const sampleTrade = (over: Partial<Trade> = {}): Trade => ({
  tradeId: 't1',
  bot: 'Sentient',
  coin: 'BTC',
  kind: 'entry',
  direction: 'long',
  phase: 'open',
  version: 1,
  signal: { databaseId: 'd', rowId: 1, createdAt: '2025-09-04 19:47:00', rowDigest: 'x' },
  claimedAtMs: 0,
  plan: null,
  exitClaimedBy: null,
  remainderReason: null,
  breakeven: 'none',
  breakevenAtMs: null,
  ladder: null,
  status: 'filled',
  reason: null,
  notes: [],
  settledAtMs: null,
  ...over,
});
