/**
 * What orders of ours closed beyond what their trade held. Reduce-only caps them at the venue's one position, and where others hold of the
 * coin too that is theirs as well: two stops that fire within one reaction, a stop and a close, or an order sent while a stream was silent
 * about them, can take some of it.
 */
import { type FillRecord, type FillShare, type Lots, lots, microUsd, mulDiv } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';

/** How often a fill is looked at anew where its trade has just been written to. */
const LEAVE_TRIES = 3;

type ExcessDeps = Pick<LoopDeps, 'ledger' | 'settings' | 'clock' | 'report'>;

/** The part of a fill that `sz` of its lots are, as a trade's: fee and profit in proportion, the rest is somebody else's. */
export function shareIn(fill: FillRecord, tradeId: string, sz: Lots): FillShare {
  // Profit is of what the fill closed, the fee of all of it.
  const closed = fill.startPosition === 0 ? fill.sz : Math.min(fill.sz, Math.abs(fill.startPosition));
  return {
    tradeId,
    sz,
    fee: microUsd(mulDiv(fill.fee, sz, fill.sz, 'truncate')),
    closedPnl: microUsd(mulDiv(fill.closedPnl, Math.min(sz, closed), closed, 'truncate')),
  };
}

/**
 * Leaves to others, newest fill first, what orders of a trade closed beyond what its entry filled, and tells of it: they have lost it
 * without an order of theirs. To be called when every fill of the trade is known. True when there was anything to leave.
 */
export function leaveExcess(deps: ExcessDeps, tradeId: string): boolean {
  // What an operator's word closed of others is theirs altogether, and was meant.
  if (deps.ledger.trade(tradeId)?.kind !== 'entry') return false;
  const ofOrders = deps.ledger.fills(tradeId).filter(({ role }) => role !== 'entry');
  return ofOrders.toReversed().filter((fill) => leaveOf(deps, tradeId, fill)).length > 0;
}

/** False where nothing of this fill is too much. */
function leaveOf({ ledger, settings, clock, report }: ExcessDeps, tradeId: string, fill: FillRecord): boolean {
  for (let tries = 0; tries < LEAVE_TRIES; tries += 1) {
    const trade = ledger.trade(tradeId);
    const { entrySz, exitSz } = ledger.fillSums(tradeId);
    const beyond = Math.min(exitSz - entrySz, fill.tradeSz);
    if (trade === null || beyond <= 0) return false;
    const share = shareIn(fill, tradeId, lots(fill.tradeSz - beyond));
    const detail = { coin: fill.coin, side: fill.side, px: fill.px, sz: beyond, ofSz: fill.sz };
    const event = { bot: settings.id, tradeId, atMs: clock.now(), event: 'closed what others held', detail };
    // The other worker may have just written to this trade: what is too much is looked at again.
    if (!ledger.assignFill(settings.accountAddress, fill, share, trade.version, [event])) continue;
    report({ kind: 'alert', phrase: event.event, detail });
    return true;
  }
  return false;
}
