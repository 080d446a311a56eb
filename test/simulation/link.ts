/** The network between one bot and the venue core: requests, reads and the account stream, each with its own ways to fail. */
import { VenueReadError } from '@hyperfleet/hyperliquid';
import type { ActionReply, Address, Venue, VenueAction, VenueEvent, VenueOrder } from '@hyperfleet/paper-exchange';
import type {
  AccountEvent,
  AccountReads,
  AccountView,
  Answer,
  Approved,
  CancelOutcome,
  Clock,
  Exchange,
  Instrument,
  OrderIntent,
  OrderOutcome,
  PlaceRequest,
} from '@hyperfleet/trading';
import { accountView, fillView, foldedStatus, openOrderView, orderInput, orderOutcome, orderUpdate } from '../support/venue-words.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { RequestFault, Weather } from './weather.ts';

/** After this long without an answer a request's outcome is unknown, ms of market time. */
const TIMEOUT_MS = 3_000;
/** End of life of a cancel or a leverage change under way, ms. */
const CANCEL_LIFE_MS = 5_000;
const CLOSED_KEPT = 200;

/** One action under way. */
export interface Sending {
  readonly kind: 'place' | 'cancel' | 'leverage';
  readonly orders: readonly OrderIntent[];
  readonly cancels: readonly string[];
  readonly action: VenueAction;
  readonly nonce: number;
  readonly expiresAfterMs: number;
}

interface LinkEvents {
  /** Before the first byte leaves. */
  sending(life: Life, sending: Sending): void;
  /** Just before the venue executes it, and just after. */
  arriving(sending: Sending): void;
  applied(sending: Sending, reply: ActionReply): void;
  /** A nonce that was used before, of a request that was not duplicated on the way. */
  nonceUsedTwice(sending: Sending): void;
  /** From now on, for `ms`, something is out of order for this bot. */
  trouble(what: string, ms: number): void;
  /** A request has met with this. */
  fault(fault: RequestFault): void;
  /** Events are waiting at the venue. */
  pump(): void;
  note(line: string): void;
}

export interface LinkOptions {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly user: Address;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly events: LinkEvents;
}

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
  const stream = createStream(options);
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
        clock.after(afterMs, () => life.alive && resolve(value()));
      };
      const arriveIn = (ms: number, again = false): void => void clock.after(ms, () => void arrive(sending, fault, again));
      const said = (reply: ActionReply): Answer<T> => {
        if (reply.status === 'err') return { kind: 'refused', reason: reply.response, retry: 'never' };
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

/** Reads, which may fail and may tell of a moment a little while ago. */
function createPast({ venue, clock, user, chance, weather, events }: LinkOptions) {
  const accounts: { readonly atMs: number; readonly view: AccountView }[] = [];
  const closed: { readonly atMs: number; readonly order: VenueOrder }[] = [];

  const read = <T>(life: Life, tell: (asOfMs: number) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const fault = weather.readFault();
      const afterMs = fault === 'timed-out' ? TIMEOUT_MS : chance.int(20, 200);
      if (fault !== null) events.trouble(`read ${fault}`, afterMs);
      clock.after(afterMs, () => {
        if (!life.alive) return;
        if (fault !== null) {
          reject(new VenueReadError(fault === 'failed' ? 'VENUE_DOWN' : 'VENUE_TIMEOUT', 'the read failed'));
          return;
        }
        const lagMs = weather.lagMs();
        if (lagMs > 0) events.trouble('lag', lagMs);
        resolve(tell(clock.now() - lagMs));
      });
    });

  const accountAt = (asOfMs: number): AccountView => {
    if (asOfMs === clock.now()) return accountView(venue, user, asOfMs);
    return accounts.findLast(({ atMs }) => atMs <= asOfMs)?.view ?? accountView(venue, user, asOfMs);
  };
  const openAt = (asOfMs: number): readonly VenueOrder[] => {
    const open = venue.openOrders(user);
    if (asOfMs === clock.now()) return open;
    const gone = closed.filter(({ atMs, order }) => atMs > asOfMs && order.timestampMs <= asOfMs).map(({ order }) => order);
    return [...gone, ...open.filter((order) => order.timestampMs <= asOfMs)];
  };

  return {
    remember(event: VenueEvent): void {
      if (weather.rate('lag') === 0 && accounts.length === 0) return;
      if (event.kind === 'account') {
        accounts.push({ atMs: clock.now(), view: accountView(venue, user, clock.now()) });
        if (accounts.length > CLOSED_KEPT) accounts.shift();
      }
      if (event.kind === 'order' && event.status !== 'open' && event.status !== 'triggered') {
        closed.push({ atMs: clock.now(), order: event.order.sz > 0 ? event.order : { ...event.order, sz: event.order.origSz } });
        if (closed.length > CLOSED_KEPT) closed.shift();
      }
    },
    readsOf: (life: Life): AccountReads => ({
      account: () => read(life, accountAt),
      openOrders: () => read(life, (asOfMs) => openAt(asOfMs).map(openOrderView)),
      orderByCloid: (cloid) =>
        read(life, (asOfMs) => {
          const order = venue.order(user, cloid);
          if (order === null || order.timestampMs > asOfMs) return { kind: 'unknown-oid' };
          const isOld = order.statusTimestampMs > asOfMs;
          const word = isOld ? 'open' : order.status;
          const { oid, origSz } = order;
          return {
            kind: 'known',
            oid,
            status: foldedStatus(word),
            word,
            sz: isOld ? origSz : order.sz,
            origSz,
            timeMs: order.statusTimestampMs,
          };
        }),
      fillsSince: (startMs) =>
        read(life, (asOfMs) =>
          venue
            .fills(user)
            .filter((fill) => fill.timeMs >= startMs && fill.timeMs <= asOfMs)
            .map(fillView),
        ),
      fundingSince: (startMs) =>
        read(life, (asOfMs) =>
          venue
            .fundings(user)
            .filter((payment) => payment.timeMs >= startMs && payment.timeMs <= asOfMs)
            .map(({ coin, timeMs, usd, szi }) => ({ coin, timeMs, usd, szi })),
        ),
      transfersSince: () => read(life, () => []),
      feeRates: () => read(life, () => ({ takerPpm: venue.settings.takerFeePpm, makerPpm: venue.settings.makerFeePpm })),
    }),
  };
}

