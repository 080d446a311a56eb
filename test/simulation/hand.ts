/** The owner's own hand on a bot's account: orders and positions that are not ours. */
import type { Address, Venue, VenueFill } from '@hyperfleet/paper-exchange';
import { type Clock, formatPrice, formatSize, type Instrument, lots, microUsd, type Side, ticks } from '@hyperfleet/trading';

export interface Hand {
  /** Rests a limit order far from the market. */
  rest(coin: string, side: Side, px: number, sz: number): void;
  /** Takes from the book at once. */
  take(coin: string, side: Side, trade: { readonly px: number; readonly sz: number; readonly reduceOnly: boolean }): void;
  /** Cancels every order it has resting. */
  cancelAll(): void;
  /** Takes a part of what is free out of the account, from 0 to 1, and gives how much that was, micro-dollars; 0 where nothing was to be had. */
  takeOut(part: number): number;
  /** Pays in so many micro-dollars. */
  payIn(usd: number): void;
  /** From then on liquidation may come to stand before a stop at any moment. */
  readonly hasTakenOut: boolean;
  /** Notes a fill of the account. */
  hear(fill: VenueFill): void;
  /** Notes that an order of a coin has moved: the venue may have ended one of the owner's. */
  hearOrder(coin: string): void;
  owns(oid: number): boolean;
  /** Signed size on a coin that is the owner's, lots. */
  net(coin: string): number;
  /** When some of a coin was last the owner's, ms: without end while it is, and before all time where it never was. */
  heldThroughMs(coin: string): number;
  /** True while its size and ours are netted by the venue and nobody can tell them apart. */
  isMuddled(coin: string): boolean;
  /** Since when something of the owner's has stood on a coin without a break; null when nothing does. */
  standsSinceMs(coin: string): number | null;
  readonly coins: ReadonlySet<string>;
}

/** A hand on one account. `onActed`: the venue has something to tell. */
export function createHand(venue: Venue, clock: Clock, account: { readonly user: Address; readonly onActed: () => void }): Hand {
  const { user, onActed } = account;
  const byCoin = new Map(venue.instruments.map((instrument) => [instrument.coin, instrument]));
  const oids = new Map<number, boolean>();
  const nets = new Map<string, number>();
  const heldThrough = new Map<string, number>();
  const muddled = new Set<string>();
  const coins = new Set<string>();
  const since = new Map<string, number>();
  let hasTakenOut = false;
  const look = (coin: string): void => {
    const stands = (nets.get(coin) ?? 0) !== 0 || venue.openOrders(user).some((order) => order.coin === coin && oids.has(order.oid));
    if (!stands) since.delete(coin);
    else if (!since.has(coin)) since.set(coin, clock.now());
  };
  const instrumentOf = (coin: string): Instrument => {
    const found = byCoin.get(coin);
    if (found === undefined) throw new Error(`no instrument ${coin}`);
    return found;
  };
  const place = (coin: string, side: Side, terms: { px: number; sz: number; reduceOnly: boolean; tif: 'Gtc' | 'Ioc' }): void => {
    const instrument = instrumentOf(coin);
    const before = new Set(venue.openOrders(user).map((order) => order.oid));
    const order = {
      asset: instrument.assetId,
      side,
      px: formatPrice(ticks(terms.px), instrument),
      sz: formatSize(lots(terms.sz), instrument),
      reduceOnly: terms.reduceOnly,
      cloid: null,
      type: { kind: 'limit', tif: terms.tif },
    } as const;
    const reply = venue.execute(user, { type: 'order', orders: [order], grouping: 'na' }, clock.now());
    coins.add(coin);
    if (reply.status === 'ok' && reply.response.type !== 'default') {
      for (const status of reply.response.data.statuses) {
        if (typeof status !== 'object') continue;
        if ('resting' in status) oids.set(status.resting.oid, terms.reduceOnly);
        if ('filled' in status) oids.set(status.filled.oid, terms.reduceOnly);
      }
    }
    for (const open of venue.openOrders(user)) if (!before.has(open.oid) && open.cloid === null) oids.set(open.oid, terms.reduceOnly);
    onActed();
    look(coin);
  };
  return {
    coins,
    rest: (coin, side, px, sz) => place(coin, side, { px, sz, reduceOnly: false, tif: 'Gtc' }),
    take: (coin, side, { px, sz, reduceOnly }) => place(coin, side, { px, sz, reduceOnly, tif: 'Ioc' }),
    get hasTakenOut() {
      return hasTakenOut;
    },
    takeOut(part) {
      const usd = microUsd(Math.floor(venue.account(user).withdrawable * part));
      if (usd <= 0 || !venue.withdraw(user, usd, clock.now())) return 0;
      hasTakenOut = true;
      onActed();
      return usd;
    },
    payIn(usd) {
      venue.fund(user, microUsd(usd), clock.now());
      onActed();
    },
    cancelAll() {
      const cancels = venue
        .openOrders(user)
        .filter((order) => oids.has(order.oid))
        .map(({ asset, oid }) => ({ asset, oid }));
      if (cancels.length > 0) venue.execute(user, { type: 'cancel', cancels }, clock.now());
      onActed();
      for (const coin of coins) look(coin);
    },
    hearOrder: look,
    owns: (oid) => oids.has(oid),
    hear(fill) {
      const before = nets.get(fill.coin) ?? 0;
      const signed = fill.side === 'buy' ? fill.sz : -fill.sz;
      if (fill.liquidation !== null && before !== 0) muddled.add(fill.coin);
      const reduceOnly = oids.get(fill.oid);
      // The owner's order against what we hold, or ours against what the owner holds: the venue keeps one number for both.
      const others = fill.startPosition - before;
      if (reduceOnly === undefined) {
        if (Math.sign(before) * Math.sign(signed) < 0 && Math.sign(others) * Math.sign(signed) >= 0) muddled.add(fill.coin);
        return;
      }
      if (Math.sign(others) * Math.sign(signed) < 0 && !reduceOnly) muddled.add(fill.coin);
      if (reduceOnly && before !== 0) muddled.add(fill.coin);
      if (!reduceOnly) {
        nets.set(fill.coin, before + signed);
        heldThrough.set(fill.coin, before + signed === 0 ? fill.timeMs : Number.POSITIVE_INFINITY);
      }
      look(fill.coin);
    },
    net: (coin) => nets.get(coin) ?? 0,
    heldThroughMs: (coin) => heldThrough.get(coin) ?? Number.NEGATIVE_INFINITY,
    standsSinceMs: (coin) => since.get(coin) ?? null,
    isMuddled: (coin) => muddled.has(coin),
  };
}
