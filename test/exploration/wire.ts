/**
 * What is under way between the two workers and the venue. A request waits here until whoever walks the situations says what becomes of
 * it: it lands and is answered at once, lands and its answer is late, its answer is lost, it is given up and lands all the same.
 */
import { VenueReadError } from '@hyperfleet/hyperliquid';
import type { AccountReads, Answer, CancelOutcome, Cloid, Exchange, OrderOutcome } from '@hyperfleet/trading';
import type { VenueLink } from '../support/in-process-venue.ts';

export type WorkerName = 'signal' | 'fill';
export const WORKERS: readonly WorkerName[] = ['signal', 'fill'];

/** `sent`: on its way there. `answered`: applied or read, the answer on its way back. `stray`: nobody waits any more, it may still land. */
type RequestState = 'sent' | 'answered' | 'stray';

export interface Request {
  readonly id: number;
  readonly worker: WorkerName;
  readonly kind: 'place' | 'cancel' | 'read';
  /** What is asked, in words that are the same in equal situations, e.g. `place tp1#0 tp2#0`. */
  readonly what: string;
  readonly cloids: readonly Cloid[];
  /** Market time after which the venue refuses it; for a cancel the adapter's own life of it. */
  readonly expiresAtMs: number;
  readonly sentAtMs: number;
  state: RequestState;
  /** Does it at the venue, as it stands there now. */
  readonly land: () => Promise<unknown>;
  answer: unknown;
  readonly settle: (answer: unknown) => void;
  readonly fail: (error: Error) => void;
}

export interface Wire {
  readonly pending: Request[];
  /** The ports of one life of a worker. */
  portsOf(worker: WorkerName): { readonly exchange: Exchange; readonly reads: AccountReads };
  /** Lands a request; its answer is on its way back afterwards. */
  land(request: Request): void;
  answer(request: Request): void;
  /** Tells the worker that its answer did not come. A request still on its way there goes on without it. */
  giveUp(request: Request): void;
  /** The venue says no to every order of it. */
  reject(request: Request): void;
  /** The worker has died: its answers go nowhere, its reads are nobody's, what it sent may still land. */
  forget(worker: WorkerName): void;
  /** Drops what the venue would refuse by now. */
  expire(nowMs: number): void;
}

/** Makes the wire between the workers and a venue. `name` says a client order id in words; `onSend` sees each request as it is sent. */
export function createWire(args: {
  readonly link: VenueLink;
  readonly name: (cloid: Cloid) => string;
  readonly nowMs: () => number;
  readonly cancelLifeMs: number;
  readonly onSend: (request: Request) => void;
  readonly onLand: (request: Request) => () => void;
}): Wire {
  const { link, name, nowMs } = args;
  const pending: Request[] = [];
  let nextId = 1;

  const send = <T>(from: Pick<Request, 'worker' | 'kind' | 'what' | 'cloids' | 'expiresAtMs'>, land: () => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, fail) => {
      const request: Request = {
        ...from,
        id: nextId++,
        sentAtMs: nowMs(),
        state: 'sent',
        land,
        answer: null,
        // The answer is what `land` gave, or what the wire makes in its place.
        settle: (answer) => resolve(answer as T),
        fail,
      };
      args.onSend(request);
      pending.push(request);
    });
  const drop = (request: Request): void => {
    const index = pending.indexOf(request);
    if (index >= 0) pending.splice(index, 1);
  };

  const wire: Wire = {
    pending,
    portsOf(worker) {
      const read = <T>(what: string, land: () => Promise<T>): Promise<T> =>
        send({ worker, kind: 'read', what: `read ${what}`, cloids: [], expiresAtMs: Number.POSITIVE_INFINITY }, land);
      const exchange: Exchange = {
        place: (approved) => {
          const cloids = approved.orders.map((order) => order.cloid);
          const what = `place ${cloids.map(name).join(' ')}`;
          return send({ worker, kind: 'place', what, cloids, expiresAtMs: approved.expiresAfterMs }, () => link.exchange.place(approved));
        },
        cancel: (orders, nonce) => {
          const cloids = orders.map((order) => order.cloid);
          const what = `cancel ${cloids.map(name).join(' ')}`;
          return send({ worker, kind: 'cancel', what, cloids, expiresAtMs: nowMs() + args.cancelLifeMs }, () =>
            link.exchange.cancel(orders, nonce),
          );
        },
        cancelByOid: (orders, nonce) =>
          send(
            {
              worker,
              kind: 'cancel',
              what: `cancel oid ${orders.map(({ oid }) => oid).join(' ')}`,
              cloids: [],
              expiresAtMs: nowMs() + args.cancelLifeMs,
            },
            () => link.exchange.cancelByOid(orders, nonce),
          ),
        // Set once a coin, before any entry and without a bearing on what is explored: answered at once.
        setCrossLeverage: (coin, leverage, nonce) => link.exchange.setCrossLeverage(coin, leverage, nonce),
      };
      const reads: AccountReads = {
        account: () => read('account', link.reads.account),
        openOrders: () => read('open orders', link.reads.openOrders),
        orderByCloid: (cloid, coin) => read(`order ${name(cloid)}`, () => link.reads.orderByCloid(cloid, coin)),
        fillsSince: (startMs) => read('fills', () => link.reads.fillsSince(startMs)),
        fundingSince: (startMs) => read('funding', () => link.reads.fundingSince(startMs)),
        transfersSince: (startMs) => read('transfers', () => link.reads.transfersSince(startMs)),
        feeRates: () => read('fee rates', link.reads.feeRates),
      };
      return { exchange, reads };
    },
    land(request) {
      const stray = request.state === 'stray';
      request.state = 'answered';
      const landed = args.onLand(request);
      void request.land().then((answer) => {
        request.answer = answer;
        landed();
      });
      if (stray) drop(request);
    },
    answer(request) {
      drop(request);
      request.settle(request.answer);
    },
    giveUp(request) {
      if (request.state === 'sent' && request.kind !== 'read') request.state = 'stray';
      else drop(request);
      if (request.kind === 'read') request.fail(new VenueReadError('VENUE_UNREACHABLE', 'no answer came'));
      else request.settle({ kind: 'unknown', reason: 'timed out' } satisfies Answer<never>);
    },
    reject(request) {
      drop(request);
      const refused: OrderOutcome = { kind: 'rejected', reason: 'Insufficient margin to place order. asset=0' };
      const answer: Answer<readonly (OrderOutcome | CancelOutcome)[]> = { kind: 'answered', value: request.cloids.map(() => refused) };
      request.settle(answer);
    },
    forget(worker) {
      for (const request of pending.filter((candidate) => candidate.worker === worker)) {
        if (request.kind !== 'read' && request.state === 'sent') request.state = 'stray';
        else if (request.state !== 'stray') drop(request);
      }
    },
    expire(atMs) {
      for (const request of pending.filter(({ state, expiresAtMs }) => state === 'stray' && expiresAtMs < atMs)) drop(request);
    },
  };
  return wire;
}
