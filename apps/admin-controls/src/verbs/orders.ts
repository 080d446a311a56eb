import { coinWords } from '../coins.ts';
import { type Desk, runningLine } from '../desk.ts';
import { table } from '../table.ts';

/** ORDERS: every order of ours that rests, waits, or whose fate is not known yet. */
export function orders(desk: Desk): number {
  const words = coinWords(desk.ledger);
  const rows = desk.bots.flatMap((bot) =>
    desk.ledger.liveOrders(bot).map(({ intent, state, oid, filledSz }) => ({
      bot,
      coin: intent.coin,
      role: intent.role,
      side: intent.side,
      size: words.sz(intent.coin, intent.sz - filledSz),
      price: words.px(intent.coin, intent.kind.type === 'stop-market' ? intent.kind.triggerPx : intent.px),
      type: intent.kind.type === 'stop-market' ? 'stop' : intent.kind.tif,
      state,
      oid,
      cloid: intent.cloid,
    })),
  );
  if (desk.json) desk.print(JSON.stringify({ running: desk.running !== null, orders: rows }));
  else {
    const cells = rows.map((row) => [
      row.bot,
      row.coin,
      row.role,
      row.side,
      row.size,
      row.price,
      row.type,
      row.state,
      String(row.oid ?? '-'),
    ]);
    desk.print(
      rows.length === 0 ? 'No orders.' : table(['BOT', 'COIN', 'ROLE', 'SIDE', 'SIZE', 'PRICE', 'TYPE', 'STATE', 'ORDER ID'], cells),
    );
    desk.print(runningLine(desk));
  }
  return 0;
}
