import type { LedgerHandle, SignalQueueHandle } from '@hyperfleet/store';
import { isTerminal, type Trade } from '@hyperfleet/trading';
import { openLots } from '../report/outcome.ts';

/** What idleness is judged by. */
export interface IdleSources {
  readonly ledger: LedgerHandle;
  readonly queue: SignalQueueHandle;
  readonly botIds: readonly string[];
  /** A halted bot finishes nothing; it is not waited for. */
  readonly isHalted: (bot: string) => boolean;
}

/**
 * Whether nothing is left to do: no control and no row waits or is in hand, every position is flat, and every row shows how its
 * trade ended. Entries that a pause keeps from being sent are not waited for. Throws StoreError when a database cannot be read
 * just now.
 */
export function isIdle({ ledger, queue, botIds, isHalted }: IdleSources): boolean {
  if (ledger.held().length > 0) return false;
  return botIds.every((bot) => {
    if (isHalted(bot)) return true;
    if (ledger.unprojected(bot, 1).length > 0) return false;
    if (queue.controls(bot).some(({ key }) => !ledger.controlOutcomes(key).has(bot))) return false;
    if (!ledger.botState(bot).paused) return queue.countPending(bot) === 0 && ledger.activeTrades(bot).length === 0;
    const kept = queue.pendingEntries(bot).length;
    return queue.countPending(bot) === kept && ledger.activeTrades(bot).every(({ phase }) => phase === 'claimed');
  });
}

/**
 * Whether every trade whose fate is decided has been brought to its end: nothing is claimed and unsent, no exit is under way,
 * nothing that is flat waits to be settled or shown. What is open or rests may stay so.
 */
export function isSettled({ ledger, botIds, isHalted }: Omit<IdleSources, 'queue'>): boolean {
  return botIds.every(
    (bot) =>
      isHalted(bot) || (ledger.activeTrades(bot).every((trade) => mayStay(trade, ledger)) && ledger.unprojected(bot, 1).length === 0),
  );
}

function mayStay(trade: Trade, ledger: LedgerHandle): boolean {
  if (trade.kind === 'exit' || trade.exitClaimedBy !== null || trade.phase === 'claimed') return false;
  const fills = ledger.fillSums(trade.tradeId);
  if (openLots(fills) > 0) return true;
  const orders = ledger.orders(trade.tradeId);
  return fills.entrySz === 0 && orders.some(({ intent, state }) => intent.role === 'entry' && !isTerminal(state));
}
