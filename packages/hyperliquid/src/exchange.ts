import type { Answer, CancelOutcome, Clock, Exchange, Instruments, OrderIntent, OrderOutcome } from '@hyperfleet/trading';
import type { AddressBudget } from './address-budget.ts';
import type { RequestBudget } from './budget.ts';
import { preview } from './from-wire/fields.ts';
import { parseCancelReply, parseDefaultReply, parsePlaceReply, type SentOrder } from './from-wire/replies.ts';
import { isGatewayRefusal } from './gateway.ts';
import { openHttp, type Posted } from './http.ts';
import { nonceProblem } from './nonce.ts';
import type { RequestClass } from './request-class.ts';
import { createRoundTrip } from './round-trip.ts';
import { type Address, type Signer, signerOf } from './signer.ts';
import { cancelAction, cancelByCloidAction, crossLeverageAction, orderAction, type ToWire } from './to-wire.ts';
import { openWay, type WayNews } from './way.ts';
import { exchangeWeight } from './weights.ts';

export interface ExchangeOptions {
  /** Base URL of the venue, e.g. https://api.hyperliquid.xyz or http://127.0.0.1:PORT. */
  readonly url: string;
  /** Signature source `a` on mainnet, `b` on testnet and on a paper exchange that is one (PROTOCOL §2.1). */
  readonly isMainnet: boolean;
  readonly signer: Signer;
  /** A sub-account or vault the signer trades for; null when it trades for itself or, as an agent, for its master. */
  readonly vaultAddress: Address | null;
  readonly instruments: Instruments;
  readonly clock: Clock;
  /** What budgets and waits are counted by, where it is not `clock`: of the same speed, but never standing. */
  readonly pace?: Clock;
  /** Wall time a request may take; after it the outcome is unknown. */
  readonly timeoutMs: number;
  /** Market time after which the venue drops a cancel or leverage change of ours that is still under way. */
  readonly cancelLifeMs: number;
  readonly budget: RequestBudget;
  /** What the address itself may still send; left out, only the IP's weight is counted. */
  readonly address?: AddressBudget;
  /** Our clock less the venue's in ms, as far as it is known. Left out, the clocks are taken to agree. */
  readonly skewMs?: () => number;
  /** The venue dropped an action as expired: our clock may have come to be off. */
  readonly onExpired?: () => void;
}

/** The venue's /exchange for one signer, and how long its answers take. */
export interface VenueExchange extends Exchange {
  /** Market ms from sending to answer: the slower of the moving average and the slowest of late; null before the first. */
  roundTripMs(): number | null;
  /** How long a request that is sent now lives, market ms: `leastMs`, and never under three measured round trips. */
  requestLifeMs(leastMs: number): number;
  /** Whether actions fail here just now: the last answers to them made no sense, or the next one's nonce would be none the venue takes. */
  isShut(): boolean;
  close(): void;
}

/** Enough for one bot's actions in flight; the venue orders them by arrival, so more would only reorder. */
const MAX_SOCKETS = 4;

/** An action that came after its `expiresAfter` costs so many times its requests (PROTOCOL §2.4). */
const EXPIRED_COSTS = 5;
/** No action lives shorter than so many measured round trips: one that is late costs five (PROTOCOL §2.4). */
const LIFE_TRIPS = 3;
/** When every place under way is taken: look again after this much market time. */
const CROWDED_MS = 25;

/** Waits that an entry is refused at rather than sent late, in ms of market time. */
const BUDGET_WAIT_MAX_MS = 2_000;

/**
 * The venue's /exchange for one signer (PROTOCOL §2, §3). Signs and sends each call at once: there is no lock, and the
 * nonce makes order of arrival irrelevant. Every call settles with an `Answer`:
 * `refused` when nothing was applied: not sendable, never sent, 4xx, or an error of the whole request;
 * `unknown` when it may have been: timeout, connection cut after sending, 5xx, unreadable reply.
 * A batch in which one order failed is `answered`. Throws only on a bug.
 */
