import type { VenueAudit } from '@hyperfleet/paper-exchange';
import type { LedgerHandle } from '@hyperfleet/store';
import { cashFlow, formatDecimal } from '@hyperfleet/trading';
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
      ...moneyDifference(bot, ledger),
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

/** What the venue holds against what our fills say, coin by coin. */
function differences({ id, account }: EndedBot, ledger: LedgerHandle): string[] {
  const ours = new Map(
    ledger
      .held()
      .filter(({ bot }) => bot === id)
      .map(({ coin, szi }) => [coin, szi]),
  );
  const theirs = new Map(account.positions.map(({ coin, szi }) => [coin, Number(szi)]));
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((coin) => (ours.get(coin) ?? 0) !== (theirs.get(coin) ?? 0))
    .map((coin) => `${id}: the venue holds ${theirs.get(coin) ?? 0} lots of ${coin}, our fills say ${ours.get(coin) ?? 0}`);
}

/**
 * The venue's cash (account value less positions at the mark) against ours: what the bot began with, and every fill, fee and
 * funding payment since. To the micro-dollar; what was paid in or out by others shows here too.
 */
function moneyDifference({ id, account }: EndedBot, ledger: LedgerHandle): string[] {
  const start = ledger.botState(id).equityStart;
  if (start === null) return [];
  const traded = ledger.fillsOf(id).reduce((sum, fill) => sum + cashFlow(fill), 0);
  const funding = ledger
    .allTrades()
    .filter(({ bot }) => bot === id)
    .reduce((sum, { tradeId }) => sum + ledger.fillSums(tradeId).funding, 0);
  const difference = account.totalRawUsd - (start + traded + funding);
  return difference === 0 ? [] : [`${id}: the venue's cash differs from our books by ${formatDecimal(difference, 6)} USD`];
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
      if (event.event === 'difference')
        found.push(`${event.bot}: a difference to the venue was not explained (${JSON.stringify(event.detail)})`);
    }
    if (page.length < EVENTS_A_PAGE) return found;
  }
}
