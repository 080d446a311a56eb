import {
  type ActionReply,
  type Address,
  createVenue,
  type OrderInput,
  type OrderStatusReply,
  type Venue,
  type VenueAction,
} from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import { createOrderMix, type Operation, PRICE_LEVELS, STANDING } from './order-mix.ts';
import { BTC } from './static-book.ts';

const ACCOUNTS = 8;
const MID_USD = 100_000;
const START_MS = 1_757_015_216_000;
const DEPOSIT = microUsd(1_000_000_000_000_000);
/** Prices as requests state them, by dollars from the lowest. */
const PRICES = Array.from({ length: 2 * PRICE_LEVELS + 1 }, (_, at) => String(MID_USD - PRICE_LEVELS + at));

/** The venue under the mix. */
export interface VenueMix {
  /** Draws so many operations. */
  draw(times: number): void;
  /** Executes the next operation that was drawn. */
  step(): void;
  /** Operations and what came of them so far, in words. */
  said(): string;
  /** Orders so far. */
  placed(): number;
}

/**
 * Has the venue execute the mix through its port: each action validated, margined, matched, answered, written to histories,
 * and its events drained and looked at. `batch`: how many orders, or cancels, of one account go into one action.
 */
export function createVenueMix(batch: number): VenueMix {
  const venue: Venue = createVenue({ instruments: [BTC], settings: { maxOpenOrders: STANDING * 4 } });
  const users = Array.from({ length: ACCOUNTS }, (_, n): Address => `0x${String(n + 1).padStart(40, '0')}`);
  for (const user of users) venue.fund(user, DEPOSIT, START_MS);
  const oids: number[] = [];
  const desks = users.map((user) => (batch === 1 ? createDesk({ venue, user, oids }) : createBatchDesk({ venue, user, oids }, batch)));
  const mix = createOrderMix(ACCOUNTS);
  const count = { limit: 0, cancel: 0, market: 0 };
  let nowMs = START_MS;
  let fills = 0;
  return {
    draw: mix.draw,
    step() {
      const operation = mix.next();
      const { kind } = operation;
      nowMs += 1;
      if (kind === 'limit') count.limit += 1;
      else if (kind === 'cancel') count.cancel += 1;
      else count.market += 1;
      if (desks[operation.account]?.take(operation, nowMs) !== true) return;
      for (const event of venue.drain()) if (event.kind === 'fill') fills += 1;
    },
    said() {
      const all = count.limit + count.cancel + count.market;
      const share = (times: number): string => `${Math.round((times / all) * 100)} %`;
      return `${share(count.limit)} limit, ${share(count.cancel)} cancel, ${share(count.market)} market; ${fills} fills`;
    },
    placed: () => count.limit + count.market,
  };
}

interface Seat {
  readonly venue: Venue;
  readonly user: Address;
  /** By place, of the orders of all accounts: with a list an account, each full of holes, finding an oid was a twentieth of an operation. */
  readonly oids: number[];
}

interface Desk {
  /** Takes an operation of its account; true when an action was executed. */
  take(operation: Operation, nowMs: number): boolean;
}

function inputOf(isBuy: boolean, away: number): OrderInput {
  const isLimit = away > 0;
  const from = isLimit ? -away : PRICE_LEVELS;
  return {
    asset: 0,
    side: isBuy ? 'buy' : 'sell',
    px: PRICES[PRICE_LEVELS + (isBuy ? from : -from)] ?? '',
    sz: isLimit ? '0.002' : '0.001',
    reduceOnly: false,
    type: { kind: 'limit', tif: isLimit ? 'Gtc' : 'Ioc' },
    cloid: null,
  };
}

type OrderAction = Extract<VenueAction, { type: 'order' }>;

/** Every order of the mix as the action that places it alone, by dollars from the middle, 0 for a market order. Made once: making them is no part of executing them. */
const actionsOf = (isBuy: boolean): readonly OrderAction[] =>
  Array.from({ length: PRICE_LEVELS / 2 + 1 }, (_, away) => ({ type: 'order', orders: [inputOf(isBuy, away)], grouping: 'na' }));
const [BUYS, SELLS] = [actionsOf(true), actionsOf(false)];

function actionOf({ kind, isBuy, away }: Operation): OrderAction {
  const action = (isBuy ? BUYS : SELLS)[kind === 'limit' ? away : 0];
  if (action === undefined) throw new RangeError(`no order of the mix is ${away} dollars from the middle`);
  return action;
}

function statusesOf(venue: Venue, user: Address, action: VenueAction, nowMs: number): readonly OrderStatusReply[] {
  const reply: ActionReply = venue.execute(user, action, nowMs);
  if (reply.status === 'err' || reply.response.type === 'default') throw new Error(`unexpected ${JSON.stringify(reply)}`);
  return reply.response.data.statuses;
}

/** Sends each operation by itself. */
function createDesk({ venue, user, oids }: Seat): Desk {
  return {
    take(operation, nowMs) {
      const { kind, place } = operation;
      if (kind === 'cancel') {
        statusesOf(venue, user, { type: 'cancel', cancels: [{ asset: 0, oid: oids[place] ?? 0 }] }, nowMs);
        return true;
      }
      const statuses = statusesOf(venue, user, actionOf(operation), nowMs);
      const oid = oidOf(statuses[0]);
      if (kind === 'limit') oids[place] = oid;
      return true;
    },
  };
}

/** Gathers operations of one kind until there are `batch` of them. */
function createBatchDesk({ venue, user, oids }: Seat, batch: number): Desk {
  let orders: OrderInput[] = [];
  let places: number[] = [];
  let cancels: { readonly asset: number; readonly oid: number }[] = [];

  const sendOrders = (nowMs: number): void => {
    const statuses = statusesOf(venue, user, { type: 'order', orders, grouping: 'na' }, nowMs);
    for (let nth = 0; nth < statuses.length; nth += 1) {
      const oid = oidOf(statuses[nth]);
      const place = places[nth];
      if (place !== undefined && place >= 0) oids[place] = oid;
    }
    orders = [];
    places = [];
  };
  const sendCancels = (nowMs: number): void => {
    statusesOf(venue, user, { type: 'cancel', cancels }, nowMs);
    cancels = [];
  };

  return {
    take(operation, nowMs) {
      const { kind, place } = operation;
      if (kind === 'cancel') {
        // An order that still waits to be sent goes first: its oid is not known before.
        const waits = places.includes(place);
        if (waits) sendOrders(nowMs);
        cancels.push({ asset: 0, oid: oids[place] ?? 0 });
        if (cancels.length >= batch) sendCancels(nowMs);
        else return waits;
        return true;
      }
      orders.push(...actionOf(operation).orders);
      places.push(kind === 'limit' ? place : -1);
      if (orders.length < batch) return false;
      sendOrders(nowMs);
      return true;
    },
  };
}

/** The oid of an order that may still be cancelled; 0 of one that is done. Throws for a refusal that the mix cannot have. */
function oidOf(status: OrderStatusReply | undefined): number {
  if (typeof status !== 'object') return 0;
  if ('resting' in status) return status.resting.oid;
  if ('error' in status && !status.error.startsWith('Order could not immediately match')) throw new Error(status.error);
  return 0;
}
