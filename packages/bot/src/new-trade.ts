/** How a trade begins in the ledger. */
import { type ClaimedRow, deriveTradeId, type SignalRef, type Trade } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';

/** A trade of which nothing is known but where it came from: just claimed, nothing sent. */
export function newTrade(
  deps: LoopDeps,
  from: { readonly signal: SignalRef; readonly kind: 'entry' | 'exit'; readonly coin: string },
): Trade {
  return {
    tradeId: deriveTradeId(deps.digest, { ...from.signal, bot: deps.settings.id }),
    bot: deps.settings.id,
    coin: from.coin,
    kind: from.kind,
    direction: null,
    phase: 'claimed',
    version: 1,
    signal: from.signal,
    claimedAtMs: deps.clock.now(),
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
  };
}

/** Which row a claim is of. */
export const refOf = (claimed: ClaimedRow): SignalRef => ({
  databaseId: claimed.databaseId,
  rowId: claimed.rowId,
  createdAt: claimed.createdAtText,
  rowDigest: claimed.rowDigest,
});

/** A claimed row as the trade it becomes. */
export const tradeOf = (deps: LoopDeps, claimed: ClaimedRow, kind: 'entry' | 'exit', coin: string): Trade =>
  newTrade(deps, { signal: refOf(claimed), kind, coin });