export function openExchange(options: ExchangeOptions): VenueExchange {
  const { signer, instruments, clock, cancelLifeMs, budget, pace = clock } = options;
  const http = openHttp({ url: options.url, timeoutMs: options.timeoutMs, maxSockets: MAX_SOCKETS });
  const roundTrip = createRoundTrip();
  const way = openWay(budget.breakers.exchange);
  /** The latest nonce; those to come are above it. */
  let lastNonce = 0;
  const problemOf = (nonce: number): string | null => nonceProblem(nonce, clock.now() - (options.skewMs?.() ?? 0));

  async function act<T>(wire: ToWire, sending: Sending, read: (body: unknown) => Answer<T>): Promise<Answer<T>> {
    if (!wire.ok) return { kind: 'refused', reason: wire.problem, retry: 'never' };
    const { nonce, expiresAfterMs } = sending;
    lastNonce = nonce;
    const problem = problemOf(nonce);
    if (problem !== null) return refusal(problem);
    const room = await spend(sending);
    if (room.kind === 'refused') return room;
    const { action } = wire;
    const { vaultAddress, isMainnet } = options;
    // The venue judges an end of life by its own clock: said by ours, it would cut off every stop and every exit where ours is
    // behind, and leave an order alive that we count as dead where it is ahead.
    const expiresAfter = expiresAfterMs - (options.skewMs?.() ?? 0);
    const payload = { action, nonce, vaultAddress, expiresAfterMs: expiresAfter, isMainnet };
    const signature = signer.sign(payload);
    // 0.1 ms: the venue would take it for a stranger's, and answer with an address that helps nobody find out.
    if (signerOf(payload, signature) !== signer.address) {
      room.place.leave();
      throw new Error(`a signature of ${signer.address} is none of its own: the signing library is broken, nothing was sent`);
    }
    const envelope = { action, signature, nonce, ...(vaultAddress === null ? {} : { vaultAddress }), expiresAfter };
    const sentMs = clock.now();
    const posted = await http.post('/exchange', JSON.stringify(envelope)).finally(() => room.place.leave());
    const answer = answerOf(posted, read);
    // An error of the venue's own says nothing of how long what it does takes.
    if (wayNewsOf(posted, answer) === 'answered') roundTrip.took(clock.now() - sentMs);
    noteWay(posted, answer);
    if (answer.kind === 'refused') noteRefusal(answer.reason, sending);
    return answer;
  }

  /** What the answer says of the way itself. A refusal is an answer too. */
  function noteWay(posted: Posted, answer: Answer<unknown>): void {
    if (posted.kind === 'replied' && posted.status === 429) budget.limited(pace.now());
    way.heard(wayNewsOf(posted, answer), pace.now());
  }

  /** What a refusal says of the address's budget. */
  function noteRefusal(reason: string, { requests }: Sending): void {
    if (/^Action already expired/i.test(reason)) {
      options.address?.charge(requests * (EXPIRED_COSTS - 1));
      options.onExpired?.();
    }
    const [, used, allowed] = /^Too many cumulative requests sent \((\d+) > (\d+)\)/i.exec(reason) ?? [];
    if (used !== undefined && allowed !== undefined) options.address?.reconcile({ used: Number(used), allowed: Number(allowed) });
  }

  /**
   * Waits for room in every budget and takes it, or refuses when there will be none in time. A way that fails is shut for
   * entries only: what protects is always tried, and opens it again when it gets through.
   */
  async function spend(sending: Sending): Promise<Room | Refusal> {
    const { requests, priority, expiresAfterMs } = sending;
    const latestMs = Math.min(clock.now() + BUDGET_WAIT_MAX_MS, expiresAfterMs);
    const shut = priority === 'entry' ? way.admit(pace.now()) : null;
    if (shut !== null && shut.shutMs > 0) {
      const why = shut.own ? 'the last answers to actions of this account made no sense' : 'the last actions all failed';
      return refusal(`${why}; the way is tried again in ${shut.shutMs} ms`);
    }
    for (;;) {
      const waitMs = takeWeight(sending);
      const place = waitMs === 0 ? budget.posts.enter(priority, 2 * options.timeoutMs) : null;
      if (place !== null) {
        const spentMs = options.address?.acquire(requests, priority, clock.now()) ?? 0;
        if (spentMs === 0) return { kind: 'room', place };
        place.leave();
        return refusal(spentText(spentMs));
      }
      const againMs = Math.max(waitMs, CROWDED_MS);
      if (clock.now() + againMs > latestMs) return refusal(`the request budget of this address is spent for ${againMs} ms`);
      await new Promise<void>((resolve) => pace.after(againMs, resolve));
    }
  }

  const takeWeight = ({ requests, priority }: Sending): number => budget.acquire(exchangeWeight(requests), priority, pace.now());

  function spentText(spentMs: number): string {
    const { used, allowed } = options.address?.count() ?? { used: 0, allowed: 0 };
    const soon = Number.isFinite(spentMs) ? `the next may go in ${spentMs} ms` : 'only trading frees more for entries';
    return `the account has used ${used} of the ${allowed} requests its volume allows; ${soon}`;
  }

  const requestLifeMs = (leastMs: number): number => Math.max(leastMs, LIFE_TRIPS * (roundTrip.ms() ?? 0));

  const cancelSending = (nonce: number, requests: number): Sending => ({
    nonce,
    requests,
    expiresAfterMs: clock.now() + requestLifeMs(cancelLifeMs),
    priority: 'cancel',
  });

  return {
    place({ orders, grouping, nonce, expiresAfterMs }): Promise<Answer<readonly OrderOutcome[]>> {
      const sending = { nonce, expiresAfterMs, requests: orders.length, priority: priorityOf(orders) };
      return act(orderAction(orders, grouping, instruments), sending, (body) => parsePlaceReply(body, sentOrders(orders, instruments)));
    },
    cancel(orders, nonce): Promise<Answer<readonly CancelOutcome[]>> {
      const wire = cancelByCloidAction(orders, instruments);
      return act(wire, cancelSending(nonce, orders.length), (body) => parseCancelReply(body, orders.length));
    },
    cancelByOid(orders, nonce): Promise<Answer<readonly CancelOutcome[]>> {
      const wire = cancelAction(orders, instruments);
      return act(wire, cancelSending(nonce, orders.length), (body) => parseCancelReply(body, orders.length));
    },
    setCrossLeverage(coin, leverage, nonce): Promise<Answer<null>> {
      const sending: Sending = { ...cancelSending(nonce, 1), priority: 'entry' };
      return act(crossLeverageAction(coin, leverage, instruments), sending, parseDefaultReply);
    },
    roundTripMs: () => roundTrip.ms(),
    requestLifeMs,
    isShut: () => problemOf(Math.max(lastNonce, clock.now())) !== null || way.isShut(pace.now()),
    close: () => http.close(),
  };
}

