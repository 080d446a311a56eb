/**
 * The bot's ports bound straight to the matching core, without a socket: for tests that step time and market by hand.
 * The wire adapter has tests of its own against the real server.
 */
import type { ActionReply, Address, OrderInput, Venue, VenueEvent, VenueFill, VenueOrder } from '@hyperfleet/paper-exchange';
import {
  type AccountEvent,
  type AccountReads,
  type AccountView,
  type Answer,
  type CancelOutcome,
  type Clock,
  type Cloid,
  type Exchange,
  type Fill,
  formatPrice,
  formatSize,
  type Instrument,
  lots,
  type OpenOrder,
  type OrderIntent,
  type OrderOutcome,
  type OrderUpdate,
  parsePrice,
  parseSize,
  ticks,
} from '@hyperfleet/trading';

/** How the link misbehaves for one request. */
type Fault = 'lost-before' | 'lost-after' | 'refused' | 'rejected';

export interface VenueLink {
  readonly exchange: Exchange;
  readonly reads: AccountReads;
  /** Every order action sent, for asserting what went out. */
  readonly sent: OrderIntent[];
  /** Asked before each request; what it names happens to that request. */
  onRequest: (kind: 'place' | 'cancel' | 'other', orders: readonly OrderIntent[]) => Fault | null;
  /** While false, no stream event is delivered; they are dropped as by a cut socket. */
  streaming: boolean;
  /** Delivers what has happened at the venue since the last call. */
  pump(): void;
}

const folded = (word: string): OrderUpdate['status'] => {
  if (word === 'open' || word === 'triggered' || word === 'filled') return word;
  return word.endsWith('Rejected') || word === 'rejected' ? 'rejected' : 'canceled';
};

