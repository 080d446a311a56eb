import { formatDecimal, priceDecimals } from '@hyperfleet/trading';
import type { VenueFill } from '../../matching/contract.ts';
import type { LedgerRow } from '../bank.ts';
import { boolean, optional } from '../fields.ts';
import { fillRows, formatOf, type InfoSources } from '../info-account.ts';
import { fundingRow, ledgerRow, liquidationRow } from '../rows.ts';
import { type Channel, ofUser, readUser, SILENCE } from './channel.ts';

const SNAPSHOT_ROWS = 2_000;

const userFills: Channel = {
  open(from, sources) {
    const user = readUser(from);
    const aggregate = optional(from, 'aggregateByTime', boolean) === true;
    const rows = (fills: readonly VenueFill[]) => fillRows(sources, fills, aggregate);
    return {
      about: { user },
      key: `${user} ${aggregate}`,
      echo: { ...from, aggregateByTime: aggregate },
      snapshot: () => ({ isSnapshot: true, user, fills: rows(sources.venue.fills(user)).slice(-SNAPSHOT_ROWS) }),
      push: (occasion) => (occasion.kind === 'fills' ? [{ user, fills: rows(occasion.fills) }] : SILENCE),
    };
  },
};

const userFundings = ofUser((user, sources) => {
  const rows = (events: ReturnType<InfoSources['venue']['fundings']>) =>
    events.map((event) => fundingRow(event, formatOf(sources)(event.coin)));
  return {
    snapshot: () => ({ isSnapshot: true, user, fundings: rows(sources.venue.fundings(user).slice(-SNAPSHOT_ROWS)) }),
    push: (occasion) => (occasion.kind === 'fundings' ? [{ user, fundings: rows(occasion.events) }] : SILENCE),
  };
});

const userNonFundingLedgerUpdates = ofUser((user, sources) => {
  const rows = (kept: readonly LedgerRow[]) => kept.map((row) => ledgerRow(row, formatOf(sources)));
  return {
    snapshot: () => ({ isSnapshot: true, user, nonFundingLedgerUpdates: rows(sources.bank.ledger(user)) }),
    push: (occasion) => (occasion.kind === 'ledger' ? [{ user, nonFundingLedgerUpdates: rows([occasion.row]) }] : SILENCE),
  };
});

/** Its messages come on the channel `user` and name no user (PROTOCOL §9). */
const userEvents: Channel = {
  channel: 'user',
  ...ofUser((_user, sources) => ({
    snapshot: () => null,
    push(occasion) {
      if (occasion.kind === 'fills') return [{ fills: fillRows(sources, occasion.fills, false) }];
      if (occasion.kind === 'fundings')
        return occasion.events.map((event) => ({ funding: fundingRow(event, formatOf(sources)(event.coin)) }));
      if (occasion.kind === 'liquidations') return occasion.events.map((event) => ({ liquidation: liquidationRow(event) }));
      if (occasion.kind === 'nonUserCancel') return [{ nonUserCancel: occasion.events.map(({ coin, oid }) => ({ coin, oid })) }];
      return SILENCE;
    },
  })),
};

function fillNote(sources: InfoSources, fill: VenueFill): string {
  const { szDecimals } = formatOf(sources)(fill.coin);
  const px = formatDecimal(fill.px, priceDecimals({ szDecimals }));
  return `Resting order filled: ${fill.side === 'buy' ? 'Bought' : 'Sold'} ${formatDecimal(fill.sz, szDecimals)} ${fill.coin} at $${px}`;
}

const notification = ofUser((_user, sources) => ({
  snapshot: () => null,
  push(occasion) {
    if (occasion.kind !== 'fills') return SILENCE;
    return occasion.fills.filter((fill) => !fill.crossed).map((fill) => ({ notification: fillNote(sources, fill) }));
  },
}));

/** Channels that tell what happened to an account (PROTOCOL §9). */
export const EVENT_CHANNELS = { userFills, userFundings, userNonFundingLedgerUpdates, userEvents, notification } as const;
