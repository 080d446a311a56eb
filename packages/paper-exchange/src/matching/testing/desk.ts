import { FINE_PER_TICK, fineTicks, type Instrument, lots, microUsd, ticks } from '@hyperfleet/trading';
import type { Print } from '../../market/event.ts';
import type {
  ActionReply,
  Address,
  MarginedInstrument,
  OrderInput,
  OrderStatusReply,
  Venue,
  VenueAction,
  VenueEvent,
  VenueOrder,
  VenueSettings,
} from '../contract.ts';
import { createVenue } from '../venue.ts';

/** ETH as the venue has it: cents are ticks, a lot is 0.0001. */
export const ETH: Instrument = { coin: 'ETH', assetId: 1, szDecimals: 4, maxLeverage: 25, onlyIsolated: false, isDelisted: false };
export const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };

export const ALICE: Address = '0x00000000000000000000000000000000000000a1';
export const BOB: Address = '0x00000000000000000000000000000000000000b0';
export const CAROL: Address = '0x00000000000000000000000000000000000000c4';

const START_MS = 1_700_000_000_000;
type Pair = readonly [px: number, sz: number];

/** A venue with three funded accounts and short words for what tests do to it. Prices and sizes are ETH ticks and lots unless strings. */
export interface Desk {
  readonly venue: Venue;
  now(): number;
  /** Moves market time on. */
  wait(ms: number): void;
  /** Sends orders and returns their statuses. */
  place(user: Address, orders: readonly OrderInput[], grouping?: 'na' | 'normalTpsl' | 'positionTpsl'): readonly OrderStatusReply[];
  /** Sends one order and returns its oid; throws when it was refused. */
  oid(user: Address, order: OrderInput): number;
  do(user: Address, action: VenueAction): ActionReply;
  book(bids: readonly Pair[], asks: readonly Pair[]): void;
  bbo(bid: Pair | null, ask: Pair | null): void;
  print(side: 'buy' | 'sell', px: number, sz: number, more?: Partial<Print>): void;
  gap(): void;
  /** A recorded mark (and oracle) in ticks, with the hour's funding rate in 10^−10 where given. */
  mark(px: number, fundingRateE10?: number): void;
  /** The order as the venue has it now. */
  order(user: Address, id: number | string): VenueOrder;
  szi(user: Address): number;
  events(): readonly VenueEvent[];
}

/** Opens a desk on ETH and BTC, each account with 10,000 USDC. */
export function openDesk(settings: Partial<VenueSettings> = {}, usd = 10_000, eth: MarginedInstrument = ETH): Desk {
  const venue = createVenue({ instruments: [BTC, eth], settings });
  let now = START_MS;
  let tid = 1;
  for (const user of [ALICE, BOB, CAROL]) venue.fund(user, microUsd(usd * 1_000_000), now);
  venue.drain();
  const levels = (pairs: readonly Pair[]) => pairs.map(([px, sz]) => ({ px: ticks(px), sz: lots(sz) }));
  const level = (pair: Pair | null) => (pair === null ? null : { px: ticks(pair[0]), sz: lots(pair[1]) });
  const head = () => {
    now += 1;
    return { coin: 'ETH', atMs: now, exchangeTimeMs: now };
  };
  const desk: Desk = {
    venue,
    now: () => now,
    wait(ms) {
      now += ms;
      venue.advance(now);
    },
    place(user, orders, grouping = 'na') {
      const reply = desk.do(user, { type: 'order', orders, grouping });
      if (reply.status === 'err' || reply.response.type === 'default') throw new Error(`no statuses in ${JSON.stringify(reply)}`);
      return reply.response.data.statuses;
    },
    oid(user, order) {
      const [status] = desk.place(user, [order]);
      if (typeof status === 'object' && 'resting' in status) return status.resting.oid;
      if (typeof status === 'object' && 'filled' in status) return status.filled.oid;
      throw new Error(`order was answered ${JSON.stringify(status)}`);
    },
    do: (user, action) => venue.execute(user, action, now),
    book: (bids, asks) => venue.market({ kind: 'book', ...head(), bids: levels(bids), asks: levels(asks) }),
    bbo: (bid, ask) => venue.market({ kind: 'bbo', ...head(), bid: level(bid), ask: level(ask) }),
    print(side, px, sz, more = {}) {
      const { coin, atMs, exchangeTimeMs } = head();
      tid += 1;
      venue.market({ kind: 'prints', coin, atMs, prints: [{ side, px: ticks(px), sz: lots(sz), tid, exchangeTimeMs, ...more }] });
    },
    gap() {
      const { coin, atMs } = head();
      venue.market({ kind: 'gap', coin, atMs, untilMs: atMs + 18_000 });
    },
    mark(px, fundingRateE10) {
      const { coin, atMs } = head();
      const fine = fineTicks(px * FINE_PER_TICK);
      venue.market({ kind: 'mark', coin, atMs, mark: fine, oracle: fine, fundingRateE10: fundingRateE10 ?? null });
    },
    order(user, id) {
      const order = venue.order(user, id);
      if (order === null) throw new Error(`no order ${id}`);
      return order;
    },
    szi: (user) => venue.account(user).positions.find((position) => position.coin === 'ETH')?.szi ?? 0,
    events: () => venue.drain(),
  };
  return desk;
}

type Terms = { readonly r?: boolean; readonly c?: string | null; readonly asset?: number };

/** A limit order; reduce-only and cloid by name. */
export const limit = (
  side: 'buy' | 'sell',
  px: string,
  sz: string,
  { tif = 'Gtc', r = false, c = null, asset = 1 }: Terms & { readonly tif?: 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket' } = {},
): OrderInput => ({ asset, side, px, sz, reduceOnly: r, type: { kind: 'limit', tif }, cloid: c });

/** A reduce-only trigger; `p` is its limit price, far enough for a market one by default. */
export function trigger(
  tpsl: 'tp' | 'sl',
  side: 'buy' | 'sell',
  triggerPx: string,
  sz: string,
  { isMarket = true, p, r = true, c = null, asset = 1 }: Terms & { readonly isMarket?: boolean; readonly p?: string } = {},
): OrderInput {
  const bound = p ?? String(Math.round(Number(triggerPx) * (side === 'buy' ? 1.1 : 0.9)));
  return { asset, side, px: bound, sz, reduceOnly: r, type: { kind: 'trigger', isMarket, triggerPx, tpsl }, cloid: c };
}

/** The status words of an account's orders in the order they were told. */
export const words = (events: readonly VenueEvent[], user: Address): string[] =>
  events.flatMap((event) => (event.kind === 'order' && event.order.user === user ? [event.status] : []));