export function linkVenue(args: {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly user: Address;
  readonly latencyMs: number;
  readonly onEvent: (event: AccountEvent) => void;
}): VenueLink {
  const { venue, clock, user, latencyMs } = args;
  const instrumentOf = (coin: string): Instrument => {
    const found = venue.instruments.find((instrument) => instrument.coin === coin);
    if (found === undefined) throw new Error(`no instrument ${coin}`);
    return found;
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => (ms === 0 ? resolve() : clock.after(ms, resolve)));

  const input = (order: OrderIntent): OrderInput => {
    const instrument = instrumentOf(order.coin);
    return {
      asset: instrument.assetId,
      side: order.side,
      px: formatPrice(order.px, instrument),
      sz: formatSize(order.sz, instrument),
      reduceOnly: order.reduceOnly,
      cloid: order.cloid,
      type:
        order.kind.type === 'limit'
          ? { kind: 'limit', tif: order.kind.tif === 'gtc' ? 'Gtc' : order.kind.tif === 'ioc' ? 'Ioc' : 'Alo' }
          : { kind: 'trigger', isMarket: true, triggerPx: formatPrice(order.kind.triggerPx, instrument), tpsl: 'sl' },
    };
  };

  const outcome = (order: OrderIntent, status: unknown): OrderOutcome => {
    const instrument = instrumentOf(order.coin);
    if (status === 'waitingForFill') return { kind: 'waiting', armed: false };
    if (status === 'waitingForTrigger') return { kind: 'waiting', armed: true };
    if (typeof status !== 'object' || status === null) return { kind: 'unknown', reason: String(status) };
    if ('resting' in status) return { kind: 'resting', oid: (status.resting as { oid: number }).oid };
    if ('error' in status) return { kind: 'rejected', reason: String(status.error) };
    const filled = (status as { filled: { oid: number; totalSz: string; avgPx: string } }).filled;
    return {
      kind: 'filled',
      oid: filled.oid,
      filledSz: parseSize(filled.totalSz, instrument) ?? lots(0),
      avgPx: parsePrice(filled.avgPx, instrument) ?? ticks(0),
    };
  };

  const request = async <T>(
    kind: 'place' | 'cancel' | 'other',
    apply: () => ActionReply,
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
    const reply = apply();
    link.pump();
    await wait(latencyMs / 2);
    if (fault === 'lost-after') return { kind: 'unknown', reason: 'timed out' };
    if (reply.status === 'err') return { kind: 'refused', reason: reply.response, retry: 'never' };
    return { kind: 'answered', value: read(reply.response.type === 'default' ? [] : reply.response.data.statuses) };
  };

  const cancelled = (statuses: readonly unknown[]): CancelOutcome[] =>
    statuses.map((status) => (status === 'success' ? { kind: 'canceled' } : { kind: 'gone', reason: JSON.stringify(status) }));

  const link: VenueLink = {
    sent: [],
    onRequest: () => null,
    streaming: true,
    exchange: {
      place: (approved) =>
        request(
          'place',
          () => {
            if (clock.now() > approved.expiresAfterMs) return { status: 'err', response: 'Action already expired' };
            link.sent.push(...approved.orders);
            return venue.execute(user, { type: 'order', orders: approved.orders.map(input), grouping: approved.grouping }, clock.now());
          },
          (statuses) => approved.orders.map((order, index) => outcome(order, statuses[index])),
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
        return venue.openOrders(user).map(openOrder);
      },
      async orderByCloid(cloid) {
        await wait(latencyMs);
        const order = venue.order(user, cloid);
        if (order === null) return { kind: 'unknown-oid' };
        const { oid, status, sz, origSz, statusTimestampMs } = order;
        return { kind: 'known', oid, status: folded(status), word: status, sz, origSz, timeMs: statusTimestampMs };
      },
      async fillsSince(startMs) {
        await wait(latencyMs);
        return venue
          .fills(user)
          .filter((fill) => fill.timeMs >= startMs)
          .map(fillOf);
      },
      async fundingSince(startMs) {
        await wait(latencyMs);
        return venue
          .fundings(user)
          .filter((payment) => payment.timeMs >= startMs)
          .map(({ coin, timeMs, usd, szi }) => ({ coin, timeMs, usd, szi }));
      },
      feeRates: async () => ({ takerPpm: venue.settings.takerFeePpm, makerPpm: venue.settings.makerFeePpm }),
    },
    pump() {
      const events = venue.drain();
      if (!link.streaming) return;
      for (const event of events) deliver(event);
    },
  };

  const accountOf = (): AccountView => {
    const state = venue.account(user);
    return {
      equity: state.accountValue,
      marginUsed: state.totalMarginUsed,
      withdrawable: state.withdrawable,
      timeMs: clock.now(),
      positions: state.positions.map((position) => ({
        coin: position.coin,
        szi: position.szi,
        entryPx: position.entryPx,
        liquidationPx: position.liquidationPx,
        unrealizedPnl: position.unrealizedPnl,
        marginUsed: position.marginUsed,
        leverage: position.leverage,
        isCross: position.isCross,
      })),
    };
  };

  const openOrder = (order: VenueOrder): OpenOrder => ({
    coin: order.coin,
    oid: order.oid,
    cloid: order.cloid as Cloid | null,
    side: order.side,
    px: order.px,
    sz: order.sz,
    origSz: order.origSz,
    reduceOnly: order.reduceOnly,
    triggerPx: order.triggerPx,
    isStop: order.tpsl === 'sl',
    waitingForParent: order.waitingForFill,
    timeMs: order.timestampMs,
  });

  const fillOf = (fill: VenueFill): Fill => ({
    coin: fill.coin,
    oid: fill.oid,
    tid: fill.tid,
    cloid: fill.cloid as Cloid | null,
    timeMs: fill.timeMs,
    side: fill.side,
    px: fill.px,
    sz: fill.sz,
    fee: fill.fee,
    closedPnl: fill.closedPnl,
    startPosition: fill.startPosition,
    dir: fill.dir,
    crossed: fill.crossed,
    liquidation: fill.liquidation !== null,
  });

  const deliver = (event: VenueEvent): void => {
    if (event.kind === 'fill' && event.fill.user === user) args.onEvent({ kind: 'fills', fills: [fillOf(event.fill)], isSnapshot: false });
    if (event.kind === 'account' && event.user === user) args.onEvent({ kind: 'account', account: accountOf() });
    if (event.kind === 'order' && event.order.user === user) {
      const { coin, oid, sz, origSz } = event.order;
      const update: OrderUpdate = {
        coin,
        oid,
        cloid: event.order.cloid as Cloid | null,
        status: folded(event.status),
        word: event.status,
        sz,
        origSz,
        timeMs: event.timeMs,
      };
      args.onEvent({ kind: 'orders', updates: [update] });
    }
  };
  return link;
}
