import { StoreError } from '@hyperfleet/store';
import { findingText } from '@hyperfleet/trading';
import { type Desk, runningLine, staleMs } from '../desk.ts';
import { dollars } from '../money.ts';
import { table } from '../table.ts';

/** How many signals wait for a bot; null where signals.db cannot tell, and then why. */
function countWaiting(desk: Desk): { readonly of: (bot: string) => number | null; readonly trouble: () => string | null } {
  let trouble: string | null = null;
  return {
    of(bot) {
      try {
        return desk.queue().countPending(bot);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        trouble = error.message;
        return null;
      }
    },
    trouble: () => trouble,
  };
}

/** STATUS: what each bot is doing, what it holds and what waits for it. */
export function status(desk: Desk): number {
  const decimals = new Map(desk.ledger.coins().map(({ coin, szDecimals }) => [coin, szDecimals]));
  const waiting = countWaiting(desk);
  const rows = desk.bots.map((bot) => {
    const state = desk.ledger.botState(bot);
    const live = desk.status?.bots.find((candidate) => candidate.id === bot);
    const trades = desk.ledger.activeTrades(bot).filter((trade) => trade.kind === 'entry');
    const held = desk.ledger.held().filter((size) => size.bot === bot);
    const differences = desk.ledger
      .differences(bot)
      .map((difference) => findingText(difference, decimals.get(difference.coin ?? '') ?? null));
    const differs = differences.length === 0 ? null : `the venue differs from our books by ${differences.join(', ')}`;
    const stands = state.tradingState === 'halted' ? 'halted' : state.paused ? 'paused' : 'active';
    return {
      bot,
      // The ledger is ahead of what the fleet last wrote of itself.
      state: desk.running === null ? `${stands}, not running` : stands === 'active' ? (live?.state ?? stands) : stands,
      reason: [state.reason, differs].filter((part) => part !== null).join('; ') || live?.healthReasons?.join('; ') || null,
      differences,
      health: live?.health ?? null,
      hearing: live?.hearing ?? null,
      nakedBoundMs: live?.nakedBoundMs ?? null,
      equityUsd: live?.equityUsd ?? (state.equityStart === null ? null : dollars(state.equityStart)),
      openTrades: trades.length,
      positions: held.map((size) => size.coin),
      pending: waiting.of(bot),
    };
  });
  const { running } = desk;
  if (desk.json)
    desk.print(JSON.stringify({ running: running !== null, staleMs: staleMs(desk), signalsTrouble: waiting.trouble(), bots: rows }));
  else {
    const cells = rows.map((row) => [
      row.bot,
      row.state,
      row.health ?? '-',
      boundText(row),
      row.equityUsd ?? '-',
      String(row.openTrades),
      row.positions.join(' ') || 'flat',
      row.pending === null ? '?' : String(row.pending),
      row.reason ?? '',
    ]);
    desk.print(table(['BOT', 'STATE', 'HEALTH', 'NAKED AT MOST', 'EQUITY $', 'TRADES', 'POSITION', 'PENDING', 'REASON'], cells));
    if (waiting.trouble() !== null) desk.print(`${waiting.trouble()}: how many signals wait is not known. The rest is of the ledger.`);
    desk.print(runningLine(desk));
  }
  return 0;
}

/** The longest a fill can stand without a stop, and by what the bot would hear of it. */
function boundText({ hearing, nakedBoundMs }: Record<'hearing', string | null> & Record<'nakedBoundMs', number | null>): string {
  if (hearing === null) return '-';
  return nakedBoundMs === null ? 'not measured yet' : `${(nakedBoundMs / 1_000).toFixed(1)} s by ${hearing}`;
}
