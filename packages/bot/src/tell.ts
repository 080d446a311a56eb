/** Writing down what happened to a trade, and telling the board and the log. */
import type { LedgerEvent, Trade, TradePatch } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';
import type { Said } from './step.ts';

/** A trade's events as the ledger keeps them. */
export const eventsOf = (trade: Trade, atMs: number, said: readonly Said[]): LedgerEvent[] =>
  said.map(({ event, detail }) => ({ bot: trade.bot, tradeId: trade.tradeId, atMs, event, detail }));

/** Tells board and log what the ledger has just been told. */
export function tell(deps: LoopDeps, trade: Trade, said: readonly Said[], alert = false): void {
  const atMs = deps.clock.now();
  for (const { event, detail } of said) {
    deps.report({ kind: 'trade', tradeId: trade.tradeId, coin: trade.coin, what: event, detail, atMs });
    deps.log.info(event, { tradeId: trade.tradeId, coin: trade.coin, signalId: trade.signal.rowId, ...detail });
    if (alert) deps.report({ kind: 'alert', phrase: event, detail: { coin: trade.coin, ...detail } });
  }
}

/** Tells the board how the bot stands. A halt outlasts a pause, and its reason is the one the ledger keeps. */
export function tellStanding({ ledger, settings, report }: LoopDeps): void {
  const { tradingState, paused, reason } = ledger.botState(settings.id);
  report({ kind: 'state', state: tradingState === 'halted' ? 'halted' : paused ? 'paused' : 'active', reason });
}

/** Writes a change of a trade if nobody was faster, and tells it. False when the version had moved on. */
export function change(deps: LoopDeps, trade: Trade, patch: TradePatch, said: readonly Said[], alert = false): boolean {
  const written = deps.ledger.changeTrade(trade.tradeId, trade.version, patch, eventsOf(trade, deps.clock.now(), said));
  if (written) {
    tell(deps, trade, said, alert);
    deps.peer.send({ kind: 'trades-changed' });
  }
  return written;
}
