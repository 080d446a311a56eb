import { mulDiv, type Trade, ticks } from '@hyperfleet/trading';
import { coinWords } from '../coins.ts';
import { type Desk, runningLine } from '../desk.ts';
import { dollars } from '../money.ts';
import { table } from '../table.ts';

interface Position {
  readonly bot: string;
  readonly coin: string;
  readonly side: 'long' | 'short';
  readonly size: string;
  readonly entryPx: string;
  readonly markPx: string | null;
  readonly unrealizedUsd: string | null;
  readonly stopPx: string | null;
  readonly signalId: number;
}

/** POSITIONS: what the fills say is held, with its entry, mark, stop and unrealised profit. */
export function positions(desk: Desk): number {
  const rows = desk.bots.flatMap((bot) => desk.ledger.activeTrades(bot).flatMap((trade) => positionOf(desk, bot, trade) ?? []));
  if (desk.json) desk.print(JSON.stringify({ running: desk.running !== null, positions: rows }));
  else {
    const cells = rows.map((row) => [
      row.bot,
      row.coin,
      row.side,
      row.size,
      row.entryPx,
      row.markPx ?? '-',
      row.stopPx ?? 'none',
      row.unrealizedUsd ?? '-',
      String(row.signalId),
    ]);
    desk.print(
      rows.length === 0 ? 'No position.' : table(['BOT', 'COIN', 'SIDE', 'SIZE', 'ENTRY', 'MARK', 'STOP', 'UPNL $', 'SIGNAL'], cells),
    );
    desk.print(runningLine(desk));
  }
  return 0;
}

function positionOf(desk: Desk, bot: string, trade: Trade): Position | null {
  const sums = desk.ledger.fillSums(trade.tradeId);
  const open = sums.entrySz - sums.exitSz;
  if (trade.direction === null || open <= 0) return null;
  const words = coinWords(desk.ledger);
  const average = mulDiv(sums.entryCost, 1, sums.entrySz, 'truncate');
  const markText = desk.status?.marks[trade.coin] ?? null;
  const mark = markText === null ? null : words.ticks(trade.coin, markText);
  const sign = trade.direction === 'long' ? 1 : -1;
  const stop = desk.ledger
    .orders(trade.tradeId)
    .filter((order) => order.intent.kind.type === 'stop-market' && order.state === 'resting')
    .at(-1);
  const stopPx = stop?.intent.kind.type === 'stop-market' ? stop.intent.kind.triggerPx : null;
  return {
    bot,
    coin: trade.coin,
    side: trade.direction,
    size: words.sz(trade.coin, open),
    entryPx: words.px(trade.coin, ticks(average)),
    markPx: markText,
    unrealizedUsd: mark === null ? null : dollars(sign * (mark * open - mulDiv(sums.entryCost, open, sums.entrySz, 'truncate'))),
    stopPx: stopPx === null ? null : words.px(trade.coin, stopPx),
    signalId: trade.signal.rowId,
  };
}
