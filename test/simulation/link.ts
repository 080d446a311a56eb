/** The network between one bot and the venue core: requests, reads and the account stream, each with its own ways to fail. */

import { retryOf } from '@hyperfleet/hyperliquid';
import type { ActionReply, Venue, VenueAction, VenueEvent } from '@hyperfleet/paper-exchange';
import type {
  AccountEvent,
  AccountReads,
  Answer,
  Approved,
  CancelOutcome,
  Exchange,
  Instrument,
  OrderOutcome,
  PlaceRequest,
} from '@hyperfleet/trading';
import { orderInput, orderOutcome } from '../support/venue-words.ts';
import { createAccountStream } from './account-stream.ts';
import type { Life } from './life.ts';
import { type LinkOptions, type Sending, TIMEOUT_MS } from './link-events.ts';
import { createPast } from './past.ts';
import type { RequestFault } from './weather.ts';

/** End of life of a cancel or a leverage change under way, ms. */
const CANCEL_LIFE_MS = 5_000;

export interface Link {
  exchangeOf(life: Life): Exchange;
  readsOf(life: Life): AccountReads;
  /** Connects a fill monitor's stream. What is told before `connected` is a snapshot. */
  connect(life: Life, onEvent: (event: AccountEvent) => void): void;
  /** The venue told this of the account. */
  hear(event: VenueEvent): void;
  /** The stream falls silent, then is cut and comes back. */
  stall(ms: number): void;
}

/** A link of one account. */
export function openLink(options: LinkOptions): Link {
  const past = createPast(options);
  const requests = createRequests(options);
  const stream = createAccountStream(options);
  return {
    exchangeOf: (life) => requests.exchangeOf(life),
    readsOf: (life) => past.readsOf(life),
    connect: stream.connect,
    stall: stream.stall,
    hear(event) {
      past.remember(event);
      stream.hear(event);
    },
  };
}

function instrumentIn(venue: Venue): (coin: string) => Instrument {
  const byCoin = new Map(venue.instruments.map((instrument) => [instrument.coin, instrument]));
  return (coin) => {
    const found = byCoin.get(coin);
    if (found === undefined) throw new Error(`no instrument ${coin}`);
    return found;
  };
}