interface Room {
  readonly kind: 'room';
  /** Among the requests under way. */
  readonly place: { leave(): void };
}

type Refusal = Extract<Answer<never>, { kind: 'refused' }>;

const refusal = (reason: string): Refusal => ({ kind: 'refused', reason: `not sent: ${reason}`, retry: 'later' });

interface Sending {
  readonly nonce: number;
  readonly expiresAfterMs: number;
  /** Orders or cancels in the request: what its weight comes from. */
  readonly requests: number;
  readonly priority: RequestClass;
}

/** The least urgent order decides: an entry does not borrow the reserve because its stop rides along. */
function priorityOf(orders: readonly OrderIntent[]): RequestClass {
  if (orders.some((order) => !order.reduceOnly)) return 'entry';
  return orders.every((order) => order.role === 'close') ? 'exit' : 'protect';
}

function sentOrders(orders: readonly OrderIntent[], instruments: Instruments): readonly SentOrder[] {
  return orders.map(({ coin, cloid, sz }) => {
    const instrument = instruments.get(coin);
    if (instrument === undefined) throw new Error(`an order of the unknown coin ${coin} was sent`);
    return { cloid, sz, instrument };
  });
}

/** A gateway that has nothing behind it says so for all. */
const NOBODY_BEHIND: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * What an answer says of the way. The fleet shares the way and not the accounts: that nobody answered counts for all bots, that an answer
 * broke off, told nothing or was an error of the venue's own may be about this account's action alone.
 */
function wayNewsOf(posted: Posted, answer: Answer<unknown>): WayNews {
  if (posted.kind === 'not-sent') return 'failed';
  if (posted.kind === 'lost') return posted.cause === 'timeout' ? 'failed' : 'senseless';
  if (NOBODY_BEHIND.has(posted.status)) return 'failed';
  return answer.kind === 'unknown' ? 'senseless' : 'answered';
}

/** Folds what happened to the request into what is known of its effect (PROTOCOL §1). */
function answerOf<T>(posted: Posted, read: (body: unknown) => Answer<T>): Answer<T> {
  if (posted.kind === 'not-sent') return { kind: 'refused', reason: `not sent: ${posted.reason}`, retry: 'later' };
  if (posted.kind === 'lost') return { kind: 'unknown', reason: posted.reason };
  const { status, contentType, body } = posted;
  const told = `HTTP ${status} ${preview(body)}`;
  if (status === 429 || isGatewayRefusal(status)) return { kind: 'refused', reason: told, retry: 'later' };
  if (status >= 400 && status < 500) return { kind: 'refused', reason: told, retry: 'never' };
  if (status !== 200) return { kind: 'unknown', reason: told };
  if (!contentType.includes('application/json'))
    return { kind: 'unknown', reason: `the answer is ${contentType || 'of no type'}, not JSON: ${preview(body)}` };
  const json = parseJson(body);
  return json.ok ? read(json.value) : { kind: 'unknown', reason: `the answer is no JSON: ${preview(body)}` };
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}
