import type { VenueAudit } from '@hyperfleet/paper-exchange';
import type { LedgerHandle } from '@hyperfleet/store';
import { compareBooks, formatDecimal, type LedgerEvent } from '@hyperfleet/trading';
import type { EndedBot } from './report.ts';

/**
 * Everything that needs a person, one sentence each; empty when the run ended as it should. Refused, expired and foreign
 * rows, pauses and gaps of the market are none of it.
 */
export function troubles(sources: {
  readonly ledger: LedgerHandle;
  readonly bots: readonly EndedBot[];
  readonly audit: VenueAudit;
  readonly halted: readonly string[];
}): readonly string[] {
  const { ledger, bots, audit, halted } = sources;
  const all = [
    ...halted,
    ...bots.flatMap((bot) => [
      ...haltedState(bot, ledger),
      ...unresolvedOrders(bot, ledger),
      ...differences(bot, ledger),
      ...missingStops(bot, audit),
    ]),
    ...recordedDifferences(ledger),
  ];
  // A halt is told by who saw it and stands in the ledger.
  return [...new Set(all)];
}

function haltedState({ id }: EndedBot, ledger: LedgerHandle): string[] {
  const { tradingState, reason } = ledger.botState(id);
  return tradingState === 'halted' ? [`${id} is halted: ${reason ?? 'no reason was recorded'}`] : [];
}

function unresolvedOrders({ id }: EndedBot, ledger: LedgerHandle): string[] {
  return ledger
    .liveOrders(id)
    .filter(({ state }) => state === 'unknown' || state === 'intent')
    .map(({ intent }) => `${id}: what became of the ${intent.role} order ${intent.cloid} on ${intent.coin} is not known`);
}

/**
 * What the venue's account shows that our books of it do not say, cash to the micro-dollar (account value less positions at the mark)
 * and sizes to the lot. An account without books was never traded.
 */
function differences({ id, address, account }: EndedBot, ledger: LedgerHandle): string[] {
  const books = ledger.books(address, Number.MAX_SAFE_INTEGER);
  if (books === null) return [];
  const coins = coinsWith(ledger);
  return compareBooks(books, { cash: account.totalRawUsd, positions: account.positions }).map(({ coin, amount }) =>
    coin === null
      ? `${id}: the venue's cash differs from our books by ${formatDecimal(amount, 6)} USD`
      : `${id}: the venue holds ${coins(amount + (books.held.get(coin) ?? 0), coin)} ${coin}, our books say ${coins(books.held.get(coin) ?? 0, coin)}`,
  );
}

/** Lots of a coin as its decimals have them. */
function coinsWith(ledger: LedgerHandle): (lots: number, coin: string) => string {
  const decimals = new Map(ledger.coins().map(({ coin, szDecimals }) => [coin, szDecimals]));
  return (lots, coin) => formatDecimal(lots, decimals.get(coin) ?? 0);
}

function missingStops({ id, address, account }: EndedBot, audit: VenueAudit): string[] {
  const held = new Set(account.positions.map(({ coin }) => coin));
  return audit.naked
    .filter(({ user, coin, toMs }) => toMs === null && held.has(coin) && user.toLowerCase() === address.toLowerCase())
    .map(({ coin }) => `${id}: the position in ${coin} has no full stop`);
}

const EVENTS_A_PAGE = 1_000;

function recordedDifferences(ledger: LedgerHandle): string[] {
  const found: string[] = [];
  for (let from = 0; ; ) {
    const page = ledger.eventsSince(from, EVENTS_A_PAGE);
    for (const { id, event } of page) {
      from = id;
      // One of the books stands in the accounts themselves, if it still does.
      if (event.event === 'difference' && event.detail.what === undefined) found.push(`${event.bot}: ${endedWithoutFills(event, ledger)}`);
    }
    if (page.length < EVENTS_A_PAGE) return found;
  }
}

/** A trade that was ended because the venue held nothing of it, though its fills do not come to that. */
function endedWithoutFills({ tradeId, detail }: LedgerEvent, ledger: LedgerHandle): string {
  const trade = tradeId === null ? null : ledger.trade(tradeId);
  const { entrySz, exitSz } = detail;
  if (trade === null || typeof entrySz !== 'number' || typeof exitSz !== 'number')
    return `a difference to the venue was not explained (${JSON.stringify(detail)})`;
  const coins = coinsWith(ledger);
  const { coin, signal } = trade;
  return (
    `the venue was flat on ${coin} and no fill says how: signal ${signal.rowId} entered ${coins(entrySz, coin)}, and fills close ` +
    `${coins(exitSz, coin)} of it; what the rest brought is not in its profit`
  );
}