function createRequests({ venue, clock, user, chance, weather, events }: LinkOptions) {
  const instrumentOf = instrumentIn(venue);
  const nonces = new Set<number>();

  /** The venue takes a request: end of life, nonce, action (PROTOCOL §2, §3). */
  const arrive = (sending: Sending, fault: RequestFault | null, again = false): ActionReply => {
    if (clock.now() > sending.expiresAfterMs) return { status: 'err', response: 'Action already expired' };
    if (nonces.has(sending.nonce)) {
      if (!again) events.nonceUsedTwice(sending);
      return { status: 'err', response: `Invalid nonce: duplicate nonce ${sending.nonce}` };
    }
    nonces.add(sending.nonce);
    if (fault === 'rejected') return errorsFor(sending);
    events.arriving(sending);
    const reply = fault === 'child-rejected' ? withoutChild(sending) : venue.execute(user, sending.action, clock.now());
    events.applied(sending, reply);
    events.pump();
    return reply;
  };
  const errorsFor = ({ orders }: Sending): ActionReply => ({
    status: 'ok',
    response: { type: 'order', data: { statuses: orders.map(() => ({ error: 'Insufficient margin to place order. asset=0' })) } },
  });
  const withoutChild = (sending: Sending): ActionReply => {
    if (sending.action.type !== 'order') throw new Error('only a bracket has a child');
    const alone: VenueAction = { ...sending.action, orders: sending.action.orders.slice(0, 1), grouping: 'na' };
    const reply = venue.execute(user, alone, clock.now());
    if (reply.status === 'err' || reply.response.type === 'default') return reply;
    const statuses = [...reply.response.data.statuses, { error: 'Too many open trigger orders. asset=0' }];
    return { status: 'ok', response: { type: 'order', data: { statuses } } };
  };

  const request = <T>(life: Life, sending: Sending, read: (statuses: readonly unknown[]) => T): Promise<Answer<T>> =>
    new Promise((resolve) => {
      events.sending(life, sending);
      const drawn = weather.requestFault(sending.orders);
      const fault = (drawn === 'rejected' || drawn === 'short-answer') && sending.kind !== 'place' ? 'lost-after' : drawn;
      const there = chance.int(10, 120);
      const back = chance.int(10, 120);
      const answer = (afterMs: number, value: () => Answer<T>): void => {
        if (fault !== null) events.trouble(`${sending.kind} ${fault}`, afterMs);
        clock.after(afterMs, () => life.hang.whenAwake(() => life.alive && resolve(value())));
      };
      const arriveIn = (ms: number, again = false): void => void clock.after(ms, () => void arrive(sending, fault, again));
      const said = (reply: ActionReply): Answer<T> => {
        if (reply.status === 'err') return { kind: 'refused', reason: reply.response, retry: retryOf(reply.response) };
        const statuses = reply.response.type === 'default' ? [] : reply.response.data.statuses;
        return { kind: 'answered', value: read(fault === 'short-answer' ? statuses.slice(0, 1) : statuses) };
      };
      if (fault !== null) {
        events.note(`fault ${sending.kind} ${fault} ${sending.nonce}`);
        events.fault(fault);
      }
      switch (fault) {
        case 'not-sent':
          return answer(there, () => ({ kind: 'refused', reason: 'not sent: connection refused', retry: 'later' }));
        case 'rate-limited':
          return answer(there + back, () => ({ kind: 'refused', reason: 'HTTP 429', retry: 'later' }));
        case 'lost-before':
          return answer(TIMEOUT_MS, () => ({ kind: 'unknown', reason: 'timed out' }));
        case 'lost-after':
          arriveIn(there);
          return answer(TIMEOUT_MS, () => ({ kind: 'unknown', reason: 'timed out' }));
        case 'failed-before':
          return answer(there + back, () => ({ kind: 'unknown', reason: 'HTTP 502' }));
        case 'failed-after':
          arriveIn(there);
          return answer(there + back, () => ({ kind: 'unknown', reason: 'HTTP 504' }));
        case 'late':
          arriveIn(chance.int(200, 6_000));
          return answer(chance.happens(0.5) ? there + back : TIMEOUT_MS, () => ({ kind: 'unknown', reason: 'HTTP 504' }));
        case 'duplicated':
          arriveIn(there + chance.int(1, 4_000), true);
          break;
        default:
          break;
      }
      clock.after(there, () => {
        const reply = arrive(sending, fault);
        answer(back, () => said(reply));
      });
    });

  const cancelled = (statuses: readonly unknown[]): CancelOutcome[] =>
    statuses.map((status) => (status === 'success' ? { kind: 'canceled' } : { kind: 'gone', reason: JSON.stringify(status) }));
  const cancelling = (action: VenueAction, cancels: readonly string[], nonce: number): Sending => ({
    kind: 'cancel',
    orders: [],
    cancels,
    action,
    nonce,
    expiresAfterMs: clock.now() + CANCEL_LIFE_MS,
  });

  const exchangeOf = (life: Life): Exchange => ({
    place(approved: Approved<PlaceRequest>) {
      const { orders, grouping, nonce, expiresAfterMs } = approved;
      const inputs = orders.map((order) => orderInput(order, instrumentOf(order.coin)));
      const sending: Sending = {
        kind: 'place',
        orders,
        cancels: [],
        action: { type: 'order', orders: inputs, grouping },
        nonce,
        expiresAfterMs,
      };
      return request<readonly OrderOutcome[]>(life, sending, (statuses) =>
        statuses.map((status, index) => orderOutcome(status, instrumentOf(orders[index]?.coin ?? ''))),
      );
    },
    cancel(orders, nonce) {
      const cancels = orders.map(({ coin, cloid }) => ({ asset: instrumentOf(coin).assetId, cloid }));
      const cloids = orders.map(({ cloid }) => cloid);
      return request(life, cancelling({ type: 'cancelByCloid', cancels }, cloids, nonce), cancelled);
    },
    cancelByOid(orders, nonce) {
      const cancels = orders.map(({ coin, oid }) => ({ asset: instrumentOf(coin).assetId, oid }));
      return request(
        life,
        cancelling(
          { type: 'cancel', cancels },
          orders.map(({ oid }) => String(oid)),
          nonce,
        ),
        cancelled,
      );
    },
    setCrossLeverage(coin, leverage, nonce) {
      const action: VenueAction = { type: 'updateLeverage', asset: instrumentOf(coin).assetId, isCross: true, leverage };
      return request(life, { ...cancelling(action, [], nonce), kind: 'leverage' }, () => null);
    },
  });
  return { exchangeOf };
}
