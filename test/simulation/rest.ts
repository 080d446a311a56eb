/** What must hold once nothing goes wrong any more and nothing is left to do. */
import type { Venue } from '@hyperfleet/paper-exchange';
import type { LedgerHandle, SignalQueueHandle } from '@hyperfleet/store';
import { FINE_PER_TICK, type FillRecord, isTerminal, type OrderRecord, type SignalRow } from '@hyperfleet/trading';
import type { Posted } from './posted.ts';
import type { WatchedBot } from './watch.ts';

const ENDED: ReadonlySet<string> = new Set(['closed', 'expired', 'failed', 'executed', 'no_op']);

export interface RestView {
  readonly venue: Venue;
  readonly ledger: LedgerHandle;
  readonly queue: SignalQueueHandle;
  readonly posted: Posted;
}

/** True when no bot has anything left to do. */
export function isAtRest({ venue, ledger, queue }: RestView, bots: readonly WatchedBot[]): boolean {
  return bots.every(
    (bot) =>
      ledger.activeTrades(bot.id).length === 0 &&
      ledger.liveOrders(bot.id).length === 0 &&
      queue.countPending(bot.id) === 0 &&
      ledger.unprojected(bot.id, 1).length === 0 &&
      queue.processing(bot.id).length === 0 &&
      venue.openOrders(bot.user).every((order) => order.cloid === null),
  );
}

/** Every promise of the end that does not hold, as sentences. */
export function brokenAtRest(view: RestView, bots: readonly WatchedBot[], deposits: ReadonlyMap<string, number>): readonly string[] {
  return [
    ...view.queue.allRows().flatMap((row) => brokenRow(row, view.posted)),
    ...bots.flatMap((bot) => [
      ...brokenOrders(view, bot),
      ...brokenFills(view, bot),
      ...brokenMoney(view, bot, deposits.get(bot.id) ?? 0),
      ...brokenHoldings(view, bot),
    ]),
  ];
}

function brokenRow(row: SignalRow, posted: Posted): string[] {
  const signal = posted.find(posted.keyOf(row) ?? '');
  const status = String(row.status);
  if (signal === null || signal.kind === 'not ours')
    return status === 'pending' ? [] : [`a row that is not ours was touched: row ${row.id} is ${status}`];
  if (/denied by the risk check/.test(String(row.notes))) return [`what is decided passes the risk check: row ${row.id}, ${row.notes}`];
  if (!ENDED.has(status))
    return [`every signal is settled or visibly refused: row ${row.id} (${signal.kind} ${signal.bot} ${signal.coin}) is ${status}`];
  if ((status === 'failed' || status === 'expired') && String(row.notes ?? '').trim() === '') return [`a refusal says why: row ${row.id}`];
  return [];
}

function brokenOrders({ venue, ledger }: RestView, bot: WatchedBot): string[] {
  const broken: string[] = [];
  const say = (order: OrderRecord, what: string): void => {
    broken.push(`no order is left in doubt: ${bot.id} ${order.intent.role} ${order.intent.cloid} is ${order.state}, ${what}`);
  };
  const filled = new Map<number, number>();
  for (const fill of venue.fills(bot.user)) filled.set(fill.oid, (filled.get(fill.oid) ?? 0) + fill.sz);
  for (const order of ledger.ordersOf(bot.id)) {
    const there = venue.order(bot.user, order.intent.cloid);
    if (!isTerminal(order.state)) say(order, 'which is no end');
    else if (order.state === 'dead' && there !== null) say(order, `the venue says ${there.status}`);
    else if (there?.status === 'open' || there?.status === 'triggered') say(order, `the venue says ${there.status}`);
    else if (order.filledSz !== (filled.get(there?.oid ?? -1) ?? 0)) say(order, `${order.filledSz} lots filled, the venue says otherwise`);
  }
  for (const order of venue.openOrders(bot.user)) {
    if (order.cloid !== null) broken.push(`nothing of ours rests at the end: ${bot.id} ${order.coin} ${order.oid} ${order.cloid}`);
  }
  return broken;
}

const key = (fill: { coin: string; timeMs: number; tid: number }): string => `${fill.coin} ${fill.timeMs} ${fill.tid}`;

function brokenFills({ venue, ledger }: RestView, bot: WatchedBot): string[] {
  const ours = new Map(ledger.fillsOf(bot.id).map((fill) => [key(fill), fill]));
  const theirs = venue.fills(bot.user);
  const broken = theirs.flatMap((fill) => {
    const known = ours.get(key(fill));
    if (known === undefined) return [`every fill is in the ledger: ${bot.id} ${key(fill)} is not`];
    if (known.tradeId === null && fill.cloid !== null) return [`every fill of ours has its trade: ${bot.id} ${key(fill)} has none`];
    return [];
  });
  return ours.size === theirs.length ? broken : [...broken, `fills are unique: ${bot.id} has ${ours.size}, the venue ${theirs.length}`];
}

/** What a fill moved: paid for what was bought, got for what was sold, less its fee. */
const cashOf = (fill: FillRecord): number => (fill.side === 'buy' ? -1 : 1) * fill.px * fill.sz - fill.fee;

function brokenMoney({ venue, ledger }: RestView, bot: WatchedBot, deposited: number): string[] {
  const account = venue.account(bot.user);
  const marked = account.positions.reduce((sum, position) => {
    const { mark } = venue.assetMarket(position.asset);
    return sum + (position.szi * (mark ?? 0)) / FINE_PER_TICK;
  }, 0);
  const fills = ledger.fillsOf(bot.id).reduce((sum, fill) => sum + cashOf(fill), 0);
  const funding = venue.fundings(bot.user).reduce((sum, payment) => sum + payment.usd, 0);
  const broken: string[] = [];
  const off = Math.round(account.accountValue - marked) - deposited - fills - funding;
  // The mark of a held coin may end in thousandths of a tick.
  if (Math.abs(off) > account.positions.length) broken.push(`equity is the venue’s to the micro-dollar: ${bot.id} is ${off} off`);
  if (bot.hand.coins.size > 0 || account.positions.length > 0) return broken;
  let net = 0;
  let isReported = false;
  for (const trade of ledger.allTrades()) {
    if (trade.bot !== bot.id || trade.kind !== 'entry') continue;
    const { entryCost, exitCost, fees, funding: paid } = ledger.fillSums(trade.tradeId);
    net += (trade.direction === 'short' ? entryCost - exitCost : exitCost - entryCost) - fees + paid;
    isReported ||= ledger.timeline(trade.tradeId).some(({ event }) => event === 'difference');
  }
  const missing = account.accountValue - deposited - net;
  if (missing !== 0)
    broken.push(
      `PnL over all trades is the change of equity: ${bot.id} is ${missing} micro-dollars off${isReported ? ', though a difference was reported' : ''}`,
    );
  return broken;
}

function brokenHoldings({ venue }: RestView, bot: WatchedBot): string[] {
  const coins = new Set([...bot.hand.coins, ...venue.account(bot.user).positions.map(({ coin }) => coin)]);
  return [...coins].flatMap((coin) => {
    const held = venue.account(bot.user).positions.find((position) => position.coin === coin)?.szi ?? 0;
    if (bot.hand.isMuddled(coin) || bot.foreignClosing || held === bot.hand.net(coin)) return [];
    return [`at the end only the owner’s own is held: ${bot.id} ${coin} ${held} lots, ${bot.hand.net(coin)} of them the owner’s`];
  });
}
