/**
 * The bot's ports bound straight to the matching core, without a socket: for tests that step time and market by hand.
 * The wire adapter has tests of its own against the real server.
 */

import { retryOf } from '@hyperfleet/hyperliquid';
import type { ActionReply, Address, Venue, VenueEvent } from '@hyperfleet/paper-exchange';
import type {
  AccountEvent,
  AccountReads,
  AccountView,
  Answer,
  CancelOutcome,
  Clock,
  Exchange,
  Instrument,
  OrderIntent,
  Transfer,
} from '@hyperfleet/trading';
import { accountView, fillView, foldedStatus, openOrderView, orderInput, orderOutcome, orderUpdate } from './venue-words.ts';

/** How the link misbehaves for one request. */
type Fault =
  | 'lost-before'
  | 'lost-after'
  | 'refused'
  | 'rejected'
  /** Of a bracket the entry is taken; the venue drops the child and says nothing of it. */
  | 'child-lost';

export interface VenueLink {
  readonly exchange: Exchange;
  readonly reads: AccountReads;
  /** Every order action sent, for asserting what went out. */
  readonly sent: OrderIntent[];
  /** Asked before each request; what it names happens to that request. */
  onRequest: (kind: 'place' | 'cancel' | 'other', orders: readonly OrderIntent[]) => Fault | null;
  /** What was paid in and out, as the venue lists it: the matching core only moves the money. */
  readonly transfers: Transfer[];
  /** While false, no stream event is delivered; they are dropped as by a cut socket. */
  streaming: boolean;
  /** Delivers what has happened at the venue since the last call. */
  pump(): void;
}

export function linkVenue(args: {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly user: Address;
  readonly latencyMs: number;
  readonly onEvent: (event: AccountEvent) => void;
  /** False: the account's own channel is not listened to, and its views are not made up. */
  readonly isAccountHeard?: boolean;
}): VenueLink {
  const { venue, clock, user, latencyMs } = args;
  const instrumentOf = (coin: string): Instrument => {
    const found = venue.instruments.find((instrument) => instrument.coin === coin);
    if (found === undefined) throw new Error(`no instrument ${coin}`);
    return found;
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => (ms === 0 ? resolve() : clock.after(ms, resolve)));

  const request = async <T>(
    kind: 'place' | 'cancel' | 'other',
    apply: (fault: Fault | null) => ActionReply,
    read: (statuses: readonly unknown[]) => T,
    orders: readonly OrderIntent[] = [],
  ): Promise<Answer<T>> => {
    const fault = link.onRequest(kind, orders);
    await wait(latencyMs / 2);
    if (fault === 'refused') return { kind: 'refused', reason: 'connection refused', retry: 'later' };
    if (fault === 'rejected')
      return { kind: 'answered', value: read(orders.map(() => ({ error: 'Insufficient margin to place order. asset=0' }))) };
    if (fault === 'lost-before') {
      await wait(latencyMs);
      return { kind: 'unknown', reason: 'timed out' };
    }
    const reply = apply(fault);
    link.pump();
    await wait(latencyMs / 2);
    if (fault === 'lost-after') return { kind: 'unknown', reason: 'timed out' };
    if (reply.status === 'err') return { kind: 'refused', reason: reply.response, retry: retryOf(reply.response) };
    return { kind: 'answered', value: read(reply.response.type === 'default' ? [] : reply.response.data.statuses) };
  };

  const cancelled = (statuses: readonly unknown[]): CancelOutcome[] =>
    statuses.map((status) => (status === 'success' ? { kind: 'canceled' } : { kind: 'gone', reason: JSON.stringify(status) }));

  const link: VenueLink = {
    sent: [],
    onRequest: () => null,
    transfers: [],
    streaming: true,
    exchange: {
      place: (approved) =>
        request(
          'place',
          (fault) => {
            if (clock.now() > approved.expiresAfterMs) return { status: 'err', response: 'Action already expired' };
            link.sent.push(...approved.orders);
            const isAlone = fault === 'child-lost';
            const taken = isAlone ? approved.orders.slice(0, 1) : approved.orders;
            return venue.execute(
              user,
              {
                type: 'order',
                orders: taken.map((order) => orderInput(order, instrumentOf(order.coin))),
                grouping: isAlone ? 'na' : approved.grouping,
              },
              clock.now(),
            );
          },
          (statuses) => approved.orders.map((order, index) => orderOutcome(statuses[index], instrumentOf(order.coin))),
          approved.orders,
        ),
      cancel: (orders) =>
        request(
          'cancel',
          () =>
            venue.execute(
              user,
              { type: 'cancelByCloid', cancels: orders.map(({ coin, cloid }) => ({ asset: instrumentOf(coin).assetId, cloid })) },
              clock.now(),
            ),
          cancelled,
        ),
      cancelByOid: (orders) =>
        request(
          'cancel',
          () =>
            venue.execute(
              user,
              { type: 'cancel', cancels: orders.map(({ coin, oid }) => ({ asset: instrumentOf(coin).assetId, oid })) },
              clock.now(),
            ),
          cancelled,
        ),
      setCrossLeverage: (coin, leverage) =>
        request(
          'other',
          () => venue.execute(user, { type: 'updateLeverage', asset: instrumentOf(coin).assetId, isCross: true, leverage }, clock.now()),
          () => null,
        ),
    },
    reads: {
      async account() {
        await wait(latencyMs);
        return accountOf();
      },
      async openOrders() {
        await wait(latencyMs);
        return venue.openOrders(user).map(openOrderView);
      },
      async orderByCloid(cloid) {
        await wait(latencyMs);
        const order = venue.order(user, cloid);
        if (order === null) return { kind: 'unknown-oid' };
        const { oid, status, sz, origSz, statusTimestampMs } = order;
        return { kind: 'known', oid, status: foldedStatus(status), word: status, sz, origSz, timeMs: statusTimestampMs };
      },
      async fillsSince(startMs) {
        await wait(latencyMs);
        return venue
          .fills(user)
          .filter((fill) => fill.timeMs >= startMs)
          .map(fillView);
      },
      async fundingSince(startMs) {
        await wait(latencyMs);
        return venue
          .fundings(user)
          .filter((payment) => payment.timeMs >= startMs)
          .map(({ coin, timeMs, usd, szi }) => ({ coin, timeMs, usd, szi }));
      },
      async transfersSince(startMs) {
        await wait(latencyMs);
        return link.transfers.filter((transfer) => transfer.timeMs >= startMs);
      },
      feeRates: async () => ({ takerPpm: venue.settings.takerFeePpm, makerPpm: venue.settings.makerFeePpm }),
    },
    pump() {
      const events = venue.drain();
      if (!link.streaming) return;
      for (const event of events) deliver(event);
    },
  };

  const accountOf = (): AccountView => accountView(venue, user, clock.now());

  const deliver = (event: VenueEvent): void => {
    if (event.kind === 'fill' && event.fill.user === user)
      args.onEvent({ kind: 'fills', fills: [fillView(event.fill)], isSnapshot: false });
    if (event.kind === 'account' && event.user === user && args.isAccountHeard !== false)
      args.onEvent({ kind: 'account', account: accountOf() });
    if (event.kind === 'order' && event.order.user === user) {
      args.onEvent({ kind: 'orders', updates: [orderUpdate(event.order, event.status, event.timeMs)] });
    }
  };
  return link;
}