/** Newest fills a stream tells when it (re)subscribes. */
const SNAPSHOT_FILLS = 20;

/** The account stream: in order unless the weather has it otherwise, and silent while it is stalled. */
function createStream({ venue, clock, user, chance, weather, events }: LinkOptions) {
  let listener: { readonly life: Life; readonly onEvent: (event: AccountEvent) => void } | null = null;
  let deafUntilMs = 0;
  let lastMs = 0;
  let session = 0;

  const deliver = (event: AccountEvent, delayMs: number): void => {
    const to = listener;
    const of = session;
    if (to === null) return;
    clock.after(delayMs, () => {
      if (to.life.alive && of === session) to.onEvent(event);
    });
  };
  const inOrder = (event: AccountEvent): void => {
    lastMs = Math.max(lastMs, clock.now() + chance.int(5, 150));
    deliver(event, lastMs - clock.now());
  };
  const comeBack = (afterMs: number): void => {
    session += 1;
    deafUntilMs = clock.now() + afterMs;
    events.trouble('stream', afterMs);
    const of = session;
    clock.after(afterMs, () => {
      if (of !== session) return;
      deliver({ kind: 'fills', fills: venue.fills(user).slice(-SNAPSHOT_FILLS).map(fillView), isSnapshot: true }, 0);
      deliver({ kind: 'connected' }, 0);
    });
  };
  const messageOf = (event: VenueEvent): AccountEvent | null => {
    if (event.kind === 'fill') return { kind: 'fills', fills: [fillView(event.fill)], isSnapshot: false };
    if (event.kind === 'account') return { kind: 'account', account: accountView(venue, user, clock.now()) };
    if (event.kind === 'order') return { kind: 'orders', updates: [orderUpdate(event.order, event.status, event.timeMs)] };
    return null;
  };

  return {
    connect(life: Life, onEvent: (event: AccountEvent) => void): void {
      listener = { life, onEvent };
      comeBack(chance.int(50, 300));
    },
    hear(event: VenueEvent): void {
      if (listener === null || clock.now() < deafUntilMs) return;
      const message = messageOf(event);
      if (message === null) return;
      if (!weather.strikes('stream')) {
        inOrder(message);
        return;
      }
      const luck = chance.int(0, 9);
      events.note(`fault stream ${luck}`);
      // Twice, later than what comes after it, or the last that is heard before a silence.
      if (luck < 4) inOrder(message);
      if (luck < 8) {
        const delayMs = chance.int(100, 1_500);
        events.trouble('stream', delayMs);
        deliver(message, delayMs);
        return;
      }
      this.stall(chance.int(500, 4_000));
    },
    stall(ms: number): void {
      if (listener === null) return;
      session += 1;
      deafUntilMs = clock.now() + ms;
      events.trouble('stream', ms);
      const of = session;
      clock.after(ms, () => {
        if (of !== session) return;
        deliver({ kind: 'disconnected', reason: 'silent' }, 0);
        comeBack(chance.int(50, 800));
      });
    },
  };
}
